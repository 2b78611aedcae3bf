//! Rules that can never fire, because an earlier one takes every project they select.

use covouch_core::name::ProjectPattern;

use crate::program::Policy;

/// A rule, or one of its patterns, that never selects anything.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shadowed {
    /// The rule, counted from 1.
    pub rule: usize,
    /// Its pattern.
    pub pattern: ProjectPattern,
    /// The earlier rule, counted from 1.
    pub by: usize,
    /// The earlier rule's pattern, which selects all that this one does.
    pub wider: ProjectPattern,
    /// Whether no pattern of the rule is left to select anything.
    pub never_fires: bool,
}

/// The shadowed patterns. Only a single wider pattern is looked for: what several cover together is not found.
pub(super) fn shadowed(policy: &Policy) -> Vec<Shadowed> {
    let mut found = Vec::new();
    let mut earlier: Vec<(usize, &ProjectPattern)> = Vec::new();
    for (rule, view) in (1..).zip(policy.rules()) {
        let covered = view.projects.iter().filter_map(|pattern| {
            let (by, wider) = earlier.iter().find(|(_, wider)| covers(wider.as_str(), pattern.as_str()))?;
            Some(Shadowed {
                rule,
                pattern: pattern.clone(),
                by: *by,
                wider: (*wider).clone(),
                never_fires: false,
            })
        });
        let mut covered: Vec<Shadowed> = covered.collect();
        let never_fires = covered.len() == view.projects.len();
        covered.iter_mut().for_each(|shadowed| shadowed.never_fires = never_fires);
        found.append(&mut covered);
        earlier.extend(view.projects.iter().map(|pattern| (rule, pattern)));
    }
    found
}

/// Whether a pattern matches all that another does: the other's `*` is one more character, which only `*` matches.
fn covers(wider: &str, narrower: &str) -> bool {
    let mut parts = wider.split('*');
    let (Some(first), Some(mut rest)) = (parts.next(), narrower.get(..)) else { return false };
    let Some(after) = rest.strip_prefix(first) else { return false };
    rest = after;
    let parts: Vec<&str> = parts.collect();
    let Some((last, middle)) = parts.split_last() else { return rest.is_empty() };
    for part in middle {
        let Some((_, after)) = rest.split_once(part) else { return false };
        rest = after;
    }
    rest.ends_with(last)
}

#[cfg(test)]
mod tests {
    use super::covers;

    #[test]
    fn a_wider_pattern_covers_a_narrower_one() {
        for (wider, narrower) in
            [("*", "numpy*"), ("acme-*", "acme-web"), ("acme-*", "acme-*-web"), ("a*c", "a*bc")]
        {
            assert!(covers(wider, narrower), "{wider} {narrower}");
            assert!(!covers(narrower, wider), "{narrower} {wider}");
        }
        assert!(covers("six", "six") && !covers("six", "si*") && !covers("ab*ba", "aba"));
    }
}
