//! `covouch lock-identities`: writes into a `pylock.toml` who published its files, as far as the index can prove it.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::Path,
    sync::Arc,
};

use covouch_core::{name::ProjectName, publisher::Publisher, shown::Shown, version::Version};
use covouch_io::{
    index::{FetchedPage, Freshness, Index, PageAnswer, PageFetcher},
    network::Reach,
    provenance::{self, ProvenanceAnswer, ProvenanceFetcher},
    state,
};
use covouch_python::{
    attestation::DistributionFile,
    lock::{AttestationIdentity, LockKind, Locked, LockedRelease},
};
use futures_util::{StreamExt as _, stream};
use toml_edit::{ArrayOfTables, DocumentMut, Item, Table, value};
use url::Url;

use super::attestation;
use crate::{
    args::attestation::LockIdentities,
    exit::Exit,
    failure::Failure,
    indexes, lockfile,
    settings::Settings,
    terminal::{FAINT, Terminal, counted, paint},
};

/// Files whose provenance is asked for at the same time.
const PARALLEL: usize = 16;

/// The key of PEP 751.
const KEY: &str = "attestation-identities";

/// A publisher as an index and a lock write it: `kind` first, then the fields of that kind.
type Identity = Vec<(&'static str, String)>;

/// A release, as both readers of the lock name it.
type Release = (ProjectName, Version);

/// Who published the files of a release.
#[derive(Default)]
struct Published {
    identities: BTreeSet<Identity>,
    publishers: BTreeSet<Publisher>,
    /// How many files.
    files: usize,
}

/// A file of the lock for which the index names a provenance.
struct Offered {
    release: Release,
    file: DistributionFile,
    address: Url,
    reach: Reach,
}

pub(super) fn run(
    arguments: &LockIdentities,
    settings: &Settings,
    terminal: &Terminal,
) -> Result<Exit, Failure> {
    let path = &arguments.lock;
    if LockKind::of(&path.to_string_lossy()) != Some(LockKind::Pylock) {
        let hint = "`uv export --format pylock.toml` and `pip lock` write one";
        return Err(Failure::usage(format!("`{}` is no `pylock.toml`", path.display())).hinting(hint));
    }
    let locked = lockfile::read(path)?;
    let text = read(path)?;
    let root = Arc::new(attestation::root(&arguments.root, settings)?);
    let index = indexes::resolve_one(&arguments.index, settings, terminal)?;
    let provenance = ProvenanceFetcher::new(settings.network().clone(), settings.state(), root);
    let offered = settings.block_on(look_up(&locked, &index, settings, terminal))??;
    let published = settings.block_on(prove(offered, &index, &provenance, terminal))??;
    let written = rewrite(&text, path, &published)?;
    if read(path)? != text {
        let message = format!("`{}` changed while the index was asked; it was left as it is", path.display());
        return Err(Failure::new("lock-changed-meanwhile", message).hinting("run the command again"));
    }
    if written != text {
        state::write_project_file(path, written.as_bytes())?;
    }
    report(&locked, &published, path, terminal);
    Ok(Exit::Admitted)
}

fn read(path: &Path) -> Result<String, Failure> {
    fs::read_to_string(path)
        .map_err(|error| Failure::new("file-unreadable", format!("`{}`: {error}", path.display())))
}

/// The files of the lock for which the index names a provenance. The lock's own address of an index is not asked:
/// whoever writes the lock would choose who is believed.
async fn look_up(
    locked: &Locked,
    index: &Index,
    settings: &Settings,
    terminal: &Terminal,
) -> Result<Vec<Offered>, Failure> {
    let projects: BTreeSet<&ProjectName> = locked.releases.iter().map(|release| &release.project).collect();
    let questions: Vec<_> = projects.into_iter().map(|project| (index.clone(), project.clone())).collect();
    let fetcher = PageFetcher::new(settings.network().clone(), settings.state().clone(), settings.clock());
    let progress = terminal.progress(u64::try_from(questions.len()).unwrap_or_default(), "pages");
    let answers = fetcher.fetch_all(&questions, Freshness::Recent, |_| progress.inc(1)).await;
    progress.finish_and_clear();
    let mut offered = Vec::new();
    for ((_, project), answer) in questions.iter().zip(answers) {
        let page = match answer {
            PageAnswer::Page(page) => page,
            PageAnswer::Absent => continue,
            PageAnswer::Unreachable(error) => return Err(error.into()),
            PageAnswer::Wrong(error) => return Err(error.into()),
        };
        for release in locked.releases.iter().filter(|release| release.project == *project) {
            offered.extend(offers(release, index, &page));
        }
    }
    Ok(offered)
}

fn offers(release: &LockedRelease, index: &Index, page: &FetchedPage) -> Vec<Offered> {
    let wanted: BTreeSet<_> = release.files.iter().map(|file| file.sha256).collect();
    let listed = page.page.files().iter();
    listed
        .filter_map(|file| {
            let sha256 = file.sha256().filter(|sha256| wanted.contains(sha256))?;
            Some(Offered {
                release: (release.project.clone(), release.version.clone()),
                file: DistributionFile { name: file.filename().clone(), sha256 },
                address: provenance::address(index, &release.project, file)?,
                reach: page.reach,
            })
        })
        .collect()
}

/// Verifies what the index offers. One file whose provenance does not hold, or could not be had, ends it all: a lock
/// that names some of the publishers looks like one that names them all.
async fn prove(
    offered: Vec<Offered>,
    index: &Index,
    fetcher: &ProvenanceFetcher,
    terminal: &Terminal,
) -> Result<BTreeMap<Release, Published>, Failure> {
    let progress = terminal.progress(u64::try_from(offered.len()).unwrap_or_default(), "attestations");
    let mut answers = stream::iter(offered)
        .map(async |offer| {
            let answer = fetcher.fetch(index, &offer.file, &offer.address, offer.reach).await;
            (offer, answer)
        })
        .buffer_unordered(PARALLEL);
    let mut published: BTreeMap<Release, Published> = BTreeMap::new();
    while let Some((offer, answer)) = answers.next().await {
        progress.inc(1);
        let proofs = match answer {
            ProvenanceAnswer::Proven(proofs) => proofs,
            ProvenanceAnswer::Absent | ProvenanceAnswer::NotServed => continue,
            ProvenanceAnswer::Unreachable(error) => return Err(error.into()),
            ProvenanceAnswer::Refused(error) => {
                return Err(Failure::from(error).about(&offer.file.name).exiting(Exit::Refused));
            }
        };
        let entry = published.entry(offer.release).or_default();
        entry.files += 1;
        entry.publishers.extend(proofs.iter().map(|proof| proof.publisher().clone()));
        let stated = proofs.iter().filter_map(|proof| proof.stated());
        entry.identities.extend(stated.map(|stated| {
            stated.fields().map(|(field, text)| (field, text.to_owned())).collect::<Identity>()
        }));
    }
    progress.finish_and_clear();
    Ok(published)
}

/// The lock with the identities of each package as they were proven; everything else stays as it is written.
fn rewrite(text: &str, path: &Path, published: &BTreeMap<Release, Published>) -> Result<String, Failure> {
    let wrong = |reason: String| {
        Failure::new("file-unreadable", format!("`{}`: {}", path.display(), Shown::new(&reason)))
    };
    let mut document: DocumentMut =
        text.parse().map_err(|error: toml_edit::TomlError| wrong(error.to_string()))?;
    let Some(packages) = document.get_mut("packages") else { return Ok(text.to_owned()) };
    let packages = packages
        .as_array_of_tables_mut()
        .ok_or_else(|| wrong("its packages are not written as `[[packages]]`".into()))?;
    for package in packages.iter_mut() {
        let identities = release_of(package).and_then(|release| published.get(&release));
        match identities.filter(|published| !published.identities.is_empty()) {
            Some(published) => drop(package.insert(KEY, tables(&published.identities))),
            None => drop(package.remove(KEY)),
        }
    }
    Ok(document.to_string())
}

fn release_of(package: &Table) -> Option<Release> {
    let text = |key: &str| package.get(key).and_then(Item::as_str);
    Some((ProjectName::parse(text("name")?).ok()?, Version::parse(text("version")?).ok()?))
}

fn tables(identities: &BTreeSet<Identity>) -> Item {
    let mut tables = ArrayOfTables::new();
    for identity in identities {
        tables.push(identity.iter().map(|(field, text)| (*field, value(text))).collect());
    }
    Item::ArrayOfTables(tables)
}

fn report(locked: &Locked, published: &BTreeMap<Release, Published>, path: &Path, terminal: &Terminal) {
    let mut named = 0;
    for release in &locked.releases {
        let found = published.get(&(release.project.clone(), release.version.clone()));
        let identities = found.map(|found| &found.identities);
        if let Some(found) = found {
            named += 1;
            let publishers: Vec<_> = found.publishers.iter().map(ToString::to_string).collect();
            terminal.answer(format_args!(
                "{} {}  {}",
                release.project,
                release.version,
                paint(FAINT, publishers.join(", "))
            ));
            warn_of_unattested(release, found.files, terminal);
        }
        if !release.identities.is_empty() && !is_same(&release.identities, identities) {
            terminal
                .warn(format_args!("{}: `{}` named other publishers before", release.place, release.project));
        }
    }
    terminal.answer(format_args!(
        "{named} of {} with publishers named in {}",
        counted(locked.releases.len(), "package"),
        path.display()
    ));
}

/// Names in a lock cover all files of a release: one that nobody attests is none of theirs.
fn warn_of_unattested(release: &LockedRelease, attested: usize, terminal: &Terminal) {
    let all = release.files.len();
    let unattested = all.saturating_sub(attested);
    if unattested > 0 {
        terminal.warn(format_args!(
            "{}: nobody attests {unattested} of the {all} files of `{}`, and `covouch check` will refuse them",
            release.place, release.project
        ));
    }
}

/// Whether a lock named these publishers already.
fn is_same(before: &[AttestationIdentity], now: Option<&BTreeSet<Identity>>) -> bool {
    let before: BTreeSet<BTreeMap<&str, &str>> = before
        .iter()
        .map(|identity| {
            let fields = identity.fields.iter().map(|(field, text)| (field.as_str(), text.as_str()));
            [("kind", identity.kind.as_str())].into_iter().chain(fields).collect()
        })
        .collect();
    let now: BTreeSet<BTreeMap<&str, &str>> = now
        .into_iter()
        .flatten()
        .map(|identity| identity.iter().map(|(field, text)| (*field, text.as_str())).collect())
        .collect();
    before == now
}

#[cfg(test)]
mod tests {
    use super::*;

    const LOCK: &str = "\
# made by hand
lock-version = \"1.0\"

[[packages]]
name = \"Demo\" # as people write it
version = \"1.0\"
[[packages.wheels]]
name = \"demo-1.0-py3-none-any.whl\"

[[packages]]
name = \"other\"
version = \"2.0\"
attestation-identities = [{ kind = \"Google\", email = \"old@project.example\" }]

[tool.mine]
keep = true
";

    fn published(identities: &[&[(&'static str, &str)]]) -> BTreeMap<Release, Published> {
        let release = (ProjectName::parse("demo").unwrap(), Version::parse("1.0").unwrap());
        let own = |identity: &&[(&'static str, &str)]| {
            identity.iter().map(|(field, text)| (*field, (*text).to_owned())).collect()
        };
        let identities = identities.iter().map(own).collect();
        BTreeMap::from([(release, Published { identities, ..Published::default() })])
    }

    #[test]
    fn identities_are_written_beside_what_was_there() {
        let github = [("kind", "GitHub"), ("repository", "org/demo"), ("workflow", "a \"quoted\".yml")];
        let written = rewrite(LOCK, Path::new("pylock.toml"), &published(&[&github])).unwrap();
        let expected = "\
# made by hand
lock-version = \"1.0\"

[[packages]]
name = \"Demo\" # as people write it
version = \"1.0\"
[[packages.wheels]]
name = \"demo-1.0-py3-none-any.whl\"

[[packages.attestation-identities]]
kind = \"GitHub\"
repository = \"org/demo\"
workflow = 'a \"quoted\".yml'

[[packages]]
name = \"other\"
version = \"2.0\"

[tool.mine]
keep = true
";
        assert_eq!(written, expected);
        let again = rewrite(&written, Path::new("pylock.toml"), &published(&[&github])).unwrap();
        assert_eq!(again, expected, "writing twice changes nothing");
    }

    #[test]
    fn a_lock_without_packages_stays_as_it_is() {
        let text = "lock-version = \"1.0\"\n";
        assert_eq!(rewrite(text, Path::new("pylock.toml"), &BTreeMap::new()).unwrap(), text);
        let inline = "lock-version = \"1.0\"\npackages = [{ name = \"demo\", version = \"1.0\" }]\n";
        assert!(rewrite(inline, Path::new("pylock.toml"), &BTreeMap::new()).is_err());
    }

    #[test]
    fn identities_are_compared_whatever_the_order_of_their_fields() {
        let fields = [("workflow", "r.yml"), ("repository", "org/demo")];
        let before = [AttestationIdentity {
            kind: "GitHub".into(),
            fields: fields.map(|(field, text)| (field.into(), text.into())).into(),
        }];
        let now = |repository| {
            published(&[&[("kind", "GitHub"), ("repository", repository), ("workflow", "r.yml")]])
        };
        let same = |repository| {
            let now = now(repository);
            is_same(&before, now.values().next().map(|published| &published.identities))
        };
        assert!(same("org/demo") && !same("org/other") && !is_same(&before, None));
    }
}
