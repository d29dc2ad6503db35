//! Tiers: levels of organisations, the operator's. What organisations ask for is decided from here too.

mod fields;
pub mod list;
pub mod one;

use crate::accounts::tiers::MARKUP_PPM_MAX;
use crate::base::Refusal;
use crate::store::tiers::Tier;
use ledger::NanoUsd;

const PATH: &str = "/console/tiers";
/// Millionths of the cost in one per cent.
const PPM_PER_PERCENT: u32 = 10_000;
/// A markup is read as amounts are, with nine places; of per cent this is one millionth of the cost.
const NANO_PER_PPM: i64 = 1_000_000_000 / PPM_PER_PERCENT as i64;

/// A markup in per cent of the cost.
fn percent(ppm: u32) -> String {
    NanoUsd(i64::from(ppm) * NANO_PER_PPM).to_decimal()
}

/// The markup that somebody wrote in per cent; nothing is none.
fn markup(text: &str) -> Result<u32, Refusal> {
    let text = text.trim_end_matches('%').trim();
    let read = if text.is_empty() { Some(0) } else { NanoUsd::parse(text).ok().map(|amount| amount.0) };
    let whole = read.filter(|nano| *nano >= 0 && nano % NANO_PER_PPM == 0).map(|nano| nano / NANO_PER_PPM);
    let fits = whole.and_then(|ppm| u32::try_from(ppm).ok()).filter(|ppm| *ppm <= MARKUP_PPM_MAX);
    let most = MARKUP_PPM_MAX / PPM_PER_PERCENT;
    let message = || {
        format!(
            "The markup is a number of per cent from 0 to {most}, as in 25 or 2.5, with four places at most."
        )
    };
    fits.ok_or_else(|| Refusal::field("markup", message()))
}

/// The names of a tier's list; `None`: every one.
fn names(list: Option<&str>) -> Option<Vec<String>> {
    list.map(|text| serde_json::from_str(text).unwrap_or_default())
}

/// Where a tier's page is.
fn path(tier: &Tier) -> String {
    format!("{PATH}/{}", tier.id)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn markups_are_read_and_written_in_per_cent() {
        for (text, ppm) in [("", 0), ("0", 0), ("25", 250_000), ("2.5 %", 25_000), ("0.0001", 1)] {
            assert_eq!(markup(text).map_err(|refusal| refusal.message), Ok(ppm), "{text}");
        }
        for text in ["-1", "a lot", "0.00001", "100001"] {
            assert!(markup(text).is_err_and(|refusal| refusal.param.as_deref() == Some("markup")), "{text}");
        }
        for (ppm, text) in [(0, "0"), (250_000, "25"), (25_000, "2.5"), (1, "0.0001")] {
            let written = percent(ppm);
            assert_eq!(NanoUsd::parse(&written).ok(), NanoUsd::parse(text).ok(), "{written}");
            assert_eq!(markup(&written).ok(), Some(ppm));
        }
    }
}
