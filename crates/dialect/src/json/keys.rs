//! Objects whose members are known: each key is first compared with those that usually come
//! next, as they are usually written, and only what is none of them is read as a string.

use super::{JsonError, Reader, Text, What};

/// How many of the keys that may come next are compared before the key is read.
const TRIED: usize = 4;

/// A key as it is usually written, quotes and colon included, and what it is to the reader.
pub(crate) type Known<K> = (&'static [u8], K);

/// A table of [`Known`] keys, in the order they usually stand.
macro_rules! known {
    ($($name:literal => $kind:expr),* $(,)?) => {
        &[$((concat!("\"", $name, "\":").as_bytes(), $kind)),*]
    };
}
pub(crate) use known;

impl<'a> Reader<'a> {
    /// As [`Reader::object`] for an object whose keys are known; all others are told as `None`.
    /// `visit` is also given the byte offset of the key's opening quote.
    ///
    /// # Errors
    /// What is not JSON, and whatever `visit` returns.
    #[inline]
    pub(crate) fn known_object<K: Copy, E: From<JsonError>>(
        &mut self,
        known: &[Known<K>],
        mut visit: impl FnMut(&mut Self, Option<K>, usize) -> Result<(), E>,
    ) -> Result<(), E> {
        self.open(b'{', What::NoObject)?;
        let mut next = 0;
        if self.space() == b'}' {
            self.close();
            return Ok(());
        }
        loop {
            let at = self.at;
            let place = match self.usual_key(known, next) {
                Some(place) => place,
                None => self.other_key(known)?,
            };
            next = place + 1;
            visit(self, known.get(place).map(|known| known.1), at)?;
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

    /// Steps over a key that was to be expected, and says which.
    #[inline(always)]
    fn usual_key<K>(&mut self, known: &[Known<K>], next: usize) -> Option<usize> {
        let rest = self.text.get(self.at..)?;
        let mut place = next;
        while place < next + TRIED {
            let (key, _) = known.get(place)?;
            if rest.get(1) == key.get(1) && begins_with(rest, key) {
                self.at += key.len();
                return Some(place);
            }
            place += 1;
        }
        None
    }

    /// The key that stands at `at`, read again.
    #[cold]
    pub(crate) fn key_at(&self, at: usize) -> Result<Text<'a>, JsonError> {
        Self { at, ..*self }.text()
    }

    /// Reads any key; one that is not known has the place behind the last.
    #[inline(never)]
    fn other_key<K>(&mut self, known: &[Known<K>]) -> Result<usize, JsonError> {
        if self.byte() != b'"' {
            return self.fail(What::NoKey);
        }
        let Text { raw, saved } = self.string()?;
        self.colon()?;
        let unescaped;
        let name = if saved == 0 {
            raw
        } else {
            unescaped = Text { raw, saved }.cow();
            unescaped.as_bytes()
        };
        let same = |(key, _): &Known<K>| key.len() == name.len() + 3 && key.get(1..=name.len()) == Some(name);
        Ok(known.iter().position(same).unwrap_or(known.len()))
    }
}

/// `starts_with` in words, without the call that the standard one makes of it.
#[inline(always)]
fn begins_with(text: &[u8], key: &[u8]) -> bool {
    let Some(text) = text.get(..key.len()) else {
        return false;
    };
    let (words, rest) = key.as_chunks::<8>();
    let (text_words, text_rest) = text.as_chunks::<8>();
    for (word, other) in words.iter().zip(text_words) {
        if word != other {
            return false;
        }
    }
    // What is left over is compared with what is before it, where there is that much.
    match (key.last_chunk::<8>(), text.last_chunk::<8>()) {
        (Some(word), Some(other)) => word == other,
        _ => rest.iter().zip(text_rest).all(|(byte, other)| byte == other),
    }
}
