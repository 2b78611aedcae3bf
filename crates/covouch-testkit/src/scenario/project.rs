//! A world's project on disk: its policy, its folder of statements, its lock files.

use std::{
    collections::BTreeMap,
    fmt::Write as _,
    fs, io,
    path::{Path, PathBuf},
};

use covouch_core::{name::ProjectName, party::PartyName, version::Version};

use super::World;
use crate::{distribution::Distribution, index::file_path, keys};

/// Where the indexes of a world are reached: each with the address of its Simple API.
#[derive(Clone, Debug, Default)]
pub struct Addresses {
    indexes: BTreeMap<PartyName, String>,
    mirror: Option<String>,
}

impl Addresses {
    /// These addresses; every other index is at `https://index.example/NAME/simple/`.
    pub fn new(addresses: impl IntoIterator<Item = (PartyName, String)>) -> Self {
        Self { indexes: addresses.into_iter().collect(), mirror: None }
    }

    /// The same, with the mirror of a distribution's archive at this address.
    #[must_use]
    pub fn with_mirror(self, mirror: String) -> Self {
        Self { mirror: Some(mirror), ..self }
    }

    /// All indexes at `https://index.example/NAME/simple/`.
    #[must_use]
    pub fn example() -> Self {
        Self::default()
    }

    /// The address of this index's Simple API.
    #[must_use]
    pub fn of(&self, index: &PartyName) -> String {
        let example = || format!("https://index.example/{index}/simple/");
        self.indexes.get(index).cloned().unwrap_or_else(example)
    }

    fn file(&self, index: &PartyName, file: &Distribution) -> String {
        let simple = self.of(index);
        format!("{}{}", simple.trim_end_matches("/simple/"), file_path(file))
    }
}

/// What was written.
#[derive(Clone, Debug)]
pub struct ProjectFolder {
    /// `covouch.toml`.
    pub policy: PathBuf,
    /// The base policy, where the story has one; it stands beside the project's folder's files as `base.toml`.
    pub base_policy: Option<PathBuf>,
    /// `trust/`, with `KEY-ID.jsonl` and `KEY-ID.head` for each key that said something.
    pub trust: PathBuf,
    /// The lock as `requirements.txt` with digests.
    pub requirements: PathBuf,
    /// The lock as `pylock.toml` (PEP 751).
    pub pylock: PathBuf,
    /// What the project requires, unpinned: `requirements.in`.
    pub required: PathBuf,
}

impl World {
    /// The policy's text with `{key.NAME}`, `{index.NAME}`, `{sha256.LABEL}`, `{electorate.LABEL}` and
    /// `{archive.mirror}` filled in.
    #[must_use]
    pub fn policy(&self, addresses: &Addresses) -> String {
        self.fill(&self.policy, addresses)
    }

    /// The base policy's text, likewise.
    #[must_use]
    pub fn base_policy(&self, addresses: &Addresses) -> Option<String> {
        self.base_policy.as_ref().map(|text| self.fill(text, addresses))
    }

    fn fill(&self, text: &str, addresses: &Addresses) -> String {
        let mut filled = String::new();
        let mut rest = text;
        while let Some((before, after)) = rest.split_once('{') {
            filled.push_str(before);
            let inside = after.split_once('}');
            match inside.and_then(|(inside, rest)| Some((self.value(inside, addresses)?, rest))) {
                Some((value, after)) => {
                    filled.push_str(&value);
                    rest = after;
                }
                None => {
                    filled.push('{');
                    rest = after;
                }
            }
        }
        filled + rest
    }

    fn value(&self, placeholder: &str, addresses: &Addresses) -> Option<String> {
        let (kind, name) = placeholder.split_once('.')?;
        match kind {
            "key" => Some(keys::line(name)),
            "index" => PartyName::parse(name).ok().map(|index| addresses.of(&index)),
            "electorate" => self.electorates.get(name).map(|electorate| electorate.id().to_string()),
            "sha256" => self.file(name).map(|file| file.sha256().to_string()),
            "archive" if name == "mirror" => {
                let example = || "https://index.example/debian".to_owned();
                Some(addresses.mirror.clone().unwrap_or_else(example))
            }
            _ => None,
        }
    }

    /// Writes the world's project into a folder.
    ///
    /// # Errors
    /// When the disk says no.
    pub fn write_project(&self, folder: &Path, addresses: &Addresses) -> io::Result<ProjectFolder> {
        let project = ProjectFolder {
            policy: folder.join("covouch.toml"),
            base_policy: self.base_policy.as_ref().map(|_| folder.join("base.toml")),
            trust: folder.join("trust"),
            requirements: folder.join("requirements.txt"),
            pylock: folder.join("pylock.toml"),
            required: folder.join("requirements.in"),
        };
        fs::create_dir_all(&project.trust)?;
        fs::write(&project.policy, self.policy(addresses))?;
        if let (Some(path), Some(text)) = (&project.base_policy, self.base_policy(addresses)) {
            fs::write(path, text)?;
        }
        for chain in self.chains(self.now) {
            let id = chain.key.id();
            // Of a key whose only word is kept back there is no more than its heads.
            if !chain.statements.is_empty() {
                fs::write(project.trust.join(format!("{id}.jsonl")), chain.lines)?;
                fs::write(project.trust.join(format!("{id}.head")), chain.head)?;
            }
            if !chain.heads.is_empty() {
                fs::write(project.trust.join(format!("{id}.heads")), chain.heads)?;
            }
        }
        self.write_records(folder)?;
        self.write_keyring(folder)?;
        fs::write(&project.requirements, self.requirements_txt())?;
        fs::write(&project.pylock, self.pylock_toml(addresses))?;
        fs::write(
            &project.required,
            self.require.iter().map(|line| format!("{line}\n")).collect::<String>(),
        )?;
        Ok(project)
    }

    fn releases(&self) -> BTreeMap<(&ProjectName, &Version), Vec<&Distribution>> {
        let mut releases: BTreeMap<_, Vec<_>> = BTreeMap::new();
        for file in self.lock.iter().filter_map(|label| self.file(label)) {
            releases.entry((file.project(), file.version())).or_default().push(file);
        }
        releases
    }

    /// The lock in the form pip reads with `--require-hashes`.
    #[must_use]
    pub fn requirements_txt(&self) -> String {
        let mut text = String::new();
        for ((project, version), files) in self.releases() {
            let _ = write!(text, "{project}=={version}");
            for file in files {
                let _ = write!(text, " \\\n    --hash=sha256:{}", file.sha256());
            }
            text.push('\n');
        }
        text
    }

    /// The lock as `pylock.toml` (PEP 751); each file's address is on the first index that lists it.
    #[must_use]
    pub fn pylock_toml(&self, addresses: &Addresses) -> String {
        let mut text = String::from("lock-version = \"1.0\"\ncreated-by = \"covouch-testkit\"\n");
        for ((project, version), files) in self.releases() {
            let _ = write!(text, "\n[[packages]]\nname = \"{project}\"\nversion = \"{version}\"\n");
            let (wheels, sdists): (Vec<_>, Vec<_>) =
                files.into_iter().partition(|file| file.filename().ends_with(".whl"));
            for sdist in sdists.iter().take(1) {
                let _ = writeln!(text, "sdist = {}", self.pylock_file(sdist, addresses));
            }
            let wheels: Vec<String> = wheels.iter().map(|wheel| self.pylock_file(wheel, addresses)).collect();
            if !wheels.is_empty() {
                let _ = writeln!(text, "wheels = [{}]", wheels.join(", "));
            }
        }
        text
    }

    fn pylock_file(&self, file: &Distribution, addresses: &Addresses) -> String {
        let facts = self.files.values().find(|facts| facts.listed.distribution.subject() == file.subject());
        let index = facts.and_then(|facts| facts.on.first());
        let url =
            index.map_or_else(String::new, |index| format!(", url = \"{}\"", addresses.file(index, file)));
        format!("{{ name = \"{}\"{url}, hashes = {{ sha256 = \"{}\" }} }}", file.filename(), file.sha256())
    }
}
