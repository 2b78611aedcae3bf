//! What every command has in common: where it prints, what it leaves out, how it ends.

use covouch_testkit::index::IndexServer;

use crate::{
    desk::{Desk, Ran},
    installer::Installer,
    shelf::{aged, and_new, old, wheel},
};

fn desk() -> (IndexServer, Desk) {
    let index = IndexServer::start(and_new(old([wheel("demo", "1.0")]), [wheel("demo", "2.0")]));
    let desk = Desk::new();
    desk.write("covouch.toml", aged(&index));
    let line = |version| format!("demo=={version} --hash=sha256:{}\n", wheel("demo", version).sha256());
    desk.write("requirements.txt", line("1.0") + &line("2.0"));
    (index, desk)
}

/// As it is printed on every machine.
fn plain(text: &str, desk: &Desk, index: &IndexServer) -> String {
    let digest = |version| wheel("demo", version).sha256().to_string();
    text.replace(&desk.root().display().to_string(), "DESK")
        .replace(index.origin(), "https://index.example")
        .replace(&digest("2.0"), "DIGEST")
}

#[test]
fn a_check_reads_well() {
    let (index, desk) = desk();
    insta::assert_snapshot!(plain(&desk.covouch(&["check"]).ends(4).stdout, &desk, &index));
}

#[test]
fn a_run_reads_well() {
    let (index, desk) = desk();
    let ran = Installer::Uv.install(&desk, "site", &["-q", "demo"]).ends(0);
    insta::assert_snapshot!(plain(&ran.stderr, &desk, &index));
}

#[test]
fn colour_is_for_terminals_and_for_those_who_ask() {
    let (_index, desk) = desk();
    let coloured = |ran: &Ran| ran.stdout.contains('\u{1b}') || ran.stderr.contains('\u{1b}');
    assert!(!coloured(&desk.covouch(&["check"])));
    let forced = desk.set("CLICOLOR_FORCE", "1");
    assert!(coloured(&forced.covouch(&["check"])));
    let neither = forced.unset("CLICOLOR_FORCE").set("NO_COLOR", "1");
    assert!(!coloured(&neither.covouch(&["check"])));
}

#[test]
fn a_quiet_command_prints_the_answer_only() {
    let (_index, desk) = desk();
    let (loud, quiet) = (desk.covouch(&["check"]), desk.covouch(&["check", "--quiet"]));
    assert_eq!((quiet.stderr.as_str(), &quiet.stdout), ("", &loud.stdout), "{}", quiet.all());
    assert!(loud.stderr.contains("judging as of 2026-06-02T15:00:00Z"), "{}", loud.all());
    desk.covouch(&["check", "--quiet", "nothing.lock"]).ends(1).says("error: ");
}

#[test]
fn every_exit_code_has_its_meaning_in_every_format() {
    let (index, desk) = desk();
    let code = |lock: &str, format: &str| desk.covouch(&["check", "--format", format, lock]).code;
    let line = |version| format!("demo=={version} --hash=sha256:{}\n", wheel("demo", version).sha256());
    desk.write("admitted.txt", line("1.0"));
    desk.write("undecided.txt", line("2.0"));
    for format in ["human", "json"] {
        assert_eq!(code("admitted.txt", format), Some(0));
        assert_eq!(code("missing.txt", format), Some(1));
        assert_eq!(code("--no-such-option", format), Some(2));
        assert_eq!(code("undecided.txt", format), Some(4));
    }
    let demo = covouch_core::name::ProjectName::parse("demo").unwrap();
    index.change(|site| site.project(&demo).files[0].yanked = Some(String::new()));
    for format in ["human", "json"] {
        desk.covouch(&["check", "--refresh", "--format", format, "admitted.txt", "undecided.txt"]).ends(3);
    }
}

#[test]
fn completions_are_scripts_that_a_shell_reads() {
    let desk = Desk::new();
    for (shell, word) in
        [("bash", "complete -F"), ("zsh", "#compdef covouch"), ("fish", "complete -c covouch")]
    {
        let script = desk.covouch(&["completions", shell]).ends(0).says(word).stdout;
        let path = desk.write("completions", script);
        if shell == "bash" {
            let mut bash = desk.program("bash");
            bash.arg("-n").arg(path);
            desk.start(bash).wait().ends(0);
        }
    }
}

#[test]
fn help_and_version_end_well() {
    let desk = Desk::new();
    for command in [&["--help"][..], &["--version"], &["check", "--help"], &["trust", "add", "--help"]] {
        let ran = desk.covouch(command).ends(0);
        assert!(!ran.stdout.is_empty() && ran.stderr.is_empty(), "{}", ran.all());
    }
    desk.covouch(&[]).ends(2);
    desk.covouch(&["chek"]).ends(2).says("check");
}

#[test]
fn a_command_that_cannot_be_started_says_so() {
    let (_index, desk) = desk();
    desk.run(&["no-such-program"]).ends(1).says("[command-not-started]");
}

#[test]
fn a_command_that_is_no_installer_keeps_its_exit_code_and_sees_the_gate() {
    let (_index, desk) = desk();
    desk.run(&["sh", "-c", "exit 9"]).ends(9);
    let ran = desk.run(&["sh", "-c", "echo $PIP_INDEX_URL $UV_DEFAULT_INDEX $HTTPS_PROXY; kill -TERM $$"]);
    ran.ends(143).says("http://127.0.0.1:");
}
