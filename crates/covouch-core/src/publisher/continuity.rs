//! Whether a file comes from whoever published the files before it, in its release line.

use super::Publisher;
use crate::{
    time::{Duration, Timestamp},
    version::Version,
};

/// How long a file must have been there before its publisher sets what is usual. The first file of somebody who took
/// a project over differs from those before it; without this, the second would be the same as the first.
pub const SETTLED: Duration = Duration::from_days(14);

/// Whether a file comes from whoever published the files before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Continuity {
    /// One of its publishers is one of theirs.
    Same,
    /// It is attested by others.
    Changed,
    /// It is not attested, and files before it were.
    Lost,
    /// No file before it was attested, so there is nobody to be the same as.
    NeverHad,
    /// What would decide is not known.
    Unknown,
}

impl Continuity {
    /// A word for it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Same => "same",
            Self::Changed => "changed",
            Self::Lost => "lost",
            Self::NeverHad => "never had",
            Self::Unknown => "unknown",
        }
    }
}

/// What is known of a file's attestations.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Attested {
    /// The index offers none, or what it offers does not hold.
    Not,
    /// The index offers some, and nobody has verified them yet.
    Offered,
    /// These publishers' attestations were verified; at least one.
    By(Vec<Publisher>),
    /// The index does not say, or could not be asked.
    Unknown,
}

/// A file of a project, as far as continuity asks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PublishedFile<'a> {
    /// The release it belongs to.
    pub version: &'a Version,
    /// When it was uploaded; nothing when the index does not say.
    pub uploaded: Option<Timestamp>,
    /// What is known of its attestations.
    pub attested: Attested,
}

/// Holds a file against the project's other files: those uploaded before it or with it, in its release line (the same
/// first number of the version, [`Version::line`]), else in the nearest line below that has any.
///
/// What counts is the newest attested one that is [`SETTLED`], else the oldest. Any attested file before it makes the
/// lack of an attestation a loss, for good: whoever stole a project's token cannot sign for its workflow.
#[must_use]
pub fn continuity(file: &PublishedFile<'_>, others: &[PublishedFile<'_>]) -> Continuity {
    match (lookup(file, others), &file.attested) {
        (Found::Nobody, _) => Continuity::NeverHad,
        (Found::Unknown, _) | (_, Attested::Offered | Attested::Unknown) => Continuity::Unknown,
        (Found::File(_), Attested::Not) => Continuity::Lost,
        (Found::File(before), Attested::By(now)) => match &before.attested {
            Attested::By(then) if now.iter().any(|one| then.iter().any(|other| one.same_as(other))) => {
                Continuity::Same
            }
            Attested::By(_) => Continuity::Changed,
            _ => Continuity::Unknown,
        },
    }
}

/// The place in `others` of the one file whose attestations decide and have to be verified first: nothing but its
/// being [`Attested::Offered`] stands in the way of [`continuity`].
#[must_use]
pub fn reference(file: &PublishedFile<'_>, others: &[PublishedFile<'_>]) -> Option<usize> {
    match lookup(file, others) {
        Found::File(before) if before.attested == Attested::Offered => {
            others.iter().position(|other| std::ptr::eq(other, before))
        }
        _ => None,
    }
}

enum Found<'f, 'a> {
    /// Nothing before it was attested.
    Nobody,
    /// This one sets what is usual.
    File(&'f PublishedFile<'a>),
    /// It is not known which files were before it, or whether they were attested.
    Unknown,
}

fn lookup<'f, 'a>(file: &PublishedFile<'_>, others: &'f [PublishedFile<'a>]) -> Found<'f, 'a> {
    let Some(uploaded) = file.uploaded else { return Found::Unknown };
    let line = file.version.line();
    let before = |other: &&PublishedFile<'_>| other.uploaded.is_none_or(|moment| moment <= uploaded);
    let nearest =
        others.iter().filter(before).map(|other| other.version.line()).filter(|of| *of <= line).max();
    let in_line = || others.iter().filter(before).filter(|other| Some(other.version.line()) == nearest);
    if in_line().any(|other| other.uploaded.is_none() || other.attested == Attested::Unknown) {
        return Found::Unknown;
    }
    let attested = || in_line().filter(|other| matches!(other.attested, Attested::By(_) | Attested::Offered));
    let order = |one: &&PublishedFile<'_>, other: &&PublishedFile<'_>| {
        (one.uploaded, one.version).cmp(&(other.uploaded, other.version))
    };
    let settled =
        |other: &&PublishedFile<'_>| other.uploaded.is_some_and(|moment| moment.plus(SETTLED) <= uploaded);
    let found = attested().filter(settled).max_by(order).or_else(|| attested().min_by(order));
    found.map_or(Found::Nobody, Found::File)
}

#[cfg(test)]
mod tests {
    use super::{super::PublisherName, *};

    /// A publisher of this repository id.
    fn by(id: &str) -> Attested {
        let name = PublisherName::parse("github:org/project").unwrap();
        Attested::By(vec![Publisher {
            repository_id: Some(id.into()),
            owner_id: Some("1".into()),
            ..Publisher::named(name)
        }])
    }

    fn file(version: &str, day: u32, attested: Attested) -> PublishedFile<'static> {
        let version = Box::leak(Box::new(Version::parse(version).unwrap()));
        let uploaded = Timestamp::from_unix(0).unwrap().plus(Duration::from_days(day));
        PublishedFile { version, uploaded: Some(uploaded), attested }
    }

    fn judge(about: (&str, u32, Attested), others: &[(&str, u32, Attested)]) -> Continuity {
        let others: Vec<_> =
            others.iter().map(|(version, day, attested)| file(version, *day, attested.clone())).collect();
        continuity(&file(about.0, about.1, about.2), &others)
    }

    #[test]
    fn a_file_is_its_predecessors_publishers_or_it_is_not() {
        let before = [("1.0", 0, by("a")), ("1.1", 40, by("a"))];
        assert_eq!(judge(("1.2", 60, by("a")), &before), Continuity::Same);
        assert_eq!(judge(("1.2", 60, by("b")), &before), Continuity::Changed);
        assert_eq!(judge(("1.2", 60, Attested::Not), &before), Continuity::Lost);
        assert_eq!(judge(("1.2", 60, Attested::Offered), &before), Continuity::Unknown);
        assert_eq!(judge(("1.2", 60, by("a")), &[]), Continuity::NeverHad);
        assert_eq!(judge(("1.2", 60, by("a")), &[("1.1", 40, Attested::Not)]), Continuity::NeverHad);
    }

    #[test]
    fn the_second_release_of_a_thief_is_no_more_the_same_than_the_first() {
        let stolen = [("1.0", 0, by("a")), ("1.1", 40, by("b"))];
        assert_eq!(judge(("1.2", 41, by("b")), &stolen), Continuity::Changed);
        assert_eq!(judge(("1.2", 54, by("b")), &stolen), Continuity::Same, "nobody objected for two weeks");
        assert_eq!(judge(("1.2", 53, by("b")), &stolen), Continuity::Changed);
        let young = [("1.0", 39, by("a")), ("1.1", 40, by("b"))];
        assert_eq!(judge(("1.2", 41, by("b")), &young), Continuity::Changed, "the oldest sets what is usual");
    }

    #[test]
    fn a_loss_stays_a_loss() {
        let lost = [("8.3.44", 0, by("a")), ("8.3.45", 1, Attested::Not)];
        assert_eq!(judge(("8.3.46", 90, Attested::Not), &lost), Continuity::Lost);
        assert_eq!(judge(("8.3.46", 90, by("a")), &lost), Continuity::Same);
    }

    #[test]
    fn an_old_line_that_never_attested_has_lost_nothing() {
        let lines = [("1.9", 0, Attested::Not), ("2.0", 10, by("a"))];
        assert_eq!(judge(("1.10", 60, Attested::Not), &lines), Continuity::NeverHad);
        assert_eq!(judge(("2.1", 60, Attested::Not), &lines), Continuity::Lost);
    }

    #[test]
    fn a_new_line_is_held_against_the_one_below() {
        let lines = [("1.0", 0, Attested::Not), ("2.0", 0, by("a"))];
        assert_eq!(judge(("4.0", 60, Attested::Not), &lines), Continuity::Lost);
        assert_eq!(judge(("4.0", 60, by("b")), &lines), Continuity::Changed);
        assert_eq!(judge(("1!0.1", 60, Attested::Not), &lines), Continuity::Lost, "an epoch is a line above");
    }

    #[test]
    fn what_came_later_does_not_count_and_what_came_with_it_does() {
        assert_eq!(judge(("1.0", 5, Attested::Not), &[("1.1", 6, by("a"))]), Continuity::NeverHad);
        assert_eq!(judge(("1.0", 5, Attested::Not), &[("1.0", 5, by("a"))]), Continuity::Lost);
    }

    #[test]
    fn not_knowing_is_unknown() {
        let about = file("1.1", 60, by("a"));
        let mut undated = file("1.0", 0, by("a"));
        undated.uploaded = None;
        assert_eq!(continuity(&about, &[undated]), Continuity::Unknown);
        assert_eq!(continuity(&about, &[file("1.0", 0, Attested::Unknown)]), Continuity::Unknown);
        let undated = PublishedFile { uploaded: None, ..about.clone() };
        assert_eq!(continuity(&undated, &[file("1.0", 0, by("a"))]), Continuity::Unknown);
        let other_line = [file("1.0", 0, by("a")), file("0.9", 0, Attested::Unknown)];
        assert_eq!(continuity(&about, &other_line), Continuity::Same, "another line does not matter");
    }

    #[test]
    fn only_the_file_that_decides_has_to_be_verified() {
        let about = file("1.2", 60, by("a"));
        let mut others = ["1.0", "1.1"].map(|version| file(version, 0, Attested::Offered));
        assert_eq!(continuity(&about, &others), Continuity::Unknown);
        assert_eq!(reference(&about, &others), Some(1));
        others[1].attested = by("a");
        assert_eq!(reference(&about, &others), None);
        assert_eq!(continuity(&about, &others), Continuity::Same);
    }
}
