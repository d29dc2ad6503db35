use super::*;
use ledger::NanoUsd;
use serde_json::{Value, json};

pub(crate) fn entry() -> OwnedEntry {
    OwnedEntry {
        request: [1; 16],
        started_ms: 1_700_000_000_999,
        org: "org_1".to_owned(),
        project: "proj_1".to_owned(),
        key: "key_1".to_owned(),
        user: String::new(),
        test: false,
        kind: "chat_completions".to_owned(),
        model_asked: "small".to_owned(),
        model_served: "mine/small".to_owned(),
        provider: "mine".to_owned(),
        labels: vec!["team=a".to_owned()],
        peer: [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 255, 255, 10, 1, 2, 3],
        client_request: String::new(),
        stream: true,
        attempts: vec![OwnedAttempt {
            provider: "mine".to_owned(),
            model: "small-v2".to_owned(),
            status: 0,
            ms: 12,
            outcome: "connect".to_owned(),
        }],
        status: 200,
        error: String::new(),
        usage: Usage { in_uncached: 5, out_text: 7, ..Usage::default() },
        usage_origin: UsageOrigin::Reported,
        price_version: "v1".to_owned(),
        cost: Some(NanoUsd(10_000)),
        sell: Some(NanoUsd(12_500)),
        spend: ledger::Spend::default(),
        latency_ms: 40,
        first_token_ms: None,
    }
}

#[test]
fn a_line_as_documented() {
    let entry = entry();
    let text = serde_json::to_string(&RequestObject::new(&entry, false)).unwrap();
    assert!(text.contains(r#""cost_usd":0.0000125,"#), "{text}");
    assert!(!text.contains("provider_cost_usd"), "what the provider is paid is the operator's to see");
    let seen = serde_json::to_string(&RequestObject::new(&entry, true)).unwrap();
    assert!(seen.contains(r#""provider_cost_usd":0.00001,"#), "{seen}");
    let value: Value = serde_json::from_str(&text).unwrap();
    assert_eq!(value["id"], json!(id::text("req", [1; 16])));
    assert_eq!((&value["model"], &value["model_served"]), (&json!("small"), &json!("mine/small")));
    assert_eq!((&value["user_id"], &value["error"]), (&Value::Null, &Value::Null));
    assert_eq!(value["ip"], "10.1.2.3");
    assert_eq!(value["attempts"][0]["status"], Value::Null);
    assert_eq!((&value["usage"]["input_tokens"], &value["usage"]["out_text"]), (&json!(5), &json!(7)));
    assert_eq!((&value["losses"], &value["labels"]), (&json!([]), &json!(["team=a"])));
}

#[test]
fn unpriced_is_not_free() {
    let entry = OwnedEntry { cost: None, sell: None, price_version: String::new(), ..entry() };
    let value = serde_json::to_value(RequestObject::new(&entry, false)).unwrap();
    assert_eq!((&value["cost_usd"], &value["price_version"]), (&Value::Null, &Value::Null));
}
