//! `covouch init`, `covouch policy`, and the policy that is used where there is none.

use covouch_testkit::index::IndexServer;

use crate::{
    desk::Desk,
    shelf::{and_new, old, wheel},
};

/// A desk without a policy, whose pip and uv are configured to use this index.
fn desk() -> (IndexServer, Desk) {
    let index = IndexServer::start(and_new(old([wheel("demo", "1.0")]), [wheel("fresh", "1.0")]));
    let desk = Desk::new().set("PIP_INDEX_URL", index.url()).set("UV_DEFAULT_INDEX", index.url());
    let line = |wheel: &covouch_testkit::distribution::Distribution| {
        format!("{}=={} --hash=sha256:{}\n", wheel.project(), wheel.version(), wheel.sha256())
    };
    desk.write(
        "requirements.txt",
        [wheel("demo", "1.0"), wheel("fresh", "1.0")].iter().map(line).collect::<String>(),
    );
    (index, desk)
}

#[test]
fn each_preset_admits_what_is_installed_today() {
    for preset in ["starter", "team", "strict"] {
        let (_index, desk) = desk();
        let members = ["ann", "bob"].map(|name| format!("{name}={}", covouch_testkit::keys::line(name)));
        let init = ["init", "--preset", preset, "--member", &members[0], "--member", &members[1]];
        desk.covouch(&init).ends(0).says(&format!("wrote covouch.toml with the preset `{preset}`"));
        let ran = desk.covouch(&["check"]).ends(0);
        let waived = if preset == "strict" { "2 files: 2 waived" } else { "2 files: 1 admitted, 1 waived" };
        ran.says(waived);
        desk.covouch(&["policy", "check"]).ends(0).says("ok covouch.toml");
        // For a while.
        let later = desk.covouch(&["check", "--now", "2026-09-30T00:00:00Z"]);
        later.ends(if preset == "strict" { 4 } else { 0 });
    }
}

#[test]
fn a_policy_that_is_there_is_not_replaced() {
    let (_index, desk) = desk();
    desk.write("covouch.toml", "# mine\n");
    desk.covouch(&["init"]).ends(1).says("[policy-exists]").says("hint: ");
    assert_eq!(desk.read("covouch.toml"), "# mine\n");
    desk.covouch(&["init", "--force"]).ends(0);
    desk.covouch(&["check"]).ends(0);
}

#[test]
fn a_strict_policy_needs_two_people() {
    let (_index, desk) = desk();
    desk.covouch(&["init", "--preset", "strict"]).ends(1).says("needs the keys of two people").says("hint: ");
    assert!(!desk.project().join("covouch.toml").exists());
}

#[test]
fn without_a_policy_the_built_in_one_says_so_in_one_line() {
    let (_index, desk) = desk();
    let note = "no policy here: using the built-in `starter`";
    let ran = desk.covouch(&["check"]).ends(4).says("1 admitted, 1 undecided");
    assert_eq!(ran.stderr.lines().filter(|line| line.contains(note)).count(), 1, "{}", ran.all());
    desk.covouch(&["policy", "show"]).ends(0).says("age >= 3d");
}

#[test]
fn a_policy_in_pyproject_toml_and_above_the_project_counts() {
    let (index, desk) = desk();
    let policy = format!(
        "[tool.covouch]\nschema = 1\n[tool.covouch.party.pypi]\nindex = \"{}\"\n[tool.covouch.policy]\nadmit = \"pypi\"\n",
        index.url()
    );
    let pyproject = desk.write("pyproject.toml", &policy);
    desk.covouch(&["check"]).ends(0).says("2 admitted");
    std::fs::rename(pyproject, desk.root().join("pyproject.toml")).unwrap();
    desk.covouch(&["check"]).ends(0).says("2 admitted");
    // A nearer one wins, and a named one over both.
    desk.write("covouch.toml", crate::shelf::aged(&index));
    desk.covouch(&["check"]).ends(4);
    let above = desk.root().join("pyproject.toml");
    desk.covouch(&["check", "--policy", above.to_str().unwrap()]).ends(0);
}

#[test]
fn a_base_policy_cannot_be_loosened() {
    let (index, desk) = desk();
    desk.write("covouch.toml", crate::shelf::policy(&index, "pypi", "quarantined"));
    desk.covouch(&["check"]).ends(0);
    let base = desk.root().join("base.toml");
    std::fs::write(&base, crate::shelf::aged(&index)).unwrap();
    let based = desk.set("COVOUCH_BASE_POLICY", &base);
    based.covouch(&["check"]).ends(4).says("fresh 1.0");
}

#[test]
fn a_base_policy_is_the_one_that_was_pinned() {
    let (index, desk) = desk();
    desk.write("covouch.toml", crate::shelf::policy(&index, "pypi", "quarantined"));
    let (base, text) = (desk.root().join("base.toml"), crate::shelf::aged(&index));
    std::fs::write(&base, &text).unwrap();
    let sha256 = covouch_core::digest::Sha256::of(text.as_bytes());
    let configuration = desk.home().join("config/covouch/config.toml");
    std::fs::create_dir_all(configuration.parent().unwrap()).unwrap();
    std::fs::write(&configuration, format!("[base]\npath = {base:?}\nsha256 = \"{sha256}\"\n")).unwrap();
    desk.covouch(&["check"]).ends(4).says("fresh 1.0");
    std::fs::write(&base, text.replace("3d", "1h")).unwrap();
    desk.covouch(&["check"]).ends(1).says("[base-policy-changed]").says("hint: ");
}

#[test]
fn a_mistake_in_the_policy_is_shown_with_its_place() {
    let (index, desk) = desk();
    desk.write("covouch.toml", crate::shelf::policy(&index, "pypy", "quarantined"));
    for command in [&["check"][..], &["policy", "check"], &["why", "demo==1.0"], &["run", "--", "true"]] {
        desk.covouch(command).ends(1).says("`covouch.toml:7:").says("did you mean `pypi`");
    }
}

#[test]
fn monitoring_lets_in_and_says_what_it_would_do() {
    let (index, desk) = desk();
    desk.write(
        "covouch.toml",
        crate::shelf::aged(&index).replacen("schema = 1\n", "schema = 1\nmode = \"monitor\"\n", 1),
    );
    desk.covouch(&["check"]).ends(0).says("1 monitored");
    let ran = crate::installer::Installer::Uv.install(&desk, "site", &["fresh"]).ends(0);
    ran.says("1 of them only because of monitoring");
    assert_eq!(desk.installed("site"), ["fresh-1.0"]);
}
