//! Statements from outside: what is refused and why, laws, and other people's tools as peers.

// `cfg(test)` is always so here; it tells clippy that helpers are tests too.
#[cfg(test)]
mod chains;
#[cfg(test)]
mod electorates;
#[cfg(test)]
mod evidence_locks;
#[cfg(test)]
mod forge;
#[cfg(test)]
mod hostile;
#[cfg(test)]
mod laws;
#[cfg(test)]
mod peers;
#[cfg(test)]
#[path = "../../examples/statements/samples.rs"]
mod samples;
