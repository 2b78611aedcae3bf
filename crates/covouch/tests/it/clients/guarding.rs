//! Other indexes, direct addresses and other people's proxies: the guard stops them, and says so.

use covouch_testkit::{index::IndexServer, tools::Tools};

use crate::{
    desk::{Desk, Ran},
    installer::{Installer, with_each_installer},
    shelf::{aged, old, wheel},
};

with_each_installer!(
    an_extra_index_in_a_requirements_file_is_never_asked,
    an_extra_index_in_the_environment_is_never_asked,
    an_address_in_a_requirements_file_is_never_asked,
    an_address_on_the_command_line_is_never_asked,
    find_links_on_another_host_are_never_asked,
    an_index_on_the_command_line_is_refused_before_anything_starts,
    a_wheel_on_disk_is_refused_before_anything_starts,
    a_repository_is_never_cloned,
);

/// Two indexes: the policy's, with `demo` 1.0, and another that has a higher `demo`.
struct Town {
    desk: Desk,
    other: IndexServer,
    _index: IndexServer,
}

impl Town {
    fn new() -> Self {
        Self::with(Desk::new())
    }

    fn with(desk: Desk) -> Self {
        let index = IndexServer::start(old([wheel("demo", "1.0")]));
        let other = IndexServer::start(old([wheel("demo", "9.0")]));
        desk.write("covouch.toml", aged(&index));
        Self { desk, other, _index: index }
    }

    /// The other index was not asked, and nothing of it is here.
    fn is_untouched(&self, ran: &Ran) {
        assert_eq!(self.other.requests(), [], "{}", ran.all());
        assert!(self.desk.installed("site").iter().all(|release| release == "demo-1.0"), "{}", ran.all());
    }

    /// And the command says that it kept something from being reached.
    fn is_guarded(&self, ran: &Ran) {
        self.is_untouched(ran);
        let said = ran.said("refused a connection to `127.0.0.1");
        assert!(ran.code == Some(0) || (ran.code == Some(3) && said), "{}", ran.all());
    }
}

fn an_extra_index_in_a_requirements_file_is_never_asked(installer: Installer) {
    let town = Town::new();
    let text = format!("--extra-index-url {}\ndemo\n", town.other.url());
    town.desk.write("requirements.txt", text);
    let ran = installer.install(&town.desk, "site", &["-r", "requirements.txt"]);
    town.is_guarded(&ran);
}

fn an_extra_index_in_the_environment_is_never_asked(installer: Installer) {
    let other = IndexServer::start(old([wheel("demo", "9.0")]));
    let mut desk = Desk::new();
    for name in ["PIP_EXTRA_INDEX_URL", "UV_EXTRA_INDEX_URL", "UV_INDEX", "UV_FIND_LINKS"] {
        desk = desk.set(name, other.url());
    }
    let town = Town { other, ..Town::with(desk) };
    let ran = installer.install(&town.desk, "site", &["demo"]).ends(0);
    town.is_untouched(&ran);
    assert_eq!(town.desk.installed("site"), ["demo-1.0"]);
}

fn an_address_in_a_requirements_file_is_never_asked(installer: Installer) {
    let town = Town::new();
    let text = format!("demo @ {}\n", town.other.file_url(&wheel("demo", "9.0")));
    town.desk.write("requirements.txt", text);
    let ran = installer.install(&town.desk, "site", &["-r", "requirements.txt"]).ends(3);
    town.is_guarded(&ran);
    assert_eq!(town.desk.installed("site"), [""; 0]);
}

fn an_address_on_the_command_line_is_never_asked(installer: Installer) {
    let town = Town::new();
    let url = town.other.file_url(&wheel("demo", "9.0"));
    let ran = installer.install(&town.desk, "site", &[&url]).ends(3);
    town.is_guarded(&ran);
}

fn find_links_on_another_host_are_never_asked(installer: Installer) {
    let town = Town::new();
    town.desk.write("requirements.txt", format!("--find-links {}demo/\ndemo\n", town.other.url()));
    let ran = installer.install(&town.desk, "site", &["-r", "requirements.txt"]);
    town.is_guarded(&ran);
}

fn an_index_on_the_command_line_is_refused_before_anything_starts(installer: Installer) {
    let town = Town::new();
    let url = town.other.url();
    for option in ["--index-url", "--extra-index-url", "--find-links", "--proxy", "-i"] {
        let ran = installer.install(&town.desk, "site", &[option, &url, "demo"]).ends(2);
        town.is_untouched(&ran.says("[argument-escapes-gate]").says("hint: "));
    }
}

fn a_wheel_on_disk_is_refused_before_anything_starts(installer: Installer) {
    let town = Town::new();
    let nobody_judged = wheel("demo", "9.0");
    town.desk.write(nobody_judged.filename(), nobody_judged.bytes());
    installer
        .install(&town.desk, "site", &[&format!("./{}", nobody_judged.filename())])
        .ends(2)
        .says("[argument-escapes-gate]");
    assert_eq!(town.desk.installed("site"), [""; 0]);
}

fn a_repository_is_never_cloned(installer: Installer) {
    let town = Town::new();
    let address = town.other.address();
    let ran = installer.install(&town.desk, "site", &[&format!("demo @ git+http://{address}/demo.git")]);
    assert!(ran.code.is_some_and(|code| code != 0), "{}", ran.all());
    town.is_untouched(&ran);
}

#[test]
fn an_isolated_pip_reaches_nothing() {
    for installer in [Installer::OldestPip, Installer::Pip] {
        let town = Town::new();
        let ran = installer.install(&town.desk, "site", &["--isolated", "--retries", "0", "demo"]).ends(3);
        ran.says("past the gate");
        assert_eq!(town.desk.installed("site"), [""; 0]);
    }
}

#[test]
fn an_index_in_a_uv_toml_is_never_asked() {
    for table in ["[[index]]\nname = \"other\"\nurl", "[pip]\nextra-index-url"] {
        let town = Town::new();
        let url = town.other.url();
        let value = if table.starts_with("[pip]") { format!("[\"{url}\"]") } else { format!("\"{url}\"") };
        town.desk.write("uv.toml", format!("{table} = {value}\n"));
        let ran = Installer::Uv.install(&town.desk, "site", &["demo"]);
        town.is_guarded(&ran);
    }
}

/// Opens a tunnel through the proxy it is told of, and prints the status lines it gets.
const TUNNEL: &str = "
import os, socket, sys, urllib.parse
proxy, target = urllib.parse.urlsplit(os.environ['HTTPS_PROXY']), sys.argv[1]
with socket.create_connection((proxy.hostname, proxy.port)) as tunnel:
    tunnel.sendall(f'CONNECT {target} HTTP/1.1\\r\\nHost: {target}\\r\\n\\r\\n'.encode())
    answer = tunnel.recv(65536)
    print(answer.split(b'\\r\\n')[0].decode())
    if b' 200' in answer[:16]:
        tunnel.sendall(b'GET /simple/demo/ HTTP/1.1\\r\\nHost: other\\r\\nConnection: close\\r\\n\\r\\n')
        print(tunnel.recv(65536).split(b'\\r\\n')[0].decode())
";

#[test]
fn only_hosts_the_policy_names_are_reached_through_a_tunnel() {
    let town = Town::new();
    let python = Tools::find().peers_python().unwrap();
    let address = town.other.address().to_string();
    let command = [python.to_str().unwrap(), "-c", TUNNEL, &address];
    let ran = town.desk.run(&command);
    ran.says("HTTP/1.1 403 covouch: ").says(&format!("refused a connection to `{address}` past the gate"));
    assert_eq!(town.other.requests(), []);

    let policy = town.desk.read("covouch.toml");
    town.desk.write("covouch.toml", format!("{policy}\n[gateway]\nconnect = [\"{address}\"]\n"));
    town.desk.run(&command).ends(0).says("HTTP/1.1 200 ").never_says("past the gate");
    assert_eq!(town.other.requests().len(), 1);
}

#[test]
fn variables_that_would_go_round_the_guard_are_taken_away() {
    let nowhere = "http://127.0.0.1:9";
    let desk = Desk::new().set("NO_PROXY", "*").set("no_proxy", "127.0.0.1").set("PIP_NO_PROXY_ENV", "1");
    let desk = desk.set("PIP_PROXY", nowhere).set("ftp_proxy", nowhere);
    let town = Town::with(desk);
    for installer in [Installer::Pip, Installer::Uv] {
        let url = town.other.file_url(&wheel("demo", "9.0"));
        let ran = installer.install(&town.desk, "site", &[&url]).ends(3);
        town.is_guarded(&ran);
    }
}

#[test]
fn a_proxy_that_git_has_for_one_address_does_not_go_round_the_guard() {
    let town = Town::new();
    let address = town.other.address();
    for setting in
        [format!("[http \"http://{address}\"]\n"), format!("[http \"http://{address}/demo.git\"]\n")]
    {
        // None at all, for this address.
        std::fs::write(town.desk.home().join(".gitconfig"), setting + "\tproxy = \n").unwrap();
        let clone = ["git", "clone", &format!("http://{address}/demo.git"), "demo"];
        let mut git = town.desk.program("git");
        git.args(&clone[1..]);
        drop(town.desk.start(git).wait());
        assert_ne!(town.other.requests(), [], "without the gate git does as its configuration says");
        town.other.forget_requests();
        let ran = town.desk.run(&clone);
        assert!(ran.code.is_some_and(|code| code != 0), "{}", ran.all());
        town.is_untouched(&ran);
    }
}

#[test]
fn what_a_program_is_seen_to_start_is_held_to_the_same_rules() {
    let town = Town::new();
    let url = town.other.url();
    for command in [
        &["sh", "-c", &format!("cd . && pip install --target site -i {url} demo")][..],
        &["sh", "-c", "HTTPS_PROXY= pip install --target site demo"],
        &["env", "-u", "PIP_INDEX_URL", "pip", "install", "--target", "site", "demo"],
        &["env", "-i", "pip", "install", "--target", "site", "demo"],
        &["timeout", "60", "pip", "install", "--target", "site", "--proxy", "", "demo"],
        &["sudo", "pip", "install", "--target", "site", "demo"],
    ] {
        let ran = town.desk.run(command).ends(2).says("[argument-escapes-gate]").says("hint: ");
        town.is_untouched(&ran);
        assert_eq!(town.desk.installed("site"), [""; 0]);
    }
    for command in [
        &["sh", "-c", "cd . && A=1 pip install --target site demo"][..],
        &["env", "A=1", "pip", "install", "--target", "site", "demo"],
        &["timeout", "60", "pip", "install", "--target", "site", "demo"],
    ] {
        let ran = town.desk.run(command).ends(0);
        town.is_untouched(&ran);
        assert_eq!(town.desk.installed("site"), ["demo-1.0"], "{}", ran.all());
        std::fs::remove_dir_all(town.desk.project().join("site")).unwrap();
    }
}

#[test]
fn what_cannot_be_seen_fails_closed_at_the_guard() {
    let town = Town::new();
    let url = town.other.url();
    let python = Tools::find().peers_python().unwrap();
    let python = python.to_str().unwrap();
    town.desk.write("install.sh", format!("pip install --target site -i {url} demo\n"));
    let program = format!(
        "import subprocess; subprocess.run(['pip', 'install', '--target', 'site', '--extra-index-url', '{url}', 'demo'])"
    );
    for command in [&["sh", "install.sh"][..], &[python, "-c", &program]] {
        let ran = town.desk.run(command);
        town.is_guarded(&ran);
    }
}
