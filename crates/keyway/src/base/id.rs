//! Ids: a prefix and 26 lowercase Crockford characters, ordered by time (ULID).

use super::Clock;
use ulid::Ulid;

/// A new id such as `key_01jc...`.
#[must_use]
pub fn new(prefix: &str, clock: &Clock) -> String {
    text(prefix, mint(clock.now_ms()))
}

/// 16 bytes of a new ULID, at a Unix time in milliseconds.
#[must_use]
pub fn mint(now_ms: i64) -> [u8; 16] {
    Ulid::from_parts(u64::try_from(now_ms).unwrap_or(0), rand::random()).to_bytes()
}

/// The text form of an id's bytes under a prefix.
#[must_use]
pub fn text(prefix: &str, bytes: [u8; 16]) -> String {
    let mut buffer = [0; ulid::ULID_LEN];
    let body = Ulid::from_bytes(bytes).array_to_str(&mut buffer);
    body.make_ascii_lowercase();
    let mut id = String::with_capacity(prefix.len() + 1 + ulid::ULID_LEN);
    id.push_str(prefix);
    id.push('_');
    id.push_str(body);
    id
}

/// The bytes of an id under `prefix`; `None` when it is not one.
#[must_use]
pub fn parse(prefix: &str, id: &str) -> Option<[u8; 16]> {
    let body = id.strip_prefix(prefix)?.strip_prefix('_')?;
    if body.bytes().any(|byte| byte.is_ascii_uppercase()) {
        return None;
    }
    Ulid::from_string(body).ok().map(|ulid| ulid.to_bytes())
}
