//! `keyway sandbox`: the built-in provider alone, as an upstream to develop against. No keys, no
//! database, nothing metered.

use crate::base::fault::Doing;
use crate::base::tasks::Tasks;
use crate::base::{Clock, Fault, id};
use crate::sandbox::{self, Answer, AnswerBody, SandboxStream};
use bytes::Bytes;
use dialect::openai_chat::error;
use http::{HeaderValue, Method, Request, Response, StatusCode, header};
use http_body::Frame;
use http_body_util::BodyExt;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use serde_json::json;
use std::convert::Infallible;
use std::net::SocketAddr;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;
use tokio::net::TcpListener;

/// Largest request body.
const BODY_BYTES_MAX: usize = 32 * 1024 * 1024;
const HEADER_TIMEOUT: Duration = Duration::from_secs(10);

/// Serves until the process is ended. `say` gets the base URL.
///
/// # Errors
/// When the address cannot be bound.
pub async fn serve(address: SocketAddr, say: &(dyn Fn(&str) + Sync)) -> Result<(), Fault> {
    let clock = Clock::system();
    let listener = TcpListener::bind(address).await.doing(&format!("listening on {address}"))?;
    let address = listener.local_addr().doing("reading the bound address")?;
    say(&format!(
        "The sandbox answers at http://{address}/v1 (models: echo, slow, error). Ctrl-C ends it.\n"
    ));
    let tasks = Tasks::default();
    let mut signals = super::signals::Signals::listen()?;
    loop {
        let stream = tokio::select! {
            accepted = listener.accept() => match accepted {
                Ok((stream, _)) => stream,
                Err(_) => continue,
            },
            () = signals.wait() => return Ok(()),
        };
        let clock = clock.clone();
        tasks.spawn(async move {
            let service = service_fn(move |request| {
                let clock = clock.clone();
                async move { Ok::<_, Infallible>(answer(request, &clock).await) }
            });
            let _ = http1::Builder::new()
                .timer(TokioTimer::new())
                .header_read_timeout(HEADER_TIMEOUT)
                .serve_connection(TokioIo::new(stream), service)
                .await;
        });
    }
}

async fn answer(request: Request<Incoming>, clock: &Clock) -> Response<Body> {
    let path = request.uri().path().trim_end_matches('/').to_owned();
    let path = path.strip_prefix("/v1").unwrap_or(&path);
    match (request.method(), path) {
        (&Method::GET, "/models") => json_response(StatusCode::OK, models().to_string().into()),
        (&Method::POST, "/chat/completions") => {
            let body = http_body_util::Limited::new(request.into_body(), BODY_BYTES_MAX).collect().await;
            match body {
                Ok(body) => {
                    let id = id::new("chatcmpl", clock);
                    chat(sandbox::answer(&body.to_bytes(), clock.now_ms() / 1000, &id)).await
                }
                Err(_) => refusal(StatusCode::BAD_REQUEST, "The request body broke off or is too large."),
            }
        }
        _ => refusal(
            StatusCode::NOT_FOUND,
            "The sandbox answers GET /v1/models and POST /v1/chat/completions.",
        ),
    }
}

async fn chat(answer: Answer) -> Response<Body> {
    tokio::time::sleep(Duration::from_millis(answer.delay_ms)).await;
    let body = match answer.body {
        AnswerBody::Whole(bytes) => Body::Whole(Some(bytes)),
        AnswerBody::Stream(stream) => Body::Stream(stream),
    };
    let mut response = Response::new(body);
    *response.status_mut() = StatusCode::from_u16(answer.status).unwrap_or(StatusCode::OK);
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static(answer.content_type));
    if let Some(seconds) = answer.retry_after_s {
        response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(seconds));
    }
    response
}

fn models() -> serde_json::Value {
    let model = |name: &&str| json!({ "id": name, "object": "model", "created": 0, "owned_by": "sandbox" });
    json!({ "object": "list", "data": sandbox::MODELS.iter().map(model).collect::<Vec<_>>() })
}

fn refusal(status: StatusCode, message: &str) -> Response<Body> {
    json_response(status, error::render(message, "invalid_request_error", None, None).into())
}

fn json_response(status: StatusCode, body: Bytes) -> Response<Body> {
    let mut response = Response::new(Body::Whole(Some(body)));
    *response.status_mut() = status;
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    response
}

enum Body {
    Whole(Option<Bytes>),
    Stream(SandboxStream),
}

impl http_body::Body for Body {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        match &mut *self {
            Self::Whole(bytes) => Poll::Ready(bytes.take().map(|bytes| Ok(Frame::data(bytes)))),
            Self::Stream(stream) => {
                stream.poll_chunk(cx).map(|bytes| bytes.map(|bytes| Ok(Frame::data(bytes))))
            }
        }
    }
}
