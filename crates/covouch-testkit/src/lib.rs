//! Servers, worlds and stories for tests.
