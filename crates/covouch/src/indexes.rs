//! Where indexes are: the policy's addresses, and what pip and uv are configured to use for those it only names.
//!
//! Asking pip takes the better part of a second, so its answer is kept for an hour, under everything it can
//! depend on; addresses with credentials are never kept.

use std::{
    collections::HashMap,
    env,
    ffi::OsString,
    fs,
    path::{Path, PathBuf},
    time::UNIX_EPOCH,
};

use covouch_core::{digest::Sha256Stream, party::PartyName, shown::Shown, time::Timestamp};
use covouch_io::{
    index::{Freshness, Index},
    installer::{self, Invocation, Question, Wrapped},
    secrets::{Address, netrc::Netrc},
    state,
};
use covouch_policy::{IndexAddress, Policy, SourceKind};
use serde::{Deserialize, Serialize};

use crate::{failure::Failure, policies::Loaded, settings::Settings, terminal::Terminal};

/// Seconds for which an installer's answer is used without asking again.
const KEPT_SECONDS: i64 = 3_600;

/// The indexes the policies name, by those names.
#[derive(Default)]
pub(crate) struct Indexes {
    pub(crate) known: HashMap<PartyName, Index>,
    /// What the installers would use besides, and covouch does not: the policies do not name it.
    pub(crate) unused: Vec<String>,
}

/// Finds the address of every index that these policies name.
///
/// # Errors
/// When an index is only named and neither installer says where it is.
pub(crate) async fn resolve(
    policies: &[&Policy],
    settings: &Settings,
    wrapped: Wrapped,
    freshness: Freshness,
) -> Result<Indexes, Failure> {
    let mut indexes = Indexes::default();
    let mut pypi: Option<Address> = None;
    for source in policies.iter().flat_map(|policy| policy.sources()) {
        let SourceKind::Index(address) = &source.kind else { continue };
        let address = match address {
            IndexAddress::Url(url) => Address::new(url).map_err(|error| {
                Failure::new("index-address", format!("party `{}`: {error}", source.name))
            })?,
            IndexAddress::Named(_) => match &pypi {
                Some(address) => address.clone(),
                None => {
                    let (address, unused) = named(settings, wrapped, freshness).await?;
                    indexes.unused = unused;
                    pypi.insert(address).clone()
                }
            },
        };
        indexes
            .known
            .insert(source.name.clone(), Index::new(source.name.clone(), with_netrc(address, settings)));
    }
    Ok(indexes)
}

/// One index that somebody wrote on a command line: a URL, or a name of the policy that counts here.
pub(crate) fn resolve_one(written: &str, settings: &Settings, terminal: &Terminal) -> Result<Index, Failure> {
    if let Ok(address) = Address::parse(written) {
        let name = PartyName::parse("index").map_err(|error| Failure::new("internal", error.to_string()))?;
        return Ok(Index::new(name, with_netrc(address, settings)));
    }
    let loaded = Loaded::find(Path::new("."), settings, terminal)?;
    let policies = loaded.policies(terminal)?;
    let all: Vec<_> = policies.iter().collect();
    let mut indexes = settings.block_on(resolve(&all, settings, Wrapped::Other, Freshness::Recent))??;
    let named = PartyName::parse(written).ok().and_then(|name| indexes.known.remove(&name));
    named.ok_or_else(|| {
        Failure::usage(format!("`{written}` is neither an index of the policy nor the URL of one"))
    })
}

fn with_netrc(address: Address, settings: &Settings) -> Address {
    // A netrc that cannot be read gives no credentials; the index then says that some are needed.
    match Netrc::read(&|name| settings.environment(name)) {
        Ok(netrc) => address.or_netrc(&netrc),
        Err(_) => address,
    }
}

/// What an installer said, kept for the next run.
#[derive(Serialize, Deserialize)]
struct Kept {
    /// A digest of everything the answer can depend on.
    depends_on: String,
    asked: i64,
    address: String,
    unused: Vec<String>,
}

/// The address of the index named `pypi`, and what its installer would use besides.
async fn named(
    settings: &Settings,
    wrapped: Wrapped,
    freshness: Freshness,
) -> Result<(Address, Vec<String>), Failure> {
    let file = settings.state().root().join("installers.json");
    let depends_on = dependencies(wrapped);
    if let Some(kept) = kept(&file, &depends_on, settings, freshness) {
        return Ok(kept);
    }
    let (address, unused) = ask(settings, wrapped).await?;
    if address.credentials().is_none() {
        let kept = Kept {
            depends_on,
            asked: settings.now().unix(),
            address: address.url().to_string(),
            unused: unused.clone(),
        };
        // Not keeping it only means asking again.
        if let Ok(bytes) = serde_json::to_vec(&kept) {
            drop(state::write_atomically(&file, &bytes));
        }
    }
    Ok((address, unused))
}

fn kept(
    file: &Path,
    depends_on: &str,
    settings: &Settings,
    freshness: Freshness,
) -> Option<(Address, Vec<String>)> {
    let kept: Kept = serde_json::from_slice(&fs::read(file).ok()?).ok()?;
    let age = Timestamp::from_unix(kept.asked)?.until(settings.now()).seconds();
    let fresh = freshness == Freshness::Recent && age < KEPT_SECONDS && kept.depends_on == depends_on;
    // Without a network nothing new can be learned from the address, so the last one stands.
    let address = Address::parse(&kept.address).ok()?;
    (fresh || settings.network().is_offline()).then_some((address, kept.unused))
}

async fn ask(settings: &Settings, wrapped: Wrapped) -> Result<(Address, Vec<String>), Failure> {
    let question = Question {
        pip: Some(pip(settings)),
        uv: Some(Invocation::new("uv", Vec::<OsString>::new())),
        environment: env::vars_os().collect(),
        folder: settings.state().root().to_owned(),
    };
    let installers = installer::ask(&question).await;
    let address = installers.pypi(None, wrapped)?.value;
    let (extra, find_links) = match (wrapped, &installers.pip, &installers.uv) {
        (Wrapped::Uv, _, Ok(uv)) | (_, Err(_), Ok(uv)) => (&uv.extra_indexes[..], &uv.find_links[..]),
        (_, Ok(pip), _) => (&pip.extra_indexes[..], &pip.find_links[..]),
        (_, Err(_), Err(_)) => (&[][..], &[][..]),
    };
    let extra = extra.iter().map(|extra| format!("the extra index `{}` ({})", extra.value, extra.source));
    let find_links = find_links.iter().map(|place| format!("files in `{}`", Shown::new(place)));
    Ok((address, extra.chain(find_links).collect()))
}

/// pip as the shell finds it, else as a module of the Python the shell finds.
fn pip(settings: &Settings) -> Invocation {
    let path = settings.environment("PATH").unwrap_or_default();
    let on_path = |name: &str| env::split_paths(&path).any(|folder| folder.join(name).is_file());
    match ["pip", "pip3"].into_iter().find(|name| on_path(name)) {
        Some(name) => Invocation::new(name, Vec::<OsString>::new()),
        None => Invocation::new("python3", ["-m", "pip"]),
    }
}

/// A digest of what an installer's answer can depend on: its variables, and its configuration files.
fn dependencies(wrapped: Wrapped) -> String {
    let mut digest = Sha256Stream::default();
    let mut add = |text: &[u8]| {
        digest.update(&text.len().to_be_bytes());
        digest.update(text);
    };
    add(format!("{wrapped:?}").as_bytes());
    let mut variables: Vec<_> = env::vars_os()
        .filter(|(name, _)| {
            let name = name.as_encoded_bytes();
            [&b"PIP_"[..], b"UV_", b"XDG_", b"VIRTUAL_ENV", b"HOME", b"APPDATA", b"PATH"]
                .iter()
                .any(|prefix| name.starts_with(prefix))
        })
        .collect();
    variables.sort();
    for (name, value) in &variables {
        add(name.as_encoded_bytes());
        add(value.as_encoded_bytes());
    }
    for path in configuration_files() {
        let Ok(metadata) = fs::metadata(&path) else { continue };
        let modified = metadata.modified().ok().and_then(|time| time.duration_since(UNIX_EPOCH).ok());
        add(path.as_os_str().as_encoded_bytes());
        add(&metadata.len().to_be_bytes());
        add(&modified.unwrap_or_default().as_nanos().to_be_bytes());
    }
    digest.finish().to_string()
}

/// Where pip and uv look (pip, "Configuration files"; uv, "Configuration files").
fn configuration_files() -> Vec<PathBuf> {
    let variable = |name: &str| env::var_os(name).map(PathBuf::from);
    let mut files: Vec<PathBuf> =
        ["/etc/pip.conf", "/etc/xdg/pip/pip.conf", "/etc/uv/uv.toml"].map(PathBuf::from).into();
    let home = variable("HOME").or_else(|| variable("USERPROFILE")).unwrap_or_default();
    let config = variable("XDG_CONFIG_HOME").unwrap_or_else(|| home.join(".config"));
    files.extend([home.join(".pip/pip.conf"), config.join("pip/pip.conf"), config.join("uv/uv.toml")]);
    files.extend(variable("APPDATA").map(|folder| folder.join("pip/pip.ini")));
    files.extend(variable("VIRTUAL_ENV").map(|folder| folder.join("pip.conf")));
    files.extend(["PIP_CONFIG_FILE", "UV_CONFIG_FILE"].into_iter().filter_map(variable));
    files
}
