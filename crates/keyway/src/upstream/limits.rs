//! Every bound of the lanes, by name.

/// Response head (status line and fields), bytes.
pub const RESPONSE_HEAD_BYTES_MAX: usize = 64 * 1024;
/// Fields in a response head.
pub const RESPONSE_HEADERS_MAX: usize = 128;
/// Interim (1xx) responses skipped before the answer.
pub const INTERIM_MAX: usize = 8;
/// Chunk extensions of one whole answer, bytes. Nobody uses them; many of them are an attack.
pub const CHUNK_EXTENSION_BYTES_MAX: u32 = 16 * 1024;
/// Trailer section of a chunked answer, bytes. Trailers are discarded.
pub const TRAILER_BYTES_MAX: u32 = 16 * 1024;
/// Addresses of one origin that a connection attempt tries.
pub const ADDRESSES_MAX: usize = 8;
/// Head start of one address over the next, milliseconds (RFC 8305 recommends 250).
pub const ADDRESS_STAGGER_MS: u64 = 250;
/// How long looked-up addresses are used again, milliseconds.
pub const ADDRESSES_CACHE_MS: i64 = 10_000;
/// A reused connection that dies silently within this time of writing was dead already, milliseconds.
pub const STALE_WITHIN_MS: i64 = 1_000;
/// A request that is no larger is sent as one piece, bytes.
pub const JOIN_BYTES_MAX: usize = 2 * 1024;
/// First and smallest size of a read buffer, bytes.
pub const READ_BYTES_MIN: usize = 8 * 1024;
/// Largest size of a read buffer, bytes.
pub const READ_BYTES_MAX: usize = 64 * 1024;
/// A buffer with less spare room than this is not read into, bytes.
pub const READ_SPARE_BYTES_MIN: usize = 2 * 1024;

/// Time-outs and sizes that an operator may set. One set per worker.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Name lookup, TCP and TLS together, milliseconds.
    pub connect_ms: u64,
    /// Writing the whole request, milliseconds.
    pub write_ms: u64,
    /// From the request written to the response head read, milliseconds. Includes the model's thinking
    /// when a whole answer was asked for.
    pub first_byte_ms: u64,
    /// Longest silence within an answer while we want to read, milliseconds.
    pub idle_ms: u64,
    /// How long an unused connection is kept, milliseconds.
    pub idle_pool_ms: u64,
    /// Unused connections kept per origin and worker.
    pub idle_max: usize,
    /// Body bytes of one answer.
    pub answer_bytes_max: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            connect_ms: 10_000,
            write_ms: 60_000,
            first_byte_ms: 600_000,
            idle_ms: 120_000,
            idle_pool_ms: 30_000,
            idle_max: 256,
            answer_bytes_max: 256 * 1024 * 1024,
        }
    }
}
