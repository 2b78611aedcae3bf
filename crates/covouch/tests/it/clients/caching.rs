//! What is refused today is not installed from a cache that was filled yesterday.

use covouch_testkit::index::IndexServer;

use crate::{
    desk::{Desk, NEW, OLD},
    installer::{Installer, with_each_installer},
    shelf::{aged, policy, wheel},
};

with_each_installer!(
    a_stricter_policy_is_stronger_than_every_cache,
    a_cache_serves_what_is_still_admitted,
    a_cache_from_before_covouch_is_not_used,
);

/// An index with one file, uploaded at this moment.
fn index(uploaded: &str) -> IndexServer {
    IndexServer::start(covouch_testkit::index::Site::new().with(wheel("demo", "1.0"), uploaded))
}

fn a_stricter_policy_is_stronger_than_every_cache(installer: Installer) {
    let (index, desk) = (index(NEW), Desk::new());
    desk.write("covouch.toml", policy(&index, "pypi", "quarantined"));
    installer.install(&desk, "lax", &["demo==1.0"]).ends(0);
    assert_eq!(desk.installed("lax"), ["demo-1.0"]);
    desk.write("covouch.toml", aged(&index));
    installer.install(&desk, "strict", &["demo==1.0"]).ends(4);
    assert_eq!(desk.installed("strict"), [""; 0]);
}

fn a_cache_serves_what_is_still_admitted(installer: Installer) {
    let (index, desk) = (index(OLD), Desk::new());
    desk.write("covouch.toml", aged(&index));
    installer.install(&desk, "first", &["demo==1.0"]).ends(0);
    installer.install(&desk, "second", &["demo==1.0"]).ends(0);
    assert_eq!(desk.installed("second"), ["demo-1.0"]);
    assert_eq!(index.fetched_twice().iter().filter(|path| path.ends_with(".whl")).count(), 0);
}

/// The user's own cache was filled from the index itself.
fn a_cache_from_before_covouch_is_not_used(installer: Installer) {
    let (index, desk) = (index(NEW), Desk::new());
    let desk = desk.set("PIP_INDEX_URL", index.url()).set("UV_DEFAULT_INDEX", index.url());
    let command = installer.command("before");
    let mut direct = desk.program(&command[0]);
    direct.args(&command[1..]).arg("demo==1.0");
    desk.start(direct).wait().ends(0);
    desk.write("covouch.toml", aged(&index));
    installer.install(&desk, "after", &["demo==1.0"]).ends(4);
    assert_eq!(desk.installed("after"), [""; 0]);
}
