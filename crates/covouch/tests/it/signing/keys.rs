//! `covouch key`.

use std::{fs, io::Write as _, process::Stdio};

use crate::desk::Desk;

#[test]
fn a_key_is_made_listed_shown_and_exported() {
    let desk = Desk::new();
    let made =
        desk.covouch(&["key", "new", "security", "--no-passphrase", "--comment", "security@acme"]).ends(0);
    let line = made.stdout.trim_end();
    assert!(line.starts_with("ssh-ed25519 AAAA") && line.ends_with(" security@acme"), "{line}");
    let listed = desk.covouch(&["key", "list"]).ends(0);
    listed.says("security ").says("SHA256:").says("in the key folder");
    let shown = desk.covouch(&["key", "show", "security"]).ends(0).says(line).says("fingerprint  SHA256:");
    // By its line as well as by its name.
    assert_eq!(desk.covouch(&["key", "show", line]).ends(0).stdout, shown.stdout);
    let pem = desk.covouch(&["key", "export", "security", "--pem"]).ends(0).stdout;
    assert!(pem.starts_with("-----BEGIN PUBLIC KEY-----\n"), "{pem}");
    assert_eq!(desk.covouch(&["key", "export", "security"]).ends(0).stdout.trim_end(), line);
}

#[test]
fn other_programs_read_what_is_written() {
    let desk = Desk::new();
    let line = desk.covouch(&["key", "new", "security", "--no-passphrase"]).ends(0).stdout;
    let file = desk.root().join("covouch/keys/security");
    let mut keygen = desk.program("ssh-keygen");
    keygen.args(["-y", "-f"]).arg(&file);
    let derived = desk.start(keygen).wait().ends(0).stdout;
    assert_eq!(derived.split(' ').take(2).collect::<Vec<_>>(), line.split(' ').take(2).collect::<Vec<_>>());
    // OpenSSH itself refuses a key that others may read.
    use std::os::unix::fs::PermissionsExt as _;
    assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o077, 0);
}

#[test]
fn a_key_is_never_overwritten() {
    let desk = Desk::new();
    desk.covouch(&["key", "new", "security", "--no-passphrase"]).ends(0);
    let before = desk.covouch(&["key", "export", "security"]).stdout;
    desk.covouch(&["key", "new", "security", "--no-passphrase"]).ends(1).says("[key-exists]").says("hint: ");
    assert_eq!(desk.covouch(&["key", "export", "security"]).stdout, before);
}

#[test]
fn a_key_cannot_be_named_after_a_path() {
    let desk = Desk::new();
    for name in ["../security", "a/b", ".hidden", ""] {
        desk.covouch(&["key", "new", name, "--no-passphrase"]).ends(2);
    }
}

#[test]
fn a_key_without_a_passphrase_must_be_asked_for() {
    let desk = Desk::new();
    // Nobody is there to type one.
    desk.covouch(&["key", "new", "security"]).ends(1).says("[key-locked]");
    desk.covouch(&["key", "show", "security"]).ends(1).says("[key-not-found]");
}

#[test]
fn a_passphrase_opens_its_key_and_another_does_not() {
    let desk = Desk::new();
    let (right, wrong) =
        (desk.write("right", "correct horse\nnot this line\n"), desk.write("wrong", "battery\n"));
    let [right, wrong] = [&right, &wrong].map(|path| path.to_str().unwrap());
    desk.covouch(&["key", "new", "security", "--passphrase-file", right]).ends(0);
    let file = fs::read_to_string(desk.root().join("covouch/keys/security")).unwrap();
    assert!(!file.contains("correct horse"));
    // Showing the public half asks for nothing.
    desk.covouch(&["key", "show", "security"]).ends(0);
    let wheel = covouch_testkit::wheel::Wheel::new("demo", "1.0").build();
    desk.write(wheel.filename(), wheel.bytes());
    let vouch = ["vouch", "--file", wheel.filename(), "--key", "security", "--yes"];
    let with = |file: &str| desk.covouch(&[&vouch[..], &["--passphrase-file", file]].concat());
    with(wrong).ends(1).says("the passphrase does not open the key [key-locked]");
    desk.covouch(&vouch).ends(1).says("[key-locked]");
    assert!(!desk.project().join("trust").exists());
    with(right).ends(0).says("signed ");
}

#[test]
fn a_passphrase_is_read_from_standard_input() {
    let desk = Desk::new();
    let mut command = desk.command(&["key", "new", "security", "--passphrase-file", "-"]);
    let mut child =
        command.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    child.stdin.take().unwrap().write_all(b"correct horse\n").unwrap();
    assert!(child.wait().unwrap().success());
    desk.covouch(&["key", "show", "security"]).ends(0);
    let file = desk.write("same", "correct horse\n");
    let wheel = covouch_testkit::wheel::Wheel::new("demo", "1.0").build();
    desk.write(wheel.filename(), wheel.bytes());
    let vouch = ["vouch", "--file", wheel.filename(), "--key", "security", "--yes", "--passphrase-file"];
    desk.covouch(&[&vouch[..], &[file.to_str().unwrap()]].concat()).ends(0);
}
