//! One request and its answer on a kept connection, with no more HTTP than that takes.

use memchr::memmem;
use std::io;
use std::net::SocketAddr;
use std::time::Instant;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// What one answer was.
pub(crate) struct Outcome {
    pub(crate) status: u16,
    pub(crate) first_byte: Instant,
    pub(crate) done: Instant,
    pub(crate) events: u64,
}

/// A connection.
pub(crate) struct Line {
    stream: TcpStream,
    buffer: Vec<u8>,
    /// Whether it is of no more use.
    pub(crate) broken: bool,
}

impl Line {
    pub(crate) async fn open(target: SocketAddr) -> io::Result<Self> {
        let stream = TcpStream::connect(target).await?;
        stream.set_nodelay(true)?;
        Ok(Self { stream, buffer: Vec::with_capacity(64 * 1024), broken: false })
    }

    pub(crate) async fn exchange(&mut self, request: &[u8]) -> io::Result<Outcome> {
        // Until the answer is whole, the connection is in no state to be used again.
        self.broken = true;
        self.stream.write_all(request).await?;
        self.buffer.clear();
        let head = loop {
            if let Some(at) = memmem::find(&self.buffer, b"\r\n\r\n") {
                break at + 4;
            }
            self.read().await?;
        };
        let (status, mut rest, close) = parse(&self.buffer[..head])?;
        let mut first_byte = (self.buffer.len() > head).then(Instant::now);
        let mut events = Events::default();
        let mut from = head;
        loop {
            events.count(&self.buffer[from..]);
            if rest.feed(&self.buffer[from..])? {
                break;
            }
            self.buffer.clear();
            from = 0;
            self.read().await?;
            first_byte.get_or_insert_with(Instant::now);
        }
        self.broken = close;
        let done = Instant::now();
        Ok(Outcome { status, first_byte: first_byte.unwrap_or(done), done, events: events.total })
    }

    async fn read(&mut self) -> io::Result<()> {
        match self.stream.read_buf(&mut self.buffer).await? {
            0 => Err(io::ErrorKind::UnexpectedEof.into()),
            _ => Ok(()),
        }
    }
}

/// Counts `data: ` over pieces that may be cut anywhere.
#[derive(Default)]
struct Events {
    total: u64,
    tail: Vec<u8>,
}

impl Events {
    fn count(&mut self, bytes: &[u8]) {
        const NEEDLE: &[u8] = b"data: ";
        let edge = NEEDLE.len() - 1;
        self.tail.extend_from_slice(&bytes[..bytes.len().min(edge)]);
        let across = memmem::find_iter(&self.tail, NEEDLE).count() as u64;
        self.total += across + memmem::find_iter(bytes, NEEDLE).count() as u64;
        self.tail.extend_from_slice(&bytes[bytes.len().min(edge)..]);
        let cut = self.tail.len().saturating_sub(edge);
        self.tail.drain(..cut);
    }
}

enum Rest {
    Length(usize),
    /// Size of the chunk so far, and whether its digits have ended.
    Size(usize, bool),
    Data(usize),
    /// The line end behind the data.
    DataEnd(usize),
    /// Bytes of the current trailer line.
    Trailer(usize),
}

fn parse(head: &[u8]) -> io::Result<(u16, Rest, bool)> {
    let text = std::str::from_utf8(head).map_err(|_| io::ErrorKind::InvalidData)?;
    let mut lines = text.split("\r\n");
    let status = lines.next().and_then(|line| line.split(' ').nth(1)).and_then(|status| status.parse().ok());
    let (mut rest, mut close) = (Rest::Length(0), false);
    for (name, value) in lines.filter_map(|line| line.split_once(':')) {
        let value = value.trim();
        if name.eq_ignore_ascii_case("content-length") {
            rest = Rest::Length(value.parse().map_err(|_| io::ErrorKind::InvalidData)?);
        } else if name.eq_ignore_ascii_case("transfer-encoding") {
            rest = Rest::Size(0, false);
        } else if name.eq_ignore_ascii_case("connection") {
            close = value.eq_ignore_ascii_case("close");
        }
    }
    Ok((status.ok_or(io::ErrorKind::InvalidData)?, rest, close))
}

impl Rest {
    /// Takes bytes of the body; true at its end.
    fn feed(&mut self, mut bytes: &[u8]) -> io::Result<bool> {
        while !bytes.is_empty() {
            let used = match self {
                Self::Length(left) | Self::Data(left) | Self::DataEnd(left) => (*left).min(bytes.len()),
                Self::Size(..) | Self::Trailer(_) => 1,
            };
            let byte = bytes[0];
            bytes = &bytes[used..];
            *self = match *self {
                Self::Length(left) => Self::Length(left - used),
                Self::Data(left) if left == used => Self::DataEnd(2),
                Self::Data(left) => Self::Data(left - used),
                Self::DataEnd(left) if left == used => Self::Size(0, false),
                Self::DataEnd(left) => Self::DataEnd(left - used),
                Self::Size(0, _) if byte == b'\n' => Self::Trailer(0),
                Self::Size(size, _) if byte == b'\n' => Self::Data(size),
                Self::Size(size, ended) => match char::from(byte).to_digit(16) {
                    Some(digit) if !ended => Self::Size(size * 16 + digit as usize, false),
                    None if byte == b';' || byte == b'\r' || ended => Self::Size(size, true),
                    Some(_) => Self::Size(size, true),
                    None => return Err(io::ErrorKind::InvalidData.into()),
                },
                Self::Trailer(0) if byte == b'\n' => return Ok(true),
                Self::Trailer(_) if byte == b'\n' => Self::Trailer(0),
                Self::Trailer(length) => Self::Trailer(length + usize::from(byte != b'\r')),
            };
        }
        Ok(matches!(self, Self::Length(0)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_ends_where_it_ends_however_it_is_cut() {
        let body = b"1a;x=1\r\ndata: one\n\ndata: two\n\nabcd\r\n0\r\nt: 1\r\n\r\n";
        for piece in 1..=body.len() {
            let (mut rest, mut events) = (Rest::Size(0, false), Events::default());
            let ends: Vec<bool> = body
                .chunks(piece)
                .map(|bytes| {
                    events.count(bytes);
                    rest.feed(bytes).unwrap()
                })
                .collect();
            assert_eq!(ends.iter().position(|end| *end), Some(ends.len() - 1), "pieces of {piece}");
            assert_eq!(events.total, 2, "pieces of {piece}");
        }
        let (status, mut rest, close) = parse(b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\n").unwrap();
        assert_eq!(
            (status, close, rest.feed(b"ab").unwrap(), rest.feed(b"c").unwrap()),
            (200, false, false, true)
        );
    }
}
