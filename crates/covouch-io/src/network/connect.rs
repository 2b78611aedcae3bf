//! Makes connections: direct, or through a proxy, and never to an address outside the request's [`Reach`].
//!
//! # Invariants
//! The reach is checked on the addresses a connection is made to, after the name was resolved, so a name that
//! resolves to a private address the second time (DNS rebinding) gains nothing. Behind a proxy it is the proxy
//! that resolves names; there the check is on what the URL says.

use std::{
    error::Error,
    fmt, io,
    net::SocketAddr,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
    vec,
};

use http::Uri;
use hyper::rt::{Read, ReadBufCursor, Write};
use hyper_rustls::{HttpsConnector, MaybeHttpsStream};
use hyper_util::{
    client::{
        legacy::connect::{
            Connected, Connection, HttpConnector,
            dns::{GaiResolver, Name},
            proxy::Tunnel,
        },
        proxy::matcher::Matcher,
    },
    rt::TokioIo,
};
use tokio::net::TcpStream;
use tower_service::Service;
use url::Host;

use super::{address::Reach, settings::Patience};

type BoxError = Box<dyn Error + Send + Sync>;
type Boxed<T> = Pin<Box<dyn Future<Output = Result<T, BoxError>> + Send>>;

/// Makes the connection under HTTP, or under TLS.
#[derive(Clone)]
pub(super) struct Connector {
    direct: HttpConnector<Resolver>,
    to_proxy: HttpsConnector<HttpConnector>,
    proxies: Arc<Matcher>,
    reach: Reach,
}

/// The destination is outside the request's reach.
#[derive(Debug)]
pub(super) struct OutOfReach(pub(super) String);

/// The proxy does not connect us.
#[derive(Debug)]
pub(super) struct ProxyFailed(BoxError);

impl Connector {
    pub(super) fn new(
        proxies: Arc<Matcher>,
        proxy_tls: rustls::ClientConfig,
        reach: Reach,
        patience: Patience,
    ) -> Self {
        let mut direct = HttpConnector::new_with_resolver(Resolver { system: GaiResolver::new(), reach });
        let mut plain = HttpConnector::new();
        direct.enforce_http(false);
        plain.enforce_http(false);
        direct.set_connect_timeout(Some(patience.connect));
        plain.set_connect_timeout(Some(patience.connect));
        direct.set_nodelay(true);
        plain.set_nodelay(true);
        Self { direct, to_proxy: HttpsConnector::from((plain, proxy_tls)), proxies, reach }
    }
}

impl Service<Uri> for Connector {
    type Response = Line;
    type Error = BoxError;
    type Future = Boxed<Line>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, destination: Uri) -> Self::Future {
        let host = destination.host().and_then(|host| Host::parse(host).ok());
        if !self.reach.allows(host.as_ref().map(borrowed).as_ref()) {
            let shown = destination.host().unwrap_or_default().to_owned();
            return Box::pin(async { Err(OutOfReach(shown).into()) });
        }
        let Some(proxy) = self.proxies.intercept(&destination) else {
            let connecting = self.direct.call(destination);
            return Box::pin(async { Ok(Line::direct(MaybeHttpsStream::Http(connecting.await?))) });
        };
        if destination.scheme_str() == Some("http") {
            let connecting = self.to_proxy.call(proxy.uri().clone());
            return Box::pin(async {
                connecting.await.map(Line::forwarded).map_err(|error| ProxyFailed(error).into())
            });
        }
        let mut tunnel = Tunnel::new(proxy.uri().clone(), self.to_proxy.clone());
        if let Some(authorization) = proxy.basic_auth() {
            tunnel = tunnel.with_auth(authorization.clone());
        }
        let connecting = tunnel.call(destination);
        Box::pin(async {
            connecting.await.map(Line::direct).map_err(|error| ProxyFailed(error.into()).into())
        })
    }
}

fn borrowed(host: &Host<String>) -> Host<&str> {
    match host {
        Host::Domain(name) => Host::Domain(name),
        Host::Ipv4(address) => Host::Ipv4(*address),
        Host::Ipv6(address) => Host::Ipv6(*address),
    }
}

/// The system's resolver, without the addresses that are out of reach.
#[derive(Clone)]
struct Resolver {
    system: GaiResolver,
    reach: Reach,
}

impl Service<Name> for Resolver {
    type Response = vec::IntoIter<SocketAddr>;
    type Error = BoxError;
    type Future = Boxed<Self::Response>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, name: Name) -> Self::Future {
        let reach = self.reach;
        let shown = name.as_str().to_owned();
        let resolving = self.system.call(name);
        Box::pin(async move {
            let (allowed, refused): (Vec<_>, Vec<_>) =
                resolving.await?.partition(|address| reach.allows_address(address.ip()));
            if allowed.is_empty() && !refused.is_empty() {
                return Err(OutOfReach(shown).into());
            }
            Ok(allowed.into_iter())
        })
    }
}

/// A connection, and whether the proxy at its other end is to forward our requests.
pub(super) struct Line {
    stream: MaybeHttpsStream<TokioIo<TcpStream>>,
    forwarded: bool,
}

impl Line {
    fn direct(stream: MaybeHttpsStream<TokioIo<TcpStream>>) -> Self {
        Self { stream, forwarded: false }
    }

    fn forwarded(stream: MaybeHttpsStream<TokioIo<TcpStream>>) -> Self {
        Self { stream, forwarded: true }
    }
}

impl Connection for Line {
    fn connected(&self) -> Connected {
        self.stream.connected().proxy(self.forwarded)
    }
}

impl Read for Line {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: ReadBufCursor<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(context, buffer)
    }
}

impl Write for Line {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(context, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}

impl fmt::Display for OutOfReach {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{}` is not a public address", self.0)
    }
}

impl Error for OutOfReach {}

impl fmt::Display for ProxyFailed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the proxy does not connect us")
    }
}

impl Error for ProxyFailed {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        Some(self.0.as_ref())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What somebody gains who makes a public name resolve to a private address.
    #[tokio::test]
    async fn a_name_that_resolves_to_a_private_address_is_out_of_reach() {
        let resolve = async |reach| {
            let mut resolver = Resolver { system: GaiResolver::new(), reach };
            resolver.call("localhost".parse().unwrap()).await.map(|addresses| addresses.count())
        };
        assert!(resolve(Reach::Anywhere).await.unwrap() > 0);
        assert!(resolve(Reach::PublicOnly).await.unwrap_err().is::<OutOfReach>());
    }
}
