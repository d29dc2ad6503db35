//! Server-sent events: splits a byte stream into frames without changing a byte of it.
//!
//! The raws of all frames, joined, are the input. How the input was cut into chunks makes
//! no difference. Line ends may be LF, CR or CRLF; a byte order mark at the start is let by.

use bytes::{Buf, Bytes, BytesMut};
use std::ops::Range;

/// One piece of the stream.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Frame {
    /// Exactly as it came, line ends included.
    pub raw: Bytes,
    /// What it is.
    pub kind: FrameKind,
}

/// What a frame is. Only events are progress; the others keep the connection alive.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FrameKind {
    /// Something with data.
    Event {
        /// The event's name, when it has one.
        event: Option<Bytes>,
        /// Its data; several `data` lines are joined by LF.
        data: Bytes,
    },
    /// A comment line, or a block without data, which a client does not act on.
    Comment,
    /// An empty line on its own.
    Blank,
}

/// Why a stream cannot be split any further.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SseError {
    /// One event is longer than the bound given, in bytes.
    TooLong(usize),
}

impl std::fmt::Display for SseError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::TooLong(max) => write!(f, "an event is longer than {max} bytes"),
        }
    }
}

impl std::error::Error for SseError {}

/// What is buffered: the rest of one chunk as it came, or several joined.
#[derive(Debug)]
enum Buffer {
    Chunk(Bytes),
    Joined(BytesMut),
}

impl Buffer {
    fn bytes(&self) -> &[u8] {
        match self {
            Self::Chunk(bytes) => bytes,
            Self::Joined(bytes) => bytes,
        }
    }

    fn take(&mut self, len: usize) -> Bytes {
        match self {
            Self::Chunk(bytes) => bytes.split_to(len.min(bytes.len())),
            Self::Joined(bytes) => bytes.split_to(len.min(bytes.len())).freeze(),
        }
    }
}

/// What is known of the frame being read; offsets count from its first byte.
#[derive(Debug, Default)]
struct Pending {
    /// Where the search for a line end goes on.
    scanned: usize,
    /// Where the current line begins.
    line: usize,
    /// Value of the first `data` line.
    data: Option<Range<usize>>,
    /// There is a second one.
    more_data: bool,
    /// Value of the last `event` line.
    event: Option<Range<usize>>,
}

/// Splits a stream of server-sent events.
#[derive(Debug)]
pub struct SseSplitter {
    buffer: Buffer,
    pending: Pending,
    event_bytes_max: usize,
    /// Nothing has been taken yet: a byte order mark may stand here.
    first: bool,
}

impl SseSplitter {
    /// A splitter that refuses events longer than `event_bytes_max`.
    #[must_use]
    pub fn new(event_bytes_max: usize) -> Self {
        Self {
            buffer: Buffer::Chunk(Bytes::new()),
            pending: Pending::default(),
            event_bytes_max,
            first: true,
        }
    }

    /// Takes the next chunk as it came from the network.
    pub fn push(&mut self, chunk: Bytes) {
        if self.buffer.bytes().is_empty() {
            self.buffer = Buffer::Chunk(chunk);
            return;
        }
        if chunk.is_empty() {
            return;
        }
        match &mut self.buffer {
            Buffer::Joined(bytes) => bytes.extend_from_slice(&chunk),
            Buffer::Chunk(rest) => {
                let mut joined = BytesMut::with_capacity(rest.len() + chunk.len());
                joined.extend_from_slice(rest);
                joined.extend_from_slice(&chunk);
                self.buffer = Buffer::Joined(joined);
            }
        }
    }

    /// The next complete frame, or `None` until more is pushed.
    ///
    /// # Errors
    /// [`SseError::TooLong`]; the splitter is of no use after it.
    pub fn next_frame(&mut self) -> Result<Option<Frame>, SseError> {
        loop {
            let bytes = self.buffer.bytes();
            let from = self.pending.scanned;
            let Some(found) = bytes.get(from..).and_then(|rest| memchr::memchr2(b'\n', b'\r', rest)) else {
                self.pending.scanned = bytes.len();
                return self.bounded(bytes.len()).map(|()| None);
            };
            let end = from + found;
            let next = match (bytes.get(end), bytes.get(end + 1)) {
                (Some(b'\r'), Some(b'\n')) => end + 2,
                (Some(b'\r'), None) => {
                    // Whether a LF belongs to this line end is not known yet.
                    self.pending.scanned = end;
                    return self.bounded(bytes.len()).map(|()| None);
                }
                _ => end + 1,
            };
            self.bounded(next)?;
            let line = self.pending.line..end;
            self.pending.line = next;
            self.pending.scanned = next;
            if let Some(kind) = self.line(line) {
                return Ok(Some(self.frame(next, kind)));
            }
        }
    }

    /// What is left when the stream has ended: an event without its empty line is an event.
    /// Call it when [`SseSplitter::next_frame`] gives nothing more.
    pub fn finish(&mut self) -> Option<Frame> {
        let len = self.buffer.bytes().len();
        if len == 0 {
            return None;
        }
        let waiting = usize::from(self.buffer.bytes().last() == Some(&b'\r'));
        let line = self.pending.line..len.saturating_sub(waiting).max(self.pending.line);
        let kind = self.line(line).unwrap_or(Ended::Event);
        Some(self.frame(len, kind))
    }

    fn bounded(&self, len: usize) -> Result<(), SseError> {
        if len > self.event_bytes_max {
            return Err(SseError::TooLong(self.event_bytes_max));
        }
        Ok(())
    }

    /// Notes one line; says what has ended with it.
    fn line(&mut self, line: Range<usize>) -> Option<Ended> {
        let mut start = line.start;
        let text = |from: usize| self.buffer.bytes().get(from..line.end).unwrap_or_default();
        if self.first && start == 0 && text(0).starts_with(b"\xEF\xBB\xBF") {
            start = 3;
        }
        let bytes = text(start);
        if let Some(value) = field(bytes, b"data") {
            self.pending.more_data = self.pending.data.is_some();
            let value = line.end - value..line.end;
            self.pending.data.get_or_insert(value);
        } else if bytes.is_empty() {
            return Some(if line.start == 0 { Ended::Blank } else { Ended::Event });
        } else if let Some(value) = field(bytes, b"event") {
            self.pending.event = Some(line.end - value..line.end);
        } else if bytes.first() == Some(&b':') && line.start == 0 {
            return Some(Ended::Comment);
        }
        None
    }

    fn frame(&mut self, len: usize, ended: Ended) -> Frame {
        let raw = self.buffer.take(len);
        let pending = std::mem::take(&mut self.pending);
        let mark = if self.first && raw.starts_with(b"\xEF\xBB\xBF") { 3 } else { 0 };
        self.first = false;
        let kind = match (ended, pending.data) {
            (Ended::Blank, _) => FrameKind::Blank,
            (Ended::Comment, _) | (Ended::Event, None) => FrameKind::Comment,
            (Ended::Event, Some(data)) => FrameKind::Event {
                event: pending.event.filter(|name| !name.is_empty()).map(|name| raw.slice(name)),
                data: if pending.more_data { joined_data(&raw.slice(mark..)) } else { raw.slice(data) },
            },
        };
        Frame { raw, kind }
    }
}

enum Ended {
    Event,
    Comment,
    Blank,
}

/// Length of the value when `line` is of field `name`: after the colon and one space.
fn field(line: &[u8], name: &[u8]) -> Option<usize> {
    match line.strip_prefix(name)? {
        [] => Some(0),
        [b':', b' ', value @ ..] | [b':', value @ ..] => Some(value.len()),
        _ => None,
    }
}

/// All `data` lines of an event, joined by LF. Rare, so it simply reads the event again.
fn joined_data(raw: &Bytes) -> Bytes {
    let mut out = Vec::with_capacity(raw.len());
    let mut rest = raw.clone();
    let mut any = false;
    while rest.has_remaining() {
        let end = memchr::memchr2(b'\n', b'\r', &rest).unwrap_or(rest.len());
        let line = rest.split_to(end);
        let crlf = rest.starts_with(b"\r\n");
        rest.advance(rest.len().min(if crlf { 2 } else { 1 }));
        if let Some(value) = field(&line, b"data") {
            if any {
                out.push(b'\n');
            }
            any = true;
            out.extend_from_slice(line.get(line.len() - value..).unwrap_or_default());
        }
    }
    Bytes::from(out)
}

#[cfg(test)]
mod tests;
