//! Real pip and real uv believe the index, the wheels and the sdists made here.

use std::path::{Path, PathBuf};

use covouch_testkit::{
    environment::Environment,
    index::{Feature, IndexServer, Site},
    sdist::{MARKER, Sdist},
    tools::Tools,
    wheel::Wheel,
};

const UPLOADED: &str = "2026-01-01T10:00:00Z";

fn site() -> Site {
    let top = Wheel::new("top", "1.0").requires("my-lib>=1").requires("built").build();
    Site::new()
        .with(top, UPLOADED)
        .with(Wheel::named("my_lib-1.2+local.1-1-py2.py3-none-any.whl").build(), UPLOADED)
        .with(Sdist::new("built", "0.3").marks().build(), UPLOADED)
}

/// Installs `top` into a folder and returns what is there, and whether the sdist's code left its marker.
fn install(
    home: &Path,
    site: Site,
    installer: impl Fn(&str, &Path) -> (PathBuf, Vec<String>),
) -> (Vec<String>, bool) {
    let server = IndexServer::start(site);
    let (target, marker) = (home.join("target"), home.join("marker"));
    let (program, arguments) = installer(&server.url(), &target);
    let environment = Environment::in_home(home).set(MARKER, &marker);
    let output = environment.command(program).args(arguments).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    assert_eq!(server.fetched_twice(), Vec::<String>::new());
    let entries = std::fs::read_dir(&target).unwrap();
    let mut names: Vec<String> = entries
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .filter(|name| name.ends_with("-info"))
        .collect();
    names.sort();
    (names, marker.exists())
}

fn pip(program: PathBuf) -> impl Fn(&str, &Path) -> (PathBuf, Vec<String>) {
    move |index, target| {
        let target = target.display().to_string();
        let arguments = ["install", "--index-url", index, "--target", &target, "top"];
        (program.clone(), arguments.map(str::to_owned).to_vec())
    }
}

const INSTALLED: [&str; 3] = ["built-0.3.dist-info", "my_lib-1.2+local.1.dist-info", "top-1.0.dist-info"];

#[test]
fn the_oldest_pip_installs_from_here() {
    let home = tempfile::tempdir().unwrap();
    let pip = pip(Tools::find().pip_oldest().unwrap());
    assert_eq!(install(home.path(), site(), pip), (INSTALLED.map(str::to_owned).to_vec(), true));
}

#[test]
fn the_newest_pip_installs_from_an_html_index() {
    let home = tempfile::tempdir().unwrap();
    let pip = pip(Tools::find().pip_newest().unwrap());
    let site = site().without(Feature::Json);
    assert_eq!(install(home.path(), site, pip), (INSTALLED.map(str::to_owned).to_vec(), true));
}

#[test]
fn the_newest_uv_installs_from_here() {
    let home = tempfile::tempdir().unwrap();
    let tools = Tools::find();
    let (uv, python) = (tools.uv().unwrap(), tools.peers_python().unwrap().display().to_string());
    let uv = move |index: &str, target: &Path| {
        let target = target.display().to_string();
        let arguments =
            ["pip", "install", "--default-index", index, "--python", &python, "--target", &target, "top"];
        (uv.clone(), arguments.map(str::to_owned).to_vec())
    };
    assert_eq!(install(home.path(), site(), uv), (INSTALLED.map(str::to_owned).to_vec(), true));
}
