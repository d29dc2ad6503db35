//! A connection over loopback, and what its tests share.

mod answers;
mod bodies;
mod connections;
mod heads;
mod mutations;
mod streams;

use super::*;
use crate::app::pace::Pace;
use crate::app::socket::Socket;
use crate::app::worker::Stage;
use crate::base::{Lines, Refusal};
use crate::relay::route::Shape;
use crate::relay::{OutBody, Outbound, refuse};
use bytes::Bytes;
use http::StatusCode;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

/// Limits that no passing test reaches.
const PATIENT: ClientTimes = ClientTimes {
    header: Duration::from_secs(20),
    idle: Duration::from_secs(20),
    write_stall: Duration::from_secs(20),
};
const BODY_BYTES_MAX: usize = 256 * 1024;
const BODY_PACE: Pace =
    Pace { whole: Duration::from_secs(20), grace: Duration::from_secs(20), bytes_per_second_min: 1024 };
const SOON: Duration = Duration::from_millis(20);

/// A standing clock: Sun, 06 Nov 1994 08:49:37 GMT.
const NOW_MS: i64 = 784_111_777_000;

/// The client's end.
struct Client {
    socket: TcpStream,
    stage: watch::Sender<Stage>,
}

impl Client {
    async fn send(&mut self, bytes: impl AsRef<[u8]>) {
        self.socket.write_all(bytes.as_ref()).await.unwrap();
    }

    /// Sends bytes one by one, so that the server may see them so.
    async fn dribble(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.send([*byte]).await;
            tokio::task::yield_now().await;
        }
    }

    /// One answer with a length; its head and its body.
    async fn answer(&mut self) -> (String, String) {
        let head = self.head().await;
        let length = head
            .lines()
            .find_map(|line| line.strip_prefix("content-length: "))
            .map_or(0, |length| length.parse().unwrap());
        let mut body = vec![0; length];
        self.socket.read_exact(&mut body).await.unwrap();
        (head, String::from_utf8(body).unwrap())
    }

    async fn head(&mut self) -> String {
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            let byte = self.socket.read_u8().await.unwrap();
            head.push(byte);
        }
        String::from_utf8(head).unwrap()
    }

    async fn expect(&mut self, text: &str) {
        let mut bytes = vec![0; text.len()];
        self.socket.read_exact(&mut bytes).await.unwrap();
        assert_eq!(String::from_utf8_lossy(&bytes), text);
    }

    /// Breaks the connection.
    async fn reset(&mut self) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let other = TcpStream::connect(listener.local_addr().unwrap()).await.unwrap();
        self.socket.set_zero_linger().unwrap();
        self.socket = other;
    }

    /// Everything up to the end of the connection.
    async fn rest(&mut self) -> String {
        let mut bytes = Vec::new();
        self.socket.read_to_end(&mut bytes).await.unwrap();
        String::from_utf8(bytes).unwrap()
    }
}

/// Runs both ends until both have ended.
async fn meet<T>(
    times: ClientTimes,
    handler: impl AsyncFn(Result<Head, Refusal>, Body<'_>) -> Outbound,
    client: impl AsyncFnOnce(&mut Client) -> T,
) -> T {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let (socket, accepted) = tokio::join!(TcpStream::connect(address), listener.accept());
    let server = Server::new(times, Clock::standing_at(NOW_MS));
    let (stage, stages) = watch::channel(Stage::Serving);
    let client = async move {
        let mut ours = Client { socket: socket.unwrap(), stage };
        ours.socket.set_nodelay(true).unwrap();
        client(&mut ours).await
    };
    let wire = Wire::new(Socket::Plain(accepted.unwrap().0), times);
    let serving = serve(wire, &server, stages, handler);
    tokio::join!(serving, client).1
}

/// The same with a handler that says what it has understood.
async fn talk<T>(client: impl AsyncFnOnce(&mut Client) -> T) -> T {
    meet(PATIENT, told, client).await
}

/// Answers with method, target and body; `/unread` without reading the body.
async fn told(request: Result<Head, Refusal>, body: Body<'_>) -> Outbound {
    let head = match request {
        Ok(head) => head,
        Err(refusal) => return refuse::render(&refusal, Shape::OpenAi),
    };
    let body = if head.target.path() == "/unread" {
        Bytes::from_static(b"-")
    } else {
        match body.read(BODY_BYTES_MAX, BODY_PACE, |_| Ok(())).await {
            Ok(body) => body,
            Err(refusal) => return refuse::render(&refusal, Shape::OpenAi),
        }
    };
    let text = [format!("{} {} ", head.method, head.target).as_bytes(), body.as_ref()].concat();
    Outbound::whole(StatusCode::OK, "text/plain", text)
}

/// A POST to `/` with these fields and this body.
fn post(fields: &str, body: &str) -> String {
    format!("POST / HTTP/1.1\r\nhost: a\r\n{fields}\r\n{body}")
}

const GET: &str = "GET / HTTP/1.1\r\nhost: a\r\n\r\n";
