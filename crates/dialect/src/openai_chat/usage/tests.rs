use super::*;
use proptest::prelude::*;

fn report(text: &str, rule: UsageRule) -> Option<Report> {
    read(&mut Reader::new(text), rule).unwrap()
}

fn usage(parts: [u64; 7]) -> Usage {
    let [in_uncached, cache_read, cache_write_5m, in_audio, out_text, out_reasoning, out_audio] = parts;
    Usage {
        in_uncached,
        cache_read,
        cache_write_5m,
        in_audio,
        out_text,
        out_reasoning,
        out_audio,
        ..Usage::default()
    }
}

const PLAIN: UsageRule = UsageRule { reasoning_apart: false };
const APART: UsageRule = UsageRule { reasoning_apart: true };

#[test]
fn vendors_and_their_arithmetic() {
    let openai = r#"{"prompt_tokens":100,"completion_tokens":50,"total_tokens":150,"prompt_tokens_details":
        {"cached_tokens":60,"cache_write_tokens":10,"audio_tokens":5},"completion_tokens_details":
        {"reasoning_tokens":20,"audio_tokens":3,"accepted_prediction_tokens":1,"rejected_prediction_tokens":2}}"#;
    let deepseek = r#"{"prompt_tokens":30,"completion_tokens":8,"total_tokens":38,"prompt_cache_hit_tokens":20,
        "prompt_cache_miss_tokens":10,"prompt_tokens_details":{"cached_tokens":20},"completion_tokens_details":{"reasoning_tokens":4}}"#;
    let kimi = r#"{"prompt_tokens":30,"completion_tokens":8,"total_tokens":38,"cached_tokens":12,
        "prompt_tokens_details":{"cache_write_tokens":6}}"#;
    let xai = r#"{"prompt_tokens":32,"completion_tokens":9,"total_tokens":335,"completion_tokens_details":{"reasoning_tokens":294}}"#;
    let unfilled = r#"{"cached_tokens":12,"prompt_tokens":30,"completion_tokens":8,"prompt_tokens_details":{"cached_tokens":0}}"#;
    let bare = r#"{"prompt_tokens":7,"completion_tokens":2,"total_tokens":9,"prompt_tokens_details":null}"#;
    let halves = r#"{"prompt_cache_hit_tokens":3,"prompt_cache_miss_tokens":4,"completion_tokens":1}"#;
    let totals = r#"{"prompt_tokens":5,"total_tokens":9}"#;
    for (text, parts) in [
        (openai, [25, 60, 10, 5, 27, 20, 3]),
        (deepseek, [10, 20, 0, 0, 4, 4, 0]),
        (kimi, [12, 12, 6, 0, 8, 0, 0]),
        (xai, [32, 0, 0, 0, 9, 294, 0]),
        (unfilled, [18, 12, 0, 0, 8, 0, 0]),
        (bare, [7, 0, 0, 0, 2, 0, 0]),
        (halves, [4, 3, 0, 0, 1, 0, 0]),
        (totals, [5, 0, 0, 0, 4, 0, 0]),
    ] {
        let found = report(text, PLAIN).unwrap();
        assert_eq!(found.usage, usage(parts), "{text}");
        assert_eq!(found.anomaly, None, "{text}");
    }
}

#[test]
fn the_total_decides_where_reasoning_is_and_the_row_where_there_is_none() {
    let no_total =
        r#"{"prompt_tokens":10,"completion_tokens":5,"completion_tokens_details":{"reasoning_tokens":3}}"#;
    assert_eq!(report(no_total, PLAIN).unwrap().usage.output(), 5);
    assert_eq!(report(no_total, APART).unwrap().usage.output(), 8);
    let inside = r#"{"prompt_tokens":10,"completion_tokens":5,"total_tokens":15,"completion_tokens_details":{"reasoning_tokens":3}}"#;
    assert_eq!(report(inside, APART).unwrap().usage.output(), 5);
}

/// Report, input, output, and what is odd about it.
const ODDITIES: [(&str, u64, u64, Option<Anomaly>); 12] = [
    (r#"{"prompt_tokens":10.0,"completion_tokens":2}"#, 10, 2, None),
    (r#"{"prompt_tokens":1e1,"completion_tokens":2}"#, 10, 2, None),
    (r#"{"prompt_tokens":10.2,"completion_tokens":2}"#, 11, 2, Some(Anomaly::NotInteger)),
    (r#"{"prompt_tokens":"10","completion_tokens":2}"#, 10, 2, Some(Anomaly::NotInteger)),
    (r#"{"prompt_tokens":-5,"completion_tokens":2}"#, 0, 2, Some(Anomaly::Negative)),
    (r#"{"prompt_tokens":1000000000000,"completion_tokens":2}"#, COUNT_MAX, 2, Some(Anomaly::Huge)),
    (r#"{"prompt_tokens":1e300,"completion_tokens":2}"#, COUNT_MAX, 2, Some(Anomaly::Huge)),
    (r#"{"prompt_tokens":99999999999999999999999,"completion_tokens":2}"#, COUNT_MAX, 2, Some(Anomaly::Huge)),
    (
        r#"{"prompt_tokens":5,"completion_tokens":2,"prompt_tokens_details":{"cached_tokens":9}}"#,
        5,
        2,
        Some(Anomaly::PartAboveWhole),
    ),
    (r#"{"prompt_tokens":5,"completion_tokens":2,"total_tokens":99}"#, 5, 2, Some(Anomaly::TotalDiffers)),
    (r#"{"prompt_tokens":0,"completion_tokens":0,"total_tokens":0}"#, 0, 0, Some(Anomaly::Zero)),
    (r#"{"prompt_tokens":null,"completion_tokens":{},"total_tokens":4}"#, 4, 0, None),
];

#[test]
fn oddities_are_read_sanely_and_flagged() {
    for (text, input, output, anomaly) in ODDITIES {
        let found = report(text, PLAIN).unwrap();
        assert_eq!(
            (found.usage.input(), found.usage.output(), found.anomaly),
            (input, output, anomaly),
            "{text}"
        );
    }
    for nothing in ["null", "[]", "{}", "3", r#"{"prompt_tokens":"many"}"#, r#"{"cost":null}"#] {
        assert_eq!(report(nothing, PLAIN), None, "{nothing}");
    }
}

#[test]
fn usage_of_other_answers() {
    let body = br#"{"object":"list","data":[{"usage":1}],"usage":{"prompt_tokens":3,"total_tokens":3}}"#;
    let found = of_body(body, PLAIN).unwrap();
    assert_eq!(found.usage, usage([3, 0, 0, 0, 0, 0, 0]));
    assert_eq!(of_body(b"{\"data\":[]}", PLAIN), None);
    assert_eq!(of_body(b"[", PLAIN), None);
}

#[test]
fn reported_cost_in_nano_dollars() {
    for (text, expected) in [
        ("0.00012", Some(120_000)),
        ("1.2e-05", Some(12_000)),
        ("1", Some(1_000_000_000)),
        ("0.0000000001", Some(1)),
        ("0", Some(0)),
        ("1e-400", Some(1)),
        ("-1", None),
        ("1e30", None),
        ("1e99999999999", None),
    ] {
        assert_eq!(nanos(text), expected, "{text}");
    }
}

proptest! {
    /// The parts sum to what was reported, whatever the details say.
    #[test]
    fn parts_sum_to_the_report(
        prompt in 0_u64..1_000_000, completion in 0_u64..1_000_000, details in any::<[Option<u16>; 6]>(), apart in any::<bool>(),
        told in any::<bool>(),
    ) {
        let [cached, write, audio, image, reasoning, out_audio] = details;
        let show = |part: Option<u16>| part.map_or("null".to_owned(), |part| part.to_string());
        let apart_tokens = if apart { u64::from(reasoning.unwrap_or(0)) } else { 0 };
        let total = if told { (prompt + completion + apart_tokens).to_string() } else { "null".to_owned() };
        let text = format!(
            r#"{{"prompt_tokens":{prompt},"completion_tokens":{completion},"total_tokens":{total},"prompt_tokens_details":{{
            "cached_tokens":{},"cache_write_tokens":{},"audio_tokens":{},"image_tokens":{}}},
            "completion_tokens_details":{{"reasoning_tokens":{},"audio_tokens":{}}}}}"#,
            show(cached), show(write), show(audio), show(image), show(reasoning), show(out_audio),
        );
        let found = report(&text, UsageRule { reasoning_apart: apart }).unwrap();
        prop_assert_eq!(found.usage.input(), prompt);
        prop_assert_eq!(found.usage.output(), completion + apart_tokens);
    }

    #[test]
    fn any_numbers_are_survived(numbers in proptest::collection::vec("-?[0-9]{1,30}(\\.[0-9]{1,20})?([eE][+-]?[0-9]{1,9})?", 4)) {
        let text = format!(
            r#"{{"prompt_tokens":{},"completion_tokens":{},"total_tokens":{},"cost":{}}}"#,
            numbers[0], numbers[1], numbers[2], numbers[3]
        );
        if let Ok(Some(report)) = read(&mut Reader::new(&text), PLAIN) {
            prop_assert!(report.usage.input() <= COUNT_MAX && report.usage.output() <= COUNT_MAX);
        }
    }
}
