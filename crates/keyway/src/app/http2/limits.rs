//! Every bound of HTTP/2 towards clients, by name. Those of a request's head are HTTP/1.1's.

use std::time::Duration;

/// Requests that one connection may have running.
pub const STREAMS_MAX: u32 = 100;
/// What a client may send of one body before it has been read, bytes.
pub const STREAM_WINDOW_BYTES: u32 = 256 * 1024;
/// The same of all bodies of a connection, bytes.
pub const CONNECTION_WINDOW_BYTES: u32 = 1024 * 1024;
/// Bodies that a connection may have in memory at a time, bytes; one alone may be as large as its route
/// takes.
pub const BODIES_BYTES_MAX: usize = 64 * 1024 * 1024;
/// What of an answer waits to be written, per stream, bytes. What makes the answer waits beyond that.
pub const SEND_BUFFER_BYTES_MAX: usize = 64 * 1024;
/// Requests that a client may have taken back over those it let finish; more is an attack
/// (CVE-2023-44487), and ends the connection.
pub const RESETS_MAX: usize = 100;
/// The same of those that it takes back before they were begun.
pub const RESETS_UNBEGUN_MAX: usize = 20;
/// Streams that may be malformed; the next one ends the connection.
pub const MALFORMED_MAX: usize = 100;
/// Streams ended from here that are remembered, because the client may not know yet.
pub const ENDED_REMEMBERED_MAX: usize = 50;
/// How long a connection that is over may take to be closed by the client.
pub const LINGER: Duration = Duration::from_secs(5);
