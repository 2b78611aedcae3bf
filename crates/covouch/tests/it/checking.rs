//! `check`, `why`, `init`, `gateway` and what every command has in common.

mod beginning;
mod explaining;
mod locks;
mod printing;
mod serving;
