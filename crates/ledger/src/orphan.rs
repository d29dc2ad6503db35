//! Crash recovery: what is billed for a request that was SENT and never settled.

use crate::account::Bill;
use crate::reserve::Markup;
use crate::{Entry, NanoUsd, Price, Progress, Sent, Spend, UsageOrigin};

/// Error code of a request the process did not live to finish.
pub const ERROR_INTERRUPTED: &str = "interrupted";
/// Tokens between two PROGRESS records of a stream.
pub const PROGRESS_TOKENS: u64 = 256;

/// How a request is closed that nobody settled.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settled<'a> {
    /// Its line.
    pub entry: Entry<'a>,
    /// The rest of what it had reserved. The provider may charge for it yet, so it stays held of every
    /// leased account in the line.
    pub hold: NanoUsd,
}

/// The line that closes a SENT record without SETTLE or VOID. `progress` is the last one recorded.
///
/// Policy: the provider may have served the request, so it is billed. Its prompt is what the
/// provider reported, where the record knows it, else the input bound: every byte of the body as
/// one uncached token, which no byte-level tokeniser exceeds for text. Its answer is what the last
/// PROGRESS counted and one step more, zero without one. The line is marked
/// [`UsageOrigin::Estimated`], with status 0 and error [`ERROR_INTERRUPTED`].
///
/// `price` is the version named in the record, if it is still known; without it the line stays
/// unpriced and keeps the version's name, so that it can be priced later. `latency_ms` is the
/// time until recovery, not the request's: keep status 0 out of latency histograms.
#[must_use]
pub fn settle_unfinished<'a>(
    sent: &Sent<'a>,
    progress: Option<&Progress>,
    recovered_at_ms: i64,
    price: Option<&'a Price>,
) -> Settled<'a> {
    let mut entry = sent.entry.clone();
    if entry.usage.input() == 0 {
        entry.usage.in_uncached = sent.prompt_bytes;
    }
    if let Some(progress) = progress {
        entry.usage.out_text = progress.output_tokens.saturating_add(PROGRESS_TOKENS);
    }
    entry.usage_origin = UsageOrigin::Estimated;
    entry.status = 0;
    entry.error = ERROR_INTERRUPTED;
    entry.cost = price.map(|price| price.cost(&entry.usage, entry.started_ms));
    entry.sell = entry.cost.map(|cost| Markup(sent.reserved.markup).sell(cost));
    if let Some(price) = price {
        entry.price_version = &price.version;
    }
    let elapsed_ms = recovered_at_ms.saturating_sub(entry.started_ms).max(0);
    entry.latency_ms = u32::try_from(elapsed_ms).unwrap_or(u32::MAX);
    let reserved = progress.map_or(sent.reserved.amount, |progress| progress.reserved);
    let accounts = std::mem::take(&mut entry.spend.accounts);
    let bounded = accounts.iter().any(|account| account.leased);
    let Bill { charge, absorbed } = Bill::of(entry.sell.unwrap_or_default(), bounded.then_some(reserved));
    entry.spend = if accounts.is_empty() { Spend::default() } else { Spend { charge, absorbed, accounts } };
    let hold = if bounded { reserved.saturating_sub(charge).max(NanoUsd::ZERO) } else { NanoUsd::ZERO };
    Settled { entry, hold }
}
