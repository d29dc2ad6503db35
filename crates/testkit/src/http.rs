//! A small blocking HTTP/1.1 client that shows bytes as they come, so that tests need no HTTP crate
//! and see what is on the wire.

use rustls::{ClientConfig, ClientConnection, StreamOwned};
use serde_json::Value;
use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::Arc;
use std::time::Duration;

/// How long a read may take unless the test says otherwise.
const READ_TIMEOUT: Duration = Duration::from_secs(30);
/// Longest head that is accepted, bytes.
const HEAD_BYTES_MAX: usize = 256 * 1024;

/// Header fields in the order they came, names as sent.
pub type Headers = Vec<(String, String)>;

/// The first field called `name`, in any case.
#[must_use]
pub fn field<'h>(headers: &'h [(String, String)], name: &str) -> Option<&'h str> {
    headers.iter().find(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
}

/// A whole answer.
#[derive(Debug, Clone)]
pub struct Response {
    /// Its status.
    pub status: u16,
    /// Its header fields.
    pub headers: Headers,
    /// Its body, without transfer coding.
    pub body: Vec<u8>,
}

impl Response {
    /// The first field called `name`, in any case.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        field(&self.headers, name)
    }

    /// The body as text, broken UTF-8 replaced.
    #[must_use]
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// The body as JSON.
    ///
    /// # Panics
    /// When it is not JSON; the message holds it.
    #[must_use]
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body)
            .unwrap_or_else(|error| panic!("status {}, {error} in: {}", self.status, self.text()))
    }

    /// The code of an error body, in whichever vendor's shape it is; empty when there is none.
    #[must_use]
    pub fn code(&self) -> String {
        let body = self.json();
        let error = &body["error"];
        let places = [&error["code"], &error["details"]["error_code"], &error["details"][0]["reason"]];
        places.iter().find_map(|place| place.as_str()).unwrap_or_default().to_owned()
    }

    /// This answer, if its status is `status`.
    ///
    /// # Panics
    /// When it is another; the message holds the body.
    pub fn expect_status(self, status: u16) -> Self {
        assert_eq!(self.status, status, "{}", self.text());
        self
    }
}

/// Status and fields of an answer whose body is still to be read.
#[derive(Debug, Clone)]
pub struct Head {
    /// Its status.
    pub status: u16,
    /// Its header fields.
    pub headers: Headers,
}

impl Head {
    /// The first field called `name`, in any case.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        field(&self.headers, name)
    }
}

/// What is left of a body.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Rest {
    Nothing,
    Bytes(usize),
    Chunk(usize),
    ToClose,
}

/// TCP as it is, or TLS over it.
#[derive(Debug)]
enum Stream {
    Plain(TcpStream),
    Tls(Box<StreamOwned<ClientConnection, TcpStream>>),
}

/// One connection to a server. Reading and writing it is reading and writing what the protocol's layer
/// sees: under TLS, what is encrypted.
#[derive(Debug)]
pub struct Connection {
    stream: Stream,
    host: String,
    buffer: Vec<u8>,
    rest: Rest,
    events: Vec<u8>,
}

impl Connection {
    /// Opens a connection.
    ///
    /// # Errors
    /// When nobody listens there.
    pub fn open(address: SocketAddr) -> io::Result<Self> {
        let stream = TcpStream::connect_timeout(&address, Duration::from_secs(5))?;
        stream.set_nodelay(true)?;
        stream.set_read_timeout(Some(READ_TIMEOUT))?;
        Ok(Self::over(Stream::Plain(stream), address))
    }

    /// Opens a connection and shakes hands.
    ///
    /// # Errors
    /// When nobody listens there, or the handshake fails.
    pub fn open_tls(address: SocketAddr, config: Arc<ClientConfig>) -> io::Result<Self> {
        let stream = crate::tls::handshake(config, address)?;
        Ok(Self::over(Stream::Tls(Box::new(stream)), address))
    }

    fn over(stream: Stream, address: SocketAddr) -> Self {
        let (buffer, events) = (Vec::new(), Vec::new());
        Self { stream, host: address.to_string(), buffer, rest: Rest::Nothing, events }
    }

    /// The socket, to write what no client would, or to close one side of it. TLS is not passed through:
    /// for that, write to the connection itself.
    pub fn raw(&mut self) -> &mut TcpStream {
        match &mut self.stream {
            Stream::Plain(tcp) => tcp,
            Stream::Tls(tls) => &mut tls.sock,
        }
    }

    /// Writes a request with `host` and, where there is a body, `content-length`.
    ///
    /// # Errors
    /// When the socket is gone.
    pub fn send(
        &mut self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: &[u8],
    ) -> io::Result<()> {
        let mut text = format!("{method} {path} HTTP/1.1\r\nhost: {}\r\n", self.host);
        for (name, value) in headers {
            text.push_str(&format!("{name}: {value}\r\n"));
        }
        if !body.is_empty() || method == "POST" {
            text.push_str(&format!("content-length: {}\r\n", body.len()));
        }
        text.push_str("\r\n");
        let mut bytes = text.into_bytes();
        bytes.extend_from_slice(body);
        self.write_all(&bytes)
    }

    /// Reads the head of the next answer; interim (1xx) answers are passed over.
    ///
    /// # Errors
    /// When the connection ends or stalls before the head is whole, or it is not HTTP/1.x.
    pub fn head(&mut self) -> io::Result<Head> {
        loop {
            let end = loop {
                if let Some(at) = memchr::memmem::find(&self.buffer, b"\r\n\r\n") {
                    break at + 4;
                }
                if self.buffer.len() > HEAD_BYTES_MAX {
                    return Err(broken("head too long"));
                }
                self.fill()?;
            };
            let bytes: Vec<u8> = self.buffer.drain(..end).collect();
            let head = parse_head(&bytes)?;
            if (100..200).contains(&head.status) {
                continue;
            }
            self.rest = rest_of(&head);
            return Ok(head);
        }
    }

    /// The next bytes of the body as they come; `None` at its end.
    ///
    /// # Errors
    /// `UnexpectedEof` when the body is cut short; time-outs and resets as they are.
    pub fn more(&mut self) -> io::Result<Option<Vec<u8>>> {
        match self.rest {
            Rest::Nothing => Ok(None),
            Rest::Bytes(left) => {
                let bytes = self.take(left)?;
                self.rest = if bytes.len() == left { Rest::Nothing } else { Rest::Bytes(left - bytes.len()) };
                Ok(Some(bytes))
            }
            Rest::Chunk(0) => self.next_chunk(),
            Rest::Chunk(left) => {
                let bytes = self.take(left)?;
                self.rest = Rest::Chunk(left - bytes.len());
                if self.rest == Rest::Chunk(0) {
                    self.line()?;
                }
                Ok(Some(bytes))
            }
            Rest::ToClose => match self.take(usize::MAX) {
                Ok(bytes) => Ok(Some(bytes)),
                Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => {
                    self.rest = Rest::Nothing;
                    Ok(None)
                }
                Err(error) => Err(error),
            },
        }
    }

    /// The rest of the body.
    ///
    /// # Errors
    /// As [`Connection::more`].
    pub fn body(&mut self) -> io::Result<Vec<u8>> {
        let mut body = std::mem::take(&mut self.events);
        while let Some(bytes) = self.more()? {
            body.extend_from_slice(&bytes);
        }
        Ok(body)
    }

    /// Reads a whole answer.
    ///
    /// # Errors
    /// As [`Connection::head`] and [`Connection::more`].
    pub fn response(&mut self) -> io::Result<Response> {
        let head = self.head()?;
        let body = self.body()?;
        Ok(Response { status: head.status, headers: head.headers, body })
    }

    /// The next SSE block (up to its blank line, comments included); `None` at the end.
    ///
    /// # Errors
    /// As [`Connection::more`].
    pub fn event(&mut self) -> io::Result<Option<String>> {
        loop {
            if let Some(at) = memchr::memmem::find(&self.events, b"\n\n") {
                let block: Vec<u8> = self.events.drain(..at + 2).collect();
                return Ok(Some(String::from_utf8_lossy(&block[..at]).into_owned()));
            }
            match self.more()? {
                Some(bytes) => self.events.extend_from_slice(&bytes),
                None if self.events.is_empty() => return Ok(None),
                None => {
                    let rest = std::mem::take(&mut self.events);
                    return Ok(Some(String::from_utf8_lossy(&rest).into_owned()));
                }
            }
        }
    }

    fn next_chunk(&mut self) -> io::Result<Option<Vec<u8>>> {
        let line = self.line()?;
        let digits = line.split(';').next().unwrap_or_default().trim();
        let size = usize::from_str_radix(digits, 16).map_err(|_| broken("chunk size"))?;
        if size > 0 {
            self.rest = Rest::Chunk(size);
            return self.more();
        }
        while !self.line()?.is_empty() {}
        self.rest = Rest::Nothing;
        Ok(None)
    }

    fn line(&mut self) -> io::Result<String> {
        loop {
            if let Some(at) = memchr::memchr(b'\n', &self.buffer) {
                let line: Vec<u8> = self.buffer.drain(..=at).collect();
                return Ok(String::from_utf8_lossy(&line).trim_end().to_owned());
            }
            self.fill()?;
        }
    }

    fn take(&mut self, most: usize) -> io::Result<Vec<u8>> {
        if self.buffer.is_empty() {
            self.fill()?;
        }
        let count = most.min(self.buffer.len());
        Ok(self.buffer.drain(..count).collect())
    }

    fn fill(&mut self) -> io::Result<()> {
        let mut bytes = [0; 16 * 1024];
        match self.read(&mut bytes)? {
            0 => Err(io::ErrorKind::UnexpectedEof.into()),
            count => {
                self.buffer.extend_from_slice(&bytes[..count]);
                Ok(())
            }
        }
    }
}

impl Read for Connection {
    fn read(&mut self, bytes: &mut [u8]) -> io::Result<usize> {
        match &mut self.stream {
            Stream::Plain(tcp) => tcp.read(bytes),
            Stream::Tls(tls) => tls.read(bytes),
        }
    }
}

impl Write for Connection {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match &mut self.stream {
            Stream::Plain(tcp) => tcp.write(bytes),
            Stream::Tls(tls) => tls.write(bytes),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match &mut self.stream {
            Stream::Plain(tcp) => tcp.flush(),
            Stream::Tls(tls) => tls.flush(),
        }
    }
}

fn parse_head(bytes: &[u8]) -> io::Result<Head> {
    let text = String::from_utf8_lossy(bytes);
    let mut lines = text.split("\r\n");
    let first = lines.next().unwrap_or_default();
    let status = first
        .strip_prefix("HTTP/1.")
        .and_then(|rest| rest.split(' ').nth(1))
        .and_then(|digits| digits.parse().ok())
        .ok_or_else(|| broken(first))?;
    let headers = lines
        .filter_map(|line| line.split_once(':'))
        .map(|(name, value)| (name.to_owned(), value.trim().to_owned()))
        .collect();
    Ok(Head { status, headers })
}

fn rest_of(head: &Head) -> Rest {
    if head.header("transfer-encoding").is_some_and(|value| value.eq_ignore_ascii_case("chunked")) {
        return Rest::Chunk(0);
    }
    match head.header("content-length").map(str::parse) {
        Some(Ok(0)) => Rest::Nothing,
        Some(Ok(length)) => Rest::Bytes(length),
        _ if head.status == 204 || head.status == 304 => Rest::Nothing,
        _ => Rest::ToClose,
    }
}

fn broken(what: &str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, what.to_owned())
}
