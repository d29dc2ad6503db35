//! The life of a connection: order, time limits, drain, and clients that leave.

use super::*;
use std::cell::RefCell;
use tokio::sync::oneshot;

#[tokio::test]
async fn pipelined_requests_are_answered_in_order() {
    talk(async |client| {
        let many: String = (0..500)
            .map(|n| format!("POST /{n} HTTP/1.1\r\nhost: a\r\ncontent-length: 2\r\n\r\nhi"))
            .collect();
        client.send(many).await;
        for n in 0..500 {
            assert_eq!(client.answer().await.1, format!("POST /{n} hi"));
        }
    })
    .await;
}

#[tokio::test]
async fn a_stalled_head_is_answered_with_a_timeout() {
    let times = ClientTimes { header: SOON, ..PATIENT };
    for begun in ["G", "GET / HTTP/1.1\r\nhost: a\r\n", "\r"] {
        meet(times, told, async |client| {
            client.send(begun).await;
            let (head, _) = client.answer().await;
            assert!(head.starts_with("HTTP/1.1 408 ") && head.contains("connection: close\r\n"), "{head}");
            assert_eq!(client.rest().await, "");
        })
        .await;
    }
}

#[tokio::test]
async fn a_dribbled_head_has_one_time_limit_for_all_of_it() {
    let times = ClientTimes { header: Duration::from_millis(60), ..PATIENT };
    meet(times, told, async |client| {
        for byte in "GET / HTTP/1.1\r\nhost: a\r\n".repeat(20).bytes() {
            tokio::time::sleep(Duration::from_millis(3)).await;
            if client.socket.write_all(&[byte]).await.is_err() {
                break;
            }
        }
        let mut bytes = Vec::new();
        let _ = client.socket.read_to_end(&mut bytes).await;
        assert!(bytes.starts_with(b"HTTP/1.1 408 "));
    })
    .await;
}

#[tokio::test]
async fn an_idle_connection_is_closed_in_silence() {
    let times = ClientTimes { idle: SOON, ..PATIENT };
    meet(times, told, async |client| assert_eq!(client.rest().await, "")).await;
    meet(times, told, async |client| {
        client.send(GET).await;
        assert_eq!(client.answer().await.1, "GET / ");
        assert_eq!(client.rest().await, "");
    })
    .await;
}

/// A handler that never answers; the client learns when it begins and when it is dropped.
async fn hang<T>(
    client: impl AsyncFnOnce(&mut Client, oneshot::Receiver<()>, oneshot::Receiver<()>) -> T,
) -> T {
    let (begin, begun) = oneshot::channel();
    let (held, dropped) = oneshot::channel::<()>();
    let ends = RefCell::new(Some((begin, held)));
    let handler = async |_: Result<Head, Refusal>, _: Body<'_>| {
        let (begin, _held) = ends.borrow_mut().take().unwrap();
        begin.send(()).unwrap();
        std::future::pending().await
    };
    meet(PATIENT, handler, async |ours| client(ours, begun, dropped).await).await
}

#[tokio::test]
async fn a_client_that_leaves_ends_the_making_of_its_answer() {
    hang(async |client, begun, dropped| {
        client.send(GET).await;
        begun.await.unwrap();
        client.socket.shutdown().await.unwrap();
        assert!(dropped.await.is_err());
    })
    .await;
    // The same with requests sent ahead, and with a body that nobody has read.
    for surplus in [GET.repeat(3), post("content-length: 100\r\n", "x")] {
        hang(async |client, begun, dropped| {
            client.send(format!("{}{surplus}", post("content-length: 2\r\n", "hi"))).await;
            begun.await.unwrap();
            client.socket.shutdown().await.unwrap();
            assert!(dropped.await.is_err());
        })
        .await;
    }
}

/// A handler that answers when it is told to.
async fn held<T>(client: impl AsyncFnOnce(&mut Client, oneshot::Sender<()>) -> T) -> T {
    let (go, gone) = oneshot::channel::<()>();
    let gone = RefCell::new(Some(gone));
    let handler = async |request: Result<Head, Refusal>, body: Body<'_>| {
        let wait = gone.borrow_mut().take();
        if let Some(wait) = wait {
            wait.await.unwrap();
        }
        told(request, body).await
    };
    meet(PATIENT, handler, async |ours| client(ours, go).await).await
}

#[tokio::test]
async fn what_is_sent_ahead_is_bounded() {
    held(async |client, go| {
        client.send(GET).await;
        // More than the sockets' own buffers hold: it does not go through.
        let flood = vec![b'x'; 64 << 20];
        let sending = client.socket.write_all(&flood);
        let sent = tokio::time::timeout(Duration::from_millis(300), sending).await;
        assert!(sent.is_err());
        go.send(()).unwrap();
        assert_eq!(client.answer().await.1, "GET / ");
        assert!(client.answer().await.0.starts_with("HTTP/1.1 431 "));
    })
    .await;
}

#[tokio::test]
async fn draining_closes_idle_connections_and_lets_busy_ones_finish() {
    talk(async |client| {
        client.send(GET).await;
        assert_eq!(client.answer().await.1, "GET / ");
        client.stage.send_replace(Stage::Closing);
        assert_eq!(client.rest().await, "");
    })
    .await;
    talk(async |client| {
        client.send("GET / HTTP/1.1\r\n").await;
        tokio::time::sleep(SOON).await;
        client.stage.send_replace(Stage::Closing);
        client.send("host: a\r\n\r\n").await;
        let (head, body) = client.answer().await;
        assert!(head.contains("connection: close\r\n"), "{head}");
        assert_eq!((body.as_str(), client.rest().await.as_str()), ("GET / ", ""));
    })
    .await;
    held(async |client, go| {
        client.send(GET).await;
        client.stage.send_replace(Stage::Closing);
        go.send(()).unwrap();
        let (head, body) = client.answer().await;
        assert!(head.contains("connection: close\r\n"), "{head}");
        assert_eq!((body.as_str(), client.rest().await.as_str()), ("GET / ", ""));
    })
    .await;
}

/// It may have been accepted a moment ago, and its request may be on its way.
#[tokio::test]
async fn draining_waits_a_little_for_the_first_request_of_a_connection() {
    talk(async |client| {
        client.stage.send_replace(Stage::Closing);
        tokio::time::sleep(SOON).await;
        client.send(GET).await;
        let (head, body) = client.answer().await;
        assert!(head.contains("connection: close\r\n"), "{head}");
        assert_eq!((body.as_str(), client.rest().await.as_str()), ("GET / ", ""));
    })
    .await;
    talk(async |client| {
        client.stage.send_replace(Stage::Closing);
        assert_eq!(client.rest().await, "");
    })
    .await;
}

#[tokio::test]
async fn a_client_that_still_sends_sees_its_refusal() {
    talk(async |client| {
        let head = format!("POST / HTTP/1.1\r\nhost: a\r\ncontent-length: {}\r\n\r\n", 8 << 20);
        client.send(head).await;
        client.send(vec![b'x'; 8 << 20]).await;
        let (head, _) = client.answer().await;
        assert!(head.starts_with("HTTP/1.1 413 "), "{head}");
        assert_eq!(client.rest().await, "");
    })
    .await;
}

#[tokio::test]
async fn an_end_between_requests_or_in_a_head_ends_the_connection() {
    for begun in ["", "GET / HT", "GET / HTTP/1.1\r\nhost: a\r\n\r"] {
        talk(async |client| {
            client.send(begun).await;
            client.socket.shutdown().await.unwrap();
            assert_eq!(client.rest().await, "");
        })
        .await;
    }
}
