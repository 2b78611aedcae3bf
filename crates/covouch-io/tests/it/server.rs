//! A server on loopback that says, byte for byte, what a test wants it to say.

use std::{
    io::Write as _,
    net::SocketAddr,
    sync::{Arc, Mutex},
    time::Duration,
};

use covouch_io::network::{Network, Patience, Roots, Settings};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpListener, TcpStream},
};
use url::Url;

/// What a server does after it has read a request.
pub(crate) enum Reply {
    /// Sends these bytes and closes.
    Bytes(Vec<u8>),
    /// Sends these bytes and never anything more.
    Hang(Vec<u8>),
    /// Sends these bytes and breaks the connection.
    Reset(Vec<u8>),
    /// Sends these bytes, and then one more now and then, for ever.
    Drip(Vec<u8>),
}

/// A running server; it ends with the test's runtime.
pub(crate) struct Server {
    address: SocketAddr,
    seen: Arc<Mutex<Vec<String>>>,
}

impl Server {
    /// Starts a server that answers each request, given as its text, with what the function says.
    pub(crate) async fn start(answer: impl Fn(&str) -> Reply + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let seen = Arc::new(Mutex::new(Vec::new()));
        let (log, answer) = (Arc::clone(&seen), Arc::new(answer));
        tokio::spawn(async move {
            loop {
                let (stream, _) = listener.accept().await.unwrap();
                let (log, answer) = (Arc::clone(&log), Arc::clone(&answer));
                tokio::spawn(async move {
                    let (mut stream, request) = read_request(stream).await;
                    let reply = answer(&request);
                    log.lock().unwrap().push(request);
                    perform(&mut stream, reply).await;
                });
            }
        });
        Self { address, seen }
    }

    /// A URL of this server.
    pub(crate) fn url(&self, path: &str) -> Url {
        Url::parse(&format!("http://{}{path}", self.address)).unwrap()
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    /// The requests so far, as they came.
    pub(crate) fn seen(&self) -> Vec<String> {
        self.seen.lock().unwrap().clone()
    }
}

pub(crate) async fn read_request(mut stream: TcpStream) -> (TcpStream, String) {
    let mut text = Vec::new();
    while !text.ends_with(b"\r\n\r\n") {
        match stream.read_u8().await {
            Ok(byte) => text.push(byte),
            Err(_) => break,
        }
    }
    (stream, String::from_utf8(text).unwrap())
}

async fn perform(stream: &mut TcpStream, reply: Reply) {
    match reply {
        Reply::Bytes(bytes) => {
            let _ = stream.write_all(&bytes).await;
            let _ = stream.shutdown().await;
        }
        Reply::Hang(bytes) => {
            let _ = stream.write_all(&bytes).await;
            tokio::time::sleep(Duration::from_secs(600)).await;
        }
        Reply::Drip(bytes) => {
            let _ = stream.write_all(&bytes).await;
            while stream.write_all(b"x").await.is_ok() {
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
        }
        Reply::Reset(bytes) => {
            let _ = stream.write_all(&bytes).await;
            stream.set_zero_linger().unwrap();
        }
    }
}

/// A response with these headers and this body.
pub(crate) fn response(status: &str, headers: &[(&str, &str)], body: &[u8]) -> Vec<u8> {
    let mut bytes = format!("HTTP/1.1 {status}\r\nConnection: close\r\n").into_bytes();
    for (name, value) in headers {
        write!(bytes, "{name}: {value}\r\n").unwrap();
    }
    if !headers.iter().any(|(name, _)| name.eq_ignore_ascii_case("content-length")) {
        write!(bytes, "Content-Length: {}\r\n", body.len()).unwrap();
    }
    bytes.extend_from_slice(b"\r\n");
    bytes.extend_from_slice(body);
    bytes
}

pub(crate) fn page(body: &[u8]) -> Reply {
    Reply::Bytes(response("200 OK", &[("Content-Type", "text/html")], body))
}

pub(crate) fn status(status: &str) -> Reply {
    Reply::Bytes(response(status, &[], b""))
}

pub(crate) fn redirect(to: &str) -> Reply {
    Reply::Bytes(response("302 Found", &[("Location", to)], b""))
}

/// The line of a request that asks for something: `GET /path HTTP/1.1`.
pub(crate) fn path(request: &str) -> &str {
    request.split(' ').nth(1).unwrap()
}

/// A header of a request, by its lower-case name.
pub(crate) fn header<'a>(request: &'a str, name: &str) -> Option<&'a str> {
    let named = |line: &'a str| line.split_once(": ").filter(|(found, _)| found.eq_ignore_ascii_case(name));
    request.lines().find_map(named).map(|(_, value)| value)
}

/// Settings of a test: impatient, without proxies, and with the tests' own root certificate.
pub(crate) fn settings() -> Settings {
    let root = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/data/root.pem");
    Settings {
        roots: Roots { file: Some(root.into()), ..Roots::default() },
        patience: Patience {
            connect: Duration::from_secs(5),
            idle: Duration::from_secs(1),
            total: Duration::from_secs(20),
            ..Patience::default()
        },
        ..Settings::default()
    }
}

pub(crate) fn network() -> Network {
    Network::new(&settings()).unwrap()
}
