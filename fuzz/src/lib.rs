//! What each fuzz target asserts. A target calls one function here; `tests/replay.rs` calls the same functions with
//! the committed corpora.
//!
//! Every function asserts more than the absence of panics: a law that holds for whatever was read.

mod adapters;
mod archives;
mod attestations;
mod bundles;
mod evidence;
mod feed;

use base64::{Engine as _, engine::general_purpose::STANDARD};
use covouch_core::{
    key::SecretKey,
    name::ProjectName,
    statement::{Envelope, Signer, chain::Chain, sign, verify},
    subject::FileName,
};
use covouch_policy::{Policy, PolicyTable, Source, authors::AuthorRule, syntax};
use covouch_python::{
    filename::DistFilename,
    lock::{self, Locked, uv},
    simple::{Page, html, json, render},
};
use url::Url;

pub use self::adapters::{debian_apt, debian_release, debian_sources, debian_table, osv};
pub use self::archives::{derive, sdist, wheel};
pub use self::attestations::provenance;
pub use self::bundles::bundle;
pub use self::evidence::{evidence_file, evidence_lock};
pub use self::feed::feed;

/// A target's name and what it asserts.
pub type Target = (&'static str, fn(&[u8]));

/// The targets by name, as their corpora are named.
pub const TARGETS: &[Target] = &[
    ("bundle", bundle),
    ("debian_apt", debian_apt),
    ("debian_release", debian_release),
    ("debian_sources", debian_sources),
    ("debian_table", debian_table),
    ("derive", derive),
    ("evidence_file", evidence_file),
    ("evidence_lock", evidence_lock),
    ("feed", feed),
    ("filename", filename),
    ("osv", osv),
    ("policy", policy),
    ("provenance", provenance),
    ("pylock", pylock),
    ("requirements", requirements),
    ("sdist", sdist),
    ("simple_html", simple_html),
    ("simple_json", simple_json),
    ("statement", statement),
    ("uv_lock", uv_lock),
    ("wheel", wheel),
];

fn project() -> ProjectName {
    ProjectName::parse("ctx").expect("`ctx` is a name")
}

fn base() -> Url {
    Url::parse("https://index.example/simple/ctx/").expect("the base is an address")
}

/// What the page says of its project holds for each of its files.
fn check_page(page: &Page) {
    for file in page.files() {
        assert!(matches!(file.url().scheme(), "http" | "https"));
        assert!(file.dist().project().is_none_or(|found| *found == project()));
        assert_eq!(page.file(file.filename().as_str()).map(|found| found.filename()), Some(file.filename()));
    }
    assert!(page.versions().len() <= page.files().len());
}

/// A page in JSON reads back as it was, and in HTML no file turns into another.
pub fn simple_json(bytes: &[u8]) {
    let Ok(page) = json::parse(bytes, &base(), &project()) else { return };
    check_page(&page);
    let written = render::json(&page);
    let read = json::parse(&written, &base(), &project()).expect("what we write we read");
    assert_eq!((read.files(), read.status()), (page.files(), page.status()));
    assert!(read.left_out().is_empty());
    assert_eq!(render::json(&read), written);
    let read = html::parse(&render::html(&page), &base(), &project()).expect("what we write we read");
    for file in read.files() {
        let source = page.file(file.filename().as_str()).expect("no file appears from nowhere");
        assert_eq!(file.yanked().is_yanked(), source.yanked().is_yanked());
        assert!(file.sha256() == source.sha256());
    }
}

/// A page in HTML reads back as it was, and says the same in JSON.
pub fn simple_html(bytes: &[u8]) {
    let Ok(page) = html::parse(bytes, &base(), &project()) else { return };
    check_page(&page);
    let read = html::parse(&render::html(&page), &base(), &project()).expect("what we write we read");
    assert_eq!(read.files().len(), page.files().len());
    for (read, before) in read.files().iter().zip(page.files()) {
        assert_eq!(
            (read.filename(), read.yanked(), read.sha256()),
            (before.filename(), before.yanked(), before.sha256())
        );
    }
    let read = json::parse(&render::json(&page), &base(), &project()).expect("what we write we read");
    let digests = |page: &Page| page.files().iter().map(|file| file.sha256()).collect::<Vec<_>>();
    assert_eq!(digests(&read), digests(&page));
}

/// A release without files has a problem, and places are lines.
fn check_lock(locked: &Locked) {
    for release in &locked.releases {
        let has_problem =
            locked.problems.iter().any(|problem| problem.project.as_ref() == Some(&release.project));
        assert!(!release.files.is_empty() || has_problem, "{} is passed over", release.project);
        for filename in release.files.iter().filter_map(|file| file.filename.as_ref()) {
            let dist =
                DistFilename::parse(filename, Some(&release.project)).expect("a file is its project's");
            assert!(dist.version().is_none_or(|version| *version == release.version));
        }
    }
    for problem in &locked.problems {
        assert!(problem.place.line > 0);
        assert!(!problem.to_string().chars().any(char::is_control), "a message obeys nobody");
    }
}

/// A requirements file that may include itself once more.
pub fn requirements(bytes: &[u8]) {
    let include = |path: &str| match path {
        "again.txt" => Ok(bytes.to_vec()),
        _ => Err(lock::IncludeError("there is no other".into())),
    };
    match lock::read("requirements.txt", bytes, &include) {
        Ok(locked) => check_lock(&locked),
        Err(error) => assert!(!error.to_string().chars().any(char::is_control)),
    }
}

/// A lock of PEP 751.
pub fn pylock(bytes: &[u8]) {
    if let Ok(locked) = read_alone("pylock.toml", bytes) {
        check_lock(&locked);
    }
}

/// A lock of uv, and the same lock with other addresses.
pub fn uv_lock(bytes: &[u8]) {
    if let Ok(locked) = read_alone("uv.lock", bytes) {
        check_lock(&locked);
    }
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    let Ok(kept) = uv::rewrite(text, &mut |_| None) else { return };
    assert_eq!(kept, text);
    let addresses = |text: &str| {
        let mut addresses = Vec::new();
        let keep = &mut |address: uv::Address<'_>| {
            addresses.push(match address {
                uv::Address::File(file) => file.url.to_owned(),
                uv::Address::Registry(address) => address.to_owned(),
            });
            None
        };
        uv::rewrite(text, keep).expect("what we write we read");
        addresses
    };
    let replaced = uv::rewrite(text, &mut |address| match address {
        uv::Address::File(file) => Some(format!("http://gate.example/{}", file.url)),
        uv::Address::Registry(address) => Some(format!("http://gate.example/{address}")),
    })
    .expect("what was read once is read twice");
    let expected: Vec<String> =
        addresses(text).into_iter().map(|url| format!("http://gate.example/{url}")).collect();
    assert_eq!(addresses(&replaced), expected);
}

fn read_alone(name: &str, bytes: &[u8]) -> Result<Locked, lock::LockError> {
    lock::read(name, bytes, &|_| Err(lock::IncludeError("there are no others".into())))
}

/// A name says the same whether or not its project is expected, or another project does.
pub fn filename(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    let Ok(filename) = FileName::parse(text) else { return };
    let Ok(dist) = DistFilename::parse(&filename, None) else { return };
    let Some(project) = dist.project() else { return };
    assert_eq!(DistFilename::parse(&filename, Some(project)).as_ref(), Ok(&dist));
    if let DistFilename::Wheel(wheel) = &dist {
        assert!(wheel.build.as_deref().is_none_or(|build| build.starts_with(|c: char| c.is_ascii_digit())));
        let other = ProjectName::parse("another-project").expect("it is a name");
        assert!(*project == other || DistFilename::parse(&filename, Some(&other)).is_err());
    }
}

/// A policy is read or its mistakes are named: each with a place in the file and something to write. What was read
/// prints as expressions that read back.
pub fn policy(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    drop(AuthorRule::parse("authors.toml", text));
    for table in [PolicyTable::Whole, PolicyTable::Pyproject] {
        match Policy::parse(Source { name: "covouch.toml", text, table }) {
            Ok(policy) => {
                let rules = policy.rules().filter_map(|rule| rule.admit);
                for written in rules.chain([policy.admit()]).chain(policy.refusal()) {
                    assert_eq!(syntax::parse(&written.to_string()).as_ref(), Ok(written));
                }
            }
            Err(errors) => {
                let lines = text.bytes().filter(|byte| *byte == b'\n').count() + 1;
                for error in &errors {
                    assert!(usize::try_from(error.place.line).is_ok_and(|line| (1..=lines).contains(&line)));
                    assert!(error.hint().is_some_and(|hint| !hint.as_str().chars().any(char::is_control)));
                    assert!(!error.to_string().chars().any(char::is_control), "a message obeys nobody");
                }
            }
        }
    }
}

/// An envelope reads back as it was written. A payload somebody signed is refused, or it says what its own writer
/// would say: signed again, it reads back as the same statement.
pub fn statement(bytes: &[u8]) {
    if let Ok(envelope) = Envelope::parse(bytes) {
        assert_eq!(Envelope::parse(envelope.to_json().as_bytes()).as_ref(), Ok(&envelope));
    }
    let key = SecretKey::from_seed(&zeroize::Zeroizing::new([7; 32])).expect("the seed makes a key");
    let _ = Chain::parse(key.public_key(), bytes, None);
    for payload_type in ["application/vnd.in-toto+json", "application/vnd.covouch.trust.v1+json"] {
        let envelope =
            Envelope::parse(sealed(payload_type, bytes, &key).as_bytes()).expect("it is an envelope");
        match verify(&envelope, key.public_key()) {
            Ok(statement) => {
                let (_, again) = sign(statement.value(), &key).expect("what was read can be written");
                assert_eq!(again.value(), statement.value());
            }
            Err(error) => assert!(!error.to_string().chars().any(char::is_control), "a message obeys nobody"),
        }
    }
}

/// Any payload, signed: what somebody with a key can send us (DSSE v1.0.2, "Signature Definition").
fn sealed(payload_type: &str, payload: &[u8], key: &SecretKey) -> String {
    let mut signed = format!("DSSEv1 {} {payload_type} {} ", payload_type.len(), payload.len()).into_bytes();
    signed.extend_from_slice(payload);
    let signature = Signer::sign(key, &signed).expect("a key in memory signs");
    format!(
        r#"{{"payload":"{}","payloadType":"{payload_type}","signatures":[{{"keyid":"{}","sig":"{}"}}]}}"#,
        STANDARD.encode(payload),
        key.public_key().id(),
        STANDARD.encode(signature)
    )
}
