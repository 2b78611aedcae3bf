//! Reads the formats of Python packaging.
