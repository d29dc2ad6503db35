//! Where things end: the loops over bytes that everything else here stands on.

use super::What;

const ONES: u64 = 0x0101_0101_0101_0101;
const HIGH: u64 = 0x8080_8080_8080_8080;
/// Bytes of a string looked at a word at a time before it counts as long.
const SHORT_BYTES: usize = 256;
/// Bytes of a long string looked through before their control characters are looked for, so
/// that they are still at hand.
const LONG_BYTES: usize = 4096;

/// Bytes in a vector register, at the least.
const VECTOR_BYTES: usize = 16;

#[inline(always)]
fn word(bytes: &[u8], at: usize) -> Option<u64> {
    let block = bytes.get(at..at + 8)?.first_chunk::<8>()?;
    Some(u64::from_le_bytes(*block))
}

#[inline(always)]
fn words(bytes: &[u8], at: usize) -> Option<(u64, u64)> {
    let block = bytes.get(at..at + 16)?.first_chunk::<16>()?;
    let block = u128::from_le_bytes(*block);
    Some((block as u64, (block >> 64) as u64))
}

/// Offset, within a word, of the byte whose high bit is the lowest one set.
#[inline(always)]
fn lowest(hit: u64) -> usize {
    (hit.trailing_zeros() / 8) as usize
}

/// High bits at quotes, backslashes and control characters; only the lowest one is exact,
/// because a subtraction may borrow from the byte above.
#[inline(always)]
fn special(word: u64) -> u64 {
    let quote = (word ^ (ONES * b'"' as u64)).wrapping_sub(ONES);
    let slash = (word ^ (ONES * b'\\' as u64)).wrapping_sub(ONES);
    let control = word.wrapping_sub(ONES * 0x20);
    (quote | slash | control) & !word & HIGH
}

/// Offset of the first quote, backslash or control character at or after `at`, or the end.
#[inline(always)]
pub(super) fn plain_end(bytes: &[u8], at: usize) -> usize {
    let Some((low, high)) = words(bytes, at) else {
        return plain_end_near(bytes, at);
    };
    let hit = special(low);
    if hit != 0 {
        return at + lowest(hit);
    }
    let hit = special(high);
    if hit != 0 {
        return at + 8 + lowest(hit);
    }
    plain_end_far(bytes, at + 16)
}

#[inline(never)]
fn plain_end_far(bytes: &[u8], mut at: usize) -> usize {
    let long = at + SHORT_BYTES;
    while let Some((low, high)) = words(bytes, at) {
        let (low, high) = (special(low), special(high));
        if low | high != 0 {
            return match low {
                0 => at + 8 + lowest(high),
                low => at + lowest(low),
            };
        }
        at += 16;
        if at >= long {
            return plain_end_long(bytes, at);
        }
    }
    plain_end_near(bytes, at)
}

#[inline(never)]
fn plain_end_long(bytes: &[u8], mut at: usize) -> usize {
    while at < bytes.len() {
        let part = bytes.get(at..).unwrap_or_default();
        let part = part.get(..LONG_BYTES).unwrap_or(part);
        let found = memchr::memchr2(b'"', b'\\', part);
        let plain = part.get(..found.unwrap_or(part.len())).unwrap_or_default();
        // Whole vectors are looked through faster, even if the last reaches beyond the end.
        let vectors = plain.len().next_multiple_of(VECTOR_BYTES);
        if least(part.get(..vectors).unwrap_or(plain)) < 0x20 && least(plain) < 0x20 {
            return plain_end_near(bytes, at);
        }
        at += plain.len();
        if found.is_some() {
            return at;
        }
    }
    at
}

/// The least byte; written so that the compiler makes it vectors.
#[inline(always)]
fn least(bytes: &[u8]) -> u8 {
    let (vectors, rest) = bytes.as_chunks::<VECTOR_BYTES>();
    let mut least = [u8::MAX; VECTOR_BYTES];
    for vector in vectors {
        for (least, byte) in least.iter_mut().zip(vector) {
            *least = (*least).min(*byte);
        }
    }
    let rest = rest.iter().fold(u8::MAX, |least, byte| least.min(*byte));
    least.iter().fold(rest, |least, byte| least.min(*byte))
}

/// The same for the last few bytes of a text.
#[inline(never)]
fn plain_end_near(bytes: &[u8], mut at: usize) -> usize {
    while let Some(word) = word(bytes, at) {
        let hit = special(word);
        if hit != 0 {
            return at + lowest(hit);
        }
        at += 8;
    }
    let rest = bytes.get(at..).unwrap_or_default();
    let plain = |byte: &&u8| **byte >= 0x20 && **byte != b'"' && **byte != b'\\';
    at + rest.iter().take_while(plain).count()
}

/// The closing quote of the string that begins at `at` (behind its opening quote), and how many
/// bytes fewer the string has in UTF-8 than as it is written: zero means no escapes.
#[inline(always)]
pub(super) fn string(bytes: &[u8], at: usize) -> Result<(usize, usize), (usize, What)> {
    let end = plain_end(bytes, at);
    match bytes.get(end) {
        Some(b'"') => Ok((end, 0)),
        _ => string_with_escapes(bytes, end),
    }
}

#[inline(never)]
fn string_with_escapes(bytes: &[u8], mut at: usize) -> Result<(usize, usize), (usize, What)> {
    let mut saved = 0;
    loop {
        match bytes.get(at) {
            Some(b'"') => return Ok((at, saved)),
            Some(b'\\') => {
                let (written, utf8) = escape(bytes, at).ok_or((at, What::BadEscape))?;
                saved += written - utf8;
                at += written;
            }
            Some(_) => return Err((at, What::ControlCharacter)),
            None => return Err((at, What::Unterminated)),
        }
        at = plain_end(bytes, at);
    }
}

/// Bytes of the escape at `at` as written and in UTF-8. A lone surrogate becomes U+FFFD.
fn escape(bytes: &[u8], at: usize) -> Option<(usize, usize)> {
    match bytes.get(at + 1)? {
        b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't' => Some((2, 1)),
        b'u' => {
            let low = || {
                let pair = bytes.get(at + 6) == Some(&b'\\') && bytes.get(at + 7) == Some(&b'u');
                pair.then(|| hex(bytes, at + 8)).flatten()
            };
            match hex(bytes, at + 2)? {
                0..=0x7F => Some((6, 1)),
                0x80..=0x7FF => Some((6, 2)),
                0xD800..=0xDBFF if matches!(low(), Some(0xDC00..=0xDFFF)) => Some((12, 4)),
                _ => Some((6, 3)),
            }
        }
        _ => None,
    }
}

fn hex(bytes: &[u8], at: usize) -> Option<u32> {
    let digits = bytes.get(at..)?.first_chunk::<4>()?;
    digits.iter().try_fold(0, |sum, digit| Some(sum << 4 | char::from(*digit).to_digit(16)?))
}

/// Offset of the first byte at or after `at` that is no digit.
#[inline(always)]
pub(super) fn digits_end(bytes: &[u8], mut at: usize) -> usize {
    while let Some(word) = word(bytes, at) {
        let digits = word ^ (ONES * b'0' as u64);
        // Adding carries upwards only, so here too the lowest bit is exact.
        let hit = (digits.wrapping_add(ONES * 0x76) | digits) & HIGH;
        if hit != 0 {
            return at + lowest(hit);
        }
        at += 8;
    }
    let rest = bytes.get(at..).unwrap_or_default();
    at + rest.iter().take_while(|byte| byte.is_ascii_digit()).count()
}

/// Offset of the first byte at or after `at` that is no white space. Indentation is long.
#[inline(never)]
pub(super) fn space_end(bytes: &[u8], mut at: usize) -> usize {
    loop {
        match bytes.get(at) {
            Some(b' ') => {
                let other = word(bytes, at).map_or(0xFF00, |word| word ^ (ONES * b' ' as u64));
                at += if other == 0 { 8 } else { lowest(other) };
            }
            Some(b'\n' | b'\r' | b'\t') => at += 1,
            _ => return at,
        }
    }
}

/// Whether all bytes are ASCII; the last word overlaps the one before it.
#[inline]
pub(super) fn is_ascii(bytes: &[u8]) -> bool {
    let Some(last) = bytes.last_chunk::<8>() else {
        return bytes.iter().all(u8::is_ascii);
    };
    let (words, _) = bytes.as_chunks::<8>();
    let all = words.iter().fold(u64::from_le_bytes(*last), |all, word| all | u64::from_le_bytes(*word));
    all & HIGH == 0
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn the_end_of_plain_text_is_found(
            plain in "[a-z é日~]{0,300}",
            rest in proptest::collection::vec(any::<u8>(), 0..40),
        ) {
            let mut bytes = plain.into_bytes();
            bytes.extend(rest);
            let plain = |byte: &&u8| **byte >= 0x20 && **byte != b'"' && **byte != b'\\';
            prop_assert_eq!(is_ascii(&bytes), bytes.is_ascii());
            prop_assert_eq!(plain_end(&bytes, 0), bytes.iter().take_while(plain).count());
        }

        #[test]
        fn digits_and_space_end_where_they_do(text in "[0-9/:a]{0,20}", space in "[ \n\t\ra]{0,40}") {
            let text = text.as_bytes();
            prop_assert_eq!(digits_end(text, 0), text.iter().take_while(|byte| byte.is_ascii_digit()).count());
            let white = |byte: &&u8| matches!(**byte, b' ' | b'\n' | b'\t' | b'\r');
            let space = space.as_bytes();
            prop_assert_eq!(space_end(space, 0), space.iter().take_while(white).count());
        }
    }
}
