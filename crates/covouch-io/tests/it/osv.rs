//! Records of malware, as a folder, a zip and lines.

use std::{
    fs,
    io::Write as _,
    path::{Path, PathBuf},
};

use covouch_core::{name::ProjectName, time::Timestamp, version::Version};
use covouch_io::{
    osv::{Osv, OsvError},
    state::State,
};

/// A record with these further fields.
fn record(id: &str, modified: &str, more: &str) -> String {
    format!(
        r#"{{"schema_version": "1.7.4", "id": "{id}", "modified": "{modified}T00:00:00Z", "summary": "Malicious code in ctx (PyPI)"{more}}}"#
    )
}

/// Which versions of `ctx` it is about.
fn about(versions: &str) -> String {
    format!(
        r#", "affected": [{{"package": {{"ecosystem": "PyPI", "name": "ctx", "purl": "pkg:pypi/ctx"}}, "versions": [{versions}],
        "database_specific": {{"source": "test"}}}}]"#
    )
    .replace('\n', " ")
}

struct Folder(tempfile::TempDir);

impl Folder {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn write(&self, name: &str, bytes: impl AsRef<[u8]>) -> PathBuf {
        let path = self.path(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, bytes).unwrap();
        path
    }

    fn read(&self) -> Result<Osv, OsvError> {
        Osv::read(self.0.path())
    }

    fn code(&self) -> &'static str {
        self.read().unwrap_err().code().as_str()
    }
}

fn zip(members: &[(&str, &[u8])]) -> Vec<u8> {
    let mut writer = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    for (name, bytes) in members {
        writer.start_file(*name, zip::write::SimpleFileOptions::default()).unwrap();
        writer.write_all(bytes).unwrap();
    }
    writer.finish().unwrap().into_inner()
}

/// The ids of the records about a release of `ctx` that hold.
fn holding(osv: &Osv, project: &str, version: &str) -> Vec<String> {
    let (project, version) = (ProjectName::parse(project).unwrap(), Version::parse(version).unwrap());
    let now = Timestamp::parse("2026-06-01").unwrap();
    osv.holding(&project, &version, now).map(|record| record.id.to_string()).collect()
}

fn read(path: &Path) -> Osv {
    Osv::read(path).unwrap()
}

#[test]
fn a_folder_a_zip_and_lines_say_the_same() {
    let folder = Folder::new();
    let first = record("MAL-2026-1", "2026-01-01", &about(r#""0.1.2", "0.2""#));
    let other = record("PYSEC-2026-7", "2026-02-01", &about(r#""9""#));
    folder.write("all/pypi/ctx/MAL-2026-1.json", &first);
    folder.write("all/PYSEC-2026-7.json", &other);
    folder.write("all/README.md", "not a record");
    let members: [(&str, &[u8]); 3] =
        [("MAL-2026-1.json", first.as_bytes()), ("deep/x.JSON", other.as_bytes()), ("README", b"no")];
    let zipped = folder.write("all.zip", zip(&members));
    let lines = folder.write("all.jsonl", format!("{first}\n\n{other}"));
    for path in [folder.path("all"), zipped, lines] {
        let osv = read(&path);
        assert_eq!(holding(&osv, "CTX", "0.1.2"), ["MAL-2026-1"]);
        assert_eq!(holding(&osv, "ctx", "0.2.0"), ["MAL-2026-1"]);
        assert_eq!(holding(&osv, "ctx", "0.3"), [""; 0]);
        assert_eq!(holding(&osv, "ctx", "9"), [""; 0], "a vulnerability is no malware");
        assert_eq!(holding(&osv, "six", "0.2"), [""; 0]);
        assert_eq!(osv.counts(), (1, 2));
        assert_eq!(osv.newest(), Timestamp::parse("2026-02-01").ok());
    }
    let one = folder.write(
        "one.json",
        serde_json::to_string_pretty(&serde_json::from_str::<serde_json::Value>(&first).unwrap()).unwrap(),
    );
    assert_eq!(holding(&read(&one), "ctx", "0.2"), ["MAL-2026-1"]);
}

#[test]
fn a_withdrawn_record_no_longer_holds() {
    let folder = Folder::new();
    let withdrawn = |date: &str| format!(r#", "withdrawn": "{date}T00:00:00Z"{}"#, about(""));
    folder.write("a.json", record("MAL-1", "2026-01-01", &withdrawn("2026-05-31")));
    folder.write("b.json", record("MAL-2", "2026-01-01", &withdrawn("2026-06-02")));
    folder.write("c.json", record("MAL-3", "2026-01-01", &about("")));
    let osv = folder.read().unwrap();
    assert_eq!(holding(&osv, "ctx", "1"), ["MAL-2", "MAL-3"]);
    let (project, version) = (ProjectName::parse("ctx").unwrap(), Version::parse("1").unwrap());
    assert_eq!(osv.about(&project, &version).len(), 3, "what was withdrawn can still be shown");
}

#[test]
fn of_two_copies_of_a_record_the_newer_one_counts() {
    for (first, second) in [("a.json", "b.json"), ("b.json", "a.json")] {
        let folder = Folder::new();
        folder.write(first, record("MAL-1", "2026-01-01", &about(r#""1""#)));
        let newer = format!(r#", "withdrawn": "2026-02-01T00:00:00Z"{}"#, about(r#""1""#));
        folder.write(second, record("MAL-1", "2026-02-01", &newer));
        assert_eq!(holding(&folder.read().unwrap(), "ctx", "1"), [""; 0]);
        folder.write(second, record("MAL-1", "2025-02-01", &newer));
        assert_eq!(holding(&folder.read().unwrap(), "ctx", "1"), ["MAL-1"]);
    }
}

#[test]
fn a_record_counts_once_under_all_of_its_names() {
    let folder = Folder::new();
    let alias = format!(r#", "aliases": ["MAL-1", "CVE-1"]{}"#, about(""));
    folder.write("a.json", record("GHSA-1", "2026-01-01", &alias));
    assert_eq!(holding(&folder.read().unwrap(), "ctx", "1"), ["GHSA-1"]);
    let withdrawn = format!(r#", "withdrawn": "2026-02-01T00:00:00Z"{}"#, about(""));
    folder.write("b.json", record("MAL-1", "2026-02-01", &withdrawn));
    assert_eq!(holding(&folder.read().unwrap(), "ctx", "1"), [""; 0], "the record itself knows better");
}

#[test]
fn a_record_that_names_a_project_twice_is_one_record() {
    let folder = Folder::new();
    let package = r#"{"package": {"ecosystem": "PyPI", "name": "ctx"}}"#;
    folder
        .write("a.json", record("MAL-1", "2026-01-01", &format!(r#", "affected": [{package}, {package}]"#)));
    assert_eq!(holding(&folder.read().unwrap(), "ctx", "1"), ["MAL-1"]);
}

#[test]
fn half_of_the_records_are_none() {
    let folder = Folder::new();
    assert_eq!(folder.code(), "osv-empty");
    assert_eq!(Osv::read(&folder.path("missing")).unwrap_err().code().as_str(), "osv-unreadable");
    folder.write("a.json", record("MAL-1", "2026-01-01", &about("")));
    assert!(folder.read().is_ok());
    let path = folder.write("b.json", &record("MAL-2", "2026-01-01", "")[..40]);
    let error = folder.read().unwrap_err();
    assert_eq!(error.code().as_str(), "osv-wrong");
    assert!(error.to_string().starts_with(&format!("`{}` is no OSV record: ", path.display())), "{error}");
    let lines = folder.write("c.jsonl", format!("{}\nnot a record\n", record("MAL-1", "2026-01-01", "")));
    let error = Osv::read(&lines).unwrap_err().to_string();
    assert!(error.starts_with(&format!("`{}:2` is no OSV record", lines.display())), "{error}");
}

#[test]
fn a_bomb_stops_at_the_limit() {
    let folder = Folder::new();
    let limit = usize::try_from(covouch_io::limits::OSV_RECORD_BYTES).unwrap();
    let padded = |length: usize| {
        let record = record("MAL-1", "2026-01-01", &about(""));
        format!("{record}{}", " ".repeat(length - record.len()))
    };
    for (length, fits) in [(limit, true), (limit + 1, false)] {
        let record = padded(length);
        let zipped = folder.write("bomb.zip", zip(&[("a.json", record.as_bytes())]));
        assert!(fs::metadata(&zipped).unwrap().len() < 100_000);
        let lines = folder.write("bomb.jsonl", &record);
        let one = folder.write("bomb.json", &record);
        for path in [zipped, lines, one] {
            let code = Osv::read(&path).map_err(|error| error.code().as_str());
            assert_eq!(code.map(|osv| osv.counts().0), if fits { Ok(1) } else { Err("osv-too-large") });
        }
    }
}

#[test]
fn a_torn_zip_is_not_a_short_one() {
    let folder = Folder::new();
    let record = record("MAL-1", "2026-01-01", &about(""));
    let whole = zip(&[("a.json", record.as_bytes())]);
    for torn in [&whole[..whole.len() - 1], &whole[..60]] {
        let path = folder.write("torn.zip", torn);
        assert_eq!(Osv::read(&path).unwrap_err().code().as_str(), "osv-unreadable");
    }
    let mut changed = whole.clone();
    changed[45] ^= 1;
    let path = folder.write("changed.zip", changed);
    assert!(Osv::read(&path).is_err());
    assert!(Osv::read(&folder.write("whole.zip", whole)).is_ok());
}

#[cfg(unix)]
#[test]
fn a_link_that_goes_in_a_circle_is_not_followed() {
    let folder = Folder::new();
    folder.write("a/b.json", record("MAL-1", "2026-01-01", &about("")));
    std::os::unix::fs::symlink(folder.path(""), folder.path("a/round")).unwrap();
    assert_eq!(folder.read().unwrap().counts(), (1, 1));
    folder.write("1/2/3/4/5/6/7/8/a.json", record("MAL-2", "2026-01-01", ""));
    assert_eq!(folder.read().unwrap().counts(), (2, 2));
    folder.write("1/2/3/4/5/6/7/8/9/a.json", record("MAL-3", "2026-01-01", ""));
    assert_eq!(folder.code(), "osv-too-large");
}

/// Makes a file old, so that it counts as settled.
fn age(path: &Path) {
    let long_ago = std::time::SystemTime::now() - std::time::Duration::from_secs(3600);
    fs::File::options().append(true).open(path).unwrap().set_modified(long_ago).unwrap();
}

/// The tables that are kept.
fn kept(state: &State) -> Vec<PathBuf> {
    let folder = fs::read_dir(state.folder(covouch_io::state::Part::Cache).join("osv"));
    folder.map_or_else(|_| Vec::new(), |entries| entries.map(|entry| entry.unwrap().path()).collect())
}

#[test]
fn what_was_read_is_kept_until_it_is_touched() {
    let folder = Folder::new();
    let home = tempfile::tempdir().unwrap();
    let state = State::open(home.path()).unwrap();
    let everything = about(r#""0.1.2", "0.2""#).replace(
        r#""database_specific""#,
        r#""ranges": [{"type": "ECOSYSTEM", "events": [{"introduced": "0"}, {"fixed": "0.1"}, {"introduced": "5"}, {"limit": "7"}]}], "database_specific""#,
    );
    let path = folder.write("all/a.json", record("MAL-1", "2026-01-01", &everything));
    let all = folder.path("all");
    let ids = |osv: &Osv| {
        ["0.0.1.dev0", "0.1", "0.1.2", "0.2.0", "4", "6", "7"].map(|version| holding(osv, "ctx", version))
    };
    let fresh = Osv::read_kept(&all, &state).unwrap();
    assert_eq!(kept(&state), [""; 0].map(PathBuf::from), "what was written just now may be written again");
    // Only its own clock can make what the file system calls a change old.
    std::thread::sleep(std::time::Duration::from_millis(3_100));
    let read = Osv::read_kept(&all, &state).unwrap();
    assert_eq!(kept(&state).len(), 1);
    let again = Osv::read_kept(&all, &state).unwrap();
    assert_eq!((ids(&fresh), read.counts()), (ids(&again), again.counts()));
    assert_eq!((ids(&read), read.newest()), (ids(&again), again.newest()));
    assert_eq!(ids(&again).map(|ids| ids.len()), [1, 0, 1, 1, 0, 1, 0]);

    // The same length, and a time that is put back.
    folder.write("all/a.json", record("MAL-2", "2026-01-01", &everything));
    age(&path);
    assert_eq!(holding(&Osv::read_kept(&all, &state).unwrap(), "ctx", "0.2"), ["MAL-2"]);
    folder.write("all/deep/b.json", record("MAL-3", "2026-01-01", &about("")));
    assert_eq!(holding(&Osv::read_kept(&all, &state).unwrap(), "ctx", "4"), ["MAL-3"]);
}

#[test]
fn a_damaged_table_is_read_again() {
    let folder = Folder::new();
    let home = tempfile::tempdir().unwrap();
    let state = State::open(home.path()).unwrap();
    let path = folder.write("all.jsonl", record("MAL-1", "2026-01-01", &about("")));
    std::thread::sleep(std::time::Duration::from_millis(3_100));
    Osv::read_kept(&path, &state).unwrap();
    let [table] = kept(&state).try_into().unwrap();
    let whole = fs::read(&table).unwrap();
    for place in (0..whole.len()).step_by(9) {
        let mut damaged = whole.clone();
        damaged[place] ^= 1;
        fs::write(&table, &damaged).unwrap();
        let osv = Osv::read_kept(&path, &state).unwrap();
        assert_eq!(holding(&osv, "ctx", "1"), ["MAL-1"], "byte {place}");
        fs::write(&table, &whole[..place]).unwrap();
        assert_eq!(holding(&Osv::read_kept(&path, &state).unwrap(), "ctx", "1"), ["MAL-1"], "{place} bytes");
    }
}
