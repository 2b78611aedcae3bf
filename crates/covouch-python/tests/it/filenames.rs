//! `tests/data/filenames.jsonl`: the verdicts of `packaging` on some hundred names, made by `make_filenames.py`.

use std::collections::BTreeSet;

use covouch_core::{subject::FileName, version::Version};
use covouch_python::filename::DistFilename;
use serde_json::Value;

/// Names that `packaging` accepts and we do not: their project name starts or ends with `_` or `-`, which the
/// specification of names forbids and `packaging` does not look at.
fn only_packaging_accepts(project: &str) -> bool {
    project.starts_with('-') || project.ends_with('-')
}

#[test]
fn names_mean_what_packaging_says_they_mean() {
    let corpus = include_str!("../data/filenames.jsonl");
    let mut seen = 0;
    for line in corpus.lines().skip(1) {
        let recorded: Value = serde_json::from_str(line).unwrap();
        let name = recorded["name"].as_str().unwrap();
        let ours = FileName::parse(name).ok().and_then(|name| DistFilename::parse(&name, None).ok());
        compare(name, &recorded, ours.as_ref());
        seen += 1;
    }
    assert!(seen > 500, "the corpus has {seen} names");
}

fn compare(name: &str, recorded: &Value, ours: Option<&DistFilename>) {
    let text = |key: &str| recorded[key].as_str().unwrap_or_default();
    if recorded["kind"].is_null() || only_packaging_accepts(text("project")) {
        assert!(
            matches!(ours, None | Some(DistFilename::Other(_))),
            "{name} is no distribution, we say {ours:?}"
        );
        return;
    }
    let ours = ours.unwrap_or_else(|| panic!("{name} is a {}", text("kind")));
    assert_eq!(ours.to_string(), text("kind"), "{name}");
    assert_eq!(ours.project().unwrap().as_str(), text("project"), "{name}");
    assert_eq!(ours.version().unwrap(), &Version::parse(text("version")).unwrap(), "{name}");
    if let DistFilename::Wheel(wheel) = ours {
        // `packaging` reads the leading digits as a number.
        let build = wheel.build.as_deref().unwrap_or_default();
        let digits = build.len() - build.trim_start_matches(|c: char| c.is_ascii_digit()).len();
        let (number, rest) = build.split_at(digits);
        let number = number.trim_start_matches('0');
        let number = if number.is_empty() && digits > 0 { "0" } else { number };
        assert_eq!(format!("{number}{rest}"), text("build"), "{name}");
        let recorded: BTreeSet<&str> =
            recorded["tags"].as_array().unwrap().iter().filter_map(Value::as_str).collect();
        let mut tags = BTreeSet::new();
        for python in wheel.python.split('.') {
            for abi in wheel.abi.split('.') {
                tags.extend(wheel.platform.split('.').map(|platform| format!("{python}-{abi}-{platform}")));
            }
        }
        assert_eq!(tags.iter().map(String::as_str).collect::<BTreeSet<_>>(), recorded, "{name}");
    }
}
