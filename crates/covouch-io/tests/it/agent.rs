//! A real ssh-agent signs what covouch signs.

use std::{
    ffi::OsString,
    path::Path,
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use covouch_core::statement::{SignError, Signer as _};
use covouch_io::agent::Agent;
use ed25519_dalek::{Signature, VerifyingKey};

/// An agent of this test's own; it ends with the test.
struct RunningAgent {
    child: Child,
    folder: tempfile::TempDir,
}

impl RunningAgent {
    fn start() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let socket = folder.path().join("agent");
        let child =
            Command::new("ssh-agent").args(["-D", "-a"]).arg(&socket).stdout(Stdio::null()).spawn().unwrap();
        let deadline = Instant::now() + Duration::from_secs(10);
        while !socket.exists() {
            assert!(Instant::now() < deadline, "the agent does not start");
            std::thread::sleep(Duration::from_millis(10));
        }
        Self { child, folder }
    }

    fn add(&self, name: &str, kind: &[&str]) {
        let key = self.folder.path().join(name);
        let args = ["-q", "-N", "", "-C", name, "-t"];
        run(Command::new("ssh-keygen").args(args).args(kind).arg("-f").arg(&key));
        run(self.tool("ssh-add").arg("-q").arg(&key));
    }

    fn tool(&self, name: &str) -> Command {
        let mut command = Command::new(name);
        command.env("SSH_AUTH_SOCK", self.folder.path().join("agent"));
        command
    }

    fn agent(&self) -> Agent {
        let socket: OsString = self.folder.path().join("agent").into();
        Agent::from_env(&|name| (name == "SSH_AUTH_SOCK").then(|| socket.clone())).unwrap()
    }
}

impl Drop for RunningAgent {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn run(command: &mut Command) {
    assert!(command.stdout(Stdio::null()).stderr(Stdio::null()).status().unwrap().success(), "{command:?}");
}

/// The key ssh-keygen wrote, as covouch reads it.
fn written(folder: &Path, name: &str) -> covouch_core::key::PublicKey {
    let line = std::fs::read_to_string(folder.join(name).with_extension("pub")).unwrap();
    covouch_core::key::PublicKey::parse(&line).unwrap().0
}

#[test]
fn the_agent_lists_our_keys_and_signs_the_very_bytes() {
    let running = RunningAgent::start();
    running.add("old", &["rsa", "-b", "2048"]);
    running.add("mine", &["ed25519"]);
    let identities = running.agent().identities().unwrap();
    let [identity] = identities.as_slice() else { panic!("{identities:?}") };
    assert_eq!(identity.comment, "mine");
    assert_eq!(identity.key, written(running.folder.path(), "mine"));

    let signer = running.agent().signer(identity.key);
    let point = VerifyingKey::from_bytes(identity.key.as_bytes()).unwrap();
    for message in [&b""[..], b"DSSEv1", &vec![b'x'; 150_000]] {
        let signature = signer.sign(message).unwrap();
        point.verify_strict(message, &Signature::from_bytes(&signature)).unwrap();
    }
    let error = signer.sign(&vec![0; 1 << 20]).unwrap_err();
    assert!(matches!(&error, SignError::Refused(why) if why.contains("at most 204800 bytes")), "{error}");

    run(running.tool("ssh-add").args(["-q", "-D"]));
    assert!(matches!(signer.sign(b"gone").unwrap_err(), SignError::Refused(_)));
    assert_eq!(running.agent().identities().unwrap(), []);
}

#[test]
fn an_agent_that_announces_too_much_is_not_waited_for() {
    use std::{
        io::{Read as _, Write as _},
        os::unix::net::UnixListener,
    };

    let folder = tempfile::tempdir().unwrap();
    let socket = folder.path().join("agent");
    let listener = UnixListener::bind(&socket).unwrap();
    let server = std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        // The whole request: closing with some of it unread would reset the connection.
        stream.read_exact(&mut [0; 5]).unwrap();
        stream.write_all(&[0xff, 0xff, 0xff, 0xff, 12]).unwrap();
    });
    let agent = Agent::from_env(&|name| (name == "SSH_AUTH_SOCK").then(|| socket.clone().into())).unwrap();
    assert!(agent.identities().unwrap_err().to_string().ends_with("its reply is too long"));
    server.join().unwrap();
}
