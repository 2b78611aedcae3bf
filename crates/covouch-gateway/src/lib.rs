//! A package index that leaves out what nobody vouches for.
