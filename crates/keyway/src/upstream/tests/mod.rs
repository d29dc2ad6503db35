//! A scripted provider on loopback, and what all tests of the lanes share.

mod bodies;
mod chunks;
mod connects;
mod heads;
mod lanes;
mod refusals;
mod statuses;
mod timeouts;
mod tls;

use super::*;
use crate::base::Secret;
use crate::base::tasks::Tasks;
use bytes::Bytes;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc;

/// One step of a provider's script.
#[derive(Clone)]
enum Act {
    /// Read one whole request and report it.
    Read,
    Write(Vec<u8>),
    /// Some milliseconds: let the other side see what has been written so far.
    Pause,
    /// Read until the other side closes, and report that.
    AwaitClose,
    /// Keep the connection open and do nothing.
    Hang,
}

#[derive(Debug, PartialEq, Eq)]
enum Seen {
    /// On which connection, and the whole request.
    Request(usize, String),
    Closed(usize),
}

/// Runs one script per connection, in order of arrival; further connections are refused.
struct Provider {
    base_url: String,
    seen: mpsc::UnboundedReceiver<Seen>,
    _tasks: Tasks,
}

impl Provider {
    async fn start(scripts: Vec<Vec<Act>>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let base_url = format!("http://{}/v1", listener.local_addr().unwrap());
        let (report, seen) = mpsc::unbounded_channel();
        let tasks = Tasks::default();
        tasks.spawn(async move {
            let open = Tasks::default();
            for (index, script) in scripts.into_iter().enumerate() {
                let (socket, _) = listener.accept().await.unwrap();
                open.spawn(play(index, socket, script, report.clone()));
            }
            drop(listener);
            open.finish().await;
        });
        Self { base_url, seen, _tasks: tasks }
    }

    fn endpoint(&self) -> Endpoint {
        Endpoint::new(&self.base_url, AuthStyle::Bearer, Some(Secret::new("sk-canary".into()))).unwrap()
    }

    async fn next(&mut self) -> Seen {
        self.seen.recv().await.unwrap()
    }
}

async fn play(index: usize, mut socket: TcpStream, script: Vec<Act>, report: mpsc::UnboundedSender<Seen>) {
    socket.set_nodelay(true).unwrap();
    for act in script {
        match act {
            Act::Read => {
                let Some(request) = read_request(&mut socket).await else {
                    return;
                };
                let _ = report.send(Seen::Request(index, request));
            }
            Act::Write(bytes) => {
                if socket.write_all(&bytes).await.is_err() {
                    return;
                }
            }
            Act::Pause => tokio::time::sleep(Duration::from_millis(2)).await,
            Act::AwaitClose => {
                while socket.read(&mut [0; 1024]).await.is_ok_and(|read| read > 0) {}
                let _ = report.send(Seen::Closed(index));
            }
            Act::Hang => std::future::pending().await,
        }
    }
}

async fn read_request(socket: &mut TcpStream) -> Option<String> {
    let mut bytes = Vec::new();
    loop {
        if let Some(end) = bytes.windows(4).position(|four| four == b"\r\n\r\n") {
            let head = String::from_utf8(bytes[..end + 4].to_vec()).unwrap();
            let length = head
                .lines()
                .find_map(|line| line.strip_prefix("content-length: "))
                .map_or(0, |length| length.parse::<usize>().unwrap());
            if bytes.len() >= end + 4 + length {
                return Some(String::from_utf8(bytes).unwrap());
            }
        }
        let read = socket.read_buf(&mut bytes).await.ok()?;
        if read == 0 {
            return None;
        }
    }
}

fn write(text: &str) -> Act {
    Act::Write(text.as_bytes().to_vec())
}

/// Limits that no passing test reaches.
fn limits() -> Limits {
    Limits {
        connect_ms: 20_000,
        write_ms: 20_000,
        first_byte_ms: 20_000,
        idle_ms: 20_000,
        ..Limits::default()
    }
}

fn lanes(limits: Limits) -> Lanes {
    Lanes::new(limits, Clock::system(), Arc::new(Tls::new(None)))
}

fn chat() -> Request<'static> {
    Request::post("/chat/completions", Bytes::from_static(b"{\"model\":\"m\"}"))
}

/// One request to a provider that runs one script.
async fn ask(script: Vec<Act>) -> Result<(u16, Bytes), Failure> {
    let provider = Provider::start(vec![script]).await;
    let response = lanes(limits()).send(&provider.endpoint(), &chat()).await?;
    let status = response.status;
    Ok((status, response.body.whole(1 << 24).await?))
}

/// The answer to one request, sent in one piece and followed by the end of the connection.
async fn answer(text: &str) -> Result<(u16, Bytes), Failure> {
    ask(vec![Act::Read, write(text)]).await
}

/// The same with the connection left open.
async fn answer_open(text: &str) -> Result<(u16, Bytes), Failure> {
    ask(vec![Act::Read, write(text), Act::Hang]).await
}

const OK: &str = "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nhi";
