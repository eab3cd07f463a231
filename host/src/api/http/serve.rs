//! The accept loop. axum's own has no timeout for the head of a request and no limit on connections.

mod refusal;
mod wire;

use std::{convert::Infallible, io, net::SocketAddr, sync::Arc, time::Duration};

use axum::{
    Router,
    extract::ConnectInfo,
    http::{HeaderValue, header},
    response::Response,
};
use hyper::{
    Request,
    body::{Body as _, Incoming},
    server::conn::http1,
    service::service_fn,
};
use hyper_util::{
    rt::{TokioIo, TokioTimer},
    server::graceful::GracefulShutdown,
};
use tokio::{
    net::{TcpListener, TcpStream},
    sync::{OwnedSemaphorePermit, Semaphore},
    task::JoinSet,
    time::{sleep, timeout},
};
use tokio_util::sync::CancellationToken;
use tower::Service;

use super::{
    Config,
    shares::{Share, Shares},
};
use wire::{Ending, Wire};

/// hyper reads heads in pieces of at least this size, bytes.
const HEAD_BYTES_MIN: usize = 8 * 1024;
/// How long to wait after a failed accept; doubles with each further failure, up to `BACKOFF_MAX`.
const BACKOFF_MIN: Duration = Duration::from_millis(10);
const BACKOFF_MAX: Duration = Duration::from_secs(1);

/// Returns whether the server is about to stop.
pub type Draining = Arc<dyn Fn() -> bool + Send + Sync>;

/// Serves HTTP/1.1 until `shutdown`, then lets requests in progress finish for at most `drain_ms_max`. While it is `draining`,
/// a connection ends with its next response, so that clients which keep connections open go to another replica.
pub async fn serve(
    listener: TcpListener,
    router: Router,
    config: Config,
    draining: Draining,
    shutdown: CancellationToken,
) {
    let http = http(&config);
    let acceptor = Acceptor::new(listener, &config);
    let graceful = GracefulShutdown::new();
    let mut connections = JoinSet::new();
    loop {
        let accepted = tokio::select! {
            () = shutdown.cancelled() => break,
            // Reaps connections that have ended.
            Some(_) = connections.join_next() => continue,
            accepted = acceptor.accept() => accepted,
        };
        let (stream, peer) = (accepted.stream, accepted.peer);
        let (router, draining) = (router.clone(), Arc::clone(&draining));
        let ending = Arc::new(Ending::default());
        let wire = Wire::new(stream, &config, Arc::clone(&ending), shutdown.clone());
        let service = service_fn(move |request| {
            let (ending, draining) = (Arc::clone(&ending), Arc::clone(&draining));
            respond(router.clone(), request, peer, ending, draining)
        });
        let connection = http.serve_connection(TokioIo::new(wire), service);
        let connection = graceful.watch(connection);
        let places = (accepted.place, accepted.share);
        connections.spawn(async move {
            // Fails when the client leaves or is too slow; neither needs handling.
            let _ended = connection.await;
            drop(places);
        });
    }
    drop(acceptor);
    let drain = Duration::from_millis(config.drain_ms_max);
    if timeout(drain, graceful.shutdown()).await.is_err() {
        tracing::warn!(
            connections = connections.len(),
            "cut off after the drain time"
        );
    }
}

fn http(config: &Config) -> http1::Builder {
    let mut http = http1::Builder::new();
    http.timer(TokioTimer::new())
        // hyper starts this timeout as soon as it waits for a head, so it also ends idle and silent connections.
        .header_read_timeout(Duration::from_millis(config.head_ms_max))
        // A client may close its side as soon as it has sent its request.
        .half_close(true)
        .max_headers(config.headers_max)
        .max_buf_size(config.head_bytes_max.max(HEAD_BYTES_MIN));
    http
}

async fn respond(
    mut router: Router,
    mut request: Request<Incoming>,
    peer: SocketAddr,
    ending: Arc<Ending>,
    draining: Draining,
) -> Result<Response, Infallible> {
    request.extensions_mut().insert(ConnectInfo(peer));
    ending.asked(!request.body().is_end_stream());
    let mut response = router.call(request).await?;
    ending.answered(response.status().is_client_error());
    if draining() {
        let close = HeaderValue::from_static("close");
        response.headers_mut().insert(header::CONNECTION, close);
    }
    Ok(response)
}

/// Accepts connections within the total limit and the limit per address.
struct Acceptor {
    listener: TcpListener,
    places: Arc<Semaphore>,
    shares: Arc<Shares>,
    config: Config,
}

/// An accepted connection and the permits that it holds until it is dropped.
struct Connection {
    stream: TcpStream,
    peer: SocketAddr,
    place: OwnedSemaphorePermit,
    share: Option<Share>,
}

impl Acceptor {
    fn new(listener: TcpListener, config: &Config) -> Self {
        Self {
            listener,
            places: Arc::new(Semaphore::new(
                config.connections_max.min(Semaphore::MAX_PERMITS),
            )),
            shares: Arc::default(),
            config: config.clone(),
        }
    }

    /// Returns the next connection within the limits. Retries after any error of accepting.
    async fn accept(&self) -> Connection {
        let mut backoff = BACKOFF_MIN;
        loop {
            match self.try_accept().await {
                Ok(Some(accepted)) => return accepted,
                Ok(None) => {}
                Err(error) if is_the_clients(&error) => {}
                Err(error) => {
                    // Usually no free file descriptors; recovers when a connection ends.
                    tracing::error!(%error, "cannot accept");
                    sleep(backoff).await;
                    backoff = (backoff * 2).min(BACKOFF_MAX);
                }
            }
        }
    }

    async fn try_accept(&self) -> io::Result<Option<Connection>> {
        let place = Arc::clone(&self.places).acquire_owned().await;
        let place = place.map_err(io::Error::other)?;
        let (stream, peer) = self.listener.accept().await?;
        stream.set_nodelay(true)?;
        let ip = peer.ip().to_canonical();
        let is_proxy = self
            .config
            .trusted_proxies
            .iter()
            .any(|proxy| proxy.contains(&ip));
        let share = Shares::take(&self.shares, ip, self.config.connections_per_client_max);
        let within_limits = is_proxy || share.is_some();
        Ok(within_limits.then_some(Connection {
            stream,
            peer,
            place,
            share,
        }))
    }
}

/// Whether the client closed the connection before it was accepted.
fn is_the_clients(error: &io::Error) -> bool {
    use io::ErrorKind::{ConnectionAborted, ConnectionReset, InvalidInput};
    matches!(
        error.kind(),
        ConnectionAborted | ConnectionReset | InvalidInput
    )
}

#[cfg(test)]
mod tests;
