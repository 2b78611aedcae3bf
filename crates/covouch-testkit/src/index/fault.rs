//! Ways to be a bad index.

use covouch_core::name::ProjectName;

use super::route::Route;

/// What goes wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fault {
    /// Other bytes of the same length than the page's digest promises.
    WrongHash,
    /// The request is taken and never answered.
    Hang,
    /// Half of the body, then the connection is reset.
    ResetMidway,
    /// The whole length is announced, and the body ends cleanly after half of it.
    ShortLength,
    /// The right bytes under `application/octet-stream`.
    WrongType,
    /// Go there instead (302).
    Redirect(String),
    /// This status and a short text.
    Status(u16),
    /// A body of 256 MiB that begins like a page and never becomes one.
    HugePage,
}

/// Which answers a fault is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Target {
    /// All of them.
    Everything,
    /// A project's page.
    Page(ProjectName),
    /// A file, by name.
    File(String),
    /// The metadata beside a file, by the file's name.
    Metadata(String),
}

impl Target {
    /// The page of the project of this name.
    ///
    /// # Panics
    /// When it is not a project's name.
    #[must_use]
    pub fn page(project: &str) -> Self {
        Self::Page(ProjectName::parse(project).expect("the name of a project"))
    }

    /// The file of this name.
    #[must_use]
    pub fn file(filename: &str) -> Self {
        Self::File(filename.to_owned())
    }

    pub(super) fn includes(&self, route: &Route) -> bool {
        match (self, route) {
            (Self::Everything, _) => true,
            (Self::Page(name), Route::Page(asked)) => name == asked,
            (Self::File(name), Route::File(_, asked)) | (Self::Metadata(name), Route::Metadata(_, asked)) => {
                name == asked
            }
            _ => false,
        }
    }
}

/// Faults that were asked for, each with how often it still happens.
#[derive(Debug, Default)]
pub(super) struct Faults(Vec<(Target, Fault, Times)>);

/// How often a fault happens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Times {
    Always,
    Left(u32),
}

impl Faults {
    pub(super) fn add(&mut self, target: Target, fault: Fault, times: Times) {
        self.0.push((target, fault, times));
    }

    pub(super) fn clear(&mut self) {
        self.0.clear();
    }

    /// The fault this request meets; it happens once less afterwards.
    pub(super) fn meet(&mut self, route: &Route) -> Option<Fault> {
        for (target, fault, times) in &mut self.0 {
            if !target.includes(route) {
                continue;
            }
            match times {
                Times::Always => return Some(fault.clone()),
                Times::Left(0) => {}
                Times::Left(left) => {
                    *left -= 1;
                    return Some(fault.clone());
                }
            }
        }
        None
    }
}
