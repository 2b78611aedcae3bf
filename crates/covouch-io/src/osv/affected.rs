//! Which versions a record is about (OSV schema, "Evaluation").

use covouch_core::version::Version;
use serde::{Deserialize, Serialize};

/// The versions of one project that a record is about.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Affected {
    /// Sorted.
    pub(super) versions: Box<[Version]>,
    pub(super) ranges: Box<[Range]>,
    /// It names neither versions nor ranges that can be compared, so it is about the project.
    pub(super) all: bool,
}

/// A range of versions, as events along them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Range {
    /// Sorted, with those at the same version in the order of [`Event`]: what covers more comes last.
    events: Box<[(Bound, Event)]>,
    /// Versions from these on are beyond the range, when there are any.
    limits: Box<[Version]>,
}

/// Where something happens. `0` stands before all versions, also before `0.dev0`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Bound {
    Start,
    At(Version),
}

/// What happens.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Event {
    Fixed,
    Introduced,
    LastAffected,
}

impl Affected {
    pub(super) fn covers(&self, version: &Version) -> bool {
        self.all
            || self.versions.binary_search(version).is_ok()
            || self.ranges.iter().any(|range| range.covers(version))
    }
}

impl Range {
    pub(super) fn new(mut events: Vec<(Bound, Event)>, limits: Vec<Version>) -> Self {
        events.sort();
        Self { events: events.into(), limits: limits.into() }
    }

    pub(super) fn events(&self) -> &[(Bound, Event)] {
        &self.events
    }

    pub(super) fn limits(&self) -> &[Version] {
        &self.limits
    }

    fn covers(&self, version: &Version) -> bool {
        let mut affected = false;
        for (bound, event) in &self.events {
            let (reached, passed) = match bound {
                Bound::Start => (true, true),
                Bound::At(at) => (version >= at, version > at),
            };
            match event {
                Event::Introduced if reached => affected = true,
                Event::Fixed if reached => affected = false,
                Event::LastAffected if passed => affected = false,
                _ => {}
            }
        }
        affected && (self.limits.is_empty() || self.limits.iter().any(|limit| version < limit))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn version(text: &str) -> Version {
        Version::parse(text).unwrap()
    }

    fn range(events: &[(&str, Event)]) -> Range {
        let bound = |text: &str| if text == "0" { Bound::Start } else { Bound::At(version(text)) };
        Range::new(events.iter().map(|(text, event)| (bound(text), *event)).collect(), Vec::new())
    }

    fn covered(range: &Range, versions: &[&str]) -> Vec<bool> {
        versions.iter().map(|text| range.covers(&version(text))).collect()
    }

    #[test]
    fn a_range_begins_where_it_is_introduced_and_ends_where_it_is_fixed() {
        use Event::{Fixed, Introduced, LastAffected};
        let some = range(&[("1.0", Introduced), ("1.2", Fixed), ("2.0", Introduced), ("2.1", LastAffected)]);
        let versions = ["0.9", "1.0rc1", "1.0.0", "1.1", "1.2", "2.0", "2.1", "2.1.post1"];
        assert_eq!(covered(&some, &versions), [false, false, true, true, false, true, true, false]);
        let all = range(&[("0", Introduced)]);
        assert_eq!(covered(&all, &["0.dev0", "0", "99"]), [true; 3]);
        let again = range(&[("1.0", Introduced), ("1.0", Fixed)]);
        assert_eq!(covered(&again, &["1.0"]), [true], "in doubt it is affected");
        assert_eq!(covered(&range(&[]), &["1"]), [false]);
    }

    #[test]
    fn a_limit_ends_a_range() {
        let limited = Range::new(vec![(Bound::Start, Event::Introduced)], vec![version("2")]);
        assert_eq!(covered(&limited, &["1.9", "2"]), [true, false]);
    }

    #[test]
    fn versions_are_compared_as_versions() {
        let affected = Affected { versions: [version("1.0")].into(), ..Affected::default() };
        assert!(affected.covers(&version("1.0.0")) && !affected.covers(&version("1.0.1")));
        assert!(Affected { all: true, ..Affected::default() }.covers(&version("7")));
    }

    proptest! {
        #[test]
        fn the_order_of_events_changes_nothing(
            events in proptest::collection::vec((0..6_u8, 0..3_u8), 0..8),
            at in 0..6_u8,
        ) {
            let event = |kind| [Event::Fixed, Event::Introduced, Event::LastAffected][usize::from(kind)];
            let events: Vec<_> = events
                .into_iter()
                .map(|(place, kind)| (if place == 0 { Bound::Start } else { Bound::At(version(&place.to_string())) }, event(kind)))
                .collect();
            let mut turned = events.clone();
            turned.reverse();
            let at = version(&at.to_string());
            prop_assert_eq!(Range::new(events, vec![]).covers(&at), Range::new(turned, vec![]).covers(&at));
        }
    }
}
