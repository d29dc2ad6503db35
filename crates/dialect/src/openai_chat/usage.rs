//! Usage as providers of this dialect report it, turned into disjoint classes.
//!
//! OpenAI's arithmetic: cached and cache-written tokens are parts of `prompt_tokens`,
//! reasoning and audio are parts of `completion_tokens`. What differs by vendor: names
//! (DeepSeek `prompt_cache_hit_tokens`, Kimi `cached_tokens` at the top), and xAI, where
//! reasoning is not in `completion_tokens` but is in `total_tokens`.

use crate::json::{JsonError, Kind, Reader};
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
    let mut reader = Reader::new(std::str::from_utf8(body).ok()?);
    let mut found = None;
    let read = reader.object(|reader, member| {
        if !member.key.is("usage") {
            return reader.ignore();
        }
        found = read(reader, rule)?.or(found);
        Ok(())
    });
    read.ok().and(found)
}

/// Counts as they were written.
#[derive(Debug, Default)]
struct Counts {
    prompt: Option<u64>,
    completion: Option<u64>,
    total: Option<u64>,
    cached: Option<u64>,
    hit: Option<u64>,
    miss: Option<u64>,
    cache_write: Option<u64>,
    in_audio: Option<u64>,
    in_image: Option<u64>,
    reasoning: Option<u64>,
    out_audio: Option<u64>,
    cost_nanousd: Option<u64>,
    anomaly: Option<Anomaly>,
}

/// Reads a usage value. `None` when it is not an object or counts nothing.
///
/// # Errors
/// What is not JSON.
pub fn read(reader: &mut Reader<'_>, rule: UsageRule) -> Result<Option<Report>, JsonError> {
    if reader.kind()? != Kind::Object {
        reader.ignore()?;
        return Ok(None);
    }
    let mut counts = Counts::default();
    reader.object(|reader, member| match &*member.key.cow() {
        "prompt_tokens" | "input_tokens" => counts.put(reader, |counts| &mut counts.prompt),
        "completion_tokens" | "output_tokens" => counts.put(reader, |counts| &mut counts.completion),
        "total_tokens" => counts.put(reader, |counts| &mut counts.total),
        "prompt_cache_hit_tokens" => counts.put(reader, |counts| &mut counts.hit),
        "prompt_cache_miss_tokens" => counts.put(reader, |counts| &mut counts.miss),
        "cached_tokens" => counts.put(reader, |counts| &mut counts.cached),
        "reasoning_tokens" => counts.put(reader, |counts| &mut counts.reasoning),
        "prompt_tokens_details" | "input_tokens_details" => counts.prompt_details(reader),
        "completion_tokens_details" | "output_tokens_details" => counts.completion_details(reader),
        "cost" => {
            if reader.kind()? == Kind::Number {
                counts.cost_nanousd = nanos(reader.raw()?);
                return Ok(());
            }
            reader.ignore()
        }
        _ => reader.ignore(),
    })?;
    Ok(counts.report(rule))
}

/// One of the counts.
type Slot = fn(&mut Counts) -> &mut Option<u64>;

impl Counts {
    fn odd(&mut self, anomaly: Anomaly) {
        self.anomaly.get_or_insert(anomaly);
    }

    /// Reads one count. A value that is no number leaves the slot alone; of two members for
    /// one slot the larger wins (a zero beside a number is a field the vendor never fills).
    fn put(&mut self, reader: &mut Reader<'_>, slot: Slot) -> Result<(), JsonError> {
        let value = match reader.kind()? {
            Kind::Number => self.count(reader.raw()?),
            Kind::Text => {
                let value = self.count(reader.text()?.raw);
                if value.is_some() {
                    self.odd(Anomaly::NotInteger);
                }
                value
            }
            _ => reader.skip().map(|_| None)?,
        };
        let slot = slot(self);
        *slot = (*slot).max(value);
        Ok(())
    }

    fn count(&mut self, text: &str) -> Option<u64> {
        let value = match text.parse::<u64>() {
            Ok(value) => value,
            Err(_) => self.odd_count(text)?,
        };
        if value > COUNT_MAX {
            self.odd(Anomaly::Huge);
        }
        Some(value.min(COUNT_MAX))
    }

    /// Counts that are not plain whole numbers. Floats are exact far beyond [`COUNT_MAX`].
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

    fn prompt_details(&mut self, reader: &mut Reader<'_>) -> Result<(), JsonError> {
        self.details(reader, |key| match key {
            "cached_tokens" => Some(|counts| &mut counts.cached),
            "cache_write_tokens" | "cache_creation_tokens" | "cache_creation_input_tokens" => {
                Some(|counts| &mut counts.cache_write)
            }
            "audio_tokens" => Some(|counts| &mut counts.in_audio),
            "image_tokens" => Some(|counts| &mut counts.in_image),
            _ => None,
        })
    }

    fn completion_details(&mut self, reader: &mut Reader<'_>) -> Result<(), JsonError> {
        self.details(reader, |key| match key {
            "reasoning_tokens" => Some(|counts| &mut counts.reasoning),
            "audio_tokens" => Some(|counts| &mut counts.out_audio),
            _ => None,
        })
    }

    fn details(&mut self, reader: &mut Reader<'_>, slot: fn(&str) -> Option<Slot>) -> Result<(), JsonError> {
        if reader.kind()? != Kind::Object {
            return reader.ignore();
        }
        reader.object(|reader, member| match slot(&member.key.cow()) {
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

    fn report(mut self, rule: UsageRule) -> Option<Report> {
        let hit_and_miss = || Some(self.hit?.saturating_add(self.miss?));
        let (total, completion) = (self.total, self.completion);
        let rest_of_total = |part: Option<u64>| Some(total?.saturating_sub(part.unwrap_or(0)));
        let prompt = self
            .prompt
            .or_else(hit_and_miss)
            .or_else(|| rest_of_total(completion));
        let output = completion.or_else(|| rest_of_total(prompt));
        if prompt.is_none() && output.is_none() && self.cost_nanousd.is_none() {
            return None;
        }
        let (prompt, mut output) = (prompt.unwrap_or(0), output.unwrap_or(0));
        let reasoning = self.reasoning.unwrap_or(0);
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
        Some(Report {
            usage,
            cost_nanousd: self.cost_nanousd,
            anomaly: self.anomaly,
        })
    }

    /// Divides the two sums. Cached audio counts as cached: the details do not say how the
    /// two overlap, so a cache read takes from the prompt first.
    fn split(&mut self, prompt: u64, output: u64) -> Usage {
        let mut left = prompt;
        let cache_read = self.part(self.cached.max(self.hit), prompt, &mut left);
        let cache_write_5m = self.part(self.cache_write, prompt, &mut left);
        let in_audio = self.part(self.in_audio, prompt, &mut left);
        let in_image = self.part(self.in_image, prompt, &mut left);
        let mut out_left = output;
        let out_reasoning = self.part(self.reasoning, output, &mut out_left);
        let out_audio = self.part(self.out_audio, output, &mut out_left);
        Usage {
            in_uncached: left,
            cache_read,
            cache_write_5m,
            cache_write_1h: 0,
            in_audio,
            in_image,
            out_text: out_left,
            out_reasoning,
            out_audio,
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
    let shift = exponent
        .checked_add(9)?
        .checked_sub(i32::try_from(fraction.len()).ok()?)?;
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
