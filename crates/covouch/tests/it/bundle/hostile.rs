//! Bundles that are none: changed, cut short, growing without end, or leading elsewhere.

use std::fs;

use covouch_core::digest::Sha256;
use covouch_io::bundle::fuzzing;

use super::{Maker, closed, verdicts};
use crate::desk::{Desk, files};

const MADE: &str = "2026-06-02T12:00:00Z";

/// A manifest with these entries, as the program spells it.
fn manifest(entries: &[(&str, &[u8])]) -> Vec<u8> {
    let entries: Vec<String> = entries
        .iter()
        .map(|(name, bytes)| {
            let (size, sha256) = (bytes.len(), Sha256::of(bytes));
            format!(
                "    {{\n      \"kind\": \"statements\",\n      \"name\": \"{name}\",\n      \"size\": {size},\n      \
                 \"sha256\": \"{sha256}\"\n    }}"
            )
        })
        .collect();
    let entries =
        if entries.is_empty() { "[]".to_owned() } else { format!("[\n{}\n  ]", entries.join(",\n")) };
    format!(
        "{{\n  \"schema\": 1,\n  \"made\": \"{MADE}\",\n  \"releases\": [],\n  \"entries\": {entries}\n}}\n"
    )
    .into_bytes()
}

/// Verifies an archive on a desk of its own.
fn verify(bytes: &[u8]) -> (Desk, crate::desk::Ran) {
    let desk = Desk::new();
    desk.write("covouch.toml", "schema = 1\n[policy]\nadmit = \"age >= 3d\"\nrefuse = \"yanked\"\n");
    desk.write("a.bundle", bytes);
    let ran = desk.covouch(&["bundle", "verify", "a.bundle"]);
    (desk, ran)
}

#[test]
fn one_changed_byte_anywhere_and_nothing_of_it_is_used() {
    let maker = Maker::new();
    let (bundle, sha256) = maker.bundle("night.bundle");
    maker.cut();
    let bytes = fs::read(&bundle).unwrap();
    let desk = closed(&maker);
    for at in (0..bytes.len()).step_by(bytes.len() / 12) {
        let mut changed = bytes.clone();
        changed[at] ^= 1;
        let path = desk.write("changed.bundle", changed);
        let ran = desk.covouch(&["bundle", "import", path.to_str().unwrap()]);
        assert_eq!(ran.code, Some(1), "byte {at}: {}", ran.all());
        assert!(!desk.project().join("trust").exists(), "byte {at}");
        let named = desk.covouch(&["bundle", "import", path.to_str().unwrap(), "--sha256", &sha256]);
        assert_eq!(named.code, Some(1), "byte {at}: {}", named.all());
    }
    for length in [0, 1, 20, bytes.len() / 2, bytes.len() - 1] {
        let path = desk.write("short.bundle", &bytes[..length]);
        desk.covouch(&["bundle", "import", path.to_str().unwrap()]).ends(1).says("[bundle-damaged]");
    }
    let path = desk.write("long.bundle", [&bytes[..], b"\n"].concat());
    desk.covouch(&["bundle", "import", path.to_str().unwrap()]).ends(1).says("[bundle-malformed]");
    // Another good bundle is not the one that was meant.
    let other = desk.covouch(&["bundle", "import", bundle.to_str().unwrap(), "--sha256", &"0".repeat(64)]);
    other.ends(1).says("[bundle-other]");
    super::import(&desk, &bundle, &sha256).ends(0);
    assert_eq!(verdicts(&desk, &["--offline"]).len(), 4);
}

#[test]
fn names_that_lead_elsewhere_are_refused() {
    let blob = &b"x"[..];
    for name in ["../outside", "/etc/outside", "trust/../../outside", "trust//outside", "c:outside", "a\\\\b"]
    {
        let (desk, ran) = verify(&fuzzing::pack(&manifest(&[(name, blob)]), &[blob]).unwrap());
        ran.ends(1).says("[bundle-malformed]").says("not a relative path");
        assert!(files(&desk.root()).iter().all(|path| !path.ends_with("outside")));
    }
    let (_, ran) = verify(&fuzzing::pack(&manifest(&[("trust/inside", blob)]), &[blob]).unwrap());
    ran.ends(0);
}

#[test]
fn an_archive_that_holds_anything_else_is_refused() {
    let (one, two) = (&b"one"[..], &b"two"[..]);
    let named = manifest(&[("trust/one", one)]);
    for (what, archive) in [
        ("another blob", fuzzing::pack(&named, &[two]).unwrap()),
        ("a blob more", fuzzing::pack(&named, &[one, two]).unwrap()),
        ("a blob less", fuzzing::pack(&named, &[]).unwrap()),
        (
            "an entry twice",
            fuzzing::pack(&manifest(&[("trust/one", one), ("trust/one", one)]), &[one]).unwrap(),
        ),
        ("another spelling", fuzzing::pack(&[&named[..], b" "].concat(), &[one]).unwrap()),
    ] {
        let (_, ran) = verify(&archive);
        let ran = ran.ends(1);
        assert!(ran.said("[bundle-malformed]") || ran.said("[bundle-damaged]"), "{what}: {}", ran.all());
    }
    let newer = String::from_utf8(named.clone()).unwrap().replace("\"schema\": 1", "\"schema\": 2");
    verify(&fuzzing::pack(newer.as_bytes(), &[one]).unwrap()).1.ends(1).says("[bundle-newer]");
    verify(&fuzzing::pack(&named, &[one]).unwrap()).1.ends(0);
}

#[test]
fn an_archive_that_grows_without_end_is_stopped() {
    let bomb = vec![b' '; 40 << 20];
    let packed = fuzzing::pack(&manifest(&[("trust/bomb", &bomb)]), &[&bomb]).unwrap();
    assert!(packed.len() < 300_000, "{}", packed.len());
    let (desk, ran) = verify(&packed);
    ran.ends(1).says("[bundle-too-large]");
    let left: u64 =
        files(&desk.root().join("covouch")).iter().map(|path| fs::metadata(path).unwrap().len()).sum();
    assert!(left < 1 << 20, "{left} bytes are left");
    let small = vec![b' '; 10 << 20];
    verify(&fuzzing::pack(&manifest(&[("trust/small", &small)]), &[&small]).unwrap()).1.ends(0);
}
