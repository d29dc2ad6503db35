//! The bytes of an entry: what a journal record carries and the request log keeps.
//!
//! Integers are little endian. In order:
//!
//! | part | bytes |
//! |---|---|
//! | flags: [`TEST`], [`STREAM`], [`COST`], [`FIRST_TOKEN`], usage origin in the two bits from [`ORIGIN_SHIFT`], [`SPEND`] | u8 |
//! | number of labels, number of attempts | u8, u8 |
//! | usage classes that are not zero, a bit each in the order of [`Usage::by_class`] | u16 |
//! | `status`, `latency_ms`, `started_ms` | u16, u32, i64 |
//! | `request`, `peer` | 16, 16 |
//! | `cost` and `first_token_ms`, if their flags say so | i64, u32 |
//! | usage of each class that is not zero | LEB128 |
//! | lengths of the entry's texts, models and price version first | u16 three times, then u8 |
//! | lengths of the labels | u8 |
//! | each attempt: status, ms, lengths of provider, model and outcome | u16, u32, u8, u8, u8 |
//! | if [`SPEND`] says so: sell price (0 without a cost), charge, absorbed, number of accounts, each account | i64 three times, u8, 21 each |
//! | the texts, in the order of their lengths | UTF-8 |
//!
//! A SENT is its `prompt_bytes` as u64, what it reserved as i64 and its markup as u32, then its entry. A
//! PROGRESS ([`Progress`](crate::Progress)) is the request's id, its tokens as u64 and what is reserved as i64. An entry has exactly one
//! encoding: whatever else decodes to nothing. All texts lie in one piece so that one look at it proves
//! them to be UTF-8.
//!
//! Version 1 knew no money but the cost: its entries are those without [`SPEND`], its SENT went from
//! `prompt_bytes` to the entry.

use crate::bound::{
    ATTEMPT_MODEL_BYTES_MAX, ATTEMPTS_MAX, CLIENT_REQUEST_BYTES_MAX, ID_BYTES_MAX, LABEL_BYTES_MAX,
    LABELS_MAX, MODEL_BYTES_MAX, OUTCOME_BYTES_MAX, PRICE_VERSION_BYTES_MAX, USER_BYTES_MAX, cut,
};
use crate::record::RECORD_BYTES_MAX;
use crate::spend::{self, Reserved, Spend};
use crate::usage::USAGE_CLASSES;
use crate::{Attempt, Entry, NanoUsd, Sent, Usage, UsageOrigin};
use std::fmt;

const TEST: u8 = 1;
const STREAM: u8 = 2;
const COST: u8 = 4;
const FIRST_TOKEN: u8 = 8;
const ORIGIN_SHIFT: u8 = 4;
/// It is not sold at cost, or there is an account that it draws on.
const SPEND: u8 = 0x40;
/// Flags no release has given a meaning.
const FLAGS_UNKNOWN: u8 = 0x80;
/// Version of entries without [`SPEND`].
const VERSION_WITHOUT_SPEND: u8 = 1;

/// Bytes of an attempt besides its texts.
const ATTEMPT_BYTES: usize = 9;

/// How many texts an entry has besides its lists.
const TEXTS: usize = 11;
/// How many of them, the first ones, may be longer than a byte says.
const WIDE: usize = 3;
/// Bounds of the texts of [`texts`].
const BYTES_MAX: [usize; TEXTS] = [
    MODEL_BYTES_MAX,
    MODEL_BYTES_MAX,
    PRICE_VERSION_BYTES_MAX,
    ID_BYTES_MAX,
    ID_BYTES_MAX,
    ID_BYTES_MAX,
    USER_BYTES_MAX,
    ID_BYTES_MAX,
    ID_BYTES_MAX,
    CLIENT_REQUEST_BYTES_MAX,
    ID_BYTES_MAX,
];
/// Bytes of what stands before the texts, at the most.
const HEAD_BYTES_MAX: usize = 3 + 2 + 2 + 4 + 8 + 16 + 16 // always there
    + 8 + 4 + 10 * USAGE_CLASSES // cost, first token, usage
    + TEXTS + WIDE + LABELS_MAX + ATTEMPT_BYTES * ATTEMPTS_MAX;
const _: () = {
    let mut at = 0;
    while at < TEXTS {
        assert!(BYTES_MAX[at] <= if at < WIDE { 0xFFFF } else { 0xFF });
        at += 1;
    }
};
const _: () = assert!(LABEL_BYTES_MAX < 256 && ATTEMPT_MODEL_BYTES_MAX < 256 && OUTCOME_BYTES_MAX < 256);
const _: () = assert!(LABELS_MAX < 256 && ATTEMPTS_MAX < 256 && USAGE_CLASSES <= 16);

/// Bytes that are no entry.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BadPayload;

/// The texts in the order of their lengths.
#[inline]
fn texts<'a>(entry: &Entry<'a>) -> [&'a str; TEXTS] {
    [
        entry.model_asked,
        entry.model_served,
        entry.price_version,
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

/// Texts of an attempt, cut.
#[inline]
fn attempt_texts<'a>(attempt: &Attempt<'a>) -> [&'a str; 3] {
    [
        cut(attempt.provider, ID_BYTES_MAX),
        cut(attempt.model, ATTEMPT_MODEL_BYTES_MAX),
        cut(attempt.outcome, OUTCOME_BYTES_MAX),
    ]
}

/// Appends what a SENT record carries; texts and lists are cut at the bounds of [`crate::bound`].
pub fn put_sent(out: &mut Vec<u8>, sent: &Sent<'_>) {
    out.extend_from_slice(&sent.prompt_bytes.to_le_bytes());
    out.extend_from_slice(&sent.reserved.amount.0.to_le_bytes());
    out.extend_from_slice(&sent.reserved.markup.to_le_bytes());
    put_entry(out, &sent.entry);
}

/// Appends an entry; texts and lists are cut at the bounds of [`crate::bound`].
pub fn put_entry(out: &mut Vec<u8>, entry: &Entry<'_>) {
    let labels = entry.labels.get(..LABELS_MAX).unwrap_or(&entry.labels);
    let surplus = entry.attempts.len().saturating_sub(ATTEMPTS_MAX);
    let attempts = entry.attempts.get(surplus..).unwrap_or_default();
    let mut head = Head::default();
    put_numbers(&mut head, entry, [labels.len() as u8, attempts.len() as u8]);
    let mut texts = texts(entry);
    let mut lengths = [0; TEXTS + WIDE];
    for at in 0..TEXTS {
        texts[at] = cut(texts[at], BYTES_MAX[at]);
        let [low, high] = (texts[at].len() as u16).to_le_bytes();
        if at < WIDE {
            (lengths[2 * at], lengths[2 * at + 1]) = (low, high);
        } else {
            lengths[WIDE + at] = low;
        }
    }
    head.put(lengths);
    for label in labels {
        head.put([cut(label, LABEL_BYTES_MAX).len() as u8]);
    }
    for attempt in attempts {
        let [s0, s1] = attempt.status.to_le_bytes();
        let [m0, m1, m2, m3] = attempt.ms.to_le_bytes();
        let [provider, model, outcome] = attempt_texts(attempt).map(|text| text.len() as u8);
        head.put([s0, s1, m0, m1, m2, m3, provider, model, outcome]);
    }

    // Once for all parts.
    out.reserve(RECORD_BYTES_MAX);
    out.extend_from_slice(head.written());
    if has_spend(entry.cost, entry.sell, &entry.spend) {
        spend::put(out, entry.cost.and(entry.sell).unwrap_or_default(), &entry.spend);
    }
    for text in &texts {
        put_text(out, text);
    }
    for label in labels {
        put_text(out, cut(label, LABEL_BYTES_MAX));
    }
    for attempt in attempts {
        for text in &attempt_texts(attempt) {
            put_text(out, text);
        }
    }
}

/// Whether an entry says more of money than its cost.
fn has_spend(cost: Option<NanoUsd>, sell: Option<NanoUsd>, spend: &Spend) -> bool {
    cost.is_some() && sell != cost || *spend != Spend::default()
}

/// Most texts are ids: two steps of known length, of which the second overlaps the first, copy one without a call.
#[inline]
fn put_text(out: &mut Vec<u8>, text: &str) {
    const STEP: usize = 16;
    let bytes = text.as_bytes();
    match (bytes.first_chunk::<STEP>(), bytes.last_chunk::<STEP>()) {
        (Some(first), Some(last)) if bytes.len() <= 2 * STEP => {
            out.extend_from_slice(first);
            out.truncate(out.len() + bytes.len() - 2 * STEP);
            out.extend_from_slice(last);
        }
        _ if bytes.is_empty() => {}
        _ => out.extend_from_slice(bytes),
    }
}

#[inline]
fn put_numbers(head: &mut Head, entry: &Entry<'_>, [labels, attempts]: [u8; 2]) {
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
        | flag(has_spend(entry.cost, entry.sell, &entry.spend), SPEND)
        | origin << ORIGIN_SHIFT;
    let usage = entry.usage.by_class();
    let mut classes = 0_u16;
    for (bit, tokens) in usage.iter().enumerate() {
        classes |= u16::from(*tokens != 0) << bit;
    }
    head.put([flags, labels, attempts]);
    head.put(classes.to_le_bytes());
    head.put(entry.status.to_le_bytes());
    head.put(entry.latency_ms.to_le_bytes());
    head.put(entry.started_ms.to_le_bytes());
    head.put(entry.request);
    head.put(entry.peer);
    if let Some(NanoUsd(cost)) = entry.cost {
        head.put(cost.to_le_bytes());
    }
    if let Some(ms) = entry.first_token_ms {
        head.put(ms.to_le_bytes());
    }
    while classes != 0 {
        // As many zeros as the class's place, which is one of the array's.
        head.put_varint(usage[classes.trailing_zeros() as usize]);
        classes &= classes - 1;
    }
}

/// What stands before the texts.
struct Head {
    bytes: [u8; HEAD_BYTES_MAX],
    length: usize,
}

impl Default for Head {
    fn default() -> Self {
        Self { bytes: [0; HEAD_BYTES_MAX], length: 0 }
    }
}

impl Head {
    #[inline]
    fn put<const N: usize>(&mut self, part: [u8; N]) {
        if let Some(room) = self.bytes.get_mut(self.length..).and_then(<[u8]>::first_chunk_mut) {
            *room = part;
            self.length += N;
        }
    }

    #[inline]
    fn put_varint(&mut self, mut number: u64) {
        while number >= 0x80 {
            self.put([number as u8 | 0x80]);
            number >>= 7;
        }
        self.put([number as u8]);
    }

    fn written(&self) -> &[u8] {
        self.bytes.get(..self.length).unwrap_or_default()
    }
}

/// Reads what a SENT record of a version carries.
///
/// # Errors
/// The bytes are not what [`put_sent`] writes, or wrote.
#[inline]
pub fn take_sent(version: u8, bytes: &[u8]) -> Result<Sent<'_>, BadPayload> {
    let mut rest = Rest(bytes);
    let prompt_bytes = u64::from_le_bytes(rest.array()?);
    let reserved = if version == VERSION_WITHOUT_SPEND {
        Reserved::default()
    } else {
        let amount = NanoUsd(i64::from_le_bytes(rest.array()?));
        Reserved { amount, markup: u32::from_le_bytes(rest.array()?) }
    };
    let entry = take_entry(version, rest.0)?;
    Ok(Sent { entry, prompt_bytes, reserved })
}

/// Reads an entry of a version. Its texts are borrowed; its lists are allocated if they are not empty.
///
/// # Errors
/// The bytes are not what [`put_entry`] writes, or wrote, all of them.
pub fn take_entry(version: u8, bytes: &[u8]) -> Result<Entry<'_>, BadPayload> {
    let mut rest = Rest(bytes);
    let [flags, labels, attempts] = rest.array()?;
    let classes = u16::from_le_bytes(rest.array()?);
    if flags & unknown(version) != 0 || classes >> USAGE_CLASSES != 0 {
        return Err(BadPayload);
    }
    let usage_origin = origin(flags)?;
    let status = u16::from_le_bytes(rest.array()?);
    let latency_ms = u32::from_le_bytes(rest.array()?);
    let started_ms = i64::from_le_bytes(rest.array()?);
    let (request, peer) = (rest.array()?, rest.array()?);
    let cost = rest.array_if(flags & COST != 0)?.map(|bytes| NanoUsd(i64::from_le_bytes(bytes)));
    let first_token_ms = rest.array_if(flags & FIRST_TOKEN != 0)?.map(u32::from_le_bytes);
    let usage = rest.usage(classes)?;
    let lengths: [u8; TEXTS + WIDE] = rest.array()?;
    let labels = rest.slice(usize::from(labels))?;
    let attempts = rest.slice(ATTEMPT_BYTES * usize::from(attempts))?;
    let (sell, spend) = if flags & SPEND != 0 { rest.spend(cost)? } else { (cost, Spend::default()) };

    let mut texts = Texts(std::str::from_utf8(rest.0).map_err(|_| BadPayload)?);
    // As `texts` has them.
    let [
        model_asked,
        model_served,
        price_version,
        org,
        project,
        key,
        user,
        kind,
        provider,
        client_request,
        error,
    ] = texts.all(&lengths)?;
    let labels = texts.labels(labels)?;
    let attempts = texts.attempts(attempts)?;
    if !texts.0.is_empty() {
        return Err(BadPayload);
    }
    Ok(Entry {
        request,
        started_ms,
        org,
        project,
        key,
        user,
        test: flags & TEST != 0,
        kind,
        model_asked,
        model_served,
        provider,
        labels,
        peer,
        client_request,
        stream: flags & STREAM != 0,
        attempts,
        status,
        error,
        usage,
        usage_origin,
        price_version,
        cost,
        sell,
        spend,
        latency_ms,
        first_token_ms,
    })
}

/// Flags that an entry of a version cannot have.
fn unknown(version: u8) -> u8 {
    if version == VERSION_WITHOUT_SPEND { FLAGS_UNKNOWN | SPEND } else { FLAGS_UNKNOWN }
}

fn origin(flags: u8) -> Result<UsageOrigin, BadPayload> {
    match (flags & !SPEND) >> ORIGIN_SHIFT {
        0 => Ok(UsageOrigin::Reported),
        1 => Ok(UsageOrigin::Estimated),
        2 => Ok(UsageOrigin::Nothing),
        _ => Err(BadPayload),
    }
}

/// Bytes not read yet.
struct Rest<'a>(&'a [u8]);

impl<'a> Rest<'a> {
    #[inline]
    fn array<const N: usize>(&mut self) -> Result<[u8; N], BadPayload> {
        let (array, rest) = self.0.split_first_chunk::<N>().ok_or(BadPayload)?;
        self.0 = rest;
        Ok(*array)
    }

    #[inline]
    fn array_if<const N: usize>(&mut self, there: bool) -> Result<Option<[u8; N]>, BadPayload> {
        if there { self.array().map(Some) } else { Ok(None) }
    }

    #[inline]
    fn slice(&mut self, bytes: usize) -> Result<&'a [u8], BadPayload> {
        let (slice, rest) = self.0.split_at_checked(bytes).ok_or(BadPayload)?;
        self.0 = rest;
        Ok(slice)
    }

    /// What an entry of this cost is sold for, and who is charged.
    fn spend(&mut self, cost: Option<NanoUsd>) -> Result<(Option<NanoUsd>, Spend), BadPayload> {
        let (sell, spend, rest) = spend::take(self.0).ok_or(BadPayload)?;
        self.0 = rest;
        let sold = cost.map(|_| sell);
        // What says nothing is not written.
        let means = (cost.is_some() || sell == NanoUsd::ZERO) && has_spend(cost, sold, &spend);
        if means { Ok((sold, spend)) } else { Err(BadPayload) }
    }

    #[inline]
    fn usage(&mut self, mut classes: u16) -> Result<Usage, BadPayload> {
        let mut usage = [0; USAGE_CLASSES];
        while classes != 0 {
            let class = usage.get_mut(classes.trailing_zeros() as usize);
            *class.ok_or(BadPayload)? = self.varint()?;
            classes &= classes - 1;
        }
        Ok(Usage::from_classes(usage))
    }

    /// A LEB128 number in its shortest form, not zero.
    #[inline]
    fn varint(&mut self) -> Result<u64, BadPayload> {
        // Most take two.
        if let [low @ 0x80..=0xFF, high @ 1..=0x7F, rest @ ..] = self.0 {
            self.0 = rest;
            return Ok(u64::from(low & 0x7F) | u64::from(*high) << 7);
        }
        let (mut number, mut shift) = (0, 0);
        loop {
            let [byte] = self.array()?;
            number |= u64::from(byte & 0x7F) << shift;
            if byte < 0x80 {
                // The tenth byte holds one bit; a last byte of zero says nothing.
                let fits = byte == 1 || shift < 63 && byte != 0;
                return if fits { Ok(number) } else { Err(BadPayload) };
            }
            shift += 7;
            if shift > 63 {
                return Err(BadPayload);
            }
        }
    }
}

/// Texts not read yet.
struct Texts<'a>(&'a str);

impl<'a> Texts<'a> {
    #[inline]
    fn take(&mut self, bytes: impl Into<usize>) -> Result<&'a str, BadPayload> {
        let (text, rest) = self.0.split_at_checked(bytes.into()).ok_or(BadPayload)?;
        self.0 = rest;
        Ok(text)
    }

    #[inline]
    fn all(&mut self, lengths: &[u8; TEXTS + WIDE]) -> Result<[&'a str; TEXTS], BadPayload> {
        let mut texts = [""; TEXTS];
        for (at, text) in texts.iter_mut().enumerate() {
            *text = if at < WIDE {
                self.take(u16::from_le_bytes([lengths[2 * at], lengths[2 * at + 1]]))?
            } else {
                self.take(lengths[WIDE + at])?
            };
        }
        Ok(texts)
    }

    fn labels(&mut self, lengths: &[u8]) -> Result<Vec<&'a str>, BadPayload> {
        let mut labels = Vec::with_capacity(lengths.len());
        for bytes in lengths {
            labels.push(self.take(*bytes)?);
        }
        Ok(labels)
    }

    fn attempts(&mut self, parts: &[u8]) -> Result<Vec<Attempt<'a>>, BadPayload> {
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
        Ok(attempts)
    }
}

impl fmt::Display for BadPayload {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the bytes are no journal entry")
    }
}

impl std::error::Error for BadPayload {}
