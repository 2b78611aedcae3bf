//! The base policy, which stands above the project.

use std::{
    fs,
    io::{Read as _, Write as _},
    net::TcpListener,
    thread,
};

use covouch_core::digest::Sha256;

use crate::desk::Desk;

const POLICY: &str = "schema = 1\nmode = \"enforce\"\n[party.index]\nindex = \"https://index.example/simple/\"\n\
                      [policy]\nadmit = \"index\"\n";
const KEYED: &str = "schema = 1\nmode = \"enforce\"\n[party.security]\n\
                     key = \"ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIO1JKMYogSAk+uYkVvdEH7MqPIoSoKPvnXi0HZ8K8+J8\"\n\
                     from = \"trust/\"\n[policy]\nadmit = \"security\"\n";

/// A desk whose configuration names this base policy.
fn desk(base: &str) -> Desk {
    let desk = Desk::new();
    let folder = desk.root().join("configuration");
    fs::create_dir_all(folder.join("covouch")).unwrap();
    fs::write(folder.join("covouch/config.toml"), format!("[base]\n{base}\n")).unwrap();
    desk.write("covouch.toml", POLICY);
    desk.set("XDG_CONFIG_HOME", folder)
}

/// Answers one request with this.
fn serve(status: &'static str, body: &'static str) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let _ = stream.read(&mut [0; 4096]).unwrap();
        let length = body.len();
        write!(stream, "HTTP/1.1 {status}\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n{body}")
            .unwrap();
    });
    format!("http://me:secret@{address}/base.toml")
}

#[test]
fn the_project_cannot_stand_in_for_its_base_policy() {
    let desk = desk("path = \"base.toml\"");
    desk.write("base.toml", POLICY);
    let ran = desk.covouch(&["why", "six==1.0", "--offline"]);
    assert!(ran.stderr.contains("[file-unreadable]"), "{}", ran.stderr);
    fs::write(desk.root().join("configuration/covouch/base.toml"), POLICY).unwrap();
    let ran = desk.covouch(&["why", "six==1.0", "--offline"]);
    assert!(!ran.stderr.contains("[file-unreadable]"), "{}", ran.stderr);
}

#[test]
fn a_base_policys_address_is_shown_without_its_password() {
    for (status, body, code) in
        [("404 Not Found", "", "[not-found]"), ("200 OK", "other", "[base-policy-changed]")]
    {
        let url = serve(status, body);
        let desk = desk(&format!("url = \"{url}\"\nsha256 = \"{}\"", Sha256::of(POLICY.as_bytes())));
        let ran = desk.covouch(&["why", "six==1.0"]);
        assert!(ran.stderr.contains(code) && !ran.stderr.contains("secret"), "{}", ran.stderr);
    }
}

#[test]
fn a_base_policy_from_afar_has_no_folder_in_the_project() {
    let url = serve("200 OK", KEYED);
    let desk = desk(&format!("url = \"{url}\"\nsha256 = \"{}\"", Sha256::of(KEYED.as_bytes())));
    let ran = desk.covouch(&["why", "six==1.0"]);
    assert!(ran.stderr.contains("would be a folder of the project"), "{}", ran.stderr);
}
