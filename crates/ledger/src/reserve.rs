//! What a request may cost at the most, and how much of that is reserved when.
//!
//! Where the provider streams all that it bills, the reservation slides: it covers the prompt and one slice
//! of the answer, and is extended ahead of what arrives. Everything else reserves its worst case at once.

use crate::price::{Media, TOKENS_PER_RATE};
use crate::{NanoUsd, Price};

/// Tokens of one slice of an answer.
pub const SLICE_TOKENS: u64 = 1_024;
/// Parts of a markup: one million is the price once more.
pub const MARKUP_WHOLE: u32 = 1_000_000;
/// Largest markup: a thousand times the cost.
pub const MARKUP_MAX: u32 = 1_000 * MARKUP_WHOLE;

/// What is added to the provider's price, in millionths of it: 0 to [`MARKUP_MAX`].
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Markup(pub u32);

impl Markup {
    /// What something of this cost is sold for, rounded up to a whole nano-USD. More cost never sells
    /// for less; held at [`NanoUsd::MAX`].
    #[must_use]
    pub fn sell(self, cost: NanoUsd) -> NanoUsd {
        if self.0 == 0 {
            return cost;
        }
        let whole = i128::from(MARKUP_WHOLE);
        let sold = i128::from(cost.0) * (whole + i128::from(self.0.min(MARKUP_MAX)));
        let up = i128::from(sold.rem_euclid(whole) > 0);
        NanoUsd(i64::try_from(sold.div_euclid(whole) + up).unwrap_or(i64::MAX))
    }
}

/// When how much is reserved.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// The prompt and one slice, extended as the answer comes.
    Sliding,
    /// The worst case, at once.
    Full,
}

/// How large a request can become.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Size {
    /// Tokens of the prompt at the most: no text has more of them than bytes.
    pub input_tokens_max: u64,
    /// Tokens of each answer at the most, as the provider is told; `None`: nothing bounds it.
    pub output_cap: Option<u64>,
    /// Answers asked for, at least 1.
    pub answers: u32,
    /// Images, characters or seconds at the most.
    pub units_max: u64,
    /// What it uses beside text.
    pub media: Media,
}

/// A request that nothing bounds cannot reserve its worst case.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Unbounded;

/// What a request can cost at the most, by the tokens of its answers. Amounts are sell prices.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Quote {
    /// The prompt, and what is due for any request: nano-USD times [`TOKENS_PER_RATE`].
    prompt: u128,
    /// The dearest answer token, nano-USD per million.
    rate: u64,
    /// All answers together.
    cap: Option<u64>,
    slice: u64,
    mode: Mode,
    markup: Markup,
}

impl Quote {
    /// Quotes a request that began at `at_ms` (unix milliseconds), by the dearest rates that it can meet.
    ///
    /// # Errors
    /// [`Unbounded`]: a full reservation without an output cap.
    pub fn new(price: &Price, at_ms: i64, size: Size, mode: Mode, markup: Markup) -> Result<Self, Unbounded> {
        let answers = u64::from(size.answers.max(1));
        let cap = size.output_cap.map(|cap| cap.saturating_mul(answers));
        if mode == Mode::Full && cap.is_none() {
            return Err(Unbounded);
        }
        let (input, output) = price.dearest_within(size.input_tokens_max, size.media, at_ms);
        let fixed = u128::from(price.per_request) * TOKENS_PER_RATE;
        let prompt = u128::from(size.input_tokens_max) * u128::from(input);
        let units = u128::from(size.units_max) * u128::from(price.dearest_unit().unwrap_or(0));
        Ok(Self {
            prompt: prompt.saturating_add(units).saturating_add(fixed),
            rate: output,
            cap,
            slice: SLICE_TOKENS.saturating_mul(answers),
            mode,
            markup,
        })
    }

    /// What the request costs at the most with this many tokens of answer.
    #[must_use]
    pub fn amount(&self, output_tokens: u64) -> NanoUsd {
        let exact = (u128::from(output_tokens) * u128::from(self.rate)).saturating_add(self.prompt);
        let cost = i64::try_from(exact.div_ceil(TOKENS_PER_RATE)).unwrap_or(i64::MAX);
        self.markup.sell(NanoUsd(cost))
    }

    /// Tokens of answer that are covered before the request is sent.
    #[must_use]
    pub fn first(&self) -> u64 {
        match self.mode {
            Mode::Full => self.cap.unwrap_or(0),
            Mode::Sliding => self.slice.min(self.cap()),
        }
    }

    /// Tokens that are to be covered now that `counted` have come and `covered` are; `None`: that is
    /// enough. Less than half a slice ahead is not, unless it is all there can be.
    #[must_use]
    pub fn next(&self, counted: u64, covered: u64) -> Option<u64> {
        let ahead = covered.saturating_sub(counted);
        if self.mode == Mode::Full || ahead >= self.slice / 2 || covered >= self.cap() {
            return None;
        }
        Some(counted.max(covered).saturating_add(self.slice).min(self.cap()))
    }

    /// Tokens of answer that an amount is enough for; `None`: not even the prompt.
    #[must_use]
    pub fn affordable(&self, amount: NanoUsd) -> Option<u64> {
        if self.amount(0) > amount {
            return None;
        }
        let (mut fits, mut over) = (0, self.cap().saturating_add(1));
        while over - fits > 1 {
            let middle = fits + (over - fits) / 2;
            if self.amount(middle) <= amount { fits = middle } else { over = middle }
        }
        Some(fits)
    }

    /// Tokens that all answers have together at the most; `u64::MAX`: nothing bounds them.
    #[must_use]
    pub fn cap(&self) -> u64 {
        self.cap.unwrap_or(u64::MAX)
    }

    /// When how much is reserved.
    #[must_use]
    pub fn mode(&self) -> Mode {
        self.mode
    }

    /// What is added to the cost.
    #[must_use]
    pub fn markup(&self) -> Markup {
        self.markup
    }
}
