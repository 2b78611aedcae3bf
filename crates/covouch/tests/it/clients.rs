//! Real pip and real uv behind the gate.

mod building;
mod caching;
mod choosing;
mod guarding;
mod locking;
mod upstream;
mod wire;
mod writing;
