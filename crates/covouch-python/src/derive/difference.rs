//! What keeps a wheel from following from its sdist.

use std::fmt;

use covouch_core::code::Code;

use super::Names;
use crate::{archive::MemberPath, shown::Shown};

/// Most differences that are listed; a wheel can differ in every file, and nobody reads more.
const LISTED: usize = 100;

macro_rules! codes {
    ($($name:ident = $text:literal;)*) => {
        $(const $name: Code = Code::new($text);)*

        /// Every code this module can report.
        pub const CODES: &[Code] = &[$($name),*];
    };
}

codes! {
    RELEASE = "derive-other-release";
    NOT_PURE = "derive-not-pure";
    UNREADABLE = "derive-unreadable";
    ACTS = "derive-acts";
    TOP_LEVEL = "derive-top-level";
    FOLDER = "derive-folder";
    NOT_IN_SDIST = "derive-not-in-sdist";
    BYTES = "derive-other-bytes";
    GENERATED = "derive-generated";
    LEFT_OUT = "derive-left-out";
    DIST_INFO = "derive-dist-info";
    RECORD = "derive-record";
    WHEEL = "derive-wheel-file";
    METADATA = "derive-metadata";
    UNSETTLED = "derive-unsettled";
}

/// One reason why a wheel does not follow from its sdist. Their order is the one they are shown in: what acts by
/// itself comes first.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Difference {
    /// The two files are not of one release.
    OtherRelease,
    /// The wheel is not for every platform.
    NotPure,
    /// A file that would be needed to compare cannot be understood.
    Unreadable {
        /// The file.
        path: Shown,
        /// What is wrong with it.
        fault: &'static str,
    },
    /// The wheel has a file of a kind that acts by itself or cannot be read.
    Acts {
        /// The file.
        path: MemberPath,
        /// What it is.
        what: &'static str,
    },
    /// The wheel brings a name to import that the sdist does not declare.
    TopLevel(Shown),
    /// A name to import stands in two folders of the sdist that could both be meant.
    Folder(Shown),
    /// The wheel has a file that the sdist has not.
    NotInSdist(MemberPath),
    /// A file's bytes differ from those in the sdist.
    Bytes(MemberPath),
    /// A file that a build backend writes does not have the bytes it writes.
    Generated(MemberPath),
    /// The wheel lacks a file that the sdist has in the same package.
    LeftOut(MemberPath),
    /// The wheel's `.dist-info` folder is missing, not the only one, or has a file that is not known to be harmless.
    DistInfo(Shown),
    /// `RECORD` does not describe a file as it is.
    Record {
        /// The file, or the line.
        path: Shown,
        /// What is wrong.
        fault: &'static str,
    },
    /// The file `WHEEL` asks for another installation than the wheel's name says.
    WheelFile(&'static str),
    /// A field of the metadata, or the entry points, are not those of the sdist.
    Metadata(&'static str),
    /// The sdist leaves a field to its build.
    Unsettled(&'static str),
}

impl Difference {
    pub(super) fn unreadable(path: &str, fault: &'static str) -> Self {
        Self::Unreadable { path: Shown::new(path), fault }
    }

    /// The stable code of this difference.
    #[must_use]
    pub fn code(&self) -> Code {
        match self {
            Self::OtherRelease => RELEASE,
            Self::NotPure => NOT_PURE,
            Self::Unreadable { .. } => UNREADABLE,
            Self::Acts { .. } => ACTS,
            Self::TopLevel(_) => TOP_LEVEL,
            Self::Folder(_) => FOLDER,
            Self::NotInSdist(_) => NOT_IN_SDIST,
            Self::Bytes(_) => BYTES,
            Self::Generated(_) => GENERATED,
            Self::LeftOut(_) => LEFT_OUT,
            Self::DistInfo(_) => DIST_INFO,
            Self::Record { .. } => RECORD,
            Self::WheelFile(_) => WHEEL,
            Self::Metadata(_) => METADATA,
            Self::Unsettled(_) => UNSETTLED,
        }
    }
}

/// One clause.
impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::OtherRelease => write!(f, "the two files are not of one release"),
            Self::NotPure => write!(f, "the wheel is not for every platform"),
            Self::Unreadable { path, fault } => write!(f, "`{path}` {fault}"),
            Self::Acts { path, what } => write!(f, "the wheel's `{path}` is {what}"),
            Self::TopLevel(name) => write!(f, "the wheel brings `{name}`, which the sdist does not declare"),
            Self::Folder(name) => write!(f, "the sdist has `{name}` in two folders that could be meant"),
            Self::NotInSdist(path) => write!(f, "the sdist lacks the wheel's `{path}`"),
            Self::Bytes(path) => write!(f, "`{path}` has other bytes in the sdist"),
            Self::Generated(path) => {
                write!(f, "`{path}` is not what a build writes from the version alone")
            }
            Self::LeftOut(path) => write!(f, "the wheel lacks the sdist's `{path}`"),
            Self::DistInfo(path) => write!(f, "`{path}` is not what a `.dist-info` folder has"),
            Self::Record { path, fault } => write!(f, "`RECORD` {fault} `{path}`"),
            Self::WheelFile(what) => write!(f, "the file `WHEEL` {what}"),
            Self::Metadata(field) => write!(f, "the wheel and the sdist differ in their {field}"),
            Self::Unsettled(field) => write!(f, "the sdist leaves its {field} to the build"),
        }
    }
}

/// Differences in their order, each once.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Differences {
    listed: std::collections::BTreeSet<Difference>,
    unlisted: usize,
}

impl Differences {
    /// The differences, in order: the first by kind and path.
    pub fn iter(&self) -> impl Iterator<Item = &Difference> {
        self.listed.iter()
    }

    /// How many more there are.
    #[must_use]
    pub fn unlisted(&self) -> usize {
        self.unlisted
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.listed.is_empty() && self.unlisted == 0
    }

    /// How many there are.
    pub(super) fn count(&self) -> usize {
        self.listed.len().saturating_add(self.unlisted)
    }

    /// Adds those of a part of the comparison.
    pub(super) fn append(&mut self, others: Self) {
        self.unlisted = self.unlisted.saturating_add(others.unlisted);
        others.listed.into_iter().for_each(|difference| self.add(difference));
    }

    /// Adds one; the last in order makes room.
    pub(super) fn add(&mut self, difference: Difference) {
        self.listed.insert(difference);
        if self.listed.len() > LISTED {
            self.listed.pop_last();
            self.unlisted = self.unlisted.saturating_add(1);
        }
    }

    pub(super) fn check(&mut self, holds: bool, difference: Difference) {
        if !holds {
            self.add(difference);
        }
    }
}

pub(super) fn compare_names(names: Names<'_>, differences: &mut Differences) {
    let Names { sdist, wheel } = names;
    let same = sdist.project == wheel.project && sdist.version == wheel.version;
    differences.check(same, Difference::OtherRelease);
    differences.check(&*wheel.abi == "none" && &*wheel.platform == "any", Difference::NotPure);
}
