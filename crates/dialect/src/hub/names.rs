//! Names and ids made to fit what a target takes. The same text always gives the same, so calls and
//! their results, and requests that follow each other, keep matching.

use std::borrow::Cow;

/// `name` in `A-Za-z0-9_-`, from 1 to `bytes_max` bytes (at least 16). One that fits stays; else a
/// digest of the original stands at the end, so that two names do not become one.
#[must_use]
pub fn fitted(name: Cow<'_, str>, bytes_max: usize) -> Cow<'_, str> {
    let fine = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-');
    if !name.is_empty() && name.len() <= bytes_max && name.as_bytes().iter().all(fine) {
        return name;
    }
    let digest = format!("_{:08x}", digest(name.as_bytes()));
    let room = bytes_max.saturating_sub(digest.len()).max(1);
    let letters = name.bytes().take(room).map(|byte| if fine(&byte) { byte as char } else { '_' });
    Cow::Owned(letters.chain(digest.chars()).collect())
}

/// FNV-1a, 32 bits: to tell names of one request apart, nothing more.
fn digest(bytes: &[u8]) -> u32 {
    bytes.iter().fold(0x811c_9dc5, |hash, byte| (hash ^ u32::from(*byte)).wrapping_mul(0x0100_0193))
}
