//! A request in the provider's own dialect: only what is named changes, in every dialect there is.

use bytes::Bytes;
use dialect::edit::{AskUsage, Wanted, rewrite_to};
use dialect::hub::Asked;
use dialect::{Dialect, peek_as};
use proptest::prelude::*;

const ASKED: Asked<'static> = Asked { model: Some("m"), stream: true };

fn edited(dialect: Dialect, body: &str, cap: Option<u64>) -> String {
    let bytes = Bytes::copy_from_slice(body.as_bytes());
    let peek = peek_as(dialect, &bytes, ASKED).unwrap();
    let output_cap = cap.map(|cap| (dialect.cap_name(), cap));
    let wanted = Wanted { model: "up/m", usage: AskUsage::Leave, output_cap, set: &[] };
    String::from_utf8(rewrite_to(&bytes, &peek, &wanted).to_vec()).unwrap()
}

#[test]
fn what_admission_needs_stands_where_the_dialect_has_it() {
    for (dialect, body) in [
        (Dialect::OpenAiChat, r#"{"model":"m","stream":true,"max_tokens":7,"tools":[1],"messages":[]}"#),
        (
            Dialect::OpenAiResponses,
            r#"{"model":"m","stream":true,"max_output_tokens":7,"tools":[1],"input":"hi"}"#,
        ),
        (Dialect::Anthropic, r#"{"model":"m","stream":true,"max_tokens":7,"tools":[1],"messages":[]}"#),
        (Dialect::Gemini, r#"{"generationConfig":{"maxOutputTokens":7},"tools":[1],"contents":[]}"#),
        (Dialect::Gemini, r#"{"generation_config":{"max_output_tokens":7},"tools":[1],"contents":[]}"#),
    ] {
        let peek = peek_as(dialect, body.as_bytes(), ASKED).unwrap();
        assert_eq!((&*peek.model, peek.stream, peek.output_cap), ("m", true, Some(7)), "{body}");
        assert!(peek.has_tools && peek.n == 1);
    }
    let several = br#"{"generationConfig":{"candidateCount":3}}"#;
    assert_eq!(peek_as(Dialect::Gemini, several, ASKED).unwrap().n, 3);
    for bad in [
        r#"{"generationConfig":{"maxOutputTokens":7,"maxOutputTokens":8}}"#,
        r#"{"generationConfig":{},"generation_config":{}}"#,
        r#"{"generationConfig":[]}"#,
        "[]",
    ] {
        assert!(peek_as(Dialect::Gemini, bad.as_bytes(), ASKED).is_err(), "{bad}");
    }
    assert!(peek_as(Dialect::Gemini, b"{}", Asked::default()).is_err());
    assert!(peek_as(Dialect::Anthropic, br#"{"model":"m","MAX_TOKENS":1}"#, ASKED).is_err());
}

#[test]
fn a_cap_stands_where_the_dialect_reads_it() {
    for (dialect, body, expected) in [
        (Dialect::Anthropic, r#"{"model":"m"}"#, r#"{"model":"up/m","max_tokens":50}"#),
        (Dialect::Anthropic, r#"{"max_tokens":90,"model":"m"}"#, r#"{"max_tokens":50,"model":"up/m"}"#),
        (Dialect::OpenAiResponses, r#"{"model":"m"}"#, r#"{"model":"up/m","max_output_tokens":50}"#),
        (
            Dialect::OpenAiResponses,
            r#"{"model":"m","max_output_tokens":9}"#,
            r#"{"model":"up/m","max_output_tokens":9}"#,
        ),
        (Dialect::Gemini, "{}", r#"{"generationConfig":{"maxOutputTokens":50}}"#),
        (Dialect::Gemini, r#"{"a":1}"#, r#"{"generationConfig":{"maxOutputTokens":50},"a":1}"#),
        (Dialect::Gemini, r#"{"generationConfig":{}}"#, r#"{"generationConfig":{"maxOutputTokens":50}}"#),
        (
            Dialect::Gemini,
            r#"{"generationConfig":{"topK":1}}"#,
            r#"{"generationConfig":{"maxOutputTokens":50,"topK":1}}"#,
        ),
        (
            Dialect::Gemini,
            r#"{"generationConfig":{"maxOutputTokens":99}}"#,
            r#"{"generationConfig":{"maxOutputTokens":50}}"#,
        ),
        (
            Dialect::Gemini,
            r#"{"generation_config":{"max_output_tokens":9}}"#,
            r#"{"generation_config":{"maxOutputTokens":9}}"#,
        ),
    ] {
        assert_eq!(edited(dialect, body, Some(50)), expected, "{body}");
    }
}

proptest! {
    #[test]
    fn unknown_fields_survive_byte_for_byte(
        others in proptest::collection::vec(("[a-z]{1,4}_x", prop_oneof![
            Just("12345678901234567890.000".to_owned()),
            Just(r#"{"model":"inner","a":1,"a":2}"#.to_owned()),
            Just("[ 1 ,\t[ ] , \"\\u0041\" ]".to_owned()),
        ]), 1..5),
        at in any::<prop::sample::Index>(),
    ) {
        for dialect in Dialect::ALL {
            let mut members: Vec<String> =
                others.iter().map(|(name, value)| format!("\"{name}\" : {value}")).collect();
            let at = at.index(members.len());
            members.insert(at, r#""model":"m""#.to_owned());
            let body = format!("{{ {} }}", members.join(" , "));
            let named = if dialect == Dialect::Gemini { "m" } else { "up/m" };
            let expected = body.replacen(r#""model":"m""#, &format!(r#""model":"{named}""#), 1);
            prop_assert_eq!(edited(dialect, &body, None), expected);
        }
    }
}
