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
    ///
    /// # Errors
    /// What is not JSON, and whatever `visit` returns.
    #[inline]
    pub(crate) fn known_object<K: Copy, E: From<JsonError>>(
        &mut self,
        known: &[Known<K>],
        mut visit: impl FnMut(&mut Self, Option<K>) -> Result<(), E>,
    ) -> Result<(), E> {
        self.open(b'{', What::NoObject)?;
        let mut next = 0;
        if self.space() == b'}' {
            self.close();
            return Ok(());
        }
        loop {
            let place = match self.usual_key(known, next) {
                Some(place) => place,
                None => self.other_key(known)?,
            };
            next = place + 1;
            visit(self, known.get(place).map(|known| known.1))?;
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
        let first = rest.get(1)?;
        for (place, (key, _)) in known.iter().enumerate().skip(next).take(TRIED) {
            if key.get(1) == Some(first) && rest.starts_with(key) {
                self.at += key.len();
                return Some(place);
            }
        }
        None
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
