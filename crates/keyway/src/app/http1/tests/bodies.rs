//! Request bodies: framings, limits, leave to send, and bodies that nobody reads.

use super::*;

#[tokio::test]
async fn a_body_may_come_in_any_pieces() {
    let requests = [
        (post("content-length: 5\r\n", "hello"), "POST / hello"),
        (
            post("transfer-encoding: chunked\r\n", "2\r\nhe\r\n3;x=y\r\nllo\r\n0\r\nt: v\r\n\r\n"),
            "POST / hello",
        ),
        (post("transfer-encoding: chunked\r\n", "0\r\n\r\n"), "POST / "),
        (post("content-length: 0\r\n", ""), "POST / "),
        (post("", ""), "POST / "),
    ];
    for (request, expected) in requests {
        talk(async |client| {
            for cut in 1..request.len() {
                client.send(&request[..cut]).await;
                tokio::task::yield_now().await;
                client.send(&request[cut..]).await;
                assert_eq!(client.answer().await.1, expected, "{request:?} at {cut}");
            }
            client.dribble(request.as_bytes()).await;
            assert_eq!(client.answer().await.1, expected, "{request:?}");
        })
        .await;
    }
}

#[tokio::test]
async fn large_bodies_come_whole_and_leave_the_next_request_alone() {
    let body = "0123456789abcdef".repeat(BODY_BYTES_MAX / 16);
    let plain = post(&format!("content-length: {BODY_BYTES_MAX}\r\n"), &body);
    let chunks: String = (0..16).map(|n| format!("4000\r\n{}\r\n", &body[n << 14..(n + 1) << 14])).collect();
    let chunked = post("transfer-encoding: chunked\r\n", &format!("{chunks}0\r\n\r\n"));
    for request in [plain, chunked] {
        talk(async |client| {
            client.send(format!("{request}{GET}")).await;
            assert_eq!(client.answer().await.1, format!("POST / {body}"));
            assert_eq!(client.answer().await.1, "GET / ");
        })
        .await;
    }
}

#[tokio::test]
async fn too_large_a_body_is_refused_before_it_is_read() {
    let told = format!("content-length: {}\r\n", BODY_BYTES_MAX + 1);
    let chunk = format!("{:x}\r\n{}", BODY_BYTES_MAX + 1, "x".repeat(BODY_BYTES_MAX + 1));
    for request in [
        post(&told, ""),
        post(&told, &"x".repeat(BODY_BYTES_MAX + 1)),
        post(&format!("{told}expect: 100-continue\r\n"), ""),
        post("transfer-encoding: chunked\r\n", &chunk),
    ] {
        talk(async |client| {
            client.send(request).await;
            let (head, body) = client.answer().await;
            assert!(head.starts_with("HTTP/1.1 413 ") && head.contains("connection: close\r\n"), "{head}");
            assert!(body.contains("body_too_large"), "{body}");
            assert_eq!(client.rest().await, "");
        })
        .await;
    }
}

#[tokio::test]
async fn a_malformed_body_is_refused() {
    for body in ["x\r\n", "1\na\r\n", "2\r\nabc\r\n", "1;\0\r\n", "0\r\nx: y\n\r\n"] {
        talk(async |client| {
            client.send(post("transfer-encoding: chunked\r\n", body)).await;
            let (head, body) = client.answer().await;
            assert!(head.starts_with("HTTP/1.1 400 ") && head.contains("connection: close\r\n"), "{head}");
            assert!(body.contains("invalid_request"), "{body}");
            assert_eq!(client.rest().await, "");
        })
        .await;
    }
}

#[tokio::test]
async fn leave_to_send_is_given_when_the_body_is_wanted() {
    talk(async |client| {
        client.send(post("content-length: 2\r\nexpect: 100-continue\r\n", "")).await;
        client.expect("HTTP/1.1 100 Continue\r\n\r\n").await;
        client.send("hi").await;
        assert_eq!(client.answer().await.1, "POST / hi");
        // Whoever sends at once is not told to.
        client.send(post("content-length: 2\r\nexpect: 100-continue\r\n", "hi")).await;
        assert_eq!(client.answer().await.1, "POST / hi");
        // There is nothing to send.
        client.send(post("expect: 100-continue\r\n", "")).await;
        assert_eq!(client.answer().await.1, "POST / ");
        // Nobody wants it, and nobody knows whether it will come.
        let unwanted =
            "POST /unread HTTP/1.1\r\nhost: a\r\ncontent-length: 2\r\nexpect: 100-continue\r\n\r\n";
        client.send(unwanted).await;
        let (head, _) = client.answer().await;
        assert!(head.contains("connection: close\r\n"), "{head}");
        assert_eq!(client.rest().await, "");
    })
    .await;
}

#[tokio::test]
async fn an_unread_body_is_no_request() {
    let unread = |fields: &str, body: &str| format!("POST /unread HTTP/1.1\r\nhost: a\r\n{fields}\r\n{body}");
    talk(async |client| {
        // A small one is thrown away, also when it comes late.
        client.send(unread(&format!("content-length: {}\r\n", GET.len()), "")).await;
        assert_eq!(client.answer().await.1, "POST /unread -");
        client.send(format!("{GET}GET /next HTTP/1.1\r\nhost: a\r\n\r\n")).await;
        assert_eq!(client.answer().await.1, "GET /next ");
    })
    .await;
    let large = limits::UNREAD_BYTES_MAX + 1;
    for request in [
        unread(&format!("content-length: {large}\r\n"), GET),
        unread("transfer-encoding: chunked\r\n", "0\r\n\r\n"),
    ] {
        talk(async |client| {
            client.send(request).await;
            let (head, body) = client.answer().await;
            assert!(head.contains("connection: close\r\n"), "{head}");
            assert_eq!(body, "POST /unread -");
            assert_eq!(client.rest().await, "");
        })
        .await;
    }
}

#[tokio::test]
async fn a_body_that_stops_is_not_waited_for() {
    let handler = async |_: Result<Head, Refusal>, body: Body<'_>| {
        let refusal =
            body.read(BODY_BYTES_MAX, Pace { whole: SOON, ..BODY_PACE }, |_| Ok(())).await.unwrap_err();
        refuse::render(&refusal, Shape::OpenAi)
    };
    for request in [
        post("content-length: 5\r\n", "hell"),
        post("transfer-encoding: chunked\r\n", "5\r\nhell"),
        post("content-length: 5\r\n", ""),
    ] {
        meet(PATIENT, handler, async |client| {
            client.send(request).await;
            let (head, body) = client.answer().await;
            assert!(head.starts_with("HTTP/1.1 408 ") && head.contains("connection: close\r\n"), "{head}");
            assert!(body.contains("request_timeout"), "{body}");
            assert_eq!(client.rest().await, "");
        })
        .await;
    }
}

#[tokio::test]
async fn a_body_that_breaks_off_ends_the_connection() {
    for request in
        [post("content-length: 5\r\n", "hell"), post("transfer-encoding: chunked\r\n", "5\r\nhell")]
    {
        talk(async |client| {
            client.send(request).await;
            client.socket.shutdown().await.unwrap();
            assert!(client.rest().await.contains("broke off"));
        })
        .await;
    }
}

#[tokio::test]
async fn a_dribbled_body_has_one_time_limit_for_all_of_it() {
    let handler = async |_: Result<Head, Refusal>, body: Body<'_>| {
        let pace = Pace { whole: Duration::from_millis(60), ..BODY_PACE };
        let refusal = body.read(BODY_BYTES_MAX, pace, |_| Ok(())).await.unwrap_err();
        refuse::render(&refusal, Shape::OpenAi)
    };
    meet(PATIENT, handler, async |client| {
        client.send(post("content-length: 1000\r\n", "")).await;
        for _ in 0..1000 {
            tokio::time::sleep(Duration::from_millis(3)).await;
            if client.socket.write_all(b"x").await.is_err() {
                break;
            }
        }
        let mut bytes = Vec::new();
        let _ = client.socket.read_to_end(&mut bytes).await;
        assert!(bytes.starts_with(b"HTTP/1.1 408 "));
    })
    .await;
}

/// A byte every 3 ms is far below the rate: it is given up, though the time for all of it is long.
#[tokio::test]
async fn a_body_slower_than_its_rate_is_given_up_and_a_faster_one_is_not() {
    let handler = async |_: Result<Head, Refusal>, body: Body<'_>| {
        let pace = Pace { grace: Duration::from_millis(300), bytes_per_second_min: 10 * 1024, ..BODY_PACE };
        match body.read(BODY_BYTES_MAX, pace, |_| Ok(())).await {
            Ok(body) => Outbound::whole(StatusCode::OK, "text/plain", body.len().to_string()),
            Err(refusal) => refuse::render(&refusal, Shape::OpenAi),
        }
    };
    for (bytes, pieces, chunked, status) in
        [(1, 150, false, "408"), (1, 150, true, "408"), (4_000, 100, false, "200"), (4_000, 100, true, "200")]
    {
        meet(PATIENT, handler, async |client| {
            let (fields, piece) = if chunked {
                (
                    "transfer-encoding: chunked\r\n".to_owned(),
                    format!("{bytes:x}\r\n{}\r\n", "x".repeat(bytes)),
                )
            } else {
                (format!("content-length: {}\r\n", pieces * bytes), "x".repeat(bytes))
            };
            client.send(post(&fields, "")).await;
            for _ in 0..pieces {
                tokio::time::sleep(Duration::from_millis(3)).await;
                if client.socket.write_all(piece.as_bytes()).await.is_err() {
                    break;
                }
            }
            if chunked {
                let _ = client.socket.write_all(b"0\r\n\r\n").await;
            }
            let (head, body) = client.answer().await;
            assert!(head.starts_with(&format!("HTTP/1.1 {status} ")), "{bytes}, {chunked}: {head}{body}");
        })
        .await;
    }
}
