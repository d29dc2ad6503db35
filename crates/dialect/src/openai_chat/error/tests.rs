use super::*;
use proptest::prelude::*;

/// Message, type, code and param, `-` for what is absent.
fn said(status: u16, body: &str) -> [String; 4] {
    let said = parse(status, body.as_bytes());
    let show = |word: Option<String>| word.unwrap_or_else(|| "-".into());
    [said.message, show(said.kind), show(said.code), show(said.param)]
}

#[test]
fn every_known_shape() {
    for line in include_str!("../../../tests/data/errors.txt").lines() {
        if line.starts_with('#') {
            continue;
        }
        let fields: Vec<&str> = line.splitn(6, " | ").collect();
        let [status, message, kind, code, param, body] = fields[..] else {
            panic!("{line}");
        };
        let expected = [message, kind, code, param].map(str::to_owned);
        let body = body.replace("\\n", "\n");
        assert_eq!(said(status.parse().unwrap(), &body), expected, "{line}");
    }
    assert!(said(500, "")[0].contains("status 500"));
}

#[test]
fn too_long_a_prompt_has_one_code() {
    for body in [
        r#"{"error":{"code":400,"message":"request (36020 tokens) exceeds the available context size (4096 tokens), try increasing it","type":"exceed_context_size_error","n_prompt_tokens":36020,"n_ctx":4096}}"#,
        r#"{"error":{"message":"This model's maximum context length is 4096 tokens","type":"BadRequestError","code":400}}"#,
        r#"{"type":"error","error":{"type":"invalid_request_error","message":"prompt is too long: 9 tokens > 8 maximum"}}"#,
        r#"{"error":{"message":"m","code":"context_length_exceeded"}}"#,
    ] {
        assert_eq!(said(400, body)[2], "context_length_exceeded", "{body}");
    }
    let limit = r#"{"error":{"message":"Please reduce the length of the messages or wait","code":"rate_limit_exceeded"}}"#;
    assert_eq!(said(429, limit)[2], "rate_limit_exceeded");
}

#[test]
fn credentials_do_not_leave_with_a_message() {
    let body = r#"{"error":{"message":"Incorrect API key: sk-abcd1234efgh","code":"sk-abcd1234efgh"}}"#;
    let [message, _, code, _] = said(401, body);
    assert_eq!((&*message, &*code), ("Incorrect API key: [redacted]", "[redacted]"));
}

#[test]
fn errors_within_errors_are_followed_a_little_way() {
    let nested = |depth: usize| format!("{}\"m\"{}", "{\"error\":[".repeat(depth), "]}".repeat(depth));
    assert_eq!(said(400, &nested(1))[0], "m");
    assert!(said(400, &nested(60))[0].contains("status 400"));
}

#[test]
fn our_own_errors_have_all_four_keys() {
    let body = render("no \"x\"\n", "invalid_request_error", None, Some("c"));
    let expected =
        r#"{"error":{"message":"no \"x\"\n","type":"invalid_request_error","param":null,"code":"c"}}"#;
    assert_eq!(String::from_utf8(body).unwrap(), expected);
    let event = String::from_utf8(render_stream("m", "t", Some("p"), None)).unwrap();
    assert_eq!(
        event,
        "data: {\"error\":{\"message\":\"m\",\"type\":\"t\",\"param\":\"p\",\"code\":null}}\n\n"
    );
}

proptest! {
    #[test]
    fn any_body_gives_a_bounded_message(status in any::<u16>(), body in proptest::collection::vec(any::<u8>(), 0..256)) {
        let said = parse(status, &body);
        prop_assert!(!said.message.is_empty() && said.message.len() <= MESSAGE_BYTES_MAX);
    }

    #[test]
    fn so_does_any_text(text in "(<[a-z!/ -]{0,8}>?|\\PC|[{}\\[\\]\":,]){0,64}", name in "(error|detail|errors|message|base_resp)") {
        let long = text.repeat(50);
        let said = parse(400, long.as_bytes());
        prop_assert!(said.message.len() <= MESSAGE_BYTES_MAX);
        let wrapped = serde_json::json!({name: [{"message": long}]}).to_string();
        prop_assert!(parse(400, wrapped.as_bytes()).message.len() <= MESSAGE_BYTES_MAX);
    }
}
