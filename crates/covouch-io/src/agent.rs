//! Asks an ssh-agent to sign, so that no private key need stand on disk (draft-ietf-sshm-ssh-agent).
//!
//! # Invariants
//! - The agent is asked to sign exactly the bytes a statement consists of, with Ed25519.
//! - A reply is never longer than [`limits::AGENT_REPLY_BYTES`], whatever it announces.
//!
//! # Not here
//! Adding, removing and unlocking keys (`ssh-add` does that); agents on Windows, which are not sockets.

mod wire;

use std::{ffi::OsString, io, path::PathBuf};

use covouch_core::{
    code::Code,
    hint::Hint,
    key::PublicKey,
    statement::{SignError, Signer},
};

use self::wire::{Reader, Writer};
use crate::limits;

/// Message numbers (draft-ietf-sshm-ssh-agent §6.1).
mod number {
    pub(super) const FAILURE: u8 = 5;
    pub(super) const REQUEST_IDENTITIES: u8 = 11;
    pub(super) const IDENTITIES_ANSWER: u8 = 12;
    pub(super) const SIGN_REQUEST: u8 = 13;
    pub(super) const SIGN_RESPONSE: u8 = 14;
}

const ED25519: &[u8] = b"ssh-ed25519";

/// An agent, by its socket.
#[derive(Clone, Debug)]
pub struct Agent {
    socket: PathBuf,
    may_be_forwarded: bool,
}

/// A key the agent holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Identity {
    /// The key.
    pub key: PublicKey,
    /// What its owner called it.
    pub comment: String,
}

/// Signs with one of the agent's keys.
#[derive(Clone, Debug)]
pub struct AgentSigner {
    agent: Agent,
    key: PublicKey,
}

/// Why an agent did not help.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum AgentError {
    /// No agent is named.
    #[error("no ssh-agent is running: SSH_AUTH_SOCK is not set")]
    None,
    /// The socket does not answer.
    #[error("the ssh-agent at `{socket}` does not answer: {reason}")]
    Unreachable {
        /// The agent's socket.
        socket: PathBuf,
        /// What the system says.
        reason: String,
    },
    /// The agent said no: the key is gone, or somebody did not confirm.
    #[error("the ssh-agent at `{0}` refuses")]
    Refused(PathBuf),
    /// The agent's answer makes no sense.
    #[error("the ssh-agent at `{0}` answers nonsense")]
    Nonsense(PathBuf),
    /// More bytes than agents take.
    #[error("an ssh-agent signs at most {most} bytes, these are {0}", most = limits::AGENT_MESSAGE_BYTES)]
    TooLong(usize),
}

impl AgentError {
    /// Codes of these errors.
    pub const CODES: &[Code] =
        &[Code::new("agent-none"), Code::new("agent-unreachable"), Code::new("agent-refused")];

    /// The error's stable code.
    #[must_use]
    pub fn code(&self) -> Code {
        Code::new(match self {
            Self::None => "agent-none",
            Self::Unreachable { .. } | Self::Nonsense(_) => "agent-unreachable",
            Self::Refused(_) | Self::TooLong(_) => "agent-refused",
        })
    }

    /// What to do about it.
    #[must_use]
    pub fn hint(&self) -> Option<Hint> {
        Some(Hint::new(match self {
            Self::None => "start one with `eval $(ssh-agent)` and add a key with `ssh-add`",
            Self::Unreachable { .. } | Self::Nonsense(_) => "look at `ssh-add -l`",
            Self::Refused(_) => "look at `ssh-add -l`; the key may be gone, or wait for a confirmation",
            Self::TooLong(_) => "sign with a key file, or vouch for fewer files at a time",
        }))
    }
}

impl Agent {
    /// The agent that `SSH_AUTH_SOCK` names.
    ///
    /// # Errors
    /// [`AgentError::None`] when it names none.
    pub fn from_env(variable: &dyn Fn(&str) -> Option<OsString>) -> Result<Self, AgentError> {
        let socket = variable("SSH_AUTH_SOCK").filter(|socket| !socket.is_empty()).ok_or(AgentError::None)?;
        let may_be_forwarded = variable("SSH_CONNECTION").is_some_and(|connection| !connection.is_empty());
        Ok(Self { socket: socket.into(), may_be_forwarded })
    }

    /// Whether the agent may run on another machine: we are in an ssh session, and whoever is root here could
    /// use a forwarded agent as its owner. Nobody signs with such an agent without being asked first.
    #[must_use]
    pub fn may_be_forwarded(&self) -> bool {
        self.may_be_forwarded
    }

    /// The Ed25519 keys the agent holds, in its order.
    ///
    /// # Errors
    /// [`AgentError`] when it does not say.
    pub fn identities(&self) -> Result<Vec<Identity>, AgentError> {
        let reply = self.ask(&[number::REQUEST_IDENTITIES], number::IDENTITIES_ANSWER)?;
        read_identities(&reply).ok_or_else(|| AgentError::Nonsense(self.socket.clone()))
    }

    /// A signer for this key.
    #[must_use]
    pub fn signer(&self, key: PublicKey) -> AgentSigner {
        AgentSigner { agent: self.clone(), key }
    }

    fn sign(&self, key: &PublicKey, message: &[u8]) -> Result<[u8; 64], AgentError> {
        if message.len() > limits::AGENT_MESSAGE_BYTES {
            return Err(AgentError::TooLong(message.len()));
        }
        let request =
            Writer::new(number::SIGN_REQUEST).string(&key.wire()).string(message).number(0).finish();
        let reply = self.ask(&request, number::SIGN_RESPONSE)?;
        read_signature(&reply).ok_or_else(|| AgentError::Nonsense(self.socket.clone()))
    }

    fn ask(&self, request: &[u8], expected: u8) -> Result<Vec<u8>, AgentError> {
        let reply = exchange(&self.socket, request).map_err(|error| AgentError::Unreachable {
            socket: self.socket.clone(),
            reason: error.to_string(),
        })?;
        match reply.split_first() {
            Some((found, rest)) if *found == expected => Ok(rest.to_vec()),
            Some((&number::FAILURE, _)) => Err(AgentError::Refused(self.socket.clone())),
            _ => Err(AgentError::Nonsense(self.socket.clone())),
        }
    }
}

impl Signer for AgentSigner {
    fn public_key(&self) -> &PublicKey {
        &self.key
    }

    fn sign(&self, message: &[u8]) -> Result<[u8; 64], SignError> {
        self.agent.sign(&self.key, message).map_err(|error| SignError::Refused(error.to_string()))
    }
}

/// The Ed25519 keys among a list of keys; others, certificates included, are passed over.
fn read_identities(reply: &[u8]) -> Option<Vec<Identity>> {
    let mut reader = Reader::new(reply);
    let count = reader.number()?;
    let mut identities = Vec::new();
    // Each key takes at least eight bytes of a limited reply, so a count that lies ends the loop early.
    for _ in 0..count {
        let (blob, comment) = (reader.string()?, reader.string()?);
        let key = read_tagged(blob).and_then(|bytes| PublicKey::from_bytes(bytes).ok());
        let comment =
            String::from_utf8_lossy(comment).chars().filter(|character| !character.is_control()).collect();
        identities.extend(key.map(|key| Identity { key, comment }));
    }
    reader.is_done().then_some(identities)
}

fn read_signature(reply: &[u8]) -> Option<[u8; 64]> {
    let mut reader = Reader::new(reply);
    let signature = read_tagged(reader.string()?)?;
    reader.is_done().then_some(signature)
}

/// `string "ssh-ed25519"`, then `N` bytes as a string (RFC 8709 §4 and §6).
fn read_tagged<const N: usize>(blob: &[u8]) -> Option<[u8; N]> {
    let mut reader = Reader::new(blob);
    let tagged = reader.string()? == ED25519;
    let bytes = reader.string()?.try_into().ok()?;
    (tagged && reader.is_done()).then_some(bytes)
}

#[cfg(unix)]
fn exchange(socket: &std::path::Path, request: &[u8]) -> io::Result<Vec<u8>> {
    use std::io::{Read as _, Write as _};

    let mut stream = std::os::unix::net::UnixStream::connect(socket)?;
    stream.set_read_timeout(Some(limits::AGENT_TIME))?;
    stream.set_write_timeout(Some(limits::AGENT_TIME))?;
    let length = u32::try_from(request.len()).map_err(io::Error::other)?;
    stream.write_all(&[&length.to_be_bytes()[..], request].concat())?;
    let mut length = [0; 4];
    stream.read_exact(&mut length)?;
    let length = usize::try_from(u32::from_be_bytes(length)).map_err(io::Error::other)?;
    if length > limits::AGENT_REPLY_BYTES {
        return Err(io::Error::other("its reply is too long"));
    }
    let mut reply = vec![0; length];
    stream.read_exact(&mut reply)?;
    Ok(reply)
}

#[cfg(not(unix))]
fn exchange(_: &std::path::Path, _: &[u8]) -> io::Result<Vec<u8>> {
    Err(io::Error::new(io::ErrorKind::Unsupported, "agents are sockets only on Unix"))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn tagged(tag: &[u8], bytes: &[u8]) -> Vec<u8> {
        let blob = Writer::new(0).string(tag).string(bytes).finish();
        blob.split_first().unwrap().1.to_vec()
    }

    #[test]
    fn keys_of_other_kinds_are_passed_over() {
        // The curve's base point (RFC 8032 §5.1), and a point of small order.
        let point: Vec<u8> = [&[0x58][..], &[0x66; 31]].concat();
        let (key, weak) = (tagged(ED25519, &point), tagged(ED25519, &[0; 32]));
        let rsa = tagged(b"ssh-rsa", b"three numbers");
        let reply = Writer::new(12).number(3).string(&rsa).string(b"old").string(&weak).string(b"zero");
        let reply = reply.string(&key).string(b"me\x1b[31m@home").finish();
        let identities = read_identities(&reply[1..]).unwrap();
        let [identity] = identities.as_slice() else { panic!("{identities:?}") };
        assert_eq!(identity.key.as_bytes()[..], point);
        assert_eq!(identity.comment, "me[31m@home", "a comment cannot colour our output");
    }

    #[test]
    fn a_count_that_lies_is_nonsense() {
        let reply = Writer::new(12).number(u32::MAX).string(b"x").string(b"y").finish();
        assert_eq!(read_identities(&reply[1..]), None);
        let trailing = Writer::new(12).number(0).number(0).finish();
        assert_eq!(read_identities(&trailing[1..]), None);
    }

    #[test]
    fn a_signature_is_64_bytes_of_the_right_kind() {
        let answer = |blob: &[u8]| read_signature(&Writer::new(14).string(blob).finish()[1..]);
        assert_eq!(answer(&tagged(ED25519, &[7; 64])), Some([7; 64]));
        let trailing = [tagged(ED25519, &[7; 64]), vec![0]].concat();
        for blob in [tagged(ED25519, &[7; 63]), tagged(b"ssh-rsa", &[7; 64]), trailing, Vec::new()] {
            assert_eq!(answer(&blob), None);
        }
    }

    #[test]
    fn nobody_is_asked_without_a_socket() {
        assert_eq!(Agent::from_env(&|_| None).unwrap_err(), AgentError::None);
        let agent =
            Agent::from_env(&|name| (name == "SSH_AUTH_SOCK").then(|| "/nonexistent/socket".into())).unwrap();
        assert!(!agent.may_be_forwarded());
        assert_eq!(agent.identities().unwrap_err().code().as_str(), "agent-unreachable");
    }

    proptest! {
        #[test]
        fn no_reply_makes_us_panic(reply: Vec<u8>) {
            let _ = (read_identities(&reply), read_signature(&reply));
        }
    }
}
