//! A strict pull reader over JSON text: one pass, no tree, values handed out as slices.
//!
//! Everything that decides about money or permission must be understood here exactly as
//! the provider will understand it, so the grammar is RFC 8259 to the letter: no trailing
//! commas, no raw control characters in strings, no leading zeros, no other numbers.

mod fault;
mod keys;
mod node;
mod out;
mod scan;
mod text;

use fault::What;

pub use fault::JsonError;
pub(crate) use keys::{Known, known};
pub use node::{Members, Node};
pub use out::Out;
pub use text::{Text, whole_number, write_text};

use std::ops::Range;

/// Deepest nesting accepted, the outermost object counted as 1. The same bound
/// `serde_json` has, and far below where recursive parsers of providers give up.
pub const NESTING_MAX: u32 = 128;

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
    /// The key, escapes resolved.
    pub key: &'a [u8],
    /// Byte offset of the key's opening quote.
    pub at: usize,
}

/// A position in a JSON text. Copying it remembers the place, to come back later.
#[derive(Debug, Clone, Copy)]
pub struct Reader<'a> {
    /// UTF-8.
    text: &'a [u8],
    at: usize,
    depth: u32,
}

impl<'a> Reader<'a> {
    /// Starts before the first value.
    #[must_use]
    pub fn new(text: &'a str) -> Self {
        Self::start(text.as_bytes())
    }

    /// The same for bytes; `None` when they are not UTF-8.
    #[must_use]
    pub fn of_bytes(text: &'a [u8]) -> Option<Self> {
        is_utf8(text).then_some(Self::start(text))
    }

    fn start(text: &'a [u8]) -> Self {
        Self { text, at: 0, depth: 0 }
    }

    /// Byte offset of the next unread byte.
    #[must_use]
    pub fn at(&self) -> usize {
        self.at
    }

    #[cold]
    fn fail<T>(&self, what: What) -> Result<T, JsonError> {
        Err(JsonError::new(self.at, what))
    }

    /// The next byte; 0 at the end, which JSON has nowhere.
    #[inline(always)]
    fn byte(&self) -> u8 {
        self.text.get(self.at).copied().unwrap_or(0)
    }

    /// Skips white space and looks at the byte after it.
    #[inline(always)]
    fn space(&mut self) -> u8 {
        let byte = self.byte();
        if byte > b' ' {
            return byte;
        }
        self.at = scan::space_end(self.text, self.at);
        self.byte()
    }

    /// Looks at the next value without reading it.
    ///
    /// # Errors
    /// When no value begins here.
    #[inline]
    pub fn kind(&mut self) -> Result<Kind, JsonError> {
        match self.space() {
            b'{' => Ok(Kind::Object),
            b'[' => Ok(Kind::Array),
            b'"' => Ok(Kind::Text),
            b'-' | b'0'..=b'9' => Ok(Kind::Number),
            b't' | b'f' => Ok(Kind::Bool),
            b'n' => Ok(Kind::Null),
            _ => self.no_value(),
        }
    }

    /// Whether the next value is an object.
    #[inline(always)]
    pub fn at_object(&mut self) -> bool {
        self.space() == b'{'
    }

    #[cold]
    fn no_value<T>(&self) -> Result<T, JsonError> {
        let end = self.at >= self.text.len();
        self.fail(if end { What::End } else { What::NoValue })
    }

    /// Whether the text goes on with `bytes`.
    #[must_use]
    pub fn peeked(&self, bytes: &[u8]) -> bool {
        self.text.get(self.at..).is_some_and(|rest| rest.starts_with(bytes))
    }

    /// Refuses anything but white space up to the end of the text.
    ///
    /// # Errors
    /// When more follows.
    pub fn end(&mut self) -> Result<(), JsonError> {
        self.space();
        if self.at < self.text.len() {
            return self.fail(What::More);
        }
        Ok(())
    }

    /// Reads an object; `visit` is called at each value and must read exactly that value.
    ///
    /// # Errors
    /// What is not JSON, and whatever `visit` returns.
    #[inline]
    pub fn object<E: From<JsonError>>(
        &mut self,
        mut visit: impl FnMut(&mut Self, Member<'_>) -> Result<(), E>,
    ) -> Result<(), E> {
        self.open(b'{', What::NoObject)?;
        if self.space() == b'}' {
            self.close();
            return Ok(());
        }
        loop {
            let at = self.at;
            if self.byte() != b'"' {
                return Ok(self.fail(What::NoKey)?);
            }
            let Text { raw, saved } = self.string()?;
            self.colon()?;
            let unescaped;
            let key = if saved == 0 {
                raw
            } else {
                unescaped = Text { raw, saved }.cow();
                unescaped.as_bytes()
            };
            visit(self, Member { key, at })?;
            match self.space() {
                b',' => self.at += 1,
                b'}' => {
                    self.close();
                    return Ok(());
                }
                _ => return Ok(self.fail(What::ObjectGoesOn)?),
            }
            self.space();
        }
    }

    /// Reads an array; `visit` is called at each value and must read exactly that value.
    ///
    /// # Errors
    /// What is not JSON, and whatever `visit` returns.
    #[inline]
    pub fn array<E: From<JsonError>>(
        &mut self,
        mut visit: impl FnMut(&mut Self) -> Result<(), E>,
    ) -> Result<(), E> {
        self.open(b'[', What::NoArray)?;
        if self.space() == b']' {
            self.close();
            return Ok(());
        }
        loop {
            visit(self)?;
            match self.space() {
                b',' => self.at += 1,
                b']' => {
                    self.close();
                    return Ok(());
                }
                _ => return Ok(self.fail(What::ArrayGoesOn)?),
            }
        }
    }

    /// Reads a string.
    ///
    /// # Errors
    /// When the next value is not a well-formed string.
    pub fn text(&mut self) -> Result<Text<'a>, JsonError> {
        match self.space() {
            b'"' => self.string(),
            _ => self.fail(What::NoText),
        }
    }

    /// Reads a string, or skips whatever else is there.
    ///
    /// # Errors
    /// What is not JSON.
    pub fn text_or_skip(&mut self) -> Result<Option<Text<'a>>, JsonError> {
        if self.space() == b'"' {
            return self.string().map(Some);
        }
        self.ignore().map(|()| None)
    }

    /// Skips one value of any kind and says where it stood.
    ///
    /// # Errors
    /// What is not JSON, and nesting deeper than [`NESTING_MAX`].
    pub fn skip(&mut self) -> Result<Range<usize>, JsonError> {
        self.space();
        let start = self.at;
        self.ignore()?;
        Ok(start..self.at)
    }

    /// Skips one value of any kind.
    ///
    /// # Errors
    /// As [`Reader::skip`].
    #[inline]
    pub fn ignore(&mut self) -> Result<(), JsonError> {
        match self.space() {
            b'"' => self.skip_string(),
            b'{' | b'[' => self.nested(),
            first => self.scalar(first),
        }
    }

    /// Reads a plain whole number of at most nineteen digits; of anything else it reads nothing.
    #[inline]
    pub fn whole_number(&mut self) -> Option<u64> {
        self.space();
        let rest = self.text.get(self.at..)?;
        let mut sum = 0_u64;
        for (at, byte) in rest.iter().enumerate().take(20) {
            let digit = byte.wrapping_sub(b'0');
            if digit <= 9 {
                // Nineteen nines fit, and the twentieth digit is not used.
                sum = sum.wrapping_mul(10).wrapping_add(u64::from(digit));
                continue;
            }
            let led = at > 1 && rest.first() == Some(&b'0');
            let ended = matches!(byte, b',' | b'}' | b']' | b' ' | b'\n' | b'\r' | b'\t');
            if at == 0 || led || !ended {
                return None;
            }
            self.at += at;
            return Some(sum);
        }
        None
    }

    /// Skips one value and gives its exact bytes, which are UTF-8.
    ///
    /// # Errors
    /// As [`Reader::skip`].
    pub fn raw(&mut self) -> Result<&'a [u8], JsonError> {
        let span = self.skip()?;
        Ok(self.text.get(span).unwrap_or_default())
    }

    #[inline(always)]
    fn open(&mut self, bracket: u8, what: What) -> Result<(), JsonError> {
        if self.space() != bracket {
            return self.fail(what);
        }
        if self.depth >= NESTING_MAX {
            return self.fail(What::TooDeep);
        }
        self.depth += 1;
        self.at += 1;
        Ok(())
    }

    #[inline(always)]
    fn close(&mut self) {
        self.at += 1;
        self.depth = self.depth.wrapping_sub(1);
    }

    #[inline(always)]
    fn skip_key(&mut self) -> Result<(), JsonError> {
        if self.space() != b'"' {
            return self.fail(What::NoKey);
        }
        self.skip_string()?;
        self.colon()
    }

    #[inline(always)]
    fn colon(&mut self) -> Result<(), JsonError> {
        if self.space() != b':' {
            return self.fail(What::NoColon);
        }
        self.at += 1;
        Ok(())
    }

    /// Skips an object or array without recursion: one bit per open bracket says which it is.
    #[inline(never)]
    fn nested(&mut self) -> Result<(), JsonError> {
        let mut objects: u128 = 0;
        let mut open = 0_u32;
        loop {
            match self.space() {
                bracket @ (b'{' | b'[') => {
                    if self.depth + open >= NESTING_MAX {
                        return self.fail(What::TooDeep);
                    }
                    open += 1;
                    self.at += 1;
                    objects = objects << 1 | u128::from(bracket == b'{');
                    // The closing bracket is two behind the opening one in ASCII.
                    if self.space() != bracket + 2 {
                        if bracket == b'{' {
                            self.skip_key()?;
                        }
                        continue;
                    }
                }
                b'"' => self.skip_string()?,
                first => self.scalar(first)?,
            }
            loop {
                let object = objects & 1 == 1;
                match self.space() {
                    b',' => {
                        self.at += 1;
                        if object {
                            self.skip_key()?;
                        }
                        break;
                    }
                    b'}' if object => {}
                    b']' if !object => {}
                    _ => return self.fail(What::NestingGoesOn),
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

    #[inline]
    fn scalar(&mut self, first: u8) -> Result<(), JsonError> {
        let rest = self.text.get(self.at..).unwrap_or_default();
        let (known, len) = match first {
            b'-' | b'0'..=b'9' => return self.number(first),
            b'n' => (rest.first_chunk() == Some(b"null"), 4),
            b't' => (rest.first_chunk() == Some(b"true"), 4),
            b'f' => (rest.first_chunk() == Some(b"false"), 5),
            _ => return self.no_value(),
        };
        if !known {
            return self.fail(What::NoValue);
        }
        self.at += len;
        Ok(())
    }

    #[inline]
    fn number(&mut self, first: u8) -> Result<(), JsonError> {
        if first == b'-' {
            self.at += 1;
        }
        match self.byte() {
            b'0' => self.at += 1,
            _ => self.digits()?,
        }
        // A digit behind a leading zero is refused by whatever expects the next token.
        match self.byte() {
            b'.' | b'e' | b'E' => self.fraction(),
            _ => Ok(()),
        }
    }

    fn fraction(&mut self) -> Result<(), JsonError> {
        if self.byte() == b'.' {
            self.at += 1;
            self.digits()?;
        }
        if let b'e' | b'E' = self.byte() {
            self.at += 1;
            if let b'+' | b'-' = self.byte() {
                self.at += 1;
            }
            self.digits()?;
        }
        Ok(())
    }

    #[inline(always)]
    fn digits(&mut self) -> Result<(), JsonError> {
        let end = scan::digits_end(self.text, self.at);
        if end == self.at {
            return self.fail(What::NoDigit);
        }
        self.at = end;
        Ok(())
    }

    /// A string whose opening quote is the next byte.
    #[inline]
    fn string(&mut self) -> Result<Text<'a>, JsonError> {
        let start = self.at + 1;
        match scan::string(self.text, start) {
            Ok((end, saved)) => {
                self.at = end + 1;
                let raw = self.text.get(start..end).unwrap_or_default();
                Ok(Text { raw, saved })
            }
            Err((at, what)) => Err(JsonError::new(at, what)),
        }
    }

    #[inline(always)]
    fn skip_string(&mut self) -> Result<(), JsonError> {
        match scan::string(self.text, self.at + 1) {
            Ok((end, _)) => {
                self.at = end + 1;
                Ok(())
            }
            Err((at, what)) => Err(JsonError::new(at, what)),
        }
    }
}

/// Whether `bytes` are UTF-8. Most are ASCII, which is faster to see.
#[must_use]
pub fn is_utf8(bytes: &[u8]) -> bool {
    scan::is_ascii(bytes) || std::str::from_utf8(bytes).is_ok()
}

/// The text of a string as it stands at the beginning of `bytes`, behind its opening quote.
/// `None` when it does not end well.
pub(crate) fn text_before_quote(bytes: &[u8]) -> Option<Text<'_>> {
    let (end, saved) = scan::string(bytes, 0).ok()?;
    let raw = bytes.get(..end)?;
    Some(Text { raw, saved })
}

#[cfg(test)]
mod tests;
