//! What the writer makes: one list, bins, more bins; and who is believed in it.

use covouch_core::{
    amount::Amount,
    digest::Sha256,
    level::Level,
    name::{ProjectName, ProjectPattern},
    statement::{BallotHead, Claim, Delegation, ElectorateId, StatementId, sign_ballot_head},
    time::Validity,
};
use covouch_feed::{
    publish::{Additions, PublishError, Publisher, Renewal},
    role::Delegations,
    statements::{believe, heads},
    update::Trusted,
};

use crate::world::{Feed, Names, Reader, USUAL, about, additions, days, feed_wide, key, signed, start, veto};

fn projects(count: usize) -> Vec<String> {
    (0..count).map(|number| format!("project-{number}")).collect()
}

fn prefix(reader: &mut Reader, feed: &Feed) -> String {
    match &reader.refresh(feed, days(1)).unwrap().targets().role().delegations {
        Delegations::Bins(bins) => bins.prefix().to_owned(),
        _ => "flat".to_owned(),
    }
}

#[test]
fn a_feed_grows_from_one_list_to_bins_to_more_bins() {
    let mut feed = Feed::new(&projects(499));
    let mut reader = Reader::of(&feed);
    assert_eq!(prefix(&mut reader, &feed), "flat");
    let (_, delegation) = delegation();
    let mut wide = Additions::default();
    wide.add(&delegation.0, delegation.1);
    feed.add(&wide, days(1));
    feed.add(&additions(&["project-499"]), days(1));
    assert_eq!(prefix(&mut reader, &feed), "flat");
    feed.add(&additions(&["project-500"]), days(1));
    assert_eq!(prefix(&mut reader, &feed), "g1");
    // One more project changes its bin, the snapshot and the timestamp.
    assert_eq!(feed.add(&additions(&["one-more"]), days(1)), 3);
    // The same statement again changes nothing but the timestamp.
    assert_eq!(feed.add(&additions(&["one-more"]), days(1)), 1);
    // One bin gets crowded, and there are enough projects for more bins.
    feed.add(&additions(&projects(900)), days(1));
    let trusted = reader.refresh(&feed, days(1)).unwrap();
    let Delegations::Bins(bins) = &trusted.targets().role().delegations else { panic!("no bins") };
    let crowd: Vec<String> = (0..)
        .map(|number| format!("crowd-{number}"))
        .filter(|name| bins.role_of(name).ends_with("-00"))
        .take(30)
        .collect();
    feed.add(&additions(&crowd), days(1));
    assert_eq!(prefix(&mut reader, &feed), "g2");
    let trusted = reader.refresh(&feed, days(1)).unwrap();
    for project in projects(900).iter().chain(&crowd).chain(&["one-more".to_owned()]) {
        assert_eq!(about(&feed, &trusted, project).unwrap().len(), 1, "{project}");
    }
    assert!(about(&feed, &trusted, "nobody-knows").unwrap().is_empty());
    assert_eq!(feed_wide(&trusted).len(), 1);
    // The bins of the first generation are still named.
    assert!(trusted.snapshot().role().meta.contains_key("g1-00"));
}

fn delegation() -> (&'static str, (covouch_core::statement::Statement, covouch_core::statement::Envelope)) {
    let delegation = Delegation {
        to: *key("team").public_key(),
        depth: 1,
        amount: Amount::FULL,
        level: Level::Vouched,
        projects: vec![ProjectPattern::parse("*").unwrap()],
        validity: Validity::new(start(), days(365)).unwrap(),
    };
    ("team", signed(Claim::Delegation(delegation), "curator"))
}

#[test]
fn who_is_led_to_is_believed_and_others_are_set_aside() {
    let mut additions = Additions::default();
    let (team, (statement, envelope)) = delegation();
    additions.add(&statement, envelope);
    for issuer in ["curator", team, "stranger"] {
        let (statement, envelope) = veto("six", issuer);
        additions.add(&statement, envelope);
    }
    let feed = Feed::with(USUAL, &additions);
    let trusted = Reader::of(&feed).refresh(&feed, start()).unwrap();
    let roots: Vec<_> = trusted.root().role().targets().ed25519().collect();
    let believed = believe(&roots, feed_wide(&trusted), about(&feed, &trusted, "six").unwrap()).unwrap();
    assert_eq!((believed.statements.len(), believed.others.len()), (3, 1));
    assert_eq!(believed.others[0].key(), key("stranger").public_key().id());
    // Without the delegation the team is a stranger too.
    let believed = believe(&roots, Vec::new(), about(&feed, &trusted, "six").unwrap()).unwrap();
    assert_eq!((believed.statements.len(), believed.others.len()), (1, 2));
}

#[test]
fn heads_of_ballots_stand_beside_the_project_once_and_leave_its_statements_as_they_are() {
    let head = BallotHead {
        electorate: ElectorateId::parse(&Sha256::of(b"council").to_string()).unwrap(),
        project: ProjectName::parse("six").unwrap(),
        sequence: 1,
        ballot: StatementId::parse(&Sha256::of(b"ballot").to_string()).unwrap(),
        issued: start(),
    };
    let (envelope, _) = sign_ballot_head(&head, &key("voter")).unwrap();
    let mut more = Additions::default();
    more.add_head(&head, envelope.clone());
    more.add_head(&head, envelope.clone());
    let mut feed = Feed::new(&["six", "flask"]);
    let read = |feed: &Feed| Reader::of(feed).refresh(feed, start()).unwrap();
    let heads = |trusted: &Trusted, project: &str| {
        heads(trusted.targets().role(), &ProjectName::parse(project).unwrap()).unwrap()
    };
    assert!(heads(&read(&feed), "six").is_empty());
    feed.add(&more, start());
    let trusted = read(&feed);
    assert_eq!(heads(&trusted, "six"), [envelope]);
    assert_eq!(about(&feed, &trusted, "six").unwrap().len(), 1, "the veto is still there");
    assert!(heads(&trusted, "flask").is_empty());
}

#[test]
fn a_publication_nobody_would_believe_is_not_made() {
    let feed = Feed::new(&["six"]);
    let published = Reader::of(&feed).refresh(&feed, start()).unwrap();
    let read = |path: &str| feed.files.get(path).cloned();
    let mallory = key("mallory");
    let attempt = feed.publisher(days(1), |publisher| {
        let publisher = Publisher { targets: &[&mallory], ..publisher };
        publisher.next(&published, &additions(&["flask"]), Renewal::Due, &read)
    });
    let error = attempt.unwrap_err();
    assert!(matches!(&error, PublishError::Keys { role, .. } if role == "targets"), "{error}");
    assert_eq!(error.code().as_str(), "feed-not-published");
    // While no list changes, the online key is enough.
    let renewed = feed.publisher(days(1), |publisher| {
        let publisher = Publisher { targets: &[], ..publisher };
        publisher.next(&published, &Additions::default(), Renewal::Due, &read)
    });
    assert_eq!(renewed.unwrap().files.len(), 1);
}

#[test]
fn lists_are_renewed_together_before_they_expire() {
    let mut feed = Feed::new(&projects(501));
    assert_eq!(feed.publish(&Additions::default(), Renewal::Due, days(1)), 1);
    // A third of the snapshot's 60 days is left, then of the lists' 365.
    assert_eq!(feed.publish(&Additions::default(), Renewal::Due, days(41)), 2);
    assert_eq!(feed.publish(&Additions::default(), Renewal::Due, days(244)), 256 + 3);
    let trusted = Reader::of(&feed).refresh(&feed, days(244)).unwrap();
    assert!(trusted.targets().expires() > days(600));
}

#[test]
fn after_new_keys_everything_is_signed_by_them() {
    let mut feed = Feed::new(&projects(501));
    let mut reader = Reader::of(&feed);
    reader.refresh(&feed, start()).unwrap();
    feed.rotate(
        Names { curator: "curator-2", online: "online-2", root: &["root-a", "root-d"], threshold: 2 },
        days(1),
    );
    let trusted = reader.refresh(&feed, days(1)).unwrap();
    assert_eq!(trusted.root().version(), 2);
    assert_eq!(about(&feed, &trusted, "project-7").unwrap().len(), 1);
    feed.add(&additions(&["flask"]), days(2));
    let trusted = reader.refresh(&feed, days(2)).unwrap();
    assert_eq!(about(&feed, &trusted, "flask").unwrap().len(), 1);
}

/// A change of keys, file by file as it is written: what a reader who knows the feed, and one who does not, say each time.
fn noticed(names: Names, signing: &[Names]) -> Vec<&'static str> {
    let mut feed = Feed::new(&projects(501));
    let mut reader = Reader::of(&feed);
    reader.refresh(&feed, days(1)).unwrap();
    let (_, publication) = feed.rotation(names, signing, days(1));
    let mut said = Vec::new();
    for file in publication.files {
        let is_bin = file.path.contains(".g1-");
        feed.files.insert(file.path, file.bytes);
        // Nothing leads to a bin before its snapshot.
        if is_bin {
            continue;
        }
        for mut reader in [reader.clone(), Reader::of(&feed)] {
            let read = reader.refresh(&feed, days(1)).and_then(|trusted| about(&feed, &trusted, "project-7"));
            said.push(read.map_or_else(
                |error| error.code().as_str(),
                |found| {
                    assert_eq!(found.len(), 1);
                    "read"
                },
            ));
        }
    }
    said
}

#[test]
fn nobody_notices_a_change_of_keys_that_the_old_ones_sign_too() {
    let online = Names { online: "online-2", ..USUAL };
    let own = Names { curator: "curator-2", ..USUAL };
    let both = Names { curator: "curator-2", online: "online-2", ..USUAL };
    let root = Names { root: &["root-a", "root-d"], ..USUAL };
    for names in [online, own, both] {
        assert!(noticed(names, &[names, USUAL]).iter().all(|said| *said == "read"));
        // Without the old ones there is a moment in which readers wait: the new root is there, its timestamp is not.
        let mut waiting = noticed(names, &[names]);
        let moment: Vec<&str> = waiting.split_off(waiting.len() - 4);
        assert!(waiting.iter().all(|said| *said == "read"));
        assert_eq!(moment, ["feed-signatures", "feed-signatures", "read", "read"]);
    }
    // New root keys alone are nothing to wait for.
    assert!(noticed(root, &[root]).iter().all(|said| *said == "read"));
}
