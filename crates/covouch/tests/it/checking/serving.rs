//! `covouch gateway`: the gate as an index for others.

use std::{net::TcpListener, process::Command};

use covouch_testkit::{distribution::Distribution, index::IndexServer};
use url::Url;

use crate::{
    desk::{Desk, Started, until},
    http,
    shelf::{aged, old, wheel},
};

impl Desk {
    /// Starts `covouch gateway` on a free port, and gives the address of its index.
    pub(crate) fn gateway(&self) -> (Started, Url) {
        let started = self.start(self.command(&["gateway", "--listen", "127.0.0.1:0"]));
        until("the gateway to say where it is", || started.stdout().contains('\n'));
        let said = started.stdout();
        let address = said.lines().next().unwrap().strip_prefix("serving ").unwrap();
        (started, Url::parse(address).unwrap())
    }
}

/// Whether the gateway's page offers a file without any reservation.
fn offers(index: &Url, file: &Distribution) -> bool {
    let url = index.join(&format!("{}/", file.project())).unwrap();
    let page = http::get(&url, &["Accept: application/vnd.pypi.simple.v1+json"]).json();
    let files = page["files"].as_array().unwrap();
    files.iter().any(|listed| listed["filename"] == file.filename() && listed["yanked"].as_str().is_none())
}

#[test]
fn a_gateway_that_is_asked_to_stop_ends_well() {
    let (index, desk) = (IndexServer::start(old([wheel("demo", "1.0")])), Desk::new());
    desk.write("covouch.toml", aged(&index));
    let (started, served) = desk.gateway();
    assert!(offers(&served, &wheel("demo", "1.0")));
    Command::new("kill").arg(started.id().to_string()).status().unwrap();
    started.wait().ends(0).says("stopping");
}

#[test]
fn a_port_that_is_taken_is_said_to_be() {
    let (index, desk) = (IndexServer::start(old([wheel("demo", "1.0")])), Desk::new());
    desk.write("covouch.toml", aged(&index));
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let ran = desk.covouch(&["gateway", "--listen", &address]).ends(1);
    ran.says("[address-in-use]").says("hint: choose another with `--listen`");
}

#[test]
fn a_gateway_hears_of_a_vouch_and_of_a_veto_while_it_runs() {
    let (index, desk) = (IndexServer::start(old([wheel("demo", "1.0")])), Desk::new());
    let key = desk.covouch(&["key", "new", "security", "--no-passphrase"]).ends(0).stdout;
    let party = format!("[party.security]\nkey = \"{}\"\nfrom = \"trust/\"\n\n", key.trim_end());
    let policy = crate::shelf::policy(&index, "pypi and security", "vetoes");
    desk.write("covouch.toml", policy.replacen("[policy]", &format!("{party}[policy]"), 1));
    desk.write("trust/README.md", "");
    let (_running, served) = desk.gateway();
    let demo = wheel("demo", "1.0");
    assert!(!offers(&served, &demo));
    desk.covouch(&["vouch", "demo==1.0", "--key", "security", "--yes"]).ends(0);
    until("the vouch to be heard", || offers(&served, &demo));
    desk.covouch(&["veto", "demo==1.0", "--key", "security", "--reason", "malware", "--yes"]).ends(0);
    until("the veto to be heard", || !offers(&served, &demo));
}
