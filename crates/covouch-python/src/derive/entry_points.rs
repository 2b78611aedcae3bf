//! Entry points: commands, and the hooks by which a package acts inside of others (packaging.python.org, "Entry
//! points specification").

use std::collections::BTreeMap;

use toml::{Table, Value};

/// Largest `entry_points.txt`. The largest real ones have some 50 kB; each line costs some 20 times its length.
const BYTES: usize = 128 << 10;

/// Targets by group and name, without spaces.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct EntryPoints(BTreeMap<(String, String), String>);

impl EntryPoints {
    /// Reads `entry_points.txt`. Of the two readers in use one takes indented lines as a continuation, the other
    /// as a line: neither is accepted.
    pub(super) fn parse(bytes: &[u8]) -> Option<Self> {
        let mut found = Self::default();
        let mut group: Option<String> = None;
        let text = str::from_utf8(bytes).ok().filter(|text| text.len() <= BYTES)?;
        for line in text.split('\n') {
            let line = line.trim_end();
            if line.contains(|c: char| c.is_control() && c != '\t') || line.starts_with(char::is_whitespace) {
                return None;
            }
            if line.is_empty() || line.starts_with('#') {
                continue;
            }
            if let Some(name) = line.strip_prefix('[') {
                group = Some(name.strip_suffix(']')?.trim().to_owned());
                continue;
            }
            let (name, target) = line.split_once('=')?;
            found.add(group.as_deref()?, name, target)?;
        }
        Some(found)
    }

    /// Reads the tables of `[project]` (PEP 621), those of them that are static.
    pub(super) fn of_project(project: &Table) -> Option<Self> {
        let mut found = Self::default();
        found.add_all("console_scripts", project.get("scripts"))?;
        found.add_all("gui_scripts", project.get("gui-scripts"))?;
        found.add_groups(project.get("entry-points"))?;
        Some(found)
    }

    /// Reads what build backends had before PEP 621: scripts, and plugins by group.
    pub(super) fn of_tool(tool: &Table, groups: &str) -> Option<Self> {
        let mut found = Self::default();
        found.add_all("console_scripts", tool.get("scripts"))?;
        found.add_groups(tool.get(groups))?;
        Some(found)
    }

    fn add_groups(&mut self, groups: Option<&Value>) -> Option<()> {
        let Some(groups) = groups else { return Some(()) };
        groups.as_table()?.iter().try_for_each(|(group, entries)| self.add_all(group, Some(entries)))
    }

    fn add_all(&mut self, group: &str, entries: Option<&Value>) -> Option<()> {
        let Some(entries) = entries else { return Some(()) };
        entries.as_table()?.iter().try_for_each(|(name, target)| self.add(group, name, target.as_str()?))
    }

    fn add(&mut self, group: &str, name: &str, target: &str) -> Option<()> {
        let target: String = target.split_whitespace().collect();
        let name = name.trim();
        if group.is_empty() || name.is_empty() || target.is_empty() {
            return None;
        }
        self.0.insert((group.to_owned(), name.to_owned()), target).is_none().then_some(())
    }
}

#[cfg(test)]
mod tests {
    use super::EntryPoints;

    #[test]
    fn the_file_and_the_tables_say_the_same() {
        let file = b"[console_scripts]\na = a.b:c [x]\n\n[pytest11]\nd=e\n";
        let table = "scripts.a = 'a.b:c[x]'\nentry-points.pytest11.d = 'e'\n";
        let table = EntryPoints::of_project(&table.parse().unwrap());
        assert_eq!(EntryPoints::parse(file).unwrap(), table.unwrap());
    }

    #[test]
    fn lines_that_readers_differ_about_are_refused() {
        for text in [
            "a = b\n",
            "[a]\nb = c\n d = e\n",
            "[a]\nb = c\nb = d\n",
            "[a\nb = c\n",
            "[a]\nb\n",
            "[a]\nb =\n",
        ] {
            assert_eq!(EntryPoints::parse(text.as_bytes()), None, "{text:?}");
        }
        assert_eq!(EntryPoints::parse(b"[a]\nb = c\rd = e\n"), None);
    }
}
