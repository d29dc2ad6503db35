//! The rollup rows of one load: found by what tells them apart, without allocating for one that
//! is known.
//!
//! A request belongs to the row of its dimensions and to one more row per label. The label's row
//! hangs from the first, so that finding it takes one text more, not nine. Each row keeps its
//! minutes; hours and days are summed over them at the end.

use crate::store::usage_columns::{
    DIMENSION_BYTES_MAX, DIMENSIONS, Dimension, Dims, Measures, Rollup, Width, clip,
};
use ledger::Entry;
use std::borrow::Cow;
use std::collections::HashMap;
use std::hash::{BuildHasher, BuildHasherDefault, Hasher, RandomState};
use std::sync::Arc;

/// Dimensions besides the label, which is the last.
const COMMON: usize = DIMENSIONS.len() - 1;
const LABEL: usize = Dimension::Label as usize;
const _: () = assert!(LABEL == COMMON);

/// What is hashed: the rest hardly varies between requests that have these in common.
const HASHED: [Dimension; 4] =
    [Dimension::Key, Dimension::User, Dimension::ModelAsked, Dimension::ModelServed];

/// All but the label, what differs most between requests first.
const BY_CHANGE: [Dimension; COMMON] = [
    Dimension::Key,
    Dimension::ModelServed,
    Dimension::ModelAsked,
    Dimension::User,
    Dimension::Project,
    Dimension::Provider,
    Dimension::Kind,
    Dimension::Org,
];

/// Texts of an entry, by [`Dimension`], without a label.
pub(super) type Texts<'a> = [&'a str; COMMON];

/// Rows by what they are told apart by.
pub(super) struct Rows {
    rows: Vec<Row>,
    /// Row by the hash of its texts; the next number up where two of them meet.
    index: HashMap<u64, u32, BuildHasherDefault<Hashed>>,
    /// Makes hashes unforeseeable: some of the texts are the clients' choice.
    seed: u64,
    /// The row without label found last.
    last: u32,
}

struct Row {
    dims: Arc<Dims>,
    hash: u64,
    /// The row without label it hangs from; itself, without one.
    common: u32,
    /// In order of time.
    minutes: Vec<Minute>,
}

struct Minute {
    begin_ms: i64,
    measures: Measures,
}

impl Default for Rows {
    fn default() -> Self {
        Self {
            rows: Vec::new(),
            index: HashMap::default(),
            seed: RandomState::new().build_hasher().finish(),
            last: 0,
        }
    }
}

impl Rows {
    /// The row of these dimensions.
    pub(super) fn common(&mut self, texts: Texts<'_>, test: bool) -> u32 {
        // One request is much like the one before.
        if is_common(self.rows.get(self.last as usize), &texts, test) {
            return self.last;
        }
        let mut hash = self.seed;
        for dimension in HASHED {
            hash = hash_text(hash, texts[dimension as usize]);
        }
        self.last = match self.find(&mut hash, |row| is_common(Some(row), &texts, test)) {
            Some(row) => row,
            None => self.new_common(texts, test, hash),
        };
        self.last
    }

    /// The row of a label, not empty, in the dimensions of the row `common`.
    pub(super) fn labelled(&mut self, common: u32, label: &str) -> u32 {
        let label = kept(label);
        let mut hash = hash_text(self.rows[common as usize].hash, label);
        let same = |row: &Row| row.common == common && *row.dims.text[LABEL] == *label;
        if let Some(row) = self.find(&mut hash, same) {
            return row;
        }
        if let Cow::Owned(label) = storable(label) {
            return self.labelled(common, &label);
        }
        let mut dims = Dims::clone(&self.rows[common as usize].dims);
        dims.text[LABEL] = label.into();
        self.push(dims, hash, Some(common))
    }

    /// The row of this hash; else the hash is one that no row has.
    fn find(&self, hash: &mut u64, same: impl Fn(&Row) -> bool) -> Option<u32> {
        loop {
            let row = *self.index.get(hash)?;
            if same(&self.rows[row as usize]) {
                return Some(row);
            }
            *hash = hash.wrapping_add(1);
        }
    }

    fn new_common(&mut self, texts: Texts<'_>, test: bool, hash: u64) -> u32 {
        let stored = texts.map(storable);
        if stored.iter().any(|text| matches!(text, Cow::Owned(_))) {
            // What is stored tells rows apart, not what came.
            return self.common(stored.each_ref().map(|text| text.as_ref()), test);
        }
        let text = std::array::from_fn(|at| texts.get(at).copied().unwrap_or_default().into());
        self.push(Dims { text, test }, hash, None)
    }

    fn push(&mut self, dims: Dims, hash: u64, common: Option<u32>) -> u32 {
        let row = self.rows.len() as u32;
        self.index.insert(hash, row);
        self.rows.push(Row {
            dims: Arc::new(dims),
            hash,
            common: common.unwrap_or(row),
            minutes: Vec::new(),
        });
        row
    }

    pub(super) fn dims(&self, row: u32) -> &Dims {
        &self.rows[row as usize].dims
    }

    pub(super) fn len(&self) -> usize {
        self.rows.len()
    }

    /// The sums of a row in the minute that begins at `begin_ms`.
    pub(super) fn measures(&mut self, row: u32, begin_ms: i64) -> &mut Measures {
        let minutes = &mut self.rows[row as usize].minutes;
        let at = match minutes.last() {
            Some(last) if last.begin_ms == begin_ms => minutes.len() - 1,
            _ => {
                let at = minutes.partition_point(|minute| minute.begin_ms < begin_ms);
                if minutes.get(at).is_none_or(|minute| minute.begin_ms != begin_ms) {
                    let measures = Measures::default();
                    minutes.insert(at, Minute { begin_ms, measures });
                }
                at
            }
        };
        &mut minutes[at].measures
    }

    /// Minutes as they are, hours and days summed over them.
    pub(super) fn rollups(&self) -> Vec<Rollup> {
        let mut all: Vec<Rollup> = Vec::with_capacity(self.rows.len() * Width::ALL.len());
        for row in &self.rows {
            for width in Width::ALL {
                let first = all.len();
                for minute in &row.minutes {
                    let bucket_ms = width.floor(minute.begin_ms);
                    match all.get_mut(first..).and_then(<[Rollup]>::last_mut) {
                        Some(last) if last.bucket_ms == bucket_ms => last.measures.add(&minute.measures),
                        _ => all.push(Rollup {
                            width,
                            bucket_ms,
                            dims: Arc::clone(&row.dims),
                            measures: minute.measures.clone(),
                        }),
                    }
                }
            }
        }
        all
    }
}

/// Texts of an entry, as long as they are kept.
pub(super) fn texts<'a>(entry: &Entry<'a>) -> Texts<'a> {
    [
        kept(entry.org),
        kept(entry.project),
        kept(entry.key),
        kept(entry.user),
        kept(entry.model_asked),
        kept(entry.model_served),
        kept(entry.provider),
        kept(entry.kind),
    ]
}

#[inline]
fn kept(text: &str) -> &str {
    if text.len() <= DIMENSION_BYTES_MAX { text } else { clip(text) }
}

#[inline]
fn is_common(row: Option<&Row>, texts: &Texts<'_>, test: bool) -> bool {
    row.is_some_and(|row| {
        let same =
            |dimension: &Dimension| is_same(&row.dims.text[*dimension as usize], texts[*dimension as usize]);
        row.dims.test == test && row.dims.text[LABEL].is_empty() && BY_CHANGE.iter().all(same)
    })
}

/// Whether two texts are the same: those of up to 32 bytes, as ids are, without a call.
#[inline]
fn is_same(one: &str, other: &str) -> bool {
    let (one, other) = (one.as_bytes(), other.as_bytes());
    if one.len() != other.len() {
        return false;
    }
    match (
        one.first_chunk::<16>(),
        one.last_chunk::<16>(),
        other.first_chunk::<16>(),
        other.last_chunk::<16>(),
    ) {
        (Some(first), Some(last), Some(as_first), Some(as_last)) if one.len() <= 32 => {
            first == as_first && last == as_last
        }
        _ => one == other,
    }
}

/// `PostgreSQL` takes no NUL in text.
fn storable(text: &str) -> Cow<'_, str> {
    if text.contains('\0') { Cow::Owned(text.replace('\0', "\u{fffd}")) } else { Cow::Borrowed(text) }
}

/// Folds a text into a hash, sixteen bytes at a step by one wide multiplication.
#[inline]
fn hash_text(seed: u64, text: &str) -> u64 {
    /// Odd, with ones and zeros well mixed.
    const ODD: u64 = 0x9E37_79B9_7F4A_7C15;
    let mix = |a: u64, b: u64| {
        let product = u128::from(a) * u128::from(b);
        product as u64 ^ (product >> 64) as u64
    };
    let mut hash = seed ^ (text.len() as u64).wrapping_mul(ODD);
    let (words, rest) = text.as_bytes().as_chunks::<16>();
    for word in words {
        let word = u128::from_le_bytes(*word);
        hash = mix(word as u64 ^ hash, (word >> 64) as u64 ^ ODD);
    }
    if rest.is_empty() {
        return mix(hash, ODD);
    }
    let (low, high) = match (rest.first_chunk::<8>(), rest.last_chunk::<8>()) {
        (Some(first), Some(last)) => (u64::from_le_bytes(*first), u64::from_le_bytes(*last)),
        _ => match (rest.first_chunk::<4>(), rest.last_chunk::<4>()) {
            (Some(first), Some(last)) => {
                (u64::from(u32::from_le_bytes(*first)), u64::from(u32::from_le_bytes(*last)))
            }
            _ => (rest.iter().fold(0, |low, byte| low << 8 | u64::from(*byte)), 0),
        },
    };
    mix(low ^ hash, high ^ ODD)
}

/// A hasher of what is a hash already.
#[derive(Default)]
struct Hashed(u64);

impl Hasher for Hashed {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.0 = self.0.rotate_left(8) ^ u64::from(*byte);
        }
    }

    fn write_u64(&mut self, hash: u64) {
        self.0 = hash;
    }
}

#[cfg(test)]
mod tests {
    use super::is_same;

    #[test]
    fn texts_are_the_same_when_every_byte_is() {
        let text = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGH";
        for length in 0..=text.len() {
            let one = &text[..length];
            assert!(is_same(one, one), "{one}");
            assert!(!is_same(one, &format!("{one}.")), "{one}");
            for at in 0..length {
                let other = format!("{}.{}", &one[..at], &one[at + 1..]);
                assert!(!is_same(one, &other) && !is_same(&other, one), "{one} and {other}");
            }
        }
    }
}
