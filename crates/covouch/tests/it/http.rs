//! The plainest HTTP client: one request, one connection, everything that came back.

use std::{
    io::{Read as _, Write as _},
    net::TcpStream,
    time::Duration,
};

use url::Url;

/// An answer as it came.
#[derive(Debug)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    /// What stands behind the status.
    pub(crate) phrase: String,
    head: String,
    pub(crate) body: Vec<u8>,
}

impl Reply {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        let mut lines = self.head.lines().filter_map(|line| line.split_once(": "));
        lines.find(|(other, _)| other.eq_ignore_ascii_case(name)).map(|(_, value)| value)
    }

    pub(crate) fn json(&self) -> serde_json::Value {
        serde_json::from_slice(&self.body).unwrap()
    }
}

/// `GET URL`, with these header lines.
pub(crate) fn get(url: &Url, headers: &[&str]) -> Reply {
    let address = (url.host_str().unwrap(), url.port().unwrap());
    let mut stream = TcpStream::connect(address).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(30))).unwrap();
    let headers: String = headers.iter().map(|line| format!("{line}\r\n")).collect();
    let host = format!("{}:{}", address.0, address.1);
    let path = url.path();
    write!(stream, "GET {path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n{headers}\r\n").unwrap();
    let mut bytes = Vec::new();
    // An answer that is cut short is seen by its length.
    drop(stream.read_to_end(&mut bytes));
    let end = bytes.windows(4).position(|window| window == b"\r\n\r\n").expect("a whole head");
    let head = String::from_utf8(bytes[..end].to_vec()).unwrap();
    let mut status = head.lines().next().unwrap().splitn(3, ' ').skip(1);
    let code = status.next().unwrap().parse().unwrap();
    let phrase = status.next().unwrap_or_default().to_owned();
    Reply { status: code, phrase, head, body: bytes[end + 4..].to_vec() }
}
