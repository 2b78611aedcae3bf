//! Who vouches for a file, through whom, and how much of it is independent.
