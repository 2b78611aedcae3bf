//! A bare axum server: sends what lies in a folder, and decides nothing. `cargo xtask bench` compares the gateway with
//! it, and replays an upstream with it.
//!
//! ```text
//! bare FOLDER [MILLISECONDS]
//! FOLDER/simple/PROJECT/page.json, page.html     `{origin}` in them stands for the server's own address
//! FOLDER/packages/…
//! ```
//!
//! Everything is read into memory at the start. With a number, every answer waits that long. It prints its address
//! and ends when its standard input does.

#![expect(clippy::expect_used, reason = "a tool of the bench: what is not as it should be ends it")]

use std::{
    collections::HashMap,
    env, fs, io,
    net::Ipv4Addr,
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use axum::{
    Router,
    extract::{self, State},
    response::Response,
    routing::get,
    serve::ListenerExt as _,
};
use bytes::Bytes;
use covouch_core::digest::Sha256;
use http::{
    HeaderMap, HeaderValue, StatusCode,
    header::{ACCEPT, CACHE_CONTROL, CONTENT_LENGTH, CONTENT_TYPE, ETAG, VARY},
};

/// What the public index allows.
const PAGES: &str = "max-age=600, public";
const JSON: &str = "application/vnd.pypi.simple.v1+json";

/// What is sent, headers included.
#[derive(Clone)]
struct Stored {
    headers: HeaderMap,
    bytes: Bytes,
}

/// Everything there is.
struct Shelf {
    latency: Duration,
    list_json: Stored,
    list_html: Stored,
    json: HashMap<String, Stored>,
    html: HashMap<String, Stored>,
    files: HashMap<String, Stored>,
}

#[tokio::main]
async fn main() {
    let mut arguments = env::args().skip(1);
    let folder = PathBuf::from(arguments.next().expect("a folder"));
    let milliseconds = arguments.next().map_or(0, |text| text.parse().expect("a number of milliseconds"));
    let listener = tokio::net::TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.expect("a free port");
    let origin = format!("http://{}", listener.local_addr().expect("a bound socket has an address"));
    let shelf = Shelf::read(&folder, &origin, Duration::from_millis(milliseconds));
    let router = Router::new()
        .route("/simple/", get(list))
        .route("/simple/{project}/", get(page))
        .route("/packages/{*path}", get(file))
        .with_state(Arc::new(shelf));
    println!("{origin}/simple/");
    std::thread::spawn(|| {
        let _ = io::copy(&mut io::stdin(), &mut io::sink());
        std::process::exit(0);
    });
    // As in the gateway: answers are written whole, and waiting to fill packets only costs time.
    let listener = listener.tap_io(|stream| drop(stream.set_nodelay(true)));
    axum::serve(listener, router).await.expect("nothing ends it but its end");
}

/// The list of projects, without which proxpi and devpi serve none.
async fn list(State(shelf): State<Arc<Shelf>>, asked: HeaderMap) -> Response {
    shelf.send(Some(if wants_json(&asked) { &shelf.list_json } else { &shelf.list_html })).await
}

async fn page(
    State(shelf): State<Arc<Shelf>>,
    extract::Path(project): extract::Path<String>,
    asked: HeaderMap,
) -> Response {
    let pages = if wants_json(&asked) { &shelf.json } else { &shelf.html };
    shelf.send(pages.get(&project)).await
}

fn wants_json(asked: &HeaderMap) -> bool {
    asked.get(ACCEPT).and_then(|accept| accept.to_str().ok()).is_some_and(|accept| accept.contains(JSON))
}

async fn file(State(shelf): State<Arc<Shelf>>, extract::Path(path): extract::Path<String>) -> Response {
    shelf.send(shelf.files.get(&path)).await
}

impl Shelf {
    fn read(folder: &Path, origin: &str, latency: Duration) -> Self {
        let (mut json, mut html, mut files) = (HashMap::new(), HashMap::new(), HashMap::new());
        for (project, folder) in entries(&folder.join("simple")) {
            for (name, content_type, pages) in
                [("page.json", JSON, &mut json), ("page.html", "text/html", &mut html)]
            {
                if let Ok(text) = fs::read_to_string(folder.join(name)) {
                    let text = text.replace("{origin}", origin);
                    pages.insert(project.clone(), Stored::new(text, content_type, PAGES));
                }
            }
        }
        let packages = folder.join("packages");
        let mut left: Vec<PathBuf> = if packages.is_dir() { vec![packages.clone()] } else { Vec::new() };
        while let Some(folder) = left.pop() {
            for (_, path) in entries(&folder) {
                if path.is_dir() {
                    left.push(path);
                    continue;
                }
                let below = path.strip_prefix(&packages).expect("a path below").display().to_string();
                let bytes = fs::read(&path).expect("a file");
                files.insert(below, Stored::new(bytes, "application/octet-stream", "immutable"));
            }
        }
        let names = json.keys().map(|name| format!("{{\"name\":\"{name}\"}}")).collect::<Vec<_>>().join(",");
        let list = format!("{{\"meta\":{{\"api-version\":\"1.0\"}},\"projects\":[{names}]}}");
        let list_json = Stored::new(list, JSON, PAGES);
        let anchor = |name: &String| format!("<a href=\"/simple/{name}/\">{name}</a><br>\n");
        let list = json.keys().map(anchor).collect::<String>();
        let list = format!("<!DOCTYPE html><html><body>\n{list}</body></html>\n");
        let list_html = Stored::new(list, "text/html", PAGES);
        Self { latency, list_json, list_html, json, html, files }
    }

    async fn send(&self, stored: Option<&Stored>) -> Response {
        if !self.latency.is_zero() {
            tokio::time::sleep(self.latency).await;
        }
        let mut response = Response::default();
        match stored {
            Some(Stored { headers, bytes }) => {
                headers.clone_into(response.headers_mut());
                *response.body_mut() = bytes.clone().into();
            }
            None => *response.status_mut() = StatusCode::NOT_FOUND,
        }
        response
    }
}

impl Stored {
    fn new(bytes: impl Into<Bytes>, content_type: &'static str, cache: &'static str) -> Self {
        let bytes = bytes.into();
        let etag = format!("\"{}\"", Sha256::of(&bytes));
        // As many as the gateway sends.
        let headers = [
            (ETAG, HeaderValue::from_str(&etag).expect("a digest is a header")),
            (CACHE_CONTROL, HeaderValue::from_static(cache)),
            (VARY, HeaderValue::from_static("Accept, Accept-Encoding")),
            (CONTENT_TYPE, HeaderValue::from_static(content_type)),
            (CONTENT_LENGTH, bytes.len().into()),
        ];
        Self { headers: headers.into_iter().collect(), bytes }
    }
}

/// What lies in a folder, by name.
fn entries(folder: &Path) -> Vec<(String, PathBuf)> {
    let Ok(entries) = fs::read_dir(folder) else { return Vec::new() };
    entries
        .map(|entry| {
            let entry = entry.expect("an entry");
            (entry.file_name().into_string().expect("a name that is text"), entry.path())
        })
        .collect()
}
