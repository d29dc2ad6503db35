//! A strict pull reader over JSON text: one pass, no tree, values handed out as slices.
//!
//! Everything that decides about money or permission must be understood here exactly as
//! the provider will understand it, so the grammar is RFC 8259 to the letter: no trailing
//! commas, no raw control characters in strings, no leading zeros, no other numbers.

mod text;

pub use text::{Text, write_text};

use std::ops::Range;

/// Deepest nesting accepted, the outermost object counted as 1. The same bound
/// `serde_json` has, and far below where recursive parsers of providers give up.
pub const NESTING_MAX: u32 = 128;

/// What is wrong with a text that is not JSON.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct JsonError {
    /// Byte offset at which it was noticed.
    pub at: usize,
    /// What was expected or refused there.
    pub what: &'static str,
}

impl std::fmt::Display for JsonError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} at byte {}", self.what, self.at)
    }
}

impl std::error::Error for JsonError {}

/// What the next value is, by its first byte.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// `{`
    Object,
    /// `[`
    Array,
    /// `"`
    Text,
    /// A digit or `-`.
    Number,
    /// `t` or `f`.
    Bool,
    /// `n`.
    Null,
}

/// One member of an object, its value not yet read.
#[derive(Debug, Clone, Copy)]
pub struct Member<'a> {
    /// The key, possibly written with escapes.
    pub key: Text<'a>,
    /// Byte offset of the key's opening quote.
    pub at: usize,
    /// Byte offset of the comma before it; `None` for the first member.
    pub comma: Option<usize>,
}

/// A position in a JSON text. Copying it remembers the place, to come back later.
#[derive(Debug, Clone, Copy)]
pub struct Reader<'a> {
    text: &'a str,
    at: usize,
    depth: u32,
}

impl<'a> Reader<'a> {
    /// Starts before the first value.
    #[must_use]
    pub fn new(text: &'a str) -> Self {
        Self {
            text,
            at: 0,
            depth: 0,
        }
    }

    /// Byte offset of the next unread byte.
    #[must_use]
    pub fn at(&self) -> usize {
        self.at
    }

    fn fail<T>(&self, what: &'static str) -> Result<T, JsonError> {
        Err(JsonError { at: self.at, what })
    }

    #[inline]
    fn byte(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    /// Skips white space and looks at the byte after it.
    #[inline]
    fn space(&mut self) -> Option<u8> {
        loop {
            match self.byte() {
                Some(b' ' | b'\n' | b'\r' | b'\t') => self.at += 1,
                other => return other,
            }
        }
    }

    /// Looks at the next value without reading it.
    ///
    /// # Errors
    /// When no value begins here.
    pub fn kind(&mut self) -> Result<Kind, JsonError> {
        match self.space() {
            Some(b'{') => Ok(Kind::Object),
            Some(b'[') => Ok(Kind::Array),
            Some(b'"') => Ok(Kind::Text),
            Some(b'-' | b'0'..=b'9') => Ok(Kind::Number),
            Some(b't' | b'f') => Ok(Kind::Bool),
            Some(b'n') => Ok(Kind::Null),
            Some(_) => self.fail("expected a value"),
            None => self.fail("unexpected end"),
        }
    }

    /// Refuses anything but white space up to the end of the text.
    ///
    /// # Errors
    /// When more follows.
    pub fn end(&mut self) -> Result<(), JsonError> {
        match self.space() {
            None => Ok(()),
            Some(_) => self.fail("unexpected text after the value"),
        }
    }

    /// Reads an object; `visit` is called at each value and must read exactly that value.
    ///
    /// # Errors
    /// What is not JSON, and whatever `visit` returns.
    pub fn object<E: From<JsonError>>(
        &mut self,
        mut visit: impl FnMut(&mut Self, Member<'a>) -> Result<(), E>,
    ) -> Result<(), E> {
        self.open(b'{', "expected an object")?;
        let mut comma = None;
        if self.space() == Some(b'}') {
            return Ok(self.close()?);
        }
        loop {
            let at = self.at;
            let key = self.key()?;
            visit(self, Member { key, at, comma })?;
            match self.space() {
                Some(b',') => comma = Some(self.at),
                Some(b'}') => return Ok(self.close()?),
                _ => return Ok(self.fail("expected `,` or `}`")?),
            }
            self.at += 1;
            self.space();
        }
    }

    /// Reads an array; `visit` is called at each value and must read exactly that value.
    ///
    /// # Errors
    /// What is not JSON, and whatever `visit` returns.
    pub fn array<E: From<JsonError>>(
        &mut self,
        mut visit: impl FnMut(&mut Self) -> Result<(), E>,
    ) -> Result<(), E> {
        self.open(b'[', "expected an array")?;
        if self.space() == Some(b']') {
            return Ok(self.close()?);
        }
        loop {
            visit(self)?;
            match self.space() {
                Some(b',') => self.at += 1,
                Some(b']') => return Ok(self.close()?),
                _ => return Ok(self.fail("expected `,` or `]`")?),
            }
        }
    }

    /// Reads a string.
    ///
    /// # Errors
    /// When the next value is not a well-formed string.
    pub fn text(&mut self) -> Result<Text<'a>, JsonError> {
        match self.space() {
            Some(b'"') => self.string(),
            _ => self.fail("expected a string"),
        }
    }

    /// Reads a string, or skips whatever else is there.
    ///
    /// # Errors
    /// What is not JSON.
    pub fn text_or_skip(&mut self) -> Result<Option<Text<'a>>, JsonError> {
        if self.space() == Some(b'"') {
            return self.string().map(Some);
        }
        self.skip().map(|_| None)
    }

    /// Skips one value of any kind and says where it stood.
    ///
    /// # Errors
    /// What is not JSON, and nesting deeper than [`NESTING_MAX`].
    pub fn skip(&mut self) -> Result<Range<usize>, JsonError> {
        let first = self.space();
        let start = self.at;
        match first {
            Some(b'"') => {
                self.string()?;
            }
            Some(b'{' | b'[') => self.nested()?,
            _ => self.scalar()?,
        }
        Ok(start..self.at)
    }

    /// Skips one value of any kind.
    ///
    /// # Errors
    /// As [`Reader::skip`].
    pub fn ignore(&mut self) -> Result<(), JsonError> {
        self.skip().map(|_| ())
    }

    /// Skips one value and gives its exact text.
    ///
    /// # Errors
    /// As [`Reader::skip`].
    pub fn raw(&mut self) -> Result<&'a str, JsonError> {
        let span = self.skip()?;
        self.text.get(span).map_or_else(|| self.fail("not text"), Ok)
    }

    fn open(&mut self, bracket: u8, what: &'static str) -> Result<(), JsonError> {
        if self.space() != Some(bracket) {
            return self.fail(what);
        }
        if self.depth >= NESTING_MAX {
            return self.fail("nested too deeply");
        }
        self.depth += 1;
        self.at += 1;
        Ok(())
    }

    fn close(&mut self) -> Result<(), JsonError> {
        self.at += 1;
        self.depth = self.depth.saturating_sub(1);
        Ok(())
    }

    /// A key and its colon.
    fn key(&mut self) -> Result<Text<'a>, JsonError> {
        if self.byte() != Some(b'"') {
            return self.fail("expected a key in quotes");
        }
        let key = self.string()?;
        if self.space() != Some(b':') {
            return self.fail("expected `:`");
        }
        self.at += 1;
        Ok(key)
    }

    /// Skips an object or array without recursion: one bit per open bracket says which it is.
    fn nested(&mut self) -> Result<(), JsonError> {
        let mut objects: u128 = 0;
        let mut open = 0_u32;
        loop {
            match self.space() {
                Some(bracket @ (b'{' | b'[')) => {
                    if self.depth + open >= NESTING_MAX {
                        return self.fail("nested too deeply");
                    }
                    open += 1;
                    self.at += 1;
                    objects = objects << 1 | u128::from(bracket == b'{');
                    match (self.space(), bracket) {
                        (Some(b'}'), b'{') | (Some(b']'), b'[') => {}
                        (_, b'{') => {
                            self.key()?;
                            continue;
                        }
                        _ => continue,
                    }
                }
                Some(b'"') => {
                    self.string()?;
                }
                _ => self.scalar()?,
            }
            loop {
                let object = objects & 1 == 1;
                match self.space() {
                    Some(b',') => {
                        self.at += 1;
                        if object {
                            self.space();
                            self.key()?;
                        }
                        break;
                    }
                    Some(b'}') if object => {}
                    Some(b']') if !object => {}
                    _ => return self.fail("expected `,` or a closing bracket"),
                }
                self.at += 1;
                objects >>= 1;
                open -= 1;
                if open == 0 {
                    return Ok(());
                }
            }
        }
    }

    fn scalar(&mut self) -> Result<(), JsonError> {
        let rest = self.text.as_bytes().get(self.at..).unwrap_or_default();
        let word: &[u8] = match rest.first() {
            Some(b't') => b"true",
            Some(b'f') => b"false",
            Some(b'n') => b"null",
            Some(b'-' | b'0'..=b'9') => return self.number(),
            Some(_) => return self.fail("expected a value"),
            None => return self.fail("unexpected end"),
        };
        if !rest.starts_with(word) {
            return self.fail("expected a value");
        }
        self.at += word.len();
        Ok(())
    }

    fn number(&mut self) -> Result<(), JsonError> {
        if self.byte() == Some(b'-') {
            self.at += 1;
        }
        match self.byte() {
            Some(b'0') => self.at += 1,
            _ => self.digits()?,
        }
        if self.byte() == Some(b'.') {
            self.at += 1;
            self.digits()?;
        }
        if let Some(b'e' | b'E') = self.byte() {
            self.at += 1;
            if let Some(b'+' | b'-') = self.byte() {
                self.at += 1;
            }
            self.digits()?;
        }
        // A digit behind a leading zero is refused by whatever expects the next token.
        Ok(())
    }

    fn digits(&mut self) -> Result<(), JsonError> {
        let start = self.at;
        while let Some(b'0'..=b'9') = self.byte() {
            self.at += 1;
        }
        if self.at == start {
            return self.fail("expected a digit");
        }
        Ok(())
    }

    /// A string whose opening quote is the next byte.
    fn string(&mut self) -> Result<Text<'a>, JsonError> {
        let bytes = self.text.as_bytes();
        let start = self.at + 1;
        let mut at = start;
        let mut escaped = false;
        loop {
            at = plain_end(bytes, at);
            match bytes.get(at) {
                Some(b'"') => break,
                Some(b'\\') => {
                    escaped = true;
                    at += escape_len(bytes.get(at..).unwrap_or_default()).ok_or(JsonError {
                        at,
                        what: "a bad escape in a string",
                    })?;
                }
                Some(_) => {
                    return Err(JsonError {
                        at,
                        what: "a control character in a string",
                    });
                }
                None => {
                    return Err(JsonError {
                        at,
                        what: "unterminated string",
                    });
                }
            }
        }
        self.at = at + 1;
        match self.text.get(start..at) {
            Some(raw) => Ok(Text { raw, escaped }),
            None => self.fail("not text"),
        }
    }
}

/// Length of the escape that `rest` begins with.
fn escape_len(rest: &[u8]) -> Option<usize> {
    match rest.get(1)? {
        b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't' => Some(2),
        b'u' => rest.get(2..6)?.iter().all(u8::is_ascii_hexdigit).then_some(6),
        _ => None,
    }
}

/// Offset of the first quote, backslash or control character at or after `at`, eight bytes a step.
#[inline]
fn plain_end(bytes: &[u8], mut at: usize) -> usize {
    const ONES: u64 = 0x0101_0101_0101_0101;
    const HIGH: u64 = 0x8080_8080_8080_8080;
    while let Some(block) = bytes.get(at..).and_then(<[u8]>::first_chunk::<8>) {
        let word = u64::from_le_bytes(*block);
        let quote = word ^ (ONES * b'"' as u64);
        let slash = word ^ (ONES * b'\\' as u64);
        // A byte is zero (or below 0x20) where subtracting borrows into a clear high bit;
        // the lowest such bit is exact, and only the lowest is used.
        let hit = (quote.wrapping_sub(ONES) & !quote)
            | (slash.wrapping_sub(ONES) & !slash)
            | (word.wrapping_sub(ONES * 0x20) & !word);
        let hit = hit & HIGH;
        if hit != 0 {
            return at + (hit.trailing_zeros() / 8) as usize;
        }
        at += 8;
    }
    let plain = |byte: &&u8| **byte >= 0x20 && **byte != b'"' && **byte != b'\\';
    at + bytes
        .get(at..)
        .unwrap_or_default()
        .iter()
        .take_while(plain)
        .count()
}

#[cfg(test)]
mod tests;
