//! One question and its answer: sends it, follows redirects, and says what the answer means.

use std::sync::Arc;

use bytes::Bytes;
use covouch_core::shown::Shown;
use http::{
    HeaderMap, HeaderValue, Response, StatusCode, Uri,
    header::{ACCEPT_ENCODING, CONTENT_ENCODING, LOCATION, PROXY_AUTHORIZATION, USER_AGENT},
};
use http_body_util::Empty;
use hyper::body::Incoming;
use hyper_rustls::HttpsConnector;
use hyper_util::{
    client::{
        legacy::{Client, connect::HttpInfo},
        proxy::matcher::Matcher,
    },
    rt::{TokioExecutor, TokioTimer},
};
use url::Url;

use super::{
    Fetched, Opened, Patience, Settings, SettingsError,
    address::{Reach, is_public},
    body::{self, Body},
    connect::{Connector, OutOfReach, ProxyFailed},
    error::{self, FetchError, Unreachable, Wrong},
    request::{self, Head, Request},
    roots, unreachable,
};
use crate::{
    limits,
    secrets::{Credentials, redact},
};

const AGENT: HeaderValue = HeaderValue::from_static(concat!("covouch/", env!("CARGO_PKG_VERSION")));

/// The clients: one for addresses from configuration, one for addresses a stranger gave us.
pub(super) struct Online {
    anywhere: Client<HttpsConnector<Connector>, Empty<Bytes>>,
    public_only: Client<HttpsConnector<Connector>, Empty<Bytes>>,
    proxies: Arc<Matcher>,
    pub(super) patience: Patience,
    has_roots: bool,
    connector: HttpsConnector<Connector>,
}

fn client<B>(connector: HttpsConnector<Connector>) -> Client<HttpsConnector<Connector>, B>
where
    B: hyper::body::Body + Send,
    B::Data: Send,
{
    Client::builder(TokioExecutor::new())
        .pool_timer(TokioTimer::new())
        .timer(TokioTimer::new())
        .pool_max_idle_per_host(limits::IDLE_CONNECTIONS)
        .http2_adaptive_window(true)
        .build(connector)
}

/// Where a request stands on its way through redirects.
struct Hop {
    url: Url,
    credentials: Option<Credentials>,
    reach: Reach,
}

impl Online {
    pub(super) fn new(settings: &Settings) -> Result<Self, SettingsError> {
        let trust = roots::load(&settings.roots)?;
        let proxies = Arc::new(settings.proxies.matcher());
        let connector = |reach| {
            let connector = Connector::new(Arc::clone(&proxies), trust.tls.clone(), reach, settings.patience);
            let mut tls = trust.tls.clone();
            tls.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
            HttpsConnector::from((connector, tls))
        };
        Ok(Self {
            anywhere: client(connector(Reach::Anywhere)),
            public_only: client(connector(Reach::PublicOnly)),
            connector: connector(Reach::Anywhere),
            patience: settings.patience,
            has_roots: trust.has_roots,
            proxies,
        })
    }

    /// A client of the same connections' kind, for requests that send something.
    pub(super) fn sender<B>(&self) -> Client<HttpsConnector<Connector>, B>
    where
        B: hyper::body::Body + Send,
        B::Data: Send,
    {
        client(self.connector.clone())
    }

    pub(super) async fn fetch_once(&self, request: &Request, limit: usize) -> Result<Fetched, FetchError> {
        let (response, head) = match self.arrive(request, HeaderValue::from_static("gzip")).await? {
            Arrived::Absent => return Ok(Fetched::Absent),
            Arrived::NotModified(head) => return Ok(Fetched::NotModified(head)),
            Arrived::Body(response, head) => (response, head),
        };
        let wrong = |why| FetchError::Wrong { url: request.shown(), why };
        let most = u64::try_from(limit).unwrap_or(u64::MAX);
        if head.length.is_some_and(|length| length > most) {
            return Err(wrong(body::too_large(limit)));
        }
        let encoding = response.headers().get(CONTENT_ENCODING).cloned();
        let bytes = self.body(response, request).all(limit).await?;
        match encoding.as_ref().map_or(&b"identity"[..], HeaderValue::as_bytes) {
            b"identity" | b"" => Ok(Fetched::Body(head, bytes)),
            b"gzip" | b"x-gzip" => {
                let plain = tokio::task::spawn_blocking(move || body::gunzip(&bytes, limit)).await;
                let plain = plain.unwrap_or_else(|_| Err(body::not_gzip())).map_err(wrong)?;
                Ok(Fetched::Body(head, plain))
            }
            other => Err(wrong(Wrong::Encoding(Shown::new(&String::from_utf8_lossy(other))))),
        }
    }

    pub(super) async fn open_once(&self, request: &Request) -> Result<Opened, FetchError> {
        match self.arrive(request, HeaderValue::from_static("identity")).await? {
            Arrived::Absent => Ok(Opened::Absent),
            Arrived::NotModified(_) => {
                Err(FetchError::Wrong { url: request.shown(), why: Wrong::Status(304) })
            }
            Arrived::Body(response, head) => Ok(Opened::Body(Box::new(head), self.body(response, request))),
        }
    }

    fn body(&self, response: Response<Incoming>, request: &Request) -> Body {
        Body::new(response.into_body(), &self.patience, request.shown())
    }

    /// Follows redirects up to an answer.
    async fn arrive(&self, request: &Request, encoding: HeaderValue) -> Result<Arrived, FetchError> {
        let mut headers = request.headers();
        headers.insert(ACCEPT_ENCODING, encoding);
        headers.insert(USER_AGENT, AGENT);
        let mut hop =
            Hop { url: request.url.clone(), credentials: request.credentials.clone(), reach: request.reach };
        for _ in 0..=limits::REDIRECTS {
            let response = self.send(&hop, headers.clone()).await?;
            hop.reach = self.reach_after(&hop, &response);
            match redirect(&hop, &response).map_err(|why| FetchError::Wrong { url: redact(&hop.url), why })? {
                Some(next) => hop = next,
                None => return arrived(request, hop, response),
            }
        }
        Err(FetchError::Wrong { url: request.shown(), why: Wrong::Redirects })
    }

    async fn send(&self, hop: &Hop, mut headers: HeaderMap) -> Result<Response<Incoming>, FetchError> {
        let shown = || redact(&hop.url);
        let unreachable = |why| FetchError::Unreachable { url: shown(), why };
        let wrong = |why| FetchError::Wrong { url: shown(), why };
        if hop.url.scheme() == "https" && !self.has_roots {
            return Err(unreachable(Unreachable::NoRoots));
        }
        let uri: Uri = match hop.url.scheme() {
            "http" | "https" => hop.url.as_str().parse().ok(),
            _ => None,
        }
        .ok_or_else(|| wrong(Wrong::Scheme(hop.url.scheme().to_owned())))?;
        if hop.url.scheme() == "http"
            && let Some(authorization) =
                self.proxies.intercept(&uri).as_ref().and_then(|proxy| proxy.basic_auth())
        {
            headers.insert(PROXY_AUTHORIZATION, authorization.clone());
        }
        request::authorize(&mut headers, hop.credentials.as_ref());
        let mut question = http::Request::new(Empty::new());
        *question.uri_mut() = uri;
        *question.headers_mut() = headers;
        let client = match hop.reach {
            Reach::Anywhere => &self.anywhere,
            Reach::PublicOnly => &self.public_only,
        };
        let patience = self.patience.connect.saturating_add(self.patience.idle);
        match tokio::time::timeout(patience, client.request(question)).await {
            Err(_) => Err(unreachable(Unreachable::TimedOut(patience))),
            Ok(Ok(response)) => Ok(response),
            Ok(Err(error)) => Err(match explain(&error) {
                Failure::Unreachable(why) => unreachable(why),
                Failure::Wrong(why) => wrong(why),
            }),
        }
    }

    /// How far this answer may send us. Behind a proxy the address we talk to is the proxy's, so there a name
    /// counts as public.
    fn reach_after(&self, hop: &Hop, response: &Response<Incoming>) -> Reach {
        let proxied = hop.url.as_str().parse().is_ok_and(|uri: Uri| self.proxies.intercept(&uri).is_some());
        let public = if proxied {
            Reach::PublicOnly.allows(hop.url.host().as_ref())
        } else {
            let peer = response.extensions().get::<HttpInfo>().map(|info| info.remote_addr().ip());
            peer.is_none_or(is_public)
        };
        if public { Reach::PublicOnly } else { hop.reach }
    }
}

enum Arrived {
    Body(Response<Incoming>, Head),
    NotModified(Head),
    Absent,
}

/// What an answer without a redirect means.
fn arrived(request: &Request, hop: Hop, response: Response<Incoming>) -> Result<Arrived, FetchError> {
    let wrong = |why| Err(FetchError::Wrong { url: request.shown(), why });
    let mut head = Head::read(response.headers(), hop.url, hop.reach);
    match response.status() {
        StatusCode::OK => {}
        StatusCode::PARTIAL_CONTENT if request.from.is_some() => {
            let range = request::content_range(response.headers());
            let asked = |(first, last): &(u64, u64)| {
                request.from == Some(*first) && request.until.is_none_or(|until| *last <= until)
            };
            let Some((first, _)) = range.filter(asked) else { return wrong(Wrong::Range) };
            head.starts_at = first;
        }
        StatusCode::NOT_MODIFIED if !request.validators.is_empty() => return Ok(Arrived::NotModified(head)),
        StatusCode::NOT_FOUND | StatusCode::GONE => return Ok(Arrived::Absent),
        status @ (StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN) => {
            return Err(FetchError::Refused { url: request.shown(), status: status.as_u16() });
        }
        StatusCode::PROXY_AUTHENTICATION_REQUIRED => {
            return Err(unreachable(request, Unreachable::Proxy("it asks for a password".into())));
        }
        StatusCode::RANGE_NOT_SATISFIABLE => return wrong(Wrong::Range),
        status if status.is_client_error() || status.is_server_error() => {
            return Err(unreachable(request, Unreachable::Status(status.as_u16())));
        }
        status => return wrong(Wrong::Status(status.as_u16())),
    }
    let content_type = head.content_type.as_deref().unwrap_or("nothing in particular");
    if !request.content_types.is_empty() && !request.content_types.contains(&content_type) {
        return wrong(Wrong::ContentType(Shown::new(content_type)));
    }
    Ok(Arrived::Body(response, head))
}

/// Where the answer sends us (RFC 9110 §15.4), when it does and we may go there.
fn redirect(hop: &Hop, response: &Response<Incoming>) -> Result<Option<Hop>, Wrong> {
    if !matches!(response.status().as_u16(), 301..=303 | 307 | 308) {
        return Ok(None);
    }
    let location = response.headers().get(LOCATION).and_then(|value| value.to_str().ok());
    let next = location.and_then(|text| hop.url.join(text).ok()).ok_or(Wrong::NoLocation)?;
    // Credentials in a redirect are somebody else's idea of who we are.
    let (next, _) = Credentials::split(&next);
    match next.scheme() {
        "https" => {}
        "http" if hop.url.scheme() == "http" => {}
        "http" => return Err(Wrong::Downgrade(redact(&next))),
        other => return Err(Wrong::Scheme(other.to_owned())),
    }
    let credentials = hop.credentials.clone().filter(|_| next.origin() == hop.url.origin());
    Ok(Some(Hop { url: next, credentials, reach: hop.reach }))
}

enum Failure {
    Unreachable(Unreachable),
    Wrong(Wrong),
}

/// What an error of the HTTP library means, found by what caused it.
fn explain(failure: &hyper_util::client::legacy::Error) -> Failure {
    let cause = error::root_cause(failure);
    let mut why = if failure.is_connect() {
        Unreachable::Connect(cause.clone())
    } else {
        Unreachable::Broken(cause.clone())
    };
    for error in error::chain(failure) {
        if let Some(OutOfReach(host)) = error.downcast_ref() {
            return Failure::Wrong(Wrong::Private(host.clone()));
        }
        if error.is::<ProxyFailed>() {
            why = Unreachable::Proxy(cause.clone());
        }
        if error.is::<rustls::Error>() {
            why = Unreachable::Tls(cause.clone());
        }
    }
    Failure::Unreachable(why)
}
