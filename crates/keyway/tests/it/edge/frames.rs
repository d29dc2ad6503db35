//! HTTP/2 frames written by hand, as no client would (RFC 9113, section 4.1).

use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

pub const DATA: u8 = 0;
pub const HEADERS: u8 = 1;
pub const RST_STREAM: u8 = 3;
pub const SETTINGS: u8 = 4;
pub const PING: u8 = 6;
pub const GOAWAY: u8 = 7;
pub const WINDOW_UPDATE: u8 = 8;
pub const CONTINUATION: u8 = 9;

pub const END_STREAM: u8 = 1;
pub const ACK: u8 = 1;
pub const END_HEADERS: u8 = 4;

pub const REFUSED_STREAM: u32 = 7;
pub const ENHANCE_YOUR_CALM: u32 = 11;

/// A frame.
pub struct Frame {
    pub kind: u8,
    pub flags: u8,
    pub stream: u32,
    pub payload: Vec<u8>,
}

impl Frame {
    /// The reason in a RST_STREAM or GOAWAY.
    pub fn reason(&self) -> u32 {
        let at = if self.kind == GOAWAY { 4 } else { 0 };
        u32::from_be_bytes(self.payload[at..at + 4].try_into().unwrap())
    }
}

/// A connection by prior knowledge, past the preface and the settings.
pub struct Frames(TcpStream);

impl Frames {
    pub fn open(address: SocketAddr) -> Self {
        let mut tcp = TcpStream::connect(address).unwrap();
        tcp.set_nodelay(true).unwrap();
        tcp.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
        tcp.set_write_timeout(Some(Duration::from_secs(20))).unwrap();
        tcp.write_all(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n").unwrap();
        let mut frames = Self(tcp);
        frames.write(&frame(SETTINGS, 0, 0, &[])).unwrap();
        frames.write(&frame(SETTINGS, ACK, 0, &[])).unwrap();
        frames
    }

    pub fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.0.write_all(bytes)
    }

    /// The next frame; `None` at the end of the connection, however it ends.
    pub fn read(&mut self) -> Option<Frame> {
        let mut head = [0; 9];
        self.0.read_exact(&mut head).ok()?;
        let length = u32::from_be_bytes([0, head[0], head[1], head[2]]);
        let mut payload = vec![0; length as usize];
        self.0.read_exact(&mut payload).ok()?;
        let stream = u32::from_be_bytes([head[5], head[6], head[7], head[8]]) & 0x7fff_ffff;
        Some(Frame { kind: head[3], flags: head[4], stream, payload })
    }

    /// The next frame of a kind.
    pub fn next(&mut self, kind: u8) -> Option<Frame> {
        loop {
            let frame = self.read()?;
            if frame.kind == kind {
                return Some(frame);
            }
        }
    }

    /// Waits until the server has seen everything up to here; `false` when the connection has ended.
    pub fn settle(&mut self) -> bool {
        self.write(&frame(PING, 0, 0, b"12345678")).is_ok()
            && loop {
                match self.read() {
                    Some(frame) if frame.kind == PING && frame.flags == ACK => break true,
                    Some(_) => {}
                    None => break false,
                }
            }
    }
}

/// A frame's bytes.
pub fn frame(kind: u8, flags: u8, stream: u32, payload: &[u8]) -> Vec<u8> {
    let length = u32::try_from(payload.len()).unwrap().to_be_bytes();
    let mut bytes = vec![length[1], length[2], length[3], kind, flags];
    bytes.extend_from_slice(&stream.to_be_bytes());
    bytes.extend_from_slice(payload);
    bytes
}

/// The fields of a POST, in literals without an index (RFC 7541, section 6.2.2).
pub fn post(path: &str, key: &str) -> Vec<u8> {
    let mut block = vec![0x83, 0x86];
    let bearer = format!("Bearer {key}");
    for (name, value) in [(":path", path), (":authority", "localhost"), ("authorization", &bearer)] {
        block.extend(literal(name, value));
    }
    block
}

/// A field without an index. Neither text is longer than 126 bytes.
pub fn literal(name: &str, value: &str) -> Vec<u8> {
    let mut bytes = vec![0];
    for text in [name, value] {
        bytes.push(u8::try_from(text.len()).ok().filter(|length| *length < 127).unwrap());
        bytes.extend_from_slice(text.as_bytes());
    }
    bytes
}
