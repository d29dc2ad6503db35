//! Usage as providers of this dialect report it, turned into disjoint classes.
//!
//! OpenAI's arithmetic: cached and cache-written tokens are parts of `prompt_tokens`,
//! reasoning and audio are parts of `completion_tokens`. What differs by vendor: names
//! (DeepSeek `prompt_cache_hit_tokens`, Kimi `cached_tokens` at the top), and xAI, where
//! reasoning is not in `completion_tokens` but is in `total_tokens`.

use crate::json::{JsonError, Kind, Known, Reader, known, whole_number};
use ledger::Usage;

/// Largest count believed, in tokens of one request; more is clamped and flagged.
pub const COUNT_MAX: u64 = 1_000_000_000;

/// How a provider's row counts.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct UsageRule {
    /// Reasoning comes on top of `completion_tokens` (xAI). A reported total overrules this.
    pub reasoning_apart: bool,
}

/// What is odd about a report; the counts are then the nearest sane reading of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Anomaly {
    /// A negative count, read as zero.
    Negative,
    /// A fraction (rounded up), or a count written as a string.
    NotInteger,
    /// More than [`COUNT_MAX`].
    Huge,
    /// A part is larger than what it is a part of.
    PartAboveWhole,
    /// `total_tokens` is not the sum of its parts.
    TotalDiffers,
    /// No tokens at all, though a prompt always has some.
    Zero,
}

/// One usage report.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Report {
    /// The counts in disjoint classes.
    pub usage: Usage,
    /// What the provider says it charged, nano-USD rounded up (OpenRouter `cost`).
    pub cost_nanousd: Option<u64>,
    /// The first oddity met.
    pub anomaly: Option<Anomaly>,
}

/// The usage of a finished answer of any shape that has it at its top level (embeddings,
/// for example). `None` when there is none, or the body is not JSON.
#[must_use]
pub fn of_body(body: &[u8], rule: UsageRule) -> Option<Report> {
    let mut reader = Reader::of_bytes(body)?;
    let mut found = None;
    let read = reader.object(|reader, member| {
        if member.key != b"usage" {
            return reader.ignore();
        }
        found = read(reader, rule)?.or(found);
        Ok(())
    });
    read.ok().and(found)
}

/// The counts there are, as places in [`Counts`].
#[derive(Clone, Copy)]
pub(crate) enum Slot {
    Prompt,
    Completion,
    Total,
    Cached,
    Hit,
    Miss,
    CacheWrite,
    InAudio,
    InImage,
    Reasoning,
    OutAudio,
    /// Of the write, what is kept for an hour or longer.
    CacheWriteLong,
    /// The prompt without what was read from or written to a cache (Anthropic's `input_tokens`).
    Uncached,
    /// What the provider's own tools added to the prompt, beside it (Gemini).
    ToolPrompt,
    /// Of the audio in the prompt, what was read from a cache (Gemini).
    CachedAudio,
    /// Of the images in the prompt, what was read from a cache (Gemini).
    CachedImage,
}

const SLOTS: usize = Slot::CachedImage as usize + 1;

/// Counts as they were written.
#[derive(Debug, Default)]
pub(crate) struct Counts {
    values: [Option<u64>; SLOTS],
    cost_nanousd: Option<u64>,
    anomaly: Option<Anomaly>,
}

/// Reads a usage value. `None` when it is not an object or counts nothing.
///
/// # Errors
/// What is not JSON.
pub fn read(reader: &mut Reader<'_>, rule: UsageRule) -> Result<Option<Report>, JsonError> {
    if !reader.at_object() {
        reader.ignore()?;
        return Ok(None);
    }
    let mut counts = Counts::default();
    reader.known_object(USAGE, |reader, member, _| match member {
        Some(Member::Count(slot)) => counts.put(reader, slot),
        Some(Member::Prompt) => counts.details(reader, PROMPT),
        Some(Member::Completion) => counts.details(reader, COMPLETION),
        Some(Member::Cost) if reader.kind()? == Kind::Number => {
            counts.cost_nanousd = std::str::from_utf8(reader.raw()?).ok().and_then(nanos);
            Ok(())
        }
        _ => reader.ignore(),
    })?;
    Ok(counts.report(rule))
}

/// What a member of a report is.
#[derive(Clone, Copy)]
enum Member {
    Count(Slot),
    Prompt,
    Completion,
    Cost,
}

const USAGE: &[Known<Member>] = known![
    "prompt_tokens" => Member::Count(Slot::Prompt),
    "completion_tokens" => Member::Count(Slot::Completion),
    "total_tokens" => Member::Count(Slot::Total),
    "prompt_tokens_details" => Member::Prompt,
    "completion_tokens_details" => Member::Completion,
    "prompt_cache_hit_tokens" => Member::Count(Slot::Hit),
    "prompt_cache_miss_tokens" => Member::Count(Slot::Miss),
    "cached_tokens" => Member::Count(Slot::Cached),
    "reasoning_tokens" => Member::Count(Slot::Reasoning),
    "cost" => Member::Cost,
    "input_tokens" => Member::Count(Slot::Prompt),
    "input_tokens_details" => Member::Prompt,
    "input_token_details" => Member::Prompt,
    "output_tokens" => Member::Count(Slot::Completion),
    "output_tokens_details" => Member::Completion,
];

/// Parts of the prompt; what is none is here because it is usual.
const PROMPT: &[Known<Option<Slot>>] = known![
    "cached_tokens" => Some(Slot::Cached),
    "audio_tokens" => Some(Slot::InAudio),
    "image_tokens" => Some(Slot::InImage),
    "text_tokens" => None,
    "cache_write_tokens" => Some(Slot::CacheWrite),
    "cache_creation_tokens" => Some(Slot::CacheWrite),
    "cache_creation_input_tokens" => Some(Slot::CacheWrite),
];

/// Parts of the completion.
const COMPLETION: &[Known<Option<Slot>>] = known![
    "reasoning_tokens" => Some(Slot::Reasoning),
    "audio_tokens" => Some(Slot::OutAudio),
    "accepted_prediction_tokens" => None,
    "rejected_prediction_tokens" => None,
];

impl Counts {
    fn odd(&mut self, anomaly: Anomaly) {
        self.anomaly.get_or_insert(anomaly);
    }

    fn get(&self, slot: Slot) -> Option<u64> {
        self.values.get(slot as usize).copied().flatten()
    }

    /// Reads one count. A value that is no number leaves the slot alone; of two members for
    /// one slot the larger wins (a zero beside a number is a field the vendor never fills).
    pub(crate) fn put(&mut self, reader: &mut Reader<'_>, slot: Slot) -> Result<(), JsonError> {
        if let Some(value) = reader.whole_number() {
            let value = self.clamped(value);
            self.set(slot, Some(value));
            return Ok(());
        }
        let value = match reader.kind()? {
            Kind::Number => self.count(reader.raw()?),
            Kind::Text => {
                let value = self.count(reader.text()?.raw());
                if value.is_some() {
                    self.odd(Anomaly::NotInteger);
                }
                value
            }
            _ => return reader.ignore(),
        };
        self.set(slot, value);
        Ok(())
    }

    fn set(&mut self, slot: Slot, value: Option<u64>) {
        if let Some(known) = self.values.get_mut(slot as usize) {
            *known = (*known).max(value);
        }
    }

    fn clamped(&mut self, value: u64) -> u64 {
        if value > COUNT_MAX {
            self.odd(Anomaly::Huge);
        }
        value.min(COUNT_MAX)
    }

    fn count(&mut self, text: &[u8]) -> Option<u64> {
        let value = match whole_number(text) {
            Some(value) => value,
            None => self.odd_count(std::str::from_utf8(text).ok()?)?,
        };
        Some(self.clamped(value))
    }

    /// Counts that are not plain whole numbers. Floats are exact far beyond [`COUNT_MAX`].
    #[cold]
    fn odd_count(&mut self, text: &str) -> Option<u64> {
        let value = text.trim().parse::<f64>().ok().filter(|value| !value.is_nan())?;
        if value < 0.0 {
            self.odd(Anomaly::Negative);
            return Some(0);
        }
        if value.fract() != 0.0 {
            self.odd(Anomaly::NotInteger);
        }
        // `as` saturates, and the caller clamps.
        Some(value.ceil() as u64)
    }

    pub(crate) fn details(
        &mut self,
        reader: &mut Reader<'_>,
        known: &[Known<Option<Slot>>],
    ) -> Result<(), JsonError> {
        if !reader.at_object() {
            return reader.ignore();
        }
        reader.known_object(known, |reader, slot, _| match slot.flatten() {
            Some(slot) => self.put(reader, slot),
            None => reader.ignore(),
        })
    }

    /// Takes a part of `whole` as far as it goes; flags a part that could never fit in it.
    fn part(&mut self, part: Option<u64>, whole: u64, left: &mut u64) -> u64 {
        let part = part.unwrap_or(0);
        if part > whole {
            self.odd(Anomaly::PartAboveWhole);
        }
        let taken = part.min(*left);
        *left -= taken;
        taken
    }

    pub(crate) fn report(&self, rule: UsageRule) -> Option<Report> {
        let mut sum = Self { values: self.values, cost_nanousd: self.cost_nanousd, anomaly: self.anomaly };
        sum.total(rule)
    }

    /// Of several reports of one answer, the larger of each count: they are running totals.
    fn total(&mut self, rule: UsageRule) -> Option<Report> {
        let besides = self.get(Slot::Cached).unwrap_or(0) + self.get(Slot::CacheWrite).unwrap_or(0);
        self.set(Slot::Prompt, self.get(Slot::Uncached).map(|uncached| uncached + besides));
        let with_tools = |prompt| Some(self.get(Slot::ToolPrompt)?.saturating_add(prompt));
        self.set(Slot::Prompt, self.get(Slot::Prompt).and_then(with_tools));
        let hit_and_miss = || Some(self.get(Slot::Hit)?.saturating_add(self.get(Slot::Miss)?));
        let (total, completion) = (self.get(Slot::Total), self.get(Slot::Completion));
        let rest_of_total = |part: Option<u64>| Some(total?.saturating_sub(part.unwrap_or(0)));
        let prompt = self.get(Slot::Prompt).or_else(hit_and_miss).or_else(|| rest_of_total(completion));
        let output = completion.or_else(|| rest_of_total(prompt));
        if prompt.is_none() && output.is_none() && self.cost_nanousd.is_none() {
            return None;
        }
        let (prompt, mut output) = (prompt.unwrap_or(0), output.unwrap_or(0));
        let reasoning = self.get(Slot::Reasoning).unwrap_or(0);
        let apart = match total {
            Some(total) if total == prompt + output => false,
            Some(total) if total == prompt + output + reasoning => true,
            other => {
                if other.is_some() {
                    self.odd(Anomaly::TotalDiffers);
                }
                rule.reasoning_apart
            }
        };
        if apart {
            output += reasoning;
        }
        if prompt + output == 0 {
            self.odd(Anomaly::Zero);
        }
        let usage = self.split(prompt, output);
        Some(Report { usage, cost_nanousd: self.cost_nanousd, anomaly: self.anomaly })
    }

    /// Divides the two sums. Cached audio counts as cached: the details do not say how the
    /// two overlap, so a cache read takes from the prompt first.
    fn split(&mut self, prompt: u64, output: u64) -> Usage {
        let mut left = prompt;
        let cache_read = self.part(self.get(Slot::Cached).max(self.get(Slot::Hit)), prompt, &mut left);
        let mut written = self.part(self.get(Slot::CacheWrite), prompt, &mut left);
        let cache_write_1h = self.part(self.get(Slot::CacheWriteLong), written, &mut { written });
        written -= cache_write_1h;
        let besides =
            |all: Slot, cached: Slot| Some(self.get(all)?.saturating_sub(self.get(cached).unwrap_or(0)));
        let (audio, image) =
            (besides(Slot::InAudio, Slot::CachedAudio), besides(Slot::InImage, Slot::CachedImage));
        let in_audio = self.part(audio, prompt, &mut left);
        let in_image = self.part(image, prompt, &mut left);
        let mut out_left = output;
        let out_reasoning = self.part(self.get(Slot::Reasoning), output, &mut out_left);
        let out_audio = self.part(self.get(Slot::OutAudio), output, &mut out_left);
        Usage {
            in_uncached: left,
            cache_read,
            cache_write_5m: written,
            cache_write_1h,
            in_audio,
            in_image,
            out_text: out_left,
            out_reasoning,
            out_audio,
            units: 0,
        }
    }
}

/// A decimal number of dollars in nano-USD, rounded up; `None` when negative or absurd.
fn nanos(number: &str) -> Option<u64> {
    let (mantissa, exponent) = match number.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, exponent.parse::<i32>().ok()?),
        None => (number, 0),
    };
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let fraction = fraction.get(..fraction.len().min(18))?;
    let digits: u128 = format!("{whole}{fraction}").parse().ok()?;
    // The value is digits * 10^shift nano-USD.
    let shift = exponent.checked_add(9)?.checked_sub(i32::try_from(fraction.len()).ok()?)?;
    let power = 10_u128.checked_pow(shift.unsigned_abs());
    let value = match (shift >= 0, power) {
        (true, Some(power)) => digits.checked_mul(power)?,
        (true, None) => return (digits == 0).then_some(0),
        (false, Some(power)) => digits.div_ceil(power),
        (false, None) => u128::from(digits > 0),
    };
    u64::try_from(value).ok()
}

#[cfg(test)]
mod tests;
