//! Attacks on derived trust: a vouched sdist, and a wheel that its attacker made. Each has a twin that differs by one
//! fact and is admitted.

use covouch_python::{
    archive::ArchiveError,
    derive::{DeriveError, Outcome},
};

use crate::derive_packing::{Release, compare, zip};

/// A release with one change.
fn with(change: impl FnOnce(&mut Release)) -> Release {
    let mut release = Release::ordinary();
    change(&mut release);
    release
}

/// Declares these packages instead of `src/demo`.
fn declare(release: &mut Release, packages: &str) {
    release.edit_sdist("pyproject.toml", "[\"src/demo\"]", packages);
}

#[test]
fn an_ordinary_release_derives() {
    Release::ordinary().assert_derived();
}

#[test]
fn a_test_file_at_an_import_path_is_refused() {
    let flat = |release: &mut Release| {
        release.edit_sdist("pyproject.toml", "packages = [\"src/demo\"]", "");
        let files = std::mem::take(&mut release.sdist);
        release.sdist = files.into_iter().map(|(path, bytes)| (path.replace("src/", ""), bytes)).collect();
    };
    let test = b"import demo\n";
    with(|release| {
        flat(release);
        release.add_wheel("tests/test_demo.py", test);
    })
    .assert_refused(&["the wheel brings `tests`, which the sdist does not declare"]);
    with(flat).assert_derived();
    with(|release| release.add_wheel("tests/test_demo.py", test)).assert_refused(&[
        "the wheel brings `tests`, which the sdist does not declare",
        "the sdist lacks the wheel's `tests/test_demo.py`",
    ]);
    with(|release| release.add_both("demo/tests/test_demo.py", test)).assert_derived();
}

#[test]
fn a_double_of_the_package_among_the_sdists_files_is_no_source_for_it() {
    let undeclared = |release: &mut Release| {
        release.edit_sdist("pyproject.toml", "packages = [\"src/demo\"]", "");
    };
    with(|release| {
        undeclared(release);
        release.add_sdist("demo/__init__.py", b"double = 1\n");
    })
    .assert_refused(&["the sdist has `demo` in two folders that could be meant"]);
    with(undeclared).assert_derived();
    with(|release| {
        release.add_sdist("demo/__init__.py", b"double = 1\n");
        release.add_wheel("demo/__init__.py", b"double = 1\n");
    })
    .assert_refused(&["`demo/__init__.py` has other bytes in the sdist"]);
    with(|release| release.add_sdist("demo/__init__.py", b"double = 1\n")).assert_derived();
}

#[test]
fn a_module_that_python_imports_at_every_start_is_refused() {
    for name in ["sitecustomize", "usercustomize"] {
        with(|release| {
            declare(release, &format!("['src/demo', 'src/{name}']"));
            release.add_both(&format!("{name}.py"), b"");
        })
        .assert_refused(&[&format!("the wheel's `{name}.py` is a module Python imports at every start")]);
        with(|release| release.add_both(&format!("demo/{name}.py"), b"")).assert_derived();
    }
}

#[test]
fn another_projects_top_level_is_refused() {
    with(|release| release.add_both("six/__init__.py", b""))
        .assert_refused(&["the wheel brings `six`, which the sdist does not declare"]);
    with(|release| {
        release.add_both("six/__init__.py", b"");
        declare(release, "['src/demo', 'src/six']");
    })
    .assert_derived();
}

#[test]
fn an_entry_point_plugin_is_refused() {
    let plugin = |release: &mut Release| {
        let text = b"[console_scripts]\ndemo = demo:main\n[pytest11]\ndemo = demo\n";
        release.add_info("entry_points.txt", text);
    };
    with(plugin).assert_refused(&["the wheel and the sdist differ in their entry points"]);
    with(|release| {
        plugin(release);
        let table = "[project.entry-points.pytest11]\ndemo = 'demo'\n[tool.hatch";
        release.edit_sdist("pyproject.toml", "[tool.hatch", table);
    })
    .assert_derived();
}

#[test]
fn a_left_out_entry_point_is_refused() {
    let leave_out = |release: &mut Release| {
        release.wheel.remove("demo-1.0.dist-info/entry_points.txt");
    };
    with(leave_out).assert_refused(&["the wheel and the sdist differ in their entry points"]);
    with(|release| {
        leave_out(release);
        release.edit_sdist("pyproject.toml", "demo = \"demo:main\"", "");
    })
    .assert_derived();
}

#[test]
fn an_extra_requirement_is_refused() {
    let require = |release: &mut Release| {
        release.edit_info("METADATA", "six>=1\n", "six>=1\nRequires-Dist: evil\n");
    };
    with(require).assert_refused(&["the wheel and the sdist differ in their requirements"]);
    with(|release| {
        require(release);
        release.edit_sdist("pyproject.toml", "\"six >= 1\"", "'six >= 1', 'evil'");
    })
    .assert_derived();
}

#[test]
fn a_requirement_whose_condition_changed_is_refused() {
    let change = |release: &mut Release| release.edit_info("METADATA", "< \"3.14\"", "< \"4\"");
    with(change).assert_refused(&["the wheel and the sdist differ in their requirements"]);
    with(|release| {
        change(release);
        release.edit_sdist("pyproject.toml", "< '3.14'", "< '4'");
    })
    .assert_derived();
}

#[test]
fn another_range_of_pythons_is_refused() {
    let change = |release: &mut Release| release.edit_info("METADATA", ">=3.9", ">=2");
    with(change).assert_refused(&["the wheel and the sdist differ in their `Requires-Python`"]);
    with(|release| {
        change(release);
        release.edit_sdist("pyproject.toml", ">= 3.9", ">= 2");
    })
    .assert_derived();
}

#[test]
fn standing_for_another_project_is_refused() {
    let change = |release: &mut Release| {
        release.edit_info("METADATA", "Provides-Extra", "Provides-Dist: six\nProvides-Extra");
    };
    with(change).assert_refused(&["the wheel and the sdist differ in their obsolete fields"]);
    with(|release| {
        change(release);
        release.edit_sdist("PKG-INFO", "Provides-Extra", "Provides-Dist: six\nProvides-Extra");
    })
    .assert_derived();
}

#[test]
fn what_the_sdist_leaves_to_its_build_and_does_not_record_is_not_settled() {
    let dynamic = |release: &mut Release| {
        release.edit_sdist("pyproject.toml", "[\"version\"]", "['version', 'dependencies']");
        release.edit_sdist("pyproject.toml", "dependencies = [\"six >= 1\"]\n", "");
    };
    with(dynamic).assert_derived();
    for (from, to) in
        [("Version: 2.4", "Version: 2.1"), ("Version: 2.4", "Version: 2.4\nDynamic: Requires-Dist")]
    {
        let left = |release: &mut Release| {
            dynamic(release);
            release.edit_sdist("PKG-INFO", from, to);
        };
        with(left).assert_derived();
        with(|release| {
            left(release);
            release.edit_info("METADATA", "Requires-Dist: six>=1", "Requires-Dist: six>=2");
        })
        .assert_refused(&["the wheel and the sdist differ in their requirements"]);
        with(|release| {
            left(release);
            release.edit_sdist("PKG-INFO", "Requires-Dist:", "Keywords:");
        })
        .assert_refused(&["the sdist leaves its requirements to the build"]);
    }
}

#[test]
fn a_requirement_that_setuptools_did_not_record_is_refused() {
    let made_by_setuptools = |release: &mut Release| {
        release.sdist.remove("pyproject.toml");
        release.add_sdist("src/demo.egg-info/top_level.txt", b"demo\n");
        release.add_sdist("src/demo.egg-info/entry_points.txt", b"[console_scripts]\ndemo = demo:main\n");
        release.add_sdist(
            "src/demo.egg-info/requires.txt",
            b"six>=1\n\n[fast]\n\n[fast:python_version < '3.14']\ncython\n",
        );
        release.edit_sdist("PKG-INFO", "Version: 2.4", "Version: 2.1");
        release.edit_sdist("PKG-INFO", "Requires-Dist:", "Keywords:");
        release.edit_sdist("PKG-INFO", "Provides-Extra", "Keywords");
    };
    with(made_by_setuptools).assert_derived();
    for (from, to) in [
        ("Requires-Dist: six>=1\n", ""),
        ("Requires-Dist: six>=1\n", "Requires-Dist: six>=1\nRequires-Dist: evil\n"),
        ("; (python_version < \"3.14\") and extra", "; extra"),
    ] {
        with(|release| {
            made_by_setuptools(release);
            release.edit_info("METADATA", from, to);
        })
        .assert_refused(&["the wheel and the sdist differ in their requirements"]);
    }
    with(|release| {
        made_by_setuptools(release);
        release.edit_info("METADATA", "Requires-Python: >=3.9\n", "");
    })
    .assert_refused(&["the wheel and the sdist differ in their `Requires-Python`"]);
}

#[test]
fn bytecode_is_refused() {
    for path in ["demo/helper.pyc", "demo/__pycache__/helper.cpython-313.pyc", "demo/__PYCACHE__/a.txt"] {
        with(|release| release.add_both(path, b"\xf3\r\r\n"))
            .assert_refused(&[&format!("the wheel's `{path}` is bytecode")]);
    }
    with(|release| release.add_both("demo/helper.py", b"\xf3\r\r\n")).assert_derived();
}

#[test]
fn native_code_is_refused_under_any_name() {
    for (path, bytes) in [
        ("demo/a.so", &b""[..]),
        ("demo/a.PYD", b""),
        ("demo/liba.so.1.2", b""),
        ("demo/a.json", b"\x7fELF\x02"),
        ("demo/a.bin", b"MZ\x90"),
        ("demo/a", b"\xcf\xfa\xed\xfe"),
    ] {
        with(|release| release.add_both(path, bytes))
            .assert_refused(&[&format!("the wheel's `{path}` is native code")]);
    }
    with(|release| release.add_both("demo/a.json", b"ELF")).assert_derived();
}

#[test]
fn a_path_file_is_refused_even_when_the_sdist_has_it() {
    let reason = "is a path file, whose lines Python runs at every start";
    with(|release| {
        release.add_both("demo.pth", b"import demo\n");
        declare(release, "['src/demo', 'src/demo.pth']");
    })
    .assert_refused(&[
        &format!("the wheel's `demo.pth` {reason}"),
        "the wheel brings `demo.pth`, which the sdist does not declare",
    ]);
    with(|release| release.add_both("demo/a.pth", b""))
        .assert_refused(&[&format!("the wheel's `demo/a.pth` {reason}")]);
    with(|release| release.add_both("demo/a.txt", b"import demo\n")).assert_derived();
}

#[test]
fn a_top_level_file_that_is_no_module_is_refused() {
    for name in ["demo.start", "demo.egg-link", "demo.txt", "LICENSE"] {
        let reasons = with(|release| {
            release.add_both(name, b"");
            declare(release, &format!("['src/demo', 'src/{name}']"));
        })
        .reasons();
        assert!(
            reasons.contains(&format!("the wheel brings `{name}`, which the sdist does not declare")),
            "{reasons:?}"
        );
    }
    with(|release| {
        release.add_both("other.py", b"");
        declare(release, "['src/demo', 'src/other']");
    })
    .assert_derived();
}

#[test]
fn files_outside_of_the_packages_are_refused() {
    for path in ["demo-1.0.data/scripts/pip", "demo-1.0.data/purelib/a.py", "demo-1.0.DATA/data/a"] {
        let reasons = with(|release| release.add_both(path, b"")).reasons();
        assert!(
            reasons.contains(&format!("the wheel's `{path}` is installed outside of the packages")),
            "{reasons:?}"
        );
    }
    with(|release| release.add_both("demo/data/scripts/pip", b"")).assert_derived();
}

#[test]
fn a_package_with_one_file_left_out_is_refused() {
    with(|release| release.add_sdist("src/demo/denied.txt", b"evil\n"))
        .assert_refused(&["the wheel lacks the sdist's `src/demo/denied.txt`"]);
    with(|release| release.add_both("demo/denied.txt", b"evil\n")).assert_derived();
}

#[test]
fn a_declared_package_left_out_as_a_whole_is_refused() {
    let declared = |release: &mut Release| declare(release, "['src/demo', 'src/guard']");
    with(|release| {
        declared(release);
        release.add_sdist("src/guard/__init__.py", b"");
    })
    .assert_refused(&["the wheel lacks the sdist's `src/guard/__init__.py`"]);
    with(|release| {
        declared(release);
        release.add_both("guard/__init__.py", b"");
    })
    .assert_derived();
}

/// aiocpa 0.1.13: the wheel sent credentials away, the repository did not.
#[test]
fn code_in_the_wheel_that_the_sdist_lacks_is_refused() {
    let code = b"def main(): send(token)\n";
    with(|release| release.add_wheel("demo/__init__.py", code))
        .assert_refused(&["`demo/__init__.py` has other bytes in the sdist"]);
    with(|release| release.add_both("demo/__init__.py", code)).assert_derived();
    with(|release| release.add_wheel("demo/sync.py", code))
        .assert_refused(&["the sdist lacks the wheel's `demo/sync.py`"]);
    with(|release| release.add_both("demo/sync.py", code)).assert_derived();
}

/// xz 5.6: one line of a file nobody reads, and a test file that is not what it seems.
#[test]
fn one_byte_of_a_data_file_is_a_difference() {
    with(|release| {
        release.add_both("demo/corrupt.lzma", b"\xfd7zXZ\0\x01");
        release.add_wheel("demo/corrupt.lzma", b"\xfd7zXZ\0\x02");
    })
    .assert_refused(&["`demo/corrupt.lzma` has other bytes in the sdist"]);
    with(|release| release.add_both("demo/corrupt.lzma", b"\xfd7zXZ\0\x02")).assert_derived();
}

#[test]
fn zip_headers_that_disagree_are_refused() {
    let release = Release::ordinary();
    let sdist = release.pack_sdist();
    let mut members = release.wheel_members();
    assert!(matches!(compare(&sdist, &zip(&members).0, release.wheel_name), Ok(Outcome::Derived(_))));
    members[0].local_name = Some(members[0].name.to_ascii_uppercase());
    let error = compare(&sdist, &zip(&members).0, release.wheel_name).unwrap_err();
    assert!(matches!(error, DeriveError::Wheel(ArchiveError::Ambiguous { .. })), "{error}");
}

#[test]
fn a_record_that_describes_another_wheel_is_refused() {
    type Change = fn(String) -> String;
    let cases: [(Change, &[&str]); 6] = [
        (
            |record| record.replacen("sha256=", "sha256=A", 1),
            &["`RECORD` has another sha256 for `demo-1.0.dist-info/METADATA`"],
        ),
        (|record| record.replacen(",2\n", ",3\n", 1), &["`RECORD` has another size for `demo/data.json`"]),
        (|record| record + "demo/gone.py,sha256=A,1\n", &["`RECORD` lists the missing `demo/gone.py`"]),
        (
            |record| record.lines().skip(1).fold(String::new(), |all, line| all + line + "\n"),
            &["`RECORD` leaves out `demo-1.0.dist-info/METADATA`"],
        ),
        (
            |record| record.clone() + record.lines().next().unwrap(),
            &["`RECORD` lists twice `demo-1.0.dist-info/METADATA`"],
        ),
        (|record| record + "demo\n", &["`RECORD` has a malformed line `demo`"]),
    ];
    for (change, reasons) in cases {
        with(|release| release.record = change).assert_refused(reasons);
    }
    with(|release| release.record = |record| record.replace('\n', "\r\n")).assert_derived();
}

#[test]
fn a_file_wheel_that_asks_for_another_installation_is_refused() {
    for (from, to, reason) in [
        ("true", "false", "does not say that the wheel is pure"),
        ("py3-none-any", "cp313-none-any", "has other tags than the wheel's name"),
        ("1.0", "2.0", "is not of version 1"),
        ("Tag", "Build: 1\nTag", "has another build tag than the wheel's name"),
        ("true", "true\nRoot-Is-Purelib: false", "does not say that the wheel is pure"),
    ] {
        with(|release| release.edit_info("WHEEL", from, to))
            .assert_refused(&[&format!("the file `WHEEL` {reason}")]);
    }
    with(|release| {
        release.edit_info("WHEEL", "Tag", "Build: 1\nTag");
        release.wheel_name = "demo-1.0-1-py3-none-any.whl";
    })
    .assert_derived();
}

#[test]
fn a_second_folder_of_metadata_is_refused() {
    for folder in ["six-1.0.dist-info", "demo-1.0.egg-info", "Demo-1.DIST-INFO"] {
        let reasons = with(|release| release.add_both(&format!("{folder}/METADATA"), b"")).reasons();
        assert!(
            reasons.contains(&format!("`{folder}` is not what a `.dist-info` folder has")),
            "{folder}: {reasons:?}"
        );
    }
    with(|release| release.add_both("demo/vendor/six-1.0.dist-info/METADATA", b"")).assert_derived();
}

#[test]
fn a_file_of_metadata_that_nobody_knows_is_refused() {
    for name in ["direct_url.json", "hooks.py", "RECORD.jws", "licenses/EVIL", "top_level.txt", "sboms/a.py"]
    {
        with(|release| release.add_info(name, b"evil"))
            .assert_refused(&[&format!("`demo-1.0.dist-info/{name}` is not what a `.dist-info` folder has")]);
    }
    with(|release| release.add_info("sboms/demo.json", b"{}")).assert_derived();
    with(|release| release.add_info("top_level.txt", b"demo\n")).assert_derived();
}

#[test]
fn a_wheel_of_another_release_or_platform_is_refused() {
    let reasons = with(|release| release.wheel_name = "demo-1.1-py3-none-any.whl").reasons();
    assert!(reasons.contains(&"the two files are not of one release".to_owned()));
    let reasons = with(|release| release.wheel_name = "demo-1.0-py3-none-win32.whl").reasons();
    assert!(reasons.contains(&"the wheel is not for every platform".to_owned()));
}

#[test]
fn a_name_that_setuptools_recorded_is_declared() {
    let setuptools = |release: &mut Release| {
        release.edit_sdist("pyproject.toml", "hatchling.build", "setuptools.build_meta");
        release.add_both("_demo.py", b"");
    };
    with(|release| {
        setuptools(release);
        release.add_sdist("src/demo.egg-info/top_level.txt", b"demo\n");
    })
    .assert_refused(&["the wheel brings `_demo.py`, which the sdist does not declare"]);
    with(|release| {
        setuptools(release);
        release.add_sdist("src/demo.egg-info/top_level.txt", b"_demo\ndemo\n");
    })
    .assert_derived();
}

#[test]
fn differences_are_listed_once_in_order_and_not_without_end() {
    let release =
        with(|release| (0..300).for_each(|number| release.add_wheel(&format!("demo/{number:03}.py"), b"")));
    let Outcome::Differs(differences) = release.outcome().unwrap() else { panic!("differs") };
    assert_eq!((differences.iter().count(), differences.unlisted()), (100, 200));
    assert_eq!(differences.iter().next().unwrap().to_string(), "the sdist lacks the wheel's `demo/000.py`");
    assert!(differences.iter().is_sorted());
}
