//! Whether an amendment loosens: whether it could let in what the version before would not.

use std::collections::BTreeSet;

use covouch_core::{
    key::PublicKey,
    name::ProjectPattern,
    statement::{Committee, Community, Electorate, Member, Recused, Rule, Terms, Voter},
};

/// Whether some ballots could pass after an amendment that could not before, or somebody new may amend. Whatever is
/// not plainly stricter loosens.
///
/// Taking a voter away is not loosening, although it takes an objection away: a strike does that at once as well.
#[must_use]
pub fn loosens(before: &Electorate, after: &Electorate) -> bool {
    let (before, after) = (before.terms(), after.terms());
    let stricter = after.admins.is_subset(&before.admins)
        && after.threshold >= before.threshold
        && after.ballots_since >= before.ballots_since
        && after.maturity_days >= before.maturity_days
        && recused(after).is_superset(&recused(before))
        && match (&before.rule, &after.rule) {
            (Rule::Committee(before), Rule::Committee(after)) => is_stricter_committee(before, after),
            (Rule::Community(before), Rule::Community(after)) => is_stricter_community(before, after),
            (Rule::Committee(_), Rule::Community(_)) | (Rule::Community(_), Rule::Committee(_)) => false,
        };
    !stricter
}

fn recused(terms: &Terms) -> BTreeSet<(&Recused, &ProjectPattern)> {
    let each = |(who, projects)| Vec::from_iter(std::iter::repeat(who).zip(projects));
    terms.recusals.iter().map(|recusal| (&recusal.who, &recusal.projects)).flat_map(each).collect()
}

fn is_stricter_committee(before: &Committee, after: &Committee) -> bool {
    let kept = |(key, member): (&PublicKey, &Member)| {
        before.roster.get(key).is_some_and(|known| {
            // Another affiliation is another voice; a program that becomes a person gains one.
            known.affiliation == member.affiliation
                && known.since <= member.since
                && (known.voter == member.voter || member.voter == Voter::Automated)
        })
    };
    after.approvals >= before.approvals
        && after.objections <= before.objections
        && after.roster.iter().all(kept)
}

fn is_stricter_community(before: &Community, after: &Community) -> bool {
    after.clusters >= before.clusters
        && after.members >= before.members
        && after.per_seed <= before.per_seed
        && after.depth <= before.depth
        && after.seeds.is_subset(&before.seeds)
        && after.automated.is_superset(&before.automated)
}
