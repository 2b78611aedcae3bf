//! Evidence locks and evidence files: what is written is read, and what somebody changed is not.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use covouch_core::{
    digest::Sha256,
    evidence::{Derivation, Evidence, Finding, Gap, Known, Listing, ProjectStatus, Stated},
    evidence_lock::{self, Entry, EvidenceFile, EvidenceLock, Observed, SourceAt, Trust},
    key::SecretKey,
    level::Level,
    name::ProjectName,
    party::PartyName,
    publisher::{Continuity, Publisher, PublisherName},
    statement::{Claim, Envelope, Files, Link, Release, Seen, Statement, believe, sign},
    subject::{FileName, Subject},
    time::{Timestamp, Validity},
    version::Version,
};
use covouch_testkit::keys;
use serde_json::Value;

fn key(name: &str) -> SecretKey {
    keys::secret(name)
}

fn now() -> Timestamp {
    Timestamp::parse("2026-11-22").unwrap()
}

fn subject(project: &str, filename: &str) -> Subject {
    Subject {
        project: ProjectName::parse(project).unwrap(),
        version: Version::parse("1.0").unwrap(),
        filename: FileName::parse(filename).unwrap(),
        sha256: Sha256::of(filename.as_bytes()),
    }
}

fn pypi() -> SourceAt {
    SourceAt { name: PartyName::parse("pypi").unwrap(), at: "https://index.example/simple/".to_owned() }
}

fn debian() -> SourceAt {
    SourceAt { name: PartyName::parse("debian").unwrap(), at: "stable".to_owned() }
}

fn listing(uploaded: &str) -> Listing {
    Listing {
        listed: Known::Is(true),
        uploaded: Known::Is(Timestamp::parse(uploaded).unwrap()),
        yanked: Stated::NotStated,
        status: Stated::Is(ProjectStatus::Active),
    }
}

/// A wheel and its sdist, of which everything is known.
fn evidence() -> (Evidence, Subject) {
    let wheel = subject("demo", "demo-1.0-py3-none-any.whl");
    let sdist = subject("demo", "demo-1.0.tar.gz");
    let mut evidence = Evidence::new();
    evidence.add_project(pypi().name, wheel.project.clone(), Known::Is(true));
    for file in [&wheel, &sdist] {
        evidence.add_listing(pypi().name, file.clone(), listing("2026-01-01"));
    }
    let finding = Finding { party: debian().name, level: Level::Packaged, origin: "demo 1.0-1".into() };
    evidence.add_finding(wheel.clone(), Known::Is(finding));
    let publisher = PublisherName::parse("github:acme/demo").unwrap();
    evidence.add_publishers(wheel.clone(), Known::Is(vec![Publisher::named(publisher)]));
    evidence.add_continuity(wheel.clone(), Known::Is(Continuity::Same));
    let differences = Known::Is(["`setup.py`: differs".into()].into());
    evidence.add_derivation(wheel.clone(), Derivation { sdist, differences });
    (evidence, wheel)
}

fn observed() -> (Observed, Subject) {
    let (evidence, wheel) = evidence();
    (Observed::of(&evidence, (&wheel, now()), &[pypi()], &[debian()]), wheel)
}

fn entry() -> Entry {
    let (observed, subject) = observed();
    Entry {
        subject,
        as_of: now(),
        verdict: ("admitted".to_owned(), "admitted".to_owned()),
        until: Timestamp::parse("2027-11-22").ok(),
        observed,
        seal: None,
    }
}

fn lock() -> EvidenceLock {
    let subject = entry().subject;
    let validity = Validity::new(now(), Timestamp::parse("2027-11-22").unwrap()).unwrap();
    let files = Files::new(subject.project, subject.version, [(subject.filename, subject.sha256)]).unwrap();
    let claim = Claim::Release(Release { files, validity });
    let statement = Statement { link: Link::FIRST, issued: now(), claim };
    let (envelope, _) = sign(&statement, &key("ann")).unwrap();
    let mut entry = entry();
    entry.seal(&key("build")).unwrap();
    let feeds = [(Sha256::of(b"root"), vec![b"{\"a\": \"root\"}".to_vec()])].into();
    EvidenceLock { feeds, statements: vec![envelope], entries: vec![entry] }
}

#[test]
fn a_lock_reads_as_it_was_written_in_whatever_order() {
    let text = lock().render();
    assert_eq!(EvidenceLock::parse(text.as_bytes()).unwrap(), lock());
    let mut lines: Vec<&str> = text.lines().collect();
    lines[1..].reverse();
    let shuffled = EvidenceLock::parse((lines.join("\r\n") + "\r\n").as_bytes()).unwrap();
    assert_eq!(shuffled.render(), text);
    let twice = format!("{text}{}\n", lines[1]);
    assert_eq!(EvidenceLock::parse(twice.as_bytes()).unwrap_err().code().as_str(), "evidence-lock-malformed");
    assert!(EvidenceLock::parse(b"").is_err());
}

/// Every byte, changed in several ways: what is read then is the same, or has a statement that nobody believes.
#[test]
fn a_changed_byte_is_found_or_changes_nothing() {
    let text = lock().render().into_bytes();
    let roots = [*key("ann").public_key()];
    for place in 0..text.len() {
        for change in [0x01_u8, 0x20] {
            let mut changed = text.clone();
            changed[place] ^= change;
            let Ok(read) = EvidenceLock::parse(&changed) else { continue };
            assert_eq!((&read.feeds, &read.entries), (&lock().feeds, &lock().entries), "byte {place}");
            if read != lock() {
                let believed = believe(&roots, read.statements, &mut Seen::default());
                assert!(believed.is_err() || believed.unwrap().statements.is_empty(), "byte {place}");
            }
        }
    }
}

/// Whether a line has what this part of the schema requires, and nothing that it does not know.
fn fits(line: &Value, part: &Value) -> bool {
    let (keys, known) = (line.as_object().unwrap(), part["properties"].as_object().unwrap());
    let required = part["required"].as_array().unwrap().iter();
    keys.keys().all(|key| known.contains_key(key))
        && required.into_iter().all(|key| keys.contains_key(key.as_str().unwrap()))
}

#[test]
fn every_line_of_a_lock_is_one_of_the_schema() {
    let schema = evidence_lock::schema();
    let parts = schema["$defs"].as_object().unwrap();
    let kinds: Vec<&Value> = schema["anyOf"].as_array().unwrap().iter().collect();
    let part = |kind: &Value| parts[kind["$ref"].as_str().unwrap().trim_start_matches("#/$defs/")].clone();
    let brief = said(vec![word("ann", &[file(0), file(1)])]);
    for line in lock().render().lines().chain(brief.render().lines()) {
        let value: Value = serde_json::from_str(line).unwrap();
        assert_eq!(kinds.iter().filter(|kind| fits(&value, &part(kind))).count(), 1, "{line}");
    }
}

fn file(number: u8) -> (FileName, Sha256) {
    let name = format!("demo-1.0-cp3{number}-cp3{number}-manylinux_2_17_x86_64.manylinux2014_x86_64.whl");
    (FileName::parse(&name).unwrap(), Sha256::of(name.as_bytes()))
}

/// Somebody's word on these files of a release.
fn word(by: &str, files: &[(FileName, Sha256)]) -> Envelope {
    let validity = Validity::new(now(), Timestamp::parse("2027-11-22").unwrap()).unwrap();
    let about = entry().subject;
    let files = Files::new(about.project, about.version, files.iter().cloned()).unwrap();
    let claim = Claim::Release(Release { files, validity });
    sign(&Statement { link: Link::FIRST, issued: now(), claim }, &key(by)).unwrap().0
}

/// A lock of one file of a release, and of what these people said about it.
fn said(statements: Vec<Envelope>) -> EvidenceLock {
    let (filename, sha256) = file(0);
    let locked = Entry { subject: Subject { filename, sha256, ..entry().subject }, ..entry() };
    let observed = Observed::default();
    EvidenceLock { statements, entries: vec![Entry { observed, ..locked }], ..EvidenceLock::default() }
}

#[test]
fn files_that_several_people_list_stand_in_a_lock_once() {
    let files: Vec<_> = (0..10).map(file).collect();
    let lock = said(vec![word("ann", &files), word("bob", &files)]);
    let text = lock.render();
    assert_eq!(text.matches(&files[0].1.to_string()).count(), 1, "{text}");
    assert_eq!(text.matches(files[9].0.as_str()).count(), 1, "{text}");
    assert!(text.len() < 2 * 2_000 && said(vec![word("ann", &files)]).render().len() < 2_500);
    let read = EvidenceLock::parse(text.as_bytes()).unwrap();
    assert_eq!(read.render(), text);
    let roots = ["ann", "bob"].map(|name| *key(name).public_key());
    let believed = believe(&roots, read.statements, &mut Seen::default()).unwrap().statements;
    assert_eq!(believed.len(), 2);
}

#[test]
fn locks_of_two_branches_merge_line_by_line() {
    let (one, other) = (word("ann", &[file(0), file(1)]), word("bob", &[file(0), file(2)]));
    let branches = [said(vec![one.clone()]).render(), said(vec![other.clone()]).render()];
    let mut lines: Vec<&str> = branches.iter().flat_map(|text| text.lines().skip(1)).collect();
    lines.sort_unstable();
    lines.dedup();
    let merged = format!("{}\n{}\n", branches[0].lines().next().unwrap(), lines.join("\n"));
    let read = EvidenceLock::parse(merged.as_bytes()).unwrap();
    assert_eq!(read.render(), said(vec![one, other]).render());
}

#[test]
fn a_statement_whose_files_are_not_in_the_lock_is_not_guessed() {
    let text = said(vec![word("ann", &[file(0), file(1)])]).render();
    let kept = |line: &&str| !line.starts_with("{\"others\"");
    let without: Vec<&str> = text.lines().filter(kept).collect();
    let error = EvidenceLock::parse(without.join("\n").as_bytes()).unwrap_err();
    assert_eq!(error.code().as_str(), "evidence-lock-malformed");
    assert!(error.to_string().contains("not in the lock"), "{error}");
    assert!(EvidenceLock::parse(text.as_bytes()).is_ok());
}

/// Somebody made a file whose digest begins as another's does.
#[test]
fn digits_that_two_files_begin_with_name_neither() {
    let (twin, mut bytes) = (file(0), *file(0).1.as_bytes());
    bytes[31] ^= 1;
    let forged = (file(1).0, Sha256::from_bytes(bytes));
    for (files, in_brief) in [([twin.clone(), forged], false), ([twin, file(1)], true)] {
        let lock = said(vec![word("ann", &files)]);
        let text = lock.render();
        assert_eq!(text.contains("{\"signed\""), in_brief, "{text}");
        assert_eq!(EvidenceLock::parse(text.as_bytes()).unwrap(), lock);
    }
}

/// The same claim with a space that covouch would not write: whoever signed it signed that space.
#[test]
fn a_statement_that_others_wrote_stays_as_they_wrote_it() {
    let ours = word("ann", &[file(0)]).to_json();
    let wire: serde_json::Value = serde_json::from_str(&ours).unwrap();
    let payload = STANDARD.decode(wire["payload"].as_str().unwrap()).unwrap();
    let spaced = String::from_utf8(payload).unwrap().replacen("{\"_type\"", "{ \"_type\"", 1);
    let theirs = ours.replace(wire["payload"].as_str().unwrap(), &STANDARD.encode(&spaced));
    let lock = said(vec![Envelope::parse(theirs.as_bytes()).unwrap()]);
    assert!(lock.render().contains(&theirs));
    assert_eq!(EvidenceLock::parse(lock.render().as_bytes()).unwrap(), lock);
    // A whole statement is read also where covouch would write it in brief.
    let brief = said(vec![Envelope::parse(ours.as_bytes()).unwrap()]);
    let text = brief.render();
    let whole = text.lines().map(|line| if line.starts_with("{\"signed\"") { &ours } else { line });
    let whole: String = whole.map(|line| format!("{line}\n")).collect();
    assert!(whole.contains(&ours));
    assert_eq!(EvidenceLock::parse(whole.as_bytes()).unwrap(), brief);
}

#[test]
fn an_evidence_file_reads_as_it_was_written_and_no_byte_of_it_can_be_changed() {
    let parts = [("chains/a".to_owned(), b"one\ntwo\n".to_vec()), ("feeds/b".to_owned(), Vec::new())].into();
    let mut file = EvidenceFile { as_of: now(), parts, seal: None };
    assert_eq!(EvidenceFile::parse(&file.render()).unwrap(), file);
    file.seal(&key("build")).unwrap();
    let bytes = file.render();
    assert_eq!(EvidenceFile::parse(&bytes).unwrap(), file);
    let keys = [*key("build").public_key()];
    assert!(file.is_sealed_by(&keys) && !file.is_sealed_by(&[*key("ann").public_key()]));
    for place in 0..bytes.len() {
        let mut changed = bytes.clone();
        changed[place] ^= 1;
        let read = EvidenceFile::parse(&changed);
        assert!(!read.is_ok_and(|file| file.is_sealed_by(&keys)), "byte {place}");
    }
    assert!(EvidenceFile::parse(&bytes[..bytes.len() - 1]).is_err());
}

#[test]
fn a_seal_is_of_one_key_over_all_of_an_entry() {
    let mut entry = entry();
    let (build, other) = ([*key("build").public_key()], [*key("ann").public_key()]);
    assert!(!entry.is_sealed_by(&build));
    entry.seal(&key("build")).unwrap();
    assert!(entry.is_sealed_by(&build) && !entry.is_sealed_by(&other) && !entry.is_sealed_by(&[]));
    let later = Entry { as_of: Timestamp::parse("2026-11-23").unwrap(), ..entry.clone() };
    assert!(!later.is_sealed_by(&build));
    let other_file = Entry { subject: subject("demo", "demo-1.0.tar.gz"), ..entry.clone() };
    assert!(!other_file.is_sealed_by(&build));
    let nothing = Entry { observed: Observed::default(), ..entry.clone() };
    assert!(!nothing.is_sealed_by(&build));
    assert!(entry.says_the_same_as(&later) && !entry.says_the_same_as(&nothing));
}

#[test]
fn what_was_observed_is_known_again_and_only_of_the_same_sources() {
    let (observed, wheel) = observed();
    let elsewhere = SourceAt { at: "https://other.example/simple/".to_owned(), ..pypi() };
    let mut again = Evidence::new();
    let added = observed.add_to(&mut again, &wheel, (&[pypi()], &[debian()]), &Trust::Whole);
    assert_eq!(added.len(), 1);
    let known = evidence().0;
    assert_eq!(again.listing(&pypi().name, &wheel), known.listing(&pypi().name, &wheel));
    assert_eq!(
        again.findings(&wheel, now()).collect::<Vec<_>>(),
        known.findings(&wheel, now()).collect::<Vec<_>>()
    );
    assert_eq!(again.publishers(&wheel), known.publishers(&wheel));
    assert_eq!(again.continuity(&wheel), known.continuity(&wheel));
    assert_eq!(again.derivations(&wheel).collect::<Vec<_>>(), known.derivations(&wheel).collect::<Vec<_>>());
    assert_eq!(again.release(&pypi().name, &wheel).count(), 2);

    let mut other = Evidence::new();
    let stable = SourceAt { at: "testing".to_owned(), ..debian() };
    assert!(observed.add_to(&mut other, &wheel, (&[elsewhere], &[stable]), &Trust::Whole).is_empty());
    assert!(other.listing(&pypi().name, &wheel).is_none() && other.findings(&wheel, now()).next().is_none());
}

#[test]
fn what_is_old_does_not_say_that_nothing_speaks_against_it() {
    let (observed, wheel) = observed();
    let code = covouch_core::code::Code::new("evidence-too-old");
    let gap = Gap { code, source: "covouch.lock".into(), detail: "it is old".into() };
    let mut aged = Evidence::new();
    observed.add_to(&mut aged, &wheel, (&[pypi()], &[]), &Trust::Aged(gap.clone()));
    let listing = aged.listing(&pypi().name, &wheel).unwrap();
    assert_eq!((&listing.yanked, &listing.status), (&Stated::Unknown(gap.clone()), &Stated::Unknown(gap)));
    assert_eq!(listing.listed, Known::Is(true));
}

#[test]
fn what_an_index_said_since_is_kept_and_what_speaks_against_a_file_is_added() {
    let (mut observed, wheel) = observed();
    observed.indexes[0].files[0].yanked = Some("broken".into());
    let mut known = Evidence::new();
    known.add_project(pypi().name, wheel.project.clone(), Known::Is(true));
    let newer = Listing { status: Stated::Is(ProjectStatus::Quarantined), ..listing("2026-02-02") };
    known.add_listing(pypi().name, wheel.clone(), newer.clone());
    observed.add_to(&mut known, &wheel, (&[pypi()], &[]), &Trust::Whole);
    let listing = known.listing(&pypi().name, &wheel).unwrap();
    assert_eq!((&listing.uploaded, &listing.status), (&newer.uploaded, &newer.status));
    assert_eq!(listing.yanked, Stated::Is(Some("broken".into())));
    // A file that the index does not list any more is not listed because somebody saw it there once.
    assert_eq!(known.release(&pypi().name, &wheel).count(), 1);
}
