//! An index on loopback that says what a lock says, beside a folder of files.
//!
//! # Not here
//! Anything a lock does not have: whether a release was yanked, a project's status, provenance.

use std::{
    collections::BTreeMap,
    fs, io,
    io::{BufRead as _, BufReader, Write as _},
    net::{Ipv4Addr, TcpListener, TcpStream},
    path::{Path, PathBuf},
    sync::Arc,
    thread,
};

use serde_json::{Value as Json, json};
use toml::Value as Toml;

use crate::Failure;

const JSON: &str = "application/vnd.pypi.simple.v1+json";

/// What committed locks have in place of an index's host.
const PLACE: &str = "https://index.example";

/// A running server. It ends with the program.
pub(super) struct Shelf {
    /// Its address, without a slash at the end.
    pub(super) origin: String,
}

/// What is sent.
struct Stock {
    pages: BTreeMap<String, Vec<u8>>,
    folder: PathBuf,
}

impl Shelf {
    /// Sends a page for each project of these locks below `/simple/`, what lies in the folder below `/files/`, and
    /// archives that lie in its `packages/` under the addresses that the locks have.
    pub(super) fn open(locks: &[String], folder: &Path) -> Result<Self, Failure> {
        let failed = |error: io::Error| format!("no server on loopback: {error}");
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).map_err(failed)?;
        let origin = format!("http://{}", listener.local_addr().map_err(failed)?);
        let mut files: BTreeMap<String, Vec<Json>> = BTreeMap::new();
        for lock in locks {
            read(&lock.replace(PLACE, &origin), &mut files)?;
        }
        let pages = files.into_iter().map(|(project, files)| {
            let page = json!({"meta": {"api-version": "1.1"}, "name": project, "files": files});
            (format!("/simple/{project}/"), page.to_string().into_bytes())
        });
        let stock = Arc::new(Stock { pages: pages.collect(), folder: folder.to_owned() });
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let stock = Arc::clone(&stock);
                // Whoever hangs up early asks again, or fails and says so.
                thread::spawn(move || drop(stock.answer(&stream)));
            }
        });
        Ok(Self { origin })
    }

    /// A lock whose files are here.
    pub(super) fn localize(&self, lock: &str) -> String {
        lock.replace(PLACE, &self.origin)
    }
}

impl Stock {
    fn answer(&self, mut stream: &TcpStream) -> io::Result<()> {
        let mut lines = BufReader::new(stream).lines();
        let first = lines.next().unwrap_or_else(|| Ok(String::new()))?;
        while lines.next().transpose()?.is_some_and(|line| !line.is_empty()) {}
        let path = first.split(' ').nth(1).unwrap_or_default();
        let (status, kind, body) = match (self.pages.get(path), self.file(path)) {
            (Some(page), _) => ("200 OK", JSON, page.clone()),
            (None, Some(bytes)) => ("200 OK", "application/octet-stream", bytes),
            (None, None) => ("404 Not Found", "text/plain", Vec::new()),
        };
        let length = body.len();
        write!(
            stream,
            "HTTP/1.1 {status}\r\nContent-Type: {kind}\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n"
        )?;
        stream.write_all(&body)
    }

    fn file(&self, path: &str) -> Option<Vec<u8>> {
        let below = match path.strip_prefix("/packages/") {
            // Addresses have the parts of a digest in them; a client that downloads keeps only the name.
            Some(address) => format!("packages/{}", address.rsplit('/').next()?),
            None => path.strip_prefix("/files/")?.to_owned(),
        };
        let is_inside = !below.split('/').any(|part| part == "..");
        if is_inside { fs::read(self.folder.join(below)).ok() } else { None }
    }
}

/// Adds the files of a lock that uv wrote, each once.
fn read(lock: &str, files: &mut BTreeMap<String, Vec<Json>>) -> Result<(), Failure> {
    let lock: Toml = toml::from_str(lock).map_err(|error| format!("a committed lock: {error}"))?;
    for package in lock.get("package").and_then(Toml::as_array).into_iter().flatten() {
        let Some(name) = package.get("name").and_then(Toml::as_str) else { continue };
        let wheels = package.get("wheels").and_then(Toml::as_array).into_iter().flatten();
        let known = files.entry(name.to_owned()).or_default();
        for file in package.get("sdist").into_iter().chain(wheels).filter_map(listed) {
            if !known.contains(&file) {
                known.push(file);
            }
        }
    }
    Ok(())
}

/// A file as a page lists it (PEP 691, PEP 700).
fn listed(file: &Toml) -> Option<Json> {
    let text = |key: &str| file.get(key).and_then(Toml::as_str);
    let url = text("url")?;
    Some(json!({
        "filename": url.rsplit('/').next()?,
        "url": url,
        "hashes": {"sha256": text("hash")?.strip_prefix("sha256:")?},
        "size": file.get("size").and_then(Toml::as_integer)?,
        "upload-time": text("upload-time")?,
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lock_becomes_pages_that_list_each_file_once() {
        let hash = "a".repeat(64);
        let lock = format!(
            "[[package]]\nname = \"six\"\nsdist = {{ url = \"https://index.example/packages/six-1.0.tar.gz\", \
             hash = \"sha256:{hash}\", size = 1, upload-time = \"2026-01-02T03:04:05Z\" }}\n"
        );
        let mut files = BTreeMap::new();
        read(&lock, &mut files).unwrap();
        read(&lock, &mut files).unwrap();
        let listed = &files["six"];
        assert_eq!(listed.len(), 1);
        assert_eq!(listed[0]["filename"], "six-1.0.tar.gz");
        assert_eq!(listed[0]["hashes"]["sha256"], hash);
    }

    #[test]
    fn nothing_outside_the_folder_is_sent() {
        let stock = Stock { pages: BTreeMap::new(), folder: PathBuf::from(env!("CARGO_MANIFEST_DIR")) };
        assert!(stock.file("/files/Cargo.toml").is_some());
        assert!(stock.file("/files/../Cargo.toml").is_none());
        assert!(stock.file("/packages/..").is_none());
        assert!(stock.file("/Cargo.toml").is_none());
    }
}
