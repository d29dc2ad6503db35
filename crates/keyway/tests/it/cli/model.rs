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
        assert_eq!(keyway.json(&["model", "show", name])["data"][0], *mine, "{name}");
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
