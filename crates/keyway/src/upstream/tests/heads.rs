//! Heads: what is refused, skipped and bounded.

use super::*;
use crate::upstream::head::HeadReader;
use bytes::BytesMut;
use proptest::prelude::*;

#[tokio::test]
async fn ambiguous_heads_are_refused() {
    let ok = "HTTP/1.1 200 OK\r\n";
    for head in [
        format!("{ok}transfer-encoding: chunked\r\ncontent-length: 5\r\n"),
        format!("{ok}content-length: 5\r\ntransfer-encoding: chunked\r\n"),
        format!("{ok}content-length: 5\r\ncontent-length: 6\r\n"),
        format!("{ok}content-length: 5, 5\r\n"),
        format!("{ok}content-length: +5\r\n"),
        format!("{ok}content-length: 0x5\r\n"),
        format!("{ok}content-length:\r\n"),
        format!("{ok}content-length: 99999999999999999999\r\n"),
        format!("{ok}transfer-encoding: gzip, chunked\r\n"),
        format!("{ok}transfer-encoding: identity\r\n"),
        format!("{ok}transfer-encoding: chunked\r\ntransfer-encoding: chunked\r\n"),
        format!("{ok}transfer-encoding: \u{b}chunked\r\n"),
        "HTTP/1.0 200 OK\r\ntransfer-encoding: chunked\r\n".to_owned(),
        format!("{ok}x: 1\r\n folded\r\n"),
        format!("{ok}x: 1\rcontent-length: 5\r\n"),
        format!("{ok}x: 1\ncontent-length: 5\r\n"),
        format!("{ok}content-length : 5\r\n"),
        format!("{ok}x: a\0b\r\n"),
        format!("{ok}: 5\r\n"),
        format!("{ok}content-encoding: gzip\r\n"),
        "HTTP/1.1 101 Switching Protocols\r\nupgrade: x\r\n".to_owned(),
        "\r\nHTTP/1.1 200 OK\r\n".to_owned(),
        "HTTP/1.1 2000 OK\r\n".to_owned(),
        "HTTP/1.1 099 OK\r\n".to_owned(),
        "HTTP/2 200 OK\r\n".to_owned(),
        "HTTP/1.2 200 OK\r\n".to_owned(),
        "SSH-2.0-server\r\n".to_owned(),
    ] {
        let got = answer_open(&format!("{head}\r\nhello")).await;
        assert!(matches!(got, Err(Failure::Protocol(_))), "{head:?} gave {got:?}");
    }
}

#[tokio::test]
async fn unusual_but_plain_heads_are_taken() {
    for head in [
        "HTTP/1.1 200\r\ncontent-length: 5\r\n",
        "HTTP/1.1 200 \r\nCONTENT-LENGTH:5\r\ncontent-length: 5 \r\n",
        "HTTP/1.1 200 OK\r\ncontent-length: 5\r\ncontent-encoding: identity\r\nx: \r\n",
        "HTTP/1.1 200 OK\r\ncontent-length: 00000000000000000000005\r\n",
    ] {
        assert_eq!(answer_open(&format!("{head}\r\nhello")).await.unwrap().1, "hello", "{head:?}");
    }
}

#[tokio::test]
async fn repeated_fields_are_all_kept() {
    let text = "HTTP/1.1 429 Slow\r\nx-a: 1\r\nX-A: 2\r\ncontent-length: 0\r\n\r\n";
    let provider = Provider::start(vec![vec![Act::Read, write(text)]]).await;
    let response = lanes(limits()).send(&provider.endpoint(), &chat()).await.unwrap();
    assert_eq!(response.headers.all("x-a").count(), 2);
    assert_eq!(response.body.remaining(), Some(0));
}

#[tokio::test]
async fn interim_responses_are_skipped_up_to_a_bound() {
    let interim = "HTTP/1.1 103 Early Hints\r\nlink: x\r\n\r\n";
    let some = format!("{}{OK}", interim.repeat(limits::INTERIM_MAX));
    assert_eq!(answer_open(&some).await.unwrap().1, "hi");
    let many = format!("{}{OK}", interim.repeat(limits::INTERIM_MAX + 1));
    assert!(matches!(answer_open(&many).await, Err(Failure::Protocol(_))));
}

#[tokio::test]
async fn a_head_is_bounded() {
    let endless = format!("HTTP/1.1 200 OK\r\nx: {}", "y".repeat(limits::RESPONSE_HEAD_BYTES_MAX));
    assert_eq!(answer_open(&endless).await, Err(Failure::TooLarge));
    let complete = format!("{endless}\r\n\r\n");
    assert_eq!(answer_open(&complete).await, Err(Failure::TooLarge));
    let fields = |count: usize| format!("HTTP/1.1 204 None\r\n{}\r\n", "x: y\r\n".repeat(count));
    assert_eq!(answer_open(&fields(limits::RESPONSE_HEADERS_MAX)).await, Ok((204, Bytes::new())));
    assert_eq!(answer_open(&fields(limits::RESPONSE_HEADERS_MAX + 1)).await, Err(Failure::TooLarge));
}

#[tokio::test]
async fn a_head_split_at_every_byte_is_the_same_head() {
    for at in 1..OK.len() {
        let script = vec![Act::Read, write(&OK[..at]), Act::Pause, write(&OK[at..]), Act::Hang];
        assert_eq!(ask(script).await.unwrap().1, "hi", "split at {at}");
    }
}

#[tokio::test]
async fn a_redirect_is_a_status_and_nothing_more() {
    let mut elsewhere = Provider::start(vec![vec![Act::Read]]).await;
    let text = format!("HTTP/1.1 307 Go\r\nlocation: {}/x\r\ncontent-length: 0\r\n\r\n", elsewhere.base_url);
    assert_eq!(answer(&text).await.unwrap().0, 307);
    assert!(elsewhere.seen.try_recv().is_err());
}

/// The status and what is left in the buffer, or the failure; `None` when the head is not complete.
fn read(pieces: &[&[u8]]) -> Option<Result<(u16, usize), Failure>> {
    let (mut reader, mut buf) = (HeadReader::default(), BytesMut::new());
    for piece in pieces {
        buf.extend_from_slice(piece);
        match reader.take(&mut buf, false) {
            Ok(None) => {}
            Ok(Some(head)) => return Some(Ok((head.status, buf.len()))),
            Err(failure) => return Some(Err(failure)),
        }
    }
    None
}

proptest! {
    #[test]
    fn any_division_of_any_bytes_gives_the_same_verdict(
        start in prop::sample::select(vec!["", "HTTP/1.1 200 OK\r\n", "HTTP/1.1 100 Go\r\n\r\n", "HTTP/1.0 204 \r\nx:y"]),
        rest in "([a-z: \r\n\t\u{0}-\u{ff}]|\r\n|\r\n\r\n|content-length: 5|transfer-encoding: chunked){0,12}",
        cut in any::<prop::sample::Index>(),
    ) {
        let bytes = format!("{start}{rest}").into_bytes();
        let (first, second) = bytes.split_at(cut.index(bytes.len() + 1));
        let (whole, split) = (read(&[&bytes]), read(&[first, second]));
        // A complete head that came first leaves less in the buffer, and nothing else differs.
        match (whole, split) {
            (Some(Ok((one, _))), Some(Ok((other, _)))) => prop_assert_eq!(one, other),
            (one, other) => prop_assert_eq!(one, other),
        }
    }
}
