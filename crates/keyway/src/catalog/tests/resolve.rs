//! Names and who serves them.

use super::{catalog, rows, served};
use crate::catalog::{Audience, Catalog, Edit, NotFound, Quirk, Rows, Stored};
use std::sync::Arc;

const OWN: &str = r#"
[providers.mine]
base_url = "http://127.0.0.1:9000/v1"
priority = 50
[models."mine/small"]
upstream = "small-v2"
[models."mine/shared"]
[models."mine/llama-3.1-8b-instant"]

[providers.other]
base_url = "http://127.0.0.1:9001/v1"
[models."other/shared"]
[models."other/deepseek-chat"]
[models."other/vendor/with/slashes"]

[providers.last]
base_url = "http://127.0.0.1:9002/v1"
priority = 900
models_any = true
[models."last/shared"]

[aliases.fast]
target = "mine/small"
[aliases."team/best"]
target = "last/not-listed"
[aliases.shadow]
target = "other/shared"
"#;

const ALL: &[&str] = &["mine", "other", "last", "deepseek", "openai", "groq", "openrouter", "ollama"];

#[test]
fn names_resolve_in_the_documented_order() {
    let catalog = catalog(OWN, ALL).unwrap();
    let table = [
        // Canonical names.
        ("mine/small", "mine/small"),
        ("openai/gpt-5.5", "openai/gpt-5.5"),
        ("deepseek/deepseek-flash", "deepseek/deepseek-flash"),
        ("groq/openai/gpt-oss-120b", "groq/openai/gpt-oss-120b"),
        ("other/vendor/with/slashes", "other/vendor/with/slashes"),
        ("sandbox/echo", "sandbox/echo"),
        // Listed at an aggregator, and passed on to one that takes any.
        ("openrouter/openai/gpt-5.5", "openrouter/openai/gpt-5.5"),
        ("openrouter/meta-llama/llama-4", "openrouter/meta-llama/llama-4"),
        ("openrouter/meta-llama/llama-4:free", "openrouter/meta-llama/llama-4:free"),
        ("ollama/llama3.2", "ollama/llama3.2"),
        ("last/anything", "last/anything"),
        // Aliases, with and without provider; an alias goes before a bare name.
        ("fast", "mine/small"),
        ("team/best", "last/not-listed"),
        ("shadow", "other/shared"),
        ("deepseek-chat", "deepseek/deepseek-flash"),
        ("deepseek/deepseek-chat", "deepseek/deepseek-flash"),
        ("deepseek-v4-flash", "deepseek/deepseek-flash"),
        ("deepseek-v4-flash-vision-exp", "deepseek/deepseek-flash"),
        ("other/deepseek-chat", "other/deepseek-chat"),
        // Bare names: by priority, then by name.
        ("small", "mine/small"),
        ("gpt-5.5", "openai/gpt-5.5"),
        ("shared", "mine/shared other/shared last/shared"),
        ("llama-3.1-8b-instant", "mine/llama-3.1-8b-instant groq/llama-3.1-8b-instant"),
        ("vendor/with/slashes", "other/vendor/with/slashes"),
        // The canonical name wins over a bare name that looks like it.
        ("openai/gpt-oss-120b", "groq/openai/gpt-oss-120b"),
        // A provider's own alias wins over the same words as a bare name elsewhere.
        ("deepseek/deepseek-v4-flash", "deepseek/deepseek-flash"),
        // Nobody.
        ("echo", "-"),
        ("small-v2", "-"),
        ("mine/unlisted", "-"),
        ("openai/gpt-none", "-"),
        ("together/some-model", "-"),
        ("nobody/some-model", "-"),
        ("llama3.2", "-"),
        ("GPT-5.5", "-"),
        ("", "-"),
        ("ollama/", "-"),
        ("ollama/../x", "-"),
        ("ollama/a b", "-"),
        ("ollama/a\u{0}b", "-"),
    ];
    for (name, expected) in table {
        assert_eq!(served(&catalog, name), expected, "{name}");
    }
    assert_eq!(served(&catalog, &format!("ollama/{}", "x".repeat(300))), "-");
}

#[test]
fn why_nobody_serves_a_name() {
    let catalog = catalog("", &["openai", "ollama"]).unwrap();
    assert_eq!(catalog.resolve("deepseek/deepseek-flash").unwrap_err(), NotFound::ProviderOff);
    assert_eq!(catalog.resolve("deepseek-flash").unwrap_err(), NotFound::Unknown);
    assert_eq!(catalog.resolve("deepseek-chat").unwrap_err(), NotFound::Unknown);
    assert_eq!(catalog.resolve("openai/nothing").unwrap_err(), NotFound::Unknown);
    assert_eq!(catalog.resolve("a b").unwrap_err(), NotFound::Malformed);
    assert_eq!(catalog.resolve("ollama//x").unwrap_err(), NotFound::Malformed);
}

#[test]
fn a_bare_name_with_a_slash_finds_the_aggregator_when_its_maker_is_off() {
    let catalog = catalog("", &["openrouter"]).unwrap();
    assert_eq!(served(&catalog, "openai/gpt-5.5"), "openrouter/openai/gpt-5.5");
    assert_eq!(served(&catalog, "deepseek/deepseek-v4-pro"), "openrouter/deepseek/deepseek-v4-pro");
}

#[test]
fn retired_names_carry_their_mode_and_a_notice() {
    let catalog = catalog("", &["deepseek"]).unwrap();
    for (name, edits, noticed) in [
        ("deepseek-chat", &[Edit::ThinkingDisabled][..], true),
        ("deepseek-reasoner", &[Edit::ThinkingEnabled][..], true),
        ("deepseek-coder", &[][..], true),
        ("deepseek-v4-flash", &[][..], false),
    ] {
        let found = catalog.resolve(name).unwrap();
        let alias = found.alias.as_ref().unwrap();
        assert_eq!(alias.set, edits, "{name}");
        assert_eq!(alias.notice.is_some(), noticed, "{name}");
        assert_eq!(&*found.candidates[0].upstream, "deepseek-flash");
        assert!(found.candidates[0].model.is_some());
    }
    assert!(catalog.resolve("deepseek-flash").unwrap().alias.is_none());
    assert_eq!(Edit::ThinkingDisabled.field(), ("thinking", r#"{"type":"disabled"}"#));
}

#[test]
fn what_is_sent_upstream() {
    let catalog = catalog(OWN, ALL).unwrap();
    for (name, upstream, listed) in [
        ("small", "small-v2", true),
        ("groq/openai/gpt-oss-120b", "openai/gpt-oss-120b", true),
        ("openrouter/meta-llama/llama-4", "meta-llama/llama-4", false),
        ("team/best", "not-listed", false),
    ] {
        let found = catalog.resolve(name).unwrap();
        assert_eq!(&*found.candidates[0].upstream, upstream);
        assert_eq!(found.candidates[0].model.is_some(), listed, "{name}");
    }
}

#[test]
fn own_rows_lie_over_the_built_in_ones() {
    let text = r#"
[providers.deepseek]
base_url = "https://eu.deepseek.example"
concurrency_max = 7
[models."deepseek/deepseek-flash"]
price = { input = 9, output = 10 }
[models."openai/gpt-next"]
context_tokens = 5
[aliases.deepseek-chat]
target = "openai/gpt-next"
"#;
    let catalog = catalog(text, &["deepseek", "openai"]).unwrap();
    let provider = catalog.provider("deepseek").unwrap();
    assert_eq!(provider.base_url(crate::catalog::Dialect::OpenaiChat), Some("https://eu.deepseek.example"));
    assert_eq!(provider.speaks, [crate::catalog::Dialect::OpenaiChat]);
    assert_eq!(provider.concurrency_max, Some(7));
    assert!(provider.has(Quirk::MaxTokensOnly), "what is not said stays");
    let model = catalog.model("deepseek/deepseek-flash").unwrap();
    assert_eq!(model.prices.0[0].base.input, 9_000_000_000);
    assert_eq!(model.context_tokens, Some(1_000_000), "what is not said stays");
    assert_eq!(served(&catalog, "deepseek-chat"), "openai/gpt-next");
    assert_eq!(served(&catalog, "gpt-next"), "openai/gpt-next");
}

#[test]
fn own_scores_take_the_place_of_the_lists() {
    let scored = |text: &str| {
        let catalog = catalog(text, &["deepseek", "openai"]).unwrap();
        let all = catalog.models().iter().filter_map(|model| Some(model.quality.as_ref()?.source.clone()));
        all.collect::<std::collections::BTreeSet<_>>()
    };
    assert_eq!(scored("").len(), 1, "{:?}", scored(""));
    let own =
        "[models.\"openai/gpt-next\"]\nquality = { score = 1, as_of = \"2026-11-01\", source = \"us\" }";
    assert_eq!(scored(own), ["us".to_owned()].into());
}

#[test]
fn models_are_listed_by_id_and_only_where_on() {
    let catalog = catalog(OWN, &["mine"]).unwrap();
    let ids: Vec<&str> = catalog.models().iter().map(|model| &*model.id).collect();
    assert_eq!(
        ids,
        [
            "mine/llama-3.1-8b-instant",
            "mine/shared",
            "mine/small",
            "sandbox/echo",
            "sandbox/error",
            "sandbox/slow"
        ]
    );
    assert!(catalog.model("mine/small").is_some());
    assert!(catalog.model("small").is_none());
    assert!(catalog.provider("deepseek").is_none());
    assert!(catalog.providers_off().iter().any(|name| &**name == "deepseek"));
    assert_eq!(catalog.providers().len(), 2);
}

/// A catalogue in which credentials of organisations turn providers on.
fn shared(text: &str, on: &[&str], own: &[(&str, &str)]) -> Catalog {
    let of =
        |(provider, org): &(&str, &str)| (provider.to_string(), Audience::Only([Arc::from(*org)].into()));
    let stored = Stored { on: own.iter().map(of).collect(), ..Stored::default() };
    Catalog::build_with(&rows(text).unwrap(), &stored, on).unwrap().0
}

fn served_for(catalog: &Catalog, name: &str, org: &str) -> String {
    match catalog.resolve_for(name, org) {
        Ok(found) => {
            let served = found.candidates.iter().filter(|target| target.provider.serves(org));
            served.map(|target| target.id.to_string()).collect::<Vec<_>>().join(" ")
        }
        Err(why) => format!("{why:?}"),
    }
}

#[test]
fn what_one_organisation_turns_on_changes_no_name_for_another() {
    let text = "[aliases.\"openai/gpt-5.5-mine\"]\ntarget = \"openrouter/openai/gpt-5.5\"\n\
                [aliases.far]\ntarget = \"deepseek/nothing-of-theirs\"\n";
    let before = shared(text, &["openrouter"], &[]);
    let after = shared(text, &["openrouter"], &[("openai", "org_a"), ("deepseek", "org_a")]);
    let names = [
        "openai/gpt-5.5",
        "gpt-5.5",
        "openai/nothing",
        "openai/gpt-5.5-mine",
        "deepseek-chat",
        "deepseek/deepseek-chat",
        "deepseek/deepseek-flash",
        "deepseek-flash",
        "far",
        "openrouter/openai/gpt-5.5",
        "a b",
    ];
    for name in names {
        assert_eq!(served_for(&before, name, "org_b"), served_for(&after, name, "org_b"), "{name}");
    }
    assert_eq!(served_for(&after, "openai/gpt-5.5", "org_a"), "openai/gpt-5.5");
    assert_eq!(served_for(&after, "openai/gpt-5.5", "org_b"), "openrouter/openai/gpt-5.5");
    assert_eq!(served_for(&after, "deepseek-chat", "org_a"), "deepseek/deepseek-flash");
    assert_eq!(served_for(&after, "deepseek/deepseek-flash", "org_b"), "ProviderOff");
    assert_eq!(served_for(&after, "deepseek/no", "org_b"), "ProviderOff");
}

#[test]
fn what_the_database_turns_off_is_off_whatever_turns_it_on() {
    let stored = Stored { off: vec!["openai".to_owned()], ..Stored::default() };
    let (catalog, _) = Catalog::build_with(&Rows::default(), &stored, &["openai", "ollama"]).unwrap();
    assert_eq!(catalog.resolve("openai/gpt-5.5").unwrap_err(), NotFound::ProviderOff);
    assert_eq!(served(&catalog, "ollama/x"), "ollama/x");
}
