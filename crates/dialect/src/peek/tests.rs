use super::*;

fn refused(body: &str) -> (Option<&'static str>, String) {
    match peek(body.as_bytes()) {
        Err(error) => (error.param, error.message),
        Ok(peek) => panic!("{body} was understood as {peek:?}"),
    }
}

#[test]
fn everything_it_knows() {
    let body = br#" {"messages":[{"role":"user","content":"\"model\":\"x\""}],"mod\u0065l":"gpt\/5",
        "stream":true,"stream_options":{"include_obfuscation":false,"include_usage":false},
        "max_tokens":10,"max_completion_tokens":20,"n":3,"tools":[ {"type":"function"}],
        "keyway":{"labels":{"a":"b"}},"temperature":1e400} "#;
    let peek = peek(body).unwrap();
    assert_eq!(peek.model, "gpt/5");
    assert!(peek.stream && peek.has_tools);
    assert_eq!(peek.include_usage, Some(false));
    assert_eq!((peek.output_cap, peek.n), (Some(20), 3));
    assert_eq!(peek.keyway, Some(&br#"{"labels":{"a":"b"}}"#[..]));
    assert_eq!(&body[peek.spans.model.clone()], br#""gpt\/5""#);
    let member = &body[peek.spans.keyway.unwrap()];
    assert!(member.starts_with(b",\n") && member.ends_with(b"}}"));
}

#[test]
fn the_least_there_can_be() {
    let peek =
        peek(br#"{"model":"m","stream":null,"stream_options":null,"n":null,"max_tokens":null,"tools":[ ]}"#);
    let peek = peek.unwrap();
    assert!(!peek.stream && !peek.has_tools);
    assert_eq!((peek.include_usage, peek.output_cap, peek.n), (None, None, 1));
    assert!(peek.keyway.is_none());
}

#[test]
fn the_larger_cap_counts_whatever_the_order() {
    for body in [
        r#"{"model":"m","max_tokens":10,"max_completion_tokens":20}"#,
        r#"{"model":"m","max_completion_tokens":20,"max_tokens":10}"#,
        r#"{"model":"m","max_completion_tokens":20,"max_tokens":null}"#,
    ] {
        assert_eq!(peek(body.as_bytes()).unwrap().output_cap, Some(20));
    }
}

#[test]
fn a_cap_of_minus_one_is_none() {
    for (body, cap) in [
        (r#"{"model":"m","max_tokens":-1}"#, None),
        (r#"{"model":"m","max_completion_tokens": -1 }"#, None),
        (r#"{"model":"m","max_tokens":-1,"max_completion_tokens":20}"#, Some(20)),
    ] {
        let peek = peek(body.as_bytes()).unwrap();
        assert_eq!(peek.output_cap, cap, "{body}");
        let caps = peek.spans.caps.into_iter().flatten();
        assert!(caps.into_iter().any(|cap| &body.as_bytes()[cap.at] == b"-1"));
    }
}

#[test]
fn duplicates_matter_where_they_decide() {
    for (body, name) in [
        (r#"{"model":"a","model":"a"}"#, "model"),
        (r#"{"model":"a","mod\u0065l":"b"}"#, "model"),
        (r#"{"model":"a","stream":true,"stream":false}"#, "stream"),
        (r#"{"model":"a","stream_options":{},"stream_options":{}}"#, "stream_options"),
        (r#"{"model":"a","stream_options":{"include_usage":true,"include_usage":false}}"#, "include_usage"),
        (r#"{"model":"a","max_tokens":1,"max_tokens":2}"#, "max_tokens"),
        (r#"{"model":"a","max_completion_tokens":1,"max_completion_tokens":2}"#, "max_completion_tokens"),
        (r#"{"model":"a","n":1,"n":2}"#, "n"),
        (r#"{"model":"a","keyway":{},"keyway":{}}"#, "keyway"),
        // Go's parser ignores case, with two characters beyond ASCII.
        (r#"{"model":"a","Model":"b"}"#, "model"),
        (r#"{"model":"a","MAX_TOKENS":9}"#, "max_tokens"),
        ("{\"model\":\"a\",\"max_to\u{212a}ens\":9}", "max_tokens"),
        ("{\"model\":\"a\",\"\u{17f}tream\":true}", "stream"),
        (r#"{"model":"a","stream_options":{"Include_usage":true}}"#, "include_usage"),
    ] {
        let (param, message) = refused(body);
        assert_eq!(param, Some(name), "{body}");
        assert!(message.contains(name), "{message}");
    }
    assert!(peek(br#"{"model":"a","seed":1,"seed":2,"SEED":3}"#).is_ok());
}

#[test]
fn wrong_types_name_the_member_and_what_it_takes() {
    for (body, name, expected) in [
        (r#"{"model":1}"#, "model", "a string"),
        (r#"{"model":null}"#, "model", "a string"),
        (r#"{"model":""}"#, "model", "non-empty"),
        (r#"{"model":"\ud800"}"#, "model", "Unicode"),
        (r#"{"model":"a","stream":"true"}"#, "stream", "true or false"),
        (r#"{"model":"a","stream":1}"#, "stream", "true or false"),
        (r#"{"model":"a","stream_options":true}"#, "stream_options", "an object"),
        (r#"{"model":"a","stream_options":{"include_usage":1}}"#, "include_usage", "true or false"),
        (r#"{"model":"a","max_tokens":"5"}"#, "max_tokens", "a whole number"),
        (r#"{"model":"a","max_tokens":1.5}"#, "max_tokens", "a whole number"),
        (r#"{"model":"a","max_tokens":0}"#, "max_tokens", "from 1"),
        (r#"{"model":"a","max_tokens":-2}"#, "max_tokens", "from 1"),
        (r#"{"model":"a","max_tokens":-1.0}"#, "max_tokens", "from 1"),
        (r#"{"model":"a","n":-1}"#, "n", "from 1"),
        (r#"{"model":"a","max_completion_tokens":1e99}"#, "max_completion_tokens", "whole number"),
        (r#"{"model":"a","n":129}"#, "n", "to 128"),
        (r#"{"model":"a","keyway":"x"}"#, "keyway", "an object"),
        (r#"{"messages":[]}"#, "model", "required"),
        ("{}", "model", "required"),
    ] {
        let (param, message) = refused(body);
        assert_eq!(param, Some(name), "{body}");
        assert!(message.contains(expected), "{body}: {message}");
    }
}

#[test]
fn what_is_no_json_object_is_refused() {
    for body in [
        "",
        " ",
        "[]",
        "\"model\"",
        "null",
        r#"{"model":"a"} x"#,
        r#"{"model":"a"}{}"#,
        r#"{"model":"a",}"#,
        r#"{"model":"a","x":[1,]}"#,
        r#"{"model":"a","x":01}"#,
        r#"{'model':'a'}"#,
        r#"{"model":"a""#,
        "{\"model\":\"a\n\"}",
        "\u{feff}{\"model\":\"a\"}",
        r#"{"model":"a","x":NaN}"#,
        r#"{"model":"a"//c
        }"#,
    ] {
        assert_eq!(refused(body).0, None, "{body:?}");
    }
    assert!(peek(b"{\"model\":\"a\",\"x\":\"\xff\"}").is_err());
    let deep = format!(r#"{{"model":"a","x":{}{}}}"#, "[".repeat(128), "]".repeat(128));
    assert!(refused(&deep).1.contains("nested too deeply"));
    let long = format!(r#"{{"model":"{}"}}"#, "m".repeat(257));
    assert!(refused(&long).1.contains("256"));
}
