//! LiteLLM's `model_prices_and_context_window.json`: a flat object of entries, USD per token.

use super::number::{per_token, scaled};
use super::{Fields, Listed, Names, Raw, count, flag, object, text};
use crate::catalog::ModelKind;
use ledger::{Hours, Price, Rates};
use serde_json::value::RawValue;

/// Context tiers that the list has names for, thousands of tokens.
const TIERS_THOUSAND: [u64; 7] = [32, 100, 128, 200, 256, 272, 512];

/// Models of known providers, and how many entries were passed over.
pub(super) fn read(list: &Raw, names: &Names<'_>) -> (Vec<Listed>, usize) {
    let (mut found, mut passed_over) = (Vec::new(), 0);
    for (key, entry) in list {
        match object(entry).and_then(|entry| listed(key, &entry, names)) {
            Some(listed) => found.push(listed),
            None => passed_over += 1,
        }
    }
    (found, passed_over)
}

fn listed(key: &str, entry: &Raw, names: &Names<'_>) -> Option<Listed> {
    let kind = match text(entry, "mode")?.as_str() {
        "chat" | "responses" => ModelKind::Chat,
        "embedding" => ModelKind::Embedding,
        _ => return None,
    };
    let theirs = text(entry, "litellm_provider")?;
    let provider = names.get(theirs.as_str())?;
    // `together_ai/Qwen/...`, `vertex_ai/claude-...` of `vertex_ai-anthropic_models`, or the bare name.
    let id = match key.split_once('/') {
        Some((first, rest)) if theirs.starts_with(first) || names.get(first) == Some(provider) => rest,
        _ => key,
    };
    let mut fields = Fields::default();
    fields.kind(kind);
    fields.count("context_tokens", count(entry, "max_input_tokens"));
    if kind == ModelKind::Chat {
        fields.count("output_tokens_max", count(entry, "max_output_tokens"));
        for (field, theirs) in [
            ("tools", "supports_function_calling"),
            ("vision", "supports_vision"),
            ("documents", "supports_pdf_input"),
            ("audio", "supports_audio_input"),
            ("reasoning", "supports_reasoning"),
            ("structured_output", "supports_response_schema"),
        ] {
            fields.flag(field, flag(entry, theirs));
        }
        fields.flag("sampling", flag(entry, "supports_sampling_params").filter(|takes| !takes));
        fields.flag("forced_tools", flag(entry, "supports_forced_tool_use").filter(|takes| !takes));
    }
    Some(Listed { model: format!("{provider}/{id}"), kind, price: price(entry, kind), fields: fields.text() })
}

fn price(entry: &Raw, kind: ModelKind) -> Option<Price> {
    let mut steps: Vec<(u64, Rates)> = Vec::new();
    let written: Vec<Box<RawValue>> = entry
        .get("tiered_pricing")
        .and_then(|list| serde_json::from_str(list.get()).ok())
        .unwrap_or_default();
    for step in written.iter().filter_map(|step| object(step)) {
        let range: Vec<Box<RawValue>> = serde_json::from_str(step.get("range")?.get()).ok()?;
        steps.push((scaled(range.first()?.get(), 0)?, rates(&step, kind, "")?));
    }
    steps.sort_by_key(|(above, _)| *above);
    let (base, mut context_tiers) = match steps.split_first() {
        Some(((_, first), rest)) => (*first, rest.to_vec()),
        None => (rates(entry, kind, "")?, Vec::new()),
    };
    for thousand in TIERS_THOUSAND {
        let tier = rates(entry, kind, &format!("_above_{thousand}k_tokens"));
        context_tiers.extend(tier.map(|rates| (thousand * 1000, rates)));
    }
    let hours = entry.get("off_peak_pricing").and_then(|off| hours(&object(off)?, kind)).unwrap_or_default();
    Some(Price {
        version: String::new(),
        from_ms: 0,
        source: String::new(),
        base,
        context_tiers,
        hours,
        per_request: 0,
    })
}

fn rates(entry: &Raw, kind: ModelKind, suffix: &str) -> Option<Rates> {
    let rate = |name: &str| entry.get(&format!("{name}{suffix}")).and_then(|raw| per_token(raw.get()));
    let input = rate("input_cost_per_token")?;
    let output = match kind {
        ModelKind::Chat => rate("output_cost_per_token")?,
        _ => input,
    };
    let read = rate("cache_read_input_token_cost").or_else(|| rate("input_cost_per_token_cache_hit"));
    Some(Rates {
        input,
        output,
        cache_read: read.filter(|read| *read <= input),
        cache_write_5m: rate("cache_creation_input_token_cost"),
        cache_write_1h: rate("cache_creation_input_token_cost_above_1hr"),
        reasoning: rate("output_cost_per_reasoning_token"),
        in_audio: rate("input_cost_per_audio_token"),
        in_image: None,
        out_audio: rate("output_cost_per_audio_token"),
        unit: None,
    })
}

/// The windows in which the list has other rates, in UTC. Their weekdays may be of another zone; the
/// windows of those who have them begin and end on the same day in both.
fn hours(off: &Raw, kind: ModelKind) -> Option<Vec<(Hours, Rates)>> {
    let rates = rates(off, kind, "")?;
    let windows: Vec<Box<RawValue>> = serde_json::from_str(off.get("windows")?.get()).ok()?;
    let mut found = Vec::new();
    for window in windows.iter().filter_map(|window| object(window)) {
        let weekdays: Vec<u8> =
            window.get("weekdays").and_then(|days| serde_json::from_str(days.get()).ok()).unwrap_or_default();
        let weekdays = if weekdays.is_empty() { (1..=7).collect() } else { weekdays };
        let raw = window.get("hours_utc")?.get();
        let spans: Vec<String> =
            serde_json::from_str(raw).or_else(|_| serde_json::from_str(raw).map(|one| vec![one])).ok()?;
        for span in spans {
            let (from, to) = span.split_once('-')?;
            let (from_minute, to_minute) = (minute(from)?, minute(to)?);
            let to_minute = if to_minute == 0 { 24 * 60 } else { to_minute };
            found.push((
                Hours { weekdays: weekdays.clone(), from_minute, to_minute, except_days: Vec::new() },
                rates,
            ));
        }
    }
    Some(found)
}

fn minute(text: &str) -> Option<u16> {
    let (hour, minute) = text.trim().split_once(':')?;
    Some(hour.parse::<u16>().ok()? * 60 + minute.parse::<u16>().ok()?)
}
