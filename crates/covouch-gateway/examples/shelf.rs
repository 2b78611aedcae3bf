//! Fills a folder for the `bare` example with projects that the test kit builds, for `cargo xtask bench`.
//!
//! ```text
//! shelf pages|install|lock FOLDER
//! pages     one small project, and one with a page as numpy's
//! install   160 packages that need each other, about 100 MB; FOLDER/requirements.txt names the first of them
//! lock      300 projects with 200 files each, FOLDER/uv.lock with the newest release of each; FOLDER/trust with two
//!           people's vouches for those, FOLDER/trust-one with vouches for one wheel of each, FOLDER/people.toml with the
//!           people; FOLDER/ballots with seven voters' approvals, and FOLDER/council.toml with their electorate
//! ```
//!
//! The same bytes on every machine.

#![expect(clippy::expect_used, reason = "a tool of the bench: what is not as it should be ends it")]

use std::{
    env,
    fmt::Write as _,
    fs,
    io::{Read as _, Write as _},
    net::TcpStream,
    num::NonZeroU16,
    path::{Path, PathBuf},
};

use covouch_core::{
    party::{Owner, PartyName},
    statement::{
        Ballot, BallotHead, BallotPlace, Choice, Claim, Committee, Edition, Electorate, Files, Member,
        Reviewer, Rule, Statement, Terms, Verified, Voter, Vouch, VouchLevel, sign_ballot_head,
    },
    time::{Duration, Timestamp, Validity},
};
use covouch_io::folder;
use covouch_testkit::{
    distribution::Distribution,
    index::{IndexServer, Site},
    keys,
    wheel::Wheel,
};

/// Older than any policy asks.
const UPLOADED: &str = "2025-03-04T05:06:07Z";

/// Packages to be installed, and how many of them are asked for by name.
const PACKAGES: usize = 160;
const NAMED: usize = 20;

/// Older releases of each, for pages of a usual size.
const OLDER: usize = 15;

/// Who vouches for what is locked.
const PEOPLE: [&str; 2] = ["ann", "bob"];

/// Who votes on what is locked; the first of them says who votes.
const VOTERS: [&str; 7] = ["v1", "v2", "v3", "v4", "v5", "v6", "v7"];

/// Projects of the lock file, releases of each, and files of each release.
const LOCKED: usize = 300;
const RELEASES: usize = 20;
const TAGS: [&str; 9] = [
    "cp311-cp311-manylinux_2_17_x86_64.manylinux2014_x86_64",
    "cp311-cp311-manylinux_2_17_aarch64.manylinux2014_aarch64",
    "cp311-cp311-macosx_11_0_arm64",
    "cp311-cp311-win_amd64",
    "cp312-cp312-manylinux_2_17_x86_64.manylinux2014_x86_64",
    "cp312-cp312-manylinux_2_17_aarch64.manylinux2014_aarch64",
    "cp312-cp312-macosx_11_0_arm64",
    "cp312-cp312-win_amd64",
    "cp313-cp313-macosx_10_13_x86_64",
];

fn main() {
    let mut arguments = env::args().skip(1);
    let what = arguments.next().expect("what to make");
    let folder = PathBuf::from(arguments.next().expect("a folder"));
    fs::create_dir_all(&folder).expect("a folder that can be made");
    match what.as_str() {
        "pages" => pages(&folder),
        "install" => install(&folder),
        "lock" => lock(&folder),
        _ => panic!("`{what}` is not known"),
    }
}

fn pages(folder: &Path) {
    let mut shelf = Shelf::default();
    for minor in 0..3 {
        shelf.list(Wheel::new("small", &format!("1.{minor}")).build());
    }
    for release in 0..150 {
        for build in 0..3 {
            for tag in TAGS {
                shelf.list(only_listed(&format!("numpy_like-{release}.0-{build}-{tag}.whl"), build > 0));
            }
        }
    }
    shelf.write_pages(folder);
}

/// Number n needs 2n + 20 and 2n + 21, and 37 later one more: four levels, as deep as a web framework's.
fn install(folder: &Path) {
    let mut shelf = Shelf::default();
    let name = |number: usize| format!("package-{number:03}");
    for number in 0..PACKAGES {
        let module = name(number).replace('-', "_");
        let mut wheel = Wheel::new(&name(number), &format!("{OLDER}.0")).padded(size(number));
        for needed in [2 * number + NAMED, 2 * number + NAMED + 1, number + 37] {
            if needed < PACKAGES {
                wheel = wheel.requires(&format!("{}>=1", name(needed)));
            }
        }
        for part in 0..25 {
            wheel = wheel.file(&format!("{module}/part_{part}.py"), "value = 0\n".repeat(200));
        }
        for older in 0..OLDER {
            shelf.list(only_listed(&format!("{module}-{older}.0-py3-none-any.whl"), true));
        }
        shelf.list(wheel.build());
    }
    let server = shelf.write_pages(folder);
    shelf.write_files(folder, &server);
    let named: String = (0..NAMED).map(|number| name(number) + "\n").collect();
    fs::write(folder.join("requirements.txt"), named).expect("a file that can be written");
}

/// Some large, most small: 4 of 12 MB, 12 of 2 MB, the others 200 kB.
const fn size(number: usize) -> usize {
    match number % 40 {
        7 => 12_000_000,
        3 | 19 | 31 => 2_000_000,
        _ => 200_000,
    }
}

fn lock(folder: &Path) {
    let mut shelf = Shelf::default();
    let mut lock = "version = 1\nrequires-python = \">=3.11\"\n".to_owned();
    let council = council();
    say(&folder.join("ballots"), VOTERS[0], Claim::Electorate(Box::new(council.clone())));
    for number in 0..LOCKED {
        let project = format!("project-{number:03}");
        let module = project.replace('-', "_");
        let mut newest = Vec::new();
        for release in 0..RELEASES {
            let sdist = format!("{module}-{release}.1.tar.gz");
            let wheels = TAGS.map(|tag| format!("{module}-{release}.1-{tag}.whl"));
            newest = wheels.iter().map(|name| only_listed(name, true)).collect();
            newest.insert(0, only_listed(&sdist, false));
            newest.iter().cloned().for_each(|file: Distribution| shelf.list(file));
        }
        let _ = write!(
            lock,
            "\n[[package]]\nname = \"{project}\"\nversion = \"{}.1\"\nsource = {{ registry = \"https://index.example/simple\" }}\n",
            RELEASES - 1
        );
        for person in PEOPLE {
            vouch(&folder.join("trust"), person, &newest);
            vouch(&folder.join("trust-one"), person, newest.get(1..2).unwrap_or_default());
        }
        for voter in VOTERS {
            approve(&folder.join("ballots"), voter, &council, &newest);
        }
        for (place, file) in newest.iter().enumerate() {
            let entry = format!(
                "{{ url = \"https://files.index.example/packages/aa/bb/{}/{}\", hash = \"sha256:{}\", size = 12345, upload-time = \"{UPLOADED}\" }}",
                "c".repeat(60),
                file.filename(),
                file.sha256()
            );
            let _ = match place {
                0 => write!(lock, "sdist = {entry}\nwheels = [\n"),
                _ => writeln!(lock, "    {entry},"),
            };
        }
        lock.push_str("]\n");
    }
    shelf.write_pages(folder);
    fs::write(folder.join("uv.lock"), lock).expect("a file that can be written");
    let party = |person| format!("[party.{person}]\nkey = \"{}\"\nfrom = \"trust/\"\n", keys::line(person));
    let council = format!("[party.council]\nelectorate = \"{}\"\nfrom = \"ballots/\"\n", council.id());
    fs::write(folder.join("council.toml"), council).expect("a file that can be written");
    fs::write(folder.join("people.toml"), PEOPLE.map(party).concat()).expect("a file that can be written");
}

/// Adds what somebody says to a folder of statements.
fn say(folder: &Path, who: &str, claim: Claim) -> Verified<Statement> {
    let issued = year().not_before();
    folder::append(folder, &keys::secret(who), issued, |link| Statement { link, issued, claim })
        .expect("a folder that takes statements")
}

fn year() -> Validity {
    let issued = Timestamp::parse("2026-01-01").expect("a day");
    Validity::new(issued, issued.plus(Duration::from_days(365))).expect("a year")
}

/// A person's vouch for files of a release.
fn vouch(folder: &Path, person: &str, files: &[Distribution]) {
    let (level, reviewer, validity) = (VouchLevel::Vouched, Reviewer::Hand, year());
    let (files, read) = (listed(files), Vec::new());
    let vouch = Vouch { files, validity, level, read, reviewer, notes: "".into() };
    say(folder, person, Claim::Vouch(vouch));
}

/// A voter's only ballot on a project, with its head, as `covouch vote` leaves them.
fn approve(folder: &Path, voter: &str, council: &Electorate, files: &[Distribution]) {
    let (files, validity, electorate) = (listed(files), year(), council.id());
    let (project, issued) = (files.project().clone(), validity.not_before());
    let (choice, version, place) = (Choice::Approve, council.version(), BallotPlace::FIRST);
    let ballot = Ballot { files, validity, choice, electorate, version, place };
    let ballot = say(folder, voter, Claim::Ballot(ballot)).id();
    let (key, sequence) = (keys::secret(voter), place.sequence);
    let head = BallotHead { electorate, project, sequence, ballot, issued };
    let (envelope, _) = sign_ballot_head(&head, &key).expect("a signature");
    folder::keep_head(folder, key.public_key(), &envelope).expect("a folder that takes heads");
}

/// Seven voices, of which four suffice.
fn council() -> Electorate {
    let since = year().not_before();
    let member = |voter: &str| {
        let affiliation = Owner::parse(voter).expect("an affiliation");
        (*keys::secret(voter).public_key(), Member { affiliation, since, voter: Voter::Person })
    };
    let roster = VOTERS.map(member).into();
    let few = |count| NonZeroU16::new(count).expect("more than none");
    let terms = Terms {
        name: PartyName::parse("council").expect("a name"),
        admins: [*keys::secret(VOTERS[0]).public_key()].into(),
        threshold: few(1),
        ballots_since: 1,
        maturity_days: 0,
        recusals: Vec::new(),
        validity: year(),
        rule: Rule::Committee(Committee { approvals: few(4), objections: few(3), roster }),
    };
    Electorate::new(Edition::First, terms).expect("an electorate")
}

fn listed(files: &[Distribution]) -> Files {
    let first = files.first().expect("a file");
    let listed = files.iter().map(|file| (file.subject().filename.clone(), file.sha256()));
    Files::new(first.project().clone(), first.version().clone(), listed).expect("files of a release")
}

/// Distributions, and the index that writes their pages.
#[derive(Default)]
struct Shelf {
    site: Site,
    files: Vec<Distribution>,
}

impl Shelf {
    fn list(&mut self, file: Distribution) {
        self.site = std::mem::take(&mut self.site).with(file.clone(), UPLOADED);
        self.files.push(file);
    }

    fn write_pages(&self, folder: &Path) -> IndexServer {
        let server = IndexServer::start(self.site.clone());
        let mut projects: Vec<&str> = self.files.iter().map(|file| file.project().as_str()).collect();
        projects.dedup();
        for project in projects {
            for (form, name) in
                [("application/vnd.pypi.simple.v1+json", "page.json"), ("text/html", "page.html")]
            {
                let page = ask(&server, &format!("/simple/{project}/"), form);
                let page = page.replace(server.origin(), "{origin}");
                write(&folder.join("simple").join(project).join(name), page);
            }
        }
        server
    }

    fn write_files(&self, folder: &Path, server: &IndexServer) {
        for file in &self.files {
            let path = server.file_url(file).replace(server.origin(), "");
            let path = folder.join(path.trim_start_matches('/'));
            write(&path, file.bytes());
            if let Some(metadata) = file.metadata() {
                write(&path.with_file_name(format!("{}.metadata", file.filename())), metadata);
            }
        }
    }
}

/// A file of which there is nothing but what its page says.
fn only_listed(filename: &str, has_metadata: bool) -> Distribution {
    let file = Distribution::new(filename, filename.to_owned());
    if has_metadata { file.with_metadata(format!("of {filename}")) } else { file }
}

fn write(path: &Path, bytes: impl AsRef<[u8]>) {
    fs::create_dir_all(path.parent().expect("a folder")).expect("a folder that can be made");
    fs::write(path, bytes).expect("a file that can be written");
}

/// The body of an answer.
fn ask(server: &IndexServer, path: &str, accept: &str) -> String {
    let mut stream = TcpStream::connect(server.address()).expect("a running index");
    let request =
        format!("GET {path} HTTP/1.1\r\nhost: index\r\naccept: {accept}\r\nconnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).expect("an index that listens");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).expect("an answer in text");
    assert!(answer.starts_with("HTTP/1.1 200"), "`{path}` is not there");
    answer.split_once("\r\n\r\n").expect("a head and a body").1.to_owned()
}
