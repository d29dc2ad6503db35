//! A version of a model's price as operators see it, and the fields one is set by.

use super::body::Body;
use super::json::{Usd, seconds};
use crate::base::Refusal;
use crate::catalog::decimal::nano_usd_from_decimal;
use ledger::{Hours, NanoUsd, Price, Rates};
use serde::Serialize;
use serde_json::value::RawValue;

/// USD per million tokens, by class; an absent class costs what the API documents for it.
#[derive(Debug, Serialize)]
struct RatesObject {
    input: Usd,
    output: Usd,
    cache_read: Option<Usd>,
    cache_write: Option<Usd>,
    cache_write_1h: Option<Usd>,
    reasoning: Option<Usd>,
    input_audio: Option<Usd>,
    output_audio: Option<Usd>,
    /// Of what is billed by the piece: per million images, characters or seconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    unit: Option<Usd>,
}

#[derive(Debug, Serialize)]
struct TierObject {
    above_input_tokens: u64,
    #[serde(flatten)]
    rates: RatesObject,
}

#[derive(Debug, Serialize)]
struct HoursObject<'a> {
    weekdays: &'a [u8],
    from: String,
    to: String,
    except: Vec<String>,
    #[serde(flatten)]
    rates: RatesObject,
}

/// A version of a price.
#[derive(Debug, Serialize)]
pub struct PriceObject<'a> {
    object: &'static str,
    /// `price_...`; null for one that comes with the program or from the file.
    pub id: Option<&'a str>,
    model: &'a str,
    version: &'a str,
    effective_at: i64,
    source: &'a str,
    #[serde(flatten)]
    rates: RatesObject,
    per_request: Usd,
    tiers: Vec<TierObject>,
    hours: Vec<HoursObject<'a>>,
}

fn usd(nanousd: u64) -> Usd {
    Usd(NanoUsd(i64::try_from(nanousd).unwrap_or(i64::MAX)))
}

/// The date of a day since 1970-01-01.
fn day_of(day: i64) -> String {
    let day = i32::try_from(day).ok().and_then(|day| {
        use jiff::ToSpan;
        jiff::civil::date(1970, 1, 1).checked_add(day.days()).ok()
    });
    day.map_or_else(String::new, |day| day.to_string())
}

impl RatesObject {
    fn new(rates: &Rates) -> Self {
        Self {
            input: usd(rates.input),
            output: usd(rates.output),
            cache_read: rates.cache_read.map(usd),
            cache_write: rates.cache_write_5m.map(usd),
            cache_write_1h: rates.cache_write_1h.map(usd),
            reasoning: rates.reasoning.map(usd),
            input_audio: rates.in_audio.map(usd),
            output_audio: rates.out_audio.map(usd),
            unit: rates.unit.map(usd),
        }
    }
}

impl<'a> PriceObject<'a> {
    /// The object of a version; `id` where it is stored.
    #[must_use]
    pub fn new(id: Option<&'a str>, model: &'a str, price: &'a Price) -> Self {
        let clock = |minute: u16| format!("{:02}:{:02}", minute / 60, minute % 60);
        let hours = |(hours, rates): &'a (Hours, Rates)| HoursObject {
            weekdays: &hours.weekdays,
            from: clock(hours.from_minute),
            to: clock(hours.to_minute),
            except: hours.except_days.iter().map(|day| day_of(*day)).collect(),
            rates: RatesObject::new(rates),
        };
        let tier = |(above, rates): &(u64, Rates)| TierObject {
            above_input_tokens: *above,
            rates: RatesObject::new(rates),
        };
        Self {
            object: "organization.price",
            id,
            model,
            version: &price.version,
            effective_at: seconds(price.from_ms),
            source: &price.source,
            rates: RatesObject::new(&price.base),
            per_request: usd(price.per_request),
            tiers: price.context_tiers.iter().map(tier).collect(),
            hours: price.hours.iter().map(hours).collect(),
        }
    }

    /// The cells of a table row: from when on, input, output, cache read, version.
    #[must_use]
    pub fn cells(&self) -> Vec<String> {
        let money = |usd: Option<Usd>| usd.map_or_else(|| "-".to_owned(), |usd| usd.0.to_decimal());
        let from = if self.effective_at == 0 { "always".to_owned() } else { self.effective_at.to_string() };
        vec![
            from,
            money(Some(self.rates.input)),
            money(Some(self.rates.output)),
            money(self.rates.cache_read),
            self.tiers.len().to_string(),
            self.hours.len().to_string(),
            self.version.to_owned(),
        ]
    }
}

/// The price a body sets, without its version and its instant.
///
/// # Errors
/// A refusal that names the amount that is none. Nothing is zero because it was not said.
pub fn read(body: &mut Body) -> Result<Price, Refusal> {
    let mut amount = |name: &'static str| -> Result<Option<u64>, Refusal> {
        let raw: Option<Box<RawValue>> = body.field(name, "an amount of USD")?;
        let text = raw.as_ref().map(|raw| raw.get().trim_matches('"'));
        text.filter(|text| *text != "null")
            .map(|text| {
                nano_usd_from_decimal(text)
                    .map_err(|fix| Refusal::field(name, format!("`{name}` is not an amount: {fix}.")))
            })
            .transpose()
    };
    let needed = |name: &'static str, amount: Option<u64>| {
        amount.ok_or_else(|| {
            Refusal::field(name, format!("`{name}` is missing; write 0 for what is meant to be free."))
        })
    };
    let unit = amount("unit")?;
    // Who bills by the piece bills no tokens, unless that is said.
    let free = unit.map(|_| 0);
    let base = Rates {
        input: needed("input", amount("input")?.or(free))?,
        output: needed("output", amount("output")?.or(free))?,
        cache_read: amount("cache_read")?,
        cache_write_5m: amount("cache_write")?,
        cache_write_1h: amount("cache_write_1h")?,
        reasoning: amount("reasoning")?,
        in_audio: amount("input_audio")?,
        in_image: amount("input_image")?,
        out_audio: amount("output_audio")?,
        unit,
    };
    let per_request = amount("per_request")?.unwrap_or(0);
    let source = body.text("source")?.unwrap_or_else(|| "set by the operator".to_owned());
    crate::accounts::check::check_text("source", &source, SOURCE_CHARS_MAX)?;
    Ok(Price {
        version: String::new(),
        from_ms: 0,
        source,
        base,
        context_tiers: Vec::new(),
        hours: Vec::new(),
        per_request,
    })
}

/// Characters of a price's source at most.
pub const SOURCE_CHARS_MAX: usize = 256;
