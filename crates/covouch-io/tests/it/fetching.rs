//! What becomes of each kind of answer.

use std::{
    io::Write as _,
    sync::atomic::{AtomicUsize, Ordering},
    time::Duration,
};

use covouch_io::{
    limits,
    network::{
        FetchError, Fetched, Network, Opened, Pace, Patience, Reach, Request, Unreachable, Validators, Wrong,
    },
    secrets::{Credentials, Secret},
};

use covouch_python::shown::Shown;

use crate::server::{Reply, Server, header, network, page, path, redirect, response, settings, status};

const LIMIT: usize = 1 << 20;

async fn fetch(server: &Server, path: &str) -> Result<Fetched, FetchError> {
    network().fetch(&Request::new(&server.url(path)), LIMIT).await
}

fn unreachable(result: Result<Fetched, FetchError>) -> Unreachable {
    match result.unwrap_err() {
        FetchError::Unreachable { why, .. } => why,
        other => panic!("{other}"),
    }
}

fn wrong(result: Result<Fetched, FetchError>) -> Wrong {
    match result.unwrap_err() {
        FetchError::Wrong { why, .. } => why,
        other => panic!("{other}"),
    }
}

fn body(result: Result<Fetched, FetchError>) -> Vec<u8> {
    match result.unwrap() {
        Fetched::Body(_, bytes) => bytes.to_vec(),
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn a_page_comes_with_what_the_server_says_about_it() {
    let headers =
        [("Content-Type", "Text/HTML; charset=utf-8"), ("ETag", "\"7\""), ("Cache-Control", "max-age=60")];
    let server = Server::start(move |_| Reply::Bytes(response("200 OK", &headers, b"<html>"))).await;
    let request = Request::new(&server.url("/simple/six/")).accept("text/html", &["text/html"]);
    let Fetched::Body(head, bytes) = network().fetch(&request, LIMIT).await.unwrap() else { panic!() };
    assert_eq!(&bytes[..], b"<html>");
    assert_eq!(head.content_type.unwrap(), "text/html");
    assert_eq!(head.validators.etag.unwrap(), "\"7\"");
    assert_eq!(head.max_age, Duration::from_secs(60));
    assert_eq!(head.reach, Reach::Anywhere, "a server on loopback may lead us to loopback");
    let seen = server.seen();
    assert_eq!(path(&seen[0]), "/simple/six/");
    assert_eq!(header(&seen[0], "accept"), Some("text/html"));
    assert_eq!(header(&seen[0], "accept-encoding"), Some("gzip"));
    assert!(header(&seen[0], "user-agent").unwrap().starts_with("covouch/"));
}

#[tokio::test]
async fn absent_refused_and_unreachable_are_three_answers() {
    let server = Server::start(|request| status(path(request).trim_start_matches('/'))).await;
    for absent in ["/404", "/410"] {
        assert_eq!(fetch(&server, absent).await.unwrap(), Fetched::Absent);
    }
    for refused in ["/401", "/403"] {
        let error = fetch(&server, refused).await.unwrap_err();
        assert_eq!(error.code().as_str(), "fetch-refused");
        assert!(error.hint().is_some());
    }
    for code in [400, 429, 451, 500] {
        assert_eq!(unreachable(fetch(&server, &format!("/{code}")).await), Unreachable::Status(code));
    }
    for code in [204, 206, 304] {
        assert_eq!(wrong(fetch(&server, &format!("/{code}")).await), Wrong::Status(code), "{code}");
    }
    assert_eq!(
        unreachable(Network::offline().fetch(&Request::new(&server.url("/")), LIMIT).await),
        Unreachable::Offline
    );
}

#[tokio::test]
async fn what_may_go_well_in_a_moment_is_tried_three_times() {
    let tries = AtomicUsize::new(0);
    let server = Server::start(move |_| match tries.fetch_add(1, Ordering::SeqCst) {
        0 => status("503 Service Unavailable"),
        1 => Reply::Reset(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf".to_vec()),
        _ => page(b"whole"),
    })
    .await;
    assert_eq!(body(fetch(&server, "/").await), b"whole");

    let down = Server::start(|_| status("502 Bad Gateway")).await;
    assert_eq!(unreachable(fetch(&down, "/").await), Unreachable::Status(502));
    assert_eq!(down.seen().len(), 3);

    let broken = Server::start(|_| status("500 Internal Server Error")).await;
    assert_eq!(unreachable(fetch(&broken, "/").await), Unreachable::Status(500));
    assert_eq!(broken.seen().len(), 1);
}

#[tokio::test]
async fn nobody_there_is_no_connection() {
    let closed = {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        listener.local_addr().unwrap()
    };
    let url = url::Url::parse(&format!("http://me:secret@{closed}/?token=x")).unwrap();
    let error = network().fetch(&Request::new(&url), LIMIT).await.unwrap_err();
    assert!(matches!(&error, FetchError::Unreachable { why: Unreachable::Connect(_), .. }), "{error}");
    assert!(!error.to_string().contains("secret") && !error.to_string().contains("token=x"), "{error}");
}

#[tokio::test]
async fn a_server_that_hangs_is_given_up() {
    let silent = Server::start(|_| Reply::Hang(Vec::new())).await;
    let started = tokio::time::Instant::now();
    let impatient = Patience { connect: Duration::from_millis(100), ..settings().patience };
    let network = Network::new(&covouch_io::network::Settings { patience: impatient, ..settings() }).unwrap();
    let answer = network.fetch(&Request::new(&silent.url("/")), LIMIT).await;
    assert!(matches!(unreachable(answer), Unreachable::TimedOut(_)));
    let halfway =
        Server::start(|_| Reply::Hang(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf".to_vec())).await;
    assert!(matches!(unreachable(fetch(&halfway, "/").await), Unreachable::TimedOut(_)));
    assert!(started.elapsed() < Duration::from_secs(5));
}

#[tokio::test]
async fn a_server_that_never_finishes_is_given_up_too() {
    // Redirects to itself, slowly enough that each answer comes in time and all of them do not.
    let server = Server::start(|_| {
        std::thread::sleep(Duration::from_millis(150));
        redirect("/again")
    })
    .await;
    let patience = Patience { total: Duration::from_millis(400), ..settings().patience };
    let network = Network::new(&covouch_io::network::Settings { patience, ..settings() }).unwrap();
    let answer = network.fetch(&Request::new(&server.url("/")), LIMIT).await;
    assert_eq!(unreachable(answer), Unreachable::TimedOut(Duration::from_millis(400)));
}

/// TUF §1.5.2: slow retrieval. The twin differs in nothing but what it is asked to bring.
#[tokio::test]
async fn a_server_that_drips_is_left_whether_it_is_a_page_or_a_file() {
    let drip = |_: &str| Reply::Drip(b"HTTP/1.1 200 OK\r\nContent-Length: 10000\r\n\r\n".to_vec());
    let server = Server::start(drip).await;
    let request = Request::new(&server.url("/"));
    let within = Duration::from_millis(300);
    let strict = Patience { pace: Pace { bytes: 5000, within }, ..Patience::default() };
    let strict = Network::new(&covouch_io::network::Settings { patience: strict, ..settings() }).unwrap();
    let error = strict.fetch(&request, LIMIT).await.unwrap_err();
    assert_eq!(error.code().as_str(), "fetch-slow", "{error}");
    assert!(error.to_string().ends_with("bytes came within 0 seconds"), "{error}");
    let Opened::Body(_, mut file) = strict.open(&request).await.unwrap() else { panic!() };
    let error = loop {
        if let Err(error) = file.piece().await {
            break error;
        }
    };
    assert!(matches!(error, FetchError::Unreachable { why: Unreachable::TooSlow { .. }, .. }), "{error}");
    // It is not asked again: it would be as slow.
    assert_eq!(server.seen().len(), 2);
    let lenient = Patience { pace: Pace { bytes: 1, within: limits::PACE_TIME }, ..Patience::default() };
    let lenient = Network::new(&covouch_io::network::Settings { patience: lenient, ..settings() }).unwrap();
    let Opened::Body(_, mut file) = lenient.open(&request).await.unwrap() else { panic!() };
    let begun = tokio::time::Instant::now();
    while begun.elapsed() < within * 2 {
        assert!(file.piece().await.unwrap().is_some());
    }
}

#[tokio::test]
async fn a_lying_length_is_found_out() {
    let short =
        Server::start(|_| Reply::Bytes(response("200 OK", &[("Content-Length", "100")], b"short"))).await;
    assert!(matches!(unreachable(fetch(&short, "/").await), Unreachable::Broken(_)));
    let long =
        Server::start(|_| Reply::Bytes(response("200 OK", &[("Content-Length", "4")], b"pagemore"))).await;
    assert_eq!(body(fetch(&long, "/").await), b"page", "what follows the announced bytes is nobody's");
}

#[tokio::test]
async fn more_bytes_than_the_limit_are_not_read() {
    let request = |server: &Server| Request::new(&server.url("/"));
    let announced =
        Server::start(|_| Reply::Hang(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n".to_vec())).await;
    assert_eq!(wrong(network().fetch(&request(&announced), 999).await), Wrong::TooLarge(999));
    let endless = Server::start(|_| {
        let head = b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n".to_vec();
        Reply::Bytes([head, vec![b'x'; 1000]].concat())
    })
    .await;
    assert_eq!(wrong(network().fetch(&request(&endless), 999).await), Wrong::TooLarge(999));
    assert_eq!(body(network().fetch(&request(&endless), 1000).await).len(), 1000);
}

#[tokio::test]
async fn a_compressed_page_is_read_and_a_bomb_is_not() {
    let gzip = |bytes: &[u8]| {
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
        encoder.write_all(bytes).unwrap();
        encoder.finish().unwrap()
    };
    let answer = move |request: &str| {
        let bytes = if path(request) == "/bomb" { gzip(&vec![0; LIMIT + 1]) } else { gzip(b"a page") };
        let encoding = if path(request) == "/br" { "br" } else { "gzip" };
        Reply::Bytes(response("200 OK", &[("Content-Encoding", encoding)], &bytes))
    };
    let server = Server::start(answer).await;
    assert_eq!(body(fetch(&server, "/").await), b"a page");
    assert_eq!(wrong(fetch(&server, "/bomb").await), Wrong::TooLarge(u64::try_from(LIMIT).unwrap()));
    assert_eq!(wrong(fetch(&server, "/br").await), Wrong::Encoding(Shown::new("br")));
}

#[tokio::test]
async fn another_kind_of_document_is_wrong() {
    let server = Server::start(|_| page(b"<html>")).await;
    let request = Request::new(&server.url("/")).accept("application/json", &["application/json"]);
    assert_eq!(wrong(network().fetch(&request, LIMIT).await), Wrong::ContentType(Shown::new("text/html")));
}

#[tokio::test]
async fn an_unchanged_page_is_not_sent_again() {
    let server = Server::start(|request| match header(request, "if-none-match") {
        Some("\"7\"") => status("304 Not Modified"),
        _ => page(b"<html>"),
    })
    .await;
    let kept = Validators { etag: Some("\"7\"".into()), last_modified: None };
    let request = Request::new(&server.url("/")).unless(kept);
    assert!(matches!(network().fetch(&request, LIMIT).await.unwrap(), Fetched::NotModified(_)));
    let odd = Validators { etag: Some("not\na header".into()), last_modified: None };
    let request = Request::new(&server.url("/")).unless(odd);
    assert_eq!(body(network().fetch(&request, LIMIT).await), b"<html>");
}

#[tokio::test]
async fn redirects_are_followed_but_not_for_ever() {
    let server = Server::start(|request| match path(request) {
        "/simple/six" => redirect("six/"),
        "/simple/six/" => page(b"six"),
        "/nowhere" => status("302 Found"),
        "/away" => redirect("ftp://files.example/"),
        _ => redirect("/loop"),
    })
    .await;
    let Fetched::Body(head, bytes) = fetch(&server, "/simple/six").await.unwrap() else { panic!() };
    assert_eq!((&bytes[..], head.url), (&b"six"[..], server.url("/simple/six/")));
    assert_eq!(wrong(fetch(&server, "/loop").await), Wrong::Redirects);
    assert_eq!(wrong(fetch(&server, "/nowhere").await), Wrong::NoLocation);
    assert_eq!(wrong(fetch(&server, "/away").await), Wrong::Scheme("ftp".into()));
}

#[tokio::test]
async fn a_password_stays_with_its_host() {
    let other = Server::start(|_| page(b"elsewhere")).await;
    let target = other.url("/there").to_string().replace("://", "://planted:password@");
    let server = Server::start(move |request| match path(request) {
        "/here" => redirect("/still-here"),
        "/still-here" => redirect(&target),
        _ => status("404 Not Found"),
    })
    .await;
    let mut url = server.url("/here");
    url.set_username("me").unwrap();
    let request = Request::new(&url)
        .credentials(Some(&Credentials::new(Secret::new("not".into()), Secret::new("used".into()))));
    assert_eq!(body(network().fetch(&request, LIMIT).await), b"elsewhere");
    let seen = server.seen();
    assert_eq!(header(&seen[0], "authorization"), Some("Basic bWU6"));
    assert_eq!(header(&seen[1], "authorization"), Some("Basic bWU6"));
    assert_eq!(header(&other.seen()[0], "authorization"), None);
}

#[tokio::test]
async fn an_address_from_a_public_page_leads_to_public_hosts_only() {
    let server = Server::start(|_| page(b"the metadata service")).await;
    let local = |host: &str| {
        let mut url = server.url("/");
        url.set_host(Some(host)).unwrap();
        url
    };
    for host in ["127.0.0.1", "localhost", "[::1]", "[::ffff:127.0.0.1]", "2130706433"] {
        let request = Request::new(&local(host)).reach(Reach::PublicOnly);
        assert!(matches!(wrong(network().fetch(&request, LIMIT).await), Wrong::Private(_)), "{host}");
    }
    assert_eq!(server.seen().len(), 0);
    assert_eq!(
        body(fetch(&server, "/").await),
        b"the metadata service",
        "an index configured on loopback works"
    );
}

#[tokio::test]
async fn a_part_of_a_file_is_the_part_that_was_asked_for() {
    let server = Server::start(|request| match (path(request), header(request, "range").unwrap()) {
        ("/part", "bytes=4-6") => {
            Reply::Bytes(response("206 Partial Content", &[("Content-Range", "bytes 4-6/10")], b"456"))
        }
        ("/other", _) => {
            Reply::Bytes(response("206 Partial Content", &[("Content-Range", "bytes 0-2/10")], b"012"))
        }
        ("/whole", _) => Reply::Bytes(response("200 OK", &[], b"0123456789")),
        _ => status("416 Range Not Satisfiable"),
    })
    .await;
    let open = async |path: &str| network().open(&Request::new(&server.url(path)).range(4, Some(6))).await;
    for (path, starts_at, expected) in [("/part", 4, &b"456"[..]), ("/whole", 0, b"0123456789")] {
        let Opened::Body(head, mut body) = open(path).await.unwrap() else { panic!() };
        assert_eq!(head.starts_at, starts_at);
        assert_eq!(&body.piece().await.unwrap().unwrap()[..], expected);
        assert_eq!(body.piece().await.unwrap(), None);
    }
    for path in ["/other", "/beyond"] {
        let error = open(path).await.map(|_| ()).unwrap_err();
        assert!(matches!(error, FetchError::Wrong { why: Wrong::Range, .. }), "{error}");
    }
}
