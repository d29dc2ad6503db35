//! Good requests, broken at random and always in the same way: whatever the server makes of them is what
//! one strict reader, written apart from it, reads.

use super::*;
use std::cell::RefCell;

const MUTANTS: u32 = 6_000;

/// What is mutated.
const GOOD: &[&str] = &[
    "GET /v1/models?a=b HTTP/1.1\r\nhost: a\r\nx-y: z\r\n\r\n",
    "POST /one HTTP/1.1\r\nhost: a:80\r\ncontent-length: 5\r\nauthorization: Bearer k\r\n\r\nhello",
    "POST /two HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked\r\n\r\n5\r\nhello\r\n6;x=y\r\n world\r\n0\r\nt: v\r\n\r\n",
    "POST /three HTTP/1.1\r\nhost: a\r\ncontent-length: 29\r\n\r\nGET /hidden HTTP/1.1\r\nhost: a\r\n\r\nGET /four HTTP/1.1\r\nhost: a\r\n\r\n",
    "POST http://a.b/five HTTP/1.1\r\nhost: a.b\r\nexpect: 100-continue\r\ncontent-length: 2\r\n\r\nhi\r\nPOST /six HTTP/1.0\r\ncontent-length: 2\r\n\r\nhi",
    "POST /seven HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked\r\n\r\n12\r\n0\r\n\r\nGET /x HTTP/1\r\n0\r\n\r\nGET /eight HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n",
];

/// What is put in.
const PIECES: &[&str] = &[
    "\r",
    "\n",
    "\r\n",
    "\0",
    " ",
    "\t",
    "\x0b",
    ":",
    ";",
    ",",
    "0",
    "+",
    "-",
    "_",
    "x",
    "\u{e9}",
    "\r\n ",
    "host: a\r\n",
    "content-length: 0\r\n",
    "content-length: 5\r\n",
    "transfer-encoding: chunked\r\n",
    "transfer-encoding: identity\r\n",
    "transfer-encoding : chunked\r\n",
    "connection: close\r\n",
    "0\r\n\r\n",
    "GET /smuggled HTTP/1.1\r\nhost: a\r\n\r\n",
];

/// A method, a target, a body.
type Meant = (String, String, Vec<u8>);

/// Pseudo-random numbers, the same in every run (xorshift).
struct Dice(u64);

impl Dice {
    fn below(&mut self, bound: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 % bound.max(1) as u64).unwrap()
    }
}

fn mutant(dice: &mut Dice) -> Vec<u8> {
    let mut bytes = GOOD[dice.below(GOOD.len())].as_bytes().to_vec();
    for _ in 0..=dice.below(3) {
        let at = dice.below(bytes.len());
        match dice.below(6) {
            0 => bytes[at] ^= 1 << dice.below(8),
            1 => drop(bytes.remove(at)),
            2 | 3 => drop(bytes.splice(at..at, PIECES[dice.below(PIECES.len())].bytes())),
            4 => {
                let end = (at + 1 + dice.below(20)).min(bytes.len());
                let again = bytes[at..end].to_vec();
                drop(bytes.splice(at..at, again));
            }
            _ => {
                let end = (at + 1 + dice.below(6)).min(bytes.len());
                drop(bytes.drain(at..end));
            }
        }
        if bytes.is_empty() {
            break;
        }
    }
    bytes
}

/// The requests that are whole and that nobody could read differently, up to the first that is not.
fn strictly(mut bytes: &[u8]) -> Vec<Meant> {
    let mut all = Vec::new();
    loop {
        bytes = bytes.strip_prefix(b"\r\n").unwrap_or(bytes);
        let Some((meant, rest)) = first(bytes) else { return all };
        all.push(meant);
        bytes = rest;
    }
}

fn first(bytes: &[u8]) -> Option<(Meant, &[u8])> {
    let end = memchr::memmem::find(bytes, b"\r\n\r\n")?;
    let head = &bytes[..end];
    let lines: Vec<&[u8]> = lines(head)?;
    let mut words = lines.first()?.split(|byte| *byte == b' ');
    let (method, target, version) = (words.next()?, words.next()?, words.next()?);
    if words.next().is_some()
        || !is_token(method)
        || ![b"HTTP/1.1", b"HTTP/1.0"].contains(&<&[u8; 8]>::try_from(version).ok()?)
    {
        return None;
    }
    let fields: Vec<(String, &[u8])> = lines[1..].iter().map(|line| field(line)).collect::<Option<_>>()?;
    let values = |name: &str| -> Vec<&[u8]> {
        fields.iter().filter(|(field, _)| field == name).map(|(_, value)| *value).collect()
    };
    let (hosts, lengths, codings) = (values("host"), values("content-length"), values("transfer-encoding"));
    if hosts.len() > 1 || (hosts.is_empty() && version == b"HTTP/1.1") || values("authorization").len() > 1 {
        return None;
    }
    let text = std::str::from_utf8(target).ok()?;
    let path = match text.split_once("://") {
        Some((_, rest)) if !text.starts_with('/') => {
            let at = rest.find('/').unwrap_or(rest.len());
            let same = hosts.first().is_some_and(|host| host.eq_ignore_ascii_case(&rest.as_bytes()[..at]));
            same.then(|| if at == rest.len() { "/" } else { &rest[at..] })?
        }
        _ => text.starts_with('/').then_some(text)?,
    };
    let after = &bytes[end + 4..];
    let (body, rest) = match (&lengths[..], &codings[..]) {
        ([], []) => (Vec::new(), after),
        ([length], []) if length.iter().all(u8::is_ascii_digit) => {
            let length: usize = std::str::from_utf8(length).ok()?.parse().ok()?;
            (after.get(..length)?.to_vec(), &after[length..])
        }
        ([], [coding]) if *coding == b"chunked" && version == b"HTTP/1.1" => chunks(after)?,
        _ => return None,
    };
    Some(((String::from_utf8(method.to_vec()).ok()?, path.to_owned(), body), rest))
}

/// Lines that end with CRLF and hold neither of the two.
fn lines(text: &[u8]) -> Option<Vec<&[u8]>> {
    let mut rest = text;
    let mut lines = Vec::new();
    while let Some(at) = memchr::memmem::find(rest, b"\r\n") {
        lines.push(&rest[..at]);
        rest = &rest[at + 2..];
    }
    lines.push(rest);
    lines.iter().all(|line| !line.contains(&b'\r') && !line.contains(&b'\n')).then_some(lines)
}

fn field(line: &[u8]) -> Option<(String, &[u8])> {
    let colon = memchr::memchr(b':', line)?;
    let (name, value) = (&line[..colon], &line[colon + 1..]);
    let is_text = |byte: &u8| *byte == b'\t' || (*byte >= b' ' && *byte != 0x7f);
    if !is_token(name) || !value.iter().all(is_text) {
        return None;
    }
    let is_space = |byte: &&u8| matches!(byte, b' ' | b'\t');
    let begin = value.iter().take_while(is_space).count();
    let end = value.len() - value[begin..].iter().rev().take_while(is_space).count();
    Some((String::from_utf8(name.to_ascii_lowercase()).ok()?, &value[begin..end]))
}

fn is_token(word: &[u8]) -> bool {
    !word.is_empty()
        && word.iter().all(|byte| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(byte))
}

fn chunks(mut bytes: &[u8]) -> Option<(Vec<u8>, &[u8])> {
    let mut body = Vec::new();
    loop {
        let end = memchr::memmem::find(bytes, b"\r\n")?;
        let line = &bytes[..end];
        let digits = line.iter().take_while(|byte| byte.is_ascii_hexdigit()).count();
        let behind = line[digits..].trim_ascii_start();
        if digits == 0
            || !(behind.is_empty() || behind[0] == b';')
            || line.iter().any(|byte| *byte < b' ' && *byte != b'\t')
        {
            return None;
        }
        let size = usize::from_str_radix(std::str::from_utf8(&line[..digits]).ok()?, 16).ok()?;
        bytes = &bytes[end + 2..];
        if size == 0 {
            break;
        }
        body.extend_from_slice(bytes.get(..size)?);
        bytes = bytes.get(size..)?.strip_prefix(b"\r\n")?;
    }
    loop {
        let end = memchr::memmem::find(bytes, b"\r\n")?;
        let line = &bytes[..end];
        bytes = &bytes[end + 2..];
        if line.is_empty() {
            return Some((body, bytes));
        }
        field(line)?;
    }
}

/// What the server understands of these bytes.
async fn understood(bytes: &[u8]) -> Vec<Meant> {
    let heard = RefCell::new(Vec::new());
    let handler = async |request: Result<Head, Refusal>, body: Body<'_>| {
        let read = match request {
            Ok(head) => body.read(BODY_BYTES_MAX, BODY_PACE, |_| Ok(())).await.map(|body| (head, body)),
            Err(refusal) => Err(refusal),
        };
        match read {
            Ok((head, body)) => {
                let meant = (head.method.to_string(), head.target.to_string(), body.to_vec());
                heard.borrow_mut().push(meant);
                Outbound::whole(StatusCode::OK, "text/plain", "")
            }
            Err(refusal) => refuse::render(&refusal, Shape::OpenAi),
        }
    };
    meet(PATIENT, handler, async |client| {
        client.send(bytes).await;
        client.socket.shutdown().await.unwrap();
        let mut answers = Vec::new();
        client.socket.read_to_end(&mut answers).await.unwrap();
    })
    .await;
    heard.into_inner()
}

#[tokio::test]
async fn what_is_good_is_understood() {
    for good in GOOD {
        let meant = strictly(good.as_bytes());
        assert!(!meant.is_empty(), "{good:?}");
        assert_eq!(understood(good.as_bytes()).await, meant, "{good:?}");
    }
}

#[tokio::test]
async fn what_is_understood_is_what_was_said() {
    let mut dice = Dice(0x5eed_cafe_f00d_0001);
    let (mut served, mut refused) = (0, 0);
    for _ in 0..MUTANTS {
        let bytes = mutant(&mut dice);
        let (heard, meant) = (understood(&bytes).await, strictly(&bytes));
        assert!(
            meant.starts_with(&heard),
            "{:?}\nheard {heard:?}\nmeant {meant:?}",
            String::from_utf8_lossy(&bytes)
        );
        served += heard.len();
        refused += usize::from(heard.len() < meant.len() || heard.is_empty());
    }
    // Neither of the two says the same to everything.
    assert!(served > 1000 && refused > 1000, "{served} served, {refused} refused");
}
