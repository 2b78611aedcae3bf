//! What the target for feeds asserts.

use covouch_core::{key::SecretKey, statement::Signer, time::Timestamp};
use covouch_feed::{
    path::matches,
    publish::ceremony,
    role::{Role, Root, Snapshot, Targets, Timestamp as TimestampRole, check, check_root},
    threshold::Signers,
    update::{Answer, Update},
    value::Value,
};

/// Metadata reads back as it was written, and whatever a key signs is read as one role or none, without a panic and
/// without a change of its bytes.
pub fn feed(bytes: &[u8]) {
    let now = Timestamp::parse("2026-11-22").expect("it is a date");
    // As the kept root, and as anything else an update is given.
    let _ = Update::new(now).give(Answer::Bytes(bytes));
    let _ = check_root(bytes, None);
    if let Ok((pattern, path)) =
        std::str::from_utf8(bytes).map(|text| text.split_once('\n').unwrap_or((text, text)))
    {
        assert!(!matches("*", path) || !path.contains('/'));
        let _ = matches(pattern, path);
    }
    let Ok(value) = Value::parse(bytes) else { return };
    assert_eq!(Value::parse(&value.to_json()).as_ref().ok(), Some(&value));
    let key = SecretKey::from_seed(&zeroize::Zeroizing::new([7; 32])).expect("the seed makes a key");
    let signers = Signers::new(&[*key.public_key()], std::num::NonZeroU32::MIN);
    let sealed = sealed(&value, &key, &signers);
    let roles = [
        reads::<TimestampRole>(&sealed, &signers),
        reads::<Snapshot>(&sealed, &signers),
        reads::<Targets>(&sealed, &signers),
        reads::<Root>(&sealed, &signers),
    ];
    assert!(roles.into_iter().filter(|reads| *reads).count() <= 1, "metadata is one thing");
    if let Ok(draft) = ceremony::countersign(&sealed, &key) {
        assert_eq!(ceremony::show(&draft).ok(), ceremony::show(&sealed).ok());
    }
}

fn reads<R: Role>(sealed: &[u8], signers: &Signers) -> bool {
    match check::<R>(sealed, signers) {
        Ok(signed) => {
            assert_eq!(signed.bytes(), sealed);
            assert!(signed.version() > 0);
            true
        }
        Err(error) => {
            assert!(!error.to_string().chars().any(char::is_control), "a message obeys nobody");
            false
        }
    }
}

fn sealed(signed: &Value<'_>, key: &SecretKey, signers: &Signers) -> Vec<u8> {
    let signature = Signer::sign(key, &signed.canonical()).expect("a key in memory signs");
    let digits: String = signature.iter().map(|byte| format!("{byte:02x}")).collect();
    let id = signers.id_of(key.public_key()).expect("it is among the signers");
    let signature = Value::object([("keyid", Value::text(id)), ("sig", Value::text(digits))]);
    Value::object([("signatures", Value::List(vec![signature])), ("signed", signed.clone())]).to_json()
}
