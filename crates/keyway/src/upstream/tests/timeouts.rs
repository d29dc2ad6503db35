//! Providers that stall, at every place where they can.

use super::*;

const SOON_MS: u64 = 40;

#[tokio::test]
async fn no_head() {
    for begun in ["", "HTTP/1.1 200 OK\r\n", "HTTP/1.1 103 Hints\r\n\r\n"] {
        let provider = Provider::start(vec![vec![Act::Read, write(begun), Act::Hang]]).await;
        let lanes = lanes(Limits { first_byte_ms: SOON_MS, ..limits() });
        let failure = lanes.send(&provider.endpoint(), &chat()).await.err().unwrap();
        assert_eq!(failure, Failure::FirstByteTimeout);
        assert!(failure.may_have_been_sent() && failure.is_timeout());
    }
}

#[tokio::test]
async fn a_dribbled_head_does_not_move_the_deadline() {
    let mut script = vec![Act::Read, write("HTTP/1.1 200 OK\r\nx: ")];
    script.extend(vec![[write("y"), Act::Pause]; 2000].into_iter().flatten());
    let provider = Provider::start(vec![script]).await;
    let lanes = lanes(Limits { first_byte_ms: SOON_MS, ..limits() });
    assert_eq!(lanes.send(&provider.endpoint(), &chat()).await.err(), Some(Failure::FirstByteTimeout));
}

#[tokio::test]
async fn no_more_body() {
    for begun in ["content-length: 9\r\n\r\nhi", "transfer-encoding: chunked\r\n\r\n2\r\nhi\r\n", "\r\nhi"] {
        let text = format!("HTTP/1.1 200 OK\r\n{begun}");
        let provider = Provider::start(vec![vec![Act::Read, write(&text), Act::Hang]]).await;
        let lanes = lanes(Limits { idle_ms: SOON_MS, ..limits() });
        let mut response = lanes.send(&provider.endpoint(), &chat()).await.unwrap();
        assert_eq!(response.body.chunk().await, Some(Ok(Bytes::from_static(b"hi"))));
        assert_eq!(response.body.chunk().await, Some(Err(Failure::IdleTimeout)));
        assert_eq!(response.body.chunk().await, None);
    }
}

#[tokio::test]
async fn a_slow_reader_is_not_an_idle_provider() {
    let script =
        vec![Act::Read, write("HTTP/1.1 200 OK\r\ncontent-length: 4\r\n\r\nhi"), Act::Pause, write("ho")];
    let provider = Provider::start(vec![script]).await;
    let lanes = lanes(Limits { idle_ms: SOON_MS, ..limits() });
    let mut response = lanes.send(&provider.endpoint(), &chat()).await.unwrap();
    assert_eq!(response.body.chunk().await, Some(Ok(Bytes::from_static(b"hi"))));
    tokio::time::sleep(Duration::from_millis(3 * SOON_MS)).await;
    assert_eq!(response.body.chunk().await, Some(Ok(Bytes::from_static(b"ho"))));
}

#[tokio::test]
async fn each_piece_moves_the_idle_deadline() {
    // Together far longer than the idle time, and no silence as long as that.
    let mut script = vec![Act::Read, write("HTTP/1.1 200 OK\r\ncontent-length: 25\r\n\r\n")];
    for _ in 0..25 {
        script.push(write("x"));
        script.extend(vec![Act::Pause; 10]);
    }
    let provider = Provider::start(vec![script]).await;
    let lanes = lanes(Limits { idle_ms: 400, ..limits() });
    let response = lanes.send(&provider.endpoint(), &chat()).await.unwrap();
    assert_eq!(response.body.whole(25).await.unwrap().len(), 25);
}

#[tokio::test]
async fn a_request_that_nobody_reads() {
    let provider = Provider::start(vec![vec![Act::Hang]]).await;
    let lanes = lanes(Limits { write_ms: SOON_MS, ..limits() });
    let request = Request::post("/files", Bytes::from(vec![b'x'; 64 << 20]));
    let failure = lanes.send(&provider.endpoint(), &request).await.err().unwrap();
    assert_eq!((failure, failure.may_have_been_sent()), (Failure::WriteTimeout, true));
}

#[tokio::test]
async fn a_handshake_that_nobody_answers() {
    let provider = Provider::start(vec![vec![Act::Hang]]).await;
    let url = provider.base_url.replace("http://", "https://");
    let endpoint = Endpoint::new(&url, AuthStyle::None, None).unwrap();
    let lanes = lanes(Limits { connect_ms: SOON_MS, ..limits() });
    let failure = lanes.send(&endpoint, &chat()).await.err().unwrap();
    assert_eq!((failure, failure.may_have_been_sent()), (Failure::ConnectTimeout, false));
}

#[tokio::test]
async fn a_timer_left_over_from_one_request_does_not_hit_the_next() {
    // The first request arms a timer; the second one outlives that moment without being late itself.
    let text = "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n";
    let slow = [Act::Read, Act::Pause, write(text), Act::Pause, write("hi")];
    let later = vec![Act::Pause; 120];
    let script = [&slow[..], &[Act::Read], &later, &[write(OK), Act::Hang]].concat();
    let provider = Provider::start(vec![script]).await;
    let (lanes, endpoint) = (lanes(Limits { idle_ms: 200, ..limits() }), provider.endpoint());
    for reused in [false, true] {
        let response = lanes.send(&endpoint, &chat()).await.unwrap();
        assert_eq!(response.reused, reused);
        assert_eq!(response.body.whole(2).await.unwrap(), "hi");
    }
}
