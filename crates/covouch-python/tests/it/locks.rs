//! Locks that the tools wrote (`tests/data/locks`), and locks that nobody should write.

use std::collections::BTreeMap;

use covouch_python::lock::{self, IncludeError, LockError, Locked, uv};
use proptest::{collection, prelude::*};

const UV: &str = include_str!("../data/locks/uv.lock");
const PYLOCK: &str = include_str!("../data/locks/pylock.toml");
const POETRY: &str = include_str!("../data/locks/poetry.lock");
const PDM: &str = include_str!("../data/locks/pdm.lock");
const PDM_STATIC: &str = include_str!("../data/locks/pdm-static.lock");
const REQUIREMENTS: &str = include_str!("../data/locks/requirements.txt");

fn try_read(name: &str, text: &str) -> Result<Locked, LockError> {
    lock::read(name, text.as_bytes(), &|_| Err(IncludeError("there are no others".into())))
}

fn read(name: &str, text: &str) -> Locked {
    try_read(name, text).unwrap()
}

fn problems(locked: &Locked) -> Vec<String> {
    locked.problems.iter().map(ToString::to_string).collect()
}

fn releases(locked: &Locked) -> Vec<(String, usize)> {
    let one = |release: &lock::LockedRelease| {
        (format!("{}=={}", release.project, release.version), release.files.len())
    };
    locked.releases.iter().map(one).collect()
}

fn expect(releases: &[(&str, usize)]) -> Vec<(String, usize)> {
    releases.iter().map(|(release, files)| ((*release).to_owned(), *files)).collect()
}

#[test]
fn a_lock_of_uv_is_read() {
    let locked = read("uv.lock", UV);
    assert_eq!(releases(&locked), expect(&[("idna==3.20", 2), ("lib==1", 0), ("six==1.17.0", 2)]));
    assert_eq!(problems(&locked), ["`uv.lock:40`: `lib`: taken from the local path `lib`"]);
    let own: Vec<_> =
        locked.own.iter().map(|own| (own.project.as_str(), own.path.as_str(), own.place.line)).collect();
    assert_eq!(own, [("acme", ".", 12), ("member", "member", 45)]);
    let idna = &locked.releases[0];
    assert_eq!(idna.index.as_deref(), Some("https://index.example/simple/"));
    assert_eq!(idna.files[1].filename.as_ref().unwrap().as_str(), "idna-3.20-py3-none-any.whl");
    assert!(idna.files[1].url.as_ref().unwrap().starts_with("https://files.index.example/packages/"));
}

#[test]
fn the_other_locks_of_the_tools_are_read() {
    let four = expect(&[
        ("click==8.1.8", 2),
        ("colorama==0.4.6", 2),
        ("iniconfig==2.1.0", 2),
        ("itsdangerous==2.2.0", 2),
    ]);
    for (name, text) in [("pylock.toml", PYLOCK), ("poetry.lock", POETRY)] {
        let locked = read(name, text);
        assert_eq!((releases(&locked), problems(&locked)), (four.clone(), vec![]), "{name}");
        assert_eq!(locked.releases[0].index.as_deref(), Some("https://index.example/simple"));
    }
    let locked = read("requirements.txt", REQUIREMENTS);
    assert_eq!(releases(&locked), expect(&[("click==8.1.8", 2), ("itsdangerous==2.2.0", 2)]));
    assert_eq!(problems(&locked), Vec::<String>::new());
}

#[test]
fn a_package_that_pdm_lists_once_per_extra_is_one_release() {
    for text in [PDM, PDM_STATIC] {
        let locked = read("pdm.lock", text);
        assert_eq!(problems(&locked), Vec::<String>::new());
        let requests: Vec<_> =
            releases(&locked).into_iter().filter(|(name, _)| name.starts_with("requests")).collect();
        assert_eq!(requests, expect(&[("requests==2.32.3", 2)]));
    }
}

#[test]
fn every_file_of_every_lock_has_a_name_and_a_digest() {
    for (name, text) in [("uv.lock", UV), ("pylock.toml", PYLOCK), ("poetry.lock", POETRY), ("pdm.lock", PDM)]
    {
        for file in read(name, text).releases.iter().flat_map(|release| &release.files) {
            let digest = file.sha256.to_string();
            assert!(
                text.contains(&digest) && text.contains(file.filename.as_ref().unwrap().as_str()),
                "{name}"
            );
        }
    }
}

const A: &str = "sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";

/// A package of `uv.lock` with this source and these other keys.
fn uv_package(source: &str, more: &str) -> String {
    format!("version = 1\n[[package]]\nname = \"a\"\nversion = \"1\"\nsource = {{ {source} }}\n{more}\n")
}

#[test]
fn what_uv_does_not_prove_is_a_problem() {
    let registry = r#"registry = "https://index.example""#;
    let wheel =
        |name: &str, hash: &str| format!(r#"wheels = [{{ url = "https://f.example/{name}"{hash} }}]"#);
    let hash = format!(r#", hash = "{A}""#);
    let good = wheel("a-1-py3-none-any.whl", &hash);
    let cases = [
        (registry, good.clone(), ""),
        (registry, wheel("a-1-py3-none-any.whl", ""), "lock-no-hash"),
        (registry, wheel("a-1-py3-none-any.whl", r#", hash = "md5:12""#), "lock-other-hash"),
        (registry, wheel("a-2-py3-none-any.whl", &hash), "lock-other-file"),
        (registry, wheel("b-1-py3-none-any.whl", &hash), "lock-other-file"),
        (registry, wheel("", &hash), "lock-unreadable"),
        (registry, format!(r#"wheels = [{{ path = "a-1-py3-none-any.whl"{hash} }}]"#), "lock-local"),
        (registry, String::new(), "lock-no-hash"),
        (r#"git = "https://h.example/a?rev=1#12""#, String::new(), "lock-vcs"),
        (r#"url = "https://f.example/a-1.tar.gz""#, format!(r#"sdist = {{ hash = "{A}" }}"#), ""),
        (r#"url = "https://f.example/b-1.tar.gz""#, format!(r#"sdist = {{ hash = "{A}" }}"#), ""),
        (
            r#"url = "https://f.example/a-2.tar.gz""#,
            format!(r#"sdist = {{ hash = "{A}" }}"#),
            "lock-other-file",
        ),
        (r#"url = "https://f.example/a-1.tar.gz""#, String::new(), "lock-url"),
        (r#"path = "a-1.tar.gz""#, format!(r#"sdist = {{ hash = "{A}" }}"#), "lock-local"),
        (r#"editable = "../a""#, String::new(), "lock-local"),
        (r#"virtual = "elsewhere""#, String::new(), "lock-local"),
        (r#"directory = "a""#, String::new(), "lock-local"),
        (r#"torrent = "a""#, String::new(), "lock-unreadable"),
    ];
    for (source, more, code) in cases {
        let locked = read("uv.lock", &uv_package(source, &more));
        let codes: Vec<_> = locked.problems.iter().map(|problem| problem.code().as_str()).collect();
        assert_eq!(codes, if code.is_empty() { vec![] } else { vec![code] }, "{source} {more}");
        assert_eq!(
            locked.releases.iter().all(|release| release.files.is_empty()),
            !code.is_empty(),
            "{source}"
        );
    }
}

#[test]
fn a_member_of_the_workspace_outside_the_folder_is_not_the_projects_own() {
    let with = |path: &str| {
        let text = format!(
            "version = 1\n[manifest]\nmembers = [\"a\"]\n[[package]]\nname = \"a\"\nversion = \"1\"\nsource = {{ editable = \"{path}\" }}\n"
        );
        let locked = read("uv.lock", &text);
        (locked.own.len(), locked.problems.len())
    };
    assert_eq!(with("packages/a"), (1, 0));
    for path in ["../a", "packages/../../a", "/a", "C:a"] {
        assert_eq!(with(path), (0, 1), "{path}");
    }
}

#[test]
fn what_pylock_does_not_prove_is_a_problem() {
    let package = |keys: &str| format!("lock-version = \"1.0\"\n[[packages]]\nname = \"a\"\n{keys}\n");
    let digest = &A[7..];
    let cases = [
        (
            format!(
                r#"wheels = [{{url = "https://f.example/a-1-py3-none-any.whl", hashes = {{sha256 = "{digest}"}}}}]"#
            ),
            "",
        ),
        (
            format!(
                r#"wheels = [{{name = "a-1-py3-none-any.whl", url = "https://f.example/x", hashes = {{sha256 = "{digest}"}}}}]"#
            ),
            "",
        ),
        (
            format!(r#"wheels = [{{path = "./a-1-py3-none-any.whl", hashes = {{sha256 = "{digest}"}}}}]"#),
            "lock-local",
        ),
        (
            r#"wheels = [{url = "https://f.example/a-1-py3-none-any.whl", hashes = {sha512 = "12"}}]"#.into(),
            "lock-other-hash",
        ),
        (
            r#"wheels = [{url = "https://f.example/a-1-py3-none-any.whl", hashes = {}}]"#.into(),
            "lock-no-hash",
        ),
        (r#"vcs = {type = "git", url = "https://h.example/a", commit-id = "12"}"#.into(), "lock-vcs"),
        (r#"directory = {path = ".", editable = true}"#.into(), "lock-local"),
        (format!(r#"archive = {{path = "a.zip", hashes = {{sha256 = "{digest}"}}}}"#), "lock-local"),
        (
            format!(
                "version = \"1\"\narchive = {{url = \"https://f.example/a.zip\", hashes = {{sha256 = \"{digest}\"}}}}"
            ),
            "",
        ),
        (
            format!(r#"archive = {{url = "https://f.example/a.zip", hashes = {{sha256 = "{digest}"}}}}"#),
            "lock-unreadable",
        ),
    ];
    for (keys, code) in cases {
        let locked = read("pylock.toml", &package(&keys));
        let codes: Vec<_> = locked.problems.iter().map(|problem| problem.code().as_str()).collect();
        assert_eq!(codes, if code.is_empty() { vec![] } else { vec![code] }, "{keys}");
    }
    let identity =
        package("version = \"1\"\nattestation-identities = [{kind = \"GitHub\", repository = \"a/a\"}]");
    let locked = read("pylock.toml", &identity);
    let [identity] = locked.releases[0].identities.as_slice() else { panic!("{locked:?}") };
    assert_eq!(identity.fields, [("repository".to_owned(), "a/a".to_owned())]);
    let expected = identity.expected().unwrap();
    assert_eq!(
        (expected.to_string().as_str(), &expected.workflow),
        ("github:a/a", &None),
        "as much as it says"
    );
    for other in ["kind = \"SourceHut\", repository = \"a/a\"", "kind = \"GitHub\"", "repository = \"a/a\""] {
        let locked = read(
            "pylock.toml",
            &package(&format!("version = \"1\"\nattestation-identities = [{{{other}}}]")),
        );
        assert_eq!(locked.releases[0].identities[0].expected(), None, "{other}");
    }
}

#[test]
fn an_old_lock_of_poetry_keeps_its_files_apart_by_version() {
    let text = format!(
        "[[package]]\nname = \"a\"\nversion = \"1\"\n[[package]]\nname = \"a\"\nversion = \"2\"\n\
         [[package]]\nname = \"b\"\nversion = \"1\"\n[package.source]\ntype = \"git\"\nurl = \"https://h.example/b\"\n\
         [metadata]\nlock-version = \"1.1\"\n[metadata.files]\na = [\n {{file = \"a-1.tar.gz\", hash = \"{A}\"}},\n {{file = \"a-2.tar.gz\", hash = \"{A}\"}},\n]\nb = []\n"
    );
    let locked = read("poetry.lock", &text);
    assert_eq!(releases(&locked), expect(&[("a==1", 1), ("a==2", 1), ("b==1", 0)]));
    assert_eq!(problems(&locked), ["`poetry.lock:8`: `b`: built from the repository `https://h.example/b`"]);
}

#[test]
fn a_lock_in_an_unknown_version_is_an_error() {
    let cases = [
        ("uv.lock", "version = 2\npackage = []"),
        ("pylock.toml", "lock-version = \"2.0\"\npackages = []"),
        ("poetry.lock", "package = []\n[metadata]\nlock-version = \"3.0\""),
        ("pdm.lock", "package = []\n[metadata]\nlock_version = \"5.0\""),
    ];
    for (name, text) in cases {
        let error = try_read(name, text).unwrap_err();
        assert!(matches!(error, LockError::Version { .. }) && error.hint().is_some(), "{name}: {error}");
    }
}

#[test]
fn an_error_in_the_toml_has_its_line_and_column() {
    let error = try_read("uv.lock", "version = 1\npackage = [\n  { name = 7 }]\n").unwrap_err();
    assert_eq!(error.code().as_str(), "lock-malformed");
    assert!(error.to_string().starts_with("`uv.lock:3:12`: "), "{error}");
    let error = try_read("poetry.lock", "a = \"é\" b").unwrap_err();
    assert!(error.to_string().starts_with("`poetry.lock:1:9`: "), "{error}");
}

#[test]
fn a_file_that_is_no_lock_is_refused_with_a_hint() {
    let error = try_read("Pipfile.lock", "{}").unwrap_err();
    assert!(error.hint().unwrap().as_str().contains("pylock.toml"));
    assert!(try_read("uv.lock", &"#".repeat(17 << 20)).is_err());
    assert!(
        lock::read("uv.lock", b"\n\xff", &|_| unreachable!()).unwrap_err().to_string().contains("uv.lock:2")
    );
}

fn gate(text: &str) -> String {
    uv::rewrite(text, &mut |address| match address {
        uv::Address::File(file) => Some(format!("http://127.0.0.1:1/{}", file.url)),
        uv::Address::Registry(url) => Some(format!("http://127.0.0.1:1/{url}")),
    })
    .unwrap()
}

fn ungate(text: &str) -> String {
    let back = |url: &str| url.strip_prefix("http://127.0.0.1:1/").map(str::to_owned);
    uv::rewrite(text, &mut |address| match address {
        uv::Address::File(file) => back(file.url),
        uv::Address::Registry(url) => back(url),
    })
    .unwrap()
}

#[test]
fn every_address_of_a_lock_of_uv_is_replaced_and_nothing_else() {
    let gated = gate(UV);
    assert_eq!(gated.matches("https://").count(), gated.matches("http://127.0.0.1:1/https://").count());
    assert_eq!(gated.replace("http://127.0.0.1:1/", ""), UV);
    assert_eq!(ungate(&gated), UV);
    assert_eq!(uv::rewrite(UV, &mut |_| None).unwrap(), UV);
    let (before, after) = (read("uv.lock", UV), read("uv.lock", &gated));
    assert_eq!(releases(&before), releases(&after));
}

#[test]
fn a_file_is_offered_with_all_that_identifies_it() {
    let mut seen = BTreeMap::new();
    uv::rewrite(UV, &mut |address| {
        if let uv::Address::File(file) = address {
            let name = file.filename.as_ref().unwrap().to_string();
            seen.insert(
                name,
                (file.project.clone().unwrap(), file.version.clone().unwrap(), file.sha256.unwrap()),
            );
        }
        None
    })
    .unwrap();
    let locked = read("uv.lock", UV);
    let expected: BTreeMap<_, _> = locked
        .releases
        .iter()
        .flat_map(|release| release.files.iter().map(move |file| (release, file)))
        .map(|(release, file)| {
            let name = file.filename.as_ref().unwrap().to_string();
            (name, (release.project.clone(), release.version.clone(), file.sha256))
        })
        .collect();
    assert_eq!(seen, expected);
}

/// Addresses in the four kinds of TOML strings, with spaces and comments between.
fn odd_lock() -> impl Strategy<Value = String> {
    let package = ("[a-z]{1,8}", 0..4_usize, "[ \t]{0,3}", "(#[ -~é]{0,20})?", 0..3_usize);
    collection::vec(package, 0..5).prop_map(|packages| {
        let mut text = String::from("version = 1\n");
        for (name, quotes, space, comment, wheels) in packages {
            let quoted = |url: &str| match quotes {
                0 | 1 => format!("\"{url}\""),
                2 => format!("'{url}'"),
                _ => format!("\"{}\"", url.replace('~', "\\u007E")),
            };
            let url = quoted(&format!("https://f.example/~{name}-1-py3-none-any.whl"));
            let wheel = format!("{{ {space}url{space}={space}{url}, hash = \"{A}\" }}");
            text += &format!(
                "[[package]]{space}{comment}\nname = \"{name}\"\nversion = \"1\"\nsource = {{ registry ={space}{} }}\nwheels = [\n{}]\n\n",
                quoted("https://index.example/~simple"),
                format!(" {wheel},{space}{comment}\n").repeat(wheels),
            );
        }
        text
    })
}

proptest! {
    #[test]
    fn replacing_and_replacing_back_changes_nothing(text in odd_lock()) {
        let gated = gate(&text);
        let back = ungate(&gated);
        // An escaped character comes back unescaped; everything else to the byte.
        prop_assert_eq!(back.replace('~', "\\u007E"), text.replace('~', "\\u007E"));
        prop_assert_eq!(read("uv.lock", &text).releases, read("uv.lock", &back).releases);
        prop_assert_eq!(uv::rewrite(&text, &mut |_| None).unwrap(), text);
    }

    #[test]
    fn any_text_can_be_written_into_a_lock(url in ".*", quote in "['\"]") {
        let text = format!("version = 1\n[[package]]\nname = \"a\"\nsource = {{ registry = {quote}x{quote} }}\n");
        let written = uv::rewrite(&text, &mut |_| Some(url.clone())).unwrap();
        let mut read = None;
        uv::rewrite(&written, &mut |address| {
            if let uv::Address::Registry(url) = address {
                read = Some(url.to_owned());
            }
            None
        }).unwrap();
        prop_assert_eq!(read, Some(url));
    }

    #[test]
    fn any_bytes_are_a_lock_or_an_error(bytes in collection::vec(any::<u8>(), 0..200), text in "[a-z=\\-.\\[\\]{}\"'#/@:;,$\\\\ \n\t]{0,200}") {
        for name in ["r.txt", "uv.lock", "pylock.toml", "poetry.lock", "pdm.lock"] {
            for bytes in [bytes.as_slice(), text.as_bytes()] {
                let _ = lock::read(name, bytes, &|_| Ok(b"a==1".to_vec()));
            }
        }
    }
}
