//! Writes JSON: commas fall where they belong, raw values stay as they are.

use super::write_text;

/// A JSON text being written.
#[derive(Debug, Default)]
pub struct Out {
    bytes: Vec<u8>,
    /// A value stands before this place: what comes next needs a comma.
    behind: bool,
}

impl Out {
    /// An empty text with room for about `bytes`.
    #[must_use]
    pub fn with_room(bytes: usize) -> Self {
        Self { bytes: Vec::with_capacity(bytes), behind: false }
    }

    /// Goes on behind what `bytes` hold, which is no JSON of ours (the `data: ` of an event).
    #[must_use]
    pub fn behind(bytes: Vec<u8>) -> Self {
        Self { bytes, behind: false }
    }

    /// What was written.
    #[must_use]
    pub fn into_bytes(self) -> Vec<u8> {
        self.bytes
    }

    fn next(&mut self) {
        if std::mem::replace(&mut self.behind, true) {
            self.bytes.push(b',');
        }
    }

    /// A key; its value follows.
    pub fn key(&mut self, name: &str) -> &mut Self {
        self.next();
        write_text(&mut self.bytes, name);
        self.bytes.push(b':');
        self.behind = false;
        self
    }

    /// A string.
    pub fn text(&mut self, text: &str) {
        self.next();
        write_text(&mut self.bytes, text);
    }

    /// A value that is JSON already.
    pub fn raw(&mut self, json: &str) {
        self.next();
        self.bytes.extend_from_slice(json.as_bytes());
    }

    /// A whole number.
    pub fn whole(&mut self, number: u64) {
        self.next();
        self.bytes.extend_from_slice(itoa::Buffer::new().format(number).as_bytes());
    }

    /// `true` or `false`.
    pub fn bool(&mut self, value: bool) {
        self.raw(if value { "true" } else { "false" });
    }

    /// `null`.
    pub fn null(&mut self) {
        self.raw("null");
    }

    /// An object, whose members `write` adds.
    pub fn object(&mut self, write: impl FnOnce(&mut Self)) {
        self.nested(b'{', b'}', write);
    }

    /// An array, whose elements `write` adds.
    pub fn array(&mut self, write: impl FnOnce(&mut Self)) {
        self.nested(b'[', b']', write);
    }

    fn nested(&mut self, open: u8, close: u8, write: impl FnOnce(&mut Self)) {
        self.next();
        self.bytes.push(open);
        self.behind = false;
        write(self);
        self.bytes.push(close);
        self.behind = true;
    }

    /// A member with a string.
    pub fn member(&mut self, name: &str, text: &str) {
        self.key(name).text(text);
    }

    /// A member with a string, if there is one.
    pub fn maybe(&mut self, name: &str, text: Option<&str>) {
        if let Some(text) = text {
            self.member(name, text);
        }
    }

    /// A member with a value that is JSON already, if there is one.
    pub fn maybe_raw(&mut self, name: &str, json: Option<&str>) {
        if let Some(json) = json {
            self.key(name).raw(json);
        }
    }

    /// A member with a string or null.
    pub fn or_null(&mut self, name: &str, text: Option<&str>) {
        self.key(name);
        match text {
            Some(text) => self.text(text),
            None => self.null(),
        }
    }
}
