//! Bodies: every framing, in every division, whole or cut.

use super::*;

const CHUNKED: &str = "HTTP/1.1 200 OK\r\nTransfer-Encoding: Chunked\r\n\r\n";

#[tokio::test]
async fn a_chunked_answer_survives_a_split_at_every_byte() {
    let text = format!("{CHUNKED}5\r\nhello\r\n00A;q=\"v\"\r\n, provider\r\n1\r\n!\r\n0\r\nx-sum: 1\r\n\r\n");
    for at in 1..text.len() {
        let script = vec![Act::Read, write(&text[..at]), Act::Pause, write(&text[at..]), Act::Hang];
        assert_eq!(ask(script).await, Ok((200, Bytes::from_static(b"hello, provider!"))), "split at {at}");
    }
}

#[tokio::test]
async fn a_chunk_per_byte_and_a_byte_per_write() {
    let mut script = vec![Act::Read, write(CHUNKED)];
    for byte in "data: x\n\n".bytes() {
        for part in ["1", "\r", "\n", &char::from(byte).to_string(), "\r", "\n"] {
            script.extend([write(part), Act::Pause]);
        }
    }
    script.extend([write("0\r\n\r\n"), Act::Hang]);
    assert_eq!(ask(script).await.unwrap().1, "data: x\n\n");
}

#[tokio::test]
async fn what_is_there_is_handed_on_at_once() {
    let script = vec![
        Act::Read,
        write(CHUNKED),
        write("9\r\ndata: a\n\n\r\n9\r\ndata: b\n\n\r\n9\r\ndata"),
        Act::Hang,
    ];
    let provider = Provider::start(vec![script]).await;
    let mut response = lanes(limits()).send(&provider.endpoint(), &chat()).await.unwrap();
    let mut got = Vec::new();
    while got.len() < 22 {
        got.extend_from_slice(&response.body.chunk().await.unwrap().unwrap());
    }
    assert_eq!(got, b"data: a\n\ndata: b\n\ndata");
    assert!(!response.body.is_ended());
}

#[tokio::test]
async fn a_close_before_the_end_is_not_an_end() {
    for text in [
        format!("{CHUNKED}5\r\nhel"),
        format!("{CHUNKED}5\r\nhello\r\n"),
        format!("{CHUNKED}5\r\nhello\r\n0\r\n"),
        "HTTP/1.1 200 OK\r\ncontent-length: 6\r\n\r\nhello".to_owned(),
        "HTTP/1.1 200 OK\r\ncontent-le".to_owned(),
    ] {
        assert_eq!(answer(&text).await, Err(Failure::Closed), "{text}");
    }
}

#[tokio::test]
async fn the_end_of_the_connection_may_be_the_end_of_the_body() {
    let script = vec![Act::Read, write("HTTP/1.1 200 OK\r\n\r\nhel"), Act::Pause, write("lo")];
    assert_eq!(ask(script).await, Ok((200, Bytes::from_static(b"hello"))));
    assert_eq!(answer("HTTP/1.0 200 OK\r\n\r\n").await, Ok((200, Bytes::new())));
}

#[tokio::test]
async fn statuses_without_a_body_end_with_their_head() {
    for head in [
        "HTTP/1.1 204 No Content\r\n\r\n",
        "HTTP/1.1 304 Not Modified\r\ncontent-length: 5\r\n\r\n",
        "HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n",
    ] {
        assert_eq!(answer_open(head).await.unwrap().1, "", "{head}");
    }
    let script = vec![Act::Read, write("HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\n"), Act::Hang];
    let provider = Provider::start(vec![script]).await;
    let request = Request { method: Method::HEAD, ..Request::get("/models") };
    let response = lanes(limits()).send(&provider.endpoint(), &request).await.unwrap();
    assert!(response.body.is_ended());
}

#[tokio::test]
async fn answers_are_bounded() {
    let long = format!("HTTP/1.1 200 OK\r\ncontent-length: 2000\r\n\r\n{}", "x".repeat(2000));
    let endless = format!("{CHUNKED}7d0\r\n{}\r\n", "x".repeat(2000));
    let until_close = format!("HTTP/1.1 200 OK\r\n\r\n{}", "x".repeat(2000));
    for text in [&long, &endless, &until_close] {
        let provider = Provider::start(vec![vec![Act::Read, write(text), Act::Hang]; 2]).await;
        let small = lanes(Limits { answer_bytes_max: 1999, ..limits() });
        let failure = match small.send(&provider.endpoint(), &chat()).await {
            Ok(response) => response.body.whole(1 << 20).await.err(),
            Err(failure) => Some(failure),
        };
        assert_eq!(failure, Some(Failure::TooLarge));
        let response = lanes(limits()).send(&provider.endpoint(), &chat()).await.unwrap();
        assert_eq!(response.body.whole(1999).await.err(), Some(Failure::TooLarge));
    }
}

#[tokio::test]
async fn a_large_answer_arrives_whole() {
    let body = "0123456789abcdef".repeat(1 << 16);
    let by_length = format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n{body}", body.len());
    let chunks: String =
        body.as_bytes().chunks(1000).map(|part| chunk(std::str::from_utf8(part).unwrap())).collect();
    for text in [by_length, format!("{CHUNKED}{chunks}0\r\n\r\n")] {
        assert!(answer_open(&text).await.unwrap().1 == body);
    }
}

fn chunk(part: &str) -> String {
    format!("{:x}\r\n{part}\r\n", part.len())
}

#[tokio::test]
async fn after_a_failure_there_is_no_more() {
    let provider = Provider::start(vec![vec![Act::Read, write(CHUNKED), write("zz\r\n"), Act::Hang]]).await;
    let mut response = lanes(limits()).send(&provider.endpoint(), &chat()).await.unwrap();
    assert_eq!(response.body.chunk().await, Some(Err(Failure::Protocol("chunk size"))));
    assert!(response.body.is_ended());
    assert_eq!(response.body.chunk().await, None);
}
