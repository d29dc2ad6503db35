//! Every bound of the server's side of HTTP/1.1, by name.

use std::time::Duration;

/// Request line, bytes.
pub const REQUEST_LINE_BYTES_MAX: usize = 16 * 1024;
/// Request line and header fields together, bytes.
pub const HEAD_BYTES_MAX: usize = 64 * 1024;
/// Header fields of a request.
pub const HEADERS_MAX: usize = 100;
/// Smallest read buffer, bytes: a usual head and a short body. Thousands of slow clients hold one each.
pub const READ_BYTES_MIN: usize = 4 * 1024;
/// What a read buffer grows by at least while a large body comes in, bytes. No more is set aside on a
/// client's word than it has sent, or this.
pub const READ_BYTES_STEP: usize = 64 * 1024;
/// A buffer with less spare room than this is not read into, bytes.
pub const READ_SPARE_BYTES_MIN: usize = 1024;
/// What a client may send ahead while its request is answered, bytes; then it is not read any more.
pub const READ_AHEAD_BYTES_MAX: usize = 64 * 1024;
/// A body that nobody read is read and thrown away, to keep the connection, up to this, bytes.
pub const UNREAD_BYTES_MAX: u64 = 64 * 1024;
/// How long a client that is still sending may take to see its answer before the connection is closed
/// under it: closing with bytes unread makes the kernel send a reset, which overtakes the answer.
pub const LINGER: Duration = Duration::from_secs(5);
/// What is thrown away meanwhile, bytes.
pub const LINGER_BYTES_MAX: usize = 64 * 1024 * 1024;
/// Bytes of a stream that are gathered for one write; a single piece may be larger.
pub const GATHER_BYTES_MAX: usize = 64 * 1024;
/// Writes of one stream before all others have had their turn: one whose provider is fast and whose client
/// is not yet slow would keep a worker to itself.
pub const SENDS_PER_TURN: usize = 4;
/// Pieces of a stream that are gathered for one write.
pub const GATHER_PIECES_MAX: usize = 16;
/// What is no larger is sent as one piece.
pub const JOIN_BYTES_MAX: usize = 4 * 1024;
