//! How much of an outsider's time and bytes is taken, in one place. Each number stands under its reason.

use std::time::Duration;

/// Largest page that is read, after decompression: as large as its reader takes it.
pub const PAGE_BYTES: usize = covouch_python::limits::PAGE_BYTES;

/// Largest distribution file that is downloaded. The public index's own limit is 10 GB for a project.
pub const FILE_BYTES: u64 = 10 << 30;

/// Redirects followed before we take it for a loop. Package indexes need one or two.
pub const REDIRECTS: usize = 5;

/// Waits before the second and the third try. Short: they are for a dropped connection or a server that is
/// being restarted, not for an outage.
pub const RETRY_DELAYS: [Duration; 2] = [Duration::from_millis(150), Duration::from_millis(600)];

/// Time for a TCP connection to be made.
pub const CONNECT_TIME: Duration = Duration::from_secs(10);

/// Longest silence while we wait for an answer or its next piece.
pub const IDLE_TIME: Duration = Duration::from_secs(30);

/// Longest time for one page, redirects and retries included: a server that sends a byte every 29 seconds
/// would otherwise hold us for years.
pub const PAGE_TIME: Duration = Duration::from_secs(180);

/// Longest time for one distribution file: 10 GB over a line of 1 Mbit/s. What comes at all comes faster than
/// [`PACE_BYTES`] ask.
pub const FILE_TIME: Duration = Duration::from_secs(86_400);

/// Least bytes that a body brings in each [`PACE_TIME`] of waiting. Far below any line that is of use, for 32 pages may
/// share it; far above a server that only wants to hold us up.
pub const PACE_BYTES: u64 = 10 << 10;

/// See [`PACE_BYTES`].
pub const PACE_TIME: Duration = Duration::from_secs(30);

/// Connections kept open to one host while nothing is asked.
pub const IDLE_CONNECTIONS: usize = 32;

/// Pages fetched at the same time. With HTTP/2 they share a connection; with HTTP/1.1 each has its own.
pub const PARALLEL_PAGES: usize = 32;

/// Threads that read, parse and keep pages. More than machines have processors, for disks that are slow.
pub const PAGE_READERS: usize = 8;

/// Longest time a page is believed without asking again, whatever its server says.
pub const PAGE_AGE_SECONDS: u64 = 600;

/// Longest time a kept page is used when nobody can be asked: what it does not say, a quarantine or a yank, may have
/// been said since.
pub const OFFLINE_PAGE_AGE_SECONDS: u64 = 7 * 86_400;

/// Most files before one whose provenance is asked for, when one after the other turns out not to hold.
pub const REFERENCES: usize = 4;

/// Largest trusted root of attestations; the real one has 7 KB.
pub const TRUSTED_ROOT_BYTES: usize = 1 << 20;

/// Largest netrc file; real ones have a few lines.
pub const NETRC_BYTES: u64 = 64 << 10;

/// Largest header of an entry in the page cache: a URL and five short texts.
pub const ENTRY_HEADER_BYTES: usize = 64 << 10;

/// Largest extract of a page: 100,000 files with names of 200 bytes.
pub const EXTRACT_BYTES: usize = 32 << 20;

/// Extracts that are read by one thread and held until they are evidence: some 25 KB each.
pub const EXTRACT_BATCH: usize = 16;

/// Age at which a temporary file is taken to be left over from a killed process.
pub const LEFTOVER_AGE: Duration = Duration::from_secs(3600);

/// Most output an installer's answer may have; real ones have 20 KB.
pub const INSTALLER_BYTES: u64 = 1 << 20;

/// Time for an installer to answer. Starting Python on a cold network disk takes seconds.
pub const INSTALLER_TIME: Duration = Duration::from_secs(30);

/// Largest reply of an ssh-agent. `OpenSSH` itself stops at 256 KB.
pub const AGENT_REPLY_BYTES: usize = 256 << 10;

/// Longest message an ssh-agent is asked to sign; statements are limited to 2 MB, agents to 256 KB.
pub const AGENT_MESSAGE_BYTES: usize = 200 << 10;

/// Time for an ssh-agent to sign: a person may have to confirm, or to touch a token.
pub const AGENT_TIME: Duration = Duration::from_secs(60);

/// Largest `InRelease` of a Debian suite; the real ones have 150 KB.
pub const DEBIAN_RELEASE_BYTES: usize = 2 << 20;

/// Most signatures on an `InRelease` that are looked at. Debian's have three.
pub const DEBIAN_SIGNATURES: usize = 16;

/// Largest packed list of source packages; the real ones have 11 MB.
pub const DEBIAN_SOURCES_BYTES: u64 = 64 << 20;

/// Longest time for one: 64 MB at 20 kB/s.
pub const DEBIAN_SOURCES_TIME: Duration = Duration::from_secs(3600);

/// Largest unpacked list of source packages; the real ones have 63 MB.
pub const DEBIAN_UNPACKED_BYTES: u64 = 512 << 20;

/// Memory for unpacking such a list, in KiB: what `xz -9` asks for.
pub const DEBIAN_XZ_KIB: u32 = 66 << 10;

/// Longest line of a list of source packages; the real ones have 30 KB.
pub const DEBIAN_LINE_BYTES: usize = 1 << 20;

/// Most upstream tarballs in a suite; the real ones have 40,000.
pub const DEBIAN_TARBALLS: usize = 200_000;

/// Most upstream tarballs that are kept, those of former indexes included: some 20 MB. A year of testing leaves
/// 20,000 behind.
pub const DEBIAN_SIGHTINGS: usize = 400_000;

/// Largest table of them.
pub const DEBIAN_TABLE_BYTES: u64 = 64 << 20;

/// Age from which a mirror is asked again whether there is a newer index. Stable's is renewed every two months,
/// testing's four times a day.
pub const DEBIAN_FRESH: covouch_core::time::Duration = covouch_core::time::Duration::from_days(1);

/// Time in which a mirror is not asked again after nothing was learnt from it.
pub const DEBIAN_RETRY: covouch_core::time::Duration = covouch_core::time::Duration::from_seconds(3_600);

/// Age from which a file without a sighting may have got one in the meantime.
pub const DEBIAN_STALE: covouch_core::time::Duration = covouch_core::time::Duration::from_days(7);

/// Largest keyring; Debian's has 56 KB.
pub const DEBIAN_KEYRING_BYTES: u64 = 1 << 20;

/// Largest file of apt's configuration, and most of them.
pub const APT_FILE_BYTES: u64 = 1 << 20;

/// Most files of apt's configuration that are read; the folder is the system's, and has a few.
pub const APT_FILES: usize = 256;

/// Most mirrors that are asked for one suite, when one after the other fails.
pub const APT_MIRRORS: usize = 4;

/// Bytes of a list that are unpacked at a time.
pub const DEBIAN_BUFFER_BYTES: usize = 64 << 10;

/// Longest OSV record. Those of packages with thousands of versions have 300 KB.
pub const OSV_RECORD_BYTES: u64 = 4 << 20;

/// Most bytes of OSV records that are read, unpacked: the export of every ecosystem has some 2 GB.
pub const OSV_BYTES: u64 = 4 << 30;

/// Most files or lines that are looked at for OSV records. The export of every ecosystem has some 500,000.
pub const OSV_ENTRIES: usize = 2_000_000;

/// Most records of malware that are kept: some 1,000 bytes each.
pub const OSV_RECORDS: usize = 1_000_000;

/// Folders in folders that are looked into for OSV records; the database of malicious packages has five.
pub const OSV_DEPTH: usize = 8;

/// Most look-ups about one project: a page of ten thousand files must not become ten thousand requests. What is not
/// looked up stays unknown, and is kept out.
pub const LOOKUPS: usize = 1_000;

/// Most look-ups for one judgement. The largest locks have some thousand packages, with ten files each.
pub const LOOKUPS_TOGETHER: usize = 20_000;

/// Look-ups at the same time; each comparison may hold two archives' tables of contents.
pub const PARALLEL_LOOKUPS: usize = 8;

/// Largest archive that is compared. Pure Python projects stay far below.
pub const COMPARED_BYTES: u64 = 64 << 20;

/// Largest kept result of a comparison: 1,000 differences of 1,000 bytes.
pub const COMPARISON_BYTES: u64 = 1 << 20;

/// Largest manifest of a bundle: 100,000 entries of some 600 bytes.
pub const BUNDLE_MANIFEST_BYTES: u64 = 64 << 20;

/// Most entries of a bundle. A lock file of 1,000 projects makes some 5,000.
pub const BUNDLE_ENTRIES: usize = 100_000;

/// Longest name of an entry: an address.
pub const BUNDLE_NAME_BYTES: usize = 4096;

/// Most bytes of everything in a bundle, unpacked. Mostly distribution files: those of a large project have 4 GB.
pub const BUNDLE_BYTES: u64 = 64 << 30;

/// Largest distribution file in a bundle: what an archive's header can say.
pub const BUNDLE_FILE_BYTES: u64 = (8 << 30) - 1;

/// How many times larger than itself a bundle may become. Pages, which are most of one without files, shrink to a
/// twentieth; gzip's utmost is a thousandth.
pub const BUNDLE_GROWTH: u64 = 100;

/// By how much more a bundle may grow, for those that are small.
pub const BUNDLE_SLACK_BYTES: u64 = 16 << 20;

/// Bytes of a bundle that are read at a time.
pub const BUNDLE_BUFFER_BYTES: usize = 128 << 10;

/// Bytes of a carried file that are handed on at a time.
pub const PIECE_BYTES: u64 = 128 << 10;

/// Largest answer of a bucket: a list of a feed.
pub const STORE_ANSWER_BYTES: usize = 16 << 20;

/// How often a request to a bucket is tried again, and for how long in all: a curator waits, and publishes again.
pub const STORE_RETRIES: usize = 3;

/// See [`STORE_RETRIES`].
pub const STORE_RETRY_TIME: Duration = Duration::from_secs(60);

/// Files that are put into a bucket at the same time.
pub const STORE_PUTS: usize = 16;
