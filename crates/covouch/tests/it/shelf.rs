//! What stands on the indexes of these tests, and the policies that judge it.

use covouch_testkit::{
    distribution::Distribution,
    index::{IndexServer, Site},
    wheel::Wheel,
};

use crate::desk::{NEW, OLD};

/// A wheel without anything in it.
pub(crate) fn wheel(project: &str, version: &str) -> Distribution {
    Wheel::new(project, version).build()
}

/// An index with these files, all of them months old.
pub(crate) fn old(files: impl IntoIterator<Item = Distribution>) -> Site {
    files.into_iter().fold(Site::new(), |site, file| site.with(file, OLD))
}

/// The same index with files of the last hour.
pub(crate) fn and_new(site: Site, files: impl IntoIterator<Item = Distribution>) -> Site {
    files.into_iter().fold(site, |site, file| site.with(file, NEW))
}

/// A policy of one index: three days of age, not yanked, not quarantined.
pub(crate) fn aged(index: &IndexServer) -> String {
    policy(index, "pypi and age >= 3d", "quarantined or yanked or vetoes")
}

/// A policy of one index.
pub(crate) fn policy(index: &IndexServer, admit: &str, refuse: &str) -> String {
    let url = index.url();
    format!(
        "schema = 1\n\n[party.pypi]\nindex = \"{url}\"\n\n[policy]\nadmit = \"{admit}\"\nrefuse = \"{refuse}\"\n"
    )
}
