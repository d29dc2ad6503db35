//! What a new connection speaks: TLS or not, HTTP/1.1 or HTTP/2.

use super::http1::limits::READ_SPARE_BYTES_MIN;
use super::http1::{ClientTimes, FIRST_REQUEST, Wire, until_closing};
use super::socket::Socket;
use super::tls::{ALPN_H2, Handshakes};
use super::worker::Stage;
use std::future::{Future, poll_fn};
use std::pin::{Pin, pin};
use std::task::{Context, Poll, ready};
use tokio::net::TcpStream;
use tokio::sync::watch;

/// What an HTTP/2 connection begins with; no HTTP/1.1 method does (RFC 9113, section 3.4).
const PREFACE_START: &[u8] = b"PRI";

/// A version of HTTP.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Protocol {
    /// HTTP/1.1 and 1.0.
    Http1,
    /// HTTP/2.
    Http2,
}

/// Finds out what a client speaks: by the handshake where there is TLS, else by its first bytes. `None`
/// when the connection has ended before it was said.
pub async fn greet(
    tcp: TcpStream,
    tls: Option<&Handshakes>,
    times: ClientTimes,
    stage: watch::Receiver<Stage>,
) -> Option<(Protocol, Wire)> {
    if let Some(tls) = tls {
        let stream = tls.shake(tcp).await?;
        let is_h2 = stream.get_ref().1.alpn_protocol() == Some(ALPN_H2);
        let wire = Wire::new(Socket::Tls(Box::new(stream)), times);
        return Some((if is_h2 { Protocol::Http2 } else { Protocol::Http1 }, wire));
    }
    let mut wire = Wire::new(Socket::Plain(tcp), times);
    let mut closing = pin!(until_closing(stage, FIRST_REQUEST));
    let protocol = poll_fn(|cx| poll_first(&mut wire, cx, closing.as_mut())).await?;
    wire.deadline.clear();
    Some((protocol, wire))
}

fn poll_first(
    wire: &mut Wire,
    cx: &mut Context<'_>,
    closing: Pin<&mut impl Future>,
) -> Poll<Option<Protocol>> {
    loop {
        if let Some(protocol) = protocol_of(&wire.buf) {
            return Poll::Ready(Some(protocol));
        }
        let silent = wire.buf.is_empty();
        match wire.poll_fill(cx, READ_SPARE_BYTES_MIN) {
            Poll::Ready(Ok(read)) if read > 0 => wire.deadline.clear(),
            Poll::Ready(_) => return Poll::Ready(None),
            Poll::Pending if silent => {
                wire.deadline.start(wire.times.idle);
                let ended = closing.poll(cx).is_ready() || wire.deadline.poll_passed(cx).is_ready();
                return if ended { Poll::Ready(None) } else { Poll::Pending };
            }
            Poll::Pending => {
                wire.deadline.start(wire.times.header);
                ready!(wire.deadline.poll_passed(cx));
                return Poll::Ready(None);
            }
        }
    }
}

/// What these first bytes are of; `None` while they may be of either.
fn protocol_of(bytes: &[u8]) -> Option<Protocol> {
    if bytes.starts_with(PREFACE_START) {
        Some(Protocol::Http2)
    } else if PREFACE_START.starts_with(bytes) {
        None
    } else {
        Some(Protocol::Http1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_bytes_tell() {
        let table = [
            ("", None),
            ("P", None),
            ("PR", None),
            ("PRI", Some(Protocol::Http2)),
            ("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", Some(Protocol::Http2)),
            ("PROPFIND", Some(Protocol::Http1)),
            ("PO", Some(Protocol::Http1)),
            ("G", Some(Protocol::Http1)),
            ("\x16\x03\x01", Some(Protocol::Http1)),
        ];
        for (bytes, protocol) in table {
            assert_eq!(protocol_of(bytes.as_bytes()), protocol, "{bytes:?}");
        }
    }
}
