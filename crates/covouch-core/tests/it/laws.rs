//! Laws of statements: whatever can be said can be signed, sent, read and is what was said.

use covouch_core::{
    amount::Amount,
    digest::Sha256,
    key::PublicKey,
    level::Level,
    limits,
    name::{ProjectName, ProjectPattern},
    statement::{
        Author, AuthorGrant, Ballot, BallotPlace, Choice, Claim, Delegation, ElectorateId, Envelope, Files,
        Link, Reading, Release, Reviewer, Severity, SignError, Statement, StatementId, Strike, Veto,
        VetoReason, Vouch, VouchLevel, Waiver, Withdrawal, sign, verify,
    },
    subject::FileName,
    time::{Duration, Timestamp, Validity},
    version::Version,
};
use covouch_testkit::keys;
use proptest::{collection::vec, option, prelude::*, sample::select};

use crate::forge::issuer;

fn sha256() -> impl Strategy<Value = Sha256> {
    any::<[u8; 32]>().prop_map(Sha256::from_bytes)
}

fn statement_id() -> impl Strategy<Value = StatementId> {
    sha256().prop_map(|digest| StatementId::parse(&digest.to_string()).unwrap())
}

fn public_key() -> impl Strategy<Value = PublicKey> {
    "[a-z]{1,8}".prop_map(|name| *keys::secret(&name).public_key())
}

fn moment() -> impl Strategy<Value = Timestamp> {
    // The years 1 to 9900, so that an end five years later can still be written.
    (-62_135_596_800_i64..250_000_000_000).prop_map(|seconds| Timestamp::from_unix(seconds).unwrap())
}

fn validity() -> impl Strategy<Value = Validity> {
    (moment(), 1..=limits::VALIDITY_SECONDS.unsigned_abs())
        .prop_map(|(from, seconds)| Validity::new(from, from.plus(Duration::from_seconds(seconds))).unwrap())
}

fn files() -> impl Strategy<Value = Files> {
    let project = "[a-zA-Z0-9]([a-zA-Z0-9._-]{0,20}[a-zA-Z0-9])?";
    let version = "([1-9]!)?(0|[1-9][0-9]{0,4})(\\.(0|[1-9][0-9]{0,3})){0,3}((a|b|rc)[0-9])?(\\.post[0-9])?(\\.dev[0-9])?(\\+[a-z0-9]{1,5})?";
    let filename = "[A-Za-z0-9_+][A-Za-z0-9._+!~=@,-]{0,60}";
    let entries = proptest::collection::btree_map(filename, sha256(), 1..5);
    (project, version, entries).prop_map(|(project, version, entries)| {
        let entries = entries.into_iter().map(|(name, digest)| (FileName::parse(&name).unwrap(), digest));
        Files::new(ProjectName::parse(&project).unwrap(), Version::parse(&version).unwrap(), entries).unwrap()
    })
}

fn patterns() -> impl Strategy<Value = Vec<ProjectPattern>> {
    vec("[a-zA-Z0-9*._-]{1,20}".prop_map(|text| ProjectPattern::parse(&text).unwrap()), 1..4)
}

fn text() -> impl Strategy<Value = std::sync::Arc<str>> {
    any::<String>().prop_filter("short enough", |text| text.len() <= limits::NOTE_BYTES).prop_map(Into::into)
}

fn reading() -> impl Strategy<Value = Reading> {
    prop_oneof![
        Just(Reading::Metadata),
        sha256().prop_map(Reading::Diff),
        Just(Reading::FullSource),
        Just(Reading::Built)
    ]
}

fn about_files() -> impl Strategy<Value = Claim> {
    let level = select(vec![VouchLevel::Vouched, VouchLevel::Audited]);
    let reviewer = select(vec![Reviewer::Hand, Reviewer::Machine]);
    let vouch = (files(), validity(), level, vec(reading(), 0..4), reviewer, text()).prop_map(
        |(files, validity, level, read, reviewer, notes)| {
            Claim::Vouch(Vouch { files, validity, level, read, reviewer, notes })
        },
    );
    let veto = (files(), validity(), select(VetoReason::ALL.to_vec()), text()).prop_map(
        |(files, validity, reason, reference)| Claim::Veto(Veto { files, validity, reason, reference }),
    );
    let waiver = (files(), validity(), text())
        .prop_map(|(files, validity, reason)| Claim::Waiver(Waiver { files, validity, reason }));
    let release =
        (files(), validity()).prop_map(|(files, validity)| Claim::Release(Release { files, validity }));
    prop_oneof![vouch, veto, waiver, release, ballot().prop_map(Claim::Ballot)]
}

fn electorate_id() -> impl Strategy<Value = ElectorateId> {
    sha256().prop_map(|digest| ElectorateId::parse(&digest.to_string()).unwrap())
}

fn ballot() -> impl Strategy<Value = Ballot> {
    let choice = select(Choice::ALL.to_vec());
    let place = option::of((2..=u64::MAX, statement_id())).prop_map(|later| match later {
        None => BallotPlace::FIRST,
        Some((sequence, previous)) => BallotPlace { sequence, previous: Some(previous) },
    });
    (files(), validity(), choice, electorate_id(), 1..=u32::MAX, place).prop_map(
        |(files, validity, choice, electorate, version, place)| Ballot {
            files,
            validity,
            choice,
            electorate,
            version,
            place,
        },
    )
}

fn about_who() -> impl Strategy<Value = Claim> {
    let amount = (1_u8..=100).prop_map(|percent| Amount::from_percent(percent).unwrap());
    let level = select(Level::ALL.to_vec());
    let delegation = (public_key(), any::<u8>(), amount, level, patterns(), validity()).prop_map(
        |(to, depth, amount, level, projects, validity)| {
            Claim::Delegation(Delegation { to, depth, amount, level, projects, validity })
        },
    );
    let author = prop_oneof![public_key().prop_map(Author::Key), text().prop_map(Author::Publisher)];
    let author = (author, patterns(), validity())
        .prop_map(|(author, projects, validity)| Claim::Author(AuthorGrant { author, projects, validity }));
    let severity = select(vec![Severity::Hard, Severity::Soft]);
    let withdrawal = prop_oneof![
        statement_id().prop_map(Withdrawal::Statement),
        (public_key(), moment(), severity).prop_map(|(key, from, severity)| Withdrawal::Key {
            key,
            from,
            severity
        })
    ];
    let strike = (electorate_id(), public_key(), text())
        .prop_map(|(electorate, voter, reason)| Claim::Strike(Strike { electorate, voter, reason }));
    prop_oneof![delegation, author, withdrawal.prop_map(Claim::Withdrawal), strike]
}

fn link() -> impl Strategy<Value = Link> {
    let later = (2..=u64::MAX, statement_id());
    option::of(later).prop_map(|later| match later {
        None => Link::FIRST,
        Some((sequence, previous)) => Link { sequence, previous: Some(previous) },
    })
}

fn statement() -> impl Strategy<Value = Statement> {
    let files = (link(), about_files()).prop_map(|(link, claim)| {
        let issued = claim.validity().unwrap().not_before();
        Statement { link, issued, claim }
    });
    let who =
        (link(), moment(), about_who()).prop_map(|(link, issued, claim)| Statement { link, issued, claim });
    prop_oneof![files, who]
}

proptest! {
    #[test]
    fn what_is_signed_is_read_as_it_was_meant(statement in statement()) {
        let (envelope, signed) = sign(&statement, &issuer()).unwrap();
        let text = envelope.to_json();
        prop_assert!(!text.contains('\n'), "one line");
        let again = Envelope::parse(text.as_bytes()).unwrap();
        prop_assert_eq!(&again, &envelope);
        let read = verify(&again, issuer().public_key()).unwrap();
        prop_assert_eq!(read.value(), &statement);
        prop_assert_eq!(read.id(), signed.id());
        prop_assert!(verify(&again, keys::secret("other").public_key()).is_err());
    }

    #[test]
    fn any_changed_byte_of_an_envelope_is_noticed(statement in statement(), at in any::<prop::sample::Index>(), to in any::<u8>()) {
        let (envelope, signed) = sign(&statement, &issuer()).unwrap();
        let mut bytes = envelope.to_json().into_bytes();
        let at = at.index(bytes.len());
        bytes[at] = to;
        let read = Envelope::parse(&bytes).ok().and_then(|envelope| verify(&envelope, issuer().public_key()).ok());
        prop_assert!(read.is_none_or(|read| read == signed), "read as something that was not signed");
    }

    #[test]
    fn no_bytes_make_the_reader_panic(bytes in vec(any::<u8>(), 0..200)) {
        let _ = Envelope::parse(&bytes);
    }
}

#[test]
fn what_would_be_read_differently_is_not_signed() {
    let samples = crate::samples::statements();
    let sample = |label: &str| samples.iter().find(|(other, _)| *other == label).unwrap().1.clone();
    // 16.7 % cannot be written as a whole percent.
    let mut delegation = sample("delegation");
    if let Claim::Delegation(delegation) = &mut delegation.claim {
        delegation.amount = Amount::from_units(100).unwrap();
    }
    // A vouch holds from the moment it is signed; there is no field for another start.
    let mut vouch = sample("vouch");
    vouch.issued = Timestamp::parse("2026-06-01T12:00:01Z").unwrap();
    for statement in [delegation, vouch] {
        assert!(matches!(sign(&statement, &issuer()), Err(SignError::Altered)), "{statement:?}");
    }
    let mut long = sample("vouch");
    if let Claim::Vouch(vouch) = &mut long.claim {
        vouch.notes = "x".repeat(limits::NOTE_BYTES + 1).into();
    }
    assert!(matches!(sign(&long, &issuer()), Err(SignError::Invalid(_))));
}
