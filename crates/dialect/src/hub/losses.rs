//! What a translation could not say: each by name, none in silence.

use std::borrow::Cow;
use std::fmt::Write;

/// Most losses told of one request; more are counted.
const LOSSES_MAX: usize = 32;
/// Longest name of a field told, in bytes.
const FIELD_BYTES_MAX: usize = 64;

/// Why something is not as it was asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Reason {
    /// The target has nothing like it.
    Unsupported,
    /// The target is made to do it another way, which may come out differently.
    Emulated,
    /// The nearest value the target takes was used.
    Adjusted,
    /// This gateway does not know the field.
    Unknown,
    /// Another provider's state, which only that one can read.
    Foreign,
}

impl Reason {
    /// One word for it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Unsupported => "unsupported",
            Self::Emulated => "emulated",
            Self::Adjusted => "adjusted",
            Self::Unknown => "unknown",
            Self::Foreign => "foreign",
        }
    }
}

/// One thing that is not as it was asked for.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Loss {
    /// The field: the canonical name, or the caller's own where there is none.
    pub field: Cow<'static, str>,
    /// Why.
    pub reason: Reason,
}

/// All that was lost in one translation, each thing once.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Losses {
    list: Vec<Loss>,
    /// How many there was no room for.
    more: usize,
}

impl Losses {
    /// Notes a loss. Names are cut to 64 bytes of printable ASCII, so that they fit in a header.
    pub fn note(&mut self, field: impl Into<Cow<'static, str>>, reason: Reason) {
        let field = plain(field.into());
        let loss = Loss { field, reason };
        if self.list.contains(&loss) {
            return;
        }
        if self.list.len() >= LOSSES_MAX {
            self.more += 1;
            return;
        }
        self.list.push(loss);
    }

    /// Nothing was lost.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.list.is_empty()
    }

    /// What was lost, in the order it was met.
    pub fn iter(&self) -> impl Iterator<Item = &Loss> {
        self.list.iter()
    }

    /// Whether `field` was lost, for whatever reason.
    #[must_use]
    pub fn has(&self, field: &str) -> bool {
        self.list.iter().any(|loss| loss.field == field)
    }

    /// Takes over what `other` noted.
    pub fn join(&mut self, other: &Self) {
        for loss in &other.list {
            self.note(loss.field.clone(), loss.reason);
        }
        self.more += other.more;
    }

    /// As a header's value: `seed;unsupported, temperature;adjusted`.
    #[must_use]
    pub fn header(&self) -> String {
        let mut out = String::new();
        for loss in &self.list {
            let comma = if out.is_empty() { "" } else { ", " };
            let _ = write!(out, "{comma}{};{}", loss.field, loss.reason.name());
        }
        if self.more > 0 {
            let _ = write!(out, ", {} more", self.more);
        }
        out
    }
}

fn plain(field: Cow<'static, str>) -> Cow<'static, str> {
    let fine = |byte: u8| byte.is_ascii_graphic() && byte != b',' && byte != b';';
    if field.len() <= FIELD_BYTES_MAX && field.bytes().all(fine) {
        return field;
    }
    let letters = field.bytes().take(FIELD_BYTES_MAX).map(|byte| if fine(byte) { byte as char } else { '?' });
    Cow::Owned(letters.collect())
}
