//! What installers choose when the gate keeps something out, and what people are told.

use covouch_core::{evidence::ProjectStatus, name::ProjectName};
use covouch_testkit::{
    distribution::Distribution,
    index::{IndexServer, Site},
    wheel::Wheel,
};

use crate::{
    desk::Desk,
    installer::{Installer, with_each_installer},
    shelf::{aged, and_new, old, wheel},
};

with_each_installer!(
    what_is_admitted_is_installed,
    a_pinned_release_that_is_too_new_says_why,
    a_pinned_release_of_a_quarantined_project_is_refused,
    a_range_falls_back_and_the_newer_release_is_named,
    a_downgrade_can_be_refused,
    a_downgrade_can_be_refused_by_the_base_policy,
    a_requirement_that_nothing_meets_is_undecided,
    required_hashes_that_are_admitted_are_installed,
    required_hashes_of_what_is_kept_out_are_not,
);

/// An index, and a desk whose policy asks it for three days of age.
fn desk(site: Site) -> (IndexServer, Desk) {
    let (index, desk) = (IndexServer::start(site), Desk::new());
    desk.write("covouch.toml", aged(&index));
    (index, desk)
}

/// `demo` 1.0 has stood there for months, `demo` 2.0 for an hour.
fn demos() -> Site {
    and_new(old([wheel("demo", "1.0")]), [wheel("demo", "2.0")])
}

fn project(name: &str) -> ProjectName {
    ProjectName::parse(name).unwrap()
}

fn what_is_admitted_is_installed(installer: Installer) {
    let demo = Wheel::new("demo", "1.0").requires("helper>=1").build();
    let (index, desk) = desk(old([demo, wheel("helper", "1.3")]));
    let ran = installer.install(&desk, "site", &["demo"]).ends(0);
    ran.says("covouch: 2 files let in").never_says("newer");
    assert_eq!(desk.installed("site"), ["demo-1.0", "helper-1.3"]);
    assert_eq!(index.fetched_twice(), Vec::<String>::new());
}

fn a_pinned_release_that_is_too_new_says_why(installer: Installer) {
    let (_index, desk) = desk(demos());
    let ran = installer.install(&desk, "site", &["demo==2.0"]).ends(4);
    // The sentence came through the installer: it names the page that explains it.
    ran.says("covouch: ").says("(why: http://127.0.0.1:").says("/why/").says("[too-new]");
    assert_eq!(desk.installed("site"), [""; 0]);
}

fn a_pinned_release_of_a_quarantined_project_is_refused(installer: Installer) {
    let (index, desk) = desk(demos());
    index.change(|site| site.project(&project("demo")).status = ProjectStatus::Quarantined);
    let ran = installer.install(&desk, "site", &["demo==1.0"]).ends(3);
    ran.says("quarantined").says("(why: http://127.0.0.1:");
    assert_eq!(desk.installed("site"), [""; 0]);
}

fn a_range_falls_back_and_the_newer_release_is_named(installer: Installer) {
    let (_index, desk) = desk(demos());
    let ran = installer.install(&desk, "site", &["demo>=1"]).ends(0);
    ran.says("newer demo 2.0 exists but is not admitted").says("covouch why demo==2.0");
    assert_eq!(desk.installed("site"), ["demo-1.0"]);
    assert_eq!(desk.report()["passed_over"][0]["version"], "2.0");
}

fn a_downgrade_can_be_refused(installer: Installer) {
    let (index, desk) = desk(demos());
    desk.write("covouch.toml", aged(&index) + "\n[gateway]\ndowngrade = \"refuse\"\n");
    let ran = installer.install(&desk, "site", &["demo"]).ends(4);
    ran.says("newer demo 2.0 exists but is not admitted");
    // The twin: nothing was passed over.
    index.change(|site| site.project(&project("demo")).files.truncate(1));
    installer.install(&desk, "other", &["demo"]).ends(0).never_says("newer");
}

fn a_downgrade_can_be_refused_by_the_base_policy(installer: Installer) {
    let (index, desk) = desk(demos());
    let base = desk.root().join("base.toml");
    std::fs::write(&base, aged(&index) + "\n[gateway]\ndowngrade = \"refuse\"\n").unwrap();
    let desk = desk.set("COVOUCH_BASE_POLICY", base);
    installer.install(&desk, "site", &["demo"]).ends(4).says("newer demo 2.0 exists but is not admitted");
}

fn a_requirement_that_nothing_meets_is_undecided(installer: Installer) {
    let (_index, desk) = desk(demos());
    let ran = installer.install(&desk, "site", &["demo>=2"]).ends(4);
    // pip 23.2 says only that nothing matches.
    ran.says("newer demo 2.0 exists but is not admitted");
    assert_eq!(desk.installed("site"), [""; 0]);
}

fn hashed(files: &[Distribution]) -> String {
    let line = |file: &Distribution| {
        format!("{}=={} --hash=sha256:{}\n", file.project(), file.version(), file.sha256())
    };
    files.iter().map(line).collect()
}

fn required_hashes_that_are_admitted_are_installed(installer: Installer) {
    let (_index, desk) = desk(demos());
    desk.write("requirements.txt", hashed(&[wheel("demo", "1.0")]));
    installer.install(&desk, "site", &["--require-hashes", "-r", "requirements.txt"]).ends(0);
    assert_eq!(desk.installed("site"), ["demo-1.0"]);
}

fn required_hashes_of_what_is_kept_out_are_not(installer: Installer) {
    let (_index, desk) = desk(demos());
    desk.write("requirements.txt", hashed(&[wheel("demo", "2.0")]));
    let ran = installer.install(&desk, "site", &["--require-hashes", "-r", "requirements.txt"]).ends(4);
    ran.says("(why: http://127.0.0.1:");
    assert_eq!(desk.installed("site"), [""; 0]);
}
