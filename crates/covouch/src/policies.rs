//! Finding the policies: the project's, the nearest one upwards, or the built-in `starter`; and the base policy
//! that stands outside the project.

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
};

use covouch_core::digest::Sha256;
use covouch_io::{
    adapters::{AdapterSources, AutomatedSource, DistributionSource},
    collect::TrustFolder,
    network::{Fetched, Request},
    secrets::redact,
};
use covouch_policy::{
    Policies, Policy, PolicyErrors, PolicyTable, Source, SourceKind,
    preset::{Filling, Preset},
};
use serde::Deserialize;
use url::Url;

use crate::{failure::Failure, settings::Settings, terminal::Terminal, votes::Named};

/// Largest policy that is fetched or read. The largest lists of waivers are some 100 kB.
const POLICY_BYTES: usize = 16 << 20;

/// A policy, its text, and the folder its paths are relative to.
pub(crate) struct Found {
    pub(crate) policy: Policy,
    pub(crate) text: String,
    pub(crate) folder: PathBuf,
    pub(crate) is_built_in: bool,
}

impl Found {
    /// The text and where it is from, to be read again.
    pub(crate) fn source(&self) -> Source<'_> {
        let name = self.policy.name();
        Source { name, text: &self.text, table: table(Path::new(name)) }
    }
}

/// The project's policy and the base policy, if there is one.
pub(crate) struct Loaded {
    pub(crate) project: Found,
    pub(crate) base: Option<Found>,
}

impl Loaded {
    /// Finds and reads the policies for work near this folder.
    pub(crate) fn find(near: &Path, settings: &Settings, terminal: &Terminal) -> Result<Self, Failure> {
        let project = project(near, settings, terminal)?;
        let base = base(settings, terminal)?;
        for found in base.iter().chain([&project]) {
            for warning in found.policy.warnings() {
                terminal.warn(warning);
            }
        }
        if project.is_built_in {
            terminal.note("no policy here: using the built-in `starter` (PyPI, and three days of age or Debian); `covouch init` writes one");
        }
        Ok(Self { project, base })
    }

    /// One policy alone, whose paths are relative to this folder.
    pub(crate) fn of(policy: Policy, folder: &Path) -> Self {
        let project = Found { policy, text: String::new(), folder: folder.to_owned(), is_built_in: false };
        Self { project, base: None }
    }

    /// Both as the judge takes them.
    pub(crate) fn policies(&self, terminal: &Terminal) -> Result<Policies, Failure> {
        let base = self.base.as_ref().map(|found| found.policy.clone());
        Policies::new(base, self.project.policy.clone()).map_err(|errors| show(&errors, terminal))
    }

    /// All of them.
    pub(crate) fn found(&self) -> impl Iterator<Item = &Found> {
        self.base.iter().chain([&self.project])
    }

    /// The file of the project's policy, its text, and which table of it is the policy; nothing where there is no file.
    pub(crate) fn project_file(&self) -> Option<(PathBuf, &str, PolicyTable)> {
        let Found { policy, text, folder, is_built_in } = &self.project;
        let name = Path::new(policy.name()).file_name().filter(|_| !is_built_in)?;
        Some((folder.join(name), text, table(Path::new(policy.name()))))
    }

    /// The electorates that the policies name.
    pub(crate) fn electorates(&self) -> Vec<Named> {
        let sources = self.found().flat_map(|found| found.policy.sources().iter().map(move |of| (found, of)));
        let electorates = sources.filter_map(|(found, source)| match &source.kind {
            SourceKind::Electorate { id, from, feeds } => Some(Named {
                party: source.name.clone(),
                id: *id,
                folder: from.as_ref().map(|from| found.folder.join(&**from)),
                feeds: feeds.clone(),
            }),
            _ => None,
        });
        electorates.collect()
    }

    /// What the policies name for adapters to read. One name is one source in both of them.
    pub(crate) fn adapters(&self, settings: &Settings) -> AdapterSources {
        let mut sources = AdapterSources::default();
        let mut seen = BTreeSet::new();
        for found in self.found() {
            for source in found.policy.sources().iter().filter(|source| seen.insert(source.name.clone())) {
                let name = source.name.clone();
                let path = |written: &str| found.folder.join(written);
                match &source.kind {
                    SourceKind::Debian { suites, mirror, keyring } => {
                        sources.distributions.push(DistributionSource {
                            name,
                            suites: suites.clone(),
                            mirror: mirror.clone(),
                            keyring: keyring.as_deref().map(path),
                            system: settings.system(),
                        });
                    }
                    SourceKind::Osv { from } => {
                        sources.automated.push(AutomatedSource { name, path: path(from) });
                    }
                    SourceKind::Index(_)
                    | SourceKind::Keys { .. }
                    | SourceKind::Feed { .. }
                    | SourceKind::Electorate { .. } => {}
                }
            }
        }
        sources
    }

    /// The folders of statements that the policies name, each with its root keys.
    pub(crate) fn trust_folders(&self) -> Vec<TrustFolder> {
        let mut folders: Vec<TrustFolder> = Vec::new();
        for found in self.found() {
            for source in found.policy.sources() {
                let SourceKind::Keys { keys, from } = &source.kind else { continue };
                let path = found.folder.join(&**from);
                match folders.iter_mut().find(|folder| folder.path == path) {
                    Some(folder) => folder.roots.extend(keys),
                    None => folders.push(TrustFolder { path, roots: keys.clone() }),
                }
            }
        }
        for folder in &mut folders {
            folder.roots.sort();
            folder.roots.dedup();
        }
        folders
    }
}

/// Reads a policy; every error it has is shown, the first one ends the command.
fn parse(source: Source<'_>, terminal: &Terminal) -> Result<Policy, Failure> {
    Policy::parse(source).map_err(|errors| show(&errors, terminal))
}

/// Shows all errors but the first, which is the failure.
pub(crate) fn show(errors: &PolicyErrors, terminal: &Terminal) -> Failure {
    let mut errors = errors.iter();
    let first = errors.next();
    for error in errors {
        terminal.failure(&Failure::from(error.clone()));
    }
    first
        .cloned()
        .map_or_else(|| Failure::new("internal", "a policy without errors was refused"), Failure::from)
}

fn project(near: &Path, settings: &Settings, terminal: &Terminal) -> Result<Found, Failure> {
    if let Some(file) = settings.policy_file() {
        return open(file, terminal);
    }
    // The folder of `uv.lock`, named like this, is the empty path: here. What has no folders above it finds no policy.
    let near = if near.as_os_str().is_empty() { Path::new(".") } else { near };
    let near = std::path::absolute(near)
        .map_err(|error| Failure::new("file-unreadable", format!("`{}`: {error}", near.display())))?;
    for folder in near.ancestors() {
        let file = folder.join("covouch.toml");
        if file.is_file() {
            return at(&file, read(&file)?, PolicyTable::Whole, terminal);
        }
        let file = folder.join("pyproject.toml");
        if file.is_file() {
            let text = read(&file)?;
            if has_table(&text) {
                return at(&file, text, PolicyTable::Pyproject, terminal);
            }
        }
    }
    let now = settings.now();
    let text = Preset::Starter.render(&Filling { signers: &[], installed: &[], today: now, expires: now })?;
    let source = Source { name: "the built-in `starter`", text: &text, table: PolicyTable::Whole };
    let policy = parse(source, terminal)?;
    Ok(Found { policy, text, folder: near, is_built_in: true })
}

/// Reads the policy of this file.
pub(crate) fn open(file: &Path, terminal: &Terminal) -> Result<Found, Failure> {
    at(file, read(file)?, table(file), terminal)
}

fn at(file: &Path, text: String, table: PolicyTable, terminal: &Terminal) -> Result<Found, Failure> {
    let shown = shown(file);
    let policy = parse(Source { name: &shown, text: &text, table }, terminal)?;
    let folder = file.parent().unwrap_or(Path::new("")).to_owned();
    Ok(Found { policy, text, folder, is_built_in: false })
}

/// A path as people know it: relative to where they are, where that is shorter.
fn shown(file: &Path) -> String {
    let here = std::env::current_dir().unwrap_or_default();
    file.strip_prefix(&here).unwrap_or(file).display().to_string()
}

fn table(file: &Path) -> PolicyTable {
    if file.file_name().is_some_and(|name| name == "pyproject.toml") {
        PolicyTable::Pyproject
    } else {
        PolicyTable::Whole
    }
}

/// Whether a `pyproject.toml` has `[tool.covouch]`. One that is no TOML at all is for its own tools to report.
fn has_table(text: &str) -> bool {
    text.contains("tool.covouch")
        && toml::from_str::<toml::Table>(text)
            .is_ok_and(|table| table.get("tool").and_then(|tool| tool.get("covouch")).is_some())
}

/// `config.toml`
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Configuration {
    base: Option<Base>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Base {
    path: Option<PathBuf>,
    url: Option<String>,
    sha256: Option<String>,
}

fn base(settings: &Settings, terminal: &Terminal) -> Result<Option<Found>, Failure> {
    if let Some(path) = settings.environment("COVOUCH_BASE_POLICY") {
        let file = PathBuf::from(path);
        let text = read(&file)?;
        return at(&file, text, table(&file), terminal).map(Some);
    }
    let Some((file, base)) = configured(settings.configuration_files())? else { return Ok(None) };
    let wrong = |reason: String| wrong(&file, &reason);
    let expected = base
        .sha256
        .as_deref()
        .map(Sha256::parse)
        .transpose()
        .map_err(|error| wrong(format!("`sha256`: {error}")))?;
    let (name, text, folder) = match (&base.path, &base.url) {
        (Some(path), None) => {
            // Never relative to where the command runs: that is the project, which the base policy stands above.
            let path = file.parent().unwrap_or(Path::new("")).join(path);
            (path.display().to_string(), read(&path)?, path.parent().map(Path::to_owned))
        }
        (None, Some(url)) => {
            let expected =
                expected.ok_or_else(|| wrong("a base policy from a `url` needs its `sha256`".into()))?;
            let url = Url::parse(url).map_err(|error| wrong(format!("`url`: {error}")))?;
            (redact(&url).to_string(), fetch(&url, expected, settings)?, None)
        }
        _ => return Err(wrong("`[base]` has either `path` or `url`".into())),
    };
    if let Some(expected) = expected
        && Sha256::of(text.as_bytes()) != expected
    {
        return Err(Failure::new(
            "base-policy-changed",
            format!("`{name}` is not the base policy that was pinned"),
        )
        .hinting(format!("look at what changed, then write its new sha256 into `{}`", file.display())));
    }
    let policy = parse(Source { name: &name, text: &text, table: PolicyTable::Whole }, terminal)?;
    let is_placed = |from: &str| folder.is_some() || Path::new(from).is_absolute();
    for source in policy.sources() {
        let (SourceKind::Keys { from, .. } | SourceKind::Electorate { from: Some(from), .. }) = &source.kind
        else {
            continue;
        };
        if !is_placed(from) {
            return Err(wrong(format!("`{name}`: `from = \"{from}\"` would be a folder of the project"))
                .hinting("a base policy from a `url` names its folders by absolute paths"));
        }
    }
    Ok(Some(Found { policy, text, folder: folder.unwrap_or_default(), is_built_in: false }))
}

/// The first of these files that names a base policy. One without `[base]` hides none of those behind it.
fn configured(files: Vec<PathBuf>) -> Result<Option<(PathBuf, Base)>, Failure> {
    for file in files.into_iter().filter(|file| file.is_file()) {
        let configuration: Configuration =
            toml::from_str(&read(&file)?).map_err(|error| wrong(&file, error.message()))?;
        if let Some(base) = configuration.base {
            return Ok(Some((file, base)));
        }
    }
    Ok(None)
}

fn wrong(file: &Path, reason: &str) -> Failure {
    Failure::new("base-policy-changed", format!("`{}`: {reason}", file.display()))
}

/// Fetches a pinned policy once, and keeps it under its digest.
fn fetch(url: &Url, expected: Sha256, settings: &Settings) -> Result<String, Failure> {
    let cache = settings.state().cache();
    let bytes = match cache.read(&expected)? {
        Some(bytes) => bytes,
        None => settings.block_on(async {
            match settings.network().fetch(&Request::new(url), POLICY_BYTES).await? {
                Fetched::Body(_, bytes) => {
                    let mut writer = cache.writer()?;
                    writer.write(&bytes)?;
                    if writer.sha256() == expected {
                        writer.finish()?;
                    }
                    Ok(bytes.to_vec())
                }
                _ => Err(Failure::new("not-found", format!("there is no base policy at `{}`", redact(url)))),
            }
        })??,
    };
    String::from_utf8(bytes)
        .map_err(|_| Failure::new("file-unreadable", format!("`{}` is no text", redact(url))))
}

fn read(file: &Path) -> Result<String, Failure> {
    let unreadable = |reason: &dyn std::fmt::Display| {
        Failure::new("file-unreadable", format!("`{}`: {reason}", file.display()))
    };
    let metadata = fs::metadata(file).map_err(|error| unreadable(&error))?;
    if metadata.len() > u64::try_from(POLICY_BYTES).unwrap_or(u64::MAX) {
        return Err(unreadable(&"it is larger than a policy can be"));
    }
    fs::read_to_string(file).map_err(|error| unreadable(&error))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_configuration_without_a_base_policy_hides_none_behind_it() {
        let folder = tempfile::tempdir().unwrap();
        let file = |name: &str, text: &str| {
            let path = folder.path().join(name);
            fs::write(&path, text).unwrap();
            path
        };
        let (empty, ours) = (file("empty.toml", ""), file("ours.toml", "[base]\npath = \"ours\"\n"));
        let system = file("system.toml", "[base]\npath = \"system\"\n");
        let absent = folder.path().join("absent.toml");
        let found = |files: &[&PathBuf]| {
            let files = files.iter().map(|file| (*file).clone()).collect();
            configured(files).unwrap().and_then(|(_, base)| base.path)
        };
        assert_eq!(found(&[&empty, &system]), Some("system".into()));
        assert_eq!(found(&[&absent, &system]), Some("system".into()));
        assert_eq!(found(&[&ours, &system]), Some("ours".into()));
        assert_eq!(found(&[&empty, &absent]), None);
        assert!(configured(vec![file("broken.toml", "[other]\n"), system]).is_err(), "broken is not absent");
    }
}
