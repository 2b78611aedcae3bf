//! Diagrams against truth tables: every choice of words, evaluated one by one.

use covouch_core::{
    amount::{Amount, Decimal},
    level::Level,
};
use proptest::prelude::*;

use super::{
    cast::{Actor, Cast},
    coalitions::Point,
    diagram::{NO, NodeId, YES},
    repair::{self, NewWeights},
    shape::{Shape, Weighed},
    stage::{Grain, Stage, Variable, score},
};
use crate::{
    file::{PolicyTable, Source},
    program::Policy,
};

/// A cast of indexes: whoever they are does not matter to a diagram.
fn cast(size: usize) -> Cast {
    let tables: String = (0..size)
        .map(|number| format!("[party.p{number}]\nindex = \"https://{number}.index.example/\"\n"))
        .collect();
    let text = format!("schema = 1\n{tables}\n[policy]\nadmit = \"p0\"\n");
    let policy = Policy::parse(Source { name: "p", text: &text, table: PolicyTable::Whole }).unwrap();
    Cast::of(&[&policy])
}

/// A formula over so many parties, before the parties are known.
#[derive(Clone, Debug)]
enum Sketch {
    Says(usize),
    Score(Vec<u64>, u64),
    AtLeast(usize, Vec<Self>),
}

impl Sketch {
    fn shape(&self, actors: &[Actor]) -> Shape {
        match self {
            Self::Says(number) => Shape::Support {
                actor: actors[number % actors.len()],
                level: Level::Listed,
                at_least: Amount::FULL,
            },
            Self::Score(weights, minimum) => {
                let weighed = actors.iter().zip(weights).map(|(actor, weight)| Weighed {
                    actor: *actor,
                    level: Level::Listed,
                    weight: Decimal::from_millionths(*weight),
                });
                Shape::Score { weights: weighed.collect(), minimum: Decimal::from_millionths(*minimum) }
            }
            Self::AtLeast(needed, parts) => {
                Shape::AtLeast(*needed, parts.iter().map(|part| part.shape(actors)).collect())
            }
        }
    }
}

fn sketch() -> impl Strategy<Value = Sketch> {
    let score = (proptest::collection::vec(0_u64..8, 12), 1_u64..40);
    let leaf = prop_oneof![
        3 => (0_usize..12).prop_map(Sketch::Says),
        1 => score.prop_map(|(weights, minimum)| Sketch::Score(weights, minimum)),
    ];
    leaf.prop_recursive(3, 24, 5, |inner| {
        (0_usize..5, proptest::collection::vec(inner, 1..5))
            .prop_map(|(needed, parts)| Sketch::AtLeast(needed, parts))
    })
}

/// The formula, term by term.
fn is_true(shape: &Shape, stage: &Stage, point: &Point) -> bool {
    let words: Vec<_> = stage
        .variables
        .iter()
        .zip(point)
        .flat_map(|(variable, state)| match variable {
            Variable::Voice(states) => states[*state].clone(),
            _ => Vec::new(),
        })
        .collect();
    match shape {
        Shape::AtLeast(needed, parts) => {
            parts.iter().filter(|part| is_true(part, stage, point)).count() >= *needed
        }
        Shape::Support { actor, level, at_least } => words
            .iter()
            .any(|given| given.actor == *actor && given.level >= *level && given.amount >= *at_least),
        Shape::Score { weights, minimum } => {
            let sum: u64 = words.iter().map(|given| score(given, weights)).sum();
            sum >= minimum.millionths() * 600
        }
        _ => panic!("no such term here"),
    }
}

fn points(stage: &Stage) -> Vec<Point> {
    let mut points: Vec<Point> = vec![Vec::new()];
    for variable in &stage.variables {
        let Variable::Voice(states) = variable else { panic!("only voices here") };
        points = points
            .into_iter()
            .flat_map(|point| {
                (0..states.len()).map(move |state| point.iter().copied().chain([state]).collect::<Point>())
            })
            .collect();
    }
    points
}

fn staged(sketch: &Sketch, size: usize) -> (Stage, NodeId, Shape, Cast) {
    let cast = cast(size);
    let actors: Vec<Actor> = cast.actors().map(|(actor, _)| actor).collect();
    let shape = sketch.shape(&actors);
    let mut stage = Stage::set(&cast, &[&shape], Grain::Asked).unwrap();
    let function = stage.function(&shape).unwrap();
    (stage, function, shape, cast)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_diagram_is_its_truth_table(sketch in sketch(), size in 1_usize..=12) {
        let (mut stage, function, shape, _) = staged(&sketch, size);
        let points = points(&stage);
        let truth: Vec<bool> = points.iter().map(|point| is_true(&shape, &stage, point)).collect();
        for (point, truth) in points.iter().zip(&truth) {
            prop_assert_eq!(stage.diagram.holds(function, point), *truth);
        }
        // The smallest points: true, and false when any one word is taken away.
        let smallest = points.iter().zip(&truth).filter(|(point, truth)| {
            **truth && (0..point.len()).all(|word| {
                let mut less = (*point).clone();
                point[word] == 0 || { less[word] = 0; !is_true(&shape, &stage, &less) }
            })
        });
        let smallest: Vec<Point> = smallest.map(|(point, _)| point.clone()).collect();
        let family = stage.diagram.smallest(function).unwrap();
        prop_assert_eq!(stage.diagram.count(family), u128::try_from(smallest.len()).unwrap());
        // What is listed by class stands for all of them: sorted within classes, each is one that is listed.
        let (listed, complete) = stage.points(family, usize::MAX);
        prop_assert!(complete);
        let mut canonical: Vec<Point> = smallest.iter().map(|point| sorted(&stage, point)).collect();
        canonical.sort();
        canonical.dedup();
        let mut found = listed.clone();
        found.sort();
        prop_assert_eq!(found, canonical);
    }

    #[test]
    fn one_formula_implies_another_where_no_choice_of_words_says_otherwise(
        (one, other) in (sketch(), sketch()),
        size in 1_usize..=8,
    ) {
        let (cast, shapes) = (cast(size), |actors: &[Actor]| [one.shape(actors), other.shape(actors)]);
        let [left, right] = shapes(&cast.actors().map(|(actor, _)| actor).collect::<Vec<_>>());
        let mut stage = Stage::set(&cast, &[&left, &right], Grain::Asked).unwrap();
        let (function, wanted) = (stage.function(&left).unwrap(), stage.function(&right).unwrap());
        let points = points(&stage);
        let mut all = points.iter();
        let truth = all.all(|point| !is_true(&left, &stage, point) || is_true(&right, &stage, point));
        prop_assert_eq!(stage.diagram.implies(function, wanted).unwrap(), truth);
        prop_assert_eq!(stage.diagram.and(function, wanted).unwrap() == function, truth);
    }

    #[test]
    fn new_weights_say_what_was_wanted_or_there_are_none(
        weights in proptest::collection::vec(1_u64..6, 5),
        minimum in 1_u64..16,
    ) {
        let (mut stage, function, _, cast) = staged(&Sketch::Score(weights, minimum), 5);
        let found = repair::weights(&mut stage, (function, YES), &cast).unwrap();
        prop_assert!(function == NO || matches!(found, NewWeights::Found { .. }), "{found:?}");
    }
}

/// The point with the states of interchangeable variables in descending order.
fn sorted(stage: &Stage, point: &Point) -> Point {
    let mut sorted = point.clone();
    for (_, class) in stage.classes() {
        let mut states: Vec<usize> = class.iter().map(|variable| point[*variable]).collect();
        states.sort_by_key(|state| std::cmp::Reverse(*state));
        for (variable, state) in class.into_iter().zip(states) {
            sorted[variable] = state;
        }
    }
    sorted
}

#[test]
fn no_weights_can_say_two_pairs() {
    let pair = |left, right| Sketch::AtLeast(2, vec![Sketch::Says(left), Sketch::Says(right)]);
    let (mut stage, function, _, cast) = staged(&Sketch::AtLeast(1, vec![pair(0, 1), pair(2, 3)]), 4);
    assert_eq!(repair::weights(&mut stage, (function, YES), &cast).unwrap(), NewWeights::None);
}
