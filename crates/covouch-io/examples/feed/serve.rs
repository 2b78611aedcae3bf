//! A web server as plain as they come: keeps connections open, and, when told to, packs what it sends, once, as a CDN
//! does.

use std::{
    collections::HashMap,
    fs,
    io::{self, BufRead as _, BufReader, Write as _},
    net::{Ipv4Addr, TcpListener, TcpStream},
    path::{Path, PathBuf},
    process,
    sync::{Arc, Mutex},
    thread,
    time::Duration,
};

use flate2::{Compression, write::GzEncoder};

/// Asking for this says how many requests were answered since it was last asked for, and with how many bytes.
const COUNTS: &str = "counts";

struct Site {
    folder: PathBuf,
    latency: Duration,
    packs: bool,
    packed: Mutex<HashMap<String, Arc<Vec<u8>>>>,
    counts: Mutex<(usize, usize)>,
}

/// Prints its address, and ends when its input does.
pub(super) fn folder(folder: &Path, milliseconds: u64, packs: bool) {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a free port");
    let address = listener.local_addr().expect("a bound socket has an address");
    let site = Arc::new(Site {
        folder: folder.to_owned(),
        latency: Duration::from_millis(milliseconds),
        packs,
        packed: Mutex::default(),
        counts: Mutex::default(),
    });
    println!("http://{address}/");
    thread::spawn(|| {
        let _ = io::copy(&mut io::stdin(), &mut io::sink());
        process::exit(0);
    });
    for connection in listener.incoming() {
        let (site, connection) = (Arc::clone(&site), connection.expect("a connection"));
        // Who goes away before the answer needs none.
        thread::spawn(move || drop(site.answer_all(connection)));
    }
}

impl Site {
    fn answer_all(&self, mut connection: TcpStream) -> io::Result<()> {
        connection.set_nodelay(true)?;
        let mut lines = BufReader::new(connection.try_clone()?).lines();
        while let Some(first) = lines.next() {
            let first = first?;
            let mut takes_gzip = false;
            for line in lines.by_ref() {
                let line = line?.to_ascii_lowercase();
                takes_gzip |= line.starts_with("accept-encoding:") && line.contains("gzip");
                if line.is_empty() {
                    break;
                }
            }
            let path = first.split(' ').nth(1).unwrap_or_default().trim_start_matches('/');
            connection.write_all(&self.answer(path, takes_gzip))?;
            // RFC 9112 §9.3: who speaks 1.0 waits for the end.
            if first.ends_with("1.0") {
                break;
            }
        }
        Ok(())
    }

    fn answer(&self, path: &str, takes_gzip: bool) -> Vec<u8> {
        if path == COUNTS {
            let counts = std::mem::take(&mut *self.counts.lock().expect("nobody panics"));
            return whole("200 OK", "", format!("{} {}", counts.0, counts.1).as_bytes());
        }
        thread::sleep(self.latency);
        let answer = match fs::read(self.folder.join(path)) {
            Ok(bytes) if self.packs && takes_gzip => {
                whole("200 OK", "content-encoding: gzip\r\n", &self.packed(path, &bytes))
            }
            Ok(bytes) => whole("200 OK", "", &bytes),
            Err(_) => whole("404 Not Found", "", b""),
        };
        let mut counts = self.counts.lock().expect("nobody panics");
        *counts = (counts.0 + 1, counts.1 + answer.len());
        answer
    }

    /// Only `timestamp.json` ever changes.
    fn packed(&self, path: &str, bytes: &[u8]) -> Arc<Vec<u8>> {
        let known = self.packed.lock().expect("nobody panics").get(path).cloned();
        known.filter(|_| path != "timestamp.json").unwrap_or_else(|| {
            let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
            encoder.write_all(bytes).expect("memory takes everything");
            let packed = Arc::new(encoder.finish().expect("memory takes everything"));
            self.packed.lock().expect("nobody panics").insert(path.to_owned(), Arc::clone(&packed));
            packed
        })
    }
}

fn whole(status: &str, headers: &str, body: &[u8]) -> Vec<u8> {
    let head = format!("HTTP/1.1 {status}\r\ncontent-length: {}\r\n{headers}\r\n", body.len());
    [head.as_bytes(), body].concat()
}
