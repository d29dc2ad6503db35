//! Every kind of mistake, with its place.

use super::{catalog, rows};

/// The text, and the start of the message that it must give.
const TABLE: &[(&str, &str)] = &[
    (
        "[providers.mine]\nbase_ulr = \"http://h/v1\"\n",
        "keyway.toml:2:1: providers.mine.base_ulr is not known; did you mean `base_url`?",
    ),
    ("[providers.mine]\nbase_url = 5\n", "keyway.toml:2:12: providers.mine.base_url is neither a URL nor"),
    (
        "[providers.mine]\nbase_url = \"host\"\n",
        "keyway.toml:2:12: providers.mine.base_url does not start with http",
    ),
    (
        "[providers.mine]\nbase_url = { openai-chta = \"http://h\" }\n",
        "keyway.toml:2:28: providers.mine.base_url.openai-chta is not a dialect; did you mean `openai-chat`?",
    ),
    (
        "[providers.mine]\nbase_url = { openai-chat = \"x\" }\n",
        "keyway.toml:2:28: providers.mine.base_url.openai-chat does not start",
    ),
    (
        "[providers.mine]\nauth = \"baerer\"\n",
        "keyway.toml:2:8: providers.mine.auth is `baerer`, which is not known; did you mean `bearer`?",
    ),
    (
        "[providers.mine]\napi_version = \"2024 10\"\n",
        "keyway.toml:2:15: providers.mine.api_version is not a version; write one such as \"2024-10-21\"",
    ),
    (
        "[providers.mine]\nspeaks = \"openai-chat\"\n",
        "keyway.toml:2:10: providers.mine.speaks is a string; write a list",
    ),
    (
        "[providers.mine]\nspeaks = [1]\n",
        "keyway.toml:2:10: providers.mine.speaks holds something that is not a string",
    ),
    (
        "[providers.mine]\nquirks = [\"no-stream-usge\"]\n",
        "keyway.toml:2:10: providers.mine.quirks names `no-stream-usge`, which is not known; did you mean `no-stream-usage`?",
    ),
    (
        "[providers.mine]\npriority = -1\n",
        "keyway.toml:2:12: providers.mine.priority is out of range; write a whole number from 0",
    ),
    ("[providers.mine]\npriority = \"1\"\n", "keyway.toml:2:12: providers.mine.priority is a string"),
    (
        "[providers.mine]\nconcurrency_max = 0\n",
        "keyway.toml:2:19: providers.mine.concurrency_max is out of range",
    ),
    (
        "[providers.mine]\nmodels_any = 1\n",
        "keyway.toml:2:14: providers.mine.models_any is a whole number; write true or false",
    ),
    (
        "[providers.mine]\ncredential = \"sk-canary\"\n",
        "keyway.toml:2:14: providers.mine.credential is not a reference",
    ),
    ("[providers.Mine]\n", "keyway.toml:1:12: providers.Mine is not a name for a provider"),
    ("[providers]\nmine = 1\n", "keyway.toml:2:8: providers.mine is a whole number; write a table"),
    ("providers = 1\n", "keyway.toml:1:13: providers is a whole number; write a table"),
    (
        "[models.small]\n",
        "keyway.toml:1:9: models.small is not a model's full name; write [models.\"provider/name\"]",
    ),
    ("[models.\"mine/a b\"]\n", "keyway.toml:1:9: models.mine/a b is not a model's full name"),
    ("[models.\"m/a\"]\nupstream = \"a b\"\n", "keyway.toml:2:12: models.m/a.upstream is not a model's name"),
    (
        "[models.\"m/a\"]\ncontext_tokens = 1.5\n",
        "keyway.toml:2:18: models.m/a.context_tokens is a number with a fraction",
    ),
    ("[models.\"m/a\"]\nreleased = \"2026-13-01\"\n", "keyway.toml:2:12: models.m/a.released is not a day"),
    ("[models.\"m/a\"]\nreleased = 2026\n", "keyway.toml:2:12: models.m/a.released is not a day"),
    (
        "[models.\"m/a\"]\nkind = \"chatt\"\n",
        "keyway.toml:2:8: models.m/a.kind is `chatt`, which is not known; did you mean `chat`?",
    ),
    ("[models.\"m/a\"]\nprice = 1\n", "keyway.toml:2:9: models.m/a.price is a whole number; write a table"),
    (
        "[models.\"m/a\"]\nprice = { input = 1 }\n",
        "keyway.toml:2:1: models.m/a.price.output is missing; write output = 0 when it is free",
    ),
    (
        "[models.\"m/a\"]\nprice = { input = 1, output = 1e3 }\n",
        "keyway.toml:2:31: models.m/a.price.output is not an amount (1e3); write a plain decimal",
    ),
    (
        "[models.\"m/a\"]\nprice = { input = 1, output = true }\n",
        "keyway.toml:2:31: models.m/a.price.output is true or false; write USD",
    ),
    (
        "[models.\"m/a\"]\nprice = { input = 1, output = 0.1234567891 }\n",
        "keyway.toml:2:31: models.m/a.price.output is not an amount (0.1234567891); write at most nine",
    ),
    (
        "[models.\"m/a\"]\nprice = { input = 1, output = 1, cached = 1 }\n",
        "keyway.toml:2:34: models.m/a.price.cached is not known",
    ),
    (
        "[models.\"m/a\"]\nprice = { input = 1, output = 1, hours = [{ from = \"1:00\", to = \"04:00\" }] }\n",
        "keyway.toml:2:52: models.m/a.price.hours[0].from is not a time of day",
    ),
    (
        "[models.\"m/a\"]\nprice = { input = 1, output = 1, hours = [{ from = \"22:00\", to = \"02:00\" }] }\n",
        "keyway.toml:2:66: models.m/a.price.hours[0].to is not after from",
    ),
    (
        "[models.\"m/a\"]\nprice = { input = 1, output = 1, hours = [{ from = \"22:00\" }] }\n",
        "keyway.toml:2:43: models.m/a.price.hours[0].to is missing",
    ),
    (
        "[models.\"m/a\"]\nprice = { input = 1, output = 1, hours = [{ except = [\"soon\"], from = \"22:00\", to = \"23:00\" }] }\n",
        "keyway.toml:2:54: models.m/a.price.hours[0].except is not a list of days",
    ),
    (
        "[models.\"m/a\"]\nprice = { input = 1, output = 1, hours = [{ weekdays = [0], from = \"22:00\", to = \"23:00\" }] }\n",
        "keyway.toml:2:56: models.m/a.price.hours[0].weekdays is not a list of days",
    ),
    (
        "[models.\"m/a\"]\nprice = { input = 1, output = 1, hours = [1] }\n",
        "keyway.toml:2:42: models.m/a.price.hours is not a list of tables",
    ),
    (
        "[models.\"m/a\"]\nprice = { input = 1, output = 1, tiers = [{ input = 2 }] }\n",
        "keyway.toml:2:43: models.m/a.price.tiers[0].above_input_tokens is missing",
    ),
    (
        "[models.\"m/a\"]\nprice = { input = 1, output = 1, tiers = [{ above_input_tokens = 9 }, { above_input_tokens = 9 }] }\n",
        "keyway.toml:2:94: models.m/a.price.tiers[1].above_input_tokens is not above the entry before it",
    ),
    (
        "[models.\"m/a\"]\nprices = [{ input = 1, output = 1 }, { input = 1, output = 1 }]\n",
        "keyway.toml:2:38: models.m/a.prices[1].from is not later than the price before it",
    ),
    (
        "[models.\"m/a\"]\nprice = { input = 1, output = 1 }\nprices = []\n",
        "keyway.toml:3:10: models.m/a.prices stands beside price",
    ),
    ("[aliases.fast]\n", "keyway.toml:1:10: aliases.fast.target is missing"),
    ("[aliases.auto]\ntarget = \"m/a\"\n", "keyway.toml:1:10: aliases.auto is not a name for an alias"),
    (
        "[aliases.fast]\ntarget = \"m/a\"\nset = [\"thinking-of\"]\n",
        "keyway.toml:3:7: aliases.fast.set names `thinking-of`, which is not known",
    ),
    (
        "[aliases.fast]\ntarget = \"m/a\"\nnotice = \"a\\nb\"\n",
        "keyway.toml:3:10: aliases.fast.notice cannot be sent in a header",
    ),
];

#[test]
fn every_mistake_has_its_place_and_its_remedy() {
    for (text, expected) in TABLE {
        let mistakes = rows(text).unwrap_err();
        let said: Vec<String> = mistakes.iter().map(ToString::to_string).collect();
        assert!(said.iter().any(|line| line.starts_with(expected)), "{text}\n{said:#?}");
        assert!(!said.iter().any(|line| line.contains("canary")), "{said:?}");
        assert_eq!(said.len(), 1, "{text}\n{said:#?}");
    }
}

const TOGETHER: &[(&str, &str)] = &[
    (
        "[providers.mine]\nauth = \"none\"\n",
        "keyway.toml:1:12: providers.mine has no base_url for openai-chat",
    ),
    (
        "[providers.mine]\nspeaks = [\"openai-chat\"]\nbase_url = { gemini = \"http://h\" }\n",
        "keyway.toml:1:12: providers.mine has no base_url for openai-chat",
    ),
    ("[providers.sandbox]\npriority = 1\n", "keyway.toml:1:12: providers.sandbox is built in"),
    (
        "[models.\"opnai/x\"]\n",
        "keyway.toml:1:9: models.\"opnai/x\" belongs to `opnai`, which is no provider of yours; did you mean `openai`?",
    ),
    ("[models.\"sandbox/x\"]\n", "keyway.toml:1:9: models.\"sandbox/x\" belongs to `sandbox`"),
    (
        "[aliases.fast]\ntarget = \"openai/gpt-5.55\"\n",
        "keyway.toml:1:10: aliases.fast points at `openai/gpt-5.55`, which nobody serves; did you mean `openai/gpt-5.5`?",
    ),
    ("[aliases.fast]\ntarget = \"gpt-5.5\"\n", "keyway.toml:1:10: aliases.fast points at `gpt-5.5`"),
    (
        "[aliases.a]\ntarget = \"openai/gpt-5.5\"\n[aliases.b]\ntarget = \"a\"\n",
        "keyway.toml:3:10: aliases.b points at `a`, another alias",
    ),
    (
        "[aliases.\"openai/gpt-5\"]\ntarget = \"openai/gpt-5.5\"\n",
        "keyway.toml:1:10: aliases.openai/gpt-5 is the name of a model already",
    ),
];

#[test]
fn mistakes_that_show_when_rows_are_put_together() {
    for (text, expected) in TOGETHER {
        let said: Vec<String> =
            catalog(text, &["openai"]).unwrap_err().iter().map(ToString::to_string).collect();
        assert!(said.len() == 1 && said[0].starts_with(expected), "{text}\n{said:#?}");
    }
    assert!(
        catalog("[aliases.x]\ntarget = \"deepseek/deepseek-flash\"\n", &["openai"]).is_ok(),
        "a target that is off"
    );
}

#[test]
fn all_mistakes_are_told_at_once() {
    let text: String = TABLE
        .iter()
        .take(3)
        .enumerate()
        .map(|(at, (text, _))| text.replace("mine", &format!("mine{at}")))
        .collect();
    assert_eq!(rows(&text).unwrap_err().len(), 3);
}
