//! The test kit, tested: a server that clients believe, and faults that are what they say.

// `cfg(test)` is always so here; it tells clippy that helpers are tests too.
#[cfg(test)]
mod client;
#[cfg(test)]
mod clients;
#[cfg(test)]
mod index;
#[cfg(test)]
mod scenarios;
