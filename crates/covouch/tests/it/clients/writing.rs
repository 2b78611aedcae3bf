//! What installers write down names the indexes, never the gate: its addresses lead nowhere once it is closed.

use covouch_testkit::{index::IndexServer, tools::Tools, wheel::Wheel};

use crate::{
    desk::{Desk, OLD, Ran, files},
    shelf::{aged, old, wheel},
};

const ENTRY_POINTS: &str = "[console_scripts]\ntool = tool:main\n";

/// An index on which everything is admitted, and a desk whose installers use it, with and without the gate.
fn desk() -> (IndexServer, Desk) {
    let demo = Wheel::new("demo", "1.0").requires("helper>=1").build();
    let index = IndexServer::start(old([demo, wheel("helper", "1.0")]));
    let python = Tools::find().peers_python().unwrap();
    let desk = Desk::new().set("UV_PYTHON", python);
    let desk = desk.set("UV_DEFAULT_INDEX", index.url()).set("PIP_INDEX_URL", index.url());
    desk.write("covouch.toml", aged(&index));
    desk.write("requirements.in", "demo\n");
    (index, desk)
}

/// The same command without covouch.
fn direct(desk: &Desk, command: &[&str]) -> Ran {
    let mut program = desk.program(command[0]);
    program.args(&command[1..]);
    desk.start(program).wait()
}

/// What a command prints, and writes into `file`, is the same with the gate as without.
#[track_caller]
fn is_the_same(desk: &Desk, command: &[&str], file: Option<&str>) {
    // uv writes its own command line into a comment.
    let plain = |ran: Ran| ran.ends(0).stdout.replace(" --frozen", "");
    let printed = plain(direct(desk, command));
    let written = file.map(|file| desk.read(file));
    if let Some(file) = file {
        std::fs::remove_file(desk.project().join(file)).unwrap();
    }
    let gated = desk.run(command);
    assert_eq!(file.map(|file| desk.read(file)), written, "{}", gated.all());
    assert_eq!(plain(gated.clone()), printed, "{}", gated.all());
}

#[test]
fn what_uv_compiles_names_the_index() {
    let (index, desk) = desk();
    let compile = ["uv", "pip", "compile", "requirements.in"];
    for options in [
        &["--generate-hashes"][..],
        &["--emit-index-url", "--emit-index-annotation"],
        &["--format", "pylock.toml"],
        &["-q", "-o", "requirements.txt", "--emit-index-url"],
        &["-q", "--output-file=pylock.dev.toml"],
    ] {
        let file = options.iter().find_map(|option| {
            let name = option.rsplit('=').next().unwrap();
            ["requirements.txt", "pylock.dev.toml"].into_iter().find(|file| *file == name)
        });
        is_the_same(&desk, &[&compile, options].concat(), file);
    }
    assert!(desk.read("pylock.dev.toml").contains(index.origin()));
}

#[test]
fn what_uv_exports_names_the_index() {
    let (_index, desk) = desk();
    desk.write(
        "pyproject.toml",
        "[project]\nname = \"mine\"\nversion = \"0.1\"\nrequires-python = \">=3.9\"\ndependencies = [\"demo\"]\n",
    );
    for options in [&["--emit-index-url"][..], &["--format", "pylock.toml"]] {
        is_the_same(
            &desk,
            &[&["uv", "export", "-q", "--no-emit-project"], options].concat(),
            Some("uv.lock"),
        );
    }
}

#[test]
fn what_pip_writes_names_the_index() {
    let (_index, desk) = desk();
    let pip = Tools::find().pip_newest().unwrap();
    let pip = pip.to_str().unwrap();
    is_the_same(&desk, &[pip, "lock", "-q", "-r", "requirements.in"], Some("pylock.toml"));
    is_the_same(&desk, &[pip, "lock", "-q", "-o", "-", "-r", "requirements.in"], None);
    let install = [pip, "install", "-q", "--ignore-installed", "--target", "site", "demo", "--report"];
    let report = |ran: Ran| serde_json::from_str::<serde_json::Value>(&ran.ends(0).stdout).unwrap();
    let command = [&install[..], &["-"]].concat();
    let (direct, gated) = (report(direct(&desk, &command)), report(desk.run(&command)));
    assert_eq!(direct["install"][0]["download_info"], gated["install"][0]["download_info"]);
}

#[test]
fn what_a_script_locks_names_the_index() {
    let (_index, desk) = desk();
    let script = "uv pip compile -q requirements.in -o requirements.txt --emit-index-url";
    is_the_same(&desk, &["sh", "-c", script], Some("requirements.txt"));
}

#[test]
fn what_stays_as_it_was_is_not_written() {
    let (_index, desk) = desk();
    let theirs = "# http://127.0.0.1:1/simple\n--index-url https://index.example/simple\n";
    desk.write("requirements-dev.txt", theirs);
    desk.run(&["uv", "pip", "compile", "-q", "requirements.in"]).ends(0).never_says("wrote ");
    assert_eq!(desk.read("requirements-dev.txt"), theirs);
}

#[test]
fn what_uv_remembers_of_a_tool_names_the_index() {
    let (index, desk) = desk();
    let tool = Wheel::new("tool", "1.0").file("tool-1.0.dist-info/entry_points.txt", ENTRY_POINTS).build();
    index.change(|site| *site = site.clone().with(tool, OLD));
    desk.run(&["uv", "tool", "install", "tool"]).ends(0);
    let files = files(&desk.root());
    let receipt = files.iter().find(|path| path.ends_with("tool/uv-receipt.toml")).unwrap();
    let receipt = std::fs::read_to_string(receipt).unwrap();
    assert!(receipt.matches("http://").count() == 1 && receipt.contains(index.origin()), "{receipt}");
}
