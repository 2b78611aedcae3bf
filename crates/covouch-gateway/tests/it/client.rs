//! A client that shows exactly what is on the wire.

use std::{net::SocketAddr, time::Duration};

use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
};

/// An answer as it came.
#[derive(Debug)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    /// What stands behind the status.
    pub(crate) phrase: String,
    headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
    /// Whether the body ended where it was announced to end.
    pub(crate) is_whole: bool,
}

impl Reply {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    pub(crate) fn text(&self) -> &str {
        std::str::from_utf8(&self.body).unwrap()
    }

    pub(crate) fn json(&self) -> serde_json::Value {
        serde_json::from_slice(&self.body).unwrap()
    }

    fn read(bytes: &[u8], is_head: bool) -> Self {
        let end = bytes.windows(4).position(|window| window == b"\r\n\r\n").expect("a whole head");
        let head = std::str::from_utf8(&bytes[..end]).unwrap();
        let mut lines = head.split("\r\n");
        let mut status = lines.next().unwrap().splitn(3, ' ').skip(1);
        let (code, phrase) =
            (status.next().unwrap().parse().unwrap(), status.next().unwrap_or_default().to_owned());
        let split = |line: &str| {
            let (name, value) = line.split_once(':').unwrap();
            (name.to_ascii_lowercase(), value.trim().to_owned())
        };
        let mut reply = Self {
            status: code,
            phrase,
            headers: lines.map(split).collect(),
            body: Vec::new(),
            is_whole: true,
        };
        let rest = &bytes[end + 4..];
        if is_head || code == 304 {
            assert!(rest.is_empty(), "no body follows");
        } else if reply.header("transfer-encoding") == Some("chunked") {
            (reply.body, reply.is_whole) = dechunked(rest);
        } else {
            let length: usize =
                reply.header("content-length").map_or(rest.len(), |length| length.parse().unwrap());
            (reply.body, reply.is_whole) = (rest.to_vec(), rest.len() == length);
        }
        reply
    }
}

fn dechunked(mut rest: &[u8]) -> (Vec<u8>, bool) {
    let mut body = Vec::new();
    loop {
        let Some(line) = rest.windows(2).position(|window| window == b"\r\n") else { return (body, false) };
        let size = usize::from_str_radix(std::str::from_utf8(&rest[..line]).unwrap(), 16).unwrap();
        rest = &rest[line + 2..];
        if size == 0 {
            return (body, true);
        }
        if rest.len() < size + 2 {
            body.extend_from_slice(rest);
            return (body, false);
        }
        body.extend_from_slice(&rest[..size]);
        rest = &rest[size + 2..];
    }
}

/// Sends these very bytes and reads until the other side closes.
pub(crate) async fn exchange(address: SocketAddr, request: &[u8]) -> Vec<u8> {
    let mut stream = TcpStream::connect(address).await.unwrap();
    // A server that has already answered with an error may close before all is written.
    let _ = stream.write_all(request).await;
    let mut bytes = Vec::new();
    let read = tokio::time::timeout(Duration::from_secs(30), stream.read_to_end(&mut bytes)).await;
    // A reset is how a broken answer ends.
    let _ = read.expect("an end within 30 seconds");
    bytes
}

/// Asks with these headers, given as lines.
pub(crate) async fn ask(address: SocketAddr, method: &str, target: &str, headers: &[&str]) -> Reply {
    let headers: String = headers.iter().map(|line| format!("{line}\r\n")).collect();
    let request =
        format!("{method} {target} HTTP/1.1\r\nHost: gate.example\r\nConnection: close\r\n{headers}\r\n");
    Reply::read(&exchange(address, request.as_bytes()).await, method == "HEAD")
}

/// Sends these very bytes and reads the answer.
pub(crate) async fn ask_raw(address: SocketAddr, request: &str) -> Reply {
    Reply::read(&exchange(address, request.as_bytes()).await, false)
}
