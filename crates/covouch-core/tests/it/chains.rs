//! Chains that somebody had hands on.

use covouch_core::{
    key::PublicKey,
    statement::{
        Head, Link, Statement, StatementId,
        chain::{Chain, ChainError, Tail, read_line},
        sign, sign_head,
    },
    time::Timestamp,
};
use covouch_testkit::keys;

use crate::{forge::issuer, samples};

/// A chain as a folder keeps it, and the ids of its statements.
struct Kept {
    lines: Vec<String>,
    heads: Vec<String>,
    ids: Vec<StatementId>,
}

fn key() -> PublicKey {
    *issuer().public_key()
}

/// A chain of so many statements, all signed, with the head after each of them.
fn kept(length: usize) -> Kept {
    let mut kept = Kept { lines: Vec::new(), heads: Vec::new(), ids: Vec::new() };
    let mut chain = Chain::parse(&key(), b"", None).unwrap();
    for (_, sample) in samples::statements().into_iter().cycle().take(length) {
        let statement = Statement { link: chain.next(), ..sample };
        let (envelope, verified) = sign(&statement, &issuer()).unwrap();
        kept.ids.push(verified.id());
        kept.lines.push(envelope.to_json());
        chain.append(verified).unwrap();
        let head = chain.head(Timestamp::parse("2026-07-01").unwrap());
        kept.heads.push(sign_head(&head, &issuer()).unwrap().to_json());
    }
    kept
}

fn parse(lines: &[String], head: Option<&str>) -> Result<Chain, ChainError> {
    let text: String = lines.iter().map(|line| format!("{line}\n")).collect();
    Chain::parse(&key(), text.as_bytes(), head.map(str::as_bytes))
}

fn code(result: Result<Chain, ChainError>) -> &'static str {
    result.unwrap_err().code().as_str()
}

#[test]
fn a_whole_chain_reads_back() {
    let kept = kept(5);
    let chain = parse(&kept.lines, Some(&kept.heads[4])).unwrap();
    let ids: Vec<_> = chain.statements().iter().map(|statement| statement.id()).collect();
    assert_eq!(ids, kept.ids);
    assert_eq!(chain.next(), Link { sequence: 6, previous: Some(kept.ids[4]) });
    let with_newline = format!("{}\n", kept.heads[4]);
    assert!(parse(&kept.lines, Some(&with_newline)).is_ok());
}

#[test]
fn a_statement_taken_out_leaves_a_gap() {
    let kept = kept(4);
    for missing in 0..3 {
        let mut lines = kept.lines.clone();
        lines.remove(missing);
        let error = parse(&lines, Some(&kept.heads[3])).unwrap_err();
        let (found, expected) = (u64::try_from(missing).unwrap() + 2, u64::try_from(missing).unwrap() + 1);
        assert_eq!(error, ChainError::Gap { line: missing + 1, found, expected });
        assert_eq!(error.code().as_str(), "chain-broken");
    }
}

#[test]
fn order_and_repetition_show() {
    let kept = kept(3);
    let mut swapped = kept.lines.clone();
    swapped.swap(1, 2);
    assert!(matches!(parse(&swapped, Some(&kept.heads[2])), Err(ChainError::Gap { line: 2, .. })));
    let mut repeated = kept.lines.clone();
    repeated.insert(1, kept.lines[0].clone());
    assert!(matches!(parse(&repeated, Some(&kept.heads[2])), Err(ChainError::Gap { line: 2, found: 1, .. })));
}

#[test]
fn a_replaced_statement_breaks_the_one_after_it() {
    let kept = kept(3);
    let (_, other) = samples::statements().swap_remove(2);
    let link = Link { sequence: 2, previous: Some(kept.ids[0]) };
    let issued = Timestamp::parse("2026-06-01T12:00:01Z").unwrap();
    let covouch_core::statement::Claim::Veto(mut veto) = other.claim else {
        panic!("the third sample is a veto")
    };
    veto.validity = covouch_core::time::Validity::new(issued, veto.validity.not_after()).unwrap();
    let replaced = Statement { link, issued, claim: covouch_core::statement::Claim::Veto(veto) };
    let mut lines = kept.lines.clone();
    lines[1] = sign(&replaced, &issuer()).unwrap().0.to_json();
    assert_eq!(parse(&lines, Some(&kept.heads[2])).unwrap_err(), ChainError::Broken { line: 3 });
    // At the end nothing follows, but the head knows.
    assert_eq!(code(parse(&lines[..2], Some(&kept.heads[1]))), "chain-shortened");
}

#[test]
fn an_end_cut_off_contradicts_the_head() {
    let kept = kept(4);
    for length in 0..4 {
        let error = parse(&kept.lines[..length], Some(&kept.heads[3])).unwrap_err();
        assert_eq!(error, ChainError::Shortened { head: 4, length });
    }
    assert_eq!(parse(&kept.lines, None).unwrap_err(), ChainError::NoHead(4));
    assert!(parse(&[], None).is_ok());
}

#[test]
fn a_head_may_lag_behind_an_interrupted_write() {
    let kept = kept(4);
    for head in &kept.heads {
        assert!(parse(&kept.lines, Some(head)).is_ok());
    }
}

#[test]
fn a_head_of_another_key_or_with_another_claim_is_not_believed() {
    let kept = kept(2);
    let chain = parse(&kept.lines, Some(&kept.heads[1])).unwrap();
    let head = chain.head(Timestamp::parse("2026-07-01").unwrap());
    let foreign = sign_head(&head, &keys::secret("other")).unwrap().to_json();
    assert!(matches!(parse(&kept.lines, Some(&foreign)), Err(ChainError::Head(_))));
    assert!(matches!(parse(&kept.lines, Some(&kept.lines[1])), Err(ChainError::Head(_))));
    assert!(matches!(parse(&kept.lines, Some("")), Err(ChainError::Head(_))));
    let signed = |newest| sign_head(&Head { newest, ..head }, &issuer()).unwrap().to_json();
    for newest in [(2, kept.ids[0]), (1, kept.ids[1]), (u64::MAX, kept.ids[1])] {
        assert!(parse(&kept.lines, Some(&signed(Some(newest)))).is_err(), "{newest:?}");
    }
}

#[test]
fn a_first_statement_may_be_ahead_of_its_head_and_never_be_without_one() {
    let kept = kept(1);
    let empty = parse(&[], None).unwrap().head(Timestamp::parse("2026-07-01").unwrap());
    let before = sign_head(&empty, &issuer()).unwrap().to_json();
    assert_eq!(parse(&kept.lines, Some(&before)).unwrap().statements().len(), 1);
    assert!(parse(&[], Some(&before)).is_ok());
    assert_eq!(code(parse(&kept.lines, None)), "chain-shortened");
}

#[test]
fn a_line_without_an_end_is_a_write_cut_short() {
    let kept = kept(2);
    let text = kept.lines.join("\n");
    let error = Chain::parse(&key(), text.as_bytes(), Some(kept.heads[1].as_bytes())).unwrap_err();
    assert_eq!(error, ChainError::Unfinished { line: 2 });
    let half = format!("{}\n{}", kept.lines[0], &kept.lines[1][..40]);
    assert_eq!(code(Chain::parse(&key(), half.as_bytes(), Some(kept.heads[0].as_bytes()))), "chain-broken");
    let blank = format!("{}\n\n", kept.lines[0]);
    assert!(matches!(
        Chain::parse(&key(), blank.as_bytes(), Some(kept.heads[0].as_bytes())),
        Err(ChainError::Statement { line: 2, .. })
    ));
}

#[test]
fn an_old_chain_with_its_old_head_is_found_by_comparing() {
    let kept = kept(4);
    let chain = |length: usize| parse(&kept.lines[..length], Some(&kept.heads[length - 1])).unwrap();
    assert!(chain(4).continues(&chain(2)) && chain(4).continues(&chain(4)));
    assert!(!chain(2).continues(&chain(4)), "statements were taken back");
    let (_, other) = samples::statements().swap_remove(1);
    let mut forked = Chain::parse(&key(), b"", None).unwrap();
    forked.append(sign(&Statement { link: forked.next(), ..other }, &issuer()).unwrap().1).unwrap();
    assert!(!forked.continues(&chain(1)) && !chain(4).continues(&forked));
    let nobody = Chain::parse(keys::secret("other").public_key(), b"", None).unwrap();
    assert!(!chain(4).continues(&nobody), "another issuer's chain");
}

#[test]
fn a_statement_of_another_key_is_not_appended() {
    let mut chain = Chain::parse(&key(), b"", None).unwrap();
    let (_, sample) = samples::statements().swap_remove(0);
    let (_, foreign) = sign(&sample, &keys::secret("other")).unwrap();
    assert!(matches!(chain.append(foreign), Err(ChainError::Statement { line: 1, .. })));
    assert!(chain.statements().is_empty());
}

/// The end of a chain from a line on, which is at the place of another.
fn tail(kept: &Kept, from: usize, place: usize, head: &str) -> Result<Tail, ChainError> {
    let begin = Link {
        sequence: u64::try_from(place).unwrap() + 1,
        previous: place.checked_sub(1).map(|before| kept.ids[before]),
    };
    let lines = kept.lines[from..].iter().zip(from + 1..);
    let statements = lines.map(|(text, line)| Ok(read_line(&key(), format!("{text}\n").as_bytes(), line)?.1));
    Tail::join(begin, &key(), statements, Some(head.as_bytes()))
}

#[test]
fn the_end_of_a_chain_follows_what_was_read_before() {
    let kept = kept(4);
    let newest = &kept.heads[3];
    for place in 0..=4 {
        let tail = tail(&kept, place, place, newest).unwrap();
        assert_eq!(tail.next(), Link { sequence: 5, previous: Some(kept.ids[3]) });
        let ids: Vec<_> = tail.into_statements().iter().map(|statement| statement.id()).collect();
        assert_eq!(ids, kept.ids[place..]);
    }
    // A head that lags behind by what was just written is no error here either.
    assert!(tail(&kept, 3, 3, &kept.heads[2]).is_ok());
}

#[test]
fn the_end_of_another_chain_does_not_follow() {
    let kept = kept(4);
    let newest = &kept.heads[3];
    let code = |from, place, head| tail(&kept, from, place, head).map(drop).unwrap_err().code().as_str();
    assert_eq!(code(3, 2, newest), "chain-broken");
    assert_eq!(code(2, 3, newest), "chain-broken");
    // What the head names was cut off.
    let mut cut = Kept { lines: kept.lines.clone(), heads: Vec::new(), ids: kept.ids.clone() };
    cut.lines.pop();
    assert_eq!(tail(&cut, 2, 2, newest).map(drop).unwrap_err().code().as_str(), "chain-shortened");
    assert!(tail(&cut, 2, 2, &kept.heads[2]).is_ok());
    // An older head says nothing of whether what was read before still stands.
    assert_eq!(code(3, 3, &kept.heads[1]), "chain-shortened");
    // The same place after another statement.
    let other = Kept { lines: kept.lines.clone(), heads: Vec::new(), ids: vec![kept.ids[0]; 4] };
    assert_eq!(tail(&other, 3, 3, newest).map(drop).unwrap_err().code().as_str(), "chain-broken");
}
