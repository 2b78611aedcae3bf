//! An electorate as people write it: TOML, with keys by name, file or line.

use std::{
    collections::{BTreeMap, BTreeSet},
    num::{NonZeroU16, NonZeroU32},
};

use covouch_core::{
    key::PublicKey,
    name::ProjectPattern,
    party::{Owner, PartyName},
    statement::{Committee, Community, Electorate, Member, Recusal, Recused, Rule, Terms, Voter},
    time::{Timestamp, Validity},
};
use serde::{Deserialize, Serialize};

use crate::{failure::Failure, keys, settings::Settings};

/// An electorate's terms as a file has them.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub(super) struct Draft {
    name: String,
    admins: Vec<String>,
    threshold: NonZeroU16,
    /// A date, a time, or a duration from now.
    expires: String,
    #[serde(default)]
    maturity_days: u16,
    /// The oldest version whose ballots still count; the first one otherwise.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    ballots_since: Option<u32>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    recusal: Vec<DraftRecusal>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    committee: Option<DraftCommittee>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    community: Option<DraftCommunity>,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
struct DraftRecusal {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    voter: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    affiliation: Option<String>,
    projects: Vec<String>,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
struct DraftCommittee {
    approvals: NonZeroU16,
    objections: NonZeroU16,
    voter: Vec<DraftMember>,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
struct DraftMember {
    key: String,
    affiliation: String,
    /// As known, or now.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    since: Option<String>,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    automated: bool,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
struct DraftCommunity {
    clusters: NonZeroU16,
    members: NonZeroU32,
    per_seed: NonZeroU16,
    depth: u8,
    seeds: Vec<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    automated: Vec<String>,
}

impl Draft {
    pub(super) fn parse(text: &str) -> Result<Self, Failure> {
        toml::from_str(text).map_err(|error| Failure::usage(error.to_string().trim_end().to_owned()))
    }

    /// The terms, as of now. What a version before says of a member is kept where the draft says nothing.
    pub(super) fn terms(&self, before: Option<&Electorate>, settings: &Settings) -> Result<Terms, Failure> {
        let before = before.map(Electorate::terms);
        let rule = match (&self.committee, &self.community) {
            (Some(committee), None) => Rule::Committee(committee.read(before, settings)?),
            (None, Some(community)) => Rule::Community(community.read(settings)?),
            _ => return Err(Failure::usage("an electorate is either a `[committee]` or a `[community]`")),
        };
        let until = settings.moment(&self.expires)?;
        let validity = Validity::new(settings.now(), until)
            .ok_or_else(|| Failure::usage(format!("`{}` is not in the future", self.expires)))?;
        Ok(Terms {
            name: PartyName::parse(&self.name).map_err(usage)?,
            admins: read_keys("admins", &self.admins, settings)?,
            threshold: self.threshold,
            ballots_since: self.ballots_since.or(before.map(|terms| terms.ballots_since)).unwrap_or(1),
            maturity_days: self.maturity_days,
            recusals: self
                .recusal
                .iter()
                .map(|recusal| recusal.read(settings))
                .collect::<Result<_, Failure>>()?,
            validity,
            rule,
        })
    }

    /// The draft that says what a version says.
    pub(super) fn of(electorate: &Electorate) -> Self {
        let terms = electorate.terms();
        let (committee, community) = match &terms.rule {
            Rule::Committee(committee) => (Some(DraftCommittee::of(committee)), None),
            Rule::Community(community) => (None, Some(DraftCommunity::of(community))),
        };
        Self {
            name: terms.name.to_string(),
            admins: texts(&terms.admins),
            threshold: terms.threshold,
            expires: terms.validity.not_after().to_string(),
            maturity_days: terms.maturity_days,
            ballots_since: Some(terms.ballots_since),
            recusal: terms.recusals.iter().map(DraftRecusal::of).collect(),
            committee,
            community,
        }
    }

    pub(super) fn render(&self) -> Result<String, Failure> {
        toml::to_string_pretty(self).map_err(|error| Failure::new("internal", error.to_string()))
    }
}

impl DraftRecusal {
    fn read(&self, settings: &Settings) -> Result<Recusal, Failure> {
        let who = match (&self.voter, &self.affiliation) {
            (Some(key), None) => Recused::Voter(keys::public(settings, key)?.0),
            (None, Some(name)) => Recused::Affiliation(Owner::parse(name).map_err(usage)?),
            _ => return Err(Failure::usage("a recusal is of a `voter` or of an `affiliation`")),
        };
        let projects = self.projects.iter().map(|text| ProjectPattern::parse(text).map_err(usage));
        Ok(Recusal { who, projects: projects.collect::<Result<_, _>>()? })
    }

    fn of(recusal: &Recusal) -> Self {
        let (voter, affiliation) = match &recusal.who {
            Recused::Voter(key) => (Some(key.to_string()), None),
            Recused::Affiliation(name) => (None, Some(name.to_string())),
        };
        let projects = recusal.projects.iter().map(ToString::to_string).collect();
        Self { voter, affiliation, projects }
    }
}

impl DraftCommittee {
    fn read(&self, before: Option<&Terms>, settings: &Settings) -> Result<Committee, Failure> {
        let known = match before.map(|terms| &terms.rule) {
            Some(Rule::Committee(committee)) => Some(&committee.roster),
            Some(Rule::Community(_)) | None => None,
        };
        let mut roster = BTreeMap::new();
        for member in &self.voter {
            let (key, _) = keys::public(settings, &member.key)?;
            let since = match &member.since {
                Some(text) => Timestamp::parse(text).map_err(usage)?,
                None => known.and_then(|known| known.get(&key)).map_or(settings.now(), |known| known.since),
            };
            let voter = if member.automated { Voter::Automated } else { Voter::Person };
            let affiliation = Owner::parse(&member.affiliation).map_err(usage)?;
            if roster.insert(key, Member { affiliation, since, voter }).is_some() {
                return Err(twice("voter", &key));
            }
        }
        Ok(Committee { approvals: self.approvals, objections: self.objections, roster })
    }

    fn of(committee: &Committee) -> Self {
        let member = |(key, member): (&PublicKey, &Member)| DraftMember {
            key: key.to_string(),
            affiliation: member.affiliation.to_string(),
            since: Some(member.since.to_string()),
            automated: member.voter == Voter::Automated,
        };
        Self {
            approvals: committee.approvals,
            objections: committee.objections,
            voter: committee.roster.iter().map(member).collect(),
        }
    }
}

impl DraftCommunity {
    fn read(&self, settings: &Settings) -> Result<Community, Failure> {
        Ok(Community {
            clusters: self.clusters,
            members: self.members,
            per_seed: self.per_seed,
            depth: self.depth,
            seeds: read_keys("seeds", &self.seeds, settings)?,
            automated: read_keys("automated", &self.automated, settings)?,
        })
    }

    fn of(community: &Community) -> Self {
        Self {
            clusters: community.clusters,
            members: community.members,
            per_seed: community.per_seed,
            depth: community.depth,
            seeds: texts(&community.seeds),
            automated: texts(&community.automated),
        }
    }
}

fn read_keys(list: &str, named: &[String], settings: &Settings) -> Result<BTreeSet<PublicKey>, Failure> {
    let mut found = BTreeSet::new();
    for name in named {
        let (key, _) = keys::public(settings, name)?;
        if !found.insert(key) {
            return Err(twice(list, &key));
        }
    }
    Ok(found)
}

fn texts(keys: &BTreeSet<PublicKey>) -> Vec<String> {
    keys.iter().map(ToString::to_string).collect()
}

fn twice(list: &str, key: &PublicKey) -> Failure {
    Failure::usage(format!("`{list}` has key {} twice", key.fingerprint()))
}

fn usage(error: impl ToString) -> Failure {
    Failure::usage(error.to_string())
}
