//! What every signing command does: gather the files, show what is about to be signed, ask, append.

use std::path::Path;

use covouch_core::{
    digest::Sha256,
    level::Level,
    name::ProjectName,
    statement::{Claim, Files, Statement, Verified},
    subject::FileName,
    time::Validity,
    version::Version,
};
use covouch_io::{archive, folder};
use covouch_python::filename::DistFilename;

use crate::{
    args::{Signing, Subjects},
    exit::Exit,
    failure::Failure,
    indexes, keys,
    release::{self, Listed},
    settings::Settings,
    terminal::{FAINT, Terminal, UNSURE, paint},
};

/// The files a statement will list, every one of them hashed from bytes that were in front of us.
pub(super) struct Gathered {
    pub(super) files: Files,
    sizes: Vec<u64>,
    uncovered: Uncovered,
}

/// Which files of the release the statement will not be about.
enum Uncovered {
    Named(Vec<FileName>),
    /// Only files on disk were given, so nobody was asked what else there is.
    NotAsked,
}

struct Hashed {
    filename: FileName,
    sha256: Sha256,
    size: u64,
}

/// Finds, downloads or opens, and hashes the files somebody named.
pub(super) fn gather(
    subjects: &Subjects,
    settings: &Settings,
    terminal: &Terminal,
) -> Result<Gathered, Failure> {
    let (on_disk, named): (Vec<&String>, Vec<&String>) =
        subjects.file.iter().partition(|file| Path::new(file).is_file());
    let mut hashed = on_disk.iter().map(|path| hash_file(Path::new(path))).collect::<Result<Vec<_>, _>>()?;
    let Some(release) = &subjects.release else {
        if let Some(name) = named.first() {
            return Err(Failure::new("file-unreadable", format!("there is no file `{name}`"))
                .hinting("name the release too, as in `requests==2.32.3`, to take the file from an index"));
        }
        let (project, version) = release_of(&hashed)?;
        return finish(project, version, hashed, Uncovered::NotAsked);
    };
    let (project, version) = release::parse(release)?;
    if named.is_empty() && !on_disk.is_empty() && settings.network().is_offline() {
        return finish(project, version, hashed, Uncovered::NotAsked);
    }
    let whole_release = named.is_empty() && on_disk.is_empty();
    let index = indexes::resolve_one(&subjects.index, settings, terminal)?;
    let uncovered = settings.block_on(async {
        let listed = release::list(index, &project, &version, settings).await?;
        let names = |name: &String| listed.files.iter().any(|file| file.filename.as_str() == name);
        if let Some(missing) = named.iter().find(|name| !names(name)) {
            return Err(Failure::new(
                "not-found",
                format!("`{missing}` is neither on disk nor a file of {project} {version}"),
            ));
        }
        let wanted =
            |file: &Listed| whole_release || named.iter().any(|name| *name == file.filename.as_str());
        for file in listed.download(wanted, settings, terminal).await? {
            hashed.push(Hashed { filename: file.filename, sha256: file.sha256, size: file.size });
        }
        let covered = |file: &Listed| hashed.iter().any(|hashed| hashed.filename == file.filename);
        let rest = listed.files.into_iter().filter(|file| !covered(file)).map(|file| file.filename);
        Ok(Uncovered::Named(rest.collect()))
    })??;
    finish(project, version, hashed, uncovered)
}

fn hash_file(path: &Path) -> Result<Hashed, Failure> {
    let local = archive::read_local(path)?;
    Ok(Hashed { filename: local.filename, sha256: local.sha256, size: local.length })
}

/// The one release that files on disk belong to, by their names.
fn release_of(files: &[Hashed]) -> Result<(ProjectName, Version), Failure> {
    let mut releases = files.iter().map(|file| {
        let dist = DistFilename::parse(&file.filename, None)
            .map_err(|error| Failure::usage(format!("`{}`: {error}", file.filename)))?;
        match (dist.project(), dist.version()) {
            (Some(project), Some(version)) => Ok((project.clone(), version.clone())),
            _ => Err(Failure::usage(format!("`{}` is neither a wheel nor an sdist", file.filename))),
        }
    });
    let first =
        releases.next().unwrap_or_else(|| Err(Failure::new("nothing-to-sign", "no file was named")))?;
    for other in releases {
        if other? != first {
            return Err(Failure::usage("a statement is about the files of one release"));
        }
    }
    Ok(first)
}

fn finish(
    project: ProjectName,
    version: Version,
    hashed: Vec<Hashed>,
    uncovered: Uncovered,
) -> Result<Gathered, Failure> {
    let mut hashed = hashed;
    hashed.sort_by(|left, right| left.filename.cmp(&right.filename));
    for file in &hashed {
        let fits = DistFilename::parse(&file.filename, Some(&project))
            .is_ok_and(|dist| dist.project() == Some(&project) && dist.version() == Some(&version));
        if !fits {
            return Err(Failure::usage(format!("`{}` is not a file of {project} {version}", file.filename)));
        }
    }
    let sizes = hashed.iter().map(|file| file.size).collect();
    let files = Files::new(project, version, hashed.into_iter().map(|file| (file.filename, file.sha256)))
        .map_err(|error| Failure::new("nothing-to-sign", error.to_string()))?;
    Ok(Gathered { files, sizes, uncovered })
}

/// From now until then.
pub(super) fn validity(settings: &Settings, expires: &str) -> Result<Validity, Failure> {
    let until = settings.moment(expires)?;
    Validity::new(settings.now(), until)
        .ok_or_else(|| Failure::usage(format!("`{expires}` is not in the future")))
}

/// Shows what is about to be signed, and what it leaves out.
pub(super) fn show(gathered: &Gathered, claim: &Claim, terminal: &Terminal) {
    let files = &gathered.files;
    let level = match claim {
        Claim::Vouch(vouch) => format!(" at level `{}`", Level::from(vouch.level)),
        Claim::Ballot(ballot) => format!(" to `{}`", ballot.choice.as_str()),
        _ => String::new(),
    };
    let until =
        claim.validity().map(|validity| format!(", until {}", validity.not_after())).unwrap_or_default();
    terminal.note(format_args!(
        "a {}{level} for {} {}{until}:",
        claim.kind(),
        files.project(),
        files.version()
    ));
    for ((filename, sha256), size) in files.iter().iter().zip(&gathered.sizes) {
        terminal.note(format_args!("  {filename}  {}", paint(FAINT, format_args!("{sha256}  {size} bytes"))));
    }
    match &gathered.uncovered {
        Uncovered::NotAsked => {
            terminal.note(paint(
                FAINT,
                "  other files of the release are not covered; no index was asked for them",
            ));
        }
        Uncovered::Named(names) if names.is_empty() => {}
        Uncovered::Named(names) => {
            terminal.note(format_args!("{} of the same release:", paint(UNSURE, "not covered")));
            for name in names {
                terminal.note(format_args!("  {name}"));
            }
        }
    }
}

/// Asks whether to sign what was shown.
pub(super) fn confirm(signing: &Signing, terminal: &Terminal) -> Result<(), Failure> {
    if !signing.yes {
        if !terminal.interactive() {
            return Err(Failure::new("not-confirmed", "nobody is there to confirm")
                .hinting("say `--yes` to sign without asking"));
        }
        if !terminal.confirm("sign this?") {
            return Err(Failure::new("not-confirmed", "nothing was signed"));
        }
    }
    Ok(())
}

/// Asks, signs, appends and says which statement it became.
pub(super) fn conclude(
    claim: Claim,
    signing: &Signing,
    settings: &Settings,
    terminal: &Terminal,
) -> Result<Exit, Failure> {
    let statement = append(claim, signing, settings, terminal)?;
    terminal.answer(format_args!("signed {}", statement.id()));
    Ok(Exit::Admitted)
}

/// Asks, signs and appends.
pub(super) fn append(
    claim: Claim,
    signing: &Signing,
    settings: &Settings,
    terminal: &Terminal,
) -> Result<Verified<Statement>, Failure> {
    confirm(signing, terminal)?;
    let signer = keys::signer(settings, terminal, signing.into())?;
    // The moment that was shown is the moment that is signed, however long the passphrase took.
    let issued = claim.validity().map_or_else(|| settings.now(), |validity| validity.not_before());
    let statement =
        folder::append(&signing.to, signer.as_ref(), issued, |link| Statement { link, issued, claim })?;
    Ok(statement)
}
