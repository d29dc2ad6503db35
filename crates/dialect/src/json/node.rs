//! A JSON value as its own text: looked into when somebody asks, and given on as it was written.

use super::{JsonError, Kind, Reader};
use std::borrow::Cow;

/// A value, by the text it was written with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Node<'a> {
    raw: &'a str,
}

/// Members of an object in the order they stand, each taken out once.
#[derive(Debug, Clone, Default)]
pub struct Members<'a> {
    list: Vec<(Cow<'a, str>, Node<'a>)>,
}

impl<'a> Node<'a> {
    /// A whole text: one value and nothing else.
    ///
    /// # Errors
    /// What is not JSON. Bytes that are not UTF-8 count as a text that ends at once.
    pub fn parse(text: &'a [u8]) -> Result<Self, JsonError> {
        let mut reader = Reader::of_bytes(text).unwrap_or_else(|| Reader::new(""));
        let raw = reader.raw()?;
        reader.end()?;
        Ok(Self::checked(raw))
    }

    /// A value that has been walked over already.
    pub(crate) fn checked(raw: &'a [u8]) -> Self {
        Self { raw: std::str::from_utf8(raw).unwrap_or("null") }
    }

    /// As it was written, without the white space around it.
    #[must_use]
    pub fn raw(self) -> &'a str {
        self.raw
    }

    /// What it is.
    #[must_use]
    pub fn kind(self) -> Kind {
        Reader::new(self.raw).kind().unwrap_or(Kind::Null)
    }

    /// A string; a lone surrogate in it becomes U+FFFD.
    #[must_use]
    pub fn text(self) -> Option<Cow<'a, str>> {
        Reader::new(self.raw).text().ok().map(|text| text.cow())
    }

    /// `true` or `false`.
    #[must_use]
    pub fn bool(self) -> Option<bool> {
        match self.raw {
            "true" => Some(true),
            "false" => Some(false),
            _ => None,
        }
    }

    /// A plain whole number.
    #[must_use]
    pub fn whole(self) -> Option<u64> {
        super::whole_number(self.raw.as_bytes())
    }

    /// Members of an object; of anything else there are none.
    #[must_use]
    pub fn members(self) -> Members<'a> {
        let mut reader = Reader::new(self.raw);
        let mut list = Vec::with_capacity(8);
        let read = reader.known_object::<(), JsonError>(&[], |reader, _, at| {
            let key = reader.key_at(at)?.cow();
            list.push((key, Node::checked(reader.raw()?)));
            Ok(())
        });
        if read.is_err() {
            list.clear();
        }
        Members { list }
    }

    /// Elements of an array; of anything else there are none.
    #[must_use]
    pub fn items(self) -> Vec<Node<'a>> {
        let mut reader = Reader::new(self.raw);
        let mut list = Vec::new();
        let read = reader.array::<JsonError>(|reader| {
            list.push(Node::checked(reader.raw()?));
            Ok(())
        });
        if read.is_err() {
            list.clear();
        }
        list
    }
}

impl<'a> Members<'a> {
    /// Takes a member out; null counts as absent.
    pub fn take(&mut self, name: &str) -> Option<Node<'a>> {
        let at = self.list.iter().position(|(key, _)| key == name)?;
        let (_, node) = self.list.remove(at);
        (node.raw != "null").then_some(node)
    }

    /// The same with keys `like_this` read as `likeThis`: JSON of protocol buffers has both.
    #[must_use]
    pub fn camel(mut self) -> Self {
        for (key, _) in self.list.iter_mut().filter(|(key, _)| key.contains('_')) {
            let mut words = key.split('_');
            let mut name = words.next().unwrap_or_default().to_owned();
            for word in words {
                let mut letters = word.chars();
                name.extend(letters.next().map(|first| first.to_ascii_uppercase()));
                name.push_str(letters.as_str());
            }
            *key = Cow::Owned(name);
        }
        self
    }

    /// Takes out the first of several names for one thing.
    pub fn take_any(&mut self, names: &[&str]) -> Option<Node<'a>> {
        let mut found = None;
        for name in names {
            found = found.or(self.take(name));
        }
        found
    }

    /// The value of a member that stays; null counts as absent.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<Node<'a>> {
        let (_, node) = self.list.iter().find(|(key, _)| key == name)?;
        (node.raw != "null").then_some(*node)
    }

    /// A string that is taken out; anything else there counts as absent.
    pub fn take_text(&mut self, name: &str) -> Option<Cow<'a, str>> {
        self.take(name).and_then(Node::text)
    }

    /// What nobody has taken, nulls left out.
    pub fn rest(self) -> impl Iterator<Item = (Cow<'a, str>, Node<'a>)> {
        self.list.into_iter().filter(|(_, node)| node.raw != "null")
    }
}
