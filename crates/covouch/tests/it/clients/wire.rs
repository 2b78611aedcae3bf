//! Indexes that lie about bytes, break off or hang up.

use covouch_core::digest::Sha256;
use covouch_testkit::{
    distribution::Distribution,
    index::{Fault, IndexServer, Target},
    wheel::Wheel,
};

use crate::{
    desk::Desk,
    installer::{Installer, with_each_installer},
    shelf::{aged, old},
};

with_each_installer!(
    bytes_that_are_not_those_that_were_judged_do_not_arrive,
    a_small_file_that_was_changed_does_not_arrive,
    a_file_that_breaks_off_does_not_arrive,
);

/// Longer than what the gate holds back, so that its first bytes are under way when the last one is wrong.
fn large() -> Distribution {
    Wheel::new("demo", "1.0").padded(400_000).build()
}

/// Installs `demo` while something goes wrong with its file; nothing of it may be anywhere afterwards.
fn install_spoiled(installer: Installer, demo: Distribution, fault: Fault) {
    let desk = Desk::new();
    let spoiled: Vec<u8> = demo.bytes().iter().map(|byte| byte ^ 1).collect();
    let (honest, spoiled) = (demo.sha256(), Sha256::of(&spoiled));
    let filename = demo.filename().to_owned();
    let index = IndexServer::start(old([demo]));
    desk.write("covouch.toml", aged(&index));
    index.fail(Target::file(&filename), fault);
    let ran = installer.install(&desk, "site", &["demo"]);
    assert!(ran.code != Some(0), "{}", ran.all());
    assert_eq!(desk.installed("site"), [""; 0]);
    assert_eq!(desk.holds(spoiled), Vec::<std::path::PathBuf>::new());
    assert_eq!(desk.holds(honest), Vec::<std::path::PathBuf>::new());
    ran.says(&filename).never_says("Traceback");

    // Once the index is honest again, the same command works: nothing wrong was kept.
    index.heal();
    installer.install(&desk, "site", &["demo"]).ends(0);
    assert_eq!(desk.installed("site"), ["demo-1.0"]);
}

fn bytes_that_are_not_those_that_were_judged_do_not_arrive(installer: Installer) {
    install_spoiled(installer, large(), Fault::WrongHash);
}

fn a_small_file_that_was_changed_does_not_arrive(installer: Installer) {
    install_spoiled(installer, Wheel::new("demo", "1.0").build(), Fault::WrongHash);
}

fn a_file_that_breaks_off_does_not_arrive(installer: Installer) {
    install_spoiled(installer, large(), Fault::ResetMidway);
}

#[test]
fn a_file_that_breaks_off_once_is_asked_for_again() {
    // pip 23.2 does not ask again.
    for installer in [Installer::Pip, Installer::Uv] {
        let (desk, demo) = (Desk::new(), large());
        let target = Target::file(demo.filename());
        let index = IndexServer::start(old([demo]));
        desk.write("covouch.toml", aged(&index));
        index.fail_times(target, Fault::ShortLength, 1);
        installer.install(&desk, "site", &["demo"]).ends(0);
        assert_eq!(desk.installed("site"), ["demo-1.0"]);
    }
}
