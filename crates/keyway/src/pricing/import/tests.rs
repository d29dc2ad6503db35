//! Both lists in their forms of today, in small.

use super::number::{per_million, per_token, scaled};
use super::{Form, Verdict, compare, read};
use crate::catalog::{Catalog, Rows, builtin};
use ledger::Price;

/// Wednesday 2026-11-18, 12:00 UTC.
const NOW: i64 = 1_795_003_200_000;

const LITELLM: &str = r#"{
  "sample_spec": {"litellm_provider": "one of these", "mode": "one of: chat", "input_cost_per_token": 0.0},
  "fallback_generalizations": {"rules": [{"name": "x"}]},
  "gpt-5.5": {"litellm_provider": "openai", "mode": "chat", "max_input_tokens": 1050000.0, "input_cost_per_token": 5e-06, "output_cost_per_token": 3e-05,
    "cache_read_input_token_cost": 5e-07, "input_cost_per_token_above_272k_tokens": 1e-05, "output_cost_per_token_above_272k_tokens": 4.5e-05,
    "cache_read_input_token_cost_above_272k_tokens": 1e-06, "input_cost_per_token_batches": 2.5e-06},
  "deepseek/deepseek-flash": {"litellm_provider": "deepseek", "mode": "chat", "input_cost_per_token": 3e-07, "output_cost_per_token": 1.2e-06,
    "cache_read_input_token_cost": 6e-09, "cache_creation_input_token_cost": 0.0, "off_peak_pricing": {"input_cost_per_token": 1.5e-07,
    "output_cost_per_token": 6e-07, "cache_read_input_token_cost": 3e-09, "windows": [
      {"hours_utc": ["00:00-01:00", "04:00-06:00", "10:00-00:00"], "weekdays": [1,2,3,4,5]}, {"hours_utc": "00:00-00:00", "weekdays": [6,7]}]}},
  "dashscope/qwen3-max": {"litellm_provider": "dashscope", "mode": "chat", "tiered_pricing": [
    {"range": [0, 32000.0], "input_cost_per_token": 1.2e-06, "output_cost_per_token": 6e-06},
    {"range": [32000.0, 128000.0], "input_cost_per_token": 2.4e-06, "output_cost_per_token": 1.2e-05},
    {"range": [128000.0, 252000.0], "input_cost_per_token": 3e-06, "output_cost_per_token": 1.5e-05}]},
  "groq/openai/gpt-oss-120b": {"litellm_provider": "groq", "mode": "chat", "input_cost_per_token": 2e-07, "output_cost_per_token": 6e-07,
    "cache_read_input_token_cost": 7.5e-08},
  "groq/openai/gpt-oss-20b": {"litellm_provider": "groq", "mode": "chat", "input_cost_per_token": 0.1, "output_cost_per_token": 0.2},
  "groq/new-model": {"litellm_provider": "groq", "mode": "chat", "input_cost_per_token": 1e-07, "output_cost_per_token": 2e-07,
    "supports_vision": true, "max_output_tokens": 4096.0},
  "groq/new-outlier": {"litellm_provider": "groq", "mode": "embedding", "input_cost_per_token": 0.0001, "output_cost_per_token": 0.0},
  "groq/free": {"litellm_provider": "groq", "mode": "chat", "input_cost_per_token": 0, "output_cost_per_token": 0},
  "text-embedding-3-small": {"litellm_provider": "openai", "mode": "embedding", "input_cost_per_token": 2e-08, "output_cost_per_token": 0.0},
  "dall-e": {"litellm_provider": "openai", "mode": "image_generation"},
  "x/y": {"litellm_provider": "nobody", "mode": "chat", "input_cost_per_token": 1e-06}
}"#;

const MODELS_DEV: &str = r#"{
  "openai": {"id": "openai", "npm": "@ai-sdk/openai", "unheard_of": 1, "models": {
    "gpt-5.5": {"id": "gpt-5.5", "attachment": true, "reasoning": true, "tool_call": true, "limit": {"context": 1050000, "output": 0},
      "modalities": {"input": ["text", "image", "pdf"], "output": ["text"]},
      "cost": {"input": 5, "output": 30, "cache_read": 0.5, "tiers": [{"input": 10, "output": 45, "cache_read": 1, "tier": {"type": "context", "size": 272000}}]}},
    "gone": {"id": "gone", "status": "deprecated", "cost": {"input": 1, "output": 1}}}},
  "togetherai": {"models": {"Qwen/Qwen3.8-Flash": {"cost": {"input": 0.15, "output": 0.5}}}},
  "deepseek": {"models": {"deepseek-flash": {"cost": {"input": 0.3, "output": 1.2, "cache_read": 0.006}}}},
  "google": {"models": {"gemini-2.5-pro": {"cost": {"input": 1.25, "output": 10, "cache_read": 0.125, "context_over_200k": {"input": 2.5, "output": 15, "cache_read": 0.25}}}}},
  "nobody": {"models": {"a": {}, "b": {}}}
}"#;

fn catalog() -> Catalog {
    let rows = builtin::providers().unwrap().providers;
    let on: Vec<&str> = rows.iter().map(|row| row.name.as_str()).collect();
    Catalog::build(&Rows::default(), &on).unwrap()
}

fn verdicts(text: &str, new: bool, trust: bool) -> Vec<(String, Verdict)> {
    let list = read(text, &builtin::providers().unwrap().providers).unwrap();
    let found = compare(&list.models, &catalog(), NOW, new, trust);
    found.into_iter().map(|it| (it.model, it.verdict)).filter(|it| it.1 != Verdict::Missing).collect()
}

fn of<'v>(found: &'v [(String, Verdict)], model: &str) -> Option<&'v Verdict> {
    found.iter().find(|it| it.0 == model).map(|it| &it.1)
}

#[test]
fn numbers_are_exact() {
    for (text, rate) in [
        ("5e-06", 5_000_000_000),
        ("1.25e-06", 1_250_000_000),
        ("7.5e-08", 75_000_000),
        ("3E-9", 3_000_000),
        ("0.0001", 100_000_000_000),
        ("8.625e-07", 862_500_000),
    ] {
        assert_eq!(per_token(text), Some(rate), "{text}");
    }
    assert_eq!((per_million("0.0028"), per_million("15")), (Some(2_800_000), Some(15_000_000_000)));
    for text in ["0", "0.0", "-1", "", "nan", "null", "1e400", "{}"] {
        assert_eq!(per_token(text), None, "{text}");
    }
    assert_eq!((scaled("4096.0", 0), scaled("1e3", 0), scaled("0.5", 0)), (Some(4096), Some(1000), Some(1)));
}

#[test]
fn litellm_says_what_the_rows_say_or_it_is_told() {
    let list = read(LITELLM, &builtin::providers().unwrap().providers).unwrap();
    assert_eq!((list.form, list.passed_over), (Form::LiteLlm, 4));
    let found = verdicts(LITELLM, false, false);
    for same in ["openai/gpt-5.5", "deepseek/deepseek-flash", "dashscope/qwen3-max"] {
        assert_eq!(of(&found, same), Some(&Verdict::Same), "{same}");
    }
    assert_eq!(of(&found, "groq/openai/gpt-oss-120b"), Some(&Verdict::Changed));
    assert_eq!(of(&found, "groq/openai/gpt-oss-20b"), Some(&Verdict::Outlier));
    assert_eq!(of(&found, "groq/new-model"), None, "not asked for");
    let found = verdicts(LITELLM, true, false);
    assert_eq!(of(&found, "groq/new-model"), Some(&Verdict::New));
    assert_eq!(of(&found, "groq/new-outlier"), Some(&Verdict::Outlier));
    assert_eq!(of(&found, "groq/free"), Some(&Verdict::New), "listed, and unpriced");
    assert_eq!(of(&verdicts(LITELLM, true, true), "groq/new-outlier"), Some(&Verdict::New));
    let fields = list.models.iter().find(|it| it.model == "groq/new-model").unwrap();
    assert_eq!(fields.fields, "output_tokens_max = 4096, vision = true");
    let free = list.models.iter().find(|it| it.model == "groq/free").unwrap();
    assert_eq!(free.price, None, "zero is no price");
}

#[test]
fn models_dev_says_what_the_rows_say_or_it_is_told() {
    let list = read(MODELS_DEV, &builtin::providers().unwrap().providers).unwrap();
    assert_eq!((list.form, list.passed_over), (Form::ModelsDev, 3));
    let found = verdicts(MODELS_DEV, false, false);
    assert_eq!(of(&found, "openai/gpt-5.5"), Some(&Verdict::Same));
    // It knows no hours, and has the rates of one of ours.
    assert_eq!(of(&found, "deepseek/deepseek-flash"), Some(&Verdict::Same));
    assert_eq!(of(&found, "together/Qwen/Qwen3.8-Flash"), Some(&Verdict::Changed));
    let fields = &list.models.iter().find(|it| it.model == "openai/gpt-5.5").unwrap().fields;
    assert_eq!(
        *fields,
        "context_tokens = 1050000, tools = true, vision = true, documents = true, reasoning = true"
    );
    let old = list.models.iter().find(|it| it.model == "google/gemini-2.5-pro").unwrap();
    assert_eq!(old.price.as_ref().unwrap().context_tiers[0].0, 200_000);
}

#[test]
fn what_is_missing_is_told_and_what_is_no_list_refused() {
    let providers = builtin::providers().unwrap().providers;
    let list = read(LITELLM, &providers).unwrap();
    let found = compare(&list.models, &catalog(), NOW, false, false);
    let missing: Vec<&str> =
        found.iter().filter(|it| it.verdict == Verdict::Missing).map(|it| it.model.as_str()).collect();
    assert!(missing.contains(&"openai/gpt-4.1"), "{missing:?}");
    assert!(!missing.iter().any(|model| model.starts_with("mistral/")), "the list has none of it");
    for text in ["", "[]", "{}", "{\"a\":1}", "7"] {
        assert!(read(text, &providers).is_err(), "{text}");
    }
}

#[test]
fn what_a_list_cannot_tell_stays() {
    let list = read(MODELS_DEV, &builtin::providers().unwrap().providers).unwrap();
    let found = compare(&list.models, &catalog(), NOW, false, false);
    let flash = found.iter().find(|it| it.model == "deepseek/deepseek-flash").unwrap();
    let price: &Price = flash.theirs.as_ref().unwrap();
    assert_eq!((price.hours.len(), price.base.input), (2, 150_000_000));
}
