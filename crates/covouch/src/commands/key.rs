//! `covouch key new | list | show | export`.

use std::fs;

use covouch_core::key::{Protection, PublicKey, SecretKey};
use covouch_io::state;
use zeroize::Zeroizing;

use crate::{
    args::Key,
    exit::Exit,
    failure::Failure,
    keys,
    settings::Settings,
    terminal::{FAINT, Terminal, paint},
};

pub(super) fn run(command: &Key, settings: &Settings, terminal: &Terminal) -> Result<Exit, Failure> {
    match command {
        Key::New { name, comment, passphrase, no_passphrase } => {
            let protection =
                if *no_passphrase { None } else { Some(keys::new_passphrase(terminal, passphrase)?) };
            create(settings, terminal, name, comment.as_deref().unwrap_or(name), protection)?;
        }
        Key::List => list(settings, terminal)?,
        Key::Show { key } => {
            let (key, comment) = keys::public(settings, key)?;
            terminal.answer(format_args!("{key} {comment}"));
            terminal.answer(format_args!("fingerprint  {}", key.fingerprint()));
            terminal.answer(format_args!("key id       {}", key.id()));
        }
        Key::Export { key, pem } => {
            let (key, comment) = keys::public(settings, key)?;
            let text = if *pem { key.to_pem() } else { format!("{key} {comment}") };
            terminal.answer(text.trim_end());
        }
    }
    Ok(Exit::Admitted)
}

fn create(
    settings: &Settings,
    terminal: &Terminal,
    name: &str,
    comment: &str,
    passphrase: Option<Zeroizing<String>>,
) -> Result<(), Failure> {
    if !keys::is_name(name) {
        return Err(Failure::usage(format!(
            "`{name}` cannot name a key: use letters, digits, `.`, `_`, `-`, `@`"
        )));
    }
    if comment.contains(char::is_control) {
        return Err(Failure::usage("a comment stands on one line"));
    }
    let path = settings.keys_folder()?.join(name);
    if path.exists() {
        return Err(Failure::new("key-exists", format!("there is a key `{name}` already"))
            .hinting("choose another name; keys are never overwritten"));
    }
    let secret = SecretKey::from_seed(&random()?)?;
    let salt = *random::<16>()?;
    let protection = passphrase.as_ref().map(|passphrase| Protection { passphrase, salt });
    let file = secret.to_openssh(comment, protection.as_ref())?;
    let public = secret.public_key();
    state::write_atomically(&path, file.as_bytes())?;
    state::write_project_file(&keys::public_path(&path), format!("{public} {comment}\n").as_bytes())?;
    terminal.answer(format_args!("{public} {comment}"));
    terminal.note(format_args!("key `{name}` is kept in {}", path.display()));
    Ok(())
}

fn random<const N: usize>() -> Result<Zeroizing<[u8; N]>, Failure> {
    let mut bytes = Zeroizing::new([0; N]);
    getrandom::fill(bytes.as_mut())
        .map_err(|error| Failure::new("internal", format!("the system gives no random numbers: {error}")))?;
    Ok(bytes)
}

fn list(settings: &Settings, terminal: &Terminal) -> Result<(), Failure> {
    let mut shown = 0;
    let row = |name: &str, key: &PublicKey, holder: &str| {
        terminal.answer(format_args!("{name:<20} {} {}", key.fingerprint(), paint(FAINT, holder)));
    };
    let folder = settings.keys_folder()?;
    let mut names: Vec<String> = fs::read_dir(&folder)
        .into_iter()
        .flatten()
        .filter_map(|entry| entry.ok()?.file_name().into_string().ok())
        .filter_map(|name| name.strip_suffix(".pub").map(str::to_owned))
        .collect();
    names.sort();
    for name in &names {
        let (key, _) = keys::public(settings, name)?;
        row(name, &key, "in the key folder");
        shown += 1;
    }
    if let Some(agent) = keys::agent(settings) {
        for held in agent.identities()? {
            row(&held.comment, &held.key, "in the ssh-agent");
            shown += 1;
        }
    }
    if shown == 0 {
        terminal.note("no keys yet");
        terminal.hint("make one with `covouch key new NAME`");
    }
    Ok(())
}
