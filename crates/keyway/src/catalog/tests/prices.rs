//! Prices of published pages, as dated there, reckoned to the nano-dollar: cache classes, long prompts,
//! peak hours. Pages other than DeepSeek's were read through the list that the rows name.

use crate::catalog::builtin;
use ledger::{NanoUsd, Price, Usage};

/// Wednesday 2026-11-18, 12:00 UTC: no peak anywhere.
const NOON: i64 = 1_795_003_200_000;

fn price(id: &str) -> Price {
    let (provider, _) = id.split_once('/').unwrap();
    let rows = builtin::models(provider).unwrap();
    let row = rows.models.into_iter().find(|row| row.id == id).unwrap_or_else(|| panic!("{id}"));
    row.prices.unwrap_or_else(|| panic!("{id} is unpriced")).0.remove(0)
}

/// Uncached, cache read, cache write of 5 minutes, of an hour, answer; tokens.
type Tokens = [u64; 5];

/// Model, page, day it was read, tokens, USD.
const PAGES: &[(&str, &str, &str, Tokens, &str)] = &[
    (
        "openai/gpt-5.5",
        "developers.openai.com/api/docs/pricing",
        "2026-11-20",
        [200_000, 50_000, 0, 0, 1_000],
        "1.055",
    ),
    // Above 272 000 prompt tokens the whole request costs more.
    (
        "openai/gpt-5.5",
        "developers.openai.com/api/docs/pricing",
        "2026-11-20",
        [222_001, 50_000, 0, 0, 1_000],
        "2.31501",
    ),
    (
        "openai/gpt-6-astra",
        "developers.openai.com/api/docs/pricing",
        "2026-11-20",
        [1_000, 1_000, 1_000, 0, 1_000],
        "0.0735",
    ),
    (
        "openai/text-embedding-3-small",
        "developers.openai.com/api/docs/pricing",
        "2026-11-20",
        [1_000_000, 0, 0, 0, 0],
        "0.02",
    ),
    (
        "anthropic/claude-opus-5-5",
        "platform.claude.com/docs/en/about-claude/pricing",
        "2026-11-20",
        [1_000, 1_000, 1_000, 1_000, 1_000],
        "0.0372",
    ),
    (
        "anthropic/claude-sonnet-4-5",
        "platform.claude.com/docs/en/about-claude/pricing",
        "2026-11-20",
        [1_000, 1_000, 1_000, 1_000, 1_000],
        "0.02805",
    ),
    (
        "google/gemini-2.5-pro",
        "ai.google.dev/gemini-api/docs/pricing",
        "2026-11-20",
        [100_000, 100_000, 0, 0, 1_000],
        "0.1475",
    ),
    (
        "google/gemini-2.5-pro",
        "ai.google.dev/gemini-api/docs/pricing",
        "2026-11-20",
        [100_001, 100_000, 0, 0, 1_000],
        "0.2900025",
    ),
    ("xai/grok-4.20", "api.x.ai/v1/language-models", "2026-11-20", [1_000, 1_000, 0, 0, 1_000], "0.00395"),
    ("xai/grok-4.20", "api.x.ai/v1/language-models", "2026-11-20", [300_000, 0, 0, 0, 1_000], "0.755"),
    ("groq/openai/gpt-oss-120b", "groq.com/pricing", "2026-11-20", [1_000, 1_000, 0, 0, 1_000], "0.000825"),
    (
        "moonshot/kimi-k3",
        "platform.kimi.ai/docs/pricing/chat-k3",
        "2026-11-20",
        [1_000, 1_000, 1_000, 1_000, 1_000],
        "0.0273",
    ),
    (
        "zai/glm-5.3",
        "docs.z.ai/guides/overview/pricing",
        "2026-11-20",
        [1_000, 1_000, 0, 0, 1_000],
        "0.00606",
    ),
    ("minimax/MiniMax-M3", "platform.minimax.io", "2026-11-20", [500_000, 12_001, 0, 0, 0], "0.30144012"),
    (
        "dashscope/qwen3-max",
        "alibabacloud.com/help/en/model-studio/models",
        "2026-11-20",
        [32_000, 0, 0, 0, 1_000],
        "0.0444",
    ),
    (
        "dashscope/qwen3-max",
        "alibabacloud.com/help/en/model-studio/models",
        "2026-11-20",
        [32_001, 0, 0, 0, 1_000],
        "0.0888024",
    ),
    (
        "dashscope/qwen3-max",
        "alibabacloud.com/help/en/model-studio/models",
        "2026-11-20",
        [128_001, 0, 0, 0, 1_000],
        "0.399003",
    ),
    (
        "volcengine/doubao-seed-2-1-pro-260628",
        "volcengine.com/docs/82379/1544106",
        "2026-11-20",
        [1_000, 1_000, 0, 0, 1_000],
        "0.0053475",
    ),
    (
        "together/Qwen/Qwen3.8-Flash",
        "api.together.ai/v1/models",
        "2026-11-20",
        [1_000_000, 0, 0, 0, 1_000_000],
        "0.62",
    ),
    ("voyage/voyage-3.5", "docs.voyageai.com pricing", "2026-11-20", [1_000_000, 0, 0, 0, 0], "0.06"),
];

#[test]
fn published_prices_are_charged_to_the_nano_dollar() {
    for (id, page, day, [uncached, read, write, write_1h, answer], usd) in PAGES {
        let usage = Usage {
            in_uncached: *uncached,
            cache_read: *read,
            cache_write_5m: *write,
            cache_write_1h: *write_1h,
            out_text: *answer,
            ..Usage::default()
        };
        let price = price(id);
        assert_eq!(price.cost(&usage, NOON), NanoUsd::parse(usd).unwrap(), "{id} of {page}");
        assert_eq!(price.version, format!("{id}@{day}"));
    }
    let providers: std::collections::BTreeSet<&str> =
        PAGES.iter().filter_map(|page| page.0.split('/').next()).collect();
    assert!(providers.len() >= 12, "{providers:?}");
}

/// What is billed by the piece, from the list of 2026-11-20 and the pages it names.
#[test]
fn pieces_are_charged_to_the_nano_dollar() {
    for (id, page, units, usd) in [
        ("openai/whisper-1", "developers.openai.com/api/docs/pricing: 0.006 a minute", 90, "0.009"),
        ("openai/tts-1", "developers.openai.com/api/docs/pricing: 15 per million characters", 1_000, "0.015"),
        ("groq/whisper-large-v3", "groq.com/pricing: 0.111 an hour", 3_600, "0.111000001"),
        ("groq/whisper-large-v3-turbo", "groq.com/pricing: 0.04 an hour", 3_600, "0.040000021"),
        ("groq/canopylabs/orpheus-v1-english", "console.groq.com/docs/model: 22 per million", 1, "0.000022"),
        ("xai/grok-imagine-image", "docs.x.ai/docs/models: 0.02 an image", 3, "0.06"),
        ("cohere/rerank-v4.0-pro", "cohere.com/pricing: 2.50 per thousand searches", 1_000, "2.5"),
        ("mistral/voxtral-mini-2602", "docs.mistral.ai: 0.003 a minute", 60, "0.003"),
    ] {
        let price = price(id);
        let usage = Usage { units, ..Usage::default() };
        assert_eq!(price.cost(&usage, NOON), NanoUsd::parse(usd).unwrap(), "{id} of {page}");
        assert!(price.covers(&usage), "{id}");
    }
    let image = Usage { in_uncached: 1_000, in_image: 1_000, out_text: 1_000, units: 1, ..Usage::default() };
    assert_eq!(price("openai/gpt-image-2").cost(&image, NOON), NanoUsd::parse("0.043").unwrap());
}

/// DeepSeek's page of 2026-10-17: peak is Monday to Friday 01:00-04:00 and 06:00-10:00 UTC.
#[test]
fn deepseek_costs_double_in_its_peak_hours() {
    let minute = |day: i64, hour: i64, minute: i64| {
        // Monday 2026-11-16.
        1_794_787_200_000 + ((day * 24 + hour) * 60 + minute) * 60_000
    };
    let usage =
        Usage { in_uncached: 1_000_000, cache_read: 1_000_000, out_text: 1_000_000, ..Usage::default() };
    let (flash, pro) = (price("deepseek/deepseek-flash"), price("deepseek/deepseek-v4-pro"));
    assert_eq!(flash.version, "deepseek/deepseek-flash@2026-10-17");
    for (day, hour, at_minute, peak) in [
        (0, 0, 59, false),
        (0, 1, 0, true),
        (0, 3, 59, true),
        (0, 4, 0, false),
        (0, 5, 59, false),
        (0, 6, 0, true),
        (4, 9, 59, true),
        (4, 10, 0, false),
        (5, 2, 0, false),
        (6, 7, 0, false),
        // Friday 2027-01-01, a holiday; the Monday behind it.
        (46, 2, 0, false),
        (49, 2, 0, true),
    ] {
        let at = minute(day, hour, at_minute);
        let (flash_usd, pro_usd) = if peak { ("1.506", "5.324") } else { ("0.753", "2.662") };
        assert_eq!(
            flash.cost(&usage, at),
            NanoUsd::parse(flash_usd).unwrap(),
            "day {day} {hour}:{at_minute}"
        );
        assert_eq!(pro.cost(&usage, at), NanoUsd::parse(pro_usd).unwrap(), "day {day} {hour}:{at_minute}");
    }
}
