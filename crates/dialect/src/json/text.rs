//! Strings as they stand in a JSON text: borrowed, and unescaped only when somebody needs them.

use std::borrow::Cow;

/// A string value between its quotes, already checked for well-formed escapes and UTF-8.
#[derive(Debug, Clone, Copy)]
pub struct Text<'a> {
    /// As written, without the quotes.
    pub(super) raw: &'a [u8],
    /// Bytes that its escapes take more than what they stand for; zero when there are none.
    pub(super) saved: usize,
}

impl<'a> Text<'a> {
    /// A value that stands as it is, without escapes. What is not UTF-8 reads as empty.
    #[must_use]
    pub fn plain(raw: &'a [u8]) -> Self {
        Self { raw, saved: 0 }
    }

    /// As written, without the quotes.
    #[must_use]
    pub fn raw(&self) -> &'a [u8] {
        self.raw
    }

    /// Whether it is written with escapes.
    #[must_use]
    pub fn escaped(&self) -> bool {
        self.saved > 0
    }

    /// No characters at all.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.raw.is_empty()
    }

    /// Whether it says `other`, however it is written.
    #[must_use]
    #[inline]
    pub fn is(&self, other: &str) -> bool {
        if self.escaped() { self.cow() == other } else { self.raw == other.as_bytes() }
    }

    /// Bytes of the string in UTF-8, borrowed as a rule.
    #[must_use]
    pub fn name(&self) -> Cow<'a, [u8]> {
        if self.escaped() {
            return Cow::Owned(self.unescaped().into_bytes());
        }
        Cow::Borrowed(self.raw)
    }

    /// The string itself; a lone surrogate becomes U+FFFD.
    #[must_use]
    pub fn cow(&self) -> Cow<'a, str> {
        if self.escaped() {
            return Cow::Owned(self.unescaped());
        }
        Cow::Borrowed(self.written())
    }

    /// The string itself, or `None` when it holds a lone surrogate, which readers disagree about.
    #[must_use]
    pub fn exact(&self) -> Option<Cow<'a, str>> {
        let mut whole = true;
        if self.escaped() {
            whole = unescape(self.written(), |_| ());
        }
        whole.then(|| self.cow())
    }

    /// Bytes of the string in UTF-8.
    #[must_use]
    pub fn bytes(&self) -> usize {
        self.raw.len() - self.saved
    }

    fn written(&self) -> &'a str {
        std::str::from_utf8(self.raw).unwrap_or_default()
    }

    #[cold]
    fn unescaped(&self) -> String {
        let mut out = String::with_capacity(self.bytes());
        unescape(self.written(), |piece| out.push_str(piece));
        out
    }
}

/// A whole number of one to nineteen digits; `None` for anything else.
#[must_use]
#[inline]
pub fn whole_number(digits: &[u8]) -> Option<u64> {
    if digits.is_empty() || digits.len() > 19 {
        return None;
    }
    let mut sum = 0_u64;
    for digit in digits {
        let digit = digit.wrapping_sub(b'0');
        if digit > 9 {
            return None;
        }
        // Nineteen nines fit.
        sum = sum.wrapping_mul(10).wrapping_add(u64::from(digit));
    }
    Some(sum)
}

/// Gives the pieces of a checked string; false when a lone surrogate was replaced.
fn unescape(mut rest: &str, mut push: impl FnMut(&str)) -> bool {
    let mut whole = true;
    while let Some(at) = memchr::memchr(b'\\', rest.as_bytes()) {
        let (plain, escape) = rest.split_at(at);
        push(plain);
        let short = match escape.as_bytes().get(1) {
            Some(b'b') => "\u{8}",
            Some(b'f') => "\u{c}",
            Some(b'n') => "\n",
            Some(b'r') => "\r",
            Some(b't') => "\t",
            Some(b'u') => {
                let (found, taken) = unicode(escape);
                whole &= found.is_some();
                push(found.unwrap_or(char::REPLACEMENT_CHARACTER).encode_utf8(&mut [0; 4]));
                rest = escape.get(taken..).unwrap_or_default();
                continue;
            }
            _ => escape.get(1..2).unwrap_or_default(),
        };
        push(short);
        rest = escape.get(2..).unwrap_or_default();
    }
    push(rest);
    whole
}

/// The character of one `\uXXXX` or of a surrogate pair, and how many bytes were written for it.
fn unicode(escape: &str) -> (Option<char>, usize) {
    let unit = |at: usize| {
        let hex = escape.get(at..at + 6)?.strip_prefix("\\u")?;
        u32::from_str_radix(hex, 16).ok()
    };
    match (unit(0), unit(6)) {
        (Some(high @ 0xD800..=0xDBFF), Some(low @ 0xDC00..=0xDFFF)) => {
            let code = 0x1_0000 + ((high - 0xD800) << 10) + (low - 0xDC00);
            (char::from_u32(code), 12)
        }
        (Some(code), _) => (char::from_u32(code), 6),
        (None, _) => (None, 6),
    }
}

/// Writes `text` as a JSON string with its quotes. Besides what JSON demands, U+2028 and
/// U+2029 are escaped, which some line readers take for line ends.
pub fn write_text(out: &mut Vec<u8>, text: &str) {
    out.push(b'"');
    let mut rest = text;
    // Almost every text is plain, and that is found out many bytes at a time.
    if text.bytes().fold(true, |all, byte| all & is_plain(byte)) {
        out.extend_from_slice(text.as_bytes());
        rest = "";
    }
    while let Some(at) = rest.find(special) {
        let (plain, tail) = rest.split_at(at);
        out.extend_from_slice(plain.as_bytes());
        let mut chars = tail.chars();
        match chars.next() {
            Some('"') => out.extend_from_slice(b"\\\""),
            Some('\\') => out.extend_from_slice(b"\\\\"),
            Some('\n') => out.extend_from_slice(b"\\n"),
            Some('\r') => out.extend_from_slice(b"\\r"),
            Some('\t') => out.extend_from_slice(b"\\t"),
            Some(other) => out.extend_from_slice(format!("\\u{:04x}", other as u32).as_bytes()),
            None => {}
        }
        rest = chars.as_str();
    }
    out.extend_from_slice(rest.as_bytes());
    out.push(b'"');
}

/// No character that is written otherwise, nor the beginning of one.
fn is_plain(byte: u8) -> bool {
    (byte >= b' ') & (byte != b'"') & (byte != b'\\') & (byte < 0x7f)
}

fn special(c: char) -> bool {
    c < ' ' || matches!(c, '"' | '\\' | '\u{7f}' | '\u{2028}' | '\u{2029}')
}
