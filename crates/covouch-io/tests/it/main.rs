//! Tests against servers, agents and installers that misbehave on purpose.

#![expect(clippy::unwrap_used, reason = "a test stops at what it did not expect")]

#[cfg(unix)]
mod agent;
mod archive;
mod attestation;
mod debian;
mod fetching;
#[cfg(unix)]
mod installers;
mod osv;
mod pages;
mod provenance;
mod proxies;
mod server;
mod tls;
