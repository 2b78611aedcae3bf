//! Which crate may use which: the layers of ARCHITECTURE.md, and what pure crates do not have beneath them.

use std::collections::BTreeMap;

use serde_json::Value;

use super::PURE;
use crate::{
    Failure,
    workspace::{Workspace, output},
};

/// The layers; a crate uses crates of lower layers only.
const LAYERS: &[&[&str]] = &[
    &["covouch-core"],
    &["covouch-graph", "covouch-feed", "covouch-python"],
    &["covouch-policy", "covouch-io"],
    &["covouch-gateway", "covouch-hub"],
    &["covouch"],
];

/// Crates beside the layers, which no crate has as more than a dev-dependency.
const BESIDE: &[&str] = &["covouch-testkit", "xtask"];

/// What would let a pure crate ask somebody: runtimes, sockets, randomness.
const WORLDLY: &[&str] = &[
    "tokio",
    "hyper",
    "mio",
    "socket2",
    "rustls",
    "reqwest",
    "axum",
    "getrandom",
    "rand",
    "fastrand",
    "tempfile",
    "rustix",
    "async-io",
    "smol",
];

/// Everything that breaks a rule, a line each.
pub(super) fn check(workspace: &Workspace) -> Result<Vec<String>, Failure> {
    let metadata = output(workspace.cargo().args(["metadata", "--format-version", "1", "--no-deps"]))?;
    let metadata: Value =
        serde_json::from_str(&metadata).map_err(|error| format!("cargo metadata: {error}"))?;
    let uses = uses(&metadata);
    let mut broken = check_layers(&uses);
    for name in PURE.iter().filter(|name| uses.contains_key(**name)) {
        // Unlike `cargo metadata`, `cargo tree` resolves the features of this one crate alone.
        let tree = ["tree", "--package", name, "--edges", "normal", "--prefix", "none", "--format", "{p}"];
        broken.extend(check_pure(name, &output(workspace.cargo().args(tree))?));
    }
    Ok(broken)
}

/// Each crate of the workspace with the crates of ours that it needs outside of tests.
fn uses(metadata: &Value) -> BTreeMap<String, Vec<String>> {
    let list = |value: &Value| value.as_array().cloned().unwrap_or_default();
    let text = |value: &Value, key: &str| value.get(key).and_then(Value::as_str).map(str::to_owned);
    let packages = list(metadata.get("packages").unwrap_or(&Value::Null));
    let names: Vec<String> = packages.iter().filter_map(|package| text(package, "name")).collect();
    let mut uses = BTreeMap::new();
    for package in &packages {
        let dependencies = list(package.get("dependencies").unwrap_or(&Value::Null));
        let needed =
            dependencies.iter().filter(|dependency| text(dependency, "kind").as_deref() != Some("dev"));
        let ours =
            needed.filter_map(|dependency| text(dependency, "name")).filter(|name| names.contains(name));
        uses.insert(text(package, "name").unwrap_or_default(), ours.collect());
    }
    uses
}

fn layer(name: &str) -> Option<usize> {
    LAYERS.iter().position(|layer| layer.contains(&name))
}

fn check_layers(uses: &BTreeMap<String, Vec<String>>) -> Vec<String> {
    let mut broken = Vec::new();
    for (name, used) in uses {
        let Some(own) = layer(name) else {
            if !BESIDE.contains(&name.as_str()) {
                broken.push(format!("crate `{name}` stands in no layer"));
            }
            continue;
        };
        for other in used {
            match layer(other) {
                Some(lower) if lower < own => {}
                Some(_) => {
                    broken.push(format!("crate `{name}` uses `{other}`, which is not in a lower layer"))
                }
                None => broken.push(format!("crate `{name}` uses `{other}` outside of tests")),
            }
        }
    }
    broken
}

fn check_pure(name: &str, tree: &str) -> Vec<String> {
    let crates = tree.lines().filter_map(|line| line.split(' ').next());
    let mut found: Vec<&str> = crates.filter(|name| WORLDLY.contains(name)).collect();
    found.sort_unstable();
    found.dedup();
    found.into_iter().map(|worldly| format!("pure crate `{name}` has `{worldly}` beneath it")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn using(pairs: &[(&str, &str)]) -> BTreeMap<String, Vec<String>> {
        pairs.iter().map(|(name, used)| ((*name).to_owned(), vec![(*used).to_owned()])).collect()
    }

    #[test]
    fn a_crate_uses_lower_layers_only() {
        assert!(
            check_layers(&using(&[("covouch-graph", "covouch-core"), ("xtask", "covouch-core")])).is_empty()
        );
        for pair in [
            ("covouch-graph", "covouch-python"),
            ("covouch-core", "covouch-io"),
            ("covouch", "covouch-testkit"),
            ("covouch-new", "covouch-core"),
        ] {
            assert_eq!(check_layers(&using(&[pair])).len(), 1, "{pair:?}");
        }
    }

    #[test]
    fn a_runtime_under_a_pure_crate_is_found_once() {
        let tree = "covouch-core v0.1.0 (…)\nserde v1.0.0\ntokio v1.0.0\ntokio v1.0.0 (*)\n";
        assert_eq!(check_pure("covouch-core", tree), ["pure crate `covouch-core` has `tokio` beneath it"]);
    }
}
