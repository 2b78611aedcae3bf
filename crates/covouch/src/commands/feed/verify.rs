//! `covouch feed verify`: what a reader would see.

use std::path::Path;

use covouch_core::digest::Sha256;
use covouch_io::feed::{FeedFolder, Staleness, sync_whole};
use url::Url;

use crate::{
    args::FeedVerify,
    exit::Exit,
    failure::Failure,
    settings::Settings,
    terminal::{Terminal, UNSURE, counted, paint},
};

pub(super) fn verify(
    arguments: &FeedVerify,
    settings: &Settings,
    terminal: &Terminal,
) -> Result<Exit, Failure> {
    let (address, root) = named(&arguments.feed, arguments.root.as_deref())?;
    let whole = sync_whole(settings.network(), settings.state(), &address, &root, settings.now());
    let (answer, lists) = settings.block_on(whole)??;
    for key in &answer.roots {
        terminal.answer(format_args!("own key {}", key.fingerprint()));
    }
    terminal.answer(format_args!(
        "{} in {}, {} of keys that nobody in it leads to",
        counted(answer.statements.len() + answer.others.len(), "statement"),
        counted(lists, "list"),
        answer.others.len()
    ));
    match answer.staleness {
        Staleness::Fresh(until) => {
            terminal.answer(format_args!("the feed holds until {until}"));
            Ok(Exit::Admitted)
        }
        Staleness::Stale(since) => {
            let since = since.map(|since| format!(" since {since}")).unwrap_or_default();
            terminal.answer(paint(UNSURE, format_args!("the feed is stale{since}")));
            Ok(Exit::Undecided)
        }
    }
}

/// The feed that somebody named: a curator's folder, which knows its first root, or an address with its root.
pub(crate) fn named(feed: &str, root: Option<&str>) -> Result<(Url, Sha256), Failure> {
    let parse = |text: &str| {
        let digits = text.strip_prefix("sha256:").unwrap_or(text);
        Sha256::parse(digits).map_err(|error| Failure::usage(format!("`{text}`: {error}")))
    };
    let named = root.map(parse).transpose()?;
    let path = Path::new(feed);
    let (address, root) = if path.is_dir() {
        let folder = FeedFolder::open(path)?;
        (address_of(&folder.public())?, named.or(folder.root_sha256()?))
    } else {
        let address = Url::parse(feed)
            .map_err(|_| Failure::usage(format!("`{feed}` is neither a folder nor an address")))?;
        (address, named)
    };
    let root = root.ok_or_else(|| {
        Failure::usage("the feed is not named by its first root").hinting("say `--root sha256:…`")
    })?;
    Ok((address, root))
}

fn address_of(folder: &Path) -> Result<Url, Failure> {
    let unusable =
        |error: String| Failure::new("file-unreadable", format!("`{}`: {error}", folder.display()));
    let path = std::fs::canonicalize(folder).map_err(|error| unusable(error.to_string()))?;
    Url::from_directory_path(path).map_err(|()| unusable("it has no address".to_owned()))
}
