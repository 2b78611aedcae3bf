//! One statement of each kind, about a project that does not exist. Tests sign and forge them too.

use std::{
    fs, io,
    num::{NonZeroU16, NonZeroU32},
    path::Path,
};

use covouch_core::{
    amount::Amount,
    digest::Sha256,
    level::Level,
    name::{ProjectName, ProjectPattern},
    party::{Owner, PartyName},
    statement::{
        Author, AuthorGrant, Ballot, BallotPlace, Choice, Claim, Committee, Community, Delegation, Edition,
        Electorate, Files, Link, Member, Reading, Recusal, Recused, Release, Reviewer, Rule, Severity,
        Statement, StatementId, Strike, Terms, Veto, VetoReason, Voter, Vouch, VouchLevel, Waiver,
        Withdrawal, sign,
    },
    subject::FileName,
    time::{Timestamp, Validity},
    version::Version,
};
use covouch_testkit::keys;

/// Writes all samples and their key into a folder; returns how many statements there are.
///
/// # Errors
/// When the disk says no.
pub(crate) fn write(folder: &Path) -> io::Result<usize> {
    let (envelopes, public) = (folder.join("statements"), folder.join("keys"));
    fs::create_dir_all(&envelopes)?;
    fs::create_dir_all(&public)?;
    let secret = keys::secret("issuer");
    let key = secret.public_key();
    fs::write(public.join("issuer.pem"), key.to_pem())?;
    fs::write(public.join("issuer.pub"), format!("{key} issuer@example\n"))?;
    fs::write(public.join("issuer.id"), format!("{}\n", key.id()))?;
    let statements = statements();
    for (label, statement) in &statements {
        let (envelope, _) = sign(statement, &secret).map_err(io::Error::other)?;
        fs::write(envelopes.join(format!("{label}.json")), envelope.to_json())?;
    }
    Ok(statements.len())
}

/// One statement of each kind, with its name.
pub(crate) fn statements() -> Vec<(&'static str, Statement)> {
    let validity =
        Validity::new(moment("2026-06-01T12:00:00Z"), moment("2027-06-01T12:00:00Z")).expect("in order");
    let earlier = StatementId::parse(&Sha256::of(b"an earlier statement").to_string()).expect("a digest");
    let delegate = *keys::secret("delegate").public_key();
    let projects = vec![ProjectPattern::parse("widget*").expect("a pattern")];
    let vouch = Vouch {
        files: files(),
        validity,
        level: VouchLevel::Audited,
        read: vec![
            Reading::Metadata,
            Reading::Diff(Sha256::of(b"1.4.1")),
            Reading::FullSource,
            Reading::Built,
        ],
        reviewer: Reviewer::Hand,
        notes: "read “every” line\n\u{1f50d} \"quoted\" \\ and \u{0} too".into(),
    };
    let plain = Vouch {
        level: VouchLevel::Vouched,
        read: Vec::new(),
        reviewer: Reviewer::Machine,
        notes: "".into(),
        ..vouch.clone()
    };
    let veto = Veto {
        files: files(),
        validity,
        reason: VetoReason::Compromised,
        reference: "https://index.example/advisories/1".into(),
    };
    let delegation = Delegation {
        to: delegate,
        depth: 1,
        amount: Amount::FULL,
        level: Level::Vouched,
        projects: projects.clone(),
        validity,
    };
    let author_key = AuthorGrant { author: Author::Key(delegate), projects: projects.clone(), validity };
    let publisher =
        AuthorGrant { author: Author::Publisher("github:widget/widget".into()), projects, validity };
    let key_gone = Withdrawal::Key { key: delegate, from: moment("2026-05-01"), severity: Severity::Hard };
    let committee = committee(validity);
    let ballot = Ballot {
        files: files(),
        validity,
        choice: Choice::Approve,
        electorate: committee.id(),
        version: 1,
        place: BallotPlace { sequence: 2, previous: Some(earlier) },
    };
    let first_ballot = Ballot { choice: Choice::Object, place: BallotPlace::FIRST, ..ballot.clone() };
    let community = community(&committee);
    let strike =
        Strike { electorate: committee.id(), voter: delegate, reason: "sold the key \u{1f511}".into() };
    let claims = [
        ("vouch", Claim::Vouch(vouch)),
        ("plain-vouch", Claim::Vouch(plain)),
        ("veto", Claim::Veto(veto)),
        ("waiver", Claim::Waiver(Waiver { files: files(), validity, reason: "fixes a hole".into() })),
        ("release", Claim::Release(Release { files: files(), validity })),
        ("delegation", Claim::Delegation(delegation)),
        ("author-key", Claim::Author(author_key)),
        ("author-publisher", Claim::Author(publisher)),
        ("withdrawal", Claim::Withdrawal(Withdrawal::Statement(earlier))),
        ("withdrawal-key", Claim::Withdrawal(key_gone)),
        ("ballot", Claim::Ballot(ballot)),
        ("first-ballot", Claim::Ballot(first_ballot)),
        ("committee", Claim::Electorate(Box::new(committee))),
        ("community", Claim::Electorate(Box::new(community))),
        ("strike", Claim::Strike(strike)),
    ];
    let second = Link { sequence: 2, previous: Some(earlier) };
    let link = |label| if label == "vouch" { Link::FIRST } else { second };
    let issued = validity.not_before();
    claims.map(|(label, claim)| (label, Statement { link: link(label), issued, claim })).to_vec()
}

/// Two people and a program.
fn committee(validity: Validity) -> Electorate {
    let member = |name: &str, affiliation: &str, voter| {
        let affiliation = Owner::parse(affiliation).expect("a name");
        (*keys::secret(name).public_key(), Member { affiliation, since: moment("2026-01-01"), voter })
    };
    let committee = Committee {
        approvals: NonZeroU16::MIN.saturating_add(1),
        objections: NonZeroU16::MIN,
        roster: [
            member("alice", "acme", Voter::Person),
            member("bob", "umbrella", Voter::Person),
            member("scanner", "acme", Voter::Automated),
        ]
        .into(),
    };
    let recusals = vec![
        Recusal {
            who: Recused::Affiliation(Owner::parse("acme").expect("a name")),
            projects: vec![ProjectPattern::parse("acme-*").expect("a pattern")],
        },
        Recusal {
            who: Recused::Voter(*keys::secret("bob").public_key()),
            projects: vec![ProjectPattern::parse("widget").expect("a pattern")],
        },
    ];
    let terms = Terms {
        name: PartyName::parse("widget-council").expect("a name"),
        admins: ["alice", "bob"].map(|name| *keys::secret(name).public_key()).into(),
        threshold: NonZeroU16::MIN.saturating_add(1),
        ballots_since: 1,
        maturity_days: 30,
        recusals,
        validity,
        rule: Rule::Committee(committee),
    };
    Electorate::new(Edition::First, terms).expect("two of three")
}

/// The same people decide to let everybody vote whom they know.
fn community(committee: &Electorate) -> Electorate {
    let seeds = &committee.terms().admins;
    let community = Community {
        clusters: NonZeroU16::MIN.saturating_add(2),
        members: NonZeroU32::MIN.saturating_add(15),
        per_seed: NonZeroU16::MIN.saturating_add(4),
        depth: 3,
        seeds: seeds.clone(),
        automated: [*keys::secret("scanner").public_key()].into(),
    };
    let terms = Terms {
        recusals: Vec::new(),
        ballots_since: 2,
        rule: Rule::Community(community),
        ..committee.terms().clone()
    };
    Electorate::new(committee.next(), terms).expect("ten voices are possible")
}

fn files() -> Files {
    let file = |name: &str| (FileName::parse(name).expect("a file's name"), Sha256::of(name.as_bytes()));
    let names = [
        "widget-1.4.2.tar.gz",
        "widget-1.4.2-py3-none-any.whl",
        "widget-1.4.2+cu118-cp311-cp311-linux_x86_64.whl",
    ];
    let project = ProjectName::parse("widget").expect("a name");
    Files::new(project, Version::parse("1.4.2").expect("a version"), names.map(file)).expect("three files")
}

fn moment(text: &str) -> Timestamp {
    Timestamp::parse(text).expect("a moment")
}
