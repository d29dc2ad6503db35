//! Which providers are on.

use super::{loaded, mistakes};
use crate::catalog::Dialect;

/// `name=credential` of what is on.
fn on(text: &str, env: &[(&str, &str)]) -> Vec<String> {
    let config = loaded(text, env, &[]).unwrap();
    let shown = |on: &crate::config::On| {
        let credential = on.credential.as_ref().map(ToString::to_string).unwrap_or_default();
        format!("{}={credential}", on.provider)
    };
    config.on.iter().map(shown).collect()
}

#[test]
fn on_by_variable_row_or_host() {
    assert_eq!(on("", &[]), [""; 0]);
    assert_eq!(
        on("", &[("OPENAI_API_KEY", "k"), ("DEEPSEEK_API_KEY", "k"), ("MISTRAL_API_KEY", " ")]),
        ["deepseek=env:DEEPSEEK_API_KEY", "openai=env:OPENAI_API_KEY"]
    );
    assert_eq!(on("", &[("TOGETHERAI_API_KEY", "k")]), ["together=env:TOGETHERAI_API_KEY"]);
    assert_eq!(
        on("", &[("TOGETHERAI_API_KEY", "k"), ("TOGETHER_API_KEY", "k")]),
        ["together=env:TOGETHER_API_KEY"]
    );
    assert_eq!(
        on("[providers.groq]\ncredential = \"file:/run/groq\"\n", &[("GROQ_API_KEY", "k")]),
        ["groq=file:/run/groq"]
    );
    assert_eq!(on("[providers.groq]\nenabled = false\n", &[("GROQ_API_KEY", "k")]), [""; 0]);
    assert_eq!(
        on("[providers.ollama]\n[providers.vllm]\ncredential = \"env:V\"\n", &[]),
        ["ollama=", "vllm=env:V"]
    );
    assert_eq!(on("[providers.mine]\nbase_url = \"http://h/v1\"\nauth = \"none\"\n", &[]), ["mine="]);
    assert_eq!(
        on("[providers.mine]\nbase_url = \"http://h/v1\"\nenv = [\"MINE\"]\n", &[("MINE", "k")]),
        ["mine=env:MINE"]
    );
    assert_eq!(on("", &[("OLLAMA_HOST", "0.0.0.0")]), ["ollama="]);
}

#[test]
fn a_host_variable_names_the_address_unless_the_file_does() {
    let env = [("OLLAMA_HOST", "box.lan:1234")];
    let url = |text| {
        let config = loaded(text, &env, &[]).unwrap();
        config.catalog.provider("ollama").unwrap().base_url(Dialect::OpenaiChat).map(str::to_owned)
    };
    assert_eq!(url("").as_deref(), Some("http://box.lan:1234/v1"));
    assert_eq!(url("[providers.ollama]\npriority = 5\n").as_deref(), Some("http://box.lan:1234/v1"));
    assert_eq!(
        url("[providers.ollama]\nbase_url = \"http://other/v1\"\n").as_deref(),
        Some("http://other/v1")
    );
    let said = mistakes("", &[("OLLAMA_HOST", "a b")], &[]);
    assert!(
        said[0].starts_with("environment variable OLLAMA_HOST: is not a URL; write a host and a port"),
        "{said:?}"
    );
}

#[test]
fn a_key_of_keyways_is_never_sent_upstream() {
    let config = loaded("", &[("OPENAI_API_KEY", "sk-kw-live-canary")], &[]).unwrap();
    assert!(config.on.is_empty());
    assert_eq!(config.notes, ["OPENAI_API_KEY holds a key of Keyway's: openai is not turned on by it"]);
}

#[test]
fn what_a_row_must_have() {
    for (text, expected) in [
        (
            "[providers.deepseek]\n",
            "keyway.toml:1:12: providers.deepseek has no credential; set DEEPSEEK_API_KEY, or write credential",
        ),
        (
            "[providers.mine]\nbase_url = \"http://h/v1\"\n",
            "keyway.toml:1:12: providers.mine has no credential; write credential = \"env:NAME\"",
        ),
        (
            "[providers.mine]\nauth = \"none\"\n",
            "keyway.toml:1:12: providers.mine has no base_url for openai-chat",
        ),
        (
            "[providers.mine]\nbase_url = \"http://h/v1\"\nauth = \"none\"\ncredential = \"env:A\"\n",
            "keyway.toml:1:12: providers.mine has a credential and auth = \"none\"",
        ),
        ("[models.\"opnai/x\"]\n", "keyway.toml:1:9: models.\"opnai/x\" belongs to `opnai`"),
        (
            "[aliases.fast]\ntarget = \"nobody/x\"\n",
            "keyway.toml:1:10: aliases.fast points at `nobody/x`, which nobody serves",
        ),
    ] {
        let said = mistakes(text, &[], &[]);
        assert!(said.len() == 1 && said[0].starts_with(expected), "{text}{said:#?}");
    }
}

#[test]
fn the_contracts_example_loads() {
    let text = r#"
listen = "127.0.0.1:8080"
database = "postgres://u:p@h/d"
[providers.deepseek]
credential = "env:DEEPSEEK_API_KEY"
[providers.mine]
base_url = "http://127.0.0.1:9000/v1"
auth     = "bearer"
speaks   = ["openai-chat"]
credential = "env:MINE_KEY"
concurrency_max = 500
[models."mine/small"]
upstream = "small-v2"
context_tokens = 128000
output_tokens_max = 8192
price = { input = 0.50, output = 1.50, cache_read = 0.05 }
"#;
    let config = loaded(text, &[], &[]).unwrap();
    let names: Vec<&str> = config.on.iter().map(|on| on.provider.as_str()).collect();
    assert_eq!(names, ["deepseek", "mine"]);
    let model = config.catalog.model("mine/small").unwrap();
    assert_eq!(model.prices.0[0].base.cache_read, Some(50_000_000));
    assert_eq!(config.catalog.provider("mine").unwrap().concurrency_max, Some(500));
}
