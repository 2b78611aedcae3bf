//! Whatever index the user's pip and uv are configured with becomes the gate's upstream, credentials and all.

use std::fs;

use covouch_testkit::index::IndexServer;

use crate::{
    desk::{Desk, Ran},
    installer::{Installer, with_each_installer},
    shelf::{and_new, old, wheel},
};

with_each_installer!(the_users_own_index_is_asked_with_the_users_own_password);

const PASSWORD: &str = "hunter2-is-not-to-be-seen";

/// The index's address with credentials in it.
fn with_credentials(index: &IndexServer) -> String {
    index.url().replacen("http://", &format!("http://me:{PASSWORD}@"), 1)
}

/// A private index, and a desk whose policy knows it only by name.
fn desk() -> (IndexServer, Desk) {
    let site = and_new(old([wheel("demo", "1.0")]), [wheel("demo", "2.0")]);
    let index = IndexServer::start(site.private("me", PASSWORD));
    let desk = Desk::new();
    desk.write(
        "covouch.toml",
        "schema = 1\n[party.pypi]\nindex = \"pypi\"\n[policy]\nadmit = \"pypi and age >= 3d\"\n",
    );
    (index, desk)
}

/// Writes pip's and uv's configuration of the user.
fn configured(desk: Desk, index: &IndexServer) -> Desk {
    let url = with_credentials(index);
    let write = |path: &str, text: String| {
        let path = desk.home().join("config").join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, text).unwrap();
        path
    };
    let pip = write("pip/pip.conf", format!("[global]\nindex-url = {url}\n"));
    write("uv/uv.toml", format!("[[index]]\nname = \"ours\"\nurl = \"{url}\"\ndefault = true\n"));
    desk.set("PIP_CONFIG_FILE", pip)
}

/// The password is nowhere but where the user wrote it.
#[track_caller]
fn keeps_the_secret(desk: &Desk, ran: &Ran) {
    assert!(!ran.said(PASSWORD), "{}", ran.all());
    let mentions = desk.mentions(PASSWORD);
    let own = |path: &std::path::PathBuf| path.ends_with("pip/pip.conf") || path.ends_with("uv/uv.toml");
    assert!(mentions.iter().all(own), "{mentions:?}");
}

fn the_users_own_index_is_asked_with_the_users_own_password(installer: Installer) {
    let (index, desk) = desk();
    let desk = configured(desk, &index);
    let ran = installer.install(&desk, "site", &["demo"]).ends(0);
    keeps_the_secret(&desk, &ran);
    assert_eq!(desk.installed("site"), ["demo-1.0"]);
    let refused = installer.install(&desk, "other", &["demo==2.0"]).ends(4);
    keeps_the_secret(&desk, &refused);
    for command in [&["check", "--format", "json"][..], &["why", "demo==2.0"]] {
        desk.write(
            "requirements.txt",
            format!("demo==1.0 --hash=sha256:{}\n", wheel("demo", "1.0").sha256()),
        );
        keeps_the_secret(&desk, &desk.covouch(command));
    }
}

#[test]
fn a_wrong_password_is_said_to_be_one_without_being_said() {
    let (index, desk) = desk();
    let wrong = with_credentials(&index).replace(PASSWORD, "wrong-and-not-to-be-seen-either");
    let desk = desk.set("PIP_INDEX_URL", &wrong).set("UV_DEFAULT_INDEX", &wrong);
    for installer in [Installer::Pip, Installer::Uv] {
        let ran = installer.install(&desk, "site", &["demo"]);
        assert!(ran.code.is_some_and(|code| code != 0), "{}", ran.all());
        ran.says("401").never_says("wrong-and-not-to-be-seen-either");
    }
}

#[test]
fn credentials_do_not_reach_a_lock_that_did_not_have_them() {
    let (index, desk) = desk();
    let desk = configured(desk, &index);
    desk.write(
        "pyproject.toml",
        "[project]\nname = \"mine\"\nversion = \"0.1\"\nrequires-python = \">=3.9\"\ndependencies = [\"demo\"]\n\n[tool.uv]\npackage = false\n",
    );
    let ran = desk.run(&["uv", "lock"]).ends(0);
    keeps_the_secret(&desk, &ran);
    let lock = desk.read("uv.lock");
    assert!(lock.contains(index.origin()) && lock.contains("demo-1.0"), "{lock}");
}

#[test]
fn a_netrc_has_the_password_too() {
    let (index, desk) = desk();
    let netrc = desk.home().join(".netrc");
    fs::write(&netrc, format!("machine 127.0.0.1 login me password {PASSWORD}\n")).unwrap();
    let desk = desk.set("PIP_INDEX_URL", index.url()).set("UV_DEFAULT_INDEX", index.url());
    let ran = Installer::Uv.install(&desk, "site", &["demo"]).ends(0);
    assert!(!ran.said(PASSWORD), "{}", ran.all());
}

#[test]
fn an_index_that_nobody_configured_is_not_used() {
    let other = IndexServer::start(old([wheel("demo", "9.0")]));
    let (index, desk) = desk();
    // A project that is being installed does not say where packages come from.
    desk.write(
        "uv.toml",
        format!("[[index]]\nname = \"theirs\"\nurl = \"{}\"\ndefault = true\n", other.url()),
    );
    let desk = configured(desk, &index);
    let ran = Installer::Uv.install(&desk, "site", &["demo"]);
    assert_eq!(other.requests(), [], "{}", ran.all());
    assert!(desk.installed("site").iter().all(|release| release == "demo-1.0"), "{}", ran.all());
}
