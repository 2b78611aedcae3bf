//! How long an analysis takes: `cargo bench -p covouch-policy --bench analysis`.

#![expect(clippy::unwrap_used, reason = "a benchmark's own data is as it says")]

use std::fmt::Write as _;

use covouch_core::{digest::Sha256, key::SecretKey};
use covouch_policy::{
    Policy, PolicyTable, Source,
    analysis::{Analysis, Claim},
};
use divan::{Bencher, black_box};
use zeroize::Zeroizing;

const PARTIES: u32 = 30;

/// What every file is believed to need.
const CLAIM: &str = "party-0 and party-1 and at least 2 of (party-2, party-3, party-4)";

fn main() {
    divan::main();
}

fn key(name: &str) -> SecretKey {
    SecretKey::from_seed(&Zeroizing::new(*Sha256::of(name.as_bytes()).as_bytes())).unwrap()
}

/// Thirty parties of weights from 1 to 100, all different enough to have little in common.
fn policy(admit: &str) -> String {
    let mut text = "schema = 1\n".to_owned();
    for number in 0..PARTIES {
        let (name, weight) = (format!("party-{number}"), number * 37 % 100 + 1);
        let key = key(&name).public_key().to_string();
        write!(text, "[party.{name}]\nkey = \"{key}\"\nfrom = \"trust/\"\nweight = {weight}\n").unwrap();
    }
    text + &format!("[policy]\nadmit = \"{admit}\"\n")
}

fn analyse(bencher: Bencher<'_, '_>, admit: &str, claim: Option<&str>) {
    let text = policy(admit);
    let source = || Source { name: "covouch.toml", text: &text, table: PolicyTable::Whole };
    let policy = Policy::parse(source()).unwrap();
    let claim = claim.map(|claim| Claim::parse(claim, source()).unwrap());
    bencher.bench_local(|| Analysis::of(black_box(&policy), claim.as_ref()).unwrap());
}

/// A share of all weight there is, in percent.
fn share(percent: u32) -> String {
    let all: u32 = (0..PARTIES).map(|number| number * 37 % 100 + 1).sum();
    format!("score >= {}", all * percent / 100)
}

#[divan::bench(args = [25, 50, 75, 90])]
fn thirty_parties_share_of_weight(bencher: Bencher<'_, '_>, percent: u32) {
    analyse(bencher, &share(percent), None);
}

#[divan::bench(args = [25, 50, 75, 90])]
fn thirty_parties_with_a_claim(bencher: Bencher<'_, '_>, percent: u32) {
    analyse(bencher, &share(percent), Some(CLAIM));
}

#[divan::bench]
fn thirty_parties_with_a_claim_that_holds(bencher: Bencher<'_, '_>) {
    analyse(bencher, &format!("{CLAIM} and {}", share(50)), Some(CLAIM));
}
