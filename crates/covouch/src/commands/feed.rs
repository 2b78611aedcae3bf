//! `covouch feed init | add | publish | status | rotate-root | sign-root | verify`.

mod root;
mod verify;

use std::path::Path;

use covouch_core::{
    statement::Signer,
    time::{Duration, Timestamp},
};
use covouch_feed::{
    publish::Renewal,
    role::{Delegations, Root},
    statements::FEED_WIDE,
    update::Trusted,
};
use covouch_io::feed::{Bucket, Draft, FeedError, FeedFolder, FeedKeys};

pub(super) use self::verify::named;
use crate::{
    args::{Feed, FeedPublish, Passphrase},
    exit::Exit,
    failure::Failure,
    keys::{self, NamedKey},
    settings::Settings,
    terminal::{FAINT, TYPE, Terminal, UNSURE, counted, paint},
};

pub(super) fn run(command: &Feed, settings: &Settings, terminal: &Terminal) -> Result<Exit, Failure> {
    match command {
        Feed::Init(arguments) => root::init(arguments, settings, terminal),
        Feed::Add { feed, from, electorate } => {
            let folder = FeedFolder::open(feed)?;
            let root = newest_root(&folder)?;
            let mut new = 0;
            for from in from {
                let electorates = electorate.iter().map(|named| super::electorate::find(from, named));
                new += folder.import(from, &root, &electorates.collect::<Result<Vec<_>, _>>()?)?;
            }
            terminal.answer(counted(new, "new statement"));
            Ok(Exit::Admitted)
        }
        Feed::Publish(arguments) => publish(arguments, settings, terminal),
        Feed::Status { feed } => status(feed, settings, terminal),
        Feed::RotateRoot(arguments) => root::rotate(arguments, settings, terminal),
        Feed::SignRoot(arguments) => root::sign(arguments, settings, terminal),
        Feed::Verify(arguments) => verify::verify(arguments, settings, terminal),
    }
}

fn publish(arguments: &FeedPublish, settings: &Settings, terminal: &Terminal) -> Result<Exit, Failure> {
    let folder = FeedFolder::open(&arguments.feed)?;
    let fresh_for =
        Duration::parse(&arguments.fresh_for).map_err(|error| Failure::usage(error.to_string()))?;
    let signers = |keys: &[String]| {
        let signers = keys.iter().map(|key| signer(key, &arguments.passphrase, settings, terminal));
        signers.collect::<Result<Vec<_>, _>>()
    };
    let (own, online) = (signers(&arguments.key)?, signers(&arguments.online)?);
    let own: Vec<&dyn Signer> = own.iter().map(AsRef::as_ref).collect();
    let online: Vec<&dyn Signer> = online.iter().map(AsRef::as_ref).collect();
    let keys = FeedKeys { lists: &own, online: &online };
    let renewal = if arguments.renew { Renewal::Now } else { Renewal::Due };
    let published = folder.publish(&keys, renewal, fresh_for, settings.now())?;
    let until = settings.now().plus(fresh_for);
    terminal.answer(format_args!(
        "published {} in {}, {} bytes; publish again before {until}",
        counted(published.added, "new statement"),
        counted(published.files, "file"),
        published.bytes
    ));
    if let Some(to) = &arguments.to {
        upload(&folder, to, settings, terminal)?;
    }
    if published.is_first {
        tell_readers(&folder, terminal)?;
    }
    Ok(Exit::Admitted)
}

/// Carries a publication into a bucket.
fn upload(folder: &FeedFolder, to: &str, settings: &Settings, terminal: &Terminal) -> Result<(), Failure> {
    let place = to.strip_prefix("s3://").and_then(|place| {
        let (bucket, prefix) = place.split_once('/').unwrap_or((place, ""));
        (!bucket.is_empty()).then(|| (bucket, prefix.trim_matches('/')))
    });
    let (bucket, prefix) = place.ok_or_else(|| {
        Failure::usage(format!("`{to}` is not the address of a bucket, as in `s3://BUCKET/PREFIX`"))
    })?;
    let store = settings.network().bucket(bucket, std::env::vars_os())?;
    let bucket = Bucket { store: &*store, prefix, shown: to };
    let uploaded = settings.block_on(folder.upload(&bucket))??;
    terminal.answer(format_args!(
        "carried {}, {} bytes, to {to}",
        counted(uploaded.files, "file"),
        uploaded.bytes
    ));
    Ok(())
}

/// What others write into their policies.
fn tell_readers(folder: &FeedFolder, terminal: &Terminal) -> Result<(), Failure> {
    let public = folder.public();
    terminal
        .note(format_args!("serve {} as it is; readers name the feed by its first root:", public.display()));
    if let Some(sha256) = folder.root_sha256()? {
        terminal.note(paint(TYPE, format_args!("  root = \"sha256:{sha256}\"")));
    }
    Ok(())
}

fn status(feed: &Path, settings: &Settings, terminal: &Terminal) -> Result<Exit, Failure> {
    let folder = FeedFolder::open(feed)?;
    let (published, draft) = (folder.published()?, folder.draft()?);
    if let Some(sha256) = folder.root_sha256()? {
        terminal.answer(format_args!("first root   sha256:{sha256}"));
    }
    match &published {
        Some(published) => show(published, settings.now(), terminal),
        None => terminal.answer("published    nothing yet"),
    }
    if let Some(draft) = &draft {
        show_draft(draft, terminal);
    }
    let waiting = folder.waiting(&newest_root(&folder)?)?;
    terminal.answer(format_args!("waiting      {}", counted(waiting, "statement")));
    Ok(Exit::Admitted)
}

fn show(published: &Trusted, now: Timestamp, terminal: &Terminal) {
    let line = |what: &str, version: u64, expires: Timestamp| {
        let until = if expires <= now {
            paint(UNSURE, format_args!("expired at {expires}"))
        } else {
            format!("until {expires}")
        };
        terminal.answer(format_args!("{what:<12} version {version}, {until}"));
    };
    line("root", published.root().version(), published.root().expires());
    line("timestamp", published.timestamp().version(), published.timestamp().expires());
    line("snapshot", published.snapshot().version(), published.snapshot().expires());
    line("lists", published.targets().version(), published.targets().expires());
    let targets = published.targets().role();
    match &targets.delegations {
        Delegations::Bins(bins) => terminal.answer(format_args!("projects     in 2^{} bins", bins.bits())),
        _ => {
            let projects = targets.targets.keys().filter(|path| *path != FEED_WIDE).count();
            terminal.answer(format_args!("projects     {projects}"));
        }
    }
    let role = published.root().role();
    let keys = [("root key", role.root()), ("own key", role.targets()), ("online key", role.timestamp())];
    for (what, signers) in keys {
        for key in signers.ed25519() {
            terminal.answer(format_args!("{what:<12} {}", paint(FAINT, key.fingerprint())));
        }
    }
}

fn show_draft(draft: &Draft, terminal: &Terminal) {
    let (version, path) = (draft.root.head.version, draft.path.display());
    match &draft.signed {
        Some(_) => terminal.answer(format_args!("root {version} is signed; the next publication brings it")),
        None => terminal.answer(format_args!(
            "root {version} waits in {path}, signed by {} keys; it needs {}",
            draft.signed_by.len(),
            draft.root.root().threshold()
        )),
    }
}

/// The root that holds, or will.
fn newest_root(folder: &FeedFolder) -> Result<Root, Failure> {
    let signed = folder.draft()?.map(|draft| draft.root);
    match (signed, folder.published()?) {
        (_, Some(published)) => Ok(published.root().role().clone()),
        (Some(root), None) => Ok(root),
        (None, None) => Err(FeedError::NoFolder(folder.public()).into()),
    }
}

/// The key somebody named, opened.
fn signer(
    key: &str,
    passphrase: &Passphrase,
    settings: &Settings,
    terminal: &Terminal,
) -> Result<Box<dyn Signer>, Failure> {
    keys::signer(settings, terminal, NamedKey { key, passphrase, forwarded_agent: false })
}
