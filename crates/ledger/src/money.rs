//! Money: whole nano-dollars, never floats.

use serde::{Deserialize, Serialize};
use std::fmt;
use std::iter::Sum;
use std::str::FromStr;

/// Decimal places of a nano-USD amount written in USD.
pub const USD_PLACES_MAX: usize = 9;
/// Longest amount as text, bytes: sign, ten digits, point, nine places.
const DECIMAL_BYTES_MAX: usize = 21;

/// An amount of money in nano-USD (10^-9 USD). Range: about +-9.2 billion USD.
///
/// Serialises as its `i64`; what people see is [`NanoUsd::to_decimal`].
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct NanoUsd(pub i64);

/// Why a decimal text is not an amount.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MoneyError {
    /// Not digits, optionally with a sign in front and a point between digits.
    NotDecimal,
    /// An exponent, as in `1e-3`.
    Exponent,
    /// More than nine places: finer than a nano-dollar.
    TooManyPlaces,
    /// Outside the range of [`NanoUsd`].
    OutOfRange,
    /// Below zero where only a price makes sense.
    Negative,
}

impl NanoUsd {
    /// Nothing.
    pub const ZERO: Self = Self(0);
    /// The largest amount, about 9.2 billion USD; what saturating arithmetic stops at.
    pub const MAX: Self = Self(i64::MAX);
    /// Nano-USD in one USD.
    pub const PER_USD: i64 = 1_000_000_000;

    /// Reads an amount in USD written as a plain decimal, for example `0.021` or `-1.5`.
    ///
    /// Nothing is rounded: what cannot be held exactly is refused.
    ///
    /// # Errors
    /// Anything but `-`? digits (`.` digits)?, more than nine places, or an amount out of range.
    pub fn parse(text: &str) -> Result<Self, MoneyError> {
        let digits = text.strip_prefix('-').unwrap_or(text);
        let (whole, places) = match digits.split_once('.') {
            Some((_, "")) => return Err(MoneyError::NotDecimal),
            Some(parts) => parts,
            None => (digits, ""),
        };
        if whole.is_empty() || !whole.bytes().chain(places.bytes()).all(|b| b.is_ascii_digit()) {
            let exponent = whole.starts_with(|c: char| c.is_ascii_digit())
                && digits.contains(['e', 'E'])
                && digits.bytes().all(|b| b.is_ascii_digit() || b"eE+-.".contains(&b));
            return Err(if exponent { MoneyError::Exponent } else { MoneyError::NotDecimal });
        }
        let zeros = USD_PLACES_MAX.checked_sub(places.len()).ok_or(MoneyError::TooManyPlaces)?;
        let magnitude = whole
            .bytes()
            .chain(places.bytes())
            .chain(std::iter::repeat_n(b'0', zeros))
            .try_fold(0_i128, |sum, digit| sum.checked_mul(10)?.checked_add(i128::from(digit - b'0')))
            .ok_or(MoneyError::OutOfRange)?;
        let signed = if text.starts_with('-') { -magnitude } else { magnitude };
        i64::try_from(signed).map(Self).map_err(|_| MoneyError::OutOfRange)
    }

    /// The amount in USD, exact and as short as possible: no exponent, no trailing zeros
    /// (`0.00042`, `0`, `-1.5`). [`NanoUsd::parse`] reads it back to the same amount.
    #[must_use]
    pub fn to_decimal(self) -> String {
        let mut text = String::with_capacity(DECIMAL_BYTES_MAX);
        self.write_decimal(&mut text);
        text
    }

    /// Most amounts of a request's size are a few digits behind many zeros: written by hand, since this is
    /// done for every answer.
    fn write_decimal(self, text: &mut String) {
        let per_usd = Self::PER_USD.unsigned_abs();
        let magnitude = self.0.unsigned_abs();
        if self.0 < 0 {
            text.push('-');
        }
        text.push_str(itoa::Buffer::new().format(magnitude / per_usd));
        let mut rest = magnitude % per_usd;
        if rest == 0 {
            return;
        }
        let mut digits = [b'0'; USD_PLACES_MAX];
        for digit in digits.iter_mut().rev() {
            *digit = b'0' + (rest % 10) as u8;
            rest /= 10;
        }
        text.push('.');
        let places = digits.iter().rposition(|digit| *digit != b'0').map_or(0, |last| last + 1);
        text.extend(digits[..places].iter().map(|digit| char::from(*digit)));
    }

    /// Appends the amount in USD as the text of a JSON number.
    pub fn write_json(self, out: &mut Vec<u8>) {
        out.extend_from_slice(self.to_decimal().as_bytes());
    }

    /// The sum, `None` when out of range.
    #[must_use]
    pub fn checked_add(self, other: Self) -> Option<Self> {
        self.0.checked_add(other.0).map(Self)
    }

    /// The difference, `None` when out of range.
    #[must_use]
    pub fn checked_sub(self, other: Self) -> Option<Self> {
        self.0.checked_sub(other.0).map(Self)
    }

    /// The sum, held at the ends of the range.
    #[must_use]
    pub const fn saturating_add(self, other: Self) -> Self {
        Self(self.0.saturating_add(other.0))
    }

    /// The difference, held at the ends of the range.
    #[must_use]
    pub const fn saturating_sub(self, other: Self) -> Self {
        Self(self.0.saturating_sub(other.0))
    }
}

/// Sums exactly and only then holds the result at the ends of the range, so order never matters.
impl Sum for NanoUsd {
    fn sum<I: Iterator<Item = Self>>(amounts: I) -> Self {
        let exact: i128 = amounts.map(|amount| i128::from(amount.0)).sum();
        let end = if exact < 0 { i64::MIN } else { i64::MAX };
        Self(i64::try_from(exact).unwrap_or(end))
    }
}

impl fmt::Display for NanoUsd {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.to_decimal())
    }
}

impl FromStr for NanoUsd {
    type Err = MoneyError;

    fn from_str(text: &str) -> Result<Self, MoneyError> {
        Self::parse(text)
    }
}

impl fmt::Display for MoneyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NotDecimal => "not a decimal amount: write digits with at most one point, as in 0.021",
            Self::Exponent => "exponents are not read: write the amount out, as in 0.001",
            Self::TooManyPlaces => "more than nine decimal places: the smallest amount is 0.000000001",
            Self::OutOfRange => "the amount is beyond 9.2 billion USD",
            Self::Negative => "a price cannot be negative",
        })
    }
}

impl std::error::Error for MoneyError {}
