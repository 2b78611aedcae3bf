//! The JSON an index serves at a file's `provenance` address (PEP 740, "Provenance objects"), and single attestations.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use serde::Deserialize;
use serde_json::value::RawValue;

use super::{ClaimError, DistributionFile, ProvenanceError, StatedPublisher, Statement, identity};
use crate::{limits, shown::Shown};

/// A provenance object: at least one bundle.
#[derive(Clone, Debug)]
pub struct Provenance {
    bundles: Vec<Bundle>,
}

/// The attestations of one publisher: at least one.
#[derive(Clone, Debug)]
pub struct Bundle {
    publisher: Option<StatedPublisher>,
    attestations: Vec<Attestation>,
}

/// One attestation. Nothing of it has been verified.
#[derive(Clone, Debug)]
pub struct Attestation {
    certificate: Vec<u8>,
    log_entries: Vec<Box<RawValue>>,
    statement: Vec<u8>,
    signature: Vec<u8>,
}

#[derive(Deserialize)]
struct WireProvenance {
    version: u64,
    attestation_bundles: Vec<WireBundle>,
}

#[derive(Deserialize)]
struct WireBundle {
    publisher: identity::WirePublisher,
    attestations: Vec<WireAttestation>,
}

#[derive(Deserialize)]
struct WireAttestation {
    version: u64,
    verification_material: WireMaterial,
    envelope: WireEnvelope,
}

#[derive(Deserialize)]
struct WireMaterial {
    certificate: String,
    transparency_entries: Vec<Box<RawValue>>,
}

#[derive(Deserialize)]
struct WireEnvelope {
    statement: String,
    signature: String,
}

impl Provenance {
    /// Reads a provenance object, or a single attestation, which then stands alone in a bundle without a publisher.
    ///
    /// # Errors
    /// [`ProvenanceError`] for anything else, and for an object that holds no attestation.
    pub fn parse(bytes: &[u8]) -> Result<Self, ProvenanceError> {
        if bytes.len() > limits::PROVENANCE_BYTES {
            return Err(ProvenanceError::TooLarge(bytes.len()));
        }
        // Both shapes say which they are by a field that the other does not have.
        #[derive(Deserialize)]
        struct Shape {
            envelope: Option<serde::de::IgnoredAny>,
        }
        let shape: Shape = read(bytes)?;
        let bundles = match shape.envelope {
            Some(_) => vec![Bundle { publisher: None, attestations: vec![attestation(read(bytes)?)?] }],
            None => bundles(read(bytes)?)?,
        };
        let count = bundles.iter().map(|bundle| bundle.attestations.len()).sum();
        match count {
            0 => Err(ProvenanceError::Empty),
            // Each costs half a dozen signatures to verify.
            count if count > limits::ATTESTATIONS => Err(ProvenanceError::TooMany(count)),
            _ => Ok(Self { bundles }),
        }
    }

    /// The bundles, at least one.
    #[must_use]
    pub fn bundles(&self) -> &[Bundle] {
        &self.bundles
    }
}

impl Bundle {
    /// Whom the index names as the publisher; nobody for a single attestation, which no index gave.
    #[must_use]
    pub fn publisher(&self) -> Option<&StatedPublisher> {
        self.publisher.as_ref()
    }

    /// The attestations, at least one.
    #[must_use]
    pub fn attestations(&self) -> &[Attestation] {
        &self.attestations
    }
}

impl Attestation {
    /// The signing certificate in DER.
    #[must_use]
    pub fn certificate(&self) -> &[u8] {
        &self.certificate
    }

    /// The transparency log's entries in the JSON of Sigstore's bundles, at least one.
    pub fn log_entries(&self) -> impl Iterator<Item = &str> {
        self.log_entries.iter().map(|entry| entry.get())
    }

    /// The bytes that were signed, as the payload of a DSSE envelope of in-toto's type.
    #[must_use]
    pub fn payload(&self) -> &[u8] {
        &self.statement
    }

    /// The signature over them.
    #[must_use]
    pub fn signature(&self) -> &[u8] {
        &self.signature
    }

    /// What it says about this file.
    ///
    /// # Errors
    /// [`ClaimError`] unless it is about exactly this file.
    pub fn statement(&self, file: &DistributionFile) -> Result<Statement, ClaimError> {
        Statement::parse(&self.statement, file)
    }
}

fn read<'a, T: Deserialize<'a>>(bytes: &'a [u8]) -> Result<T, ProvenanceError> {
    serde_json::from_slice(bytes).map_err(|error| malformed(&error.to_string()))
}

fn malformed(reason: &str) -> ProvenanceError {
    ProvenanceError::Malformed(Shown::new(reason))
}

fn bundles(wire: WireProvenance) -> Result<Vec<Bundle>, ProvenanceError> {
    check_version("provenance", wire.version)?;
    let mut bundles = Vec::new();
    for (place, wire) in (1..).zip(wire.attestation_bundles) {
        if wire.attestations.is_empty() {
            return Err(ProvenanceError::EmptyBundle(place));
        }
        let publisher = StatedPublisher::parse(&wire.publisher).map_err(|reason| {
            ProvenanceError::Publisher { bundle: place, kind: Shown::new(&wire.publisher.kind), reason }
        })?;
        let attestations = wire.attestations.into_iter().map(attestation).collect::<Result<_, _>>()?;
        bundles.push(Bundle { publisher: Some(publisher), attestations });
    }
    Ok(bundles)
}

fn attestation(wire: WireAttestation) -> Result<Attestation, ProvenanceError> {
    check_version("attestation", wire.version)?;
    let material = wire.verification_material;
    // PEP 740, "Attestation objects": one or more entries. Real ones have one.
    if !(1..=limits::LOG_ENTRIES).contains(&material.transparency_entries.len()) {
        let count = material.transparency_entries.len();
        return Err(malformed(&format!("an attestation has {count} log entries")));
    }
    Ok(Attestation {
        certificate: decode("certificate", &material.certificate)?,
        log_entries: material.transparency_entries,
        statement: decode("statement", &wire.envelope.statement)?,
        signature: decode("signature", &wire.envelope.signature)?,
    })
}

fn check_version(of: &'static str, version: u64) -> Result<(), ProvenanceError> {
    if version == 1 { Ok(()) } else { Err(ProvenanceError::Version { of, version }) }
}

fn decode(field: &str, text: &str) -> Result<Vec<u8>, ProvenanceError> {
    STANDARD.decode(text).map_err(|error| malformed(&format!("the {field} is not base64: {error}")))
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn attestation() -> Value {
        json!({
            "version": 1,
            "verification_material": {"certificate": "AAAA", "transparency_entries": [{"logIndex": "1"}]},
            "envelope": {"statement": "e30=", "signature": "AAAA"},
        })
    }

    fn provenance() -> Value {
        let publisher = json!({"kind": "GitHub", "repository": "org/project", "workflow": "release.yml"});
        json!({"version": 1, "attestation_bundles": [{"publisher": publisher, "attestations": [attestation()]}]})
    }

    fn parse(value: &Value) -> Result<Provenance, ProvenanceError> {
        Provenance::parse(value.to_string().as_bytes())
    }

    fn code(value: &Value) -> &'static str {
        parse(value).unwrap_err().code().as_str()
    }

    #[test]
    fn a_provenance_object_is_read_with_its_publisher() {
        let read = parse(&provenance()).unwrap();
        let [bundle] = read.bundles() else { panic!() };
        assert!(bundle.publisher().is_some());
        let [attestation] = bundle.attestations() else { panic!() };
        assert_eq!((attestation.payload(), attestation.certificate()), (&b"{}"[..], &[0, 0, 0][..]));
        assert_eq!(attestation.log_entries().collect::<Vec<_>>(), [r#"{"logIndex":"1"}"#]);
    }

    #[test]
    fn a_single_attestation_has_no_publisher_stated_for_it() {
        let read = parse(&attestation()).unwrap();
        assert!(matches!(read.bundles(), [bundle] if bundle.publisher().is_none()));
    }

    #[test]
    fn nothing_attested_is_an_error() {
        assert_eq!(code(&json!({"version": 1, "attestation_bundles": []})), "provenance-empty");
        let mut value = provenance();
        value["attestation_bundles"][0]["attestations"] = json!([]);
        assert_eq!(code(&value), "provenance-empty");
    }

    #[test]
    fn another_version_is_not_read_as_this_one() {
        let mut value = provenance();
        value["version"] = json!(2);
        assert_eq!(code(&value), "provenance-version");
        let mut value = provenance();
        value["attestation_bundles"][0]["attestations"][0]["version"] = json!(2);
        assert_eq!(code(&value), "provenance-version");
    }

    #[test]
    fn a_publisher_nobody_knows_is_an_error() {
        let mut value = provenance();
        value["attestation_bundles"][0]["publisher"] = json!({"kind": "SourceHut", "repository": "a/b"});
        assert_eq!(code(&value), "provenance-publisher");
        value["attestation_bundles"][0]["publisher"] = json!({"kind": "GitHub", "repository": "org/project"});
        assert_eq!(code(&value), "provenance-publisher", "a workflow belongs to it");
    }

    #[test]
    fn what_is_not_of_the_shape_is_malformed() {
        let edits: [fn(&mut Value); 5] = [
            |it| it["envelope"]["statement"] = json!("not base64"),
            |it| it["envelope"]["signature"] = json!("AAAA\n"),
            |it| it["verification_material"]["transparency_entries"] = json!([]),
            |it| it["verification_material"]["transparency_entries"] = json!(vec![json!({}); 9]),
            |it| it["verification_material"] = json!(null),
        ];
        for edit in edits {
            let mut value = attestation();
            edit(&mut value);
            assert_eq!(code(&value), "provenance-malformed", "{value}");
        }
        for text in ["", "null", "[]", "{}", "{\"envelope\": 1}"] {
            let error = Provenance::parse(text.as_bytes()).unwrap_err();
            assert_eq!(error.code().as_str(), "provenance-malformed", "{text}");
        }
    }

    #[test]
    fn there_is_an_end_to_attestations() {
        let mut value = provenance();
        let many = vec![attestation(); limits::ATTESTATIONS + 1];
        value["attestation_bundles"][0]["attestations"] = json!(many[1..]);
        assert!(parse(&value).is_ok());
        value["attestation_bundles"][0]["attestations"] = json!(many);
        assert_eq!(code(&value), "provenance-too-large");
        let error = Provenance::parse(&vec![b' '; limits::PROVENANCE_BYTES + 1]).unwrap_err();
        assert_eq!(error.code().as_str(), "provenance-too-large");
    }
}
