//! A person's desk: a home, a project, covouch's state, and programs that see nothing else of this machine.

use std::{
    ffi::OsStr,
    fs::{self, File},
    path::{Path, PathBuf},
    process::{Child, Command, ExitStatus, Stdio},
    thread,
    time::{Duration, Instant},
};

use covouch_core::digest::Sha256;
use covouch_testkit::{environment::Environment, sigstore, tools::Tools};
use serde_json::Value;

/// When everything happens, where a test does not say otherwise.
pub(crate) const NOW: &str = "2026-06-02T15:00:00Z";
/// Long before that.
pub(crate) const OLD: &str = "2026-01-01T10:00:00Z";
/// An hour before that.
pub(crate) const NEW: &str = "2026-06-02T14:00:00Z";

/// After so long a command hangs. Several times what the slowest takes while the machine builds as well.
const PATIENCE: Duration = Duration::from_secs(120);

/// A person's desk.
pub(crate) struct Desk {
    folder: tempfile::TempDir,
    environment: Environment,
}

impl Desk {
    pub(crate) fn new() -> Self {
        let folder = tempfile::Builder::new().prefix("desk-").tempdir().unwrap();
        // As the commands print it: macOS reaches its temporary folder through a link.
        let root = folder.path().canonicalize().unwrap();
        fs::create_dir(root.join("project")).unwrap();
        let environment = Environment::in_home(&root.join("home"))
            .set("COVOUCH_HOME", root.join("covouch"))
            .set("COVOUCH_NOW", NOW)
            .set("PATH", path());
        Self { folder, environment }
    }

    /// The same with this variable.
    pub(crate) fn set(mut self, name: &str, value: impl AsRef<OsStr>) -> Self {
        self.environment = self.environment.set(name, value);
        self
    }

    /// The same without this variable.
    pub(crate) fn unset(mut self, name: &str) -> Self {
        self.environment = self.environment.unset(name);
        self
    }

    pub(crate) fn root(&self) -> PathBuf {
        self.folder.path().canonicalize().unwrap()
    }

    pub(crate) fn home(&self) -> &Path {
        self.environment.home()
    }

    /// The project's folder, in which commands run.
    pub(crate) fn project(&self) -> PathBuf {
        self.root().join("project")
    }

    /// Writes a file of the project.
    pub(crate) fn write(&self, name: &str, text: impl AsRef<[u8]>) -> PathBuf {
        let path = self.project().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, text).unwrap();
        path
    }

    /// A file of the project.
    pub(crate) fn read(&self, name: &str) -> String {
        fs::read_to_string(self.project().join(name)).unwrap()
    }

    /// Lets attestations count that the Sigstore of tests signed, and no others.
    pub(crate) fn trust_the_sigstore_of_tests(&self) {
        let state = self.root().join("covouch");
        fs::create_dir_all(&state).unwrap();
        fs::write(state.join("trusted_root.json"), sigstore::trusted_root()).unwrap();
    }

    /// `covouch ARGUMENTS…` in the project's folder.
    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = self.program(env!("CARGO_BIN_EXE_covouch"));
        command.args(arguments);
        command
    }

    /// Any program in the project's folder.
    pub(crate) fn program(&self, program: impl AsRef<OsStr>) -> Command {
        let mut command = self.environment.command(program);
        command.current_dir(self.project());
        command
    }

    /// Runs `covouch ARGUMENTS…` to its end.
    pub(crate) fn covouch(&self, arguments: &[&str]) -> Ran {
        self.start(self.command(arguments)).wait()
    }

    /// Runs `covouch run -- COMMAND…` to its end; what it did is in [`Desk::report`].
    pub(crate) fn run(&self, command: &[&str]) -> Ran {
        self.start(self.run_command(command)).wait()
    }

    /// `covouch run -- COMMAND…`.
    pub(crate) fn run_command(&self, command: &[&str]) -> Command {
        let report = self.root().join("report.json");
        drop(fs::remove_file(&report));
        let report = report.to_str().unwrap().to_owned();
        let arguments = [&["run", "--report", &report, "--"], command].concat();
        self.command(&arguments)
    }

    /// What the last `covouch run` reported.
    pub(crate) fn report(&self) -> Value {
        serde_json::from_slice(&fs::read(self.root().join("report.json")).unwrap()).unwrap()
    }

    /// Starts a command whose output is kept.
    pub(crate) fn start(&self, mut command: Command) -> Started {
        let output = tempfile::tempdir_in(self.folder.path()).unwrap();
        let file = |name: &str| File::create(output.path().join(name)).unwrap();
        let shown = format!("{:?}", command.get_args().collect::<Vec<_>>());
        // Files, so that no grandchild that lives on can hold the test up, and no full pipe the command.
        let child =
            command.stdout(file("stdout")).stderr(file("stderr")).stdin(Stdio::null()).spawn().unwrap();
        Started { child, output, shown }
    }

    /// Every file on the desk whose bytes have this digest.
    pub(crate) fn holds(&self, sha256: Sha256) -> Vec<PathBuf> {
        let is_it = |path: &PathBuf| fs::read(path).is_ok_and(|bytes| Sha256::of(&bytes) == sha256);
        files(&self.root()).into_iter().filter(is_it).collect()
    }

    /// Every file on the desk in which this text stands.
    pub(crate) fn mentions(&self, text: &str) -> Vec<PathBuf> {
        let mentions = |path: &PathBuf| {
            let bytes = fs::read(path).unwrap_or_default();
            bytes.windows(text.len()).any(|window| window == text.as_bytes())
        };
        files(&self.root()).into_iter().filter(mentions).collect()
    }
}

/// The programs a desk has: pip and uv, and what the system has.
fn path() -> String {
    let tools = Tools::find();
    let folder = |program: PathBuf| program.parent().unwrap().to_str().unwrap().to_owned();
    let [uv, pip] = [tools.uv().unwrap(), tools.pip_newest().unwrap()].map(folder);
    format!("{uv}:{pip}:/usr/local/bin:/usr/bin:/bin")
}

/// All files below a folder.
pub(crate) fn files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        let kind = entry.file_type().unwrap();
        if kind.is_dir() {
            found.extend(files(&entry.path()));
        } else if kind.is_file() {
            found.push(entry.path());
        }
    }
    found.sort();
    found
}

/// A command under way. Dropped, it is killed.
pub(crate) struct Started {
    child: Child,
    output: tempfile::TempDir,
    shown: String,
}

impl Started {
    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }

    /// What it printed on stdout so far.
    pub(crate) fn stdout(&self) -> String {
        read(&self.output.path().join("stdout"))
    }

    fn stderr(&self) -> String {
        read(&self.output.path().join("stderr"))
    }

    /// Waits for its end.
    pub(crate) fn wait(mut self) -> Ran {
        let mut status = None;
        until("the command to end", || {
            status = self.child.try_wait().unwrap();
            status.is_some()
        });
        self.ran(status.unwrap())
    }

    /// Ends it at once, as `kill -9` does.
    pub(crate) fn kill(mut self) -> Ran {
        self.child.kill().unwrap();
        let status = self.child.wait().unwrap();
        self.ran(status)
    }

    fn ran(&self, status: ExitStatus) -> Ran {
        let (stdout, stderr) = (self.stdout(), self.stderr());
        Ran { shown: self.shown.clone(), code: status.code(), stdout, stderr }
    }
}

impl Drop for Started {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

fn read(path: &Path) -> String {
    String::from_utf8_lossy(&fs::read(path).unwrap()).into_owned()
}

/// Waits until something is so.
#[track_caller]
pub(crate) fn until(what: &str, mut so: impl FnMut() -> bool) {
    let deadline = Instant::now() + PATIENCE;
    while !so() {
        assert!(Instant::now() < deadline, "waited too long for {what}");
        thread::sleep(Duration::from_millis(5));
    }
}

/// A command that ended.
#[derive(Clone, Debug)]
pub(crate) struct Ran {
    shown: String,
    pub(crate) code: Option<i32>,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Ran {
    /// It ended with this code.
    #[track_caller]
    pub(crate) fn ends(self, code: i32) -> Self {
        assert_eq!(self.code, Some(code), "{}", self.all());
        self
    }

    /// It ended with one of these codes.
    #[track_caller]
    pub(crate) fn ends_with_one_of(self, codes: &[i32]) -> Self {
        assert!(self.code.is_some_and(|code| codes.contains(&code)), "{}", self.all());
        self
    }

    /// It printed this.
    #[track_caller]
    pub(crate) fn says(self, text: &str) -> Self {
        assert!(self.said(text), "expected it to say `{text}`\n{}", self.all());
        self
    }

    /// It did not print this.
    #[track_caller]
    pub(crate) fn never_says(self, text: &str) -> Self {
        assert!(!self.said(text), "expected it not to say `{text}`\n{}", self.all());
        self
    }

    pub(crate) fn said(&self, text: &str) -> bool {
        self.stdout.contains(text) || self.stderr.contains(text)
    }

    /// Its answer, as JSON.
    #[track_caller]
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.stdout).unwrap_or_else(|error| panic!("{error}\n{}", self.all()))
    }

    /// Everything there is to see when a test fails.
    pub(crate) fn all(&self) -> String {
        let Self { shown, code, stdout, stderr } = self;
        format!("{shown} ended with {code:?}\n== stdout\n{stdout}\n== stderr\n{stderr}")
    }
}
