//! Authenticates bindings of a graph of certifications with `sequoia-wot`, and prints how long one takes.
//!
//! Written, built and run by `cargo xtask bench graph`, outside the workspace. Arguments: the file of edges, and how
//! many bindings.

use std::{
    collections::BTreeMap,
    env, fs,
    time::{Duration, SystemTime},
};

use sequoia_openpgp::{packet::UserID, Fingerprint};
use sequoia_wot::{CertSynopsis, Certification, Network, RevocationStatus, UserIDSynopsis};

/// The time this thread had a processor (`/proc/thread-self/schedstat`, proc(5)): what others do on a busy machine is not
/// held against anybody.
fn processor() -> Duration {
    // The count of a thread that runs is brought up to date when it steps back.
    std::thread::yield_now();
    let text = fs::read_to_string("/proc/thread-self/schedstat").expect("Linux counts");
    Duration::from_nanos(text.split(' ').next().and_then(|count| count.parse().ok()).expect("nanoseconds"))
}

fn main() {
    let arguments: Vec<String> = env::args().collect();
    let text = fs::read_to_string(&arguments[1]).expect("the file of edges");
    let bindings: usize = arguments[2].parse().expect("a number of bindings");
    let mut lines = text.lines();
    let header: Vec<&str> = lines.next().expect("a header").split(',').collect();
    let column = |name: &str| header.iter().position(|column| *column == name).expect("a column");
    let columns = ["issuer", "target", "amount", "live", "policy_ok"].map(column);
    let mut edges = Vec::new();
    for line in lines {
        let row: Vec<&str> = line.split(',').collect();
        let [issuer, target, amount, live, acceptable] = columns.map(|column| row[column]);
        if (live, acceptable) == ("1", "1") {
            edges.push((issuer, target, amount.parse::<usize>().expect("an amount")));
        }
    }
    let user = |key: &str| UserID::from(format!("<{key}@index.example>"));
    let mut certs: BTreeMap<&str, CertSynopsis> = BTreeMap::new();
    let mut degrees: BTreeMap<&str, usize> = BTreeMap::new();
    for (issuer, target, _) in &edges {
        *degrees.entry(issuer).or_default() += 1;
        for key in [*issuer, *target] {
            let fingerprint: Fingerprint = key.parse().expect("a fingerprint");
            let users = std::iter::once(UserIDSynopsis::from(user(key)));
            certs.entry(key).or_insert_with(|| {
                CertSynopsis::new(fingerprint, None, RevocationStatus::NotAsFarAsWeKnow, users)
            });
        }
    }
    let now = SystemTime::now();
    let made = now - Duration::from_secs(86_400);
    // Each certification as an appointment of depth 2, as the policy of this project's own test takes it.
    let certifications: Vec<Certification> = edges
        .iter()
        .map(|(issuer, target, amount)| {
            let (from, to) = (certs[issuer].clone(), certs[target].clone());
            Certification::new(from, Some(user(target)), to, made).set_depth(2).set_amount(*amount)
        })
        .collect();
    let synopses: Vec<CertSynopsis> = certs.values().cloned().collect();
    // The root with twenty certifications, as our first party.
    let root = degrees.iter().min_by_key(|(key, degree)| (degree.abs_diff(20), **key)).expect("a root").0;
    let roots = [root.parse::<Fingerprint>().expect("a fingerprint")];
    let network = Network::from_synopses(&synopses, &certifications, now, &roots[..]).expect("a network");
    let step = (certs.len() / bindings).max(1);
    let (mut times, mut reached) = (Vec::new(), 0);
    for key in certs.keys().step_by(step).take(bindings) {
        let fingerprint: Fingerprint = key.parse().expect("a fingerprint");
        let user = user(key);
        let authenticate = || {
            let start = processor();
            let paths = network.authenticate(&user, &fingerprint, 120);
            (processor().saturating_sub(start), paths.amount())
        };
        // The shorter of two, for all others are measured several times as well.
        let ((first, amount), (second, _)) = (authenticate(), authenticate());
        reached += usize::from(amount >= 120);
        times.push(first.min(second));
    }
    times.sort();
    let at = |numerator: usize, denominator: usize| {
        times[(times.len() - 1) * numerator / denominator].as_secs_f64() * 1e6
    };
    println!(
        "sequoia-wot 0.15.3, one binding ({reached} authenticated)\t{}\t{:.2}\t{:.2}\t{:.2}",
        times.len(),
        at(1, 2),
        at(99, 100),
        at(1, 1)
    );
}
