//! The listening side: connections in, requests through the guard to the routes.
//!
//! # Invariants
//! - The guard sees every request before any route does.
//! - Connections, the time for a request's head, its size, and the time a client takes nothing are all limited.
//! - Asked to stop, requests under way may finish for [`limits::SHUTDOWN_TIME`].
//!
//! # Not here
//! TLS: the gateway serves loopback, or stands behind whatever a company ends TLS with.

use std::{convert::Infallible, io, pin::pin, sync::Arc, time::Duration};

use axum::{
    Router,
    body::Body,
    response::{IntoResponse as _, Response},
};
use http::Request;
use hyper::{body::Incoming, server::conn::http1, service::service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::{
    net::{TcpListener, TcpStream},
    sync::{OwnedSemaphorePermit, Semaphore, watch},
};
use tower_service::Service as _;

use crate::{
    connect::{Guard, Passage},
    limits,
    respond::Problem,
    stall::Stalling,
};

/// What answers requests.
#[derive(Clone)]
pub(crate) struct Answers {
    pub(crate) guard: Arc<Guard>,
    pub(crate) router: Router,
}

/// Accepts connections until told to stop, then waits for what is under way.
pub(crate) async fn serve(listener: TcpListener, answers: Answers, mut stopping: watch::Receiver<bool>) {
    let places = Arc::new(Semaphore::new(limits::CONNECTIONS));
    loop {
        let accepted = tokio::select! {
            accepted = accept(&listener, &places) => accepted,
            _ = stopping.wait_for(|stopping| *stopping) => break,
        };
        match accepted {
            Ok((stream, place)) => {
                tokio::spawn(carry(stream, answers.clone(), stopping.clone(), place));
            }
            // No more open files, most of the time: those that are open end at some point.
            Err(_) => tokio::time::sleep(Duration::from_millis(50)).await,
        }
    }
    drop(listener);
    // Every connection holds a place until it ends, and none is kept longer than its own patience.
    let all = u32::try_from(limits::CONNECTIONS).unwrap_or(u32::MAX);
    let _ = places.acquire_many(all).await;
}

/// Carries one connection to its end; asked to stop, only to the end of the request under way.
async fn carry(
    stream: TcpStream,
    answers: Answers,
    mut stopping: watch::Receiver<bool>,
    _place: OwnedSemaphorePermit,
) {
    let service = service_fn(move |request| answer(answers.clone(), request));
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(limits::HEAD_TIME)
        .max_buf_size(limits::HEAD_BYTES)
        .max_headers(limits::HEADERS)
        .serve_connection(TokioIo::new(Stalling::new(stream)), service)
        .with_upgrades();
    let mut connection = pin!(connection);
    // How a connection ends is between hyper and its client; what matters was recorded by the routes.
    tokio::select! {
        _ = connection.as_mut() => return,
        _ = stopping.wait_for(|stopping| *stopping) => {}
    }
    connection.as_mut().graceful_shutdown();
    let _ = tokio::time::timeout(limits::SHUTDOWN_TIME, connection).await;
}

/// The next connection, once there is a place for it.
async fn accept(
    listener: &TcpListener,
    places: &Arc<Semaphore>,
) -> io::Result<(TcpStream, OwnedSemaphorePermit)> {
    let place = Arc::clone(places).acquire_owned().await.map_err(io::Error::other)?;
    let (stream, _) = listener.accept().await?;
    // Answers are written whole; waiting to fill packets only costs time.
    stream.set_nodelay(true)?;
    Ok((stream, place))
}

async fn answer(mut answers: Answers, mut request: Request<Incoming>) -> Result<Response, Infallible> {
    if let Passage::Answered(response) = answers.guard.pass(&mut request).await {
        return Ok(response);
    }
    if request.uri().path().len() > limits::PATH_BYTES {
        return Ok(Problem::malformed_path().into_response());
    }
    // No route reads a body. One that comes anyway ends with the connection.
    answers.router.call(request.map(|_| Body::empty())).await
}
