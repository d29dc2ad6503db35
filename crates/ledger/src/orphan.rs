//! Crash recovery: what is billed for a request that was SENT and never settled.

use crate::{Entry, Price, Sent, UsageOrigin};

/// Error code of a request the process did not live to finish.
pub const ERROR_INTERRUPTED: &str = "interrupted";

/// The line that closes a SENT record without SETTLE or VOID.
///
/// Policy: the provider may have served the request, so it is billed. Its prompt is what the
/// provider reported, where the record knows it, else the input bound: every byte of the body as
/// one uncached token, which no byte-level tokeniser exceeds for text. Its answer is counted as
/// zero, because nothing recorded how far it came. The line is marked
/// [`UsageOrigin::Estimated`], with status 0 and error [`ERROR_INTERRUPTED`].
///
/// `price` is the version named in the record, if it is still known; without it the line stays
/// unpriced and keeps the version's name, so that it can be priced later. `latency_ms` is the
/// time until recovery, not the request's: keep status 0 out of latency histograms.
#[must_use]
pub fn settle_unfinished<'a>(sent: &Sent<'a>, recovered_at_ms: i64, price: Option<&'a Price>) -> Entry<'a> {
    let mut entry = sent.entry.clone();
    if entry.usage.input() == 0 {
        entry.usage.in_uncached = sent.prompt_bytes;
    }
    entry.usage_origin = UsageOrigin::Estimated;
    entry.status = 0;
    entry.error = ERROR_INTERRUPTED;
    entry.cost = price.map(|price| price.cost(&entry.usage, entry.started_ms));
    if let Some(price) = price {
        entry.price_version = &price.version;
    }
    let elapsed_ms = recovered_at_ms.saturating_sub(entry.started_ms).max(0);
    entry.latency_ms = u32::try_from(elapsed_ms).unwrap_or(u32::MAX);
    entry
}
