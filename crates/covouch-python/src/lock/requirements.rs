//! Reads requirements files, as pip does (pip documentation, "Requirements File Format").
//!
//! # Invariants
//! - Where installers differ, or complete what was written, the file is an error or a problem, never a guess: line
//!   ends that only Python knows, abbreviated options, variables of the environment.
//! - A digest other than a SHA-256 is a problem even beside a SHA-256: any one of the digests lets a file in.
//!
//! # Not here
//! Environment markers are not evaluated: whatever any machine would install is listed.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use covouch_core::{digest::Sha256, name::ProjectName, subject::FileName, version::Version};
use url::Url;

use super::{
    Include, LockError, Locked, Place, ProblemKind,
    build::{Builder, FileEntry, Package, unreadable},
};
use crate::{address, filename::DistFilename, limits, shown::Shown};

mod lines;
mod options;
mod requirement;

use options::Setting;
use requirement::Requirement;

/// Reads the file and what it includes.
pub(super) fn read(name: &str, bytes: &[u8], include: &Include<'_>) -> Result<Locked, LockError> {
    let mut reader = Reader {
        include,
        builder: Builder::default(),
        wanted: Vec::new(),
        pins: BTreeMap::new(),
        open: Vec::new(),
        included: 0,
        bytes: 0,
    };
    reader.file(name, bytes, Role::Requirements)?;
    let pins = reader.pins.values().map(Vec::len).max().unwrap_or(0);
    if reader.wanted.len() > limits::LOCK_ENTRIES || pins > limits::PINS {
        return Err(LockError::TooLarge { name: Shown::new(name) });
    }
    Ok(reader.finish())
}

/// What a file's lines are.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Role {
    /// What is to be installed.
    Requirements,
    /// Which version, should something ask for the project.
    Constraints,
}

/// A project that is asked for.
struct Wanted {
    project: ProjectName,
    version: Option<Version>,
    place: Place,
    text: Shown,
    hashes: Vec<Sha256>,
    /// Whether digests stood there and a problem says why they do not count.
    is_explained: bool,
}

impl Wanted {
    fn new(place: &Place, text: &str, project: ProjectName, is_explained: bool) -> Self {
        Self {
            project,
            version: None,
            place: place.clone(),
            text: Shown::new(text),
            hashes: Vec::new(),
            is_explained,
        }
    }
}

/// A version that a constraint pins.
struct Pin {
    version: Version,
    hashes: Vec<Sha256>,
}

struct Reader<'a> {
    include: &'a Include<'a>,
    builder: Builder,
    wanted: Vec<Wanted>,
    pins: BTreeMap<ProjectName, Vec<Pin>>,
    /// The files that are being read, each included by the one before.
    open: Vec<String>,
    included: usize,
    bytes: usize,
}

impl Reader<'_> {
    fn file(&mut self, path: &str, bytes: &[u8], role: Role) -> Result<(), LockError> {
        self.bytes = self.bytes.saturating_add(bytes.len());
        if self.bytes > limits::LOCK_BYTES {
            return Err(LockError::TooLarge { name: Shown::new(path) });
        }
        self.open.push(path.to_owned());
        let name: Arc<str> = path.into();
        for line in lines::split(&name, bytes)? {
            self.line(&line.place, &line.text, role)?;
        }
        self.open.pop();
        Ok(())
    }

    fn line(&mut self, place: &Place, text: &str, role: Role) -> Result<(), LockError> {
        if let Some(variable) = variable(text) {
            self.builder.problem(place, None, ProblemKind::Environment { variable: Shown::new(variable) });
        }
        let Some((requirement, settings)) = options::split(text) else {
            self.builder.problem(place, None, unreadable(text, "its quotes do not pair"));
            return Ok(());
        };
        let mut hashes = Vec::new();
        for setting in settings {
            match setting {
                Setting::Include(path) => self.include(place, &path, role)?,
                Setting::Constraint(path) => self.include(place, &path, Role::Constraints)?,
                Setting::Hash(hash) => hashes.push(hash),
                other => self.setting(place, other),
            }
        }
        if requirement.is_empty() {
            // pip takes digests without a requirement for an error.
            for hash in hashes {
                self.builder.problem(place, None, unreadable(&hash, "a digest belongs to a requirement"));
            }
            return Ok(());
        }
        match requirement::parse(requirement) {
            Ok(parsed) => self.requirement(place, requirement, parsed, (hashes, role)),
            Err(reason) => self.builder.problem(place, None, unreadable(requirement, &reason)),
        }
        Ok(())
    }

    fn setting(&mut self, place: &Place, setting: Setting) {
        let kind = match setting {
            Setting::Index(option, address) => {
                ProblemKind::Index { option, address: Some(Shown::new(&address)) }
            }
            Setting::NoIndex => ProblemKind::Index { option: "--no-index", address: None },
            Setting::FindLinks(address) => ProblemKind::FindLinks { address: Shown::new(&address) },
            Setting::TrustedHost(host) => ProblemKind::TrustedHost { host: Shown::new(&host) },
            Setting::Editable(path) => match requirement::parse(&path) {
                Ok(Requirement::Vcs(_, address)) => ProblemKind::Vcs { address: Shown::new(address) },
                _ => ProblemKind::Local { path: Shown::new(&path) },
            },
            Setting::Unknown(option) => ProblemKind::Option { option },
            // Handled where the line is.
            Setting::Include(_) | Setting::Constraint(_) | Setting::Hash(_) => return,
        };
        self.builder.problem(place, None, kind);
    }

    fn include(&mut self, place: &Place, path: &str, role: Role) -> Result<(), LockError> {
        if path.contains("://") || path.to_ascii_lowercase().starts_with("file:") {
            self.builder.problem(place, None, ProblemKind::RemoteInclude { address: Shown::new(path) });
            return Ok(());
        }
        let path = beside(&place.file, path);
        self.included += 1;
        let shown = Shown::new(&path);
        if self.open.contains(&path)
            || self.open.len() >= limits::INCLUDE_DEPTH
            || self.included > limits::INCLUDES
        {
            return Err(LockError::IncludeWithoutEnd { place: place.clone(), path: shown });
        }
        let bytes = (self.include)(&path).map_err(|reason| LockError::Include {
            place: place.clone(),
            path: shown,
            reason,
        })?;
        self.file(&path, &bytes, role)
    }

    fn requirement(
        &mut self,
        place: &Place,
        text: &str,
        parsed: Requirement<'_>,
        given: (Vec<String>, Role),
    ) {
        let (hashes, role) = given;
        let (project, kind) = match parsed {
            Requirement::Pinned(project, version) => {
                let read = self.hashes(place, &project, &hashes);
                return match role {
                    Role::Requirements => {
                        let wanted = Wanted::new(place, text, project, hashes.len() > read.len());
                        self.wanted.push(Wanted { version: Some(version), hashes: read, ..wanted });
                    }
                    Role::Constraints => {
                        self.pins.entry(project).or_default().push(Pin { version, hashes: read })
                    }
                };
            }
            Requirement::Unpinned(project) => {
                let read = self.hashes(place, &project, &hashes);
                // A constraint that leaves the version open pins nothing and adds nothing.
                if role == Role::Requirements {
                    let wanted = Wanted::new(place, text, project, hashes.len() > read.len());
                    self.wanted.push(Wanted { hashes: read, ..wanted });
                }
                return;
            }
            // off-spec: a constraint of this kind adds its file. More is judged than may be installed, never less.
            Requirement::Direct(project, address) => return self.direct(place, project, address, hashes),
            Requirement::Vcs(project, address) => {
                (project, ProblemKind::Vcs { address: Shown::new(address) })
            }
            Requirement::Local(project, path) => (project, ProblemKind::Local { path: Shown::new(path) }),
        };
        self.builder.problem(place, project.as_ref(), kind);
    }

    fn hashes(&mut self, place: &Place, project: &ProjectName, hashes: &[String]) -> Vec<Sha256> {
        let mut read = Vec::new();
        for hash in hashes {
            match hash.split_once(':') {
                Some(("sha256", digest)) => match Sha256::parse(digest) {
                    Ok(sha256) => read.push(sha256),
                    Err(error) => {
                        self.builder.problem(place, Some(project), unreadable(hash, &error.to_string()))
                    }
                },
                Some((algorithm, _)) => {
                    let kind = ProblemKind::OtherHash { algorithm: Shown::new(algorithm) };
                    self.builder.problem(place, Some(project), kind);
                }
                None => self.builder.problem(
                    place,
                    Some(project),
                    unreadable(hash, "a digest is written `algorithm:digits`"),
                ),
            }
        }
        read
    }

    /// A file at an address, with digests beside it or behind its `#`.
    fn direct(
        &mut self,
        place: &Place,
        project: Option<ProjectName>,
        address: &str,
        mut hashes: Vec<String>,
    ) {
        let fragment = address.split_once('#').map_or("", |(_, fragment)| fragment);
        hashes.extend(
            fragment
                .split('&')
                .filter_map(|part| part.strip_prefix("sha256="))
                .map(|hex| format!("sha256:{hex}")),
        );
        let shown = Shown::new(address);
        if hashes.is_empty() {
            return self.builder.problem(
                place,
                project.as_ref(),
                ProblemKind::UrlWithoutHash { address: shown },
            );
        }
        let Some((filename, dist)) = file_at(address, project.as_ref()) else {
            return self.builder.problem(
                place,
                project.as_ref(),
                ProblemKind::UrlWithoutRelease { address: shown },
            );
        };
        let (Some(project), Some(version)) = (dist.project(), dist.version()) else {
            return self.builder.problem(
                place,
                project.as_ref(),
                ProblemKind::UrlWithoutRelease { address: shown },
            );
        };
        let mut package = Package::new(place.clone(), project.clone(), Some(version.clone()));
        for hash in &hashes {
            let name = Some(filename.as_str());
            let entry = FileEntry { name, url: Some(address), hash: Some(hash), ..FileEntry::default() };
            self.builder.file(&mut package, entry);
        }
        self.builder.finish(package);
    }

    fn finish(mut self) -> Locked {
        let mut done = BTreeSet::new();
        for wanted in std::mem::take(&mut self.wanted) {
            let pins = self.pins.get(&wanted.project).map(Vec::as_slice).unwrap_or_default();
            if wanted.version.is_none() && pins.is_empty() {
                let kind = ProblemKind::Unpinned { requirement: wanted.text };
                self.builder.problem(&wanted.place, Some(&wanted.project), kind);
                continue;
            }
            // Asked for again with nothing new: without this, lines times pins is the work.
            if wanted.hashes.is_empty() && !done.insert((wanted.project.clone(), wanted.version.clone())) {
                continue;
            }
            let Some(version) = &wanted.version else {
                // Several pins stand under different markers; any of them may be the one.
                for pin in pins {
                    let hashes = wanted.hashes.iter().chain(&pin.hashes).copied().collect();
                    release(&mut self.builder, &wanted, &pin.version, hashes);
                }
                continue;
            };
            let pinned = pins.iter().filter(|pin| pin.version == *version).flat_map(|pin| &pin.hashes);
            let hashes =
                if wanted.hashes.is_empty() { pinned.copied().collect() } else { wanted.hashes.clone() };
            release(&mut self.builder, &wanted, version, hashes);
        }
        self.builder.done()
    }
}

fn release(builder: &mut Builder, wanted: &Wanted, version: &Version, hashes: Vec<Sha256>) {
    let mut package = Package::new(wanted.place.clone(), wanted.project.clone(), Some(version.clone()));
    package.is_explained = wanted.is_explained;
    hashes.into_iter().for_each(|sha256| package.nameless(sha256));
    builder.finish(package);
}

/// The name of the file at an address, when it is that of a distribution file.
fn file_at(address: &str, project: Option<&ProjectName>) -> Option<(FileName, DistFilename)> {
    let filename = address::filename(&Url::parse(address).ok()?).ok()?;
    let dist = DistFilename::parse(&filename, project).ok()?;
    Some((filename, dist))
}

/// A variable of the environment that pip replaces: `${NAME}`, in capitals.
fn variable(text: &str) -> Option<&str> {
    text.match_indices("${").find_map(|(at, _)| {
        let (name, _) = text.get(at + 2..)?.split_once('}')?;
        let is_name = !name.is_empty()
            && name.bytes().all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit() || byte == b'_');
        is_name.then(|| text.get(at..at + 3 + name.len())).flatten()
    })
}

/// A path relative to the folder of another, in its one spelling.
fn beside(file: &str, path: &str) -> String {
    let folder = file.rsplit_once('/').map_or("", |(folder, _)| folder);
    let is_absolute = path.starts_with('/') || (folder.is_empty() && file.starts_with('/'));
    let from = if path.starts_with('/') { "" } else { folder };
    let mut parts: Vec<&str> = Vec::new();
    for part in from.split('/').chain(path.split('/')) {
        match part {
            "" | "." => {}
            ".." if parts.last().is_some_and(|last| *last != "..") => {
                parts.pop();
            }
            other => parts.push(other),
        }
    }
    let root = if is_absolute || from.starts_with('/') { "/" } else { "" };
    format!("{root}{}", parts.join("/"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lock::IncludeError;

    const A: &str = "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";
    const B: &str = "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb";

    fn read_with(text: &str, files: &[(&str, &str)]) -> Result<Locked, LockError> {
        let include = |path: &str| {
            let file = files.iter().find(|(name, _)| *name == path);
            file.map(|(_, text)| text.as_bytes().to_vec())
                .ok_or_else(|| IncludeError("it is not there".into()))
        };
        read("reqs/base.txt", text.as_bytes(), &include)
    }

    fn codes(text: &str) -> Vec<String> {
        let locked = read_with(text, &[]).unwrap();
        locked.problems.iter().map(|problem| problem.code().to_string()).collect()
    }

    fn releases(locked: &Locked) -> Vec<String> {
        let one = |release: &super::super::LockedRelease| {
            let digests: Vec<String> =
                release.files.iter().map(|file| file.sha256.to_string()[..1].to_owned()).collect();
            format!("{}=={} {}", release.project, release.version, digests.concat())
        };
        locked.releases.iter().map(one).collect()
    }

    #[test]
    fn a_hashed_pin_is_proven() {
        let locked = read_with(&format!("a==1 \\\n --hash=sha256:{A} --hash=sha256:{B}\n"), &[]).unwrap();
        assert_eq!((releases(&locked), locked.problems.len()), (vec!["a==1 ab".to_owned()], 0));
        assert_eq!(locked.releases[0].place.to_string(), "reqs/base.txt:1");
        let direct = read_with(&format!("https://f.example/a-1.tar.gz#sha256={A}"), &[]).unwrap();
        assert_eq!((releases(&direct), direct.problems.len()), (vec!["a==1 a".to_owned()], 0));
        assert_eq!(direct.releases[0].files[0].filename.as_ref().unwrap().as_str(), "a-1.tar.gz");
    }

    #[test]
    fn what_is_not_proven_is_a_problem() {
        let cases = [
            ("a==1".to_owned(), "lock-no-hash"),
            (format!("a==1 --hash=md5:{A}"), "lock-other-hash"),
            (format!("a==1 --hash=sha256:{A} --hash=sha512:{A}"), "lock-other-hash"),
            ("a>=1".to_owned(), "lock-unpinned"),
            ("a @ https://f.example/a-1.tar.gz".to_owned(), "lock-url"),
            (format!("a @ https://f.example/main.zip#sha256={A}"), "lock-url"),
            (format!("a @ https://f.example/b-1.tar.gz --hash=sha256:{A}"), "lock-url"),
            ("git+https://h.example/a".to_owned(), "lock-vcs"),
            ("-e git+https://h.example/a#egg=a".to_owned(), "lock-vcs"),
            ("-e .".to_owned(), "lock-local"),
            ("./a-1.whl".to_owned(), "lock-local"),
            ("--index-url https://i.example".to_owned(), "lock-index"),
            ("--extra-index-url=https://i.example".to_owned(), "lock-index"),
            ("--no-index".to_owned(), "lock-index"),
            ("-f wheels".to_owned(), "lock-find-links"),
            ("--trusted-host i.example".to_owned(), "lock-trusted-host"),
            ("-r https://i.example/r.txt".to_owned(), "lock-include"),
            ("--extra-index https://i.example".to_owned(), "lock-option"),
            (format!("a==1 --hash=sha256:{A} # ${{NO}}\n--config-settings=${{TOKEN}}"), "lock-environment"),
            ("a b c".to_owned(), "lock-unreadable"),
            ("a==1 --hash=sha256:12".to_owned(), "lock-unreadable"),
            ("--find-links 'a".to_owned(), "lock-unreadable"),
        ];
        for (text, code) in cases {
            assert_eq!(codes(&text), [code], "{text}");
        }
        assert!(codes("--pre\n--only-binary :all:\n--require-hashes").is_empty());
    }

    #[test]
    fn a_release_without_files_has_its_reason() {
        for hash in ["", "--hash=md5:1", "--hash=sha256:1"] {
            let locked = read_with(&format!("a==1 {hash}"), &[]).unwrap();
            assert_eq!((releases(&locked), locked.problems.len()), (vec!["a==1 ".to_owned()], 1), "{hash}");
        }
    }

    #[test]
    fn constraints_pin_and_do_not_add() {
        let text = "-c con.txt\na\nb==2\nc";
        let constraints = format!("a==1 --hash=sha256:{A}\nb==2 --hash=sha256:{B}\nd==4\n");
        let locked = read_with(text, &[("reqs/con.txt", &constraints)]).unwrap();
        assert_eq!(releases(&locked), ["a==1 a", "b==2 b"]);
        assert_eq!(locked.problems.len(), 1);
        assert_eq!(
            locked.problems[0].to_string(),
            "`reqs/base.txt:4`: `c`: `c` does not name one version with `==`"
        );
    }

    #[test]
    fn included_files_are_found_beside_the_file_that_names_them() {
        let files = [("reqs/sub/x.txt", "-r ../y.txt"), ("reqs/y.txt", "y==1"), ("top.txt", "t==1")];
        let locked = read_with("-r sub/x.txt\n-r ../top.txt", &files).unwrap();
        assert_eq!(releases(&locked), ["y==1 ", "t==1 "]);
        assert_eq!(locked.releases[0].place.to_string(), "reqs/y.txt:1");
        assert!(matches!(read_with("-r none.txt", &[]), Err(LockError::Include { .. })));
        assert_eq!(beside("/a/b.txt", "../c.txt"), "/c.txt");
        assert_eq!(beside("/b.txt", "c.txt"), "/c.txt");
        assert_eq!(beside("b.txt", "/c/./d.txt"), "/c/d.txt");
        assert_eq!(beside("b.txt", "../../c.txt"), "../../c.txt");
    }

    #[test]
    fn files_that_include_without_end_are_refused() {
        let cycle = [("reqs/x.txt", "-r ./sub/../base.txt")];
        assert!(matches!(read_with("-r x.txt", &cycle), Err(LockError::IncludeWithoutEnd { .. })));
        let names: Vec<(String, String)> = (0..40)
            .map(|number| (format!("reqs/{number}.txt"), format!("-r {0}.txt\n-r {0}.txt", number + 1)))
            .collect();
        let files: Vec<(&str, &str)> =
            names.iter().map(|(name, text)| (name.as_str(), text.as_str())).collect();
        assert!(matches!(read_with("-r 0.txt", &files), Err(LockError::IncludeWithoutEnd { .. })));
        let leaf: Vec<(&str, &str)> = vec![("reqs/a.txt", "")];
        let often = "-r a.txt\n".repeat(limits::INCLUDES + 1);
        assert!(matches!(read_with(&often, &leaf), Err(LockError::IncludeWithoutEnd { .. })));
    }

    #[test]
    fn a_project_pinned_over_and_over_is_refused() {
        let constraints: String = (0..=limits::PINS).map(|number| format!("a=={number}\n")).collect();
        assert!(matches!(
            read_with("-c c.txt\na", &[("reqs/c.txt", &constraints)]),
            Err(LockError::TooLarge { .. })
        ));
    }
}
