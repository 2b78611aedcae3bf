//! Through a proxy, and never round it.

use std::ffi::OsString;

use covouch_io::network::{FetchError, Fetched, Network, Request, Settings, Unreachable, Wrong};
use tokio::{io::AsyncWriteExt as _, net::TcpListener, net::TcpStream};
use url::Url;

use crate::{
    server::{Server, header, page, path, read_request, redirect, settings, status},
    tls::secure_server,
};

fn through(variable: &'static str, proxy: std::net::SocketAddr) -> Network {
    let address = OsString::from(format!("http://me:secret@{proxy}"));
    let from_env = Settings::from_env(&|name| (name == variable).then(|| address.clone())).unwrap();
    Network::new(&Settings { proxies: from_env.proxies, ..settings() }).unwrap()
}

async fn fetch(network: &Network, url: &str) -> Result<Fetched, FetchError> {
    network.fetch(&Request::new(&Url::parse(url).unwrap()), 100).await
}

#[tokio::test]
async fn a_plain_request_is_forwarded_by_the_proxy() {
    let proxy = Server::start(|_| page(b"from afar")).await;
    let answer =
        fetch(&through("http_proxy", proxy.address()), "http://index.example/simple/").await.unwrap();
    assert!(matches!(answer, Fetched::Body(_, bytes) if &bytes[..] == b"from afar"));
    let seen = proxy.seen();
    assert_eq!(path(&seen[0]), "http://index.example/simple/");
    assert_eq!(header(&seen[0], "proxy-authorization"), Some("Basic bWU6c2VjcmV0"));
}

#[tokio::test]
async fn a_trusted_connection_goes_through_the_proxy_unread() {
    let server = secure_server().await;
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let proxy = listener.local_addr().unwrap();
    let proxied = tokio::spawn(async move {
        let (mut client, request) = read_request(listener.accept().await.unwrap().0).await;
        client.write_all(b"HTTP/1.1 200 Connected\r\n\r\n").await.unwrap();
        let mut server = TcpStream::connect(server).await.unwrap();
        tokio::spawn(async move { tokio::io::copy_bidirectional(&mut client, &mut server).await });
        request
    });
    let answer = fetch(&through("HTTPS_PROXY", proxy), "https://index.example/version").await.unwrap();
    assert!(matches!(answer, Fetched::Body(_, bytes) if &bytes[..] == b"2"));
    let request = proxied.await.unwrap();
    assert!(request.starts_with("CONNECT index.example:443 HTTP/1.1\r\n"), "{request}");
    assert_eq!(header(&request, "proxy-authorization"), Some("Basic bWU6c2VjcmV0"));
}

#[tokio::test]
async fn a_proxy_that_does_not_connect_us_is_named() {
    for refusal in ["403 Forbidden", "407 Proxy Authentication Required"] {
        let proxy = Server::start(move |_| status(refusal)).await;
        let error =
            fetch(&through("ALL_PROXY", proxy.address()), "https://index.example/").await.unwrap_err();
        assert!(matches!(&error, FetchError::Unreachable { why: Unreachable::Proxy(_), .. }), "{error:?}");
        assert!(!error.to_string().contains("secret"));
    }
}

#[tokio::test]
async fn a_public_host_does_not_lead_us_to_our_own() {
    for target in
        ["http://127.0.0.1:1/", "http://localhost:1/", "http://169.254.169.254/latest/", "http://[::1]:1/"]
    {
        let proxy = Server::start(move |_| redirect(target)).await;
        let error =
            fetch(&through("HTTP_PROXY", proxy.address()), "http://index.example/").await.unwrap_err();
        assert!(matches!(&error, FetchError::Wrong { why: Wrong::Private(_), .. }), "{error:?}");
        assert_eq!(proxy.seen().len(), 1);
    }
}
