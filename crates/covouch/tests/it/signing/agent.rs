//! Keys that only an ssh-agent holds.

use std::{
    path::PathBuf,
    process::{Child, Stdio},
};

use covouch_testkit::wheel::Wheel;

use crate::desk::{Desk, until};

/// An agent of the test's own, with a key called `agent@acme`; it ends with the test.
struct Agent {
    child: Child,
    desk: Desk,
    public: PathBuf,
}

impl Agent {
    fn start() -> Self {
        let desk = Desk::new();
        let socket = desk.root().join("agent");
        let desk = desk.set("SSH_AUTH_SOCK", &socket);
        let child =
            desk.program("ssh-agent").args(["-D", "-a"]).arg(&socket).stdout(Stdio::null()).spawn().unwrap();
        until("the agent to start", || socket.exists());
        let key = desk.root().join("key");
        let mut keygen = desk.program("ssh-keygen");
        keygen.args(["-q", "-N", "", "-C", "agent@acme", "-t", "ed25519", "-f"]).arg(&key);
        desk.start(keygen).wait().ends(0);
        let mut add = desk.program("ssh-add");
        add.arg("-q").arg(&key);
        desk.start(add).wait().ends(0);
        // From now on only the agent has it.
        std::fs::remove_file(&key).unwrap();
        let wheel = Wheel::new("demo", "1.0").build();
        desk.write("demo-1.0-py3-none-any.whl", wheel.bytes());
        Self { child, desk, public: key.with_extension("pub") }
    }
}

impl Drop for Agent {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

const VOUCH: [&str; 5] = ["vouch", "--file", "demo-1.0-py3-none-any.whl", "--yes", "--key"];

#[test]
fn an_agent_signs_for_a_key_by_its_name_its_file_and_its_fingerprint() {
    let agent = Agent::start();
    let desk = &agent.desk;
    let listed = desk.covouch(&["key", "list"]).ends(0).says("agent@acme").says("in the ssh-agent");
    let fingerprint = listed.stdout.split_whitespace().find(|word| word.starts_with("SHA256:")).unwrap();
    for key in ["agent@acme", fingerprint, agent.public.to_str().unwrap()] {
        desk.covouch(&[&VOUCH[..], &[key]].concat()).ends(0).says("signed ");
    }
    let line = std::fs::read_to_string(&agent.public).unwrap();
    desk.write("covouch.toml", super::party("agent", line.trim_end()));
    let chains = std::fs::read_dir(desk.project().join("trust")).unwrap().flatten();
    let names: Vec<_> = chains.map(|entry| entry.file_name().into_string().unwrap()).collect();
    assert!(names.iter().any(|name| name.ends_with(".jsonl")), "{names:?}");
}

#[test]
fn a_forwarded_agent_is_used_only_by_somebody_who_says_so() {
    let mut agent = Agent::start();
    let desk = std::mem::replace(&mut agent.desk, Desk::new());
    let desk = desk.set("SSH_CONNECTION", "192.0.2.1 50000 192.0.2.2 22");
    let ran = desk.covouch(&[&VOUCH[..], &["agent@acme"]].concat()).ends(1);
    ran.says("[agent-forwarded]").says("hint: say `--forwarded-agent`");
    assert!(!desk.project().join("trust").exists());
    desk.covouch(&[&VOUCH[..], &["agent@acme", "--forwarded-agent"]].concat()).ends(0);
}

#[test]
fn a_key_the_agent_does_not_hold_is_not_found() {
    let agent = Agent::start();
    let other = covouch_testkit::keys::line("other");
    agent.desk.covouch(&[&VOUCH[..], &[&other]].concat()).ends(1).says("[key-not-found]");
    agent.desk.covouch(&[&VOUCH[..], &["nobody"]].concat()).ends(1).says("[key-not-found]");
}
