//! Roots: proposed, signed by as many as it takes, published with the next publication.

use std::{fs, num::NonZeroU32, path::Path};

use covouch_core::{key::PublicKey, time::Duration};
use covouch_feed::{
    publish::ceremony,
    role::{Head, Root},
    threshold::Signers,
};
use covouch_io::{
    feed::{FeedError, FeedFolder},
    state,
};

use super::{show_draft, signer};
use crate::{
    args::{FeedInit, RotateRoot, SignRoot},
    exit::Exit,
    failure::Failure,
    keys::{self, Found},
    settings::Settings,
    terminal::{TYPE, Terminal, paint},
};

/// How long a root holds. Whoever cannot bring its keys together once a year has lost them.
const ROOT: Duration = Duration::from_days(365);

pub(super) fn init(arguments: &FeedInit, settings: &Settings, terminal: &Terminal) -> Result<Exit, Failure> {
    let public = |named: &String| keys::public(settings, named).map(|(key, _)| key);
    let roots = arguments.root.iter().map(public).collect::<Result<Vec<_>, _>>()?;
    let (own, online) = (public(&arguments.key)?, public(&arguments.online)?);
    if own == online {
        terminal.warn("whoever has the online key can speak for the feed: take another one, better without a passphrase");
    }
    let signers = signers(&roots, arguments.threshold)?;
    let head = Head { version: 1, expires: settings.now().plus(ROOT) };
    let (own, online) = (Signers::new(&[own], NonZeroU32::MIN), Signers::new(&[online], NonZeroU32::MIN));
    // Keys of which only the public half is here are somebody else's, or lie in a safe. The others are opened before
    // anything is written.
    let mut present = Vec::new();
    for key in &arguments.root {
        if let Found::File(_) = keys::find(settings, key)? {
            present.push(signer(key, &arguments.passphrase, settings, terminal)?);
        }
    }
    let folder = FeedFolder::create(&arguments.feed, &Root::new(head, signers, own, online))?;
    for signer in &present {
        if let Some(draft) = folder.draft()? {
            countersign(&draft.path, signer.as_ref())?;
        }
    }
    if let Some(draft) = folder.draft()? {
        show_draft(&draft, terminal);
    }
    let feed = arguments.feed.display();
    terminal.note(format_args!(
        "sign statements into it: {}",
        paint(TYPE, format_args!("covouch vouch … --key {} --to {feed}/statements", arguments.key))
    ));
    Ok(Exit::Admitted)
}

pub(super) fn rotate(
    arguments: &RotateRoot,
    settings: &Settings,
    terminal: &Terminal,
) -> Result<Exit, Failure> {
    let folder = FeedFolder::open(&arguments.feed)?;
    let published = folder.published()?.ok_or_else(|| FeedError::NoFolder(arguments.feed.clone()))?;
    let before = published.root().role();
    let public = |named: &String| keys::public(settings, named).map(|(key, _)| key);
    let roots = arguments.root.iter().map(public).collect::<Result<Vec<_>, _>>()?;
    let root = match (roots.is_empty(), arguments.threshold) {
        (true, None) => before.root().clone(),
        (true, threshold) => signers(&before.root().ed25519().collect::<Vec<_>>(), threshold)?,
        (false, threshold) => signers(&roots, threshold)?,
    };
    let one = |named: &Option<String>, before: &Signers| match named {
        Some(named) => Ok::<_, Failure>(Signers::new(&[public(named)?], NonZeroU32::MIN)),
        None => Ok(before.clone()),
    };
    let (own, online) = (one(&arguments.key, before.targets())?, one(&arguments.online, before.timestamp())?);
    let version = published.root().version().saturating_add(1);
    let head = Head { version, expires: settings.now().plus(ROOT) };
    let path = folder.propose(&Root::new(head, root, own, online))?;
    terminal.answer(format_args!("root {version} waits in {}", path.display()));
    terminal.note("enough of the old root keys must sign it, and enough of the new ones:");
    terminal
        .note(paint(TYPE, format_args!("  covouch feed sign-root {} --key KEY", arguments.feed.display())));
    Ok(Exit::Admitted)
}

pub(super) fn sign(arguments: &SignRoot, settings: &Settings, terminal: &Terminal) -> Result<Exit, Failure> {
    let in_folder = arguments.root.is_dir();
    let path = if in_folder {
        let draft = FeedFolder::open(&arguments.root)?.draft()?;
        draft.ok_or_else(|| Failure::new("nothing-to-sign", "no root waits"))?.path
    } else {
        arguments.root.clone()
    };
    let signer = signer(&arguments.key, &arguments.passphrase, settings, terminal)?;
    countersign(&path, signer.as_ref())?;
    terminal.answer(format_args!("signed {} with {}", path.display(), signer.public_key().fingerprint()));
    if in_folder && let Some(draft) = FeedFolder::open(&arguments.root)?.draft()? {
        show_draft(&draft, terminal);
    }
    Ok(Exit::Admitted)
}

fn countersign(path: &Path, signer: &dyn covouch_core::statement::Signer) -> Result<(), Failure> {
    let unreadable =
        |error: std::io::Error| Failure::new("file-unreadable", format!("`{}`: {error}", path.display()));
    let draft = fs::read(path).map_err(unreadable)?;
    let signed = ceremony::countersign(&draft, signer).map_err(FeedError::from)?;
    Ok(state::write_project_file(path, &signed)?)
}

/// So many of these keys: more than half of them, unless somebody says otherwise.
fn signers(keys: &[PublicKey], threshold: Option<NonZeroU32>) -> Result<Signers, Failure> {
    let count = u32::try_from(keys.len()).unwrap_or(u32::MAX);
    let threshold = threshold.or(NonZeroU32::new(count / 2 + 1)).unwrap_or(NonZeroU32::MIN);
    let signers = Signers::new(keys, threshold);
    if signers.keys().len() < keys.len() {
        return Err(Failure::usage("a root key is named twice"));
    }
    if threshold.get() > count {
        return Err(Failure::usage(format!("{threshold} of {count} keys can never sign")));
    }
    Ok(signers)
}
