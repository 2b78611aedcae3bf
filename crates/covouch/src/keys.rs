//! Finding the key somebody named: in covouch's own folder, in a file, or in an ssh-agent.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use covouch_core::{
    key::{KeyError, PublicKey, SecretKey},
    statement::Signer,
};
use covouch_io::agent::Agent;
use zeroize::Zeroizing;

use crate::{
    args::{Passphrase, Signing},
    failure::Failure,
    settings::Settings,
    terminal::Terminal,
};

/// A key as somebody named it, and what may be needed to use it.
#[derive(Clone, Copy)]
pub(crate) struct NamedKey<'a> {
    pub(crate) key: &'a str,
    pub(crate) passphrase: &'a Passphrase,
    /// Whether an agent that seems forwarded may be used.
    pub(crate) forwarded_agent: bool,
}

impl<'a> From<&'a Signing> for NamedKey<'a> {
    fn from(signing: &'a Signing) -> Self {
        let Signing { key, passphrase, forwarded_agent, .. } = signing;
        Self { key, passphrase, forwarded_agent: *forwarded_agent }
    }
}

/// Where a key was found.
pub(crate) enum Found {
    /// A private key file.
    File(PathBuf),
    /// Only the public key; an agent may hold the other half.
    Public(PublicKey, String),
}

/// Finds a key by its name, its file, its OpenSSH line or its fingerprint.
pub(crate) fn find(settings: &Settings, named: &str) -> Result<Found, Failure> {
    if named.starts_with("ssh-") {
        let (key, comment) = PublicKey::parse(named)?;
        return Ok(Found::Public(key, comment));
    }
    let in_folder = settings.keys_folder()?.join(named);
    let path = if is_name(named) && in_folder.is_file() { in_folder } else { PathBuf::from(named) };
    if path.is_file() {
        let text = read(&path)?;
        if !text.starts_with("-----BEGIN") {
            let (key, comment) = PublicKey::parse(&text)?;
            return Ok(Found::Public(key, comment));
        }
        return Ok(Found::File(path));
    }
    let held = match agent(settings) {
        Some(agent) => agent.identities()?,
        None => Vec::new(),
    };
    held.into_iter()
        .find(|held| held.key.fingerprint() == named || held.comment == named)
        .map(|held| Found::Public(held.key, held.comment))
        .ok_or_else(|| {
            Failure::new(
                "key-not-found",
                format!("no key `{named}` in the key folder, on disk or in an agent"),
            )
            .hinting("see `covouch key list`; make one with `covouch key new`")
        })
}

/// The public half of a key somebody named, with its comment.
pub(crate) fn public(settings: &Settings, named: &str) -> Result<(PublicKey, String), Failure> {
    match find(settings, named)? {
        Found::Public(key, comment) => Ok((key, comment)),
        // The public half stands beside the private one, so showing it asks for no passphrase.
        Found::File(path) => Ok(PublicKey::parse(&read(&public_path(&path))?)?),
    }
}

/// The signer for a statement: a key file, opened with its passphrase, or an agent.
pub(crate) fn signer(
    settings: &Settings,
    terminal: &Terminal,
    named: NamedKey<'_>,
) -> Result<Box<dyn Signer>, Failure> {
    match find(settings, named.key)? {
        Found::File(path) => {
            let file = Zeroizing::new(read(&path)?);
            match SecretKey::parse(file.as_bytes(), None) {
                Ok(key) => Ok(Box::new(key)),
                Err(KeyError::Locked) => {
                    let what = format!("passphrase of `{}`: ", path.display());
                    let passphrase = existing_passphrase(terminal, named.passphrase, &what)?;
                    Ok(Box::new(SecretKey::parse(file.as_bytes(), Some(&passphrase))?))
                }
                Err(error) => Err(error.into()),
            }
        }
        Found::Public(key, _) => from_agent(settings, terminal, named, key),
    }
}

fn from_agent(
    settings: &Settings,
    terminal: &Terminal,
    named: NamedKey<'_>,
    key: PublicKey,
) -> Result<Box<dyn Signer>, Failure> {
    let missing = || {
        Failure::new("key-not-found", format!("no agent holds the private half of `{}`", key.fingerprint()))
            .hinting("add it with `ssh-add`, or name the private key file")
    };
    let agent = agent(settings).ok_or_else(missing)?;
    if !agent.identities()?.iter().any(|held| held.key == key) {
        return Err(missing());
    }
    let asked = || terminal.interactive() && terminal.confirm("the ssh-agent seems forwarded; use it?");
    if agent.may_be_forwarded() && !named.forwarded_agent && !asked() {
        return Err(Failure::new("agent-forwarded", "the ssh-agent seems forwarded from another machine")
            .hinting("say `--forwarded-agent` if that is what you want"));
    }
    Ok(Box::new(agent.signer(key)))
}

/// The agent that `SSH_AUTH_SOCK` names, if any.
pub(crate) fn agent(settings: &Settings) -> Option<Agent> {
    Agent::from_env(&|name| settings.environment(name)).ok()
}

/// Asks twice for the passphrase of a new key, or reads it from a file.
pub(crate) fn new_passphrase(terminal: &Terminal, source: &Passphrase) -> Result<Zeroizing<String>, Failure> {
    if let Some(passphrase) = from_file(source)? {
        return Ok(passphrase);
    }
    let first = ask(terminal, "passphrase for the new key: ")?;
    if first.is_empty() {
        return Err(Failure::usage("an empty passphrase protects nothing")
            .hinting("say `--no-passphrase` to leave the key open"));
    }
    let second = ask(terminal, "the same again: ")?;
    if first == second { Ok(first) } else { Err(Failure::usage("the two passphrases differ")) }
}

fn existing_passphrase(
    terminal: &Terminal,
    source: &Passphrase,
    prompt: &str,
) -> Result<Zeroizing<String>, Failure> {
    match from_file(source)? {
        Some(passphrase) => Ok(passphrase),
        None => ask(terminal, prompt),
    }
}

fn from_file(source: &Passphrase) -> Result<Option<Zeroizing<String>>, Failure> {
    let Some(path) = &source.passphrase_file else { return Ok(None) };
    let text = if path.as_os_str() == "-" {
        let mut line = Zeroizing::new(String::new());
        io::stdin().read_line(&mut line).map_err(|error| unreadable(path, &error))?;
        line
    } else {
        Zeroizing::new(read(path)?)
    };
    let line = text.lines().next().unwrap_or_default();
    if line.is_empty() {
        return Err(Failure::usage(format!("`{}` has no passphrase on its first line", path.display())));
    }
    Ok(Some(Zeroizing::new(line.to_owned())))
}

fn ask(terminal: &Terminal, prompt: &str) -> Result<Zeroizing<String>, Failure> {
    if !terminal.interactive() {
        return Err(KeyError::Locked.into());
    }
    rpassword::prompt_password(prompt)
        .map(Zeroizing::new)
        .map_err(|error| Failure::new("key-locked", format!("no passphrase was read: {error}")))
}

/// Where the public half of a private key file stands.
pub(crate) fn public_path(private: &Path) -> PathBuf {
    let mut name = private.as_os_str().to_owned();
    name.push(".pub");
    name.into()
}

/// Whether a text can name a key: never a path.
pub(crate) fn is_name(text: &str) -> bool {
    !text.is_empty()
        && text.len() <= 64
        && !text.starts_with(['.', '-'])
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"._-@".contains(&byte))
}

fn read(path: &Path) -> Result<String, Failure> {
    fs::read_to_string(path).map_err(|error| unreadable(path, &error))
}

fn unreadable(path: &Path, error: &io::Error) -> Failure {
    Failure::new("file-unreadable", format!("`{}`: {error}", path.display()))
}
