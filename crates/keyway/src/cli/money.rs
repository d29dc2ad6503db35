//! Amounts of money as people write them: `10usd`, `10usd/month`.

use crate::access::budgets::NewBudget;
use ledger::NanoUsd;
use ledger::window::Rule;

/// What may be spent in a window.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Allowance {
    limit: NanoUsd,
    window: Rule,
}

impl Allowance {
    /// A hard budget of it, in a time zone (absent: UTC).
    #[must_use]
    pub fn budget(self, time_zone: Option<String>) -> NewBudget {
        NewBudget::hard(self.limit, self.window, time_zone)
    }
}

/// Reads `10usd`, or `10`.
///
/// # Errors
/// What to write instead.
pub fn usd(text: &str) -> Result<NanoUsd, String> {
    let digits = text.strip_suffix("usd").unwrap_or(text);
    NanoUsd::parse(digits).map_err(|why| format!("`{text}` is no amount, as in 10usd: {why}"))
}

/// Reads `10usd/month`.
///
/// # Errors
/// What to write instead.
pub fn allowance(text: &str) -> Result<Allowance, String> {
    let wrong =
        || format!("`{text}` is no budget; write an amount and day, week, month or total, as in 10usd/month");
    let (amount, window) = text.split_once('/').ok_or_else(wrong)?;
    Ok(Allowance { limit: usd(amount)?, window: Rule::named(window).ok_or_else(wrong)? })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_and_budgets() {
        assert_eq!(usd("10usd"), Ok(NanoUsd(10_000_000_000)));
        assert_eq!(usd("0.5"), Ok(NanoUsd(500_000_000)));
        let read = |text| allowance(text).map(|it| (it.limit.0, it.window)).ok();
        let table = [
            ("10usd/month", Some((10_000_000_000, Rule::Month))),
            ("0.021usd/total", Some((21_000_000, Rule::Total))),
            ("1/day", Some((1_000_000_000, Rule::Day))),
            ("10usd", None),
            ("10eur/month", None),
            ("10usd/year", None),
            ("usd/month", None),
            ("1e3usd/month", None),
            ("", None),
        ];
        for (text, expected) in table {
            assert_eq!(read(text), expected, "{text}");
        }
    }
}
