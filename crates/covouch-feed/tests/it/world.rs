//! A feed in memory, a reader of it, and an attacker's tools.

use std::{collections::BTreeMap, num::NonZeroU32};

use covouch_core::{
    digest::Sha256,
    key::{PublicKey, SecretKey},
    name::ProjectName,
    statement::{Claim, Envelope, Files, Link, Signer, Statement, StatementId, Veto, VetoReason, sign},
    subject::FileName,
    time::{Duration, Timestamp, Validity},
    version::Version,
};
use covouch_feed::{
    publish::{Additions, Lifetimes, Publication, Publisher, Renewal, ceremony},
    role::{Head, Root, Signed, check_root},
    statements::{self, FEED_WIDE, Place},
    threshold::Signers,
    update::{Answer, Source, Trusted, Update, UpdateError},
    value::{Object, Value},
};
use covouch_testkit::keys;

pub(crate) const LIFETIMES: Lifetimes = Lifetimes {
    targets: Duration::from_days(365),
    snapshot: Duration::from_days(60),
    timestamp: Duration::from_days(7),
};

pub(crate) fn start() -> Timestamp {
    Timestamp::parse("2026-11-22").unwrap()
}

pub(crate) fn days(days: u32) -> Timestamp {
    start().plus(Duration::from_days(days))
}

pub(crate) fn key(name: &str) -> SecretKey {
    keys::secret(name)
}

fn signers(names: &[&str], threshold: u32) -> Signers {
    let keys: Vec<PublicKey> = names.iter().map(|name| *key(name).public_key()).collect();
    Signers::new(&keys, NonZeroU32::new(threshold).unwrap())
}

/// Which keys a root names.
#[derive(Clone, Copy)]
pub(crate) struct Names {
    pub(crate) root: &'static [&'static str],
    pub(crate) threshold: u32,
    pub(crate) curator: &'static str,
    pub(crate) online: &'static str,
}

pub(crate) const USUAL: Names =
    Names { root: &["root-a", "root-b", "root-c"], threshold: 2, curator: "curator", online: "online" };

pub(crate) fn root(version: u64, names: Names) -> Root {
    let head = Head { version, expires: days(3650) };
    let online = signers(&[names.online], 1);
    Root::new(head, signers(names.root, names.threshold), signers(&[names.curator], 1), online)
}

/// A root that these keys signed.
pub(crate) fn signed_root(root: &Root, by: &[&str]) -> Vec<u8> {
    by.iter().fold(ceremony::draft(root), |draft, name| ceremony::countersign(&draft, &key(name)).unwrap())
}

/// A veto against one file of a project: what an attacker would like to hide.
pub(crate) fn veto(project: &str, issuer: &str) -> (Statement, Envelope) {
    let file = (FileName::parse(&format!("{project}-1.0.tar.gz")).unwrap(), Sha256::of(project.as_bytes()));
    let files =
        Files::new(ProjectName::parse(project).unwrap(), Version::parse("1.0").unwrap(), [file]).unwrap();
    let validity = Validity::new(start(), days(365)).unwrap();
    let veto = Veto { files, validity, reason: VetoReason::Malware, reference: "".into() };
    signed(Claim::Veto(veto), issuer)
}

pub(crate) fn signed(claim: Claim, issuer: &str) -> (Statement, Envelope) {
    let previous = StatementId::parse(&Sha256::of(b"the one before").to_string()).unwrap();
    let link = Link { sequence: 7, previous: Some(previous) };
    let statement = Statement { link, issued: start(), claim };
    let (envelope, _) = sign(&statement, &key(issuer)).unwrap();
    (statement, envelope)
}

pub(crate) fn additions<S: AsRef<str>>(projects: &[S]) -> Additions {
    let mut additions = Additions::default();
    for project in projects {
        let (statement, envelope) = veto(project.as_ref(), "curator");
        additions.add(&statement, envelope);
    }
    additions
}

/// What stands on the server.
#[derive(Clone)]
pub(crate) struct Feed {
    pub(crate) files: BTreeMap<String, Vec<u8>>,
    pub(crate) root: Signed<Root>,
    names: Names,
}

impl Feed {
    /// The first publication, about these projects.
    pub(crate) fn new<S: AsRef<str>>(projects: &[S]) -> Self {
        Self::with(USUAL, &additions(projects))
    }

    pub(crate) fn with(names: Names, additions: &Additions) -> Self {
        let root = check_root(&signed_root(&root(1, names), names.root), None).unwrap();
        let mut feed = Self { files: BTreeMap::new(), root, names };
        let publication = feed.publisher(start(), |publisher| publisher.first(additions).unwrap());
        feed.put(publication);
        feed
    }

    pub(crate) fn publisher<T>(&self, now: Timestamp, then: impl FnOnce(Publisher<'_>) -> T) -> T {
        let (curator, online) = (key(self.names.curator), key(self.names.online));
        then(Publisher {
            root: &self.root,
            targets: &[&curator],
            online: &[&online],
            lifetimes: LIFETIMES,
            now,
        })
    }

    pub(crate) fn put(&mut self, publication: Publication) {
        for file in publication.files {
            // Only the timestamp is ever replaced.
            let replaced = self.files.insert(file.path.clone(), file.bytes);
            assert!(replaced.is_none() || file.path == "timestamp.json", "{}", file.path);
        }
    }

    pub(crate) fn add(&mut self, additions: &Additions, now: Timestamp) -> usize {
        self.publish(additions, Renewal::Due, now)
    }

    pub(crate) fn publish(&mut self, additions: &Additions, renewal: Renewal, now: Timestamp) -> usize {
        let published = Reader::of(self).kept_only(self, now);
        let read = |path: &str| self.files.get(path).cloned();
        let publication =
            self.publisher(now, |publisher| publisher.next(&published, additions, renewal, &read).unwrap());
        let files = publication.files.len();
        self.put(publication);
        files
    }

    /// Changes keys: a new root, signed by the old root keys and the new ones, and everything signed again.
    pub(crate) fn rotate(&mut self, names: Names, now: Timestamp) {
        let (root, publication) = self.rotation(names, &[names], now);
        (self.root, self.names) = (root, names);
        self.put(publication);
    }

    /// The root with other keys, and the publication under it that these sign.
    pub(crate) fn rotation(
        &self,
        names: Names,
        signing: &[Names],
        now: Timestamp,
    ) -> (Signed<Root>, Publication) {
        let published = Reader::of(self).kept_only(self, now);
        let by: Vec<&str> = self.names.root.iter().chain(names.root).copied().collect();
        let bytes = signed_root(&root(self.root.version() + 1, names), &by);
        let root = check_root(&bytes, Some(&self.root)).unwrap();
        let read = |path: &str| self.files.get(path).cloned();
        let secrets: Vec<[SecretKey; 2]> =
            signing.iter().map(|names| [key(names.curator), key(names.online)]).collect();
        let own: Vec<&dyn Signer> = secrets.iter().map(|[own, _]| -> &dyn Signer { own }).collect();
        let online: Vec<&dyn Signer> = secrets.iter().map(|[_, online]| -> &dyn Signer { online }).collect();
        let publisher = Publisher { root: &root, targets: &own, online: &online, lifetimes: LIFETIMES, now };
        let publication = publisher.next(&published, &Additions::default(), Renewal::Due, &read).unwrap();
        (root, publication)
    }

    /// Signs metadata again after it was changed by somebody who has these keys.
    pub(crate) fn forge(
        &mut self,
        path: &str,
        as_path: &str,
        by: &[&str],
        change: impl FnOnce(&mut Object<'static>),
    ) -> Vec<u8> {
        let mut metadata = Value::parse(&self.files[path]).unwrap().to_static();
        let signed = entry(&mut metadata, "signed");
        change(object(signed));
        let bytes = self.seal(signed.clone(), by);
        self.files.insert(as_path.to_owned(), bytes.clone());
        bytes
    }

    fn seal(&self, signed: Value<'_>, by: &[&str]) -> Vec<u8> {
        let canonical = signed.canonical();
        let root = self.root.role();
        let signature = |name: &&str| {
            let secret = key(name);
            let public = secret.public_key();
            let all = [root.root(), root.targets(), root.snapshot()];
            let id = all.iter().find_map(|signers| signers.id_of(public)).unwrap_or("nobody").to_owned();
            let signature = covouch_core::statement::Signer::sign(&secret, &canonical).unwrap();
            let digits: String = signature.iter().map(|byte| format!("{byte:02x}")).collect();
            Value::object([("keyid", Value::text(id)), ("sig", Value::text(digits))])
        };
        let signatures = Value::List(by.iter().map(signature).collect());
        Value::object([("signatures", signatures), ("signed", signed)]).to_json()
    }
}

pub(crate) fn object<'a, 'v>(value: &'a mut Value<'v>) -> &'a mut Object<'v> {
    match value {
        Value::Object(entries) => entries,
        _ => panic!("not an object"),
    }
}

pub(crate) fn entry<'a, 'v>(value: &'a mut Value<'v>, name: &str) -> &'a mut Value<'v> {
    object(value).get_mut(name).unwrap()
}

/// What a list's file is announced as.
pub(crate) fn announced(version: i64, bytes: &[u8]) -> Value<'static> {
    let hashes = Value::object([("sha256", Value::text(Sha256::of(bytes)))]);
    Value::object([("version", Value::Integer(version)), ("hashes", hashes)])
}

/// A reader: what it keeps, and how often it asked.
#[derive(Clone, Default)]
pub(crate) struct Reader {
    pub(crate) kept: BTreeMap<String, Vec<u8>>,
    pub(crate) asked: Vec<String>,
}

impl Reader {
    /// A reader that knows the first root and nothing else.
    pub(crate) fn of(feed: &Feed) -> Self {
        Self::with(&feed.files["1.root.json"])
    }

    /// A reader that knows this root and nothing else.
    pub(crate) fn with(root: &[u8]) -> Self {
        Self { kept: [("root.json".to_owned(), root.to_vec())].into(), asked: Vec::new() }
    }

    pub(crate) fn refresh(&mut self, feed: &Feed, now: Timestamp) -> Result<Trusted, UpdateError> {
        self.refresh_until(feed, now, "").map(Option::unwrap)
    }

    /// Refreshes, and is interrupted before it asks for this file.
    pub(crate) fn refresh_until(
        &mut self,
        feed: &Feed,
        now: Timestamp,
        end: &str,
    ) -> Result<Option<Trusted>, UpdateError> {
        self.ask_until(&|path| feed.files.get(path).cloned(), now, end)
    }

    /// Refreshes from wherever this reads.
    pub(crate) fn ask(
        &mut self,
        read: &dyn Fn(&str) -> Option<Vec<u8>>,
        now: Timestamp,
    ) -> Result<Trusted, UpdateError> {
        self.ask_until(read, now, "").map(Option::unwrap)
    }

    fn ask_until(
        &mut self,
        read: &dyn Fn(&str) -> Option<Vec<u8>>,
        now: Timestamp,
        end: &str,
    ) -> Result<Option<Trusted>, UpdateError> {
        let mut update = Update::new(now);
        while let Some(want) = update.wants() {
            let bytes = match want.source {
                Source::Kept => self.kept.get(&want.path).cloned(),
                Source::Repository if want.path == end => return Ok(None),
                Source::Repository => {
                    self.asked.push(want.path.clone());
                    read(&want.path)
                }
            };
            update.give(bytes.as_deref().map_or(Answer::Absent, Answer::Bytes))?;
            self.kept.extend(update.news().into_iter().map(|news| (news.file, news.bytes)));
        }
        Ok(update.finish())
    }

    /// What is trusted without asking, after everything on the server was taken once.
    fn kept_only(mut self, feed: &Feed, now: Timestamp) -> Trusted {
        self.refresh(feed, start()).or_else(|_| self.refresh(feed, now)).unwrap();
        self.offline(now).unwrap()
    }

    pub(crate) fn offline(&self, now: Timestamp) -> Result<Trusted, UpdateError> {
        let mut update = Update::kept(now);
        while let Some(want) = update.wants() {
            update.give(self.kept.get(&want.path).map_or(Answer::Absent, |bytes| Answer::Bytes(bytes)))?;
        }
        Ok(update.finish().unwrap())
    }
}

/// The envelopes about a project, from wherever they stand.
pub(crate) fn about(feed: &Feed, trusted: &Trusted, project: &str) -> Result<Vec<Envelope>, UpdateError> {
    about_from(&|path| feed.files.get(path).cloned(), trusted, project)
}

/// The same from wherever this reads.
pub(crate) fn about_from(
    read: &dyn Fn(&str) -> Option<Vec<u8>>,
    trusted: &Trusted,
    project: &str,
) -> Result<Vec<Envelope>, UpdateError> {
    let name = ProjectName::parse(project).unwrap();
    let list = match statements::place(trusted, &name).unwrap() {
        Place::Targets => trusted.targets().role().clone(),
        Place::Bin(bin) => {
            let want = trusted.want(&bin, Source::Repository)?;
            let covouch_feed::role::Delegations::Bins(bins) = &trusted.targets().role().delegations else {
                panic!("a bin without bins")
            };
            // Whoever asks for what is not there says so; this is the library's own error for it.
            let missing = || trusted.want("nobody lists it", Source::Repository).unwrap_err();
            let bytes = read(&want.path).ok_or_else(missing)?;
            trusted.check_bin(&bin, bins, &bytes)?.role().clone()
        }
    };
    Ok(statements::envelopes(&list, project).unwrap())
}

pub(crate) fn feed_wide(trusted: &Trusted) -> Vec<Envelope> {
    statements::envelopes(trusted.targets().role(), FEED_WIDE).unwrap()
}
