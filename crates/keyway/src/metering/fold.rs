//! Turning settled entries into what the tables take: packed request lines and rollup amounts.

mod rows;

use crate::base::{Clock, id};
use crate::store::requests_write::{BATCH_LINES_MAX, BATCH_SPAN_MS_MAX, Batch, Facet, put_line};
use crate::store::usage_columns::{Dimension, Dims, Measures, Rollup, Width, at};
use ledger::entry::TRUNCATED;
use ledger::{Entry, UsageOrigin, histogram};
use rows::Rows;
use std::collections::{BTreeSet, HashMap};

/// Tokens of one class above which a line is not believed: sums must stay within 64 bits.
pub const TOKENS_MAX: u64 = 1_000_000_000_000;
/// Cost above which a line is not believed, nano-USD: a million dollars.
pub const COST_NANOUSD_MAX: i64 = 1_000_000_000_000_000;

/// Bytes of the lines that are kept in one piece of memory.
const BLOCK_BYTES: usize = 256 * 1024;

/// Entries on their way into the tables.
#[derive(Default)]
pub struct Fold {
    rows: Rows,
    lines: Vec<Line>,
    /// The lines' bytes, in blocks that are never moved.
    blocks: Vec<Vec<u8>>,
}

struct Line {
    /// Its id as a number: one comparison each in the sort.
    request: u128,
    started_ms: i64,
    /// Where its bytes are: a block, and the first of them and how many in it.
    block: u32,
    start: u32,
    length: u32,
    /// The row without label it counts in.
    row: u32,
    status: u16,
    version: u8,
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
        let part = Part::of(entry)?;
        let minute_ms = Width::Minute.floor(entry.started_ms);
        let row = self.rows.common(rows::texts(entry), entry.test);
        part.add_to(self.rows.measures(row, minute_ms));
        for label in entry.labels.iter().filter(|label| !label.is_empty()) {
            let labelled = self.rows.labelled(row, label);
            part.add_to(self.rows.measures(labelled, minute_ms));
        }
        let (block, start) = self.keep(encoded);
        self.lines.push(Line {
            request: u128::from_be_bytes(entry.request),
            started_ms: entry.started_ms,
            block,
            start,
            length: encoded.len() as u32,
            row,
            status: entry.status,
            version,
        });
        Ok(())
    }

    fn keep(&mut self, encoded: &[u8]) -> (u32, u32) {
        let room = |block: &Vec<u8>| block.capacity() - block.len() >= encoded.len();
        if !self.blocks.last().is_some_and(room) {
            self.blocks.push(Vec::with_capacity(BLOCK_BYTES.max(encoded.len())));
        }
        let number = self.blocks.len() - 1;
        let block = &mut self.blocks[number];
        let start = block.len();
        block.extend_from_slice(encoded);
        (number as u32, start as u32)
    }

    fn encoded(&self, line: &Line) -> &[u8] {
        let start = line.start as usize;
        &self.blocks[line.block as usize][start..start + line.length as usize]
    }

    /// What the tables take.
    #[must_use]
    pub fn finish(mut self, clock: &Clock) -> (Vec<Batch>, Vec<Rollup>) {
        let orgs = self.orgs();
        let org = |line: &Line| orgs[line.row as usize];
        let mut lines = std::mem::take(&mut self.lines);
        lines.sort_unstable_by_key(|line| (org(line), line.request));
        // By row: the last batch that counted it in.
        let mut seen = vec![0; self.rows.len()];
        let mut batches = Vec::new();
        let mut rest = lines.as_slice();
        while let Some(first) = rest.first() {
            let near = |line: &Line| {
                org(line) == org(first) && time_of(line.request) - time_of(first.request) < BATCH_SPAN_MS_MAX
            };
            let end = rest.iter().take(BATCH_LINES_MAX).take_while(|line| near(line)).count().max(1);
            let (batch, left) = rest.split_at(end);
            let number = batches.len() + 1;
            batches.push(self.pack(batch, &mut seen, number, clock));
            rest = left;
        }
        (batches, self.rows.rollups())
    }

    /// A number for the organisation of each row.
    fn orgs(&self) -> Vec<u32> {
        let mut numbers: HashMap<&str, u32> = HashMap::new();
        (0..self.rows.len() as u32)
            .map(|row| {
                let next = numbers.len() as u32;
                *numbers.entry(&self.rows.dims(row).text[Dimension::Org as usize]).or_insert(next)
            })
            .collect()
    }

    /// One batch. `seen` says of each row in which batch it was counted last; this is `number`.
    fn pack(&self, lines: &[Line], seen: &mut [usize], number: usize, clock: &Clock) -> Batch {
        let bytes: usize = lines.iter().map(|line| line.length as usize + 3).sum();
        let mut body = Vec::with_capacity(bytes);
        let mut texts = BTreeSet::new();
        let mut statuses = Vec::new();
        for line in lines {
            put_line(&mut body, line.version, self.encoded(line));
            if !statuses.contains(&line.status) {
                statuses.push(line.status);
            }
            let seen = &mut seen[line.row as usize];
            if *seen != number {
                *seen = number;
                texts.extend(facets_of(self.rows.dims(line.row)));
            }
        }
        let statuses = statuses.into_iter().map(|status| (Facet::Status, status.to_string().into()));
        let (first, last) = (&lines[0], &lines[lines.len() - 1]);
        let starts = || lines.iter().map(|line| line.started_ms);
        Batch {
            id: id::text("rb", id::mint(clock.now_ms())),
            org: self.rows.dims(first.row).text[Dimension::Org as usize].clone(),
            first_ms: starts().min().unwrap_or_default(),
            last_ms: starts().max().unwrap_or_default(),
            first_request: id::text("req", first.request.to_be_bytes()),
            last_request: id::text("req", last.request.to_be_bytes()),
            count: lines.len() as i64,
            body,
            facets: texts.into_iter().map(|(facet, value)| (facet, value.into())).chain(statuses).collect(),
        }
    }
}

/// Milliseconds a ULID was made at: its first 48 bits.
fn time_of(request: u128) -> u64 {
    (request >> 80) as u64
}

fn facets_of(dims: &Dims) -> impl Iterator<Item = (Facet, &str)> {
    [
        (Facet::Key, Dimension::Key),
        (Facet::User, Dimension::User),
        (Facet::Project, Dimension::Project),
        (Facet::Model, Dimension::ModelAsked),
        (Facet::Model, Dimension::ModelServed),
        (Facet::Provider, Dimension::Provider),
    ]
    .into_iter()
    .map(|(facet, dimension)| (facet, dims.text[dimension as usize].as_ref()))
    .filter(|(_, value)| !value.is_empty())
}

/// What one entry adds to each of its rows.
struct Part {
    /// What stands before the histograms.
    sums: [i64; at::LATENCY],
    latency_bucket: Option<usize>,
    first_token: Option<(i64, usize)>,
}

impl Part {
    fn of(entry: &Entry<'_>) -> Result<Self, &'static str> {
        let classes = entry.usage.by_class();
        if classes.iter().any(|tokens| *tokens > TOKENS_MAX) {
            return Err("more tokens than can be");
        }
        let cost = entry.cost.map_or(0, |cost| cost.0);
        let sell = entry.sell.map_or(0, |sell| sell.0);
        let sane = -COST_NANOUSD_MAX..=COST_NANOUSD_MAX;
        if ![cost, sell, entry.spend.absorbed.0].iter().all(|amount| sane.contains(amount)) {
            return Err("a cost that cannot be");
        }
        let mut sums = [0; at::LATENCY];
        sums[at::REQUESTS] = 1;
        if let Some(class) = error_class(entry.status, entry.error) {
            sums[class] = 1;
        }
        for (sum, tokens) in sums[at::USAGE..].iter_mut().zip(classes) {
            *sum = tokens as i64;
        }
        sums[at::COST_NANOUSD] = cost;
        sums[at::SELL_NANOUSD] = sell;
        sums[at::ABSORBED_NANOUSD] = entry.spend.absorbed.0;
        sums[at::UNPRICED_REQUESTS] =
            i64::from(entry.cost.is_none() && entry.usage_origin != UsageOrigin::Nothing);
        sums[at::ESTIMATED_REQUESTS] = i64::from(entry.usage_origin == UsageOrigin::Estimated);
        sums[at::TRUNCATED_REQUESTS] =
            i64::from(entry.attempts.last().is_some_and(|last| last.outcome == TRUNCATED));
        // Status 0: interrupted by a crash; its "latency" is the time until recovery.
        let finished = entry.status != 0;
        if finished {
            sums[at::LATENCY_MS_SUM] = i64::from(entry.latency_ms);
        }
        Ok(Self {
            sums,
            latency_bucket: finished.then(|| histogram::bucket(entry.latency_ms)),
            first_token: entry.first_token_ms.map(|ms| (i64::from(ms), histogram::bucket(ms))),
        })
    }

    fn add_to(&self, measures: &mut Measures) {
        let sums = &mut measures.0;
        const MONEY: std::ops::RangeInclusive<usize> = at::COST_NANOUSD..=at::ABSORBED_NANOUSD;
        let mut money = [0; 3];
        for ((to, sum), part) in money.iter_mut().zip(&sums[MONEY]).zip(&self.sums[MONEY]) {
            *to = sum.saturating_add(*part);
        }
        // The bounds on one line leave room for millions of them in every other sum.
        for (sum, part) in sums.iter_mut().zip(&self.sums) {
            *sum = sum.wrapping_add(*part);
        }
        sums[MONEY].copy_from_slice(&money);
        if let Some(bucket) = self.latency_bucket {
            sums[at::LATENCY + bucket] += 1;
        }
        if let Some((ms, bucket)) = self.first_token {
            sums[at::FIRST_TOKEN_MS_SUM] += ms;
            sums[at::FIRST_TOKEN_COUNT] += 1;
            sums[at::FIRST_TOKEN + bucket] += 1;
        }
    }
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
        (402 | 429, _) | (_, "insufficient_quota" | "insufficient_balance") => Some(at::ERRORS_LIMITED),
        (400..=498, _) => Some(at::ERRORS_CLIENT),
        (1..=399, "") => None,
        _ => Some(at::ERRORS_INTERNAL),
    }
}
