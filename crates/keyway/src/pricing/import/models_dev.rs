//! models.dev's `api.json`: `{provider: {models: {id: {cost, limit, ...}}}}`, USD per million tokens.

use super::number::per_million;
use super::{Fields, Listed, Names, Raw, count, flag, object, text};
use crate::catalog::ModelKind;
use ledger::{Price, Rates};
use serde_json::value::RawValue;

/// Models of known providers, and how many entries were passed over.
pub(super) fn read(list: &Raw, names: &Names<'_>) -> (Vec<Listed>, usize) {
    let (mut found, mut passed_over) = (Vec::new(), 0);
    for (key, entry) in list {
        let Some(models) = object(entry).and_then(|entry| object(entry.get("models")?)) else {
            passed_over += 1;
            continue;
        };
        let Some(provider) = names.get(key.as_str()) else {
            passed_over += models.len();
            continue;
        };
        for (id, model) in &models {
            match object(model).filter(|model| text(model, "status").as_deref() != Some("deprecated")) {
                Some(model) => found.push(listed(provider, id, &model)),
                None => passed_over += 1,
            }
        }
    }
    (found, passed_over)
}

fn listed(provider: &str, id: &str, model: &Raw) -> Listed {
    // The list has no field for it.
    let kind = if id.contains("embed") { ModelKind::Embedding } else { ModelKind::Chat };
    let limit = model.get("limit").and_then(|limit| object(limit)).unwrap_or_default();
    let modalities = model.get("modalities").and_then(|it| object(it)).unwrap_or_default();
    let takes: Vec<String> =
        modalities.get("input").and_then(|list| serde_json::from_str(list.get()).ok()).unwrap_or_default();
    let has = |what: &str| takes.iter().any(|word| word == what).then_some(true);
    let mut fields = Fields::default();
    fields.kind(kind);
    fields.count("context_tokens", count(&limit, "context"));
    if kind == ModelKind::Chat {
        fields.count("output_tokens_max", count(&limit, "output"));
        fields.flag("tools", flag(model, "tool_call"));
        fields.flag("vision", has("image"));
        fields.flag("documents", has("pdf"));
        fields.flag("audio", has("audio"));
        fields.flag("reasoning", flag(model, "reasoning"));
        fields.flag("structured_output", flag(model, "structured_output"));
        fields.flag("sampling", flag(model, "temperature").filter(|takes| !takes));
    }
    let price = model.get("cost").and_then(|cost| price(&object(cost)?, kind));
    Listed { model: format!("{provider}/{id}"), kind, price, fields: fields.text() }
}

fn price(cost: &Raw, kind: ModelKind) -> Option<Price> {
    let base = rates(cost, kind, None)?;
    let tiers: Vec<Box<RawValue>> =
        cost.get("tiers").and_then(|list| serde_json::from_str(list.get()).ok()).unwrap_or_default();
    let tier = |tier: &RawValue| {
        let tier = object(tier)?;
        let size = count(&object(tier.get("tier")?)?, "size")?;
        Some((size, rates(&tier, kind, Some(&base))?))
    };
    let mut context_tiers: Vec<(u64, Rates)> = tiers.iter().filter_map(|it| tier(it)).collect();
    if let Some(old) = cost.get("context_over_200k").filter(|_| context_tiers.is_empty()) {
        context_tiers.extend(object(old).and_then(|it| Some((200_000, rates(&it, kind, Some(&base))?))));
    }
    context_tiers.sort_by_key(|(above, _)| *above);
    Some(Price {
        version: String::new(),
        from_ms: 0,
        source: String::new(),
        base,
        context_tiers,
        hours: Vec::new(),
        per_request: 0,
    })
}

fn rates(cost: &Raw, kind: ModelKind, base: Option<&Rates>) -> Option<Rates> {
    let rate = |name: &str| cost.get(name).and_then(|raw| per_million(raw.get()));
    let input = rate("input").or(base.map(|base| base.input))?;
    let output = match kind {
        ModelKind::Chat => rate("output").or(base.map(|base| base.output))?,
        _ => input,
    };
    Some(Rates {
        input,
        output,
        cache_read: rate("cache_read").filter(|read| *read <= input),
        cache_write_5m: rate("cache_write"),
        cache_write_1h: None,
        reasoning: rate("reasoning"),
        in_audio: rate("input_audio"),
        in_image: None,
        out_audio: rate("output_audio"),
        unit: None,
    })
}
