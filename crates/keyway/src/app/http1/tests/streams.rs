//! Streamed answers: framing, ends, and clients that leave.

use super::*;
use crate::relay::Frames;
use crate::relay::exchange::CutOff;
use std::cell::RefCell;
use std::task::{Context, Poll};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

/// A stream of what is sent to it.
struct Piped(UnboundedReceiver<Result<&'static str, CutOff>>);

impl Frames for Piped {
    fn poll_frame(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<Bytes, CutOff>>> {
        self.0
            .poll_recv(cx)
            .map(|piece| piece.map(|piece| piece.map(|text| Bytes::from_static(text.as_bytes()))))
    }
}

type Source = UnboundedSender<Result<&'static str, CutOff>>;

/// One streamed answer; the client gets the end that feeds it.
async fn stream<T>(client: impl AsyncFnOnce(&mut Client, Source) -> T) -> T {
    let (source, piped) = unbounded_channel();
    let piped = RefCell::new(Some(piped));
    let handler = async |request: Result<Head, Refusal>, body: Body<'_>| {
        let Some(piped) = piped.borrow_mut().take() else {
            return told(request, body).await;
        };
        let mut answer = Outbound::whole(StatusCode::OK, "text/event-stream", "");
        answer.body = OutBody::Stream(Box::new(Piped(piped)));
        answer
    };
    meet(PATIENT, handler, async |ours| client(ours, source).await).await
}

#[tokio::test]
async fn pieces_that_are_ready_go_out_as_one_chunk() {
    stream(async |client, source| {
        for piece in ["ab", "", "cde"] {
            source.send(Ok(piece)).unwrap();
        }
        client.send(GET).await;
        let head = client.head().await;
        assert!(head.contains("transfer-encoding: chunked\r\n"), "{head}");
        assert!(!head.contains("content-length"), "{head}");
        client.expect("5\r\nabcde\r\n").await;
        source.send(Ok("f")).unwrap();
        client.expect("1\r\nf\r\n").await;
        drop(source);
        client.expect("0\r\n\r\n").await;
        // The connection is as good as before.
        client.send(GET).await;
        assert_eq!(client.answer().await.1, "GET / ");
    })
    .await;
}

#[tokio::test]
async fn the_head_does_not_wait_for_the_first_piece() {
    stream(async |client, source| {
        client.send(GET).await;
        client.head().await;
        source.send(Ok("x")).unwrap();
        drop(source);
        client.expect("1\r\nx\r\n").await;
        client.expect("0\r\n\r\n").await;
    })
    .await;
}

#[tokio::test]
async fn a_stream_that_is_all_there_goes_out_with_its_end() {
    stream(async |client, source| {
        source.send(Ok("0123456789abcdef0")).unwrap();
        drop(source);
        client.send(GET.replace("\r\n\r\n", "\r\nconnection: close\r\n\r\n")).await;
        let head = client.head().await;
        assert!(head.contains("connection: close\r\n"), "{head}");
        assert_eq!(client.rest().await, "11\r\n0123456789abcdef0\r\n0\r\n\r\n");
    })
    .await;
}

#[tokio::test]
async fn many_pieces_are_written_in_bounded_gathers() {
    let count = limits::GATHER_PIECES_MAX * 3 + 1;
    stream(async |client, source| {
        for _ in 0..count {
            source.send(Ok("x")).unwrap();
        }
        drop(source);
        client.send(GET).await;
        client.head().await;
        let full =
            format!("{:x}\r\n{}\r\n", limits::GATHER_PIECES_MAX, "x".repeat(limits::GATHER_PIECES_MAX));
        client.expect(&full.repeat(3)).await;
        client.expect("1\r\nx\r\n0\r\n\r\n").await;
    })
    .await;
}

#[tokio::test]
async fn a_cut_stream_has_no_last_chunk() {
    stream(async |client, source| {
        source.send(Ok("ab")).unwrap();
        source.send(Err(CutOff)).unwrap();
        client.send(GET).await;
        client.head().await;
        assert_eq!(client.rest().await, "2\r\nab\r\n");
    })
    .await;
}

#[tokio::test]
async fn http_1_0_reads_until_the_end() {
    stream(async |client, source| {
        client.send("GET / HTTP/1.0\r\nconnection: keep-alive\r\n\r\n").await;
        let head = client.head().await;
        assert!(head.contains("connection: close\r\n"), "{head}");
        assert!(!head.contains("transfer-encoding"), "{head}");
        source.send(Ok("ab")).unwrap();
        client.expect("ab").await;
        source.send(Ok("c")).unwrap();
        drop(source);
        assert_eq!(client.rest().await, "c");
    })
    .await;
    // There, only a reset tells a cut stream from a whole one.
    stream(async |client, source| {
        client.send("GET / HTTP/1.0\r\n\r\n").await;
        client.head().await;
        source.send(Err(CutOff)).unwrap();
        let error = client.socket.read_u8().await.unwrap_err();
        assert_eq!(error.kind(), std::io::ErrorKind::ConnectionReset);
    })
    .await;
}

#[tokio::test]
async fn a_head_request_gets_no_stream() {
    stream(async |client, source| {
        client.send("HEAD / HTTP/1.1\r\nhost: a\r\n\r\n").await;
        client.head().await;
        source.closed().await;
        client.send(GET).await;
        assert_eq!(client.answer().await.1, "GET / ");
    })
    .await;
}

#[tokio::test]
async fn a_client_that_leaves_ends_the_stream() {
    for half in [true, false] {
        stream(async |client, source| {
            client.send(GET).await;
            client.head().await;
            source.send(Ok("ab")).unwrap();
            client.expect("2\r\nab\r\n").await;
            if half {
                client.socket.shutdown().await.unwrap();
            } else {
                client.reset().await;
            }
            source.closed().await;
        })
        .await;
    }
}

#[tokio::test]
async fn requests_sent_ahead_wait_for_the_end_of_the_stream() {
    stream(async |client, source| {
        client.send(format!("{GET}{GET}")).await;
        client.head().await;
        source.send(Ok("ab")).unwrap();
        client.expect("2\r\nab\r\n").await;
        client.send("GET /third HTTP/1.1\r\nhost: a\r\n\r\n").await;
        drop(source);
        client.expect("0\r\n\r\n").await;
        assert_eq!(client.answer().await.1, "GET / ");
        assert_eq!(client.answer().await.1, "GET /third ");
    })
    .await;
}
