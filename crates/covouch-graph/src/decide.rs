//! Whether some packing meets a whole requirement, formula and score together.
//!
//! Where nobody's word meets anybody else's there is one best packing (`lone`), and it is looked at. Otherwise a
//! first packing is tried; what no party reaches even alone is struck out; and the sets of supports that would make
//! the formula true are tried one after the other, while flow does not rule them out.

use crate::{
    check::packing::{self, Packing},
    demand::{Demand, Floor, Weighing},
    instance::Instance,
    lone,
    pack::{Outcome, Packer},
    question::{NotMet, Undecidable},
    requirement::Requirement,
    witness::{Tally, Witness},
};

/// The answer for one instance.
#[derive(Clone, Debug)]
pub enum Decision {
    /// A packing meets the requirement.
    Met(Witness),
    /// None does.
    NotMet(NotMet),
    /// It could not be found out.
    Undecided(Undecidable),
}

/// Looks for a packing that meets a requirement.
#[must_use]
pub fn decide(instance: &Instance, requirement: &Requirement) -> Decision {
    if let Some(witness) = lone::packing(instance) {
        let tally = Tally { members: &instance.members, sums: &witness.sums };
        return if requirement.is_met(&tally) {
            Decision::Met(witness)
        } else {
            Decision::NotMet(NotMet { score: Some(tally.score()) })
        };
    }
    search(instance, requirement).unwrap_or_else(Decision::Undecided)
}

fn search(instance: &Instance, requirement: &Requirement) -> Result<Decision, Undecidable> {
    let (mut asked, mut everything, mut weighing) = (Vec::new(), Demand::default(), Weighing::Supports);
    requirement.visit(&mut |atom| match atom {
        Requirement::Support { party, level, at_least } => {
            asked.push((*party, *level));
            everything.add_floor(Floor { party: *party, level: *level, amount: *at_least });
        }
        Requirement::Score(_) => weighing = Weighing::Score,
        _ => {}
    });
    let mut packer = Packer::new(instance, &asked, weighing);
    let guess = packer.first_guess(&everything)?;
    if packing::check(instance, &guess).is_ok_and(|packing: Packing<'_>| packing.meets(requirement)) {
        return Ok(Decision::Met(guess));
    }
    let score = match weighing {
        Weighing::Score => Some(packer.score_bound()?),
        Weighing::Supports => None,
    };
    let open = requirement.simplify(&mut |atom| match atom {
        Requirement::Support { party, level, at_least } => {
            let floors = vec![Floor { party: *party, level: *level, amount: *at_least }];
            packer.may_reach_alone(&Demand { floors, score: None }, *party)
        }
        Requirement::Score(minimum) => Ok(score.is_some_and(|score| score.reaches(*minimum))),
        _ => Ok(true),
    })?;
    let mut search = Search { packer, unclear: None };
    let met = match &open {
        Requirement::Fact(false) => None,
        open => search.settle(Agenda { must: vec![open], choices: Vec::new(), demand: Demand::default() })?,
    };
    Ok(match (met, search.unclear) {
        (Some(witness), _) => Decision::Met(witness),
        (None, Some(reason)) => Decision::Undecided(reason),
        (None, None) => Decision::NotMet(NotMet { score }),
    })
}

struct Search<'a> {
    packer: Packer<'a>,
    /// Why some set of supports could be neither packed nor ruled out.
    unclear: Option<Undecidable>,
}

/// What is still to be made true on one branch of the search.
#[derive(Clone)]
struct Agenda<'r> {
    must: Vec<&'r Requirement>,
    /// At least so many of these.
    choices: Vec<(usize, &'r [Requirement])>,
    demand: Demand,
}

impl Search<'_> {
    /// Makes everything on the agenda true, if that can be done.
    fn settle(&mut self, mut agenda: Agenda<'_>) -> Result<Option<Witness>, Undecidable> {
        loop {
            self.packer.budget.take_demand()?;
            while let Some(requirement) = agenda.must.pop() {
                if !agenda.take(requirement) {
                    return Ok(None);
                }
            }
            let Some((count, parts)) = agenda.choices.pop() else { return self.reach(&agenda.demand) };
            let Some((first, rest)) = parts.split_first() else { return Ok(None) };
            if self.packer.is_ruled_out(&agenda.demand)? {
                return Ok(None);
            }
            let mut with = agenda.clone();
            with.must.push(first);
            with.choose(count - 1, rest);
            if let Some(witness) = self.settle(with)? {
                return Ok(Some(witness));
            }
            if rest.len() < count {
                return Ok(None);
            }
            agenda.choose(count, rest);
        }
    }

    fn reach(&mut self, demand: &Demand) -> Result<Option<Witness>, Undecidable> {
        match self.packer.reach(demand) {
            Ok(Outcome::Met(witness)) => Ok(Some(witness)),
            Ok(Outcome::Short) => Ok(None),
            // Another set may still be packed; only if none is, this one stands in the way of a no.
            Err(Undecidable::Margin) => {
                self.unclear = Some(Undecidable::Margin);
                Ok(None)
            }
            Err(exhausted) => Err(exhausted),
        }
    }
}

impl<'r> Agenda<'r> {
    /// Notes what a requirement asks for; `false` when it cannot be.
    fn take(&mut self, requirement: &'r Requirement) -> bool {
        match requirement {
            Requirement::Fact(so) => return *so,
            Requirement::Support { party, level, at_least } => {
                self.demand.add_floor(Floor { party: *party, level: *level, amount: *at_least });
            }
            Requirement::Score(minimum) => self.demand.add_score(*minimum),
            Requirement::All(parts) => self.must.extend(parts),
            Requirement::Any(parts) => self.choose(1, parts),
            Requirement::AtLeast(count, parts) => self.choose(count.get(), parts),
        }
        true
    }

    fn choose(&mut self, count: usize, parts: &'r [Requirement]) {
        if count == parts.len() {
            self.must.extend(parts);
        } else if count > 0 {
            self.choices.push((count, parts));
        }
    }
}
