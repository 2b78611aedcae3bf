//! Certificates as Fulcio issues them: the claims of a workflow in extensions (sigstore/fulcio, `docs/oid-info.md`),
//! and the word of a log of certificates inside (RFC 6962 §3.3).

use covouch_core::{
    digest::Sha256,
    key::SecretKey,
    publisher::{Publisher, PublisherKind},
    statement::Signer as _,
};
use p256::ecdsa::{DerSignature, SigningKey, signature::Signer as _};

use super::der;

/// 1.3.101.112, Ed25519 (RFC 8410 §3).
const ED25519: &[u8] = &[0x2b, 0x65, 0x70];
/// 1.2.840.10045.2.1 and 1.2.840.10045.3.1.7, a key on P-256 (RFC 5480 §2.1.1).
const EC_KEY: &[u8] = &[0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01];
const P256: &[u8] = &[0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07];
/// 2.5.4.3, a common name.
const COMMON_NAME: &[u8] = &[0x55, 0x04, 0x03];
/// 2.5.29.15, .17, .19, .37 (RFC 5280 §4.2.1).
const KEY_USAGE: &[u8] = &[0x55, 0x1d, 0x0f];
const SUBJECT_ALT_NAME: &[u8] = &[0x55, 0x1d, 0x11];
const BASIC_CONSTRAINTS: &[u8] = &[0x55, 0x1d, 0x13];
const EXTENDED_KEY_USAGE: &[u8] = &[0x55, 0x1d, 0x25];
/// 1.3.6.1.5.5.7.3.3, for signing code.
const CODE_SIGNING: &[u8] = &[0x2b, 0x06, 0x01, 0x05, 0x05, 0x07, 0x03, 0x03];
/// 1.3.6.1.4.1.11129.2.4.2, what logs of certificates promised.
const PROMISES: &[u8] = &[0x2b, 0x06, 0x01, 0x04, 0x01, 0xd6, 0x79, 0x02, 0x04, 0x02];
/// 1.3.6.1.4.1.57264.1, below which Fulcio's claims are.
const FULCIO: &[u8] = &[0x2b, 0x06, 0x01, 0x04, 0x01, 0x83, 0xbf, 0x30, 0x01];

/// When certificates of authorities begin and end, and those of workflows: UTCTime.
const LONG: [&str; 2] = ["200101000000Z", "491231235959Z"];
const SHORT: [&str; 2] = ["240101000000Z", "240101001000Z"];

/// The branch every workflow runs on, and the commit.
const BRANCH: &str = "refs/heads/main";
const COMMIT: &str = "5eed5eed5eed5eed5eed5eed5eed5eed5eed5eed";

/// The public key of an Ed25519 key as certificates have it (RFC 8410 §4).
pub(super) fn ed25519(key: &SecretKey) -> Vec<u8> {
    der::sequence(&[&der::sequence(&[&der::object(ED25519)]), &der::bits(key.public_key().as_bytes())])
}

/// The public key of a key on P-256. Logs of certificates cannot have others (RFC 6962 §2.1.4).
pub(super) fn p256(key: &SigningKey) -> Vec<u8> {
    let point = key.verifying_key().to_encoded_point(false);
    let algorithm = der::sequence(&[&der::object(EC_KEY), &der::object(P256)]);
    der::sequence(&[&algorithm, &der::bits(point.as_bytes())])
}

/// The certificate of an authority, signed by itself.
pub(super) fn authority(key: &SecretKey) -> Vec<u8> {
    let constraints = der::sequence(&[&der::value(0x01, &[0xff])]);
    // keyCertSign alone.
    let extensions = [
        extension(BASIC_CONSTRAINTS, true, &constraints),
        extension(KEY_USAGE, true, &der::value(0x03, &[2, 0x04])),
    ];
    signed(&body((LONG, &name()), &ed25519(key), &extensions), key)
}

/// The certificate of a publisher's workflow, for this key, with the promise of a log.
pub(super) fn workflow(
    publisher: &Publisher,
    key: &SecretKey,
    authority: &SecretKey,
    log: &SigningKey,
) -> Vec<u8> {
    let mut extensions = claims(publisher);
    let subject = der::sequence(&[]);
    let body_of = |extensions: &[Vec<u8>]| body((SHORT, &subject), &ed25519(key), extensions);
    let promise = promise(&body_of(&extensions), authority, log);
    extensions.push(extension(PROMISES, false, &der::octets(&promise)));
    signed(&body_of(&extensions), authority)
}

/// What the certificate says of its workflow.
fn claims(publisher: &Publisher) -> Vec<Vec<u8>> {
    let (host, between, issuer) = match publisher.name.kind() {
        PublisherKind::GitHub => {
            ("https://github.com/", "/.github/workflows/", "https://token.actions.githubusercontent.com")
        }
        PublisherKind::GitLab => ("https://gitlab.com/", "//", "https://gitlab.com"),
        other => panic!("stories have no publishers at {other}"),
    };
    let repository = format!("{host}{}", publisher.name.repository());
    let file = publisher.workflow.as_deref().unwrap_or("release.yml");
    let config = format!("{repository}{between}{file}@{BRANCH}");
    let identity = der::sequence(&[&der::value(0x86, config.as_bytes())]);
    let mut extensions = vec![
        extension(KEY_USAGE, true, &der::value(0x03, &[7, 0x80])),
        extension(EXTENDED_KEY_USAGE, false, &der::sequence(&[&der::object(CODE_SIGNING)])),
        extension(SUBJECT_ALT_NAME, true, &identity),
    ];
    let said = [
        (8, Some(issuer)),
        (9, Some(&config)),
        (12, Some(&repository)),
        (13, Some(COMMIT)),
        (14, Some(BRANCH)),
        (15, publisher.repository_id.as_deref()),
        (17, publisher.owner_id.as_deref()),
        (18, Some(&config)),
    ];
    for (number, text) in said {
        let text = text.expect("a publisher of a story has both ids");
        extensions.push(extension(&[FULCIO, &[number]].concat(), false, &der::text(text)));
    }
    extensions
}

fn extension(object: &[u8], is_critical: bool, contents: &[u8]) -> Vec<u8> {
    let critical = if is_critical { der::value(0x01, &[0xff]) } else { Vec::new() };
    der::sequence(&[&der::object(object), &critical, &der::octets(contents)])
}

/// The name of every authority here.
fn name() -> Vec<u8> {
    let attribute = der::sequence(&[&der::object(COMMON_NAME), &der::text("covouch-testkit authority")]);
    der::sequence(&[&der::set(&attribute)])
}

/// What is signed of a certificate (RFC 5280 §4.1.2).
fn body((times, subject): ([&str; 2], &[u8]), key: &[u8], extensions: &[Vec<u8>]) -> Vec<u8> {
    let [from, to] = times.map(|time| der::value(0x17, time.as_bytes()));
    let extensions: Vec<&[u8]> = extensions.iter().map(Vec::as_slice).collect();
    der::sequence(&[
        &der::value(0xa0, &der::small(2)),
        &der::small(1),
        &der::sequence(&[&der::object(ED25519)]),
        &name(),
        &der::sequence(&[&from, &to]),
        subject,
        key,
        &der::value(0xa3, &der::sequence(&extensions)),
    ])
}

fn signed(body: &[u8], by: &SecretKey) -> Vec<u8> {
    let signature = by.sign(body).expect("a key in memory signs");
    der::sequence(&[body, &der::sequence(&[&der::object(ED25519)]), &der::bits(&signature)])
}

/// A list of one promise to log this certificate (RFC 6962 §3.2, §3.3); of the certificate as it is without it.
fn promise(body: &[u8], authority: &SecretKey, log: &SigningKey) -> Vec<u8> {
    let moment = (super::LOGGED * 1000).to_be_bytes();
    let issuer = Sha256::of(&ed25519(authority));
    let [_, size @ ..] = u32::try_from(body.len()).expect("a certificate is small").to_be_bytes();
    let message = [
        // Version 1, a timestamp of a certificate, when, of one that is not issued yet.
        &[0, 0][..],
        &moment,
        &[0, 1],
        issuer.as_bytes(),
        &size,
        body,
        &[0, 0],
    ];
    let signature: DerSignature = log.sign(&message.concat());
    let log_id = Sha256::of(&p256(log));
    // No extensions, ECDSA with SHA-256.
    let promise = [&[0][..], log_id.as_bytes(), &moment, &[0, 0], &[4, 3], &counted(signature.as_bytes())];
    counted(&counted(&promise.concat()))
}

/// Bytes after their number (RFC 8446 §3.4).
fn counted(bytes: &[u8]) -> Vec<u8> {
    let count = u16::try_from(bytes.len()).expect("a promise is small");
    [&count.to_be_bytes()[..], bytes].concat()
}
