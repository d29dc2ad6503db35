//! `keyway model`

use super::{cells, failed};
use crate::stage::{MODEL, bare, builder};
use testkit::{Upstream, json};

#[test]
fn models_of_the_providers_that_are_on() {
    let upstream = Upstream::start();
    let keyway = builder(&upstream).prepare();
    let list = keyway.json(&["model", "list"]);
    let all = list["data"].as_array().cloned().unwrap_or_default();
    let mine = all.iter().find(|model| model["id"] == MODEL).expect("the model of the file");
    assert_eq!(
        (&mine["provider"], &mine["upstream"], &mine["source"]),
        (&json!("mine"), &json!("small-v2"), &json!("config"))
    );
    let price = &mine["price"];
    assert_eq!(
        (&price["input"], &price["output"], &price["cache_read"]),
        (&json!(0.5), &json!(1.5), &json!(0.05))
    );
    let lines = cells(&keyway.cli(&["model", "list"]).expect_code(0).stdout);
    assert!(
        lines.contains(&[MODEL, "128000", "8192", "0.5", "1.5"].map(str::to_owned).to_vec()),
        "{lines:?}"
    );
    assert_eq!(lines.len(), all.len());
    for name in [MODEL, "small"] {
        let shown = keyway.json(&["model", "show", name]);
        assert_eq!((&shown["id"], &shown["price"]), (&mine["id"], &mine["price"]), "{name}");
    }
    failed(&keyway.cli(&["model", "show", "nobody/knows"]), 3, &["nobody/knows"]);
}

#[test]
fn a_variable_turns_a_known_provider_on() {
    let off = bare().prepare();
    let on = bare().env("DEEPSEEK_API_KEY", "sk-not-a-real-one-000000").prepare();
    let count =
        |keyway: &testkit::Keyway| keyway.json(&["model", "list"])["data"].as_array().map_or(0, Vec::len);
    assert!(count(&on) > count(&off));
    let output = on.cli(&["model", "list"]).expect_code(0);
    assert!(output.stdout.contains("deepseek/") && !output.stdout.contains("sk-not"), "{output:?}");
}

/// A list in LiteLLM's form: one price that changed, one that nobody should believe, one new model.
const LIST: &str = r#"{
  "groq/openai/gpt-oss-120b": {"litellm_provider": "groq", "mode": "chat", "input_cost_per_token": 2e-07, "output_cost_per_token": 6e-07, "cache_read_input_token_cost": 7.5e-08},
  "groq/openai/gpt-oss-20b": {"litellm_provider": "groq", "mode": "chat", "input_cost_per_token": 0.1, "output_cost_per_token": 0.2},
  "groq/brand-new": {"litellm_provider": "groq", "mode": "chat", "input_cost_per_token": 1e-07, "output_cost_per_token": 2e-07, "max_input_tokens": 1000}
}"#;

#[test]
fn an_import_says_what_differs_and_takes_over_what_can_be_believed() {
    let keyway = bare().env("GROQ_API_KEY", "gsk-not-a-real-one-000000").prepare();
    let file = keyway.data_dir().with_file_name("list.json");
    std::fs::write(&file, LIST).expect("the list");
    let file = file.display().to_string();
    let input = |model: &str| keyway.json(&["model", "show", model])["price"]["input"].clone();
    let dry = keyway.json(&["model", "import", &file, "--dry-run"]);
    assert_eq!(
        (&dry["counts"]["changed"], &dry["counts"]["outlier"], &dry["written"]),
        (&json!(1), &json!(1), &json!(0))
    );
    assert_eq!(input("groq/openai/gpt-oss-120b"), json!(0.15));
    let done = keyway.json(&["model", "import", &file, "--new"]);
    assert_eq!((&done["written"], &done["counts"]["new"]), (&json!(2), &json!(1)));
    let changed = done["data"].as_array().into_iter().flatten().find(|it| it["verdict"] == "changed");
    let changed = changed.expect("the changed one");
    assert_eq!((&changed["ours"]["input"], &changed["theirs"]["input"]), (&json!("0.15"), &json!("0.2")));
    assert_eq!(input("groq/openai/gpt-oss-120b"), json!(0.2));
    assert_eq!(input("groq/brand-new"), json!(0.1));
    assert_ne!(input("groq/openai/gpt-oss-20b"), json!(100_000), "not believed");
    let again = keyway.json(&["model", "import", &file, "--new"]);
    assert_eq!((&again["written"], &again["counts"]["same"]), (&json!(0), &json!(2)));
    let versions = keyway.json(&["model", "price", "groq/openai/gpt-oss-120b"]);
    assert_eq!(versions["data"].as_array().map(Vec::len), Some(2), "the one before is kept: {versions}");
    std::fs::write(keyway.data_dir().with_file_name("list.json"), "[]").expect("the list");
    failed(&keyway.cli(&["model", "import", &file]), 2, &["list.json"]);
}
