//! Ordinary days: good files that are waited for.

/// A good file of a story, in whose twin two people vouch for it.
pub(super) struct Ordinary {
    /// The story's file in `scenarios/`, without `.toml`.
    pub(super) story: &'static str,
    /// The file's label.
    pub(super) file: &'static str,
    /// What it is.
    pub(super) says: &'static str,
    /// When two have vouched for it in the twin.
    pub(super) vouched: &'static str,
}

/// All of them.
pub(super) const ORDINARY: &[Ordinary] = &[
    Ordinary {
        story: "urgent-fix-two-vouches",
        file: "widget-1.4.2-py3-none-any.whl",
        says: "a new release with an urgent fix",
        vouched: "4 hours",
    },
    Ordinary {
        story: "maintainers-add-a-wheel",
        file: "widget-1.2.0-1-py3-none-any.whl",
        says: "a wheel that its maintainers add to an old release",
        vouched: "24 hours",
    },
];
