//! proxpi and devpi, installed from the user's own index and put before the same upstream.

use std::{
    fs,
    net::{Ipv4Addr, TcpListener},
    path::PathBuf,
};

use super::{Bench, load::plain, process::Server};
use crate::{
    Failure, tools,
    workspace::{run, succeeds},
};

impl Bench<'_> {
    /// proxpi behind gunicorn, with as many threads as there are connections.
    pub(super) fn proxpi(&self, index: &str) -> Result<Server, Failure> {
        let bin = self.environment("bench-proxpi", &["proxpi", "gunicorn"])?;
        let (port, cache) = (free_port()?, self.empty("proxpi")?);
        let mut command = plain(self.workspace.command(bin.join("gunicorn")));
        command.args(["--preload", "--workers", "1", "--threads", "16", "--bind"]);
        command.arg(format!("127.0.0.1:{port}")).arg("proxpi.server:app");
        command.env("PROXPI_INDEX_URL", index).env("PROXPI_CACHE_DIR", cache);
        // Its default of 0.9 seconds sends clients to the upstream instead, with nothing kept.
        command.env("PROXPI_DOWNLOAD_TIMEOUT", "30");
        Server::at(format!("http://127.0.0.1:{port}/index/"), &mut command)
    }

    /// devpi, as its documentation sets it up, with one mirror.
    pub(super) fn devpi(&self, index: &str) -> Result<Server, Failure> {
        let bin = self.environment("bench-devpi", &["devpi-server", "devpi-client"])?;
        let (port, home) = (free_port()?, self.empty("devpi")?);
        let program = |name: &str| {
            let mut command = plain(self.workspace.command(bin.join(name)));
            command.env("HOME", &home);
            command
        };
        let server = home.join("server");
        let init = ["--no-root-pypi", "--root-passwd", "bench", "--serverdir"];
        if !succeeds(program("devpi-init").args(init).arg(&server)) {
            return Err("devpi cannot be set up".into());
        }
        let root = format!("http://127.0.0.1:{port}");
        let mut command = program("devpi-server");
        command.args(["--host", "127.0.0.1", "--port", &port.to_string(), "--serverdir"]).arg(&server);
        let running = Server::at(format!("{root}/{}/mirror/+simple/", "root"), &mut command)?;
        let client = |words: &[&str]| {
            run(program("devpi")
                .args(words)
                .arg("--clientdir")
                .arg(home.join("client"))
                .stdout(std::process::Stdio::null()))
        };
        let mut used = Err(String::new());
        for _ in 0..100 {
            used = client(&["use", &root]);
            if used.is_ok() {
                break;
            }
            std::thread::sleep(std::time::Duration::from_millis(200));
        }
        used?;
        client(&["login", "root", "--password", "bench"])?;
        client(&[
            "index",
            "-c",
            "root/mirror",
            "type=mirror",
            &format!("mirror_url={index}"),
            "volatile=False",
        ])?;
        Ok(running)
    }

    /// The programs of a virtual environment in which this is installed.
    fn environment(&self, name: &'static str, packages: &'static [&'static str]) -> Result<PathBuf, Failure> {
        let folder = self.workspace.path(".tools").join(name);
        tools::install_one(self.workspace, &folder, packages)?;
        Ok(folder.join("bin"))
    }

    /// The version of a package in an environment, as its folder says.
    pub(super) fn version(&self, environment: &str, package: &str) -> String {
        let found = || -> Option<String> {
            let lib = self.workspace.path(".tools").join(environment).join("lib");
            let python = fs::read_dir(lib).ok()?.flatten().next()?.path().join("site-packages");
            let names =
                fs::read_dir(python).ok()?.flatten().filter_map(|entry| entry.file_name().into_string().ok());
            let mut versions = names.filter_map(|name| {
                Some(name.strip_prefix(package)?.strip_prefix('-')?.strip_suffix(".dist-info")?.to_owned())
            });
            versions.next()
        };
        found().unwrap_or_default()
    }
}

/// A port nobody listens on at the moment.
fn free_port() -> Result<u16, Failure> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).map_err(|error| error.to_string())?;
    listener.local_addr().map(|address| address.port()).map_err(|error| error.to_string())
}
