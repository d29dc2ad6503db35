//! What would have cost less, from what was used: pure rules. Savings are shares of what was really paid, so
//! that they hold whatever is added to the provider's price.

use ledger::Usage;
use ledger::price::{Price, Rates};

/// Hours of a week: prices by the time of day are compared over all of them.
const WEEK_HOURS: i64 = 168;
const HOUR_MS: i64 = 3_600_000;
/// Longest prompt, on average, of which nothing is said, tokens.
pub const LONG_PROMPT_TOKENS: u64 = 16_000;
/// A prompt this many times as long as its answer is looked at.
const PROMPT_PER_ANSWER: u64 = 50;
/// Shortest prompt, on average, that providers keep a beginning of, tokens.
const CACHED_PROMPT_TOKENS_MIN: u64 = 1_024;
/// A share of the prompt read from the cache, percent, above which nothing is said.
const CACHED_PERCENT_ENOUGH: u64 = 20;
/// A share of the answers that their cap cut, percent, below which nothing is said.
const TRUNCATED_PERCENT_MIN: u64 = 5;
/// Requests before anything is said.
const REQUESTS_MIN: i64 = 100;

/// What was used together, and what was paid for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Spent {
    /// Requests.
    pub requests: i64,
    /// Requests whose answer ended where their own cap on it was.
    pub truncated: i64,
    /// Tokens by class.
    pub usage: Usage,
    /// Sell price, nano-USD.
    pub nanousd: i64,
}

impl Spent {
    /// Tokens of a prompt on average.
    #[must_use]
    pub fn prompt(&self) -> u64 {
        self.usage.input() / u64::try_from(self.requests).unwrap_or(1).max(1)
    }

    fn answer(&self) -> u64 {
        self.usage.output() / u64::try_from(self.requests).unwrap_or(1).max(1)
    }
}

/// What tokens come to at some rates, in millionths of a nano-USD.
fn worth(usage: &Usage, rates: &Rates) -> u128 {
    let each = usage.by_class().into_iter().zip(rates.by_class());
    each.map(|(tokens, rate)| u128::from(tokens) * u128::from(rate)).fold(0, u128::saturating_add)
}

/// What was used comes to at a price, were it spread evenly over a week.
fn over_a_week(spent: &Spent, price: &Price) -> u128 {
    let requests = u128::try_from(spent.requests).unwrap_or(0);
    let fixed = requests * u128::from(price.per_request) * 1_000_000 * 168;
    let hours = (0..WEEK_HOURS).map(|hour| price.rates_for(spent.prompt(), hour * HOUR_MS));
    hours.map(|rates| worth(&spent.usage, &rates)).fold(fixed, u128::saturating_add)
}

/// The part of what was paid that is `part` of `whole`.
fn share(paid_nanousd: i64, part: u128, whole: u128) -> i64 {
    // The wide product of both may not fit; the share to a millionth does.
    let millionths = part.saturating_mul(1_000_000).checked_div(whole).unwrap_or(0).min(1_000_000);
    let paid = u128::try_from(paid_nanousd).unwrap_or(0);
    i64::try_from(paid * millionths / 1_000_000).unwrap_or(0)
}

/// What would have been saved at another price, nano-USD; 0 when nothing.
#[must_use]
pub fn elsewhere(spent: &Spent, own: &Price, other: &Price) -> i64 {
    let (here, there) = (over_a_week(spent, own), over_a_week(spent, other));
    share(spent.nanousd, here.saturating_sub(there), here)
}

/// What would have been saved had half of what was not in the cache been read from it; the percent that was.
/// Nothing where enough was, where nothing is cheaper there, or where prompts are too short to be kept. What
/// writing to the cache costs is not taken off.
#[must_use]
pub fn cache(spent: &Spent, price: &Price, now_ms: i64) -> Option<(i64, u64)> {
    let rates = price.rates_for(spent.prompt(), now_ms);
    let cheaper = rates.input.checked_sub(rates.cache_read?).filter(|saved| *saved > 0)?;
    let percent = spent.usage.cache_read.saturating_mul(100) / spent.usage.input().max(1);
    if spent.requests < REQUESTS_MIN
        || spent.prompt() < CACHED_PROMPT_TOKENS_MIN
        || percent >= CACHED_PERCENT_ENOUGH
    {
        return None;
    }
    let saved = u128::from(spent.usage.in_uncached / 2) * u128::from(cheaper);
    Some((share(spent.nanousd, saved, worth(&spent.usage, &rates)), percent))
}

/// What prompts half as long would have saved, where they are long and their answers are not.
#[must_use]
pub fn long_prompts(spent: &Spent, price: &Price, now_ms: i64) -> Option<i64> {
    let long = spent.prompt() > LONG_PROMPT_TOKENS
        && spent.answer().saturating_mul(PROMPT_PER_ANSWER) < spent.prompt();
    if !long || spent.requests < REQUESTS_MIN {
        return None;
    }
    let whole = worth(&spent.usage, &price.rates_for(spent.prompt(), now_ms));
    let mut half = spent.usage.by_class();
    half.iter_mut().take(6).for_each(|tokens| *tokens /= 2);
    let half = Usage::from_classes(half);
    // A shorter prompt may be of a cheaper tier too.
    let cost = worth(&half, &price.rates_for(spent.prompt() / 2, now_ms));
    Some(share(spent.nanousd, whole.saturating_sub(cost), whole))
}

/// What was paid for answers that ended where their cap was, as a share by number, and what percent of all they are.
#[must_use]
pub fn truncated(spent: &Spent) -> Option<(i64, u64)> {
    let [cut, all] = [spent.truncated, spent.requests].map(|count| u128::try_from(count).unwrap_or(0));
    let percent = u64::try_from((cut * 100).checked_div(all)?).ok()?;
    if spent.requests < REQUESTS_MIN || percent < TRUNCATED_PERCENT_MIN {
        return None;
    }
    Some((share(spent.nanousd, cut, all), percent))
}

/// What would have been saved had everything been asked in the hours that cost least, and what percent of the
/// requests was not. `hours`: what was used in the hour from a time, unix milliseconds.
#[must_use]
pub fn off_peak(hours: &[(i64, Spent)], price: &Price) -> Option<(i64, u64)> {
    let (mut saved, mut dear, mut all) = (0_i64, 0_u64, 0_u64);
    for (at_ms, spent) in hours {
        let at = |at_ms: i64| worth(&spent.usage, &price.rates_for(spent.prompt(), at_ms));
        // Prices change within an hour too.
        let quarters = [0, 1, 2, 3].map(|quarter| at(at_ms + quarter * HOUR_MS / 4));
        let paid = quarters.iter().fold(0_u128, |sum, part| sum.saturating_add(*part)) / 4;
        let least = (0..WEEK_HOURS).map(|hour| at(hour * HOUR_MS)).min().unwrap_or(paid);
        let requests = u64::try_from(spent.requests).unwrap_or(0);
        all += requests;
        if least < paid {
            dear += requests;
            saved = saved.saturating_add(share(spent.nanousd, paid - least, paid));
        }
    }
    (saved > 0).then(|| (saved, dear * 100 / all.max(1)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use ledger::price::Hours;

    const USD: i64 = 1_000_000_000;

    fn price(input: u64, output: u64, cache_read: Option<u64>) -> Price {
        Price {
            version: String::new(),
            from_ms: 0,
            source: String::new(),
            base: Rates { input, output, cache_read, ..Rates::default() },
            context_tiers: Vec::new(),
            hours: Vec::new(),
            per_request: 0,
        }
    }

    fn spent(requests: i64, in_uncached: u64, cache_read: u64, out_text: u64) -> Spent {
        let usage = Usage { in_uncached, cache_read, out_text, ..Usage::default() };
        Spent { requests, usage, nanousd: 100 * USD, truncated: 0 }
    }

    #[test]
    fn a_cheaper_price_saves_its_share_of_what_was_paid() {
        let used = spent(10, 1_000_000, 0, 1_000_000);
        let own = price(1_000, 3_000, None);
        assert_eq!(elsewhere(&used, &own, &price(500, 1_500, None)), 50 * USD);
        assert_eq!(elsewhere(&used, &own, &price(2_000, 1_000, None)), 25 * USD);
        assert_eq!(elsewhere(&used, &own, &price(1_000, 3_001, None)), 0);
        // A day price twice as high for half of the time is worth one and a half.
        let mut by_hour = price(500, 1_500, None);
        let day = Hours {
            weekdays: vec![1, 2, 3, 4, 5, 6, 7],
            from_minute: 0,
            to_minute: 720,
            except_days: vec![],
        };
        by_hour.hours.push((day, price(1_000, 3_000, None).base));
        assert_eq!(elsewhere(&used, &own, &by_hour), 25 * USD);
        let asked = Price { per_request: 1, ..price(500, 1_500, None) };
        assert!(elsewhere(&used, &own, &asked) < 50 * USD);
    }

    #[test]
    fn a_cache_that_is_hardly_used() {
        let own = price(1_000, 1_000, Some(100));
        // All of the cost is prompt; half of it at a tenth of its price.
        assert_eq!(cache(&spent(100, 1_000_000, 0, 0), &own, 0), Some((45 * USD, 0)));
        assert_eq!(cache(&spent(100, 900_000, 100_000, 0), &own, 0).map(|it| it.1), Some(10));
        for quiet in
            [spent(99, 1_000_000, 0, 0), spent(1_000, 1_000_000, 0, 0), spent(100, 800_000, 200_000, 0)]
        {
            assert_eq!(cache(&quiet, &own, 0), None, "{quiet:?}");
        }
        assert_eq!(cache(&spent(100, 1_000_000, 0, 0), &price(1_000, 1_000, None), 0), None);
    }

    #[test]
    fn long_prompts_for_short_answers() {
        let own = price(1_000, 1_000, None);
        assert_eq!(long_prompts(&spent(100, 2_000_000, 0, 0), &own, 0), Some(50 * USD));
        assert_eq!(long_prompts(&spent(100, 2_000_000, 0, 50_000), &own, 0), None, "long answers");
        assert_eq!(long_prompts(&spent(100, 1_600_000, 0, 0), &own, 0), None, "short prompts");
        let mut tiered = own;
        tiered.context_tiers.push((15_000, price(2_000, 2_000, None).base));
        assert_eq!(long_prompts(&spent(100, 2_000_000, 0, 0), &tiered, 0), Some(75 * USD));
    }

    #[test]
    fn answers_that_their_cap_cut() {
        let cut = |requests, truncated| super::truncated(&Spent { truncated, ..spent(requests, 1, 0, 1) });
        assert_eq!(cut(1_000, 200), Some((20 * USD, 20)));
        assert_eq!(cut(100, 100), Some((100 * USD, 100)));
        assert_eq!(cut(1_000, 49), None, "few");
        assert_eq!(cut(99, 99), None, "hardly used");
        assert_eq!(cut(0, 0), None);
    }

    #[test]
    fn what_was_asked_in_dear_hours() {
        let mut own = price(500, 500, None);
        let peak = Hours { weekdays: vec![4], from_minute: 60, to_minute: 150, except_days: vec![] };
        own.hours.push((peak, price(1_000, 1_000, None).base));
        let hour = |hour: i64| (hour * HOUR_MS, spent(10, 1_000, 0, 0));
        // The first day was a Thursday. Half of the third hour is dear: 3/4 of what it cost is the rest.
        let saved = off_peak(&[hour(0), hour(1), hour(2), hour(25)], &own).unwrap();
        assert_eq!((saved.0 / USD, saved.1), (50 + 33, 50));
        assert_eq!(off_peak(&[hour(0)], &own), None);
    }

    #[test]
    fn numbers_without_end_are_held() {
        let most = Usage::from_classes([u64::MAX; 10]);
        let huge = Spent { requests: i64::MAX, usage: most, nanousd: i64::MAX, truncated: i64::MAX };
        assert!(truncated(&huge).is_some());
        assert!(elsewhere(&huge, &price(u64::MAX, u64::MAX, None), &price(0, 0, None)) >= 0);
        assert_eq!(elsewhere(&Spent::default(), &price(0, 0, None), &price(1, 1, None)), 0);
    }
}
