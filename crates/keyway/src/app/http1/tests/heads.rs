//! Golden table of heads: what is understood, and how each of the others is refused.

use crate::app::http1::head::{Framing, Head, HeadReader};
use crate::app::http1::limits::{HEAD_BYTES_MAX, HEADERS_MAX, REQUEST_LINE_BYTES_MAX};
use crate::base::{Code, Refusal};
use bytes::BytesMut;
use http::Version;
use proptest::prelude::*;

/// Reads a head that is all there; `None` when more is waited for.
fn read(bytes: &[u8]) -> Result<Option<Head>, Refusal> {
    HeadReader::default().take(&mut BytesMut::from(bytes))
}

/// A head in one line: target, framing, and what it asks of the connection.
fn shown(head: &Head) -> String {
    let framing = match head.framing {
        Framing::Length(length) => length.to_string(),
        Framing::Chunked => "chunked".to_owned(),
    };
    let mut text = format!("{} {} {framing}", head.method, head.target);
    for (on, word) in [
        (head.version == Version::HTTP_10, " 1.0"),
        (head.keep_alive, " keep"),
        (head.expect_continue, " expect"),
    ] {
        text.push_str(if on { word } else { "" });
    }
    text
}

#[test]
fn good_heads() {
    let table = [
        ("GET / HTTP/1.1\r\nHost: a\r\n\r\n", "GET / 0 keep"),
        ("\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n", "GET / 0 keep"),
        (
            "GET /v1/models?limit=2&a[]=b HTTP/1.1\r\nhost: a.b:8080\r\n\r\n",
            "GET /v1/models?limit=2&a[]=b 0 keep",
        ),
        ("GET /a//b/../%2e%2F;x=1 HTTP/1.1\r\nhost: a\r\n\r\n", "GET /a//b/../%2e%2F;x=1 0 keep"),
        ("GET //a HTTP/1.1\r\nhost: a\r\n\r\n", "GET //a 0 keep"),
        ("GET / HTTP/1.1\r\nhost: [::1]:8080\r\n\r\n", "GET / 0 keep"),
        ("GET / HTTP/1.1\r\nhost:127.0.0.1\r\n\r\n", "GET / 0 keep"),
        ("GET / HTTP/1.1\r\nhost: \t a \t \r\n\r\n", "GET / 0 keep"),
        ("GET http://a:1/x?y HTTP/1.1\r\nhost: A:1\r\n\r\n", "GET /x?y 0 keep"),
        ("GET HTTPS://a HTTP/1.1\r\nhost: a\r\n\r\n", "GET / 0 keep"),
        ("get / HTTP/1.1\r\nhost: a\r\n\r\n", "get / 0 keep"),
        ("BREW / HTTP/1.1\r\nhost: a\r\n\r\n", "BREW / 0 keep"),
        ("GET / HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n", "GET / 0"),
        ("GET / HTTP/1.1\r\nhost: a\r\nconnection: TE, Close\r\n\r\n", "GET / 0"),
        ("GET / HTTP/1.1\r\nhost: a\r\nconnection: upgrade\r\nupgrade: h2c\r\n\r\n", "GET / 0 keep"),
        ("GET / HTTP/1.0\r\n\r\n", "GET / 0 1.0"),
        ("GET / HTTP/1.0\r\nconnection: Keep-Alive\r\n\r\n", "GET / 0 1.0 keep"),
        ("GET / HTTP/1.0\r\nconnection: keep-alive, close\r\n\r\n", "GET / 0 1.0"),
        ("POST / HTTP/1.0\r\ncontent-length: 5\r\nexpect: 100-continue\r\n\r\n", "POST / 5 1.0"),
        ("POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 0\r\n\r\n", "POST / 0 keep"),
        ("POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 17\r\n\r\n", "POST / 17 keep"),
        ("GET / HTTP/1.1\r\nhost: a\r\ncontent-length: 17\r\n\r\n", "GET / 17 keep"),
        (
            "POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 18446744073709551615\r\n\r\n",
            "POST / 18446744073709551615 keep",
        ),
        ("POST / HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked\r\n\r\n", "POST / chunked keep"),
        (
            "POST / HTTP/1.1\r\nhost: a\r\nexpect: 100-Continue\r\ncontent-length: 2\r\n\r\n",
            "POST / 2 keep expect",
        ),
        ("GET / HTTP/1.1\r\nhost: a\r\nx:\r\ny: \r\n\r\n", "GET / 0 keep"),
        ("GET / HTTP/1.1\r\nhost: a\r\nx: \u{e9}\tz\r\n\r\n", "GET / 0 keep"),
        ("GET / HTTP/1.1\r\nhost: a\r\naccept: b\r\naccept: c\r\n\r\n", "GET / 0 keep"),
        ("GET / HTTP/1.1\r\nhost: a\r\nauthorization: Bearer k\r\n\r\n", "GET / 0 keep"),
    ];
    for (text, expected) in table {
        let head = read(text.as_bytes()).unwrap().expect(text);
        assert_eq!(shown(&head), expected, "{text:?}");
    }
}

/// Heads by the reason for which they are refused.
const BAD: &[(&str, &[&str])] = &[
    (
        "not an HTTP/1.1 request",
        &[
            "\r\n\r\nGET / HTTP/1.1\r\nhost: a\r\n\r\n",
            "\nGET / HTTP/1.1\r\nhost: a\r\n\r\n",
            " GET / HTTP/1.1\r\nhost: a\r\n\r\n",
            "\0",
            "\u{16}\u{3}\u{1}\u{2}",
            "\rG",
        ],
    ),
    (
        "without a carriage return",
        &[
            "GET / HTTP/1.1\nhost: a\n\n",
            "GET / HTTP/1.1\r\nhost: a\n\r\n",
            "GET / HTTP/1.1\r\nhost: a\r\n\n",
            "GET / HTTP/1.1\r\nx: a\nhost: a\r\n\r\n",
        ],
    ),
    (
        "request line is malformed",
        &[
            "GET\r\n\r\n",
            "GET /\r\n\r\n",
            "GET  / HTTP/1.1\r\nhost: a\r\n\r\n",
            "GET\t/ HTTP/1.1\r\nhost: a\r\n\r\n",
            "GET /\u{1}b HTTP/1.1\r\nhost: a\r\n\r\n",
            "G(T / HTTP/1.1\r\nhost: a\r\n\r\n",
        ],
    ),
    (
        "HTTP version",
        &[
            "GET / a HTTP/1.1\r\nhost: a\r\n\r\n",
            "GET /  HTTP/1.1\r\nhost: a\r\n\r\n",
            "GET / HTTP/1.2\r\nhost: a\r\n\r\n",
            "GET / HTTP/0.9\r\nhost: a\r\n\r\n",
            "GET / HTTP/2.0\r\nhost: a\r\n\r\n",
            "GET / http/1.1\r\nhost: a\r\n\r\n",
            "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
        ],
    ),
    ("head is malformed", &["GET / HTTP/1.1 \r\nhost: a\r\n\r\n"]),
    (
        "malformed name",
        &[
            "GET / HTTP/1.1\r\nhost : a\r\n\r\n",
            "GET / HTTP/1.1\r\nhost: a\r\nx\r\n\r\n",
            "GET / HTTP/1.1\r\nhost: a\r\n: x\r\n\r\n",
            "GET / HTTP/1.1\r\nhost: a\r\nx y: z\r\n\r\n",
            "GET / HTTP/1.1\r\nhost: a\r\n folded: z\r\n\r\n",
            "GET / HTTP/1.1\r\nhost: a\r\nx: y\r\n\tz\r\n\r\n",
            "GET / HTTP/1.1\r\nhost: a\r\nx\0: z\r\n\r\n",
            "GET / HTTP/1.1\r\nhost: a\r\n\u{e9}: z\r\n\r\n",
            "GET / HTTP/1.1\r\n host: a\r\n\r\n",
        ],
    ),
    (
        "malformed value",
        &[
            "GET / HTTP/1.1\r\nhost: a\r\nx: y\0z\r\n\r\n",
            "GET / HTTP/1.1\r\nhost: a\r\nx: y\rz\r\n\r\n",
            "GET / HTTP/1.1\r\nhost: a\r\nx: \u{b}\r\n\r\n",
            "GET / HTTP/1.1\r\nhost: a\r\nx: y\u{7f}\r\n\r\n",
            "GET / HTTP/1.1\r\nhost: a\r\nx: y\r\r\n\r\n",
        ],
    ),
    ("no Host", &["GET / HTTP/1.1\r\n\r\n", "GET / HTTP/1.1\r\nx: y\r\n\r\n"]),
    (
        "more than one Host",
        &["GET / HTTP/1.1\r\nhost: a\r\nhost: a\r\n\r\n", "GET / HTTP/1.0\r\nhost: a\r\nHOST: b\r\n\r\n"],
    ),
    (
        "Host header is malformed",
        &[
            "GET / HTTP/1.1\r\nhost:\r\n\r\n",
            "GET / HTTP/1.1\r\nhost: a b\r\n\r\n",
            "GET / HTTP/1.1\r\nhost: a@b\r\n\r\n",
            "GET / HTTP/1.1\r\nhost: a, b\r\n\r\n",
            "GET / HTTP/1.1\r\nhost: a/b\r\n\r\n",
            "GET / HTTP/1.1\r\nhost: a:b\r\n\r\n",
            "GET / HTTP/1.1\r\nhost: a:\r\n\r\n",
            "GET / HTTP/1.1\r\nhost: a:1:2\r\n\r\n",
            "GET / HTTP/1.1\r\nhost: :1\r\n\r\n",
            "GET / HTTP/1.1\r\nhost: [::1\r\n\r\n",
            "GET / HTTP/1.1\r\nhost: []\r\n\r\n",
            "GET / HTTP/1.1\r\nhost: [::1]x\r\n\r\n",
            "GET / HTTP/1.1\r\nhost: \u{e9}\r\n\r\n",
        ],
    ),
    (
        "neither a path nor a URL",
        &[
            "OPTIONS * HTTP/1.1\r\nhost: a\r\n\r\n",
            "CONNECT a:443 HTTP/1.1\r\nhost: a:443\r\n\r\n",
            "GET a/b HTTP/1.1\r\nhost: a\r\n\r\n",
            "GET ?x HTTP/1.1\r\nhost: a\r\n\r\n",
            "GET ftp://a/ HTTP/1.1\r\nhost: a\r\n\r\n",
        ],
    ),
    (
        "another host",
        &[
            "GET http://b/ HTTP/1.1\r\nhost: a\r\n\r\n",
            "GET http://a:80/ HTTP/1.1\r\nhost: a\r\n\r\n",
            "GET http://u@a/ HTTP/1.1\r\nhost: a\r\n\r\n",
            "GET http:/// HTTP/1.1\r\nhost: a\r\n\r\n",
            "GET http://a/ HTTP/1.0\r\n\r\n",
        ],
    ),
    ("target has no path", &["GET http://a?x HTTP/1.1\r\nhost: a\r\n\r\n"]),
    (
        "must be encoded",
        &[
            "GET /a#b HTTP/1.1\r\nhost: a\r\n\r\n",
            "GET /a\\b HTTP/1.1\r\nhost: a\r\n\r\n",
            "GET /\u{e9} HTTP/1.1\r\nhost: a\r\n\r\n",
        ],
    ),
    ("target is malformed", &["GET /a<b HTTP/1.1\r\nhost: a\r\n\r\n"]),
    (
        "both Transfer-Encoding and Content-Length",
        &[
            "POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 3\r\ntransfer-encoding: chunked\r\n\r\n",
            "POST / HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked\r\ncontent-length: 0\r\n\r\n",
        ],
    ),
    (
        "one `chunked`",
        &[
            "POST / HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked\r\ntransfer-encoding: chunked\r\n\r\n",
            "POST / HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked, chunked\r\n\r\n",
            "POST / HTTP/1.1\r\nhost: a\r\ntransfer-encoding: gzip, chunked\r\n\r\n",
            "POST / HTTP/1.1\r\nhost: a\r\ntransfer-encoding: identity\r\n\r\n",
            "POST / HTTP/1.1\r\nhost: a\r\ntransfer-encoding: Chunked\r\n\r\n",
            "POST / HTTP/1.1\r\nhost: a\r\ntransfer-encoding: \"chunked\"\r\n\r\n",
            "POST / HTTP/1.1\r\nhost: a\r\ntransfer-encoding:\r\n\r\n",
        ],
    ),
    ("HTTP/1.0 has no", &["POST / HTTP/1.0\r\nhost: a\r\ntransfer-encoding: chunked\r\n\r\n"]),
    (
        "more than one Content-Length",
        &[
            "POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 3\r\ncontent-length: 3\r\n\r\n",
            "POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 3\r\ncontent-length: 4\r\n\r\n",
        ],
    ),
    (
        "not a number",
        &[
            "POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 3, 3\r\n\r\n",
            "POST / HTTP/1.1\r\nhost: a\r\ncontent-length: +3\r\n\r\n",
            "POST / HTTP/1.1\r\nhost: a\r\ncontent-length: -3\r\n\r\n",
            "POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 0x3\r\n\r\n",
            "POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 3 3\r\n\r\n",
            "POST / HTTP/1.1\r\nhost: a\r\ncontent-length:\r\n\r\n",
            "POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 18446744073709551616\r\n\r\n",
        ],
    ),
    ("only Expect", &["POST / HTTP/1.1\r\nhost: a\r\nexpect: 200-ok\r\n\r\n"]),
];

#[test]
fn bad_heads() {
    for (reason, heads) in BAD {
        for text in *heads {
            let refusal = read(text.as_bytes()).expect_err(text);
            assert_eq!(refusal.code, Code::InvalidRequest, "{text:?}");
            assert!(refusal.message.contains(reason), "{text:?}: {} ({reason})", refusal.message);
        }
    }
}

#[test]
fn two_authorizations_are_ambiguous() {
    let text = "GET / HTTP/1.1\r\nhost: a\r\nauthorization: Bearer k\r\nauthorization: Bearer k\r\n\r\n";
    assert_eq!(read(text.as_bytes()).unwrap_err().code, Code::AmbiguousCredentials);
}

#[test]
fn every_division_of_a_head_gives_the_same() {
    let text = "\r\nPOST /v1/x?y=z HTTP/1.1\r\nhost: a\r\ncontent-length: 3\r\nx: y\r\n\r\n";
    for cut in 0..text.len() {
        let mut reader = HeadReader::default();
        let mut buf = BytesMut::from(&text.as_bytes()[..cut]);
        assert!(reader.take(&mut buf).unwrap().is_none(), "{cut}");
        buf.extend_from_slice(&text.as_bytes()[cut..]);
        buf.extend_from_slice(b"abc");
        let head = reader.take(&mut buf).unwrap().unwrap();
        assert_eq!(shown(&head), "POST /v1/x?y=z 3 keep", "{cut}");
        assert_eq!(head.headers.text("x"), Some("y"));
        assert_eq!(&buf[..], b"abc");
    }
}

#[test]
fn byte_by_byte_a_bad_head_is_refused_all_the_same() {
    for (_, heads) in BAD {
        for text in *heads {
            let (mut reader, mut buf) = (HeadReader::default(), BytesMut::new());
            let refused = text.bytes().any(|byte| {
                buf.extend_from_slice(&[byte]);
                reader.take(&mut buf).is_err()
            });
            assert!(refused, "{text:?}");
        }
    }
}

#[test]
fn heads_are_bounded() {
    let line = |length: usize| format!("GET /{} HTTP/1.1\r\n", "x".repeat(length - 16));
    let full = |line: String, fields: &str| format!("{line}host: a\r\n{fields}\r\n");
    // The line's CR is counted, its LF is not.
    assert!(read(full(line(REQUEST_LINE_BYTES_MAX + 1), "").as_bytes()).is_ok());
    let too_large = [
        full(line(REQUEST_LINE_BYTES_MAX + 2), ""),
        "G".repeat(REQUEST_LINE_BYTES_MAX + 1),
        full(line(20), &format!("x: {}\r\n", "y".repeat(HEAD_BYTES_MAX))),
        format!("{}x: {}", line(20), "y".repeat(HEAD_BYTES_MAX)),
        full(line(20), &"x: y\r\n".repeat(HEADERS_MAX)),
    ];
    for text in too_large {
        let code = read(text.as_bytes()).unwrap_err().code;
        assert_eq!(code, Code::HeadersTooLarge, "{}", &text[..40]);
    }
    assert!(read(full(line(20), &"x: y\r\n".repeat(HEADERS_MAX - 1)).as_bytes()).is_ok());
}

proptest! {
    #[test]
    fn no_bytes_upset_the_reader(
        start in prop::sample::select(vec!["", "GET / HTTP/1.1\r\n", "GET / HTTP/1.1\r\nhost: a\r\n"]),
        bytes in prop::collection::vec(prop::sample::select(b"\r\n :aG/1.,\t\0\x80".to_vec()), 0..40),
    ) {
        let text = [start.as_bytes(), &bytes, b"\r\n\r\n"].concat();
        if let Ok(Some(head)) = read(&text) {
            prop_assert!(head.target.path().starts_with('/'));
        }
    }
}
