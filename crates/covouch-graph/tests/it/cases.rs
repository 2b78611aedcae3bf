//! Every case of a folder of packing problems with exact answers (`COVOUCH_PACKING_CASES`, or the one here).

use std::path::PathBuf;

use covouch_core::{amount::Score, level::Level};
use covouch_graph::{PartyIndex, check::packing, instance::Instance, pack};
use serde_json::Value;

use crate::numbers::{delegation, instance, root, vouch, weight};

/// The cases count in 120ths, we in 600ths.
const SCALE: u16 = 5;

fn number(value: &Value) -> u16 {
    u16::try_from(value.as_u64().unwrap()).unwrap()
}

fn numbers(value: &Value) -> Vec<u16> {
    value.as_array().unwrap().iter().map(number).collect()
}

fn rows(case: &Value, name: &str) -> Vec<Vec<u16>> {
    case[name].as_array().unwrap().iter().map(numbers).collect()
}

fn build(case: &Value, only: Option<usize>) -> (Instance, Vec<PartyIndex>) {
    let roots = rows(case, "roots");
    let weights: Vec<u32> = roots.iter().map(|row| u32::from(row[1])).collect();
    let (mut problem, parties) = instance(usize::from(number(&case["keys"])), &weights);
    for (position, (party, row)) in parties.iter().zip(&roots).enumerate() {
        if only.is_none_or(|only| only == position) {
            problem.add_root(root(*party, usize::from(row[0])));
        }
    }
    for row in rows(case, "delegations") {
        let depth = u8::try_from(row[3]).unwrap();
        problem.add_delegation(delegation(usize::from(row[0]), usize::from(row[1]), row[2] * SCALE, depth));
    }
    for row in rows(case, "vouches") {
        problem.add_certification(vouch(usize::from(row[0]), row[1] * SCALE, Level::Vouched));
    }
    problem.merge();
    (problem, parties)
}

/// A score of the file in our units.
fn expected(units: &Value) -> u128 {
    u128::from(units.as_u64().unwrap()) * u128::from(SCALE) * 1_000_000
}

fn score(problem: &Instance, case: &Value) -> Score {
    let pack::Largest { witness, is_certain: certain, .. } = pack::largest(problem).unwrap();
    assert!(certain, "case {}: nothing is left open", case["id"]);
    packing::check(problem, &witness).unwrap().score()
}

#[test]
fn every_known_case_comes_out_exactly() {
    let default = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/data/packing-cases");
    let folder = std::env::var_os("COVOUCH_PACKING_CASES").map_or_else(|| default.into(), PathBuf::from);
    let text = std::fs::read_to_string(folder.join("cases.jsonl")).unwrap();
    let mut compared = 0;
    for line in text.lines().filter(|line| !line.trim().is_empty()) {
        let case: Value = serde_json::from_str(line).unwrap();
        if case.get("id").is_none() {
            continue;
        }
        let (problem, _) = build(&case, None);
        assert_eq!(score(&problem, &case).units(), expected(&case["score"]), "case {}", case["id"]);
        assert_eq!(
            pack::flow_bound(&problem).unwrap().units(),
            expected(&case["flow_bound"]),
            "case {}",
            case["id"]
        );
        let mut naive = 0;
        for (position, (alone, row)) in numbers(&case["alone"]).iter().zip(rows(&case, "roots")).enumerate() {
            let (problem, parties) = build(&case, Some(position));
            let pack::Largest { witness, .. } = pack::largest(&problem).unwrap();
            let packing = packing::check(&problem, &witness).unwrap();
            let support = packing.support(parties[position], Level::Listed);
            assert_eq!(support.units(), alone * SCALE, "case {}, party {position}", case["id"]);
            naive += Score::of(weight(u32::from(row[1])), support).units();
        }
        assert_eq!(naive, expected(&case["naive"]), "case {}", case["id"]);
        compared += 1;
    }
    println!("{compared} packing cases compared, all exact");
    assert!(compared > 0, "`{}` has no cases", folder.display());
}
