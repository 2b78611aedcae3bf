//! The document of an electorate. Lists are sorted and without twins, so that one electorate has one digest.

use std::{
    collections::{BTreeMap, BTreeSet},
    num::{NonZeroU16, NonZeroU32},
};

use serde::{Deserialize, Serialize};

use super::{
    PayloadError,
    field::{electorate_id, exact, moment, patterns, public_key, validity},
};
use crate::{
    key::PublicKey,
    party::{Owner, PartyName},
    statement::{Committee, Community, Edition, Electorate, Member, Recusal, Recused, Rule, Terms, Voter},
};

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub(super) struct Document {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    electorate: Option<String>,
    version: u32,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    amends: Option<String>,
    name: String,
    admins: Vec<String>,
    threshold: NonZeroU16,
    ballots_since: u32,
    maturity_days: u16,
    recusals: Vec<WireRecusal>,
    not_before: String,
    expires: String,
    rule: WireRule,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct WireRecusal {
    who: WireRecused,
    projects: Vec<String>,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum WireRecused {
    Voter(String),
    Affiliation(String),
}

#[derive(Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case", rename_all_fields = "kebab-case", deny_unknown_fields)]
enum WireRule {
    Committee {
        approvals: NonZeroU16,
        objections: NonZeroU16,
        roster: Vec<WireMember>,
    },
    Community {
        clusters: NonZeroU16,
        members: NonZeroU32,
        per_seed: NonZeroU16,
        depth: u8,
        seeds: Vec<String>,
        automated: Vec<String>,
    },
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct WireMember {
    key: String,
    affiliation: String,
    since: String,
    voter: WireVoter,
}

#[derive(Clone, Copy, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum WireVoter {
    Person,
    Automated,
}

impl Document {
    pub(super) fn read(&self) -> Result<Electorate, PayloadError> {
        let terms = Terms {
            name: exact("name", &self.name, PartyName::parse(&self.name))?,
            admins: keys("admins", &self.admins)?,
            threshold: self.threshold,
            ballots_since: self.ballots_since,
            maturity_days: self.maturity_days,
            recusals: self.recusals()?,
            validity: validity(&self.not_before, &self.expires)?,
            rule: self.rule.read()?,
        };
        Electorate::new(self.edition()?, terms).map_err(|error| PayloadError::field("document", error))
    }

    fn edition(&self) -> Result<Edition, PayloadError> {
        match (self.version, &self.electorate, &self.amends) {
            (1, None, None) => Ok(Edition::First),
            (2.., Some(electorate), Some(amends)) => Ok(Edition::Amended {
                electorate: electorate_id("electorate", electorate)?,
                amends: electorate_id("amends", amends)?,
                version: self.version,
            }),
            _ => Err(PayloadError::field(
                "version",
                "the first version, and only the first, names neither its electorate nor what it amends",
            )),
        }
    }

    fn recusals(&self) -> Result<Vec<Recusal>, PayloadError> {
        let mut recusals = Vec::with_capacity(self.recusals.len());
        for wire in &self.recusals {
            let who = match &wire.who {
                WireRecused::Voter(key) => Recused::Voter(public_key("voter", key)?),
                WireRecused::Affiliation(name) => Recused::Affiliation(owner(name)?),
            };
            let projects = patterns(&wire.projects)?;
            increasing("projects", &projects)?;
            recusals.push(Recusal { who, projects });
        }
        increasing("recusals", &recusals)?;
        Ok(recusals)
    }

    pub(super) fn write(edition: &Edition, terms: &Terms) -> Self {
        let (electorate, version, amends) = match edition {
            Edition::First => (None, 1, None),
            Edition::Amended { electorate, amends, version } => {
                (Some(electorate.to_string()), *version, Some(amends.to_string()))
            }
        };
        let recusals = terms.recusals.iter().map(|recusal| WireRecusal {
            who: match &recusal.who {
                Recused::Voter(key) => WireRecused::Voter(key.to_string()),
                Recused::Affiliation(name) => WireRecused::Affiliation(name.to_string()),
            },
            projects: recusal.projects.iter().map(ToString::to_string).collect(),
        });
        Self {
            electorate,
            version,
            amends,
            name: terms.name.to_string(),
            admins: texts(&terms.admins),
            threshold: terms.threshold,
            ballots_since: terms.ballots_since,
            maturity_days: terms.maturity_days,
            recusals: recusals.collect(),
            not_before: terms.validity.not_before().to_string(),
            expires: terms.validity.not_after().to_string(),
            rule: WireRule::write(&terms.rule),
        }
    }
}

impl WireRule {
    fn read(&self) -> Result<Rule, PayloadError> {
        Ok(match self {
            Self::Committee { approvals, objections, roster } => Rule::Committee(Committee {
                approvals: *approvals,
                objections: *objections,
                roster: read_roster(roster)?,
            }),
            Self::Community { clusters, members, per_seed, depth, seeds, automated } => {
                Rule::Community(Community {
                    clusters: *clusters,
                    members: *members,
                    per_seed: *per_seed,
                    depth: *depth,
                    seeds: keys("seeds", seeds)?,
                    automated: keys("automated", automated)?,
                })
            }
        })
    }

    fn write(rule: &Rule) -> Self {
        match rule {
            Rule::Committee(committee) => {
                let roster = committee.roster.iter().map(|(key, member)| WireMember {
                    key: key.to_string(),
                    affiliation: member.affiliation.to_string(),
                    since: member.since.to_string(),
                    voter: match member.voter {
                        Voter::Person => WireVoter::Person,
                        Voter::Automated => WireVoter::Automated,
                    },
                });
                Self::Committee {
                    approvals: committee.approvals,
                    objections: committee.objections,
                    roster: roster.collect(),
                }
            }
            Rule::Community(community) => Self::Community {
                clusters: community.clusters,
                members: community.members,
                per_seed: community.per_seed,
                depth: community.depth,
                seeds: texts(&community.seeds),
                automated: texts(&community.automated),
            },
        }
    }
}

fn read_roster(wire: &[WireMember]) -> Result<BTreeMap<PublicKey, Member>, PayloadError> {
    let mut roster = Vec::with_capacity(wire.len());
    for member in wire {
        let voter = match member.voter {
            WireVoter::Person => Voter::Person,
            WireVoter::Automated => Voter::Automated,
        };
        let since = moment("since", &member.since)?;
        let affiliation = owner(&member.affiliation)?;
        roster.push((public_key("key", &member.key)?, Member { affiliation, since, voter }));
    }
    let keys: Vec<&PublicKey> = roster.iter().map(|(key, _)| key).collect();
    increasing("roster", &keys)?;
    Ok(roster.into_iter().collect())
}

fn owner(text: &str) -> Result<Owner, PayloadError> {
    exact("affiliation", text, Owner::parse(text))
}

fn keys(field: &'static str, texts: &[String]) -> Result<BTreeSet<PublicKey>, PayloadError> {
    let keys = texts.iter().map(|text| public_key(field, text)).collect::<Result<Vec<_>, _>>()?;
    increasing(field, &keys)?;
    Ok(keys.into_iter().collect())
}

fn texts(keys: &BTreeSet<PublicKey>) -> Vec<String> {
    keys.iter().map(ToString::to_string).collect()
}

fn increasing<T: Ord>(field: &'static str, items: &[T]) -> Result<(), PayloadError> {
    if items.is_sorted_by(|left, right| left < right) {
        Ok(())
    } else {
        Err(PayloadError::field(field, "out of order, or one stands twice"))
    }
}
