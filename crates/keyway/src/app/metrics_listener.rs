//! `GET /metrics` on a listener of its own, without a key: for a network only Prometheus reaches.

use crate::base::Fault;
use crate::base::fault::Doing;
use crate::relay::{OutBody, Shared};
use crate::wire::health;
use bytes::Bytes;
use http::{HeaderName, HeaderValue, Method, Request, Response, StatusCode};
use http_body_util::Full;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::TcpListener;

/// Connections at a time; more wait in the kernel's queue.
const CONNECTIONS_MAX: usize = 64;
const HEADER_TIMEOUT: Duration = Duration::from_secs(10);

/// Starts it.
///
/// # Errors
/// When the address cannot be bound.
pub async fn start(address: SocketAddr, shared: Arc<Shared>) -> Result<(), Fault> {
    let listener =
        TcpListener::bind(address).await.doing(&format!("listening on {address} (metrics_listen)"))?;
    let tasks = shared.tasks.clone();
    let inner = tasks.clone();
    let places = Arc::new(tokio::sync::Semaphore::new(CONNECTIONS_MAX));
    tasks.spawn(async move {
        while let Ok(place) = Arc::clone(&places).acquire_owned().await {
            let Ok((stream, _)) = listener.accept().await else {
                continue;
            };
            let shared = Arc::clone(&shared);
            inner.spawn(async move {
                let service = service_fn(move |request| {
                    let answer = answer(&request, &shared);
                    async move { Ok::<_, Infallible>(answer) }
                });
                let _ = http1::Builder::new()
                    .timer(TokioTimer::new())
                    .header_read_timeout(HEADER_TIMEOUT)
                    .serve_connection(TokioIo::new(stream), service)
                    .await;
                drop(place);
            });
        }
    });
    Ok(())
}

fn answer(request: &Request<Incoming>, shared: &Shared) -> Response<Full<Bytes>> {
    if request.method() != Method::GET || request.uri().path() != "/metrics" {
        let mut response = Response::new(Full::default());
        *response.status_mut() = StatusCode::NOT_FOUND;
        return response;
    }
    let rendered = health::render(shared);
    let body = match rendered.body {
        OutBody::Whole(body) => body,
        OutBody::Stream(_) => Bytes::new(),
    };
    let mut response = Response::new(Full::new(body));
    for (name, value) in rendered.headers.iter() {
        if let (Ok(name), Ok(value)) =
            (HeaderName::from_bytes(name.as_bytes()), HeaderValue::from_bytes(value))
        {
            response.headers_mut().insert(name, value);
        }
    }
    response
}
