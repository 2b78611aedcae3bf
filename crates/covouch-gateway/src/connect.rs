//! The guard: clients that use the gateway as a proxy reach only what the policy names.
//!
//! pip's extra indexes, direct URLs, `git+https` and uv's `--frozen` all go past an index. Pointed at the gateway as
//! their proxy they end here. TLS is never intercepted: a destination is open or it is not.
//!
//! # Invariants
//! - A tunnel leads only to a destination the policy names by exactly this host and port, and a name never leads to
//!   this machine ([`Destination::may_lead_to`]).
//! - Plain-http requests for other hosts are always refused.
//!
//! # Not here
//! A sandbox: a program that does not use the proxy is not stopped.

use std::{io, net::SocketAddr, sync::Arc};

use axum::{
    body::Body,
    response::{IntoResponse as _, Response},
};
use http::{Request, StatusCode, Uri};
use hyper::{body::Incoming, upgrade::OnUpgrade};
use hyper_util::rt::TokioIo;
use tokio::{
    net::TcpStream,
    sync::{OwnedSemaphorePermit, Semaphore, watch},
};

use crate::{code, destination::Destination, limits, respond::Problem, session::Session};

/// What may pass, and what was refused.
pub(crate) struct Guard {
    allowed: Vec<Destination>,
    ourselves: Vec<Destination>,
    session: Arc<Session>,
    tunnels: Arc<Semaphore>,
    stopping: watch::Receiver<bool>,
}

/// What to do with a request.
pub(crate) enum Passage {
    /// It is for us.
    Ours,
    /// It is for somebody else, and this is the answer.
    Answered(Response),
}

impl Guard {
    pub(crate) fn new(
        allowed: Vec<Destination>,
        ourselves: Vec<Destination>,
        session: Arc<Session>,
        stopping: watch::Receiver<bool>,
    ) -> Self {
        Self { allowed, ourselves, session, tunnels: Arc::new(Semaphore::new(limits::TUNNELS)), stopping }
    }

    /// Looks at a request before it is routed.
    pub(crate) async fn pass(&self, request: &mut Request<Incoming>) -> Passage {
        if request.method() == http::Method::CONNECT {
            return Passage::Answered(self.connect(request).await);
        }
        if request.uri().scheme().is_none() || self.is_ours(request.uri()) {
            return Passage::Ours;
        }
        let target = request.uri().host().unwrap_or_default().to_owned();
        self.session.refused_connection(&target);
        let detail = format!("`{target}` is not reached past the gateway");
        Passage::Answered(Problem::blocked(code::PROXY_REFUSED, detail).into_response())
    }

    /// A client whose proxy we are asks even for our own pages with their whole address (RFC 9112 §3.2.2).
    fn is_ours(&self, uri: &Uri) -> bool {
        let port = uri.port_u16().unwrap_or(80);
        let destination = format!("{}:{port}", uri.host().unwrap_or_default()).parse();
        uri.scheme_str() == Some("http")
            && destination.is_ok_and(|destination| self.ourselves.contains(&destination))
    }

    async fn connect(&self, request: &mut Request<Incoming>) -> Response {
        let target = request.uri().authority().map(ToString::to_string).unwrap_or_default();
        let destination = target.parse().ok().filter(|destination| self.allowed.contains(destination));
        let Some(destination) = destination else {
            self.session.refused_connection(&target);
            return refusal(&target);
        };
        let Ok(permit) = Arc::clone(&self.tunnels).try_acquire_owned() else {
            let detail = format!("{} tunnels are open already", limits::TUNNELS);
            return Problem::new(StatusCode::SERVICE_UNAVAILABLE, code::BUSY, detail).into_response();
        };
        match reach(&destination).await {
            Ok(server) => {
                let client = hyper::upgrade::on(request);
                tokio::spawn(tunnel(client, server, permit, self.stopping.clone()));
                Response::new(Body::empty())
            }
            Err(Unreached::Local) => {
                self.session.refused_connection(&target);
                refusal(&target)
            }
            Err(Unreached::Failed(error)) => {
                let detail = format!("`{destination}` cannot be reached: {error}");
                Problem::new(StatusCode::BAD_GATEWAY, code::CONNECT_FAILED, detail).into_response()
            }
        }
    }
}

fn refusal(target: &str) -> Response {
    let shown: String = target.chars().take(100).collect();
    Problem::blocked(code::CONNECT_REFUSED, format!("no connection to `{shown}` past the gateway"))
        .hint(Some("if it is meant, add it to `connect` under `[gateway]` in the policy"))
        .into_response()
}

enum Unreached {
    Local,
    Failed(io::Error),
}

/// Connects to the first address that the destination may lead to and that answers.
async fn reach(destination: &Destination) -> Result<TcpStream, Unreached> {
    let host = destination.host().to_string();
    let host = host.trim_start_matches('[').trim_end_matches(']').to_owned();
    let connecting = async {
        let found = tokio::net::lookup_host((host, destination.port())).await.map_err(Unreached::Failed)?;
        let addresses: Vec<SocketAddr> =
            found.filter(|address| destination.may_lead_to(address.ip())).collect();
        if addresses.is_empty() {
            return Err(Unreached::Local);
        }
        TcpStream::connect(addresses.as_slice()).await.map_err(Unreached::Failed)
    };
    let timed = tokio::time::timeout(limits::TUNNEL_CONNECT_TIME, connecting).await;
    timed.unwrap_or_else(|_| Err(Unreached::Failed(io::ErrorKind::TimedOut.into())))
}

/// Carries bytes both ways until one side ends or the gateway stops.
async fn tunnel(
    client: OnUpgrade,
    mut server: TcpStream,
    _permit: OwnedSemaphorePermit,
    mut stopping: watch::Receiver<bool>,
) {
    let carry = async {
        if let Ok(client) = client.await {
            // How a tunnel ends is between its two ends.
            let _ = tokio::io::copy_bidirectional(&mut TokioIo::new(client), &mut server).await;
        }
    };
    tokio::select! {
        () = carry => {}
        _ = stopping.wait_for(|stopping| *stopping) => {}
    }
}
