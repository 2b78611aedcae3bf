//! How much of an outsider's archive is read. Each number stands under its reason.
//!
//! Together they keep what one archive occupies under 32 MB, so that a wheel and an sdist held at once stay under
//! 64 MB, whatever the two contain.

use super::error::ArchiveError;

/// Most members of one archive. The largest real pure wheels and their sdists have about 30,000.
pub const MEMBERS: usize = 40_000;

/// Most files and folders of one archive, the folders nobody lists included: a member a hundred folders deep
/// costs as much as a hundred members.
pub const PATHS: usize = 2 * MEMBERS;

/// Bytes of all paths together; 120 bytes for each of the most members.
pub const PATH_BYTES_TOGETHER: usize = 5 << 20;

/// Longest path of one member. Windows stops at 260 characters, real sdists stay under 250.
pub const PATH_BYTES: usize = 512;

/// Longest name of one file or folder; what file systems allow.
pub const COMPONENT_BYTES: usize = 255;

/// Deepest folder. Real ones reach 16.
pub const DEPTH: usize = 32;

/// Largest member. The largest files of pure packages are word lists and models of some 100 MB.
pub const MEMBER_BYTES: u64 = 256 << 20;

/// Most bytes an archive unpacks to: some four seconds of reading.
pub const UNPACKED_BYTES: u64 = 1 << 30;

/// Most bytes unpacked for each byte packed, beyond [`RATIO_FREE_BYTES`]. Source code packs 3 to 10 times; the
/// densest real archives, full of generated tables, some 40 times; deflate could do 1,032.
pub const RATIO: u64 = 128;

/// Unpacked bytes that cost nothing to read and so are not held against the ratio.
pub const RATIO_FREE_BYTES: u64 = 8 << 20;

/// Largest ZIP central directory: 150 bytes for each of the most members.
pub const DIRECTORY_BYTES: u64 = 6 << 20;

/// Most bytes of members kept in memory (metadata, `RECORD`); `RECORD` has some 120 bytes for each member.
pub const KEPT_BYTES: usize = 6 << 20;

/// Largest extended header of one tar member. Real ones hold a path and a time.
pub const PAX_BYTES: u64 = 64 << 10;

/// How much is read at once.
pub(super) const BUFFER_BYTES: usize = 64 << 10;

/// Holds what was unpacked so far against what was read for it.
pub(super) fn check_unpacked(unpacked: u64, packed: u64) -> Result<(), ArchiveError> {
    if unpacked > UNPACKED_BYTES {
        return Err(ArchiveError::TooLarge { what: "bytes when unpacked", limit: UNPACKED_BYTES });
    }
    if unpacked > RATIO_FREE_BYTES && unpacked / RATIO > packed {
        return Err(ArchiveError::TooLarge { what: "bytes unpacked for each byte packed", limit: RATIO });
    }
    Ok(())
}
