use super::*;
use crate::store::usage_columns::Measures;
use serde_json::{Value, json};

fn row(dims: &[&str]) -> Row {
    let mut measures = Measures::default();
    measures.0[at::REQUESTS] = 3;
    measures.0[at::ERRORS_CLIENT] = 1;
    for (place, value) in [10, 20, 30, 40, 50, 60, 70, 80, 90].into_iter().enumerate() {
        measures.0[at::USAGE + place] = value;
    }
    measures.0[at::COST_NANOUSD] = 420_001;
    measures.0[at::UNPRICED_REQUESTS] = 2;
    Row { bucket_ms: 0, dims: dims.iter().map(|dim| (*dim).to_owned()).collect(), measures }
}

#[test]
fn tokens_add_up_and_only_what_was_grouped_by_is_named() {
    let result = UsageResult::new("x", &row(&["a/b", ""]), &[Dimension::ModelServed, Dimension::User], false);
    let value: Value = serde_json::to_value(&result).unwrap();
    let of = |name: &str| value[name].as_u64().unwrap();
    assert_eq!(of("input_tokens"), 10 + 20 + 30 + 40 + 50 + 60);
    assert_eq!(
        of("input_tokens"),
        of("input_uncached_tokens") + of("input_cached_tokens") + of("input_cache_write_tokens")
    );
    assert_eq!(
        of("input_tokens"),
        of("input_text_tokens") + of("input_audio_tokens") + of("input_image_tokens")
    );
    assert_eq!(of("output_tokens"), 70 + 80 + 90);
    assert_eq!((of("num_model_requests"), of("num_failed_requests")), (3, 1));
    assert_eq!(
        (&value["model"], &value["user_id"], &value["project_id"]),
        (&json!("a/b"), &Value::Null, &Value::Null)
    );
    assert!(serde_json::to_string(&result).unwrap().contains(r#""cost_usd":0.000420001,"#));
    assert!(value.get("provider_cost_usd").is_none(), "what the provider is paid is the operator's to see");
    let seen = serde_json::to_value(UsageResult::new("x", &row(&[]), &[], true)).unwrap();
    assert_eq!(seen["provider_cost_usd"], json!(0.000420001));
}

#[test]
fn costs_as_documented() {
    let page = BucketPage::new(
        vec![Bucket::new(
            86_400_000,
            172_800_000,
            vec![CostResult::new(&row(&["proj_1"]), &[Dimension::Project], false)],
        )],
        Some(172_800_000),
    );
    assert_eq!(
        serde_json::to_string(&page).unwrap(),
        r#"{"object":"page","data":[{"object":"bucket","start_time":86400,"end_time":172800,"results":[{"object":"organization.costs.result","amount":{"value":0.000420001,"currency":"usd"},"line_item":null,"project_id":"proj_1","api_key_id":null,"num_unpriced_requests":2}]}],"has_more":true,"next_page":"page_172800"}"#
    );
}

#[test]
fn page_tokens_go_round() {
    assert_eq!(page_start(&page_token(172_800_000)), Some(172_800_000));
    for wrong in
        ["", "172800", "page_", "page_x", "page_-1", "page_99999999999999999999", "page_9223372036854775807"]
    {
        assert_eq!(page_start(wrong), None, "{wrong}");
    }
}
