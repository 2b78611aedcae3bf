//! The machine under fault: killed at any moment, out of room, two commands at once, state of somebody else.
//!
//! # Invariants
//! - After each fault the next command works, and everything that stood there before stands there still.
//! - Every fault has a twin without it that ends as it should.

mod disk;
mod killed;
mod room;
mod together;

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
};

use covouch_core::{digest::Sha256, key::PublicKey};
use covouch_io::folder;
use covouch_testkit::{
    distribution::Distribution,
    index::{IndexServer, Site},
    tools::Tools,
    wheel::Wheel,
};

use crate::{
    desk::{Desk, files},
    shelf::{aged, and_new, old, wheel},
};

/// What `covouch vouch` is given on a desk of [`signing_desk`].
const VOUCH: &[&str] = &["vouch", "--file", "demo-1.0-py3-none-any.whl", "--key", "me", "--yes"];
const CHECK: &[&str] = &["check", "requirements.txt", "--format", "json"];

/// The release that is too young for the policy of these tests.
fn kept_out() -> Distribution {
    wheel("demo", "2.0")
}

/// `demo` needs `helper`, and its newest release is kept out; both are too large for one piece.
fn shelves() -> Site {
    let demo = Wheel::new("demo", "1.0").requires("helper>=1").padded(200_000).build();
    let helper = Wheel::new("helper", "1.0").padded(400_000).build();
    and_new(old([demo, helper, wheel("other", "1.0")]), [kept_out()])
}

/// A desk with a policy that asks this index for three days of age.
fn desk(index: &IndexServer) -> Desk {
    let python = Tools::find().peers_python().unwrap();
    let desk = Desk::new().set("UV_PYTHON", python).set("UV_DEFAULT_INDEX", index.url());
    desk.write("covouch.toml", aged(index));
    desk
}

/// A desk with a key and a file to vouch for, and the key's public half.
fn signing_desk() -> (Desk, PublicKey) {
    let desk = Desk::new();
    let made = desk.covouch(&["key", "new", "me", "--no-passphrase"]).ends(0);
    desk.write("demo-1.0-py3-none-any.whl", wheel("demo", "1.0").bytes());
    (desk, PublicKey::parse(made.stdout.trim()).unwrap().0)
}

/// The ids of a key's statements in the project's folder, in order. Reading them checks every link.
#[track_caller]
fn statements(desk: &Desk, key: &PublicKey) -> Vec<String> {
    let chain = folder::read_chain(&desk.project().join("trust"), key).unwrap();
    chain.statements().iter().map(|statement| statement.id().to_string()).collect()
}

/// An index with ten projects and one that is kept out, and the lock that names them all.
fn locked_world() -> (Site, String) {
    let listed: Vec<Distribution> = (0..10).map(|number| wheel(&format!("part{number}"), "1.0")).collect();
    let line = |file: &Distribution| {
        format!("{}=={} --hash=sha256:{}\n", file.project(), file.version(), file.sha256())
    };
    let lock = listed.iter().chain([&kept_out()]).map(line).collect();
    (and_new(old(listed), [kept_out()]), lock)
}

/// Everything in a folder, with its bytes.
fn contents(folder: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    files(folder).into_iter().map(|path| (path.clone(), fs::read(path).unwrap())).collect()
}

/// Every cached file is what its name says, and what is kept out is nowhere. That kept pages are whole is seen in the
/// verdicts of the next command.
#[track_caller]
fn keeps_nothing_wrong(desk: &Desk) {
    for path in files(&desk.root().join("covouch/cache/files")) {
        let name = path.file_name().unwrap().to_str().unwrap().to_owned();
        if let Ok(digest) = Sha256::parse(&name) {
            assert_eq!(Sha256::of(&fs::read(&path).unwrap()), digest, "{}", path.display());
        }
    }
    assert_eq!(desk.holds(kept_out().sha256()), [""; 0].map(PathBuf::from));
}
