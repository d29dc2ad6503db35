//! Header fields as they were read and as they are written: bytes, without a map. A message has about
//! ten of them and is asked for five, so looking along a list is cheaper than building anything.

use bytes::Bytes;
use std::ops::Range;
use std::sync::Arc;

/// The header fields of a message that was read: slices of its head, in their order. A clone shares them.
#[derive(Debug, Clone, Default)]
pub struct Fields {
    head: Bytes,
    list: Arc<[Field]>,
    /// The [`bit`] of each name there is: most fields that are asked for are not there.
    names: u64,
}

/// Where a field stands in the head; a head is far shorter than 4 GiB.
#[derive(Debug, Clone)]
struct Field {
    name: Range<u32>,
    value: Range<u32>,
}

impl Fields {
    /// The fields of `head`, of which every name and value is a slice.
    #[must_use]
    pub fn within<'a>(head: Bytes, fields: impl ExactSizeIterator<Item = (&'a str, &'a [u8])>) -> Self {
        let list = fields
            .map(|(name, value)| Field { name: place(&head, name.as_bytes()), value: place(&head, value) })
            .collect();
        Self::new(head, list)
    }

    /// Fields that stand nowhere yet.
    #[must_use]
    pub fn of<'a>(pairs: impl IntoIterator<Item = (&'a str, &'a [u8])>) -> Self {
        let (mut head, mut list) = (Vec::new(), Vec::new());
        let mut add = |part: &[u8]| {
            let start = u32::try_from(head.len()).unwrap_or(u32::MAX);
            head.extend_from_slice(part);
            start..u32::try_from(head.len()).unwrap_or(u32::MAX)
        };
        for (name, value) in pairs {
            list.push(Field { name: add(name.as_bytes()), value: add(value) });
        }
        Self::new(head.into(), list.into())
    }

    fn new(head: Bytes, list: Arc<[Field]>) -> Self {
        let name = |field: &Field| head.get(field.name.start as usize..field.name.end as usize);
        let names = list.iter().filter_map(name).fold(0, |names, name| names | bit(name));
        Self { head, list, names }
    }

    /// The first value of a field; names are compared without regard to case (RFC 9110 section 5.1).
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&[u8]> {
        self.all(name).next()
    }

    /// Every value of a field.
    pub fn all<'a>(&'a self, name: &str) -> impl Iterator<Item = &'a [u8]> {
        let list = if self.names & bit(name.as_bytes()) == 0 { &[] } else { &*self.list };
        let fields = list.iter().filter(move |field| {
            let theirs = self.slice(&field.name);
            // Most write names in lower case, as they are asked for here.
            theirs == name.as_bytes() || theirs.eq_ignore_ascii_case(name.as_bytes())
        });
        fields.map(|field| self.slice(&field.value))
    }

    /// The first value of a field as text; absent when it is not printable ASCII.
    #[must_use]
    pub fn text(&self, name: &str) -> Option<&str> {
        let value = self.get(name)?;
        let is_text = value.iter().fold(true, |all, byte| all & is_printable(byte));
        is_text.then(|| std::str::from_utf8(value).ok())?
    }

    /// Names and values, in their order.
    pub fn iter(&self) -> impl Iterator<Item = (&[u8], &[u8])> {
        self.list.iter().map(|field| (self.slice(&field.name), self.slice(&field.value)))
    }

    /// How many there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.list.len()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.list.is_empty()
    }

    fn slice(&self, place: &Range<u32>) -> &[u8] {
        self.head.get(place.start as usize..place.end as usize).unwrap_or_default()
    }
}

/// Where a slice of the head stands in it; what is none of its slices reads as empty.
fn place(head: &[u8], part: &[u8]) -> Range<u32> {
    let start = (part.as_ptr() as usize).wrapping_sub(head.as_ptr() as usize);
    match (u32::try_from(start), u32::try_from(start.wrapping_add(part.len()))) {
        (Ok(start), Ok(end)) => start..end,
        _ => 0..0,
    }
}

/// One of 64 bits, by a name's length and last letter, whatever its case.
fn bit(name: &[u8]) -> u64 {
    let last = name.last().map_or(0, |byte| byte | 0x20);
    1 << ((name.len() + 7 * usize::from(last)) % 64)
}

fn is_printable(byte: &u8) -> bool {
    matches!(byte, b'\t' | b' '..=b'~')
}

/// Appends `name: value` and a line end.
pub fn put_line(head: &mut Vec<u8>, name: &str, value: &[u8]) {
    // One by one: as a list, the two bytes of each sign would be copied by a call as well.
    head.reserve(name.len() + value.len() + 4);
    head.extend_from_slice(name.as_bytes());
    head.extend_from_slice(b": ");
    head.extend_from_slice(value);
    head.extend_from_slice(b"\r\n");
}

/// The header fields of an answer, as they will stand on the wire: `name: value` and a line end each.
#[derive(Debug, Clone, Default)]
pub struct Lines(Vec<u8>);

/// Room for the fields of a usual answer, bytes.
const LINES_BYTES: usize = 384;

impl Lines {
    /// No fields, and room for the usual ones.
    #[must_use]
    pub fn new() -> Self {
        Self(Vec::with_capacity(LINES_BYTES))
    }

    /// Adds a field. One that no field may be (RFC 9110 section 5.5: a control character in its value)
    /// is left out: nothing can write a line of its own into an answer.
    pub fn put(&mut self, name: &str, value: impl AsRef<[u8]>) {
        let value = value.as_ref();
        // Without an early end, so that it is done many bytes at a time.
        let bad = value.iter().fold(false, |bad, byte| bad | !(is_printable(byte) | (*byte >= 0x80)));
        if !bad {
            put_line(&mut self.0, name, value);
        }
    }

    /// The lines.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    /// Names and values, in their order.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &[u8])> {
        self.0.split(|byte| *byte == b'\n').filter_map(|line| {
            let line = line.strip_suffix(b"\r")?;
            let colon = line.iter().position(|byte| *byte == b':')?;
            Some((std::str::from_utf8(&line[..colon]).ok()?, line.get(colon + 2..)?))
        })
    }

    /// The first value of a field.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&[u8]> {
        self.iter().find(|(known, _)| *known == name).map(|(_, value)| value)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_are_found_whatever_their_case() {
        let head = Bytes::from_static(b"Host: a\r\nX-One: 1\r\nx-one: 2\r\n");
        let pairs = [("Host", 0, 6..7), ("X-One", 9, 16..17), ("x-one", 19, 26..27)];
        let parsed: Vec<(&str, &[u8])> = pairs
            .iter()
            .map(|(name, at, value)| {
                (std::str::from_utf8(&head[*at..at + name.len()]).unwrap(), &head[value.clone()])
            })
            .collect();
        let within = Fields::within(head.clone(), parsed.iter().copied());
        let of = Fields::of(parsed.iter().copied());
        for fields in [within, of] {
            assert_eq!(fields.get("host"), Some(&b"a"[..]));
            assert_eq!(fields.text("X-ONE"), Some("1"));
            assert_eq!(fields.all("x-one").collect::<Vec<_>>(), [b"1", b"2"]);
            assert_eq!(fields.get("x-two"), None);
            assert_eq!(fields.iter().count(), fields.len());
        }
        let odd = Fields::of([("a", &b"caf\xc3\xa9"[..])]);
        assert_eq!((odd.get("a").is_some(), odd.text("a")), (true, None));
    }

    #[test]
    fn nothing_writes_a_line_of_its_own() {
        let mut lines = Lines::new();
        lines.put("x-good", "a: b");
        for bad in ["a\r\nx-evil: 1", "a\nb", "a\0b", "a\x7f"] {
            lines.put("x-bad", bad);
        }
        lines.put("x-last", "");
        assert_eq!(lines.as_bytes(), b"x-good: a: b\r\nx-last: \r\n");
        assert_eq!(lines.iter().collect::<Vec<_>>(), [("x-good", &b"a: b"[..]), ("x-last", b"")]);
        assert_eq!(lines.get("x-good"), Some(&b"a: b"[..]));
    }
}
