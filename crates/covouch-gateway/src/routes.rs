//! One file per route; which path leads to which stands in [`crate::router`].

pub(crate) mod file;
pub(crate) mod health;
mod metadata;
pub(crate) mod project;
pub(crate) mod why;
