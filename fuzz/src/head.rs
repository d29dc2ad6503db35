//! Request heads: however they arrive they mean the same, and a naive parser reads what the strict one
//! has let by in no other way.

use bytes::BytesMut;
use keyway::app::http1::{Framing, Head, HeadReader};

/// The first byte says how the rest is cut into reads.
pub fn check(data: &[u8]) {
    let Some((cut, input)) = data.split_first() else {
        return;
    };
    let whole = read(input, input.len().max(1));
    let pieces = read(input, usize::from(cut % 61) + 1);
    match (&whole, &pieces) {
        (Outcome::Refused, Outcome::Refused) | (Outcome::Unfinished, Outcome::Unfinished) => {}
        (Outcome::Head(one, used), Outcome::Head(other, also)) => {
            assert_eq!(used, also, "the head ends elsewhere");
            assert_same(one, other);
        }
        _ => panic!("how a head arrives makes a difference: {whole:?}, {pieces:?}"),
    }
    if let Outcome::Head(head, used) = &whole {
        one_meaning(&input[..*used], head);
        let text = written(head);
        let Outcome::Head(again, used) = read(&text, text.len()) else {
            panic!("what was read is refused when it is written down");
        };
        assert_eq!(used, text.len());
        assert_same(head, &again);
    }
}

#[derive(Debug)]
enum Outcome {
    Refused,
    Unfinished,
    /// The head and where it ended.
    Head(Box<Head>, usize),
}

fn read(input: &[u8], step: usize) -> Outcome {
    let (mut reader, mut buffer, mut fed) = (HeadReader::default(), BytesMut::new(), 0);
    for piece in input.chunks(step) {
        buffer.extend_from_slice(piece);
        fed += piece.len();
        match reader.take(&mut buffer) {
            Err(_) => return Outcome::Refused,
            Ok(None) => {}
            Ok(Some(head)) => return Outcome::Head(Box::new(head), fed - buffer.len()),
        }
    }
    Outcome::Unfinished
}

fn assert_same(one: &Head, other: &Head) {
    assert_eq!((&one.method, &one.target, one.version), (&other.method, &other.target, other.version));
    assert!(one.headers.iter().eq(other.headers.iter()), "other fields");
    assert_eq!(one.framing, other.framing);
    assert_eq!((one.keep_alive, one.expect_continue), (other.keep_alive, other.expect_continue));
}

/// Reads the head as the simplest of parsers would.
fn one_meaning(bytes: &[u8], head: &Head) {
    let bytes = bytes.strip_prefix(b"\r\n").unwrap_or(bytes);
    let text = bytes.strip_suffix(b"\r\n\r\n").expect("it ends with an empty line");
    let lines = split(text, b"\r\n");
    for line in &lines {
        assert!(!line.iter().any(|byte| matches!(byte, b'\r' | b'\n' | 0)), "a line within a line");
    }
    let words: Vec<&[u8]> = lines[0].split(|byte| *byte == b' ').collect();
    assert_eq!(words.len(), 3, "the request line has three words");
    assert_eq!(words[0], head.method.as_str().as_bytes());
    assert_eq!(words[2], format!("{:?}", head.version).as_bytes());
    let target = head.target.as_str().as_bytes();
    assert!(target.starts_with(b"/") && target.iter().all(|byte| byte.is_ascii_graphic() && *byte != b'#'));
    assert!(words[1].ends_with(target) || target == b"/", "another target");
    let mut count = 0;
    for line in &lines[1..] {
        let colon = line.iter().position(|byte| *byte == b':').expect("a field has a colon");
        let (name, value) = (&line[..colon], line[colon + 1..].trim_ascii());
        assert!(!name.is_empty() && name.iter().all(|byte| byte.is_ascii_graphic()), "a field's name");
        let (known, kept) = head.headers.iter().nth(count).expect("as many fields as lines");
        assert!(known.eq_ignore_ascii_case(name) && kept == value, "a field reads differently");
        count += 1;
    }
    assert_eq!(head.headers.len(), count, "as many fields as lines");
    framed(head);
}

fn framed(head: &Head) {
    let count = |name: &str| head.headers.all(name).count();
    let (hosts, lengths, codings) = (count("host"), count("content-length"), count("transfer-encoding"));
    assert!(hosts == 1 || hosts == 0 && head.version == http_1_0(), "one host");
    assert!(count("authorization") <= 1, "one credential");
    assert!(lengths + codings <= 1, "one framing");
    match head.framing {
        Framing::Chunked => assert_eq!(head.headers.get("transfer-encoding"), Some(&b"chunked"[..])),
        Framing::Length(length) => {
            let said = head.headers.text("content-length");
            assert_eq!(said.unwrap_or("0").parse(), Ok(length));
            assert_eq!(codings, 0);
        }
    }
}

fn http_1_0() -> http::Version {
    http::Version::HTTP_10
}

fn split<'a>(text: &'a [u8], by: &[u8]) -> Vec<&'a [u8]> {
    let (mut parts, mut from) = (Vec::new(), 0);
    while let Some(at) = text[from..].windows(by.len()).position(|window| window == by) {
        parts.push(&text[from..from + at]);
        from += at + by.len();
    }
    parts.push(&text[from..]);
    parts
}

/// The head as a client would write it that means exactly this.
fn written(head: &Head) -> Vec<u8> {
    let mut text = format!("{} {} {:?}\r\n", head.method, head.target, head.version).into_bytes();
    for (name, value) in head.headers.iter() {
        text.extend_from_slice(name);
        text.extend_from_slice(b": ");
        text.extend_from_slice(value);
        text.extend_from_slice(b"\r\n");
    }
    text.extend_from_slice(b"\r\n");
    text
}
