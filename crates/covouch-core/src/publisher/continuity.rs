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
pub struct PublishedFile {
    /// The release it belongs to.
    pub version: Version,
    /// When it was uploaded; nothing when the index does not say.
    pub uploaded: Option<Timestamp>,
    /// What is known of its attestations.
    pub attested: Attested,
}

/// Holds the file in this place against the project's other files: those uploaded before it or with it, in its release
/// line (the same first number of the version, [`Version::line`]), else in the nearest line below that has any.
///
/// What counts is the newest attested one that is [`SETTLED`], else the oldest. Any attested file before it makes the
/// lack of an attestation a loss, for good: whoever stole a project's token cannot sign for its workflow.
///
/// Of a place that is none nothing is known.
#[must_use]
pub fn continuity(files: &[PublishedFile], place: usize) -> Continuity {
    let Some(file) = files.get(place) else { return Continuity::Unknown };
    match (lookup(files, place), &file.attested) {
        (Found::Nobody, _) => Continuity::NeverHad,
        (Found::Unknown, _) | (_, Attested::Offered | Attested::Unknown) => Continuity::Unknown,
        (Found::File(_), Attested::Not) => Continuity::Lost,
        (Found::File(before), Attested::By(now)) => match files.get(before).map(|file| &file.attested) {
            Some(Attested::By(then)) if now.iter().any(|one| then.iter().any(|other| one.same_as(other))) => {
                Continuity::Same
            }
            Some(Attested::By(_)) => Continuity::Changed,
            _ => Continuity::Unknown,
        },
    }
}

/// The place of the one other file whose attestations decide about this one and have to be verified first: nothing but
/// its being [`Attested::Offered`] stands in the way of [`continuity`].
#[must_use]
pub fn reference(files: &[PublishedFile], place: usize) -> Option<usize> {
    match lookup(files, place) {
        Found::File(before) if files.get(before).is_some_and(|file| file.attested == Attested::Offered) => {
            Some(before)
        }
        _ => None,
    }
}

enum Found {
    /// Nothing before it was attested.
    Nobody,
    /// The file in this place sets what is usual.
    File(usize),
    /// It is not known which files were before it, or whether they were attested.
    Unknown,
}

fn lookup(files: &[PublishedFile], place: usize) -> Found {
    let Some(file) = files.get(place) else { return Found::Unknown };
    let Some(uploaded) = file.uploaded else { return Found::Unknown };
    let line = file.version.line();
    let before = || {
        let others = files.iter().enumerate().filter(|(other, _)| *other != place);
        others.filter(|(_, other)| other.uploaded.is_none_or(|moment| moment <= uploaded))
    };
    let nearest = before().map(|(_, other)| other.version.line()).filter(|of| *of <= line).max();
    let in_line = || before().filter(|(_, other)| Some(other.version.line()) == nearest);
    if in_line().any(|(_, other)| other.uploaded.is_none() || other.attested == Attested::Unknown) {
        return Found::Unknown;
    }
    let attested =
        || in_line().filter(|(_, other)| matches!(other.attested, Attested::By(_) | Attested::Offered));
    let settled = |(_, other): &(usize, &PublishedFile)| {
        other.uploaded.is_some_and(|moment| moment.plus(SETTLED) <= uploaded)
    };
    let order = |(_, one): &(usize, &PublishedFile), (_, other): &(usize, &PublishedFile)| {
        (one.uploaded, &one.version).cmp(&(other.uploaded, &other.version))
    };
    let found = attested().filter(settled).max_by(order).or_else(|| attested().min_by(order));
    found.map_or(Found::Nobody, |(place, _)| Found::File(place))
}

#[cfg(test)]
mod tests {
    use std::slice;

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

    fn file(version: &str, day: u32, attested: Attested) -> PublishedFile {
        let uploaded = Timestamp::from_unix(0).unwrap().plus(Duration::from_days(day));
        PublishedFile { version: Version::parse(version).unwrap(), uploaded: Some(uploaded), attested }
    }

    fn judge(about: (&str, u32, Attested), others: &[(&str, u32, Attested)]) -> Continuity {
        let others = others.iter().map(|(version, day, attested)| file(version, *day, attested.clone()));
        let files: Vec<_> = others.chain([file(about.0, about.1, about.2)]).collect();
        continuity(&files, files.len() - 1)
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
        let held = |about: &PublishedFile, others: &[PublishedFile]| {
            continuity(&[slice::from_ref(about), others].concat(), 0)
        };
        let undated = |file: PublishedFile| PublishedFile { uploaded: None, ..file };
        assert_eq!(held(&about, &[undated(file("1.0", 0, by("a")))]), Continuity::Unknown);
        assert_eq!(held(&about, &[file("1.0", 0, Attested::Unknown)]), Continuity::Unknown);
        assert_eq!(held(&undated(about.clone()), &[file("1.0", 0, by("a"))]), Continuity::Unknown);
        let other_line = [file("1.0", 0, by("a")), file("0.9", 0, Attested::Unknown)];
        assert_eq!(held(&about, &other_line), Continuity::Same, "another line does not matter");
        assert_eq!(continuity(&[about], 1), Continuity::Unknown, "there is no such file");
    }

    #[test]
    fn only_the_file_that_decides_has_to_be_verified() {
        let mut files = vec![
            file("1.0", 0, Attested::Offered),
            file("1.1", 0, Attested::Offered),
            file("1.2", 60, by("a")),
        ];
        assert_eq!(continuity(&files, 2), Continuity::Unknown);
        assert_eq!(reference(&files, 2), Some(1));
        files[1].attested = by("a");
        assert_eq!(reference(&files, 2), None);
        assert_eq!(continuity(&files, 2), Continuity::Same);
    }
}
