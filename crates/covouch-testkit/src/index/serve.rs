//! The server: a thread with a runtime, hyper, and the list of requests.

use std::{
    collections::BTreeMap,
    convert::Infallible,
    io,
    net::{Ipv4Addr, SocketAddr, TcpListener},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    thread::JoinHandle,
    time::Duration,
};

use bytes::Bytes;
use futures_util::stream;
use http_body_util::{BodyExt as _, Full, StreamBody, combinators::UnsyncBoxBody};
use hyper::{
    Method, Response, StatusCode, body::Frame, body::Incoming, header, server::conn::http1,
    service::service_fn,
};
use hyper_util::rt::TokioIo;
use tokio::sync::oneshot;

use super::{
    connection::{Connection, ResetSwitch},
    fault::{Fault, Faults, Target, Times},
    respond::{Answer, respond},
    route::Route,
    site::Site,
};

/// How long a cut answer waits before it is cut, so that its first half is on the wire.
const BEFORE_THE_CUT: Duration = Duration::from_millis(30);

/// Pieces of a huge page: 4,096 of 64 KiB.
const HUGE_PIECES: usize = 4096;
const HUGE_PIECE: usize = 64 << 10;

type Body = UnsyncBoxBody<Bytes, io::Error>;

/// An index that answers on 127.0.0.1 until it is dropped.
#[derive(Debug)]
pub struct IndexServer {
    address: SocketAddr,
    shared: Arc<Shared>,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

/// A request that arrived, and the status it got.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request {
    /// `GET`, `HEAD` or something else.
    pub method: String,
    /// The path as it was sent.
    pub path: String,
    /// The `Range` header.
    pub range: Option<String>,
    /// The `Accept` header.
    pub accept: Option<String>,
    /// The `If-None-Match` header.
    pub if_none_match: Option<String>,
    /// The `Authorization` header.
    pub authorization: Option<String>,
    /// The answer's status; `None` for a request that hangs.
    pub status: Option<u16>,
}

#[derive(Debug)]
struct Shared {
    origin: String,
    site: Mutex<Site>,
    faults: Mutex<Faults>,
    requests: Mutex<Vec<Request>>,
}

impl IndexServer {
    /// Starts an index on a free port of 127.0.0.1.
    ///
    /// # Panics
    /// When no port or thread is to be had.
    #[must_use]
    pub fn start(site: Site) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a free port");
        let address = listener.local_addr().expect("a bound socket has an address");
        let shared = Arc::new(Shared {
            origin: format!("http://{address}"),
            site: Mutex::new(site),
            faults: Mutex::default(),
            requests: Mutex::default(),
        });
        let (stop, stopped) = oneshot::channel();
        let served = Arc::clone(&shared);
        let thread = std::thread::Builder::new().name(format!("index-{}", address.port()));
        let thread = thread.spawn(move || run(listener, &served, stopped)).expect("a thread for the index");
        Self { address, shared, stop: Some(stop), thread: Some(thread) }
    }

    /// The address of its Simple API: `http://127.0.0.1:PORT/simple/`.
    #[must_use]
    pub fn url(&self) -> String {
        format!("{}/simple/", self.shared.origin)
    }

    /// Where it is reached: `http://127.0.0.1:PORT`.
    #[must_use]
    pub fn origin(&self) -> &str {
        &self.shared.origin
    }

    /// Host and port.
    #[must_use]
    pub const fn address(&self) -> SocketAddr {
        self.address
    }

    /// The address of a file on it.
    #[must_use]
    pub fn file_url(&self, file: &crate::distribution::Distribution) -> String {
        format!("{}{}", self.shared.origin, super::route::file_path(file))
    }

    /// Lets something go wrong from now on. Of several faults of one answer the first one added happens.
    pub fn fail(&self, target: Target, fault: Fault) {
        lock(&self.shared.faults).add(target, fault, Times::Always);
    }

    /// Lets something go wrong this many times.
    pub fn fail_times(&self, target: Target, fault: Fault, times: u32) {
        lock(&self.shared.faults).add(target, fault, Times::Left(times));
    }

    /// Lets nothing go wrong any more.
    pub fn heal(&self) {
        lock(&self.shared.faults).clear();
    }

    /// Changes what it serves, between two requests.
    pub fn change(&self, change: impl FnOnce(&mut Site)) {
        change(&mut lock(&self.shared.site));
    }

    /// All requests so far, in the order of their arrival.
    #[must_use]
    pub fn requests(&self) -> Vec<Request> {
        lock(&self.shared.requests).clone()
    }

    /// Forgets all requests so far.
    pub fn forget_requests(&self) {
        lock(&self.shared.requests).clear();
    }

    /// How many requests for this path were answered with this status.
    #[must_use]
    pub fn count(&self, path: &str, status: u16) -> usize {
        let requests = self.requests();
        requests.iter().filter(|request| request.path == path && request.status == Some(status)).count()
    }

    /// What was sent twice: paths, with their range where there was one, whose body went out more than once.
    #[must_use]
    pub fn fetched_twice(&self) -> Vec<String> {
        let mut bodies: BTreeMap<String, u32> = BTreeMap::new();
        for request in self.requests() {
            if request.method == "GET" && matches!(request.status, Some(200 | 206)) {
                let range = request.range.map(|range| format!(" {range}")).unwrap_or_default();
                *bodies.entry(format!("{}{range}", request.path)).or_default() += 1;
            }
        }
        bodies.into_iter().filter(|(_, times)| *times > 1).map(|(what, _)| what).collect()
    }
}

impl Drop for IndexServer {
    fn drop(&mut self) {
        if let Some(stop) = self.stop.take() {
            let _ = stop.send(());
        }
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

fn run(listener: TcpListener, shared: &Arc<Shared>, stopped: oneshot::Receiver<()>) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    listener.set_nonblocking(true).expect("a socket that does not block");
    // Dropping the runtime ends whatever still hangs.
    runtime.block_on(async {
        let listener = tokio::net::TcpListener::from_std(listener).expect("a socket of this runtime");
        tokio::select! {
            () = accept(&listener, shared) => {}
            _ = stopped => {}
        }
    });
}

async fn accept(listener: &tokio::net::TcpListener, shared: &Arc<Shared>) {
    loop {
        let Ok((stream, _)) = listener.accept().await else { continue };
        let _ = stream.set_nodelay(true);
        let shared = Arc::clone(shared);
        tokio::spawn(async move {
            let reset = ResetSwitch::default();
            let connection = Connection::new(stream, reset.clone());
            let service = service_fn(|request| answer(&shared, &reset, request));
            // A client that leaves, or a cut we made ourselves, ends the connection.
            let _ = http1::Builder::new().serve_connection(TokioIo::new(connection), service).await;
        });
    }
}

async fn answer(
    shared: &Shared,
    reset: &ResetSwitch,
    request: hyper::Request<Incoming>,
) -> Result<Response<Body>, Infallible> {
    let route = Route::parse(request.uri().path());
    let latency = lock(&shared.site).latency;
    if !latency.is_zero() {
        tokio::time::sleep(latency).await;
    }
    let fault = lock(&shared.faults).meet(&route);
    let answer = respond(&lock(&shared.site), &shared.origin, request.method(), &route, request.headers());
    let answer = match &fault {
        Some(Fault::Hang) => {
            note(shared, &request, None);
            std::future::pending().await
        }
        Some(fault) => spoil(answer, fault),
        None => answer,
    };
    note(shared, &request, Some(answer.status));
    Ok(send(answer, request.method(), fault.as_ref(), reset))
}

fn note(shared: &Shared, request: &hyper::Request<Incoming>, status: Option<StatusCode>) {
    let text = |name| request.headers().get(name)?.to_str().ok().map(str::to_owned);
    lock(&shared.requests).push(Request {
        method: request.method().to_string(),
        path: request.uri().path().to_owned(),
        range: text(header::RANGE),
        accept: text(header::ACCEPT),
        if_none_match: text(header::IF_NONE_MATCH),
        authorization: text(header::AUTHORIZATION),
        status: status.map(|status| status.as_u16()),
    });
}

/// What a fault makes of a good answer, apart from how it is sent.
fn spoil(mut answer: Answer, fault: &Fault) -> Answer {
    match fault {
        Fault::WrongHash => {
            answer.body = answer.body.iter().map(|byte| byte ^ 1).collect();
        }
        Fault::WrongType => answer.set(header::CONTENT_TYPE, "application/octet-stream".to_owned()),
        Fault::Redirect(to) => return Answer::redirect(StatusCode::FOUND, to),
        Fault::Status(status) => {
            let status = StatusCode::from_u16(*status).expect("a status of HTTP");
            return Answer::plain(status, "out of order\n");
        }
        Fault::HugePage | Fault::Hang | Fault::ResetMidway | Fault::ShortLength => {}
    }
    answer
}

fn send(answer: Answer, method: &Method, fault: Option<&Fault>, reset: &ResetSwitch) -> Response<Body> {
    let length = answer.body.len();
    let mut response = Response::builder().status(answer.status);
    for (name, value) in answer.headers {
        response = response.header(name, value);
    }
    let head = method == Method::HEAD;
    let body = match fault {
        Some(Fault::HugePage) => huge(),
        Some(Fault::ResetMidway | Fault::ShortLength) if !head => {
            if fault == Some(&Fault::ResetMidway) {
                reset.turn_on();
            }
            response = response.header(header::CONTENT_LENGTH, length);
            cut(answer.body.slice(..length / 2))
        }
        _ => {
            if answer.status != StatusCode::NOT_MODIFIED {
                response = response.header(header::CONTENT_LENGTH, length);
            }
            let body = if head { Bytes::new() } else { answer.body };
            Full::new(body).map_err(|never: Infallible| match never {}).boxed_unsync()
        }
    };
    response.body(body).expect("headers that HTTP allows")
}

/// Some bytes, and then the connection ends although more were announced.
fn cut(bytes: Bytes) -> Body {
    let pieces = stream::unfold(Some(bytes), |left| async move {
        match left {
            Some(bytes) if !bytes.is_empty() => Some((Ok(Frame::data(bytes)), Some(Bytes::new()))),
            Some(_) => {
                tokio::time::sleep(BEFORE_THE_CUT).await;
                Some((Err(io::Error::other("cut on purpose")), None))
            }
            None => None,
        }
    });
    StreamBody::new(pieces).boxed_unsync()
}

/// 256 MiB that look like a page at first.
fn huge() -> Body {
    let first =
        Bytes::from_static(b"{\"meta\": {\"api-version\": \"1.1\"}, \"name\": \"huge\", \"files\": [");
    let piece = Bytes::from(vec![b' '; HUGE_PIECE]);
    let pieces = std::iter::once(first).chain(std::iter::repeat_n(piece, HUGE_PIECES));
    StreamBody::new(stream::iter(pieces.map(|piece| Ok(Frame::data(piece))))).boxed_unsync()
}
