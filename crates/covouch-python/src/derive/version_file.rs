//! Version files that a build backend writes: rendered again, and compared to the byte.
//!
//! What setuptools-scm and its successor vcs-versioning (also behind hatch-vcs) write is the same text for every
//! project but for the values on a few lines. The values are rendered here; the text around them has to have one of
//! the digests below, which were taken from what the tools write (`tests/data/derive/make_version_files.py`).
//!
//! # Not here
//! Templates of a project's own: what they hold is code of the project, and belongs into its sdist.

use covouch_core::{digest::Sha256, version::Version};

/// The lines that hold a value, up to it.
const VERSION: &str = "__version__ = version = ";
const VERSION_TUPLE: &str = "__version_tuple__ = version_tuple = ";
const COMMIT: &str = "__commit_id__ = commit_id = ";

/// Digests of the text around the values, each value left out.
///
/// setuptools-scm 7.0, 7.1, 8.0, 8.1 to 8.3, 9, and 10 with vcs-versioning.
const SKELETONS: &[&str] = &[
    "fde2f863224adbc5f6d88129d3e9fabbe4c63c083ac63f58ee282694e2f4dd07",
    "38169c332643600c9af7ebc27bd556691ac823bd841a7e9b2a4b6cdd5c7f1ae8",
    "f681226376628c3fb190a1fd7bb44ac904c1993b66d7a6d4f80a87be46acb2cc",
    "fe3af798c7d64bfab34e5addb2809ceee715c853e838961656933f627b2f2f85",
    "45de58fe4c0c201a910b11585f1a880568983e8a9145fb2315dbeb168afd5159",
    "6fec42b786981ead3d571e0d98c9c3f7fc500b48f8b2e38edd618f894465e566",
];

/// Largest file that can be one.
const BYTES: usize = 4 << 10;

/// Whether a file is what a backend writes for this version, and nothing else.
pub(super) fn is_rendered(bytes: &[u8], version: &Version) -> bool {
    let skeleton = str::from_utf8(bytes)
        .ok()
        .filter(|text| text.len() <= BYTES)
        .and_then(|text| skeleton(text, version));
    let Some(skeleton) = skeleton else { return false };
    let digest = Sha256::of(skeleton.as_bytes()).to_string();
    SKELETONS.contains(&digest.as_str())
}

/// The text without its values; nothing when a value is another than this version's.
fn skeleton(text: &str, version: &Version) -> Option<String> {
    let version = version.to_string();
    let (quoted, tuple) = (format!("'{version}'"), tuple(&version)?);
    let is_right = |start, value: &str| match start {
        VERSION => value == quoted,
        VERSION_TUPLE => value == tuple,
        _ => is_commit(value),
    };
    let mut skeleton = String::new();
    for line in text.split_inclusive('\n') {
        let value = |start| Some((start, line.strip_prefix(start)?.strip_suffix('\n')?));
        match [VERSION, VERSION_TUPLE, COMMIT].into_iter().find_map(value) {
            Some((start, value)) if is_right(start, value) => skeleton.extend([start, "\n"]),
            Some(_) => return None,
            None => skeleton.push_str(line),
        }
    }
    Some(skeleton)
}

/// The parts of a version as Python writes a tuple of them.
fn tuple(version: &str) -> Option<String> {
    let (public, local) = match version.split_once('+') {
        Some((public, local)) => (public, Some(local)),
        None => (version, None),
    };
    let (epoch, release) = match public.split_once('!') {
        Some((epoch, release)) => (Some(epoch), release),
        None => (None, public),
    };
    let mut parts: Vec<String> = epoch.map(|epoch| format!("'{epoch}!'")).into_iter().collect();
    for part in release.split('.') {
        // `1rc1` is a number and a pre-release.
        let digits = part.find(|c: char| !c.is_ascii_digit()).unwrap_or(part.len());
        let (number, word) = part.split_at_checked(digits)?;
        parts.extend((!number.is_empty()).then(|| number.to_owned()));
        parts.extend((!word.is_empty()).then(|| format!("'{word}'")));
    }
    parts.extend(local.map(|local| format!("'{local}'")));
    match parts.as_slice() {
        [only] => Some(format!("({only},)")),
        parts => Some(format!("({})", parts.join(", "))),
    }
}

/// The commit is the one value the version does not fix. It is a name: `g` or `h` and digits.
fn is_commit(value: &str) -> bool {
    let name = value.strip_prefix('\'').and_then(|value| value.strip_suffix('\''));
    let is_name = |name: &str| {
        let digits = name.strip_prefix(['g', 'h']).unwrap_or(name);
        (7..=64).contains(&digits.len())
            && digits.bytes().all(|byte| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte))
    };
    value == "None" || name.is_some_and(is_name)
}
