//! Other people's tools as peers: securesystemslib, PyNaCl and in-toto-attestation from PyPI, and OpenSSH.

use std::{fs, path::Path, process::Output};

use covouch_core::{
    key::{KeyError, Protection, PublicKey, SecretKey},
    statement::{Claim, Envelope, verify},
};
use covouch_testkit::{environment::Environment, keys, tools::Tools};
use serde_json::{Value, json};

use crate::{forge::issuer, samples};

fn text(output: &Output) -> &str {
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    std::str::from_utf8(&output.stdout).unwrap()
}

#[test]
fn python_reads_our_statements_and_we_read_pythons() {
    let folder = tempfile::tempdir().unwrap();
    let home = folder.path().join("home");
    let count = samples::write(folder.path()).unwrap();
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/peers/check_statements.py");
    let python = Tools::find().peers_python().unwrap();
    let mut check = Environment::in_home(&home).command(python);
    let output = check.arg("-B").arg(script).arg(folder.path()).output().unwrap();
    let checked: Value = serde_json::from_str(text(&output)).unwrap();
    assert_eq!(checked, json!({ "envelopes": count, "in_toto": 7 }));

    let line = fs::read_to_string(folder.path().join("foreign/key.pub")).unwrap();
    let (key, _) = PublicKey::parse(&line).unwrap();
    let envelope = Envelope::parse(&fs::read(folder.path().join("foreign/vouch.json")).unwrap()).unwrap();
    let statement = verify(&envelope, &key).unwrap();
    assert!(matches!(&statement.value().claim, Claim::Vouch(vouch) if &*vouch.notes == "signed elsewhere"));
}

#[test]
fn openssh_shows_the_fingerprint_we_show() {
    let folder = tempfile::tempdir().unwrap();
    samples::write(folder.path()).unwrap();
    let mut show = Environment::in_home(&folder.path().join("home")).command("ssh-keygen");
    let output = show.arg("-l").arg("-f").arg(folder.path().join("keys/issuer.pub")).output().unwrap();
    let expected = format!("256 {} issuer@example (ED25519)\n", issuer().public_key().fingerprint());
    assert_eq!(text(&output), expected);
}

#[test]
fn openssh_opens_the_key_files_we_write() {
    let folder = tempfile::tempdir().unwrap();
    let environment = Environment::in_home(folder.path());
    let protection = Protection { passphrase: "correct horse", salt: [9; 16] };
    for (passphrase, protection) in [("", None), ("correct horse", Some(&protection))] {
        let path = folder.path().join(format!("key{}", passphrase.len()));
        write_private(&path, &issuer().to_openssh("issuer@example", protection).unwrap());
        let open = |passphrase: &str| {
            environment
                .command("ssh-keygen")
                .args(["-y", "-P", passphrase, "-f"])
                .arg(&path)
                .output()
                .unwrap()
        };
        assert_eq!(text(&open(passphrase)), format!("{} issuer@example\n", issuer().public_key()));
        assert!(protection.is_none() || !open("wrong").status.success());
    }
}

#[test]
fn we_open_the_key_files_openssh_writes() {
    let folder = tempfile::tempdir().unwrap();
    let environment = Environment::in_home(folder.path());
    let make = |name: &str, kind: &str, passphrase: &str| {
        let path = folder.path().join(name);
        let mut make = environment.command("ssh-keygen");
        let output =
            make.args(["-q", "-t", kind, "-C", "me@example", "-N", passphrase, "-f"]).arg(&path).output();
        text(&output.unwrap());
        let public = fs::read_to_string(path.with_extension("pub")).unwrap();
        (fs::read(path).unwrap(), public)
    };
    let (file, public) = make("protected", "ed25519", "correct horse");
    let (public, comment) = PublicKey::parse(&public).unwrap();
    assert_eq!(comment, "me@example");
    assert_eq!(SecretKey::parse(&file, None).err(), Some(KeyError::Locked));
    assert_eq!(SecretKey::parse(&file, Some("correct horse")).unwrap().public_key(), &public);
    for kind in ["ecdsa", "rsa"] {
        let (file, public) = make(kind, kind, "");
        // Without its curve `ssh-key` cannot name an ECDSA private key; it says that it does not know it.
        let error = SecretKey::parse(&file, None).err().unwrap();
        assert_eq!(matches!(error, KeyError::Algorithm(_)), kind == "rsa", "{error}");
        assert!(matches!(PublicKey::parse(&public), Err(KeyError::Algorithm(_))));
    }
    let halves = keys::secret("one").to_openssh("", None).unwrap();
    assert!(SecretKey::parse(&halves.as_bytes()[..halves.len() / 2], None).is_err());
}

/// OpenSSH refuses private keys that others can read.
fn write_private(path: &Path, text: &str) {
    fs::write(path, text).unwrap();
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        fs::set_permissions(path, fs::Permissions::from_mode(0o600)).unwrap();
    }
}
