//! Turning settled entries into what the tables take: packed request lines and rollup amounts.

use crate::base::{Clock, id};
use crate::store::requests_write::{BATCH_LINES_MAX, BATCH_SPAN_MS_MAX, Batch, Facet, put_line};
use crate::store::usage_columns::{DIMENSIONS, Dimension, Dims, Measures, Rollup, Width, at, clip};
use ledger::{Entry, UsageOrigin, histogram};
use std::borrow::Cow;
use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

/// Tokens of one class above which a line is not believed: sums must stay within 64 bits.
pub const TOKENS_MAX: u64 = 1_000_000_000_000;
/// Cost above which a line is not believed, nano-USD: a million dollars.
pub const COST_NANOUSD_MAX: i64 = 1_000_000_000_000_000;

/// Entries on their way into the tables.
#[derive(Default)]
pub struct Fold {
    slots: Vec<Slot>,
    /// Slot by the bytes of what it is told apart by.
    index: HashMap<Box<[u8]>, usize>,
    orgs: HashMap<Box<str>, u32>,
    last: usize,
    key: Vec<u8>,
    lines: Vec<Line>,
    bodies: Vec<u8>,
}

/// One minute's row.
struct Slot {
    key: Box<[u8]>,
    minute_ms: i64,
    org: u32,
    dims: Arc<Dims>,
    measures: Measures,
}

struct Line {
    org: u32,
    request: [u8; 16],
    started_ms: i64,
    status: u16,
    slot: usize,
    version: u8,
    start: usize,
    end: usize,
}

impl Fold {
    /// Number of entries taken.
    #[must_use]
    pub fn len(&self) -> usize {
        self.lines.len()
    }

    /// Whether no entry was taken.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.lines.is_empty()
    }

    /// Takes one entry; `encoded` are its bytes as the journal holds them.
    ///
    /// # Errors
    /// Why the entry cannot be stored.
    pub fn add(&mut self, entry: &Entry<'_>, version: u8, encoded: &[u8]) -> Result<(), &'static str> {
        let one = measure(entry)?;
        for label in &entry.labels {
            let slot = self.slot(entry, label);
            self.slots[slot].measures.add(&one);
        }
        let slot = self.slot(entry, "");
        self.slots[slot].measures.add(&one);
        let start = self.bodies.len();
        self.bodies.extend_from_slice(encoded);
        self.lines.push(Line {
            org: self.slots[slot].org,
            request: entry.request,
            started_ms: entry.started_ms,
            status: entry.status,
            slot,
            version,
            start,
            end: self.bodies.len(),
        });
        Ok(())
    }

    fn slot(&mut self, entry: &Entry<'_>, label: &str) -> usize {
        let minute_ms = Width::Minute.floor(entry.started_ms);
        let texts = texts(entry, label);
        self.key.clear();
        self.key.extend_from_slice(&minute_ms.to_le_bytes());
        self.key.push(u8::from(entry.test));
        for text in texts {
            self.key.extend_from_slice(clip(text).as_bytes());
            // No byte of UTF-8.
            self.key.push(0xff);
        }
        // One request is much like the one before.
        if self.slots.get(self.last).is_some_and(|slot| *slot.key == *self.key) {
            return self.last;
        }
        self.last = match self.index.get(self.key.as_slice()) {
            Some(slot) => *slot,
            None => self.new_slot(minute_ms, entry.test, texts),
        };
        self.last
    }

    fn new_slot(&mut self, minute_ms: i64, test: bool, texts: [&str; DIMENSIONS.len()]) -> usize {
        let dims = Arc::new(Dims { text: texts.map(|text| storable(clip(text)).into()), test });
        let next_org = self.orgs.len() as u32;
        let org = *self.orgs.entry(dims.text[Dimension::Org as usize].clone()).or_insert(next_org);
        let key: Box<[u8]> = self.key.as_slice().into();
        self.index.insert(key.clone(), self.slots.len());
        self.slots.push(Slot { key, minute_ms, org, dims, measures: Measures::default() });
        self.slots.len() - 1
    }

    /// What the tables take.
    #[must_use]
    pub fn finish(mut self, clock: &Clock) -> (Vec<Batch>, Vec<Rollup>) {
        self.lines.sort_unstable_by_key(|line| (line.org, line.request));
        let mut batches = Vec::new();
        let mut rest = self.lines.as_slice();
        while let Some(first) = rest.first() {
            let near = |line: &Line| {
                line.org == first.org && time_of(line.request) - time_of(first.request) < BATCH_SPAN_MS_MAX
            };
            let end = rest.iter().take(BATCH_LINES_MAX).take_while(|line| near(line)).count().max(1);
            let (lines, left) = rest.split_at(end);
            batches.push(self.pack(lines, clock));
            rest = left;
        }
        (batches, self.rollups())
    }

    fn pack(&self, lines: &[Line], clock: &Clock) -> Batch {
        let bytes: usize = lines.iter().map(|line| line.end - line.start + 3).sum();
        let mut body = Vec::with_capacity(bytes);
        let mut facets = BTreeSet::new();
        let mut last_slot = usize::MAX;
        for line in lines {
            put_line(&mut body, line.version, &self.bodies[line.start..line.end]);
            facets.insert((Facet::Status, Cow::Owned(line.status.to_string())));
            if line.slot != last_slot {
                last_slot = line.slot;
                facets.extend(facets_of(&self.slots[line.slot].dims));
            }
        }
        let (first, last) = (&lines[0], &lines[lines.len() - 1]);
        let starts = || lines.iter().map(|line| line.started_ms);
        Batch {
            id: id::text("rb", id::mint(clock)),
            org: self.slots[first.slot].dims.text[Dimension::Org as usize].clone(),
            first_ms: starts().min().unwrap_or_default(),
            last_ms: starts().max().unwrap_or_default(),
            first_request: id::text("req", first.request),
            last_request: id::text("req", last.request),
            count: lines.len() as i64,
            body,
            facets: facets.into_iter().map(|(facet, value)| (facet, value.into())).collect(),
        }
    }

    /// Minutes as they are, hours and days summed over them.
    fn rollups(&self) -> Vec<Rollup> {
        let mut all: HashMap<(Width, i64, &Dims), Rollup> = HashMap::new();
        for slot in &self.slots {
            for width in Width::ALL {
                let bucket_ms = width.floor(slot.minute_ms);
                all.entry((width, bucket_ms, &slot.dims))
                    .or_insert_with(|| Rollup {
                        width,
                        bucket_ms,
                        dims: Arc::clone(&slot.dims),
                        measures: Measures::default(),
                    })
                    .measures
                    .add(&slot.measures);
            }
        }
        all.into_values().collect()
    }
}

/// Texts of an entry, by [`Dimension`].
fn texts<'a>(entry: &Entry<'a>, label: &'a str) -> [&'a str; DIMENSIONS.len()] {
    [
        entry.org,
        entry.project,
        entry.key,
        entry.user,
        entry.model_asked,
        entry.model_served,
        entry.provider,
        entry.kind,
        label,
    ]
}

/// `PostgreSQL` takes no NUL in text.
fn storable(text: &str) -> Cow<'_, str> {
    if text.contains('\0') { Cow::Owned(text.replace('\0', "\u{fffd}")) } else { Cow::Borrowed(text) }
}

/// Milliseconds a ULID was made at: its first 48 bits.
fn time_of(request: [u8; 16]) -> u64 {
    (u128::from_be_bytes(request) >> 80) as u64
}

fn facets_of(dims: &Dims) -> impl Iterator<Item = (Facet, Cow<'_, str>)> {
    [
        (Facet::Key, Dimension::Key),
        (Facet::User, Dimension::User),
        (Facet::Project, Dimension::Project),
        (Facet::Model, Dimension::ModelAsked),
        (Facet::Model, Dimension::ModelServed),
        (Facet::Provider, Dimension::Provider),
    ]
    .into_iter()
    .map(|(facet, dimension)| (facet, Cow::Borrowed(dims.text[dimension as usize].as_ref())))
    .filter(|(_, value)| !value.is_empty())
}

/// What one entry adds to its rows.
fn measure(entry: &Entry<'_>) -> Result<Measures, &'static str> {
    let usage = &entry.usage;
    let classes = [
        usage.in_uncached,
        usage.cache_read,
        usage.cache_write_5m,
        usage.cache_write_1h,
        usage.in_audio,
        usage.in_image,
        usage.out_text,
        usage.out_reasoning,
        usage.out_audio,
    ];
    if classes.iter().any(|tokens| *tokens > TOKENS_MAX) {
        return Err("more tokens than can be");
    }
    let cost = entry.cost.map_or(0, |cost| cost.0);
    if !(-COST_NANOUSD_MAX..=COST_NANOUSD_MAX).contains(&cost) {
        return Err("a cost that cannot be");
    }
    let mut one = Measures::default();
    let sums = &mut one.0;
    sums[at::REQUESTS] = 1;
    if let Some(class) = error_class(entry.status, entry.error) {
        sums[class] = 1;
    }
    for (index, tokens) in classes.into_iter().enumerate() {
        sums[at::USAGE + index] = tokens as i64;
    }
    sums[at::COST_NANOUSD] = cost;
    sums[at::UNPRICED_REQUESTS] =
        i64::from(entry.cost.is_none() && entry.usage_origin != UsageOrigin::Nothing);
    sums[at::ESTIMATED_REQUESTS] = i64::from(entry.usage_origin == UsageOrigin::Estimated);
    // Status 0: interrupted by a crash; its "latency" is the time until recovery.
    if entry.status != 0 {
        sums[at::LATENCY_MS_SUM] = i64::from(entry.latency_ms);
        sums[at::LATENCY + histogram::bucket(entry.latency_ms)] = 1;
    }
    if let Some(ms) = entry.first_token_ms {
        sums[at::FIRST_TOKEN_MS_SUM] = i64::from(ms);
        sums[at::FIRST_TOKEN_COUNT] = 1;
        sums[at::FIRST_TOKEN + histogram::bucket(ms)] = 1;
    }
    Ok(one)
}

/// Which error measure a request counts in. A stream that failed after its head has status 200
/// and an error code.
fn error_class(status: u16, error: &str) -> Option<usize> {
    match (status, error) {
        (499, _) | (_, "client_gone") => Some(at::ERRORS_CANCELLED),
        (502 | 504, _)
        | (_, "upstream_error" | "upstream_auth" | "upstream_timeout" | "no_healthy_target") => {
            Some(at::ERRORS_UPSTREAM)
        }
        (429, _) => Some(at::ERRORS_LIMITED),
        (400..=498, _) => Some(at::ERRORS_CLIENT),
        (1..=399, "") => None,
        _ => Some(at::ERRORS_INTERNAL),
    }
}
