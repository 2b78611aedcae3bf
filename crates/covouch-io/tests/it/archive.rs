//! Distribution files come whole and right, or not at all.

use std::path::Path;

use covouch_core::digest::Sha256;
use covouch_io::{
    archive::{ArchiveError, Expected, download},
    network::{FetchError, Network, Request, Unreachable, Wrong},
    state::State,
};

use crate::server::{Reply, Server, header, network, path, response, status};

const WHEEL: &[u8] = b"the bytes of a wheel";

async fn server() -> Server {
    Server::start(|request| match path(request) {
        "/wheel" => Reply::Bytes(response("200 OK", &[], WHEEL)),
        "/labelled-gzip" => Reply::Bytes(response("200 OK", &[("Content-Encoding", "gzip")], WHEEL)),
        "/half" => Reply::Reset(response("200 OK", &[("Content-Length", "100")], b"half a wheel")),
        "/gone" => status("410 Gone"),
        _ => status("404 Not Found"),
    })
    .await
}

/// Every file below a folder, the version file left out.
fn files(folder: &Path) -> usize {
    let entries = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    entries
        .map(|path| if path.is_dir() { files(&path) } else { usize::from(!path.ends_with("version")) })
        .sum()
}

#[tokio::test]
async fn a_file_is_downloaded_once_and_then_found_in_the_cache() {
    let (server, folder) = (server().await, tempfile::tempdir().unwrap());
    let cache = State::open(folder.path()).unwrap().cache();
    let expected = Expected::sha256(Sha256::of(WHEEL));
    for network in [network(), Network::offline()] {
        let file = download(&network, &cache, &Request::new(&server.url("/wheel")), expected).await.unwrap();
        assert_eq!((file.length(), file.sha256()), (20, Sha256::of(WHEEL)));
        assert_eq!(std::io::read_to_string(file.into_file()).unwrap().as_bytes(), WHEEL);
    }
    assert_eq!(server.seen().len(), 1);
    assert_eq!(header(&server.seen()[0], "accept-encoding"), Some("identity"));
}

#[tokio::test]
async fn the_bytes_count_whatever_the_server_calls_them() {
    let (server, folder) = (server().await, tempfile::tempdir().unwrap());
    let cache = State::open(folder.path()).unwrap().cache();
    let request = Request::new(&server.url("/labelled-gzip"));
    let file = download(&network(), &cache, &request, Expected::anything()).await.unwrap();
    assert_eq!(file.sha256(), Sha256::of(WHEEL));
}

#[tokio::test]
async fn nothing_is_kept_of_a_file_that_is_not_right() {
    let (server, folder) = (server().await, tempfile::tempdir().unwrap());
    let cache = State::open(folder.path()).unwrap().cache();
    let attempt = async |path: &str, expected: Expected| {
        download(&network(), &cache, &Request::new(&server.url(path)), expected).await.unwrap_err()
    };
    let other = Sha256::of(b"another wheel");
    let error = attempt("/wheel", Expected::sha256(other)).await;
    assert_eq!(error.code().as_str(), "archive-wrong-hash");
    assert!(error.to_string().contains(&format!("sha256:{other} was expected")), "{error}");

    let error = attempt("/wheel", Expected::anything().at_most(19)).await;
    assert!(matches!(error, ArchiveError::Fetch(FetchError::Wrong { why: Wrong::TooLarge(19), .. })));

    let error = attempt("/half", Expected::anything()).await;
    assert!(matches!(
        error,
        ArchiveError::Fetch(FetchError::Unreachable { why: Unreachable::Broken(_), .. })
    ));

    assert!(matches!(attempt("/gone", Expected::anything()).await, ArchiveError::Absent(_)));
    assert_eq!(files(folder.path()), 0);
}
