//! What a command wrote down: locks, reports and lists name where files are, and that was the gate, which is closed
//! now. Its addresses become those of the indexes behind it.
//!
//! # Invariants
//! - A file is replaced whole or not at all, and only if the gate's address stands in it.
//! - An address that leads to nothing the gate knows stays: it is of no use to anybody, and fails closed.
//!
//! # Not here
//! `uv.lock` of uv's project commands: those work on a [`super::shadow`], where entries are compared by digest.

use std::{
    collections::HashMap,
    env, fs,
    ops::Range,
    path::{Path, PathBuf},
};

use covouch_io::state;
use futures_util::{StreamExt as _, stream};
use url::Url;

use super::wrapped::{Installer, Wrapped};
use crate::{failure::Failure, gate::Gate, terminal::Terminal};

/// Addresses that are looked up at the same time.
const PARALLEL: usize = 32;
/// Largest file that is looked into. The lock of a thousand packages has some megabytes.
const BYTES: u64 = 64 << 20;
/// What ends an address in TOML, JSON, a requirements file and prose.
const ENDS: [char; 14] = ['"', '\'', '`', '<', '>', '(', ')', '[', ']', '{', '}', ',', '\\', '#'];

/// Whether a command prints addresses, so that its output has to be looked at before anybody else does.
pub(super) fn prints(wrapped: &Wrapped) -> bool {
    let next = wrapped.subcommand_at().and_then(|at| wrapped.arguments.get(at + 1));
    match (wrapped.installer, wrapped.subcommand()) {
        (Installer::Uv, Some("pip")) => next.is_some_and(|verb| verb == "compile"),
        (Installer::Uv, Some("export")) | (Installer::Pip, Some("lock")) => true,
        (Installer::Pip, _) => wrapped.values("--report").iter().any(|file| file == Path::new("-")),
        _ => false,
    }
}

/// Gives the text with the gate's addresses replaced; nothing when there are none that can be.
pub(super) async fn mend(text: &str, gate: &Gate) -> Option<String> {
    let addresses = find(text, gate.gateway.proxy_url().as_str());
    let known: HashMap<&str, Url> = stream::iter(addresses.iter().map(|(_, address)| *address))
        .map(async |address| Some((address, gate.gateway.upstream(&Url::parse(address).ok()?).await?)))
        .buffer_unordered(PARALLEL)
        .filter_map(std::future::ready)
        .collect()
        .await;
    let index = gate.gateway.index_url();
    let mut mended = String::with_capacity(text.len());
    let mut from = 0;
    for (place, (range, address)) in addresses.iter().enumerate() {
        let is_index = address.trim_end_matches('/') == index.as_str().trim_end_matches('/');
        let real = if is_index {
            index_of(addresses.get(place..).unwrap_or_default(), gate)
        } else {
            known.get(address).map(written)
        };
        let Some(real) = real else { continue };
        mended.push_str(text.get(from..range.start).unwrap_or_default());
        mended.push_str(&real);
        from = range.end;
    }
    if from == 0 {
        return None;
    }
    mended.push_str(text.get(from..).unwrap_or_default());
    Some(mended)
}

/// Replaces the gate's addresses in the files the command may have written.
pub(super) async fn mend_files(wrapped: &Wrapped, gate: &Gate, terminal: &Terminal) -> Result<(), Failure> {
    for path in files(wrapped, Path::new(".")) {
        let small = fs::metadata(&path).is_ok_and(|metadata| metadata.is_file() && metadata.len() <= BYTES);
        // What cannot be read as text names no addresses.
        let Some(text) = small.then(|| fs::read_to_string(&path).ok()).flatten() else { continue };
        if let Some(mended) = mend(&text, gate).await {
            // A link stays one: what it leads to is replaced.
            let target = path.canonicalize().unwrap_or_else(|_| path.clone());
            state::write_project_file(&target, mended.as_bytes())?;
            terminal.note(format_args!("wrote {}", path.display()));
        }
    }
    Ok(())
}

/// The files a command says that it writes, and all locks here: what a script starts says nothing to us.
fn files(wrapped: &Wrapped, here: &Path) -> Vec<PathBuf> {
    let mut files: Vec<PathBuf> = ["--output-file", "--output", "--report", "-o"]
        .into_iter()
        .flat_map(|option| wrapped.values(option))
        .collect();
    let is_lock = |name: &str| {
        let has = |start: &str, end: &str| name.starts_with(start) && name.ends_with(end);
        ["uv.lock", "pdm.lock", "poetry.lock", "Pipfile.lock"].contains(&name)
            || has("pylock", ".toml")
            || has("requirements", ".txt")
    };
    let entries = fs::read_dir(here).into_iter().flatten().flatten();
    let locks = entries.filter(|entry| entry.file_name().to_str().is_some_and(is_lock));
    files.extend(
        locks.map(|entry| entry.path().strip_prefix(".").map(Path::to_owned).unwrap_or(entry.path())),
    );
    if wrapped.installer == Installer::Uv && wrapped.subcommand() == Some("tool") {
        let tools = tools().and_then(|folder| fs::read_dir(folder).ok()).into_iter().flatten().flatten();
        files.extend(tools.map(|tool| tool.path().join("uv-receipt.toml")));
    }
    files.sort();
    files.dedup();
    files
}

/// Where uv keeps its tools, each with what it was installed with (uv, "Storage", "Tools").
fn tools() -> Option<PathBuf> {
    let variable = |name: &str| env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    let data = variable("XDG_DATA_HOME").or_else(|| variable("HOME").map(|home| home.join(".local/share")));
    let data = data.map(|data| data.join("uv/tools"));
    variable("UV_TOOL_DIR").or(data).or_else(|| variable("APPDATA").map(|data| data.join("uv/data/tools")))
}

/// The addresses below this one in a text, in order. A fragment is none of the address's.
fn find<'t>(text: &'t str, root: &str) -> Vec<(Range<usize>, &'t str)> {
    let ends = |character: char| character.is_whitespace() || ENDS.contains(&character);
    let found = text.match_indices(root).map(|(start, _)| {
        let rest = text.get(start..).unwrap_or_default();
        let end = start + rest.find(ends).unwrap_or(rest.len());
        (start..end, text.get(start..end).unwrap_or_default())
    });
    found.collect()
}

/// The index that stands in a lock for the gate: that of the file which comes next, for a package names its index
/// before its files. Where no file follows, the first of the policy.
fn index_of(following: &[(Range<usize>, &str)], gate: &Gate) -> Option<String> {
    let root = gate.gateway.proxy_url();
    let next = following.iter().find_map(|(_, address)| {
        let path = address.strip_prefix(root.as_str())?.strip_prefix("files/")?;
        path.split('/').nth(1)
    });
    let named = next.and_then(|name| gate.indexes.iter().find(|index| index.name().as_str() == name));
    named.or_else(|| gate.first_index()).map(|index| written(index.address().url()))
}

/// An address as it can stand in any kind of quotes. Indexes choose where their files are.
fn written(url: &Url) -> String {
    url.as_str().replace('\\', "%5C").replace('\'', "%27")
}

#[cfg(test)]
mod tests {
    use std::ffi::OsString;

    use super::*;

    fn wrapped(line: &str) -> Wrapped {
        Wrapped::parse(&line.split(' ').map(OsString::from).collect::<Vec<_>>()).unwrap()
    }

    #[test]
    fn addresses_end_where_they_do_in_each_format() {
        let root = "http://127.0.0.1:20000/";
        for (text, address) in [
            ("url = \"http://127.0.0.1:20000/files/a.whl\", size = 1", "files/a.whl"),
            ("url = 'http://127.0.0.1:20000/files/a.whl'", "files/a.whl"),
            ("--index-url http://127.0.0.1:20000/simple\nsix", "simple"),
            ("six @ http://127.0.0.1:20000/files/a.whl#sha256=00", "files/a.whl"),
            ("(http://127.0.0.1:20000/simple/)", "simple/"),
        ] {
            let found = find(text, root);
            assert_eq!(found.iter().map(|(_, found)| &found[root.len()..]).collect::<Vec<_>>(), [address]);
        }
        assert_eq!(find("http://127.0.0.1:2000/simple https://index.example/", root), []);
    }

    #[test]
    fn an_index_cannot_write_more_than_an_address() {
        let url = Url::parse("https://index.example/a'b?c\\d'e\"f").unwrap();
        assert_eq!(written(&url), "https://index.example/a%27b?c%5Cd%27e%22f");
    }

    #[test]
    fn what_prints_addresses_is_known() {
        for line in ["uv pip compile x.in", "uv export", "pip lock .", "pip install --report - six"] {
            assert!(prints(&wrapped(line)), "{line}");
        }
        for line in ["uv pip install six", "uv sync", "pip install --report x.json six", "make"] {
            assert!(!prints(&wrapped(line)), "{line}");
        }
    }

    #[test]
    fn files_a_command_writes_are_known() {
        let folder = tempfile::tempdir().unwrap();
        for name in ["pylock.dev.toml", "requirements-dev.txt", "pdm.lock", "notes.txt", "pyproject.toml"] {
            fs::write(folder.path().join(name), "").unwrap();
        }
        let named = |line: &str| files(&wrapped(line), folder.path());
        let here = named("make");
        let names: Vec<_> = here.iter().filter_map(|path| path.file_name()?.to_str()).collect();
        assert_eq!(names, ["pdm.lock", "pylock.dev.toml", "requirements-dev.txt"]);
        for line in
            ["uv pip compile -o out x.in", "uv pip compile --output-file=out x.in", "pip lock -oout ."]
        {
            assert!(named(line).contains(&PathBuf::from("out")), "{line}");
        }
    }
}
