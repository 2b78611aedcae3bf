//! How much of a client's, or an upstream's, wishes is granted, in one place. Each number stands under its reason.

use std::time::Duration;

/// Clients served at the same time; the next one waits in the system's queue. A build machine has dozens. Half of
/// the 1,024 open files that many systems allow would already do for 500.
pub const CONNECTIONS: usize = 700;

/// Time for the head of a request, and for the next request on an open connection: a client that sends a byte now
/// and then would otherwise hold its place for ever.
pub const HEAD_TIME: Duration = Duration::from_secs(30);

/// Longest time in which a client takes nothing of what we have for it. pip unpacks what it has downloaded before it
/// reads on, so this is generous.
pub const STALL_TIME: Duration = Duration::from_secs(120);

/// Largest head of a request. Real ones have 1 KB; a page's path and a token fit many times over.
pub const HEAD_BYTES: usize = 32 << 10;

/// Most headers of a request. Real ones have a dozen.
pub const HEADERS: usize = 64;

/// Longest path of a request, percent-encoded. Signed paths of object stores reach 2 KB.
pub const PATH_BYTES: usize = 8 << 10;

/// How much of a file is held back until its digest is known to be right. Zip files have their directory at the end,
/// so nobody can open a wheel without it.
pub const TAIL_BYTES: u64 = 64 << 10;

/// Pieces in which files are read from disk for a client. This is what a slow reader holds in memory.
pub const PIECE_BYTES: usize = 64 << 10;

/// Threads that read and write files for clients. More of them hold memory, and make no disk faster.
pub const DISK_THREADS: usize = 8;

/// Downloads from upstream at the same time, over all clients. More would only share the same line.
pub const DOWNLOADS: usize = 64;

/// Files up to this length are fetched to their end even when nobody waits for them any more: whoever asked for a part
/// of a file asks for more, and installers that were interrupted come back.
pub const FINISHED_BYTES: u64 = 64 << 20;

/// Largest wheel whose metadata is promised when upstream does not serve it: to serve it we download the whole wheel
/// first, and a client that asks for metadata does not expect to wait for minutes.
pub const METADATA_WHEEL_BYTES: u64 = 64 << 20;

/// Largest METADATA of a wheel, unpacked. Long descriptions reach a few hundred KB.
pub const METADATA_BYTES: usize = 8 << 20;

/// Most entries of a wheel that are looked at to find its METADATA. The largest real wheels have 30,000.
pub const ZIP_ENTRIES: u64 = 200_000;

/// Largest central directory of a wheel: 200,000 entries with long names.
pub const ZIP_DIRECTORY_BYTES: u64 = 64 << 20;

/// Memory for rendered pages, compressed forms included. One of numpy's is 2 MB; most have 20 KB.
pub const PAGES_BYTES: u64 = 24 << 20;

/// Memory for what was read from indexes about projects. A file takes about 500 bytes.
pub const PROJECTS_BYTES: u64 = 16 << 20;

/// Memory for metadata taken out of wheels.
pub const METADATA_CACHE_BYTES: u64 = 8 << 20;

/// Longest time a page is used without asking how old it may be; indexes allow ten minutes at most. Files are judged at
/// every request whatever stands here.
pub const PAGE_AGE_SECONDS: u64 = 60;

/// Files of a page that are judged before any of their proofs is let go; more when one release has more.
pub const JUDGED_FILES: usize = 256;

/// Most threads that judge one page. Ten thousand files take two of them some milliseconds; more would only take
/// processors from other pages.
pub const JUDGES: usize = 4;

/// Projects and files remembered for the report at the end. A large installation has 500 packages.
pub const SESSION_ENTRIES: usize = 20_000;

/// Longest reason phrase: some clients read status lines of at most 8 KB, people read one line.
pub const PHRASE_BYTES: usize = 240;

/// Open tunnels to hosts the policy names.
pub const TUNNELS: usize = 64;

/// Time to reach a host the policy names.
pub const TUNNEL_CONNECT_TIME: Duration = Duration::from_secs(15);

/// How long requests under way may go on after the gateway was asked to stop.
pub const SHUTDOWN_TIME: Duration = Duration::from_secs(10);

/// How often the source of the policy and the statements is asked whether there is something new.
pub const RENEWAL_TIME: Duration = Duration::from_secs(2);

/// Most chains of one picture: more, and nobody can follow them.
pub const PICTURE_CHAINS: usize = 48;
