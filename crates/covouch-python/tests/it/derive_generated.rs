//! Version files that build backends write, as recorded by `make_version_files.py`.

use std::{fs, path::PathBuf};

use crate::derive_packing::Release;

const VERSION_FILE: &str = "[tool.hatch.build.hooks.vcs]\nversion-file = 'src/demo/_version.py'\n";

fn recorded() -> impl Iterator<Item = (String, String)> {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/data/derive/version_files");
    fs::read_dir(folder).unwrap().map(|entry| {
        let path = entry.unwrap().path();
        (path.display().to_string(), fs::read_to_string(path).unwrap())
    })
}

/// A release whose wheel has a version file that its sdist has not, or has another of.
fn release(text: &str) -> Release {
    let mut release = Release::ordinary();
    let pyproject = String::from_utf8(release.sdist["pyproject.toml"].clone()).unwrap();
    release.add_sdist("pyproject.toml", (pyproject + VERSION_FILE).as_bytes());
    release.add_wheel("demo/_version.py", text.as_bytes());
    release
}

/// A recorded file as it would be for version 1.0.
fn rendered(recorded: &str) -> String {
    recorded
        .replace("1!2.3rc1.post4.dev5+gabcdef0.d20260101", "1.0")
        .replace("'1!', 2, 3, 'rc1', 'post4', 'dev5', 'gabcdef0.d20260101'", "1, 0")
        .replace("1.2.3", "1.0")
        .replace("(1, 2, 3)", "(1, 0)")
}

const REFUSED: &str = "`demo/_version.py` is not what a build writes from the version alone";

#[test]
fn what_a_backend_writes_is_rendered_again() {
    for (path, recorded) in recorded() {
        let mut release = release(&rendered(&recorded));
        assert_eq!(release.reasons(), Vec::<String>::new(), "{path}");
        release.add_sdist("src/demo/_version.py", b"written when the sdist was made\n");
        release.assert_derived();
    }
}

#[test]
fn one_line_more_or_another_value_is_refused() {
    for (_, recorded) in recorded() {
        let text = rendered(&recorded);
        release(&recorded).assert_refused(&[REFUSED]);
        release(&format!("{text}import demo.evil\n")).assert_refused(&[REFUSED]);
        release(&text.replace("'1.0'", "'1.0'; evil()")).assert_refused(&[REFUSED]);
        release(&text.replace("'1.0'", "'1.1'")).assert_refused(&[REFUSED]);
        release(&text.replace("(1, 0)", "(1, 1)")).assert_refused(&[REFUSED]);
        release(&text.replace('\n', "\r\n")).assert_refused(&[REFUSED]);
    }
}

#[test]
fn a_commit_is_a_name_and_nothing_else() {
    for (_, recorded) in recorded().filter(|(_, text)| text.contains("commit_id = None")) {
        let text = rendered(&recorded);
        let with =
            |commit: &str| release(&text.replace("commit_id = None", &format!("commit_id = {commit}")));
        with("'gabcdef012'").assert_derived();
        for commit in ["'gabcdef012' + evil()", "evil", "'G0123456'", "'g01'", "\"gabcdef012\"", "''"] {
            with(commit).assert_refused(&[REFUSED]);
        }
    }
}

#[test]
fn only_a_file_that_the_sdist_names_may_be_generated() {
    let (_, recorded) = recorded().next().unwrap();
    let mut release = Release::ordinary();
    release.add_wheel("demo/_version.py", rendered(&recorded).as_bytes());
    release.assert_refused(&["the sdist lacks the wheel's `demo/_version.py`"]);
}

#[test]
fn a_template_of_the_projects_own_is_not_rendered() {
    let (_, recorded) = recorded().next().unwrap();
    let mut release = release(&rendered(&recorded));
    release.edit_sdist("pyproject.toml", VERSION_FILE, &format!("{VERSION_FILE}template = 'evil()'\n"));
    release.assert_refused(&["the sdist lacks the wheel's `demo/_version.py`"]);
}
