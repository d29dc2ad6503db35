use super::*;
use crate::hub::losses::Losses;

const FULL: &str = r#"{"model":"m","input":["a","b \"c\""],"dimensions":256,"input_type":"query","encoding_format":"base64","user":"u"}"#;

fn to(shape: Shape, body: &str) -> (String, String) {
    let mut losses = Losses::default();
    let wanted = Wanted { from: Shape::OpenAi, to: shape, model: "theirs" };
    let (written, _) = write(body.as_bytes(), wanted, &mut losses).unwrap();
    (String::from_utf8(written).unwrap(), losses.header())
}

#[test]
fn a_request_in_every_shape() {
    for (shape, expected, lost) in [
        (
            Shape::Cohere,
            r#"{"model":"theirs","texts":["a","b \"c\""],"output_dimension":256,"input_type":"search_query","embedding_types":["float"]}"#,
            "user;unsupported",
        ),
        (
            Shape::Voyage,
            r#"{"model":"theirs","input":["a","b \"c\""],"output_dimension":256,"input_type":"query"}"#,
            "user;unsupported",
        ),
        (
            Shape::Jina,
            r#"{"model":"theirs","input":["a","b \"c\""],"dimensions":256,"task":"retrieval.query"}"#,
            "user;unsupported",
        ),
        (
            Shape::Gemini,
            r#"{"requests":[{"model":"models/theirs","content":{"parts":[{"text":"a"}]},"taskType":"RETRIEVAL_QUERY","outputDimensionality":256},{"model":"models/theirs","content":{"parts":[{"text":"b \"c\""}]},"taskType":"RETRIEVAL_QUERY","outputDimensionality":256}]}"#,
            "user;unsupported",
        ),
        (
            Shape::OpenAi,
            r#"{"model":"theirs","input":["a","b \"c\""],"dimensions":256,"encoding_format":"float"}"#,
            "user;unsupported, input_type;unsupported",
        ),
    ] {
        assert_eq!(to(shape, FULL), (expected.to_owned(), lost.to_owned()), "{shape:?}");
    }
    assert_eq!(
        to(Shape::Cohere, r#"{"model":"m","input":"a"}"#).0,
        r#"{"model":"theirs","texts":["a"],"input_type":"search_document","embedding_types":["float"]}"#
    );
}

#[test]
fn googles_clients() {
    let one = r#"{"model":"models/x","content":{"parts":[{"text":"a"},{"text":"b"}]},"task_type":"SEMANTIC_SIMILARITY","output_dimensionality":8,"title":"t"}"#;
    let batch = format!(r#"{{"requests":[{one},{one}]}}"#);
    for (from, body, texts) in
        [(Shape::GeminiOne, one, r#"["ab"]"#), (Shape::Gemini, &batch, r#"["ab","ab"]"#)]
    {
        let mut losses = Losses::default();
        let wanted = Wanted { from, to: Shape::OpenAi, model: "theirs" };
        let (written, retold) = write(body.as_bytes(), wanted, &mut losses).unwrap();
        let expected =
            format!(r#"{{"model":"theirs","input":{texts},"dimensions":8,"encoding_format":"float"}}"#);
        assert_eq!(String::from_utf8(written).unwrap(), expected);
        assert_eq!(losses.header(), "taskType;adjusted, title;unsupported");
        assert!(!retold.base64);
    }
}

#[test]
fn what_cannot_be_asked_is_told() {
    for (from, body, unsupported, param) in [
        (Shape::OpenAi, r#"{"input":[1,2]}"#, true, "input"),
        (Shape::OpenAi, r#"{"input":[[1,2]]}"#, true, "input"),
        (Shape::OpenAi, r#"{"input":[]}"#, false, "input"),
        (Shape::OpenAi, r#"{"input":{}}"#, false, "input"),
        (Shape::OpenAi, r#"{"model":"m"}"#, false, "input"),
        (Shape::OpenAi, r#"{"input":"a","dimensions":0}"#, false, "dimensions"),
        (Shape::OpenAi, r#"{"input":"a","encoding_format":"hex"}"#, false, "encoding_format"),
        (Shape::OpenAi, r#"{"input":"a","input_type":"x"}"#, false, "input_type"),
        (Shape::GeminiOne, r#"{"content":{"parts":[{"inlineData":{}}]}}"#, true, "content"),
        (Shape::GeminiOne, "{}", false, "content"),
        (Shape::Gemini, r#"{"requests":[]}"#, false, "input"),
        (
            Shape::Gemini,
            r#"{"requests":[{"content":{"parts":[{"text":"a"}]},"outputDimensionality":8},{"content":{"parts":[{"text":"a"}]}}]}"#,
            true,
            "requests",
        ),
    ] {
        let wanted = Wanted { from, to: Shape::Cohere, model: "m" };
        let invalid = write(body.as_bytes(), wanted, &mut Losses::default()).unwrap_err();
        assert_eq!((invalid.unsupported, invalid.param.as_deref()), (unsupported, Some(param)), "{body}");
    }
}

/// 0.25 and -0.5 as OpenAI packs them.
const PACKED: &str = "AACAPgAAAL8=";

#[test]
fn an_answer_of_every_shape_in_every_shape() {
    let answers = [
        (Shape::Cohere, r#"{"id":"x","embeddings":{"float":[[0.25,-0.5],[1,2]]},"meta":{}}"#),
        (
            Shape::Voyage,
            r#"{"object":"list","data":[{"embedding":[1,2],"index":1},{"embedding":[0.25,-0.5],"index":0}]}"#,
        ),
        (
            Shape::Jina,
            r#"{"data":[{"embedding":[0.25,-0.5],"index":0},{"embedding":[1,2],"index":1}],"usage":{}}"#,
        ),
        (Shape::OpenAi, r#"{"data":[{"embedding":"AACAPgAAAL8=","index":0},{"embedding":[1,2],"index":1}]}"#),
        (Shape::Gemini, r#"{"embeddings":[{"values":[0.25,-0.5]},{"values":[1,2]}]}"#),
    ];
    for (from, body) in answers {
        let tell = |to, base64| {
            let told = Retold { from, to, base64 }.tell(body.as_bytes(), "mine", 7).unwrap();
            String::from_utf8(told).unwrap()
        };
        assert_eq!(
            tell(Shape::OpenAi, false),
            r#"{"object":"list","data":[{"object":"embedding","index":0,"embedding":[0.25,-0.5]},{"object":"embedding","index":1,"embedding":[1,2]}],"model":"mine","usage":{"prompt_tokens":7,"total_tokens":7}}"#,
            "{from:?}"
        );
        assert!(tell(Shape::OpenAi, true).contains(&format!("\"embedding\":\"{PACKED}\"")), "{from:?}");
        assert_eq!(tell(Shape::Gemini, false), r#"{"embeddings":[{"values":[0.25,-0.5]},{"values":[1,2]}]}"#);
        assert_eq!(tell(Shape::GeminiOne, false), r#"{"embedding":{"values":[0.25,-0.5]}}"#);
        let retold = Retold { from, to: Shape::OpenAi, base64: false };
        for bad in [
            "",
            "{}",
            "[]",
            r#"{"data":[{}],"embeddings":[{}]}"#,
            r#"{"data":[{"embedding":1}],"embeddings":[{"values":1}]}"#,
        ] {
            assert_eq!(retold.tell(bad.as_bytes(), "m", 0), Err(Unreadable), "{from:?} {bad}");
        }
    }
    let bad = Retold { from: Shape::OpenAi, to: Shape::OpenAi, base64: false };
    for text in ["AACAP", "AACAPgA=", "AADAfw=="] {
        assert_eq!(
            bad.tell(format!(r#"{{"data":[{{"embedding":"{text}"}}]}}"#).as_bytes(), "m", 0),
            Err(Unreadable)
        );
    }
}
