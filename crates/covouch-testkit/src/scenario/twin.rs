//! Twins: the same world with exactly one fact changed.

use std::collections::BTreeMap;

use toml::{Table, Value};

use super::{Expectation, ScenarioError, Verdict, wire::WireTwin, world::World};

/// The story's world with one fact changed, and what is expected then.
#[derive(Clone, Debug)]
pub struct Twin {
    /// What is different, in a sentence.
    pub says: String,
    /// The fact that changed, as a dotted path.
    pub change: String,
    /// The world with that change.
    pub world: World,
    /// What is expected of its files.
    pub expect: Vec<Expectation>,
}

impl Twin {
    pub(super) fn from_wire(
        wire: WireTwin,
        to: Value,
        facts: &Table,
        expect: &[Expectation],
    ) -> Result<Self, ScenarioError> {
        let path = parse_path(&wire.change)?;
        let changed = change(facts, &path, to)?;
        check_one_difference(facts, &changed, &path)?;
        check_lets_in(expect, &wire.expect)?;
        let world = World::from_facts(&changed)?;
        Ok(Self { says: wire.says, change: wire.change, world, expect: wire.expect })
    }
}

/// Reads a dotted path as TOML reads keys: `file."a-1.0.tar.gz".uploaded`.
fn parse_path(text: &str) -> Result<Vec<String>, ScenarioError> {
    let table: Table = format!("{text} = 0")
        .parse()
        .map_err(|_| ScenarioError::Twin(format!("`{text}` is not a dotted path")))?;
    let mut path = Vec::new();
    let mut value = Value::Table(table);
    while let Value::Table(table) = value {
        let mut entries = table.into_iter();
        match (entries.next(), entries.next()) {
            (Some((key, inner)), None) => {
                path.push(key);
                value = inner;
            }
            _ => return Err(ScenarioError::Twin(format!("`{text}` is not one path"))),
        }
    }
    match path.first().map(String::as_str) {
        Some("policy" | "base-policy") => {
            Err(ScenarioError::Twin("the policy is not a fact of the world".into()))
        }
        _ => Ok(path),
    }
}

fn change(facts: &Table, path: &[String], to: Value) -> Result<Table, ScenarioError> {
    let nowhere = || ScenarioError::Twin(format!("the world has no `{}`", path.join(".")));
    if to.is_table() {
        return Err(ScenarioError::Twin("the new value is a table, where one fact is needed".into()));
    }
    let mut changed = facts.clone();
    let mut table = &mut changed;
    let (last, parents) = path.split_last().ok_or_else(nowhere)?;
    for key in parents {
        table = table.get_mut(key).and_then(Value::as_table_mut).ok_or_else(nowhere)?;
    }
    if table.get(last).is_some_and(Value::is_table) {
        return Err(ScenarioError::Twin(format!(
            "`{}` is a table, where one fact is needed",
            path.join(".")
        )));
    }
    table.insert(last.clone(), to);
    Ok(changed)
}

/// Takes both worlds apart and compares them leaf by leaf.
fn check_one_difference(facts: &Table, changed: &Table, path: &[String]) -> Result<(), ScenarioError> {
    let (before, after) = (leaves(facts), leaves(changed));
    let differs = |key: &&Vec<&str>| before.get(*key) != after.get(*key);
    let mut different: Vec<&Vec<&str>> = before.keys().chain(after.keys()).filter(differs).collect();
    different.sort();
    different.dedup();
    match different.as_slice() {
        [] => Err(ScenarioError::Twin(format!("`{}` is the same as in the story", path.join(".")))),
        [one] if **one == path => Ok(()),
        _ => Err(ScenarioError::Twin(format!("{} facts differ, where one is needed", different.len()))),
    }
}

/// All values of a table that are no tables, by path. A list is one value.
fn leaves(table: &Table) -> BTreeMap<Vec<&str>, &Value> {
    let mut leaves = BTreeMap::new();
    let mut open: Vec<(Vec<&str>, &Table)> = vec![(Vec::new(), table)];
    while let Some((path, table)) = open.pop() {
        for (key, value) in table {
            let mut path = path.clone();
            path.push(key);
            match value {
                Value::Table(inner) => open.push((path, inner)),
                value => {
                    leaves.insert(path, value);
                }
            }
        }
    }
    leaves
}

/// A twin shows that the one fact decided: something that was kept out is let in.
fn check_lets_in(story: &[Expectation], twin: &[Expectation]) -> Result<(), ScenarioError> {
    let kept_out = |file: &str| {
        let mut expectations = story.iter().filter(|expectation| expectation.file == file);
        expectations.any(|expectation| matches!(expectation.verdict, Verdict::Refused | Verdict::Undecided))
    };
    let let_in =
        |expectation: &Expectation| expectation.verdict == Verdict::Admitted && kept_out(&expectation.file);
    if twin.iter().any(let_in) {
        Ok(())
    } else {
        Err(ScenarioError::Twin("no file that the story keeps out is admitted".into()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn facts() -> Table {
        "now = 2026-01-01\nlock = [\"a\"]\n[file.\"a-1.0.tar.gz\"]\nuploaded = 2026-01-01\non = [\"pypi\"]\n"
            .parse()
            .unwrap()
    }

    fn differs(path: &str, to: Value) -> Result<(), ScenarioError> {
        let path = parse_path(path)?;
        let changed = change(&facts(), &path, to)?;
        check_one_difference(&facts(), &changed, &path)
    }

    #[test]
    fn one_leaf_is_changed_or_added() {
        let on = Value::Array(vec!["pypi".into(), "internal".into()]);
        assert_eq!(differs("file.\"a-1.0.tar.gz\".on", on), Ok(()));
        assert_eq!(differs("file.\"a-1.0.tar.gz\".yanked", "broken".into()), Ok(()));
    }

    #[test]
    fn anything_but_one_changed_fact_is_no_twin() {
        let same = Value::Array(vec!["pypi".into()]);
        for (path, to, clause) in [
            ("file.\"a-1.0.tar.gz\".on", same, "the same as in the story"),
            ("file.\"b-1.0.tar.gz\".on", "x".into(), "the world has no `file.b-1.0.tar.gz.on`"),
            ("file", "x".into(), "is a table"),
            ("lock", Value::Table(Table::new()), "is a table"),
            ("policy", "admit = \"pypi\"".into(), "not a fact"),
            ("a = 1\nb", 1.into(), "not one path"),
            ("a b", 1.into(), "not a dotted path"),
        ] {
            let error = differs(path, to).unwrap_err().to_string();
            assert!(error.contains(clause), "{path}: {error}");
        }
    }
}
