//! Bounds of what a journal record holds. They are applied when an entry is encoded, so no
//! caller can forget them and a record never exceeds [`crate::record::RECORD_BYTES_MAX`].
//!
//! Ids made here stay far below their bound; what a client names can reach it and is cut there,
//! at a character boundary. All together, with every number at its longest, stay below the
//! record's bound with some bytes to spare; a test holds the sum to it.

/// Bytes of an id, a provider's name, a billing kind or an error code.
pub const ID_BYTES_MAX: usize = 64;
/// Bytes of a key owner's name.
pub const USER_BYTES_MAX: usize = 128;
/// Bytes of a model's name, asked or served.
pub const MODEL_BYTES_MAX: usize = 256;
/// Bytes of a price version: a model's name, `@` and a date.
pub const PRICE_VERSION_BYTES_MAX: usize = 272;
/// Bytes of the caller's own request id.
pub const CLIENT_REQUEST_BYTES_MAX: usize = 128;
/// Labels kept of a request: the first ones.
pub const LABELS_MAX: usize = 16;
/// Bytes of one label, `name=value`.
pub const LABEL_BYTES_MAX: usize = 64;
/// Attempts kept of a request: the last ones, so that the one that answered is among them.
pub const ATTEMPTS_MAX: usize = 6;
/// Bytes of the model's name within an attempt.
pub const ATTEMPT_MODEL_BYTES_MAX: usize = 72;
/// Bytes of an attempt's outcome.
pub const OUTCOME_BYTES_MAX: usize = 20;

/// The longest start of `text` of at most `bytes_max` bytes that ends between characters.
#[must_use]
#[inline]
pub fn cut(text: &str, bytes_max: usize) -> &str {
    if text.len() <= bytes_max {
        return text;
    }
    text.get(..text.floor_char_boundary(bytes_max)).unwrap_or(text)
}
