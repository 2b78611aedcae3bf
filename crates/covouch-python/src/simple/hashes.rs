//! The digests an index gives for a file.

use covouch_core::digest::Sha256;

use super::FileFault;
use crate::{limits, shown::Shown};

/// Digests by algorithm: the SHA-256 read, all others kept as they were written.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Hashes {
    sha256: Option<Sha256>,
    others: Vec<(Box<str>, Box<str>)>,
}

impl Hashes {
    /// This SHA-256 and nothing else.
    #[must_use]
    pub fn of(sha256: Sha256) -> Self {
        Self { sha256: Some(sha256), others: Vec::new() }
    }

    /// The SHA-256.
    #[must_use]
    pub fn sha256(&self) -> Option<Sha256> {
        self.sha256
    }

    /// Whether there is no digest at all.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.sha256.is_none() && self.others.is_empty()
    }

    /// Algorithms and digests, the SHA-256 first.
    pub fn iter(&self) -> impl Iterator<Item = (&str, String)> {
        let sha256 = self.sha256.map(|digest| ("sha256", digest.to_string()));
        sha256.into_iter().chain(self.others.iter().map(|(name, digest)| (&**name, digest.to_string())))
    }

    /// Adds one digest. The same digest twice is one; two for one algorithm are a fault, since one reader would
    /// check the first and another the second.
    pub(crate) fn insert(&mut self, algorithm: &str, digest: &str) -> Result<(), FileFault> {
        let fault = || FileFault::Hash(Shown::new(algorithm));
        // PEP 691: names of algorithms "SHOULD" be lower case.
        let algorithm = algorithm.to_ascii_lowercase();
        if algorithm == "sha256" {
            let digest = Sha256::parse(digest).map_err(|_| fault())?;
            return match self.sha256.replace(digest) {
                Some(before) if before != digest => Err(fault()),
                _ => Ok(()),
            };
        }
        match self.others.iter().find(|(name, _)| **name == *algorithm) {
            Some((_, before)) if **before == *digest => Ok(()),
            Some(_) => Err(fault()),
            None if self.others.len() + 1 >= limits::HASHES => Err(fault()),
            None => {
                self.others.push((algorithm.into(), digest.into()));
                Ok(())
            }
        }
    }
}

/// Whether this is the name of a digest that may stand behind the `#` of an address (PEP 503; the names
/// `hashlib` guarantees).
pub(crate) fn is_algorithm(name: &str) -> bool {
    matches!(
        name,
        "md5"
            | "sha1"
            | "sha224"
            | "sha256"
            | "sha384"
            | "sha512"
            | "blake2b"
            | "blake2s"
            | "sha3_224"
            | "sha3_256"
            | "sha3_384"
            | "sha3_512"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_values_of_one_digest_are_a_fault() {
        let (one, other) = ("a".repeat(64), "b".repeat(64));
        let mut hashes = Hashes::default();
        hashes.insert("SHA256", &one).unwrap();
        hashes.insert("sha256", &one).unwrap();
        assert!(hashes.insert("sha256", &other).is_err());
        hashes.insert("md5", "1").unwrap();
        assert!(hashes.insert("md5", "2").is_err());
        assert!(Hashes::default().insert("sha256", "short").is_err());
    }

    #[test]
    fn a_heap_of_digests_is_a_fault() {
        let mut hashes = Hashes::default();
        let mut insert = |number: usize| hashes.insert(&format!("x{number}"), "");
        assert!((0..limits::HASHES - 1).all(|number| insert(number).is_ok()));
        assert!(insert(limits::HASHES).is_err());
    }
}
