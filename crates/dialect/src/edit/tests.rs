use super::*;
use crate::peek::peek;
use proptest::prelude::*;
use serde_json::Value;

fn edited(body: &str, model: &str, usage: AskUsage) -> String {
    let bytes = Bytes::copy_from_slice(body.as_bytes());
    let out = rewrite(&bytes, &peek(&bytes).unwrap(), model, usage);
    String::from_utf8(out.to_vec()).unwrap()
}

#[test]
fn nothing_to_change_is_the_same_allocation() {
    let body = Bytes::from_static(br#"{"model":"m","stream":true,"stream_options":{"include_usage":true}}"#);
    let out = rewrite(&body, &peek(&body).unwrap(), "m", AskUsage::Ask);
    assert_eq!(out.as_ptr(), body.as_ptr());
}

#[test]
fn usage_is_asked_for_in_every_shape_of_stream_options() {
    for (body, expected) in [
        (
            r#"{"model":"m","stream":true}"#,
            r#"{"model":"m","stream_options":{"include_usage":true},"stream":true}"#,
        ),
        (
            r#"{"stream":true,"stream_options":null,"model":"m"}"#,
            r#"{"stream":true,"stream_options":{"include_usage":true},"model":"m"}"#,
        ),
        (
            r#"{"stream":true,"stream_options":{ },"model":"m"}"#,
            r#"{"stream":true,"stream_options":{"include_usage":true },"model":"m"}"#,
        ),
        (
            r#"{"stream":true,"stream_options":{"a":1},"model":"m"}"#,
            r#"{"stream":true,"stream_options":{"include_usage":true,"a":1},"model":"m"}"#,
        ),
        (
            r#"{"stream":true,"stream_options":{"a":1,"include_usage": false },"model":"m"}"#,
            r#"{"stream":true,"stream_options":{"a":1,"include_usage": true },"model":"m"}"#,
        ),
        (
            r#"{"stream":true,"stream_options":{"include_usage":null},"model":"m"}"#,
            r#"{"stream":true,"stream_options":{"include_usage":true},"model":"m"}"#,
        ),
        (r#"{"model":"m","stream":false}"#, r#"{"model":"m","stream":false}"#),
    ] {
        assert_eq!(edited(body, "m", AskUsage::Ask), expected);
        assert_eq!(edited(body, "m", AskUsage::Leave), body);
    }
}

#[test]
fn our_own_member_leaves_with_its_comma() {
    for (body, expected) in [
        (r#"{"keyway":{"a":1} , "model":"m"}"#, r#"{ "model":"n"}"#),
        (r#"{"model":"m" , "keyway" : {}}"#, r#"{"model":"n" }"#),
        (r#"{"model":"m","keyway":{},"n":1}"#, r#"{"model":"n","n":1}"#),
        (r#"{"a":1,"k\u0065yway":{},"model":"m"}"#, r#"{"a":1,"model":"n"}"#),
    ] {
        assert_eq!(edited(body, "n", AskUsage::Leave), expected);
    }
    let all = r#"{"keyway":{},"model":"m","stream":true}"#;
    let expected = r#"{"model":"a\"b","stream_options":{"include_usage":true},"stream":true}"#;
    assert_eq!(edited(all, "a\"b", AskUsage::Ask), expected);
}

#[test]
fn an_output_cap_lowers_and_never_raises() {
    for (body, expected) in [
        (r#"{"model":"m"}"#, r#"{"model":"m","max_tokens":50}"#),
        (r#"{"model":"m","max_tokens":60}"#, r#"{"model":"m","max_tokens":50}"#),
        (r#"{"model":"m","max_tokens":null}"#, r#"{"model":"m","max_tokens":50}"#),
        (r#"{"model":"m","max_completion_tokens":99}"#, r#"{"model":"m","max_tokens":50}"#),
        (r#"{"max_completion_tokens" : 9 ,"model":"m"}"#, r#"{"max_tokens":9 ,"model":"m"}"#),
        (r#"{"model":"m","max_completion_tokens":null}"#, r#"{"model":"m","max_tokens":50}"#),
        (
            r#"{"model":"m","max_tokens":null,"max_completion_tokens":99}"#,
            r#"{"model":"m","max_tokens":50,"max_completion_tokens":50}"#,
        ),
        (
            r#"{"model":"m","max_tokens":null,"max_completion_tokens":9}"#,
            r#"{"model":"m","max_tokens":9,"max_completion_tokens":9}"#,
        ),
        (r#"{"model":"m","max_tokens":40}"#, r#"{"model":"m","max_tokens":40}"#),
        (r#"{"model":"m","max_tokens":-1}"#, r#"{"model":"m","max_tokens":50}"#),
    ] {
        let bytes = Bytes::copy_from_slice(body.as_bytes());
        let cap = Some(("max_tokens", 50));
        let wanted = Wanted { model: "m", usage: AskUsage::Leave, output_cap: cap, set: &[] };
        let out = rewrite_to(&bytes, &peek(&bytes).unwrap(), &wanted);
        assert_eq!(std::str::from_utf8(&out).unwrap(), expected);
    }
}

/// Members as they may be written: big numbers, escapes, duplicates, odd spacing.
fn other_member() -> impl Strategy<Value = String> {
    let value = prop_oneof![
        Just("123456789012345678901234567890.000".to_owned()),
        Just("-0".to_owned()),
        Just("1E+400".to_owned()),
        Just(r#""\u0041\/\ud83d\ude00""#.to_owned()),
        Just(r#"{"model":"inner","a":1,"a":2}"#.to_owned()),
        Just("[ 1 ,\t[ ] , {} ]".to_owned()),
        "\"[ a-z\u{e9}\u{4e2d},:{}]{0,12}\"",
    ];
    ("[a-z]{1,3}x", value).prop_map(|(name, value)| format!("\"{name}\" :{value}"))
}

fn known_members() -> impl Strategy<Value = Vec<String>> {
    let options = prop_oneof![
        Just("null".to_owned()),
        Just("{}".to_owned()),
        Just(r#"{"z":[1]}"#.to_owned()),
        Just(r#"{"z":1,"include_usage":false}"#.to_owned()),
        Just(r#"{"include_usage":true}"#.to_owned()),
    ];
    let model = prop_oneof![Just(r#""model":"m""#.to_owned()), Just(r#""mod\u0065l" : "\u006d""#.to_owned())];
    let keyway = Just(r#""keyway": {"labels":["},"]}"#.to_owned());
    (
        model,
        proptest::option::of(options.prop_map(|value| format!("\"stream_options\":{value}"))),
        proptest::option::of(keyway),
        proptest::option::of(any::<bool>().prop_map(|value| format!("\"stream\":{value}"))),
    )
        .prop_map(|(model, options, keyway, stream)| {
            [Some(model), options, keyway, stream].into_iter().flatten().collect()
        })
}

proptest! {
    /// Read as trees, the two bodies differ in the named members only; and every member we
    /// do not know is still there byte for byte, in the same order.
    #[test]
    fn only_the_named_slices_change(
        known in known_members(),
        others in proptest::collection::vec(other_member(), 0..5),
        order in any::<proptest::sample::Index>(),
        gap in "[ \n\t]{0,2}",
    ) {
        let mut members: Vec<String> = known.into_iter().chain(others.clone()).collect();
        let turn = order.index(members.len());
        members.rotate_left(turn);
        let body = format!("{gap}{{{gap}{}{gap}}}{gap}", members.join(&format!("{gap},{gap}")));
        let out = edited(&body, "up/stream", AskUsage::Ask);
        let again = peek(out.as_bytes()).unwrap();
        prop_assert_eq!(&again.model, "up/stream");
        prop_assert!(again.keyway.is_none());
        prop_assert!(!again.stream || again.include_usage == Some(true));
        let mut from = 0;
        for member in members.iter().filter(|member| others.contains(member)) {
            let at = out[from..].find(member.as_str());
            prop_assert!(at.is_some(), "{} lost from {}", member, out);
            from += at.unwrap_or(0) + member.len();
        }
        // 1E+400 has no tree form; texts are compared above.
        if let (Ok(Value::Object(mut before)), Ok(Value::Object(mut after))) =
            (serde_json::from_str(&body), serde_json::from_str(&out))
        {
            for name in ["model", "stream_options", "keyway"] {
                before.remove(name);
                after.remove(name);
            }
            prop_assert_eq!(before, after);
        }
    }
}
