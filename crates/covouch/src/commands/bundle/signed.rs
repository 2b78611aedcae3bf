//! What proves itself: feeds, Debian's indexes, statements, attestations, and files named by their digests.

use std::{fs, io::Read as _, sync::Arc};

use covouch_core::{code::Code, name::ProjectName};
use covouch_io::{
    attestation::TrustRoot,
    bundle::{Entry, Kind},
    debian::{self, DebianError, Outcome as Refreshed, apt::Mirrors},
    feed::{self, Staleness},
    folder::{self, FolderError},
    index::Freshness,
    network::{FetchError, Network},
    provenance::ProvenanceFetcher,
    secrets::redact,
    state::{Part, write_atomically},
};
use covouch_policy::{Policies, SourceKind};
use url::Url;

use super::{
    places::{Holds, Place, places},
    report::Outcome,
    take::Taking,
};
use crate::{failure::Failure, policies::Loaded, terminal::counted};

impl Taking<'_> {
    /// Feeds, through the client that reads them from the network, with this machine's floors.
    pub(super) fn feeds(&mut self, policies: &Policies) -> Result<(), Failure> {
        let projects: Vec<ProjectName> = self.projects();
        let network = self.network();
        for source in policies.iter().flat_map(|policy| policy.sources()) {
            let SourceKind::Feed { address, root } = &source.kind else { continue };
            if !self.has(Kind::Feed, address) {
                self.say(Kind::Feed, redact(address).to_string(), Outcome::missing());
                continue;
            }
            let (staged, now) = (self.taken.staged().clone(), self.settings.now());
            let held = self.settings.block_on(feed::hold(self.settings.state(), root))??;
            self.taken.held.push(held);
            let read = feed::sync(&network, &staged, address, root, &projects, now);
            let outcome = match self.settings.block_on(read)? {
                Ok(answer) => {
                    let statements = counted(answer.statements.len(), "statement");
                    Outcome::Taken(match answer.staleness {
                        Staleness::Fresh(until) => format!("{statements}, until {until}"),
                        Staleness::Stale(_) => {
                            format!("{statements}; stale, so its vetoes count and its grants do not")
                        }
                    })
                }
                Err(error) => {
                    // As it is known here, whole: half of an update is none.
                    for part in [Part::Floors, Part::Cache] {
                        forget(&staged.folder(part).join("feeds").join(root.to_string()))?;
                    }
                    match error.is_unreachable() {
                        true => Outcome::LeftOut(error.code(), error.to_string()),
                        false => Outcome::Refused(error.code(), error.to_string()),
                    }
                }
            };
            self.say(Kind::Feed, redact(address).to_string(), outcome);
        }
        Ok(())
    }

    /// Debian's indexes, through the same checks as a mirror's.
    pub(super) fn distributions(&mut self, loaded: &Loaded) -> Result<(), Failure> {
        let network = self.network();
        for source in loaded.adapters(self.settings).distributions {
            let mut asked = source.settings(Freshness::Demand)?;
            // Any archive will do: its files are known by their places, and by who signed them.
            if let Ok(any) = Url::parse("https://archive.invalid/debian/") {
                asked.mirrors = Mirrors::named(&any);
            }
            let (staged, clock) = (self.taken.staged().clone(), self.settings.clock());
            let refresh = debian::refresh(&network, &staged, clock, &asked, &|_| {});
            for (suite, outcome) in self.settings.block_on(refresh)??.suites {
                let outcome = match outcome {
                    Refreshed::Read { files, .. } => Outcome::Taken(format!("{files} upstream tarballs")),
                    Refreshed::Unchanged | Refreshed::Recent => Outcome::Taken("as known here".to_owned()),
                    Refreshed::Failed(error @ DebianError::Fetch(FetchError::Unreachable { .. })) => {
                        Outcome::LeftOut(error.code(), error.to_string())
                    }
                    Refreshed::Failed(error) => Outcome::Refused(error.code(), error.to_string()),
                };
                self.say(Kind::Debian, suite.to_string(), outcome);
            }
        }
        Ok(())
    }

    /// Folders of statements and of ballots: their chains continue those that are here, or are not taken.
    pub(super) fn statements(&mut self, loaded: &Loaded) -> Result<(), Failure> {
        let (places, outside) = places(loaded);
        for place in places.iter().filter(|place| !matches!(place.holds, Holds::Records)) {
            let prefix = format!("{}/", place.from);
            let copy = self.place.folder("statements").join(&place.from);
            let mut is_carried = false;
            for (name, entry) in self.bundle.manifest.of(Kind::Statements) {
                let Some(file) = name.strip_prefix(&prefix).filter(|file| !file.contains('/')) else {
                    continue;
                };
                if let Some(bytes) = self.bytes(entry)? {
                    write_atomically(&copy.join(file), &bytes)?;
                    is_carried = true;
                }
            }
            let outcome = match is_carried {
                true => self.chains(place, &copy),
                false => Outcome::missing(),
            };
            self.say(Kind::Statements, place.from.clone(), outcome);
        }
        for from in outside {
            let why = "it is outside the project".to_owned();
            self.say(Kind::Statements, from, Outcome::LeftOut(Code::new("bundle-outside"), why));
        }
        Ok(())
    }

    fn chains(&mut self, place: &Place, copy: &std::path::Path) -> Outcome {
        let news = place.holds.chains(copy).and_then(|chains| {
            folder::news(&place.path, copy, &chains)?.with_heads(copy, &chains, &|_| true)
        });
        match news {
            Ok(news) => {
                let said = match news.statements {
                    0 => "nothing new".to_owned(),
                    new => counted(new, "new statement"),
                };
                self.taken.news.push(news);
                Outcome::Taken(said)
            }
            Err(error) => refused(&error),
        }
    }

    /// What indexes showed of files' publishers.
    pub(super) fn attestations(&mut self) -> Result<(), Failure> {
        let carried: Vec<(String, Entry)> = self.carried(Kind::Attestation);
        if carried.is_empty() {
            return Ok(());
        }
        let root = Arc::new(TrustRoot::of_state(self.settings.state())?);
        let fetcher = ProvenanceFetcher::new(Network::offline(), self.taken.staged(), root);
        let mut held = 0;
        for (name, entry) in carried {
            let (Some(bytes), Some(file)) = (self.bytes(&entry)?, &entry.file) else { continue };
            match fetcher.keep(file, &bytes) {
                Ok(_) => held += 1,
                Err(error) => {
                    self.say(Kind::Attestation, name, Outcome::Refused(error.code(), error.to_string()))
                }
            }
        }
        self.say(
            Kind::Attestation,
            "sigstore",
            Outcome::Taken(format!("the publishers of {}", counted(held, "file"))),
        );
        Ok(())
    }

    /// Distribution files. Each has the digest it is kept under; who asks for one says which.
    pub(super) fn files(&mut self) -> Result<(), Failure> {
        let carried: Vec<(String, Entry)> = self.carried(Kind::File);
        if carried.is_empty() {
            return Ok(());
        }
        let (from, to) = (&self.bundle.blobs, self.taken.staged().cache());
        let (mut files, mut bytes) = (0_usize, 0_u64);
        for blob in carried.iter().filter_map(|(_, entry)| entry.body) {
            let Some(mut file) = from.open(&blob.sha256)? else { continue };
            let mut writer = to.writer()?;
            let mut buffer = vec![0; 128 << 10];
            loop {
                let read = file.read(&mut buffer);
                match read.map_err(|error| Failure::new("file-unreadable", format!("a blob: {error}")))? {
                    0 => break,
                    length => writer.write(buffer.get(..length).unwrap_or_default())?,
                }
            }
            writer.finish()?;
            (files, bytes) = (files + 1, bytes.saturating_add(blob.length));
        }
        self.say(Kind::File, "files", Outcome::Taken(format!("{}, {bytes} bytes", counted(files, "file"))));
        Ok(())
    }

    pub(super) fn carried(&self, kind: Kind) -> Vec<(String, Entry)> {
        self.bundle.manifest.of(kind).map(|(name, entry)| (name.to_owned(), entry.clone())).collect()
    }

    pub(super) fn projects(&self) -> Vec<ProjectName> {
        let mut projects: Vec<ProjectName> =
            self.bundle.manifest.releases.iter().map(|(project, _)| project.clone()).collect();
        projects.dedup();
        projects
    }

    /// Whether anything below this address is carried.
    fn has(&self, kind: Kind, address: &Url) -> bool {
        let (address, _) = covouch_io::secrets::Credentials::split(address);
        let address = address.as_str().trim_end_matches('/');
        let below = |name: &str| name.strip_prefix(address).is_some_and(|rest| rest.starts_with('/'));
        self.bundle.manifest.of(kind).any(|(name, _)| below(name))
    }
}

fn refused(error: &FolderError) -> Outcome {
    Outcome::Refused(error.code(), error.to_string())
}

/// Takes a folder out of the copy: the state keeps its own.
fn forget(folder: &std::path::Path) -> Result<(), Failure> {
    match fs::remove_dir_all(folder) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            Err(Failure::new("file-unwritable", format!("`{}`: {error}", folder.display())))
        }
        _ => Ok(()),
    }
}
