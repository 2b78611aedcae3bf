//! What was found in an archive: for each file its size, its digest and what it looks like.

use std::{
    collections::{BTreeMap, BTreeSet},
    ops::Bound,
};

use covouch_core::digest::{Sha256, Sha256Stream};

use super::{
    error::ArchiveError,
    limits,
    path::{Kind, MemberPath, Paths},
};

/// The contents of one archive.
#[derive(Debug)]
pub struct Contents {
    sha256: Sha256,
    members: BTreeMap<MemberPath, Member>,
    folders: BTreeSet<MemberPath>,
    kept: BTreeMap<MemberPath, Vec<u8>>,
}

/// One file of an archive.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Member {
    /// How many bytes it has.
    pub size: u64,
    /// The digest of its bytes.
    pub sha256: Sha256,
    /// What its first bytes look like.
    pub form: Form,
}

/// What the first bytes of a file look like.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// A program or library that a processor runs.
    Native,
    /// Anything else.
    Other,
}

impl Contents {
    /// The digest of the archive itself: of the bytes these contents were read from.
    #[must_use]
    pub fn sha256(&self) -> Sha256 {
        self.sha256
    }

    /// All files by path.
    #[must_use]
    pub fn members(&self) -> &BTreeMap<MemberPath, Member> {
        &self.members
    }

    /// The folders that the archive lists by themselves.
    #[must_use]
    pub fn folders(&self) -> &BTreeSet<MemberPath> {
        &self.folders
    }

    /// The bytes of a file that the caller asked to keep.
    #[must_use]
    pub fn kept(&self, path: &str) -> Option<&[u8]> {
        self.kept.get(path).map(Vec::as_slice)
    }

    /// The same contents without the bytes that were kept.
    #[must_use]
    pub fn without_kept(self) -> Self {
        Self { kept: BTreeMap::new(), ..self }
    }

    /// The files below a folder (named without its `/`), in order.
    pub fn below<'a>(&'a self, folder: &str) -> impl Iterator<Item = (&'a MemberPath, &'a Member)> + use<'a> {
        let start = format!("{folder}/");
        self.members
            .range::<str, _>((Bound::Included(start.as_str()), Bound::Unbounded))
            .take_while(move |(path, _)| path.as_str().starts_with(&start))
    }

    /// Moves every path through `change`; a path it has nothing for becomes an error.
    pub(super) fn rename<E>(self, change: impl Fn(&MemberPath) -> Result<MemberPath, E>) -> Result<Self, E> {
        Ok(Self {
            sha256: self.sha256,
            members: self
                .members
                .into_iter()
                .map(|(path, m)| Ok((change(&path)?, m)))
                .collect::<Result<_, _>>()?,
            folders: BTreeSet::new(),
            kept: self.kept.into_iter().map(|(path, k)| Ok((change(&path)?, k))).collect::<Result<_, _>>()?,
        })
    }
}

/// Says which files' bytes to keep.
pub(super) type Keep<'k> = &'k dyn Fn(&MemberPath) -> bool;

/// Contents while they are being read; holds every limit that is not about the format.
pub(super) struct Collector<'k> {
    keep: Keep<'k>,
    paths: Paths,
    members: BTreeMap<MemberPath, Member>,
    folders: BTreeSet<MemberPath>,
    kept: BTreeMap<MemberPath, Vec<u8>>,
    kept_bytes: usize,
}

impl<'k> Collector<'k> {
    pub(super) fn new(keep: Keep<'k>) -> Self {
        Self {
            keep,
            paths: Paths::default(),
            members: BTreeMap::new(),
            folders: BTreeSet::new(),
            kept: BTreeMap::new(),
            kept_bytes: 0,
        }
    }

    /// Notes a folder.
    pub(super) fn folder(&mut self, path: MemberPath) -> Result<(), ArchiveError> {
        self.count()?;
        self.paths.add(&path, Kind::Folder)?;
        match self.folders.insert(path.clone()) {
            true => Ok(()),
            false => Err(ArchiveError::ambiguous(Some(&path), "the folder is listed twice")),
        }
    }

    /// Begins a file that says it has `size` bytes.
    pub(super) fn file(&mut self, path: MemberPath, size: u64) -> Result<Piecewise<'_, 'k>, ArchiveError> {
        self.count()?;
        self.paths.add(&path, Kind::File)?;
        if size > limits::MEMBER_BYTES {
            return Err(ArchiveError::TooLarge { what: "bytes in one member", limit: limits::MEMBER_BYTES });
        }
        let kept = (self.keep)(&path).then(Vec::new);
        Ok(Piecewise {
            all: self,
            path,
            size,
            read: 0,
            digest: Sha256Stream::default(),
            head: Vec::new(),
            kept,
        })
    }

    fn count(&self) -> Result<(), ArchiveError> {
        if self.members.len() + self.folders.len() >= limits::MEMBERS {
            let limit = u64::try_from(limits::MEMBERS).unwrap_or(u64::MAX);
            return Err(ArchiveError::TooLarge { what: "members", limit });
        }
        Ok(())
    }

    pub(super) fn finish(self, sha256: Sha256) -> Contents {
        Contents { sha256, members: self.members, folders: self.folders, kept: self.kept }
    }
}

/// A file that is being read.
pub(super) struct Piecewise<'c, 'k> {
    all: &'c mut Collector<'k>,
    path: MemberPath,
    size: u64,
    read: u64,
    digest: Sha256Stream,
    head: Vec<u8>,
    kept: Option<Vec<u8>>,
}

/// How many first bytes tell what a file is.
const HEAD_BYTES: usize = 8;

impl Piecewise<'_, '_> {
    /// Takes the next bytes.
    pub(super) fn write(&mut self, piece: &[u8]) -> Result<(), ArchiveError> {
        self.read = self.read.saturating_add(u64::try_from(piece.len()).unwrap_or(u64::MAX));
        if self.read > self.size {
            return Err(ArchiveError::malformed(Some(&self.path), "it is longer than it says"));
        }
        let missing = HEAD_BYTES - self.head.len();
        self.head.extend(piece.iter().take(missing));
        self.digest.update(piece);
        if let Some(kept) = &mut self.kept {
            self.all.kept_bytes = self.all.kept_bytes.saturating_add(piece.len());
            if self.all.kept_bytes > limits::KEPT_BYTES {
                let limit = u64::try_from(limits::KEPT_BYTES).unwrap_or(u64::MAX);
                return Err(ArchiveError::TooLarge { what: "bytes of metadata", limit });
            }
            kept.extend_from_slice(piece);
        }
        Ok(())
    }

    pub(super) fn path(&self) -> &MemberPath {
        &self.path
    }

    /// Ends the file.
    pub(super) fn finish(self) -> Result<(), ArchiveError> {
        if self.read != self.size {
            return Err(ArchiveError::malformed(Some(&self.path), "it is shorter than it says"));
        }
        let member = Member { size: self.size, sha256: self.digest.finish(), form: form(&self.head) };
        if let Some(kept) = self.kept {
            self.all.kept.insert(self.path.clone(), kept);
        }
        self.all.members.insert(self.path, member);
        Ok(())
    }
}

/// ELF, PE, Mach-O in both byte orders and in universal form, WebAssembly, LLVM bitcode, archives of objects.
fn form(head: &[u8]) -> Form {
    const NATIVE: &[&[u8]] = &[
        b"\x7fELF",
        b"MZ",
        b"\xfe\xed\xfa\xce",
        b"\xfe\xed\xfa\xcf",
        b"\xce\xfa\xed\xfe",
        b"\xcf\xfa\xed\xfe",
        b"\xca\xfe\xba\xbe",
        b"\xbe\xba\xfe\xca",
        b"\0asm",
        b"BC\xc0\xde",
        b"!<arch>\n",
    ];
    match NATIVE.iter().any(|start| head.starts_with(start)) {
        true => Form::Native,
        false => Form::Other,
    }
}
