//! The guard, and requests no client of ours sends.

use std::time::Duration;

use covouch_testkit::{index::Site, wheel::Wheel};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpListener, TcpStream},
};

use crate::{
    client::{ask_raw, exchange},
    world::{OLD, Options, World},
};

async fn world() -> World {
    World::start(Site::new().with(Wheel::new("six", "1.0").build(), OLD)).await
}

async fn connect(world: &World, target: &str) -> crate::client::Reply {
    let request = format!("CONNECT {target} HTTP/1.1\r\nHost: {target}\r\nConnection: close\r\n\r\n");
    ask_raw(world.gateway.address(), &request).await
}

#[tokio::test]
async fn nothing_is_connected_to_that_the_policy_does_not_name() {
    let world = world().await;
    let targets = [
        "evil.example:443",
        "127.0.0.1:22",
        "localhost:22",
        "[::1]:22",
        "169.254.169.254:80",
        "0x7f.1:22",
        "2130706433:22",
        "evil.example:65535",
    ];
    for target in targets {
        let reply = connect(&world, target).await;
        assert_eq!(reply.status, 403, "{target}");
        assert!(reply.phrase.starts_with("covouch: no connection to `"), "{}", reply.phrase);
        assert_eq!(reply.json()["code"], "connect-refused");
    }
    let refused = world.gateway.session().refused_connections;
    assert_eq!(refused.len(), targets.len());
    let own = connect(&world, &world.index.address().to_string()).await;
    assert_eq!(own.status, 403, "not even the index itself");
}

#[tokio::test]
async fn what_the_policy_names_exactly_is_tunnelled() {
    let server = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = server.local_addr().unwrap();
    let connect_to = vec![address.to_string().parse().unwrap()];
    let world = World::with(Site::new(), Options { connect: connect_to, ..Options::default() }).await;
    let mut client = TcpStream::connect(world.gateway.address()).await.unwrap();
    client
        .write_all(format!("CONNECT {address} HTTP/1.1\r\nHost: {address}\r\n\r\n").as_bytes())
        .await
        .unwrap();
    let (mut peer, _) = server.accept().await.unwrap();
    let mut head = vec![0; 12];
    client.read_exact(&mut head).await.unwrap();
    assert_eq!(head, b"HTTP/1.1 200");
    while !head.ends_with(b"\r\n\r\n") {
        head.push(client.read_u8().await.unwrap());
    }
    client.write_all(b"ping").await.unwrap();
    let mut said = [0; 4];
    peer.read_exact(&mut said).await.unwrap();
    assert_eq!(&said, b"ping");
    peer.write_all(b"pong").await.unwrap();
    client.read_exact(&mut said).await.unwrap();
    assert_eq!(&said, b"pong");

    let other = std::net::SocketAddr::new(address.ip(), address.port() ^ 1);
    assert_eq!(connect(&world, &other.to_string()).await.status, 403, "the port counts");
    assert_eq!(
        connect(&world, &format!("localhost:{}", address.port())).await.status,
        403,
        "the name counts"
    );
    let report = tokio::time::timeout(Duration::from_secs(5), world.gateway.shutdown()).await.unwrap();
    assert_eq!(report.refused_connections.len(), 2, "an open tunnel does not hold up the end");
    assert_eq!(client.read(&mut said).await.unwrap_or(0), 0);
}

#[tokio::test]
async fn plain_http_goes_nowhere_but_to_the_gateway_itself() {
    let world = world().await;
    for target in [
        "http://evil.example/simple/six/".to_owned(),
        format!("http://{}/simple/six/", world.index.address()),
        "ftp://evil.example/".to_owned(),
        format!("https://{}/simple/six/", world.gateway.address()),
    ] {
        let reply = world.get(&target).await;
        assert_eq!(
            (reply.status, reply.json()["code"].as_str().unwrap()),
            (403, "proxy-refused"),
            "{target}"
        );
    }
    assert!(world.index.requests().is_empty());
    for host in [world.gateway.address().to_string(), format!("localhost:{}", world.gateway.address().port())]
    {
        assert_eq!(world.get(&format!("http://{host}/simple/six/")).await.status, 200, "{host}");
    }
}

#[tokio::test]
async fn no_path_leads_out_of_the_index() {
    let world = world().await;
    for path in [
        "/simple/../etc/passwd",
        "/simple/%2e%2e/",
        "/simple/%2e%2e%2fetc/",
        "/simple/a%2fb/",
        "/simple/a%00b/",
        "/simple/a%5cb/",
        "/simple/%252e%252e/",
        "/simple//six/",
        "/simple/six/..%2f",
        "/simple/é/",
        "/simple/-six/",
        "/files/open-x/pypi/six/../../six-1.0-py3-none-any.whl",
        "/files/open-x/pypi/six/%2e%2e/six-1.0.tar.gz",
        "/files/../simple/six/",
        "/files/",
        "/files//",
        "/why/..%2f..%2fetc%2fpasswd",
        "/why/%00",
        "/../",
        "//",
        "/-/",
        "/admin",
    ] {
        let reply = world.get(path).await;
        assert!(matches!(reply.status, 400 | 404), "{path}: {}", reply.status);
    }
    assert!(world.index.requests().is_empty());
    let long = world.get(&format!("/files/{}", "a/".repeat(5000))).await;
    assert_eq!(long.status, 400);
}

#[tokio::test]
async fn requests_that_mean_two_things_are_refused() {
    let world = world().await;
    let address = world.gateway.address();
    let smuggled = "GET /simple/six/ HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\nGET /-/health HTTP/1.1\r\nHost: x\r\n\r\n";
    let answers = String::from_utf8(exchange(address, smuggled.as_bytes()).await).unwrap();
    assert!(!answers.contains("\"status\":\"ok\""), "the second request was hidden in the first: {answers}");
    for request in [
        "GET /simple/six/ HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\nContent-Length: 5\r\n\r\n",
        "GET /simple/six/ HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n",
        "GET /simple/six/ HTTP/1.1\r\nHost: x\r\nBad Header: 1\r\n\r\n",
        "GET /simple/six/ HTTP/1.1\r\nHost: x\r\nA: b\n c\r\n\r\n",
        "GET /simple/six/\tHTTP/1.1\r\nHost: x\r\n\r\n",
        "GET /simple/a b/ HTTP/1.1\r\nHost: x\r\n\r\n",
        "\x16\x03\x01\x02\x00\x01",
    ] {
        let answer = String::from_utf8_lossy(&exchange(address, request.as_bytes()).await).into_owned();
        assert!(answer.is_empty() || answer.starts_with("HTTP/1.1 4"), "{request:?}: {answer}");
    }
}

#[tokio::test]
async fn a_head_has_a_limit() {
    let world = world().await;
    let long = format!("GET / HTTP/1.1\r\nHost: x\r\nX: {}\r\n\r\n", "a".repeat(100 << 10));
    let answer = String::from_utf8(exchange(world.gateway.address(), long.as_bytes()).await).unwrap();
    assert!(answer.is_empty() || answer.starts_with("HTTP/1.1 4"), "{answer}");
    let many = format!("GET / HTTP/1.1\r\nHost: x\r\n{}\r\n", "X: a\r\n".repeat(200));
    let answer = String::from_utf8(exchange(world.gateway.address(), many.as_bytes()).await).unwrap();
    assert!(answer.starts_with("HTTP/1.1 4"), "{answer}");
}

#[tokio::test]
async fn only_get_and_head_are_answered() {
    let world = world().await;
    for method in ["POST", "PUT", "DELETE", "OPTIONS", "TRACE", "PATCH", "BREW"] {
        let reply = world.ask(method, "/simple/six/", &["Content-Length: 0"]).await;
        assert_eq!(reply.status, 405, "{method}");
    }
    let health = world.get("/-/health").await;
    assert_eq!((health.status, health.json()["status"].as_str().unwrap()), (200, "ok"));
}

#[tokio::test]
async fn the_end_waits_for_requests_under_way() {
    let file = Wheel::new("six", "1.0").padded(4 << 20).build();
    let world = World::start(Site::new().with(file.clone(), OLD)).await;
    let path = world.path(&file).await;
    let mut client = TcpStream::connect(world.gateway.address()).await.unwrap();
    client.write_all(format!("GET {path} HTTP/1.1\r\nHost: x\r\n\r\n").as_bytes()).await.unwrap();
    let mut first = [0; 1000];
    client.read_exact(&mut first).await.unwrap();
    let ended = tokio::spawn(world.gateway.shutdown());
    let mut rest = Vec::new();
    client.read_to_end(&mut rest).await.unwrap();
    assert!(rest.ends_with(&file.bytes()[file.bytes().len() - 1000..]));
    let report = tokio::time::timeout(Duration::from_secs(5), ended).await.unwrap().unwrap();
    assert_eq!(report.sent.len(), 1);
}
