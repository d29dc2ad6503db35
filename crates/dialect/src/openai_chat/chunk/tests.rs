use super::*;

fn costed(data: &str, cost: &str) -> String {
    String::from_utf8(with_cost(data.as_bytes(), cost).to_vec()).unwrap()
}

#[test]
fn the_cost_stands_last() {
    for (data, cost, expected) in [
        (r#"{"usage":{"a":1}}"#, "0.00012", r#"{"usage":{"a":1},"keyway":{"cost_usd":0.00012}}"#),
        (r#"{"a":1 } "#, "0", r#"{"a":1 ,"keyway":{"cost_usd":0}} "#),
        ("{}", "1", r#"{"keyway":{"cost_usd":1}}"#),
        ("{}", "1,\"x\":2", r#"{"keyway":{"cost_usd":null}}"#),
        ("{}", "", r#"{"keyway":{"cost_usd":null}}"#),
        (r#"{"keyway":{"cost_usd":9},"a":"}"}"#, "2", r#"{"keyway":{"cost_usd":2},"a":"}"}"#),
        ("[DONE]", "1", "[DONE]"),
        ("{\"a\"", "1", "{\"a\""),
    ] {
        assert_eq!(costed(data, cost), format!("data: {expected}\n\n"));
    }
    assert_eq!(
        costed("{\"a\":1,\n\"b\":2}", "1"),
        "data: {\"a\":1,\ndata: \"b\":2,\"keyway\":{\"cost_usd\":1}}\n\n"
    );
}
