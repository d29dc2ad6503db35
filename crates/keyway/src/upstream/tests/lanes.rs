//! Connections: used again, given up, tried once more.

use super::*;
use crate::upstream::limits::JOIN_BYTES_MAX;

async fn hi(lanes: &Lanes, endpoint: &Endpoint) -> Response {
    lanes.send(endpoint, &chat()).await.map_err(|failure| panic!("{failure}")).unwrap()
}

#[tokio::test]
async fn a_request_is_written_as_it_should_be() {
    let mut provider = Provider::start(vec![vec![Act::Read, write(OK)]]).await;
    let endpoint = provider.endpoint().with_header("anthropic-version", "2023-06-01").unwrap();
    let request = Request { headers: &[("x-trace", "1")], query: Some("alt=sse"), ..chat() };
    let response = lanes(limits()).send(&endpoint, &request).await.unwrap();
    assert_eq!(response.headers.len(), 1);
    assert_eq!(response.body.whole(2).await.unwrap(), "hi");
    let host = provider.base_url.trim_start_matches("http://").trim_end_matches("/v1").to_owned();
    let expected = format!(
        "POST /v1/chat/completions?alt=sse HTTP/1.1\r\nhost: {host}\r\nuser-agent: keyway/{}\r\n\
         accept-encoding: identity\r\nanthropic-version: 2023-06-01\r\naccept: application/json\r\n\
         content-type: application/json\r\ncontent-length: 13\r\nx-trace: 1\r\n\
         authorization: Bearer sk-canary\r\n\r\n{{\"model\":\"m\"}}",
        env!("CARGO_PKG_VERSION")
    );
    assert_eq!(provider.next().await, Seen::Request(0, expected));
}

#[tokio::test]
async fn a_get_has_neither_body_nor_its_headers() {
    let mut provider = Provider::start(vec![vec![Act::Read, write(OK)]]).await;
    lanes(limits()).send(&provider.endpoint(), &Request::get("/models")).await.unwrap();
    let Seen::Request(_, text) = provider.next().await else { panic!() };
    assert!(text.starts_with("GET /v1/models HTTP/1.1\r\n") && !text.contains("content-"), "{text}");
}

#[tokio::test]
async fn a_connection_read_to_its_end_is_used_again() {
    let provider = Provider::start(vec![vec![Act::Read, write(OK), Act::Read, write(OK), Act::Hang]]).await;
    let (lanes, endpoint) = (lanes(limits()), provider.endpoint());
    for reused in [false, true] {
        let mut response = hi(&lanes, &endpoint).await;
        assert_eq!(response.reused, reused);
        assert_eq!(response.body.chunk().await.unwrap().unwrap(), "hi");
        // Given back with its last piece, not with the `None` after it.
        assert_eq!(lanes.idle_count(), 1);
        assert!(response.body.chunk().await.is_none());
    }
}

#[tokio::test]
async fn a_connection_is_used_again_by_its_own_lane_alone() {
    let script = || vec![Act::Read, write(OK), Act::Read, write(OK), Act::Hang];
    let provider = Provider::start(vec![script(), script()]).await;
    let lanes = lanes(limits());
    let (one, other) = (provider.endpoint().in_lane("p@a"), provider.endpoint().in_lane("p@b"));
    // The same account, set up anew.
    let again = provider.endpoint().in_lane("p@a");
    for (endpoint, reused) in [(&one, false), (&other, false), (&again, true), (&other, true)] {
        let response = hi(&lanes, endpoint).await;
        assert_eq!(response.reused, reused);
        assert_eq!(response.body.whole(2).await.unwrap(), "hi");
    }
    assert_eq!(lanes.idle_count(), 2);
}

#[tokio::test]
async fn an_idle_connection_closed_by_the_provider_is_not_used() {
    let first = vec![Act::Read, write(OK)];
    let provider = Provider::start(vec![first, vec![Act::Read, write(OK), Act::Hang]]).await;
    let (lanes, endpoint) = (lanes(limits()), provider.endpoint());
    for _ in 0..2 {
        let response = hi(&lanes, &endpoint).await;
        assert!(!response.reused);
        assert_eq!(response.body.whole(2).await.unwrap(), "hi");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

#[tokio::test]
async fn bytes_on_an_idle_connection_rule_it_out() {
    // Two answers to one request: the second must not reach the next one who asks.
    let evil = "HTTP/1.1 200 OK\r\ncontent-length: 4\r\n\r\nevil";
    let first = vec![Act::Read, write(OK), Act::Pause, Act::Pause, write(evil), Act::Hang];
    let provider = Provider::start(vec![first, vec![Act::Read, write(OK), Act::Hang]]).await;
    let (lanes, endpoint) = (lanes(limits()), provider.endpoint());
    for _ in 0..2 {
        assert_eq!(hi(&lanes, &endpoint).await.body.whole(9).await.unwrap(), "hi");
        tokio::time::sleep(Duration::from_millis(30)).await;
    }
}

#[tokio::test]
async fn surplus_bytes_close_the_connection() {
    for surplus in [format!("{OK}{OK}"), format!("{OK}\n")] {
        let first = vec![Act::Read, write(&surplus), Act::AwaitClose];
        let mut provider = Provider::start(vec![first, vec![Act::Read, write(OK), Act::Hang]]).await;
        let (lanes, endpoint) = (lanes(limits()), provider.endpoint());
        assert_eq!(hi(&lanes, &endpoint).await.body.whole(2).await.unwrap(), "hi");
        assert_eq!(lanes.idle_count(), 0);
        assert!(matches!(provider.next().await, Seen::Request(0, _)));
        assert_eq!(provider.next().await, Seen::Closed(0));
        assert!(!hi(&lanes, &endpoint).await.reused);
    }
}

#[tokio::test]
async fn a_stale_connection_is_replaced_once() {
    // The second request is read, and the connection closed without a word.
    let first = vec![Act::Read, write(OK), Act::Read];
    let mut provider = Provider::start(vec![first, vec![Act::Read, write(OK), Act::Hang]]).await;
    let (lanes, endpoint) = (lanes(limits()), provider.endpoint());
    for _ in 0..2 {
        let response = hi(&lanes, &endpoint).await;
        assert!(!response.reused);
        assert_eq!(response.body.whole(2).await.unwrap(), "hi");
    }
    for connection in [0, 0, 1] {
        assert!(matches!(provider.next().await, Seen::Request(on, _) if on == connection));
    }
}

#[tokio::test]
async fn a_fresh_connection_is_never_retried() {
    let mut provider = Provider::start(vec![vec![Act::Read], vec![Act::Read, write(OK)]]).await;
    let failure = lanes(limits()).send(&provider.endpoint(), &chat()).await.err().unwrap();
    assert_eq!(failure, Failure::Closed);
    assert!(failure.may_have_been_sent());
    assert!(matches!(provider.next().await, Seen::Request(0, _)));
    assert!(provider.seen.try_recv().is_err());
}

#[tokio::test]
async fn nothing_is_retried_once_a_byte_has_come() {
    let first = vec![Act::Read, write(OK), Act::Read, write("HTTP/1.1 2")];
    let provider = Provider::start(vec![first, vec![Act::Read, write(OK)]]).await;
    let (lanes, endpoint) = (lanes(limits()), provider.endpoint());
    hi(&lanes, &endpoint).await.body.whole(2).await.unwrap();
    assert_eq!(lanes.send(&endpoint, &chat()).await.err(), Some(Failure::Closed));
}

#[tokio::test]
async fn a_retry_that_cannot_connect_does_not_hide_the_first_attempt() {
    let mut provider = Provider::start(vec![vec![Act::Read, write(OK), Act::Read]]).await;
    let (lanes, endpoint) = (lanes(limits()), provider.endpoint());
    hi(&lanes, &endpoint).await.body.whole(2).await.unwrap();
    assert!(matches!(provider.next().await, Seen::Request(0, _)));
    // The listener is gone with its last script.
    let failure = lanes.send(&endpoint, &chat()).await.err().unwrap();
    assert!(failure.may_have_been_sent(), "{failure}");
}

#[tokio::test]
async fn close_and_http_1_0_are_honoured() {
    for head in
        ["HTTP/1.1 200 OK\r\nconnection: x, Close\r\n", "HTTP/1.0 200 OK\r\nconnection: keep-alive\r\n"]
    {
        let answer = format!("{head}content-length: 2\r\n\r\nhi");
        let provider = Provider::start(vec![vec![Act::Read, write(&answer), Act::Hang]]).await;
        let lanes = lanes(limits());
        assert_eq!(hi(&lanes, &provider.endpoint()).await.body.whole(2).await.unwrap(), "hi");
        assert_eq!(lanes.idle_count(), 0);
    }
}

#[tokio::test]
async fn idle_connections_are_bounded_in_number_and_age() {
    let script = vec![Act::Read, write(OK), Act::Hang];
    let provider = Provider::start(vec![script; 3]).await;
    let clock = Clock::standing_at(0);
    let lanes = Lanes::new(Limits { idle_max: 2, ..limits() }, clock.clone(), Arc::new(Tls::new(None)));
    let endpoint = provider.endpoint();
    let open = [hi(&lanes, &endpoint).await, hi(&lanes, &endpoint).await, hi(&lanes, &endpoint).await];
    for response in open {
        response.body.whole(2).await.unwrap();
    }
    assert_eq!(lanes.idle_count(), 2);
    clock.advance_ms(30_000);
    lanes.sweep();
    assert_eq!(lanes.idle_count(), 2);
    clock.advance_ms(1);
    lanes.sweep();
    assert_eq!(lanes.idle_count(), 0);
}

#[tokio::test]
async fn a_body_dropped_early_closes_the_socket() {
    let begun = "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n2\r\nhi\r\n";
    let mut provider = Provider::start(vec![vec![Act::Read, write(begun), Act::AwaitClose]]).await;
    let lanes = lanes(limits());
    let mut response = hi(&lanes, &provider.endpoint()).await;
    assert_eq!(response.body.chunk().await.unwrap().unwrap(), "hi");
    drop(response);
    assert!(matches!(provider.next().await, Seen::Request(0, _)));
    assert_eq!(provider.next().await, Seen::Closed(0));
    assert_eq!(lanes.idle_count(), 0);
}

#[tokio::test]
async fn a_cancelled_send_closes_the_socket() {
    let mut provider = Provider::start(vec![vec![Act::Read, Act::AwaitClose]]).await;
    let (lanes, endpoint) = (lanes(limits()), provider.endpoint());
    let request = chat();
    tokio::select! {
        _ = lanes.send(&endpoint, &request) => panic!("there is no answer"),
        seen = provider.next() => assert!(matches!(seen, Seen::Request(0, _))),
    }
    assert_eq!(provider.next().await, Seen::Closed(0));
}

#[tokio::test]
async fn an_answer_that_comes_before_the_whole_request_is_heard() {
    let refused = "HTTP/1.1 413 Too Large\r\ncontent-length: 2\r\n\r\nno";
    let provider = Provider::start(vec![vec![Act::Pause, write(refused), Act::Hang]]).await;
    let lanes = lanes(limits());
    let body = Bytes::from(vec![b'x'; 64 << 20]);
    let response = lanes.send(&provider.endpoint(), &Request::post("/files", body)).await.unwrap();
    assert_eq!(response.status, 413);
    assert_eq!(response.body.whole(2).await.unwrap(), "no");
    assert_eq!(lanes.idle_count(), 0);
}

#[tokio::test]
async fn a_large_request_arrives_whole() {
    let mut provider = Provider::start(vec![vec![Act::Read, write(OK)]]).await;
    let body = Bytes::from(vec![b'y'; 3 << 20]);
    let response = lanes(limits()).send(&provider.endpoint(), &Request::post("/files", body)).await.unwrap();
    assert_eq!(response.body.whole(2).await.unwrap(), "hi");
    let Seen::Request(_, text) = provider.next().await else { panic!() };
    let (head, body) = text.split_once("\r\n\r\n").unwrap();
    assert!(
        head.contains("content-length: 3145728")
            && body.len() == 3 << 20
            && body.bytes().all(|byte| byte == b'y')
    );
}

#[tokio::test]
async fn a_request_arrives_whole_whether_it_goes_out_in_one_piece_or_in_three() {
    // Around the largest that is joined, head and credential included.
    let sizes = JOIN_BYTES_MAX - 400..=JOIN_BYTES_MAX;
    let script = sizes.clone().flat_map(|_| [Act::Read, write(OK)]).collect();
    let mut provider = Provider::start(vec![script]).await;
    let (lanes, endpoint) = (lanes(limits()), provider.endpoint());
    for size in sizes {
        let body: String = ('a'..='z').cycle().take(size).collect();
        let request = Request::post("/files", body.clone().into());
        let response = lanes.send(&endpoint, &request).await.unwrap();
        assert_eq!(response.body.whole(2).await.unwrap(), "hi");
        let Seen::Request(_, text) = provider.next().await else { panic!() };
        let (head, came) = text.split_once("\r\n\r\n").unwrap();
        assert!(head.ends_with("authorization: Bearer sk-canary") && came == body, "{size}: {text}");
    }
}

#[tokio::test]
async fn a_closed_port_is_connect() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    drop(listener);
    let endpoint = Endpoint::new(&url, AuthStyle::None, None).unwrap();
    let failure = lanes(limits()).send(&endpoint, &chat()).await.err().unwrap();
    assert_eq!((failure, failure.may_have_been_sent()), (Failure::Connect, false));
}

#[test]
fn lanes_and_bodies_may_move_between_threads() {
    fn is_send<T: Send>() {}
    is_send::<Lanes>();
    is_send::<Body>();
    is_send::<Endpoint>();
}
