//! `covouch feed publish --to s3://…`, into a bucket of a server that speaks S3.

use std::{
    fs,
    io::{Read as _, Write as _},
    net::TcpStream,
    process::{Child, Command, Stdio},
    thread,
};

use covouch_core::digest::Sha256;
use covouch_testkit::tools::Tools;

use crate::desk::{Desk, Ran, until};

/// A secret that must be nowhere in what is printed.
const SECRET: &str = "hunter2-and-then-some";

/// A server with one bucket, `curator`.
struct Storage {
    child: Child,
    port: u16,
}

impl Storage {
    fn start() -> Self {
        // It takes a port that is free and says which: one that we found free may be somebody's by then.
        let said = tempfile::NamedTempFile::new().unwrap();
        let mut command = Command::new(Tools::find().s3_server().unwrap());
        command.args(["-H", "127.0.0.1", "-p", "0"]).stdout(Stdio::null()).stdin(Stdio::null());
        let child = command.stderr(said.reopen().unwrap()).spawn().unwrap();
        let mut storage = Self { child, port: 0 };
        until("the storage to say where it is", || {
            let text = fs::read_to_string(said.path()).unwrap();
            let (_, after) = text.split_once("http://127.0.0.1:").unwrap_or_default();
            let digits = after.find(|c: char| !c.is_ascii_digit()).map(|end| &after[..end]);
            storage.port = digits.and_then(|digits| digits.parse().ok()).unwrap_or(0);
            storage.port != 0
        });
        until("the storage to answer", || TcpStream::connect(("127.0.0.1", storage.port)).is_ok());
        storage.put("/curator", "");
        let anybody = r#"{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Principal": "*",
            "Action": "s3:GetObject", "Resource": "arn:aws:s3:::curator/*"}]}"#;
        storage.put("/curator?policy", anybody);
        storage
    }

    /// `PUT PATH`, by nobody in particular.
    fn put(&self, path: &str, body: &str) {
        let (port, length) = (self.port, body.len());
        let mut stream = TcpStream::connect(("127.0.0.1", port)).unwrap();
        let head = format!("PUT {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nConnection: close");
        write!(stream, "{head}\r\nContent-Length: {length}\r\n\r\n{body}").unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        assert!(answer.starts_with("HTTP/1.1 2"), "{answer}");
    }

    /// Where readers find the feed.
    fn feed(&self) -> String {
        format!("http://127.0.0.1:{}/curator/feeds/ours/", self.port)
    }
}

impl Drop for Storage {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

/// A curator's desk, and the storage the feed is carried to.
pub(crate) struct Curator {
    pub(crate) desk: Desk,
    storage: Storage,
}

impl Curator {
    pub(crate) fn new() -> Self {
        let storage = Storage::start();
        let desk = Desk::new()
            .set("AWS_ENDPOINT_URL", format!("http://127.0.0.1:{}", storage.port))
            .set("AWS_ALLOW_HTTP", "true")
            .set("AWS_REGION", "us-east-1")
            .set("AWS_ACCESS_KEY_ID", "curator")
            .set("AWS_SECRET_ACCESS_KEY", SECRET);
        for name in ["root", "curator", "online"] {
            desk.covouch(&["key", "new", name, "--no-passphrase"]).ends(0);
        }
        let init = ["feed", "init", "feed", "--root", "root", "--key", "curator", "--online", "online"];
        desk.covouch(&init).ends(0);
        let curator = Self { desk, storage };
        curator.veto("six", "feed");
        curator
    }

    pub(crate) fn veto(&self, project: &str, feed: &str) {
        let file = format!("{project}-1.0.tar.gz");
        self.desk.write(&file, format!("not really {project}"));
        let about = ["veto", "--file", &file, "--reason", "malware", "--key", "curator"];
        let to = format!("{feed}/statements");
        self.desk.covouch(&[&about[..], &["--to", &to, "--yes"]].concat()).ends(0);
    }

    pub(crate) fn command(feed: &str) -> [&str; 9] {
        let to = "s3://curator/feeds/ours";
        ["feed", "publish", feed, "--key", "curator", "--online", "online", "--to", to]
    }

    pub(crate) fn publish(&self, feed: &str) -> Ran {
        self.desk.covouch(&Self::command(feed))
    }

    /// What a reader of the bucket sees, who has seen what this desk has.
    pub(crate) fn verify(&self) -> Ran {
        let root = Sha256::of(self.desk.read("feed/public/1.root.json").as_bytes()).to_string();
        self.desk.covouch(&["feed", "verify", &self.storage.feed(), "--root", &root])
    }
}

#[test]
fn a_feed_in_a_bucket_is_read_by_anybody() {
    let curator = Curator::new();
    curator.publish("feed").ends(0).says("carried 4 files").never_says(SECRET);
    curator.verify().ends(0).says("1 statement in 1 list");
    curator.veto("flask", "feed");
    curator.publish("feed").ends(0).says("carried 3 files");
    curator.verify().ends(0).says("2 statements in 1 list");
    curator.publish("feed").ends(0).says("carried 1 file");
}

#[test]
fn of_two_folders_of_one_feed_one_publishes_and_the_other_says_so() {
    let curator = Curator::new();
    curator.publish("feed").ends(0);
    let (from, to) = (curator.desk.project().join("feed"), curator.desk.project().join("copy"));
    for path in crate::desk::files(&from) {
        let target = to.join(path.strip_prefix(&from).unwrap());
        fs::create_dir_all(target.parent().unwrap()).unwrap();
        fs::copy(&path, target).unwrap();
    }
    curator.veto("flask", "feed");
    curator.veto("django", "copy");
    let both = thread::scope(|scope| {
        let both = ["feed", "copy"].map(|feed| scope.spawn(|| curator.publish(feed)));
        both.map(|one| one.join().unwrap())
    });
    let won = both.iter().filter(|ran| ran.code == Some(0)).count();
    assert_eq!(won, 1, "{}\n{}", both[0].all(), both[1].all());
    let lost = both.iter().find(|ran| ran.code != Some(0)).unwrap().clone();
    lost.ends(1).says("[feed-published-elsewhere]").never_says(SECRET);
    curator.verify().ends(0).says("2 statements in 1 list");
}

#[test]
fn a_bucket_that_cannot_be_had_is_said_without_secrets() {
    let curator = Curator::new();
    let to = |to| ["feed", "publish", "feed", "--key", "curator", "--online", "online", "--to", to];
    curator.desk.covouch(&to("s3://nobodys/feed")).ends(1).says("[store-failed]").never_says(SECRET);
    curator.desk.covouch(&to("https://bucket.example/")).ends(2);
    curator.desk.covouch(&[&to("s3://curator/feed")[..], &["--offline"]].concat()).ends(1).says("offline");
    curator.publish("feed").ends(0);
}
