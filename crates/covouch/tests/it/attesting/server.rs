//! An index that serves what it is told to, and counts who asks.

use std::{
    collections::BTreeMap,
    io::{BufRead as _, BufReader, Write as _},
    net::{TcpListener, TcpStream},
    sync::{Arc, Mutex},
    thread,
};

/// What is served, by path, and what was asked for.
#[derive(Default)]
struct Shared {
    answers: BTreeMap<String, (&'static str, Vec<u8>)>,
    asked: Vec<String>,
}

/// The index; it ends with the test.
pub(super) struct Server {
    origin: String,
    shared: Arc<Mutex<Shared>>,
}

impl Server {
    pub(super) fn start() -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
        let origin = format!("http://{}", listener.local_addr().unwrap());
        let shared = Arc::new(Mutex::new(Shared::default()));
        let served = Arc::clone(&shared);
        thread::spawn(move || {
            for stream in listener.incoming() {
                // A client that went away is its own affair.
                drop(answer(stream.unwrap(), &served));
            }
        });
        Self { origin, shared }
    }

    pub(super) fn origin(&self) -> &str {
        &self.origin
    }

    /// Serves this at a path.
    pub(super) fn serve(&self, path: &str, content_type: &'static str, bytes: impl Into<Vec<u8>>) {
        self.shared.lock().unwrap().answers.insert(path.to_owned(), (content_type, bytes.into()));
    }

    /// How often a path was asked for.
    pub(super) fn asked(&self, path: &str) -> usize {
        self.shared.lock().unwrap().asked.iter().filter(|asked| *asked == path).count()
    }
}

fn answer(stream: TcpStream, shared: &Mutex<Shared>) -> std::io::Result<()> {
    let mut lines = BufReader::new(&stream).lines();
    let first = lines.next().transpose()?.unwrap_or_default();
    while lines.next().transpose()?.is_some_and(|line| !line.is_empty()) {}
    let path = first.split(' ').nth(1).unwrap_or_default().to_owned();
    let mut shared = shared.lock().unwrap();
    let (status, (content_type, bytes)) = match shared.answers.get(&path) {
        Some(found) => ("200 OK", found.clone()),
        None => ("404 Not Found", ("text/plain", Vec::new())),
    };
    shared.asked.push(path);
    drop(shared);
    let length = bytes.len();
    let mut stream = &stream;
    write!(
        stream,
        "HTTP/1.1 {status}\r\nContent-Type: {content_type}\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n"
    )?;
    stream.write_all(&bytes)
}
