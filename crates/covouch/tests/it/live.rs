//! The real index that this machine's pip is configured with. Everything else in these tests is served here.

use covouch_testkit::tools::Tools;

use crate::desk::{Desk, Ran};

/// How often it is tried: indexes and networks stumble.
const TRIES: u32 = 3;

/// Settings of whoever runs the tests that say how the index is reached.
const REACHING: [&str; 9] = [
    "PIP_INDEX_URL",
    "PIP_CONFIG_FILE",
    "PIP_CERT",
    "SSL_CERT_FILE",
    "SSL_CERT_DIR",
    "HTTP_PROXY",
    "HTTPS_PROXY",
    "http_proxy",
    "https_proxy",
];

/// A desk that reaches the index as this machine does, without its folder of wheels and without a stopped clock.
fn desk() -> Desk {
    let mut desk = Desk::new().unset("COVOUCH_NOW").unset("PIP_CONFIG_FILE").unset("UV_NO_SYSTEM_CONFIG");
    for name in REACHING {
        if let Some(value) = std::env::var_os(name) {
            desk = desk.set(name, value);
        }
    }
    desk
}

/// Tries until it ends well.
fn persistently(attempt: impl Fn() -> Ran) -> Ran {
    let mut ran = attempt();
    for _ in 1..TRIES {
        if ran.code == Some(0) {
            break;
        }
        ran = attempt();
    }
    ran.ends(0)
}

#[test]
fn pip_installs_a_real_package_through_the_built_in_policy() {
    let desk = desk();
    let pip = Tools::find().pip_newest().unwrap();
    let install = [pip.to_str().unwrap(), "install", "--target", "site", "idna==3.10"];
    let ran = persistently(|| desk.run(&install));
    ran.says("built-in `starter`").says("covouch: 1 file let in");
    assert_eq!(desk.installed("site"), ["idna-3.10"]);
    // What is known of it now can be said again without a network.
    let why = persistently(|| desk.covouch(&["why", "idna==3.10"]));
    why.says("2 files: 2 admitted");
}

#[test]
fn uv_locks_and_installs_a_real_package_and_the_lock_names_its_own_index() {
    let desk = desk().set("UV_PYTHON", Tools::find().peers_python().unwrap());
    desk.write(
        "pyproject.toml",
        "[project]\nname = \"mine\"\nversion = \"0.1\"\nrequires-python = \">=3.9\"\ndependencies = [\"idna==3.10\"]\n\n[tool.uv]\npackage = false\n",
    );
    persistently(|| desk.run(&["uv", "sync"]));
    let lock = desk.read("uv.lock");
    assert!(lock.contains("idna-3.10-py3-none-any.whl") && !lock.contains("127.0.0.1"), "{lock}");
    persistently(|| desk.covouch(&["check"])).says("2 files: 2 admitted");
}
