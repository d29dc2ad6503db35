//! Prices: nano-USD per million tokens, by class, with context tiers, times of day and effective dates.

use crate::usage::USAGE_CLASSES;
use crate::{MoneyError, NanoUsd, Usage};
use serde::{Deserialize, Serialize};

/// Rates of one price line, nano-USD per million tokens. `None` means "not told":
/// the classes fall back as documented at each field, never to zero.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rates {
    /// Uncached prompt tokens.
    pub input: u64,
    /// Answer tokens.
    pub output: u64,
    /// Cache reads; falls back to `input`.
    pub cache_read: Option<u64>,
    /// Cache writes, short lifetime; falls back to `input`.
    pub cache_write_5m: Option<u64>,
    /// Cache writes, one hour; falls back to `cache_write_5m`, then `input`.
    pub cache_write_1h: Option<u64>,
    /// Reasoning; falls back to `output`.
    pub reasoning: Option<u64>,
    /// Audio in; falls back to `input`.
    pub in_audio: Option<u64>,
    /// Images in; falls back to `input`.
    pub in_image: Option<u64>,
    /// Audio out; falls back to `output`.
    pub out_audio: Option<u64>,
    /// Images, characters or seconds, nano-USD per million of them; none: tokens alone are billed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unit: Option<u64>,
}

/// A time of week at which other rates hold, in UTC, but for some days.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hours {
    /// Days it holds on, 1 = Monday to 7 = Sunday.
    pub weekdays: Vec<u8>,
    /// First minute of the day, 0 to 1439.
    pub from_minute: u16,
    /// First minute after it, 1 to 1440.
    pub to_minute: u16,
    /// Days it does not hold on though their weekday says so, such as public holidays: days since
    /// 1970-01-01.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub except_days: Vec<i64>,
}

/// One version of a model's price: base rates and what replaces them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Price {
    /// The name a ledger line keeps, for example `deepseek/deepseek-flash@2026-10-01`.
    pub version: String,
    /// First instant it holds, unix milliseconds.
    pub from_ms: i64,
    /// Where the numbers come from (a page and a date).
    pub source: String,
    /// What holds when nothing below does.
    pub base: Rates,
    /// Above `.0` prompt tokens the whole request costs these rates; ascending.
    pub context_tiers: Vec<(u64, Rates)>,
    /// Within these hours the whole request costs these rates; context tiers are looked at
    /// after them and win, see [`Price::rates_for`].
    pub hours: Vec<(Hours, Rates)>,
    /// A fixed amount per request, nano-USD.
    pub per_request: u64,
}

/// What a request uses beside text: classes that cost nothing where they cannot be met.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Media {
    /// Sound in its prompt.
    pub sound_in: bool,
    /// Pictures in its prompt.
    pub images_in: bool,
    /// Sound in its answer.
    pub sound_out: bool,
}

impl Media {
    /// Whatever there is.
    pub const ANY: Self = Self { sound_in: true, images_in: true, sound_out: true };
}

/// All versions of one model's price, ascending by `from_ms`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct PriceList(pub Vec<Price>);

/// Tokens a rate is told for.
pub(crate) const TOKENS_PER_RATE: u128 = 1_000_000;
/// How many of the classes are prompt classes; they come first.
const INPUT_CLASSES: usize = 6;
/// How many are answer classes; they come next.
const OUTPUT_CLASSES: usize = 3;
const MINUTE_MS: i64 = 60_000;
const MINUTES_PER_DAY: i64 = 1_440;

/// Reads a price in USD per million tokens, for example `0.50`, as nano-USD per million tokens.
///
/// # Errors
/// As [`NanoUsd::parse`], and [`MoneyError::Negative`].
pub fn rate_from_usd(text: &str) -> Result<u64, MoneyError> {
    let amount = NanoUsd::parse(text)?;
    u64::try_from(amount.0).map_err(|_| MoneyError::Negative)
}

impl Rates {
    /// What each class costs after its fallbacks, in the order of [`Usage::by_class`].
    #[must_use]
    pub fn by_class(&self) -> [u64; USAGE_CLASSES] {
        let cache_write_5m = self.cache_write_5m.unwrap_or(self.input);
        [
            self.input,
            self.cache_read.unwrap_or(self.input),
            cache_write_5m,
            self.cache_write_1h.unwrap_or(cache_write_5m),
            self.in_audio.unwrap_or(self.input),
            self.in_image.unwrap_or(self.input),
            self.output,
            self.reasoning.unwrap_or(self.output),
            self.out_audio.unwrap_or(self.output),
            self.unit.unwrap_or(0),
        ]
    }
}

impl Hours {
    /// Whether they hold at `at_ms` (unix milliseconds). Days are days of UTC, so hours over
    /// midnight are two rows; `from_minute >= to_minute` never holds.
    #[must_use]
    pub fn hold_at(&self, at_ms: i64) -> bool {
        let minutes = at_ms.div_euclid(MINUTE_MS);
        let minute = minutes.rem_euclid(MINUTES_PER_DAY);
        let day = minutes.div_euclid(MINUTES_PER_DAY);
        // Day 0 of unix time was a Thursday.
        let weekday = (day + 3).rem_euclid(7) + 1;
        (i64::from(self.from_minute)..i64::from(self.to_minute)).contains(&minute)
            && self.weekdays.iter().any(|day| i64::from(*day) == weekday)
            && !self.except_days.contains(&day)
    }
}

impl Price {
    /// The rates of a request with `input_tokens` prompt tokens at `at_ms` (unix milliseconds).
    ///
    /// First the hours: the first row that holds replaces `base`. Then the context tiers: the
    /// highest one that is exceeded replaces whatever the hours gave. So where both apply the
    /// context tier wins and the time of day no longer matters. Rows replace all rates at once:
    /// a class a row does not tell falls back within that row, never to `base`.
    #[must_use]
    pub fn rates_for(&self, input_tokens: u64, at_ms: i64) -> Rates {
        let tier = self
            .context_tiers
            .iter()
            .filter(|(above, _)| input_tokens > *above)
            .max_by_key(|(above, _)| *above);
        if let Some((_, rates)) = tier {
            return *rates;
        }
        let hours = self.hours.iter().find(|(hours, _)| hours.hold_at(at_ms));
        hours.map_or(self.base, |(_, rates)| *rates)
    }

    /// What `usage` costs at `at_ms` (unix milliseconds, the request's start): every class times
    /// its rate, added exactly, rounded up once to a whole nano-USD, plus `per_request`. Held at
    /// [`NanoUsd::MAX`], never negative.
    ///
    /// `per_request` is due for any request the provider served: callers do not ask for the cost
    /// of one it refused.
    #[must_use]
    pub fn cost(&self, usage: &Usage, at_ms: i64) -> NanoUsd {
        let rates = self.rates_for(usage.input(), at_ms).by_class();
        let exact = usage
            .by_class()
            .iter()
            .zip(rates)
            // A product of two u64 fits; the sum of ten may not, and is then far above the range.
            .map(|(tokens, rate)| u128::from(*tokens) * u128::from(rate))
            .fold(0, u128::saturating_add);
        // Almost every sum fits into one word, which is divided by a multiplication.
        let rounded = match u64::try_from(exact) {
            Ok(exact) => u128::from(exact.div_ceil(TOKENS_PER_RATE as u64)),
            Err(_) => exact.div_ceil(TOKENS_PER_RATE),
        };
        let nanousd = rounded.saturating_add(u128::from(self.per_request));
        NanoUsd(i64::try_from(nanousd).unwrap_or(i64::MAX))
    }

    /// The dearest rate a prompt token can have here, over all classes, tiers and hours:
    /// nano-USD per million tokens.
    #[must_use]
    pub fn dearest_input(&self) -> u64 {
        self.dearest(|rates| rates.by_class().into_iter().take(INPUT_CLASSES).max())
    }

    /// The dearest rate an answer token can have here, over all classes, tiers and hours:
    /// nano-USD per million tokens.
    #[must_use]
    pub fn dearest_output(&self) -> u64 {
        self.dearest(|rates| rates.by_class().into_iter().skip(INPUT_CLASSES).take(OUTPUT_CLASSES).max())
    }

    /// The dearest rates of prompt and of answer tokens that a request of at most `input_tokens_max` prompt
    /// tokens can have at `at_ms` (unix milliseconds), each over all classes that it can use: nano-USD per
    /// million tokens.
    #[must_use]
    pub fn dearest_within(&self, input_tokens_max: u64, media: Media, at_ms: i64) -> (u64, u64) {
        let tiers = self.context_tiers.iter().filter(|(above, _)| input_tokens_max > *above);
        let rows = std::iter::once(self.rates_for(0, at_ms)).chain(tiers.map(|(_, rates)| *rates));
        rows.fold((0, 0), |(input, output), rates| {
            let mut classes = rates.by_class();
            for (used, class) in [(media.sound_in, 4), (media.images_in, 5), (media.sound_out, 8)] {
                if let Some(rate) = classes.get_mut(class).filter(|_| !used) {
                    *rate = 0;
                }
            }
            let (of_input, rest) = classes.split_at(INPUT_CLASSES);
            let of_output = rest.get(..OUTPUT_CLASSES).unwrap_or_default();
            let dearest = |classes: &[u64], so_far: u64| classes.iter().copied().fold(so_far, u64::max);
            (dearest(of_input, input), dearest(of_output, output))
        })
    }

    /// The dearest rate an image, a character or a second can have here; `None`: tokens alone are billed.
    #[must_use]
    pub fn dearest_unit(&self) -> Option<u64> {
        let tiers = self.context_tiers.iter().map(|(_, rates)| rates);
        let rows = std::iter::once(&self.base).chain(tiers).chain(self.hours.iter().map(|(_, rates)| rates));
        rows.filter_map(|rates| rates.unit).max()
    }

    /// Whether it has a rate for something of what was used: units that nothing has a rate for are
    /// unpriced, never free.
    #[must_use]
    pub fn covers(&self, usage: &Usage) -> bool {
        usage.units == 0 || usage.input() > 0 || usage.output() > 0 || self.dearest_unit().is_some()
    }

    fn dearest(&self, of_row: impl Fn(&Rates) -> Option<u64>) -> u64 {
        let tiers = self.context_tiers.iter().map(|(_, rates)| rates);
        let hours = self.hours.iter().map(|(_, rates)| rates);
        let rows = std::iter::once(&self.base).chain(tiers).chain(hours);
        rows.filter_map(of_row).max().unwrap_or(0)
    }
}

impl PriceList {
    /// The version that holds at `ms` (unix milliseconds): the latest whose `from_ms` is not
    /// after it. `None` before the first one: the model is unpriced then.
    #[must_use]
    pub fn at(&self, ms: i64) -> Option<&Price> {
        self.0.iter().filter(|price| price.from_ms <= ms).max_by_key(|price| price.from_ms)
    }

    /// The version with this name, for lines that were made under it.
    #[must_use]
    pub fn by_version(&self, version: &str) -> Option<&Price> {
        self.0.iter().find(|price| price.version == version)
    }
}
