//! `check`, `why`, `init` and what every command has in common.

mod beginning;
mod explaining;
mod locks;
mod printing;
