//! What an attestation's in-toto statement says, held against one file.

use std::collections::BTreeSet;

use covouch_core::{digest::Sha256, subject::FileName};
use serde::{Deserialize, de::IgnoredAny};

use super::{ClaimError, DistributionFile};
use crate::{
    filename::{DistFilename, Wheel},
    shown::Shown,
};

/// in-toto attestation framework, "Statement layer v1".
const TYPE: &str = "https://in-toto.io/Statement/v1";

/// What is claimed of the file; a closed list, as PEP 740 has it ("Attestation statement").
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Predicate {
    /// The publisher uploaded it.
    Publish,
    /// The publisher built it (SLSA provenance v1). The particulars are not looked at.
    Slsa,
}

impl Predicate {
    /// All predicates that count.
    pub const ALL: [Self; 2] = [Self::Publish, Self::Slsa];

    /// The type's URI.
    #[must_use]
    pub const fn uri(self) -> &'static str {
        match self {
            // A name, not an address: nothing is fetched from there.
            Self::Publish => concat!("https://docs.pypi", ".org/attestations/publish/v1"),
            Self::Slsa => "https://slsa.dev/provenance/v1",
        }
    }

    /// A word for it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Publish => "publish",
            Self::Slsa => "slsa",
        }
    }
}

/// A statement about one file, as far as it counts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Statement {
    predicate: Predicate,
}

/// Serde refuses a known field that stands twice, so no reader can see another subject than we do.
#[derive(Deserialize)]
struct Wire {
    #[serde(rename = "_type")]
    kind: String,
    subject: Vec<WireSubject>,
    #[serde(rename = "predicateType")]
    predicate_type: String,
    #[serde(rename = "predicate", default)]
    _predicate: IgnoredAny,
}

#[derive(Deserialize)]
struct WireSubject {
    #[serde(default)]
    name: String,
    digest: WireDigest,
}

#[derive(Deserialize)]
struct WireDigest {
    #[serde(default)]
    sha256: String,
}

impl Statement {
    /// Reads a statement and holds it against a file.
    ///
    /// # Errors
    /// [`ClaimError`] unless it is about exactly this file, and says something of the closed list.
    pub fn parse(bytes: &[u8], file: &DistributionFile) -> Result<Self, ClaimError> {
        let malformed = |reason: &str| ClaimError::Malformed(Shown::new(reason));
        let wire: Wire = serde_json::from_slice(bytes).map_err(|error| malformed(&error.to_string()))?;
        if wire.kind != TYPE {
            return Err(malformed(&format!("its type is `{}`", wire.kind)));
        }
        let [subject] = wire.subject.as_slice() else { return Err(ClaimError::Subjects(wire.subject.len())) };
        subject.check(file)?;
        let predicate = Predicate::ALL
            .into_iter()
            .find(|predicate| predicate.uri() == wire.predicate_type)
            .ok_or_else(|| ClaimError::Predicate(Shown::new(&wire.predicate_type)))?;
        Ok(Self { predicate })
    }

    /// What it claims.
    #[must_use]
    pub fn predicate(&self) -> Predicate {
        self.predicate
    }
}

impl WireSubject {
    fn check(&self, file: &DistributionFile) -> Result<(), ClaimError> {
        if !FileName::parse(&self.name).is_ok_and(|name| is_same_file(&name, &file.name)) {
            return Err(ClaimError::OtherName { found: Shown::new(&self.name), expected: file.name.clone() });
        }
        match Sha256::parse(&self.digest.sha256) {
            Ok(sha256) if sha256 == file.sha256 => Ok(()),
            Ok(_) | Err(_) => {
                Err(ClaimError::OtherDigest { found: Shown::new(&self.digest.sha256), expected: file.sha256 })
            }
        }
    }
}

/// Whether two names mean one file. Uploaders sign the name they have, and the index may list it with the project
/// spelt otherwise or the tags of a wheel in another order.
fn is_same_file(one: &FileName, other: &FileName) -> bool {
    if one == other {
        return true;
    }
    match (DistFilename::parse(one, None), DistFilename::parse(other, None)) {
        (Ok(DistFilename::Wheel(one)), Ok(DistFilename::Wheel(other))) => is_same_wheel(&one, &other),
        (Ok(DistFilename::Sdist(one)), Ok(DistFilename::Sdist(other))) => one == other,
        _ => false,
    }
}

fn is_same_wheel(one: &Wheel, other: &Wheel) -> bool {
    let tags = |wheel: &Wheel| {
        [&wheel.python, &wheel.abi, &wheel.platform]
            .map(|tag| tag.split('.').map(str::to_owned).collect::<BTreeSet<_>>())
    };
    (&one.project, &one.version, &one.build) == (&other.project, &other.version, &other.build)
        && tags(one) == tags(other)
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    const NAME: &str = "six-1.16.0-py2.py3-none-any.whl";

    fn file(name: &str) -> DistributionFile {
        DistributionFile { name: FileName::parse(name).unwrap(), sha256: Sha256::of(b"six") }
    }

    fn statement() -> Value {
        json!({
            "_type": TYPE,
            "subject": [{"name": NAME, "digest": {"sha256": Sha256::of(b"six").to_string()}}],
            "predicateType": Predicate::Publish.uri(),
            "predicate": null,
        })
    }

    fn parse(statement: &Value) -> Result<Statement, ClaimError> {
        Statement::parse(statement.to_string().as_bytes(), &file(NAME))
    }

    #[test]
    fn a_statement_about_the_file_says_what_it_claims() {
        let mut good = statement();
        assert_eq!(parse(&good).unwrap().predicate(), Predicate::Publish);
        good["predicateType"] = json!(Predicate::Slsa.uri());
        good["predicate"] = json!({"buildDefinition": {}});
        assert_eq!(parse(&good).unwrap().predicate(), Predicate::Slsa);
    }

    #[test]
    fn each_way_to_be_about_something_else_has_its_code() {
        let mutate = |edit: &dyn Fn(&mut Value)| {
            let mut bad = statement();
            edit(&mut bad);
            parse(&bad).unwrap_err().code().as_str()
        };
        let again = statement()["subject"][0].clone();
        assert_eq!(
            [
                mutate(&|it| it["subject"][0]["name"] = json!("six-1.17.0-py2.py3-none-any.whl")),
                mutate(&|it| it["subject"][0]["digest"]["sha256"] = json!(Sha256::of(b"seven").to_string())),
                mutate(&|it| it["subject"][0]["digest"] = json!({"sha512": "00"})),
                mutate(&|it| it["subject"] = json!([])),
                mutate(&|it| it["subject"] = json!([again, again])),
                mutate(&|it| it["predicateType"] = json!("https://slsa.dev/provenance/v0.2")),
                mutate(&|it| it["_type"] = json!("https://in-toto.io/Statement/v0.1")),
            ],
            [
                "attestation-other-name",
                "attestation-other-digest",
                "attestation-other-digest",
                "attestation-subjects",
                "attestation-subjects",
                "attestation-predicate",
                "attestation-malformed",
            ]
        );
    }

    #[test]
    fn a_field_that_stands_twice_is_no_statement() {
        let text = statement().to_string();
        let twice = text.replacen("{\"_type\"", "{\"subject\":[],\"_type\"", 1);
        let twice_the_digest = text.replacen("\"sha256\"", "\"sha256\":\"00\",\"sha256\"", 1);
        for bad in [twice, twice_the_digest] {
            let error = Statement::parse(bad.as_bytes(), &file(NAME)).unwrap_err();
            assert_eq!(error.code().as_str(), "attestation-malformed", "{bad}");
        }
    }

    #[test]
    fn tags_in_another_order_are_the_same_wheel_and_a_build_tag_is_another() {
        let name = |text: &str| FileName::parse(text).unwrap();
        let wheel = name("a_b-1.0-cp310-cp310-manylinux_2_17_x86_64.manylinux2014_x86_64.whl");
        assert!(is_same_file(
            &wheel,
            &name("A.b-1.0-cp310-cp310-manylinux2014_x86_64.manylinux_2_17_x86_64.whl")
        ));
        for other in [
            "a_b-1.0-1-cp310-cp310-manylinux_2_17_x86_64.manylinux2014_x86_64.whl",
            "a_b-1.0-cp310-cp310-manylinux_2_17_x86_64.whl",
            "a_b-1.0-cp310-abi3-manylinux_2_17_x86_64.manylinux2014_x86_64.whl",
            "a_b-1.0.tar.gz",
        ] {
            assert!(!is_same_file(&wheel, &name(other)), "{other}");
        }
        assert!(!is_same_file(&name("a-1.0.tar.gz"), &name("a-1.0.zip")));
        assert!(is_same_file(&name("a_b-1.0.tar.gz"), &name("a-b-1.0.tar.gz")));
    }
}
