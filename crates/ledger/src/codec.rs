//! The bytes of an entry: what a journal record carries and the request log keeps.
//!
//! Integers are little endian. In order:
//!
//! | part | bytes |
//! |---|---|
//! | flags: [`TEST`], [`STREAM`], [`COST`], [`FIRST_TOKEN`], usage origin in the two bits from [`ORIGIN_SHIFT`] | u8 |
//! | number of labels, number of attempts | u8, u8 |
//! | usage classes that are not zero, a bit each in the order of [`Usage::by_class`] | u16 |
//! | `status`, `latency_ms`, `started_ms` | u16, u32, i64 |
//! | `request`, `peer` | 16, 16 |
//! | `cost` and `first_token_ms`, if their flags say so | i64, u32 |
//! | usage of each class that is not zero | LEB128 |
//! | lengths of the texts of [`wide`], then of [`narrow`], then of the labels | u16, u8, u8 |
//! | each attempt: status, ms, lengths of provider, model and outcome | u16, u32, u8, u8, u8 |
//! | the texts, in the order of their lengths | UTF-8 |
//!
//! A SENT is its `prompt_bytes` as u64, then its entry. An entry has exactly one encoding:
//! whatever else decodes to nothing. All texts lie in one piece so that one look at it proves
//! them to be UTF-8.

use crate::bound::{
    ATTEMPT_MODEL_BYTES_MAX, ATTEMPTS_MAX, CLIENT_REQUEST_BYTES_MAX, ID_BYTES_MAX, LABEL_BYTES_MAX,
    LABELS_MAX, MODEL_BYTES_MAX, OUTCOME_BYTES_MAX, PRICE_VERSION_BYTES_MAX, USER_BYTES_MAX, cut,
};
use crate::record::RECORD_BYTES_MAX;
use crate::usage::USAGE_CLASSES;
use crate::{Attempt, Entry, NanoUsd, Sent, Usage, UsageOrigin};
use std::fmt;

const TEST: u8 = 1;
const STREAM: u8 = 2;
const COST: u8 = 4;
const FIRST_TOKEN: u8 = 8;
const ORIGIN_SHIFT: u8 = 4;
/// Flags no release has given a meaning.
const FLAGS_UNKNOWN: u8 = 0xC0;

/// Bytes of an attempt besides its texts.
const ATTEMPT_BYTES: usize = 9;

/// Bounds of the texts of [`wide`].
const WIDE_BYTES_MAX: [usize; 3] = [MODEL_BYTES_MAX, MODEL_BYTES_MAX, PRICE_VERSION_BYTES_MAX];
/// Bounds of the texts of [`narrow`].
const NARROW_BYTES_MAX: [usize; 8] = [
    ID_BYTES_MAX,
    ID_BYTES_MAX,
    ID_BYTES_MAX,
    USER_BYTES_MAX,
    ID_BYTES_MAX,
    ID_BYTES_MAX,
    CLIENT_REQUEST_BYTES_MAX,
    ID_BYTES_MAX,
];
const _: () = assert!(MODEL_BYTES_MAX <= u16::MAX as usize && PRICE_VERSION_BYTES_MAX <= u16::MAX as usize);
const _: () = assert!(ID_BYTES_MAX < 256 && USER_BYTES_MAX < 256 && CLIENT_REQUEST_BYTES_MAX < 256);
const _: () = assert!(LABEL_BYTES_MAX < 256 && ATTEMPT_MODEL_BYTES_MAX < 256 && OUTCOME_BYTES_MAX < 256);
const _: () = assert!(LABELS_MAX < 256 && ATTEMPTS_MAX < 256 && USAGE_CLASSES <= 16);

/// Bytes that are no entry.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BadPayload;

/// Texts whose length takes two bytes.
fn wide<'a>(entry: &Entry<'a>) -> [&'a str; WIDE_BYTES_MAX.len()] {
    [entry.model_asked, entry.model_served, entry.price_version]
}

/// Texts whose length fits one byte.
fn narrow<'a>(entry: &Entry<'a>) -> [&'a str; NARROW_BYTES_MAX.len()] {
    [
        entry.org,
        entry.project,
        entry.key,
        entry.user,
        entry.kind,
        entry.provider,
        entry.client_request,
        entry.error,
    ]
}

/// Appends what a SENT record carries; texts and lists are cut at the bounds of [`crate::bound`].
pub fn put_sent(out: &mut Vec<u8>, sent: &Sent<'_>) {
    out.reserve(RECORD_BYTES_MAX);
    out.extend_from_slice(&sent.prompt_bytes.to_le_bytes());
    put_entry(out, &sent.entry);
}

/// Appends an entry; texts and lists are cut at the bounds of [`crate::bound`].
pub fn put_entry(out: &mut Vec<u8>, entry: &Entry<'_>) {
    // Once for all parts.
    out.reserve(RECORD_BYTES_MAX);
    let labels = entry.labels.get(..LABELS_MAX).unwrap_or(&entry.labels);
    let surplus = entry.attempts.len().saturating_sub(ATTEMPTS_MAX);
    let attempts = entry.attempts.get(surplus..).unwrap_or_default();
    let usage = entry.usage.by_class();
    put_numbers(out, entry, [labels.len() as u8, attempts.len() as u8], &usage);

    let (mut wide, mut narrow) = (wide(entry), narrow(entry));
    for (text, bytes_max) in wide.iter_mut().zip(WIDE_BYTES_MAX) {
        *text = cut(text, bytes_max);
        out.extend_from_slice(&(text.len() as u16).to_le_bytes());
    }
    for (text, bytes_max) in narrow.iter_mut().zip(NARROW_BYTES_MAX) {
        *text = cut(text, bytes_max);
    }
    out.extend_from_slice(&narrow.map(|text| text.len() as u8));
    for label in labels {
        out.push(cut(label, LABEL_BYTES_MAX).len() as u8);
    }
    for attempt in attempts {
        let [s0, s1] = attempt.status.to_le_bytes();
        let [m0, m1, m2, m3] = attempt.ms.to_le_bytes();
        let [provider, model, outcome] = attempt_texts(attempt).map(|text| text.len() as u8);
        out.extend_from_slice(&[s0, s1, m0, m1, m2, m3, provider, model, outcome]);
    }
    for text in wide.into_iter().chain(narrow) {
        out.extend_from_slice(text.as_bytes());
    }
    for label in labels {
        out.extend_from_slice(cut(label, LABEL_BYTES_MAX).as_bytes());
    }
    for text in attempts.iter().flat_map(attempt_texts) {
        out.extend_from_slice(text.as_bytes());
    }
}

/// Texts of an attempt, cut.
fn attempt_texts<'a>(attempt: &Attempt<'a>) -> [&'a str; 3] {
    [
        cut(attempt.provider, ID_BYTES_MAX),
        cut(attempt.model, ATTEMPT_MODEL_BYTES_MAX),
        cut(attempt.outcome, OUTCOME_BYTES_MAX),
    ]
}

fn put_numbers(out: &mut Vec<u8>, entry: &Entry<'_>, counts: [u8; 2], usage: &[u64; USAGE_CLASSES]) {
    let origin = match entry.usage_origin {
        UsageOrigin::Reported => 0,
        UsageOrigin::Estimated => 1,
        UsageOrigin::Nothing => 2,
    };
    let flag = |set: bool, flag: u8| if set { flag } else { 0 };
    let flags = flag(entry.test, TEST)
        | flag(entry.stream, STREAM)
        | flag(entry.cost.is_some(), COST)
        | flag(entry.first_token_ms.is_some(), FIRST_TOKEN)
        | origin << ORIGIN_SHIFT;
    let classes = (0..).zip(usage).fold(0, |classes: u16, (bit, tokens)| {
        classes | u16::from(*tokens != 0) << bit
    });
    let [low, high] = classes.to_le_bytes();
    out.extend_from_slice(&[flags, counts[0], counts[1], low, high]);
    out.extend_from_slice(&entry.status.to_le_bytes());
    out.extend_from_slice(&entry.latency_ms.to_le_bytes());
    out.extend_from_slice(&entry.started_ms.to_le_bytes());
    out.extend_from_slice(&entry.request);
    out.extend_from_slice(&entry.peer);
    if let Some(NanoUsd(cost)) = entry.cost {
        out.extend_from_slice(&cost.to_le_bytes());
    }
    if let Some(ms) = entry.first_token_ms {
        out.extend_from_slice(&ms.to_le_bytes());
    }
    for tokens in usage.iter().filter(|tokens| **tokens != 0) {
        let mut rest = *tokens;
        while rest >= 0x80 {
            out.push(rest as u8 | 0x80);
            rest >>= 7;
        }
        out.push(rest as u8);
    }
}

/// Reads what a SENT record carries.
///
/// # Errors
/// The bytes are not what [`put_sent`] writes.
pub fn take_sent(bytes: &[u8]) -> Result<Sent<'_>, BadPayload> {
    let (prompt_bytes, entry) = bytes.split_first_chunk::<8>().ok_or(BadPayload)?;
    Ok(Sent {
        entry: take_entry(entry)?,
        prompt_bytes: u64::from_le_bytes(*prompt_bytes),
    })
}

/// Reads an entry. Its texts are borrowed; its lists are allocated if they are not empty.
///
/// # Errors
/// The bytes are not what [`put_entry`] writes, all of them.
pub fn take_entry(bytes: &[u8]) -> Result<Entry<'_>, BadPayload> {
    take(bytes).ok_or(BadPayload)
}

fn take(bytes: &[u8]) -> Option<Entry<'_>> {
    let mut rest = Rest(bytes);
    let [flags, labels, attempts, low, high] = rest.array()?;
    if flags & FLAGS_UNKNOWN != 0 {
        return None;
    }
    let usage_origin = match flags >> ORIGIN_SHIFT {
        0 => UsageOrigin::Reported,
        1 => UsageOrigin::Estimated,
        2 => UsageOrigin::Nothing,
        _ => return None,
    };
    let status = u16::from_le_bytes(rest.array()?);
    let latency_ms = u32::from_le_bytes(rest.array()?);
    let started_ms = i64::from_le_bytes(rest.array()?);
    let (request, peer) = (rest.array()?, rest.array()?);
    let mut cost = None;
    if flags & COST != 0 {
        cost = Some(NanoUsd(i64::from_le_bytes(rest.array()?)));
    }
    let mut first_token_ms = None;
    if flags & FIRST_TOKEN != 0 {
        first_token_ms = Some(u32::from_le_bytes(rest.array()?));
    }
    let usage = rest.usage(u16::from_le_bytes([low, high]))?;
    let wide: [u8; 2 * WIDE_BYTES_MAX.len()] = rest.array()?;
    let narrow: [u8; NARROW_BYTES_MAX.len()] = rest.array()?;
    let labels = rest.slice(usize::from(labels))?;
    let attempts = rest.slice(ATTEMPT_BYTES * usize::from(attempts))?;

    let mut texts = Texts(std::str::from_utf8(rest.0).ok()?);
    let [a0, a1, s0, s1, v0, v1] = wide;
    let [org, project, key, user, kind, provider, client_request, error] = narrow;
    // Fields are read in the order they are written here.
    let entry = Entry {
        model_asked: texts.take(u16::from_le_bytes([a0, a1]))?,
        model_served: texts.take(u16::from_le_bytes([s0, s1]))?,
        price_version: texts.take(u16::from_le_bytes([v0, v1]))?,
        org: texts.take(org)?,
        project: texts.take(project)?,
        key: texts.take(key)?,
        user: texts.take(user)?,
        kind: texts.take(kind)?,
        provider: texts.take(provider)?,
        client_request: texts.take(client_request)?,
        error: texts.take(error)?,
        labels: texts.labels(labels)?,
        attempts: texts.attempts(attempts)?,
        test: flags & TEST != 0,
        stream: flags & STREAM != 0,
        request,
        started_ms,
        peer,
        status,
        usage,
        usage_origin,
        cost,
        latency_ms,
        first_token_ms,
    };
    texts.0.is_empty().then_some(entry)
}

/// Bytes not read yet.
struct Rest<'a>(&'a [u8]);

impl<'a> Rest<'a> {
    #[inline]
    fn array<const N: usize>(&mut self) -> Option<[u8; N]> {
        let (array, rest) = self.0.split_first_chunk::<N>()?;
        self.0 = rest;
        Some(*array)
    }

    #[inline]
    fn slice(&mut self, bytes: usize) -> Option<&'a [u8]> {
        let (slice, rest) = self.0.split_at_checked(bytes)?;
        self.0 = rest;
        Some(slice)
    }

    fn usage(&mut self, classes: u16) -> Option<Usage> {
        if classes >> USAGE_CLASSES != 0 {
            return None;
        }
        let mut usage = [0; USAGE_CLASSES];
        for (bit, tokens) in usage.iter_mut().enumerate() {
            if classes >> bit & 1 != 0 {
                *tokens = self.varint().filter(|tokens| *tokens != 0)?;
            }
        }
        Some(Usage::from_classes(usage))
    }

    /// A LEB128 number in its shortest form.
    #[inline]
    fn varint(&mut self) -> Option<u64> {
        let mut number = 0;
        for shift in (0..64).step_by(7) {
            let [byte] = self.array()?;
            number |= u64::from(byte & 0x7F) << shift;
            if byte < 0x80 {
                let shortest = byte != 0 || shift == 0;
                let fits = shift < 63 || byte == 1;
                return (shortest && fits).then_some(number);
            }
        }
        None
    }
}

/// Texts not read yet.
struct Texts<'a>(&'a str);

impl<'a> Texts<'a> {
    #[inline]
    fn take(&mut self, bytes: impl Into<usize>) -> Option<&'a str> {
        let (text, rest) = self.0.split_at_checked(bytes.into())?;
        self.0 = rest;
        Some(text)
    }

    fn labels(&mut self, lengths: &[u8]) -> Option<Vec<&'a str>> {
        let mut labels = Vec::with_capacity(lengths.len());
        for bytes in lengths {
            labels.push(self.take(*bytes)?);
        }
        Some(labels)
    }

    fn attempts(&mut self, parts: &[u8]) -> Option<Vec<Attempt<'a>>> {
        let (parts, _) = parts.as_chunks::<ATTEMPT_BYTES>();
        let mut attempts = Vec::with_capacity(parts.len());
        for [s0, s1, m0, m1, m2, m3, provider, model, outcome] in parts {
            attempts.push(Attempt {
                provider: self.take(*provider)?,
                model: self.take(*model)?,
                outcome: self.take(*outcome)?,
                status: u16::from_le_bytes([*s0, *s1]),
                ms: u32::from_le_bytes([*m0, *m1, *m2, *m3]),
            });
        }
        Some(attempts)
    }
}

impl fmt::Display for BadPayload {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the bytes are no journal entry")
    }
}

impl std::error::Error for BadPayload {}
