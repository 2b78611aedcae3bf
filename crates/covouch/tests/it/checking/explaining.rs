//! `covouch why`.

use covouch_testkit::{
    index::{Fault, IndexServer, Target},
    sdist::Sdist,
};

use crate::{
    desk::Desk,
    shelf::{aged, and_new, old, wheel},
};

fn desk() -> (IndexServer, Desk) {
    let sdist = Sdist::new("demo", "1.0").build();
    let site = and_new(old([wheel("demo", "1.0"), sdist]), [wheel("fresh", "1.0")]);
    let (index, desk) = (IndexServer::start(site), Desk::new());
    desk.write("covouch.toml", aged(&index));
    (index, desk)
}

#[test]
fn a_release_a_file_and_a_digest_are_explained() {
    let (_index, desk) = desk();
    let wheel = wheel("demo", "1.0");
    let release = desk.covouch(&["why", "demo==1.0"]).ends(0);
    release.says(wheel.filename()).says("demo-1.0.tar.gz").says("2 files: 2 admitted");
    let file = desk.covouch(&["why", wheel.filename()]).ends(0);
    file.says("1 file: 1 admitted").says("pypi says listed (100%)").never_says("demo-1.0.tar.gz");
    // A digest alone says nothing of its project; a lock that pins it does.
    let digest = wheel.sha256().to_string();
    desk.covouch(&["why", &digest]).ends(1).says("[not-found]").says("hint: ");
    desk.write("requirements.txt", format!("demo==1.0 --hash=sha256:{digest}\n"));
    for spelling in [digest.clone(), format!("sha256:{digest}")] {
        desk.covouch(&["why", &spelling]).ends(0).says("1 file: 1 admitted");
    }
}

#[test]
fn what_is_missing_is_named_with_what_to_do() {
    let (_index, desk) = desk();
    let ran = desk.covouch(&["why", "fresh==1.0"]).ends(4);
    ran.says("[too-new]").says("to do: wait until 2026-06-05T14:00:00Z").says("until 2026-06-05T14:00:00Z");
    let json = desk.covouch(&["why", "fresh==1.0", "--format", "json"]).ends(4).json();
    assert_eq!(
        (&json["files"][0]["verdict"], &json["files"][0]["code"]),
        (&"undecided".into(), &"too-new".into())
    );
    assert_eq!(json["schema"], 1);
}

#[test]
fn what_nobody_lists_is_not_found() {
    let (_index, desk) = desk();
    desk.covouch(&["why", "ghost==1.0"]).ends(1).says("no index knows a project `ghost`");
    desk.covouch(&["why", "demo==9.9"]).ends(1).says("[not-found]");
    desk.covouch(&["why", "demo"]).ends(2).says("hint: write it as `requests==2.32.3`");
}

#[test]
fn an_index_that_is_wrong_is_told_from_one_that_does_not_answer() {
    for (fault, code) in
        [(Fault::WrongType, "[index-page-wrong]"), (Fault::Status(503), "[index-unreachable]")]
    {
        let (index, desk) = desk();
        index.fail(Target::page("demo"), fault);
        desk.covouch(&["why", "demo==1.0"]).ends(4).says(code);
    }
}
