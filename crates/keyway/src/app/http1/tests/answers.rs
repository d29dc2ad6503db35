//! How answers are written.

use super::*;

#[tokio::test]
async fn an_answer_to_the_byte() {
    talk(async |client| {
        client.send(GET).await;
        client
            .expect(
                "HTTP/1.1 200 OK\r\ncontent-type: text/plain\r\ncontent-length: 6\r\n\
                 date: Sun, 06 Nov 1994 08:49:37 GMT\r\n\r\nGET / ",
            )
            .await;
    })
    .await;
}

#[tokio::test]
async fn fields_about_the_connection_are_ours() {
    let handler = async |_: Result<Head, Refusal>, _: Body<'_>| {
        let mut answer = Outbound::whole(StatusCode::CREATED, "text/plain", "x");
        answer.set("etag", "y");
        answer.close = true;
        answer
    };
    meet(PATIENT, handler, async |client| {
        client.send(GET).await;
        let (head, body) = client.answer().await;
        assert_eq!(
            head,
            "HTTP/1.1 201 Created\r\ncontent-type: text/plain\r\netag: y\r\ncontent-length: 1\r\n\
             connection: close\r\ndate: Sun, 06 Nov 1994 08:49:37 GMT\r\n\r\n"
        );
        assert_eq!((body.as_str(), client.rest().await.as_str()), ("x", ""));
    })
    .await;
}

#[tokio::test]
async fn a_refused_head_is_answered_and_the_connection_closed() {
    talk(async |client| {
        client.send(format!("GET / HTTP/1.1\r\n\r\n{GET}")).await;
        let (head, body) = client.answer().await;
        assert!(head.starts_with("HTTP/1.1 400 Bad Request\r\n"), "{head}");
        assert!(head.contains("connection: close\r\n"), "{head}");
        let error: serde_json::Value = serde_json::from_str(&body).unwrap();
        assert_eq!(error["error"]["code"], "invalid_request");
        assert_eq!(client.rest().await, "");
    })
    .await;
}

#[tokio::test]
async fn keeping_and_closing() {
    let table = [
        ("GET / HTTP/1.1\r\nhost: a\r\n\r\n", None, true),
        ("GET / HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n", Some("close"), false),
        ("GET / HTTP/1.0\r\n\r\n", Some("close"), false),
        ("GET / HTTP/1.0\r\nconnection: keep-alive\r\n\r\n", Some("keep-alive"), true),
    ];
    for (request, connection, kept) in table {
        talk(async |client| {
            client.send(request).await;
            let (head, _) = client.answer().await;
            let told = head.lines().find_map(|line| line.strip_prefix("connection: "));
            assert_eq!(told, connection, "{request:?}");
            if kept {
                client.send(GET).await;
                assert_eq!(client.answer().await.1, "GET / ");
            } else {
                assert_eq!(client.rest().await, "");
            }
        })
        .await;
    }
}

#[tokio::test]
async fn no_body_where_none_may_be() {
    let handler = async |request: Result<Head, Refusal>, _: Body<'_>| {
        let status = match request.unwrap().target.path() {
            "/204" => StatusCode::NO_CONTENT,
            "/304" => StatusCode::NOT_MODIFIED,
            _ => StatusCode::OK,
        };
        Outbound::whole(status, "text/plain", "body")
    };
    meet(PATIENT, handler, async |client| {
        client.send("HEAD / HTTP/1.1\r\nhost: a\r\n\r\n").await;
        assert!(client.head().await.contains("content-length: 4\r\n"));
        for path in ["/204", "/304"] {
            client.send(format!("GET {path} HTTP/1.1\r\nhost: a\r\n\r\n")).await;
            assert!(!client.head().await.contains("content-length"));
        }
        client.send(GET).await;
        assert_eq!(client.answer().await.1, "body");
    })
    .await;
}

#[tokio::test]
async fn an_answer_larger_than_the_socket_takes() {
    const BYTES: usize = 16 << 20;
    let handler = async |_: Result<Head, Refusal>, _: Body<'_>| {
        Outbound::whole(StatusCode::OK, "text/plain", "x".repeat(BYTES))
    };
    meet(PATIENT, handler, async |client| {
        client.send(GET).await;
        assert_eq!(client.answer().await.1.len(), BYTES);
    })
    .await;
}

#[tokio::test]
async fn a_client_that_takes_nothing_is_given_up() {
    let times = ClientTimes { write_stall: SOON, ..PATIENT };
    let handler = async |_: Result<Head, Refusal>, _: Body<'_>| Outbound {
        status: StatusCode::OK,
        headers: Lines::new(),
        close: false,
        body: OutBody::Whole(Bytes::from(vec![b'x'; 64 << 20])),
    };
    let (done, given_up) = tokio::sync::oneshot::channel();
    let serving = async {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let socket = TcpStream::connect(listener.local_addr().unwrap()).await.unwrap();
        let accepted = listener.accept().await.unwrap().0;
        let mut client = socket;
        client.write_all(GET.as_bytes()).await.unwrap();
        let (_stage, stages) = watch::channel(Stage::Serving);
        let server = Server::new(times, Clock::standing_at(NOW_MS));
        let wire = Wire::new(Socket::Plain(accepted), server.times);
        serve(wire, &server, stages, handler).await;
        // Only now is the client's end dropped.
        drop(client);
        done.send(()).unwrap();
    };
    let (_, ended) = tokio::join!(serving, given_up);
    ended.unwrap();
}
