//! Verifies attestations (PEP 740) with Sigstore: the one place that knows `sigstore-verify`.
//!
//! # Invariants
//! - A [`Proof`] is made only by [`verify`], for a file whose name and digest its statement gives.
//! - Everything a provenance object holds is verified, and one bad attestation among good ones is a refusal: whoever
//!   put it there wanted something.
//! - For each attestation: the certificate's chain at the time the log gives, its SCT, the log's inclusion proof,
//!   checkpoint and signed entry timestamp, the signature, and that the entry is this attestation's.
//!
//! # Not here
//! What the statement and the certificate mean: `covouch_python::attestation`. It is apart because verifying asks the
//! clock (`sigstore-verify` refuses what the log dates in the future), which no pure crate does.

mod error;
mod root;

use covouch_core::{publisher::Publisher, time::Timestamp};
use covouch_python::attestation::{
    Attestation, CertificateClaims, ClaimError, DistributionFile, Identity, Predicate, Provenance,
    StatedPublisher, publisher,
};
use sigstore_verify::{
    SubjectAltName, VerificationPolicy, VerificationResult,
    crypto::CertificateInfo,
    types::{
        Artifact, Bundle, CertificateContent, DerCertificate, DsseEnvelope, DsseSignature, KeyId, MediaType,
        PayloadBytes, Sha256Hash, SignatureBytes, SignatureContent, TransparencyLogEntry,
        VerificationMaterial, VerificationMaterialContent,
    },
};

pub use self::{
    error::{AttestationError, Fault},
    root::{TrustRoot, TrustRootError},
};

/// PEP 740, "Attestation objects": what the signature's envelope says its payload is.
const PAYLOAD_TYPE: &str = "application/vnd.in-toto+json";

/// A verified attestation of a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Proof {
    publisher: Publisher,
    predicate: Predicate,
    logged: Timestamp,
    stated: Option<StatedPublisher>,
}

impl Proof {
    /// Who published the file.
    #[must_use]
    pub fn publisher(&self) -> &Publisher {
        &self.publisher
    }

    /// What they say of it.
    #[must_use]
    pub fn predicate(&self) -> Predicate {
        self.predicate
    }

    /// The publisher in the index's own words, which agree; nothing when no index was asked.
    #[must_use]
    pub fn stated(&self) -> Option<&StatedPublisher> {
        self.stated.as_ref()
    }

    /// When the transparency log took the attestation in.
    #[must_use]
    pub fn logged(&self) -> Timestamp {
        self.logged
    }
}

/// Verifies every attestation of a provenance object, or a single attestation, about this file.
///
/// # Errors
/// [`AttestationError`] when there is no attestation, or one that does not hold.
pub fn verify(
    file: &DistributionFile,
    provenance: &[u8],
    root: &TrustRoot,
) -> Result<Vec<Proof>, AttestationError> {
    let provenance = Provenance::parse(provenance)?;
    let mut proofs = Vec::new();
    for (bundle, attestations) in (1..).zip(provenance.bundles()) {
        for (attestation, claimed) in (1..).zip(attestations.attestations()) {
            let proof = prove(file, claimed, attestations.publisher(), root)
                .map_err(|fault| AttestationError::Attestation { bundle, attestation, fault })?;
            proofs.push(proof);
        }
    }
    Ok(proofs)
}

/// The publishers of these proofs, each once.
#[must_use]
pub fn publishers(proofs: &[Proof]) -> Vec<Publisher> {
    let mut publishers: Vec<_> = proofs.iter().map(|proof| proof.publisher.clone()).collect();
    publishers.sort();
    publishers.dedup();
    publishers
}

/// The statement first: it is cheap, and says best what is wrong. Nothing is believed before all of it holds.
fn prove(
    file: &DistributionFile,
    attestation: &Attestation,
    stated: Option<&StatedPublisher>,
    root: &TrustRoot,
) -> Result<Proof, Fault> {
    let statement = attestation.statement(file)?;
    let sha256 = Sha256Hash::new(*file.sha256.as_bytes());
    // Whoever signed: the certificate's claims are looked at below, in full.
    let policy = VerificationPolicy::any_identity();
    let verified = root.verifier().verify(Artifact::from_digest(sha256), &bundle(attestation)?, &policy)?;
    let logged = logged(&verified).ok_or(Fault::Unlogged)?;
    let claims = claims(verified.certificate().ok_or(ClaimError::Anonymous)?)?;
    let publisher = publisher(&claims)?;
    if let Some(stated) = stated {
        stated.check(&claims, &publisher)?;
    }
    Ok(Proof { publisher, predicate: statement.predicate(), logged, stated: stated.cloned() })
}

/// The attestation as Sigstore has it.
fn bundle(attestation: &Attestation) -> Result<Bundle, Fault> {
    let certificate = CertificateContent::new(DerCertificate::from_bytes(attestation.certificate()));
    let entries: Vec<TransparencyLogEntry> = attestation
        .log_entries()
        .map(serde_json::from_str)
        .collect::<Result<_, _>>()
        .map_err(|error| Fault::log(&error))?;
    // PEP 740 has no other source of time than the log's promise, and without an inclusion proof a promise is all.
    if entries.iter().any(|entry| entry.inclusion_proof.is_none() || entry.inclusion_promise.is_none()) {
        return Err(Fault::Unlogged);
    }
    let signature = DsseSignature::new(SignatureBytes::from_bytes(attestation.signature()), KeyId::default());
    let envelope =
        DsseEnvelope::new(PAYLOAD_TYPE, PayloadBytes::from_bytes(attestation.payload()), signature);
    let material = VerificationMaterial::new(VerificationMaterialContent::Certificate(certificate))
        .with_tlog_entries(entries);
    Ok(Bundle::new(MediaType::Bundle0_3, material, SignatureContent::DsseEnvelope(envelope)))
}

/// When the log took it in; only when the log, the certificate and its SCT were all looked at.
fn logged(verified: &VerificationResult) -> Option<Timestamp> {
    let complete = verified.certificate_verified() && verified.sct_verified() && verified.tlog_verified();
    verified.integrated_time().filter(|_| complete).and_then(|time| Timestamp::from_unix(time.as_second()))
}

/// What a certificate says. Fulcio's extensions are read by `sigstore-crypto`.
fn claims(certificate: &CertificateInfo) -> Result<CertificateClaims<'_>, ClaimError> {
    let identity = match &certificate.identity {
        Some(SubjectAltName::Email(email)) => Identity::Email(email),
        Some(SubjectAltName::Uri(uri)) => Identity::Uri(uri),
        _ => return Err(ClaimError::Anonymous),
    };
    let said = &certificate.ci_claims;
    Ok(CertificateClaims {
        issuer: certificate.issuer.as_deref().ok_or(ClaimError::Anonymous)?,
        identity,
        signer_uri: said.build_signer_uri.as_deref(),
        repository_uri: said.source_repository_uri.as_deref(),
        repository_digest: said.source_repository_digest.as_deref(),
        repository_ref: said.source_repository_ref.as_deref(),
        repository_id: said.source_repository_identifier.as_deref(),
        owner_id: said.source_repository_owner_identifier.as_deref(),
        config_uri: said.build_config_uri.as_deref(),
        environment: said.deployment_environment.as_deref(),
    })
}

#[cfg(test)]
mod tests {
    use sigstore_verify::crypto::parse_certificate_info;

    use super::*;

    /// The publisher of a certificate alone.
    fn shown(pem: &str) -> Publisher {
        let certificate = parse_certificate_info(&DerCertificate::from_pem(pem).unwrap()).unwrap();
        publisher(&claims(&certificate).unwrap()).unwrap()
    }

    #[test]
    fn a_real_certificate_without_a_branch_shows_its_publisher() {
        let pem = include_str!("../tests/data/pep740/no-source-repository-ref-extension.pem");
        let publisher = shown(pem);
        assert_eq!(publisher.to_string(), "github:swiftsim/swiftgalaxy");
        assert_eq!(publisher.workflow.as_deref(), Some("python-publish.yml"));
        assert_eq!(publisher.repository_id.as_deref(), Some("488271795"));
        assert_eq!(publisher.owner_id.as_deref(), Some("37541309"));
    }

    #[test]
    fn real_certificates_without_a_repository_show_their_publishers() {
        let circleci = shown(include_str!("../tests/data/pep740/circleci-oidc.pem"));
        assert_eq!(circleci.to_string(), "circleci:fdd9283f-e619-46af-8f9c-851f7d3e8b2b");
        assert_eq!(circleci.workflow.as_deref(), Some("8e4f8ab2-8d7c-4827-9f15-de076d6d647f"));
        let google = shown(include_str!("../tests/data/pep740/200170367.pem"));
        assert_eq!(google.to_string(), "google:919436158236-compute@developer.gserviceaccount.com");
    }
}
