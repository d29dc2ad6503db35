use super::*;
use proptest::prelude::*;

fn accepts(text: &str) -> bool {
    let mut reader = Reader::new(text);
    reader.skip().and_then(|_| reader.end()).is_ok()
}

#[test]
fn the_grammar_is_that_of_serde_json() {
    let texts = [
        "{}",
        "[]",
        "[1]",
        "[1,]",
        "[,1]",
        "{,}",
        "{\"a\":1,}",
        "{\"a\"}",
        "{\"a\":}",
        "{1:2}",
        "01",
        "-",
        "-0",
        "0.",
        "1.5e",
        "1e+9",
        ".5",
        "+1",
        "\"a\"",
        "\"\u{1}\"",
        "\"\\x\"",
        "\"\\u12g4\"",
        "\"\\u1234\"",
        "\"",
        "tru",
        "true",
        "nul",
        "null",
        "[1 2]",
        "[1}",
        "{\"a\":[}",
        " [ 1 , { \"b\" : [ ] } ] ",
        "[1] x",
        "",
        " ",
        "{\"a\":1 \"b\":2}",
        "NaN",
        "Infinity",
        "'a'",
        "[\"12345678\\\"9\"]",
        "0x1",
        "1.0.0",
        "--1",
        "[[],[[]],{}]",
        "\u{feff}{}",
    ];
    for text in texts {
        let theirs = serde_json::from_str::<serde::de::IgnoredAny>(text).is_ok();
        assert_eq!(accepts(text), theirs, "{text:?}");
    }
}

#[test]
fn nesting_is_bounded() {
    let nested = |n: usize| format!("{}{}", "[".repeat(n), "]".repeat(n));
    assert!(accepts(&nested(128)));
    assert!(!accepts(&nested(129)));
    assert!(!accepts(&"[".repeat(1_000_000)));
}

#[test]
fn surrogates() {
    let read = |text: &'static str| Reader::new(text).text().unwrap();
    assert_eq!(read(r#""\ud83d\ude00!""#).cow(), "\u{1f600}!");
    assert_eq!(read(r#""\ud83d!""#).cow(), "\u{fffd}!");
    assert_eq!(read(r#""\ud83d!""#).exact(), None);
    assert_eq!(read(r#""\ude00\ud83d""#).bytes(), 6);
    assert_eq!(read(r#""\u00e9\/\"""#).cow(), "\u{e9}/\"");
}

proptest! {
    #[test]
    fn any_text_is_judged_as_by_serde_json(text in "[\\[\\]{}:,\"\\\\u0-9a-fe.+ tn-]{0,24}") {
        let theirs = serde_json::from_str::<serde::de::IgnoredAny>(&text).is_ok();
        prop_assert_eq!(accepts(&text), theirs);
    }

    #[test]
    fn strings_come_back(text in any::<String>()) {
        let mut out = Vec::new();
        write_text(&mut out, &text);
        let written = String::from_utf8(out).unwrap();
        prop_assert_eq!(&serde_json::from_str::<String>(&written).unwrap(), &text);
        let read = Reader::new(&written).text().unwrap();
        prop_assert_eq!(read.cow(), text.as_str());
        prop_assert_eq!(read.bytes(), text.len());
    }
}
