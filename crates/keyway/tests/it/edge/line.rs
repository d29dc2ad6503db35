//! One end of a connection of whatever kind, and the answers that come out of it.

use std::io::{self, Read, Write};

/// A connection.
pub struct Line<S> {
    stream: S,
    read: Vec<u8>,
}

/// An answer.
#[derive(Debug)]
pub struct Said {
    pub status: u16,
    /// `error.code`, empty where there is none.
    pub code: String,
    /// It says that the connection ends.
    pub close: bool,
}

impl<S> Line<S> {
    pub fn new(stream: S) -> Self {
        Self { stream, read: Vec::new() }
    }
}

impl<S: Write> Line<S> {
    /// Sends bytes. The other side may have answered and gone before it has them all: what it said shows
    /// in what is read.
    pub fn send(&mut self, bytes: &[u8]) {
        let _ = self.stream.write_all(bytes).and_then(|()| self.stream.flush());
    }
}

impl<S: Read> Line<S> {
    /// The next answer that is not an interim one; `None` at the end of the connection.
    ///
    /// # Errors
    /// A connection that breaks, stalls, or ends within an answer.
    pub fn answer(&mut self) -> io::Result<Option<Said>> {
        loop {
            let head = loop {
                if let Some(end) = self.read.windows(4).position(|four| four == b"\r\n\r\n") {
                    break self.read.drain(..end + 4).collect::<Vec<u8>>();
                }
                if !self.fill()? {
                    return if self.read.is_empty() {
                        Ok(None)
                    } else {
                        Err(io::ErrorKind::UnexpectedEof.into())
                    };
                }
            };
            let head = String::from_utf8_lossy(&head).to_ascii_lowercase();
            let status = head.get(9..12).and_then(|digits| digits.parse().ok()).unwrap_or_default();
            if (100..200).contains(&status) {
                continue;
            }
            let field = |name: &str| head.lines().find_map(|line| line.strip_prefix(name)).map(str::trim);
            let length = field("content-length:").and_then(|length| length.parse().ok()).unwrap_or(0);
            while self.read.len() < length {
                if !self.fill()? {
                    return Err(io::ErrorKind::UnexpectedEof.into());
                }
            }
            let body: Vec<u8> = self.read.drain(..length).collect();
            let body: testkit::Value = serde_json::from_slice(&body).unwrap_or_default();
            let code = body["error"]["code"].as_str().unwrap_or_default().to_owned();
            return Ok(Some(Said { status, code, close: field("connection:") == Some("close") }));
        }
    }

    fn fill(&mut self) -> io::Result<bool> {
        let mut bytes = [0; 16 * 1024];
        let count = self.stream.read(&mut bytes)?;
        self.read.extend_from_slice(&bytes[..count]);
        Ok(count > 0)
    }
}
