//! Questions and answers of an update.

/// Where a file is looked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Source {
    /// Among what earlier updates kept.
    Kept,
    /// In the repository.
    Repository,
}

/// A file that is needed next.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Want {
    /// Where to look.
    pub source: Source,
    /// Where it lies, relative to the repository's metadata or to what is kept.
    pub path: String,
    /// How many bytes are read at most; one more is too many.
    pub limit: usize,
}

/// What there was.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Answer<'a> {
    /// These bytes.
    Bytes(&'a [u8]),
    /// Surely nothing: a server said 403, 404 or 410, or there is no such file.
    Absent,
}

/// A file that earned being kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct News {
    /// Its name: that of its role, without version.
    pub file: String,
    /// Its bytes, as they came.
    pub bytes: Vec<u8>,
}
