//! Repositories built in the test: what a feed publishes, what an attacker makes of it, and python-tuf beside us.

// `cfg(test)` is always so here; it tells clippy that helpers are tests too.
#[cfg(test)]
mod attacks;
#[cfg(test)]
mod laws;
#[cfg(test)]
mod peers;
#[cfg(test)]
mod publishing;
#[cfg(test)]
mod stored;
#[cfg(test)]
mod world;
