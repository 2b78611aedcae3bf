//! Keys that grow from a name, so that a story can say `security` and mean the same key everywhere.

use covouch_core::{digest::Sha256, key::SecretKey};
use zeroize::Zeroizing;

/// The key of this name. Everybody can compute it: it is worth nothing outside tests.
///
/// # Panics
/// Never: no name is known whose digest is a seed without a key.
#[must_use]
pub fn secret(name: &str) -> SecretKey {
    let seed = *Sha256::of(format!("covouch-testkit key {name}").as_bytes()).as_bytes();
    SecretKey::from_seed(&Zeroizing::new(seed)).expect("a digest is a seed")
}

/// The public key of this name as policies write it: `ssh-ed25519 AAAA… NAME`.
#[must_use]
pub fn line(name: &str) -> String {
    format!("{} {name}", secret(name).public_key())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_always_gives_the_same_key() {
        assert_eq!(secret("security").public_key(), secret("security").public_key());
        assert_ne!(secret("security").public_key(), secret("platform").public_key());
        assert!(line("security").starts_with("ssh-ed25519 AAAA") && line("security").ends_with(" security"));
    }
}
