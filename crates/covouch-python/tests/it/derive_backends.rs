//! What each build backend's configuration declares: where packages stand, and their names.

use crate::derive_packing::Release;

/// A release of a backend, its packages below `folder`.
fn release(backend: &str, tool: &str, folder: &str, names: &[&str]) -> Release {
    let mut release = Release::ordinary();
    let from = "packages = [\"src/demo\"]\n";
    release.edit_sdist("pyproject.toml", "hatchling.build", backend);
    release.edit_sdist("pyproject.toml", "[tool.hatch.build.targets.wheel]\n", "");
    release.edit_sdist("pyproject.toml", from, tool);
    for path in ["__init__.py", "data.json"] {
        let bytes = release.sdist.remove(&format!("src/demo/{path}")).unwrap();
        release.wheel.remove(&format!("demo/{path}"));
        for name in names {
            release.add_sdist(&format!("{folder}{name}/{path}"), &bytes);
            release.add_wheel(&format!("{name}/{path}"), &bytes);
        }
    }
    release
}

const WHEEL: &str = "[tool.hatch.build.targets.wheel]\n";

/// Backend, its configuration, folder, names.
const CASES: &[(&str, &str, &str, &[&str])] = &[
    ("hatchling.build", "", "", &["demo"]),
    ("hatchling.build", "", "src/", &["demo"]),
    ("hatchling.build", "packages = ['lib/a', 'lib/b']", "lib/", &["a", "b"]),
    ("hatchling.build", "packages = ['a']", "", &["a"]),
    ("hatchling.build", "only-include = ['lib/a']\nsources = ['lib']", "lib/", &["a"]),
    ("hatchling.build", "include = ['/a', 'b/**/*.py', '*.txt']", "", &["a", "b"]),
    ("flit_core.buildapi", "", "src/", &["demo"]),
    ("flit_core.buildapi", "[tool.flit.module]\nname = 'a.b'", "", &["a"]),
    ("poetry.core.masonry.api", "", "", &["demo"]),
    ("poetry.core.masonry.api", "[[tool.poetry.packages]]\ninclude = 'a/b'\nfrom = 'lib'", "lib/", &["a"]),
    ("pdm.backend", "", "src/", &["demo"]),
    ("pdm.backend", "[tool.pdm.build]\npackage-dir = 'lib'\nincludes = ['lib/a', 'b']", "lib/", &["a", "b"]),
    ("uv_build", "", "src/", &["demo"]),
    ("uv_build", "[tool.uv.build-backend]\nmodule-root = ''\nmodule-name = ['a', 'b.c']", "", &["a", "b"]),
    ("unheard_of", "", "src/", &["demo"]),
];

fn of_case((backend, tool, folder, names): &(&str, &str, &str, &[&str])) -> Release {
    let table = if *backend == "hatchling.build" { WHEEL } else { "" };
    release(backend, &format!("{table}{tool}\n"), folder, names)
}

#[test]
fn what_a_backend_is_told_is_declared() {
    for case in CASES {
        assert_eq!(of_case(case).reasons(), Vec::<String>::new(), "{case:?}");
    }
}

#[test]
fn one_name_more_is_declared_by_no_backend() {
    for case in CASES {
        let mut release = of_case(case);
        release.add_sdist(&format!("{}six/__init__.py", case.2), b"");
        release.add_wheel("six/__init__.py", b"");
        release.assert_refused(&["the wheel brings `six`, which the sdist does not declare"]);
    }
}

#[test]
fn another_folder_than_the_declared_one_is_no_source() {
    for case in CASES.iter().filter(|case| case.2 == "lib/") {
        let mut release = of_case(case);
        let files = std::mem::take(&mut release.sdist);
        release.sdist =
            files.into_iter().map(|(path, bytes)| (path.replace("lib/", "src/"), bytes)).collect();
        assert!(!release.reasons().is_empty(), "{case:?}");
    }
}

#[test]
fn packages_in_several_folders_are_not_compared() {
    let release =
        release("hatchling.build", &format!("{WHEEL}packages = ['lib/demo', 'src/a']\n"), "lib/", &["demo"]);
    let reasons = release.reasons();
    assert!(
        reasons.contains(&"`pyproject.toml` declares packages in several folders".to_owned()),
        "{reasons:?}"
    );
}

#[test]
fn a_configuration_that_cannot_be_read_settles_nothing() {
    for text in [&b"\xff"[..], b"[project", b"[project]\nname = 1\nname = 2\n", &[b'#'; 300 << 10]] {
        let mut release = Release::ordinary();
        release.add_sdist("pyproject.toml", text);
        let reasons = release.reasons();
        assert!(reasons[0].starts_with("`pyproject.toml` is "), "{reasons:?}");
    }
}

#[test]
fn a_configuration_as_deep_as_it_is_long_upsets_nothing() {
    let deep = 100_000;
    for text in [
        format!("a={}", "[".repeat(deep)),
        format!("a={}{}", "[".repeat(deep), "]".repeat(deep)),
        format!("a={}1{}", "{a=".repeat(deep / 2), "}".repeat(deep / 2)),
        format!("{}a=1", "a.".repeat(deep)),
        format!("[{}a]", "a.".repeat(deep)),
    ] {
        let mut release = Release::ordinary();
        release.add_sdist("pyproject.toml", text.as_bytes());
        assert!(!release.reasons().is_empty());
    }
}

#[test]
fn entry_points_from_before_pep_621_are_read() {
    let old = |tool: &str| {
        let mut release = Release::ordinary();
        let pyproject = format!("[build-system]\nbuild-backend = 'poetry.core.masonry.api'\n{tool}");
        release.add_sdist("pyproject.toml", pyproject.as_bytes());
        release.reasons()
    };
    assert_eq!(old("[tool.poetry.scripts]\ndemo = 'demo:main'\n"), Vec::<String>::new());
    assert_eq!(
        old("[tool.poetry.plugins.pytest11]\ndemo = 'demo:main'\n"),
        ["the wheel and the sdist differ in their entry points"]
    );
    assert_eq!(
        old("[tool.poetry.scripts]\ndemo = { reference = 'a.sh', type = 'file' }\n"),
        ["the sdist leaves its entry points to the build"]
    );
}

#[test]
fn a_script_that_setuptools_recorded_is_settled() {
    let mut release = Release::ordinary();
    release.sdist.remove("pyproject.toml");
    release.add_sdist("src/demo.egg-info/top_level.txt", b"demo\n");
    assert!(
        release.reasons().contains(&"the wheel and the sdist differ in their entry points".to_owned()),
        "{:?}",
        release.reasons()
    );
    release.add_sdist("src/demo.egg-info/entry_points.txt", b"[console_scripts]\ndemo = demo:main\n");
    release.assert_derived();
}
