//! Trusted connections: which servers are believed, and that HTTP/2 is spoken where it can be.

use std::{net::SocketAddr, path::PathBuf, sync::Arc};

use bytes::Bytes;
use covouch_io::network::{FetchError, Fetched, Network, Request, Roots, Settings, Unreachable, Wrong};
use http::{Response, Version};
use http_body_util::Full;
use hyper::service::service_fn;
use hyper_util::{
    rt::{TokioExecutor, TokioIo},
    server::conn::auto,
};
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;
use url::Url;

use crate::server::{Server, page, settings};

/// A server with the certificate of `tests/data`. `/version` says which HTTP was spoken, everything else
/// redirects there, or where `?` says.
pub(crate) async fn secure_server() -> SocketAddr {
    let certificate = CertificateDer::from(&include_bytes!("../data/leaf.der")[..]);
    let key = PrivateKeyDer::try_from(&include_bytes!("../data/leaf.key.der")[..]).unwrap();
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let mut tls = rustls::ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![certificate], key)
        .unwrap();
    tls.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    let acceptor = TlsAcceptor::from(Arc::new(tls));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        loop {
            let (stream, _) = listener.accept().await.unwrap();
            let acceptor = acceptor.clone();
            tokio::spawn(async move {
                let Ok(stream) = acceptor.accept(stream).await else { return };
                let server = auto::Builder::new(TokioExecutor::new());
                let _ = server.serve_connection(TokioIo::new(stream), service_fn(answer)).await;
            });
        }
    });
    address
}

async fn answer(
    request: hyper::Request<hyper::body::Incoming>,
) -> Result<Response<Full<Bytes>>, http::Error> {
    if request.uri().path() == "/version" {
        let version = if request.version() == Version::HTTP_2 { "2" } else { "1.1" };
        return Response::builder().body(Full::new(Bytes::from(version)));
    }
    let to = request.uri().query().unwrap_or("/version");
    Response::builder().status(301).header("location", to).body(Full::default())
}

async fn fetch(network: &Network, url: &str) -> Result<Fetched, FetchError> {
    network.fetch(&Request::new(&Url::parse(url).unwrap()), 100).await
}

#[tokio::test]
async fn a_server_with_a_known_root_is_believed_and_speaks_http_2() {
    let address = secure_server().await;
    let network = Network::new(&settings()).unwrap();
    let Fetched::Body(head, bytes) = fetch(&network, &format!("https://{address}/")).await.unwrap() else {
        panic!()
    };
    assert_eq!(&bytes[..], b"2");
    assert_eq!(head.url.path(), "/version");
}

#[tokio::test]
async fn a_server_nobody_vouches_for_is_not_asked_anything() {
    let address = secure_server().await;
    let elsewhere = Network::new(&settings()).unwrap();
    // The certificate is for 127.0.0.1, not for localhost.
    let url = format!("https://localhost:{}/", address.port());
    let error = fetch(&elsewhere, &url).await.unwrap_err();
    assert!(matches!(&error, FetchError::Unreachable { why: Unreachable::Tls(_), .. }), "{error:?}");
    assert_eq!(error.code().as_str(), "fetch-untrusted");

    let nobody = tempfile::tempdir().unwrap();
    std::fs::write(nobody.path().join("empty.pem"), "").unwrap();
    let roots = Roots { file: Some(nobody.path().join("empty.pem")), ..Roots::default() };
    let error = Network::new(&Settings { roots, ..settings() }).map(|_| ()).unwrap_err();
    assert_eq!(error.code().as_str(), "roots-unusable");
}

#[tokio::test]
async fn an_extra_root_counts_beside_the_others() {
    let address = secure_server().await;
    let roots = Roots { extra: settings().roots.file, ..Roots::default() };
    let network = Network::new(&Settings { roots, ..settings() }).unwrap();
    assert!(fetch(&network, &format!("https://{address}/version")).await.is_ok());
}

#[tokio::test]
async fn a_trusted_connection_is_not_followed_by_an_untrusted_one() {
    let address = secure_server().await;
    let plain = Server::start(|_| page(b"anybody could have written this")).await;
    let network = Network::new(&settings()).unwrap();
    let error = fetch(&network, &format!("https://{address}/?{}", plain.url("/page"))).await.unwrap_err();
    assert!(matches!(&error, FetchError::Wrong { why: Wrong::Downgrade(_), .. }), "{error}");
    assert_eq!(error.code().as_str(), "fetch-redirect");
    assert_eq!(plain.seen().len(), 0);
}

#[test]
fn the_environment_names_the_roots() {
    let path = settings().roots.file.unwrap();
    let settings =
        Settings::from_env(&|name| (name == "SSL_CERT_FILE").then(|| path.clone().into())).unwrap();
    assert_eq!(settings.roots.file, Some(PathBuf::from(&path)));
    assert!(settings.proxies.is_empty());
}
