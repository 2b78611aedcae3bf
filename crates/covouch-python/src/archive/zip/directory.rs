//! The central directory and the record that ends the file.

use std::io::{Read, Seek, SeekFrom};

use super::fields::{Fields, is_harmless};
use crate::archive::{
    error::{ArchiveError, Fault},
    limits,
    path::{MemberPath, PathError},
};
use crate::shown::Shown;

const END_BYTES: u64 = 22;
const END_SIGNATURE: u32 = 0x0605_4b50;
const ENTRY_SIGNATURE: u32 = 0x0201_4b50;

/// The end of a ZIP file: central directory and end record.
pub(super) struct Directory {
    bytes: Vec<u8>,
    offset: u64,
    count: u16,
}

impl Directory {
    /// Finds and reads it. The end record has to be the last 22 bytes: a comment behind it is where a second end
    /// record would hide from readers that search backward, and a file behind it from those that search forward.
    pub(super) fn read(reader: &mut (impl Read + Seek)) -> Result<Self, ArchiveError> {
        let unreadable = ArchiveError::Unreadable;
        let malformed = |fault| ArchiveError::malformed(None, fault);
        let length = reader.seek(SeekFrom::End(0)).map_err(unreadable)?;
        let at = length.checked_sub(END_BYTES).ok_or_else(|| malformed("it is too short for a ZIP file"))?;
        reader.seek(SeekFrom::Start(at)).map_err(unreadable)?;
        let mut end = [0; 22];
        reader.read_exact(&mut end).map_err(unreadable)?;
        let end = End::parse(&end).ok_or_else(|| {
            ArchiveError::ambiguous(None, "it does not end with its end record, or has a comment")
        })?;
        let offset = end.check(at).map_err(|fault| ArchiveError::ambiguous(None, fault))?;
        let size = length - offset;
        if size > limits::DIRECTORY_BYTES {
            let limit = limits::DIRECTORY_BYTES;
            return Err(ArchiveError::TooLarge { what: "bytes in its directory", limit });
        }
        reader.seek(SeekFrom::Start(offset)).map_err(unreadable)?;
        let mut bytes = Vec::new();
        reader.take(size).read_to_end(&mut bytes).map_err(unreadable)?;
        Ok(Self { bytes, offset, count: end.count })
    }

    /// Where it starts.
    pub(super) fn offset(&self) -> u64 {
        self.offset
    }

    /// Everything from there to the end of the file.
    pub(super) fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// The entries in their order; an error ends them.
    pub(super) fn entries(&self) -> impl Iterator<Item = Result<Entry<'_>, ArchiveError>> {
        let end = self.bytes.len().saturating_sub(22);
        let mut fields = Fields(self.bytes.get(..end).unwrap_or_default());
        let mut left = self.count;
        std::iter::from_fn(move || {
            if left == 0 {
                let rest = std::mem::take(&mut fields.0);
                let fault = "its directory has more than the members it counts";
                return (!rest.is_empty()).then(|| Err(ArchiveError::ambiguous(None, fault)));
            }
            left -= 1;
            let entry = Unchecked::parse(&mut fields)
                .ok_or_else(|| {
                    ArchiveError::malformed(None, "its directory has fewer members than it counts")
                })
                .and_then(Unchecked::check);
            if entry.is_err() {
                (left, fields.0) = (0, &[]);
            }
            Some(entry)
        })
    }
}

/// The end record (APPNOTE 4.3.16).
struct End {
    disks: [u16; 2],
    count_here: u16,
    count: u16,
    size: u32,
    offset: u32,
    comment: u16,
}

impl End {
    fn parse(bytes: &[u8]) -> Option<Self> {
        let mut fields = Fields(bytes);
        (fields.u32()? == END_SIGNATURE).then_some(())?;
        let end = Self {
            disks: [fields.u16()?, fields.u16()?],
            count_here: fields.u16()?,
            count: fields.u16()?,
            size: fields.u32()?,
            offset: fields.u32()?,
            comment: fields.u16()?,
        };
        (end.comment == 0).then_some(end)
    }

    /// Where the directory starts, given where the end record does.
    fn check(&self, at: u64) -> Result<u64, Fault> {
        if self.count == u16::MAX || self.size == u32::MAX || self.offset == u32::MAX {
            return Err("it is in zip64 format without need");
        }
        if self.disks != [0, 0] || self.count_here != self.count {
            return Err("it is one volume of several");
        }
        let offset = u64::from(self.offset);
        match offset.checked_add(u64::from(self.size)) == Some(at) {
            true => Ok(offset),
            false => Err("its directory is not where it says, or something stands before the archive"),
        }
    }
}

/// What both headers of a member say (APPNOTE 4.3.7 and 4.3.12).
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) struct Shared<'a> {
    pub(super) version_needed: u16,
    pub(super) flags: u16,
    pub(super) method: u16,
    pub(super) modified: [u16; 2],
    pub(super) crc: u32,
    pub(super) packed: u32,
    pub(super) size: u32,
    pub(super) name: &'a [u8],
}

/// Flags (APPNOTE 4.4.4): two bits of compression level, sizes behind the data, name in UTF-8. Every other means
/// encryption, patches, or something that no version of the format defines.
const FLAGS_LEVEL: u16 = 0b110;
const FLAG_SIZES_BEHIND: u16 = 1 << 3;
const FLAG_UTF8: u16 = 1 << 11;

pub(super) const STORED: u16 = 0;
pub(super) const DEFLATED: u16 = 8;

impl Shared<'_> {
    /// Whether sizes and checksum stand behind the data, in front only perhaps (APPNOTE 4.3.9).
    pub(super) fn sizes_behind(&self) -> bool {
        self.flags & FLAG_SIZES_BEHIND != 0
    }

    fn fault(&self) -> Option<Fault> {
        let known = FLAGS_LEVEL | FLAG_SIZES_BEHIND | FLAG_UTF8;
        match self.method {
            _ if self.flags & 1 != 0 => Some("it is encrypted"),
            _ if self.flags & !known != 0 => Some("it has flags that readers differ about"),
            _ if self.version_needed > 20 => Some("it needs more than deflate and folders"),
            _ if self.packed == u32::MAX || self.size == u32::MAX => {
                Some("it is in zip64 format without need")
            }
            STORED if self.packed != self.size => Some("it is stored in another size than its own"),
            // A reader that streams would have to guess where stored data ends.
            STORED if self.sizes_behind() => Some("it is stored and its size stands behind it"),
            STORED | DEFLATED => None,
            _ => Some("it is compressed with another method than deflate"),
        }
    }

    /// The path; without the flag, the encoding of anything but ASCII is anybody's guess (APPNOTE, appendix D).
    fn path(&self) -> Result<(MemberPath, bool), ArchiveError> {
        let (name, is_folder) = match self.name.strip_suffix(b"/") {
            Some(name) => (name, true),
            None => (self.name, false),
        };
        if self.flags & FLAG_UTF8 == 0 && !name.is_ascii() {
            let path = Shown::new(&String::from_utf8_lossy(name));
            return Err(ArchiveError::Path { path, reason: PathError::Encoding });
        }
        Ok((MemberPath::read(name)?, is_folder))
    }
}

/// One member as the central directory describes it.
pub(super) struct Entry<'a> {
    pub(super) shared: Shared<'a>,
    pub(super) path: MemberPath,
    pub(super) is_folder: bool,
    pub(super) offset: u32,
}

/// The same before anything is checked (APPNOTE 4.3.12).
struct Unchecked<'a> {
    shared: Shared<'a>,
    extra: &'a [u8],
    comment: &'a [u8],
    disk: u16,
    attributes: u32,
    offset: u32,
}

impl<'a> Unchecked<'a> {
    fn parse(fields: &mut Fields<'a>) -> Option<Self> {
        (fields.u32()? == ENTRY_SIGNATURE).then_some(())?;
        let _made_by = fields.u16()?;
        let mut shared = Shared::parse(fields)?;
        let [name, extra, comment] = [fields.u16()?, fields.u16()?, fields.u16()?];
        let disk = fields.u16()?;
        let _internal = fields.u16()?;
        let (attributes, offset) = (fields.u32()?, fields.u32()?);
        shared.name = fields.bytes(name)?;
        Some(Self {
            shared,
            extra: fields.bytes(extra)?,
            comment: fields.bytes(comment)?,
            disk,
            attributes,
            offset,
        })
    }

    fn check(self) -> Result<Entry<'a>, ArchiveError> {
        let (path, is_folder) = self.shared.path()?;
        let fault = match () {
            () if self.disk != 0 => Some("it is on another volume"),
            () if !self.comment.is_empty() => Some("it has a comment"),
            () if !is_harmless(self.extra) => Some("an extra field changes what it is for some readers"),
            () if is_folder && self.shared.size != 0 => Some("it is a folder with bytes of its own"),
            () => self.shared.fault(),
        };
        if let Some(fault) = fault {
            return Err(ArchiveError::ambiguous(Some(&path), fault));
        }
        // The upper half holds a Unix mode, the lower one DOS attributes (APPNOTE 4.4.15): a link, a device, or a
        // folder to some readers only.
        let (unix, dos_folder) = (self.attributes >> 28, self.attributes & 0x10 != 0);
        match (unix, is_folder) {
            (0 | 0o10, false) if !dos_folder => {}
            (0 | 0o4, true) => {}
            (0o12, _) => return Err(ArchiveError::Kind { path, kind: "a symbolic link" }),
            _ => return Err(ArchiveError::Kind { path, kind: "neither file nor folder" }),
        }
        Ok(Entry { shared: self.shared, path, is_folder, offset: self.offset })
    }
}

impl<'a> Shared<'a> {
    /// Reads everything but the name, whose length comes later.
    pub(super) fn parse(fields: &mut Fields<'a>) -> Option<Self> {
        Some(Self {
            version_needed: fields.u16()?,
            flags: fields.u16()?,
            method: fields.u16()?,
            modified: [fields.u16()?, fields.u16()?],
            crc: fields.u32()?,
            packed: fields.u32()?,
            size: fields.u32()?,
            name: &[],
        })
    }
}
