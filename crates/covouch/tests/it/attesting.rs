//! Who published a file: `attestation verify`, `lock-identities`, `authors derive`.

mod deriving;
mod locking;
mod server;

use std::{fs, path::Path};

use covouch_core::digest::Sha256;
use serde_json::{Value, json};

use self::server::Server;
use crate::desk::{Desk, Ran};

const INTEGRITY: &str = "application/vnd.pypi.integrity.v1+json";

const SDIST: &str = "pypi_attestations-0.0.19.tar.gz";
const STAGING: &str = "rfc8785-0.1.2-py3-none-any.whl";

/// A real file of somebody else's, see the README beside it.
fn data(name: &str) -> Vec<u8> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../covouch-io/tests/data/pep740");
    fs::read(folder.join(name)).unwrap()
}

/// Serves a page of these files, each with the moment of its upload and the path of its provenance, if it has one.
fn page(server: &Server, project: &str, files: &[(&str, &str, Option<&str>)]) {
    let origin = server.origin();
    let files: Vec<Value> = files
        .iter()
        .map(|(name, uploaded, provenance)| {
            json!({
                "filename": name, "url": format!("{origin}/files/{name}"),
                "hashes": {"sha256": Sha256::of(&data(name)).to_string()},
                "upload-time": uploaded,
                "provenance": provenance.map(|path| format!("{origin}{path}")),
            })
        })
        .collect();
    let page = json!({"meta": {"api-version": "1.3"}, "name": project, "files": files});
    server.serve(&format!("/simple/{project}/"), "application/vnd.pypi.simple.v1+json", page.to_string());
}

/// A desk on which these files lie.
fn desk(names: &[&str]) -> Desk {
    let desk = Desk::new();
    for name in names {
        desk.write(name, data(name));
    }
    desk
}

fn verify(desk: &Desk, file: &str, provenance: &str, more: &[&str]) -> Ran {
    desk.covouch(&[&["attestation", "verify", file, "--provenance", provenance], more].concat())
}

#[test]
fn a_file_is_shown_with_its_publisher() {
    let provenance = format!("{SDIST}.provenance");
    let desk = desk(&[SDIST, &provenance]);
    let ran = verify(&desk, SDIST, &provenance, &["--offline"]).ends(0);
    assert_eq!(
        ran.stdout,
        "pypi_attestations-0.0.19.tar.gz sha256:9bb1add04b1b4e182be6b0b80931593f7a291eb49d69b4fd728a5d4cbcdc4bd3\n  \
         publish  github:trailofbits/pypi-attestations by release.yml, logged 2024-12-04T23:14:01Z, \
         repository 772247423 of owner 2314423\npublished by github:trailofbits/pypi-attestations\n"
    );
    let ran = verify(&desk, SDIST, &provenance, &["--format", "json"]).ends(0);
    let answer: Value = serde_json::from_str(&ran.stdout).unwrap();
    assert_eq!(answer["verdict"], "verified");
    assert_eq!(answer["attestations"][0]["repository_id"], "772247423");
}

#[test]
fn every_format_ends_with_the_same_code() {
    let provenance = format!("{SDIST}.provenance");
    let desk = desk(&[SDIST, &provenance]);
    let change = |name: &str, edit: &dyn Fn(&mut Value)| {
        let mut changed = serde_json::from_slice(&data(&provenance)).unwrap();
        edit(&mut changed);
        desk.write(name, changed.to_string());
    };
    change("empty", &|it| it["attestation_bundles"] = json!([]));
    change("other", &|it| it["attestation_bundles"][0]["publisher"]["repository"] = json!("evil/project"));
    change("newer", &|it| it["version"] = json!(2));
    change("unknown", &|it| it["attestation_bundles"][0]["publisher"]["kind"] = json!("SourceHut"));
    for (name, code, error) in [
        ("empty", 3, "provenance-empty"),
        ("other", 3, "attestation-other-publisher"),
        ("newer", 4, "provenance-version"),
        ("unknown", 4, "provenance-publisher"),
    ] {
        verify(&desk, SDIST, name, &[]).ends(code).says(error);
        let answer = verify(&desk, SDIST, name, &["--format", "json"]).ends(code);
        let answer: Value = serde_json::from_str(&answer.stdout).unwrap();
        assert_eq!(answer["error"]["code"], error);
        assert_eq!(answer["verdict"], if code == 3 { "refused" } else { "undecided" });
    }
    verify(&desk, SDIST, "nowhere", &[]).ends(1).says("file-unreadable");
    verify(&desk, "nowhere-1.0.tar.gz", &provenance, &[]).ends(1);
    desk.covouch(&["attestation", "verify", SDIST]).ends(2);
}

#[test]
fn another_trusted_root_is_used_where_one_is_given_or_kept() {
    let (provenance, attestation) = (format!("{SDIST}.provenance"), format!("{STAGING}.attestation"));
    let desk = desk(&[SDIST, &provenance, STAGING, &attestation, "trusted_root.staging.json"]);
    let staging = &["--trusted-root", "trusted_root.staging.json"];
    verify(&desk, SDIST, &provenance, staging).ends(3).says("attestation-log").says("--trusted-root");
    verify(&desk, STAGING, &attestation, &[]).ends(3).says("attestation-log");
    // A person signed it, and no index would name one as a publisher.
    verify(&desk, STAGING, &attestation, staging).ends(3).says("attestation-issuer");
    let kept = desk.root().join("covouch/trusted_root.json");
    fs::write(&kept, data("trusted_root.staging.json")).unwrap();
    verify(&desk, SDIST, &provenance, &[]).ends(3).says("attestation-log");
    fs::write(&kept, "{}").unwrap();
    verify(&desk, SDIST, &provenance, &[]).ends(1).says("trusted-root-unusable");
    fs::remove_file(&kept).unwrap();
    verify(&desk, SDIST, &provenance, &[]).ends(0);
    verify(&desk, SDIST, &provenance, &["--trusted-root", "nowhere.json"])
        .ends(1)
        .says("trusted-root-unusable");
}
