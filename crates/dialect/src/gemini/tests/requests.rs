//! Requests read and written.

use super::{ASKED, sent};
use crate::gemini::state;
use crate::hub::request::{Content, Source, ToolChoice, ToolKind};
use crate::hub::{
    Dialect, Effort, Losses, Mode, Reasoning, ReasoningControl, Target, read_request, write_request,
};
use serde_json::{Value, json};

/// As google-genai 3.4 for Python asks: keys of both kinds, a schema in Google's words, no ids.
const PYTHON: &str = r#"{"contents":[
    {"role":"user","parts":[{"text":"Weather?"},{"inlineData":{"mimeType":"image/png","data":"aGk="}}]},
    {"role":"model","parts":[{"text":"I lo"}]},{"role":"model","parts":[{"text":"ok."},{"functionCall":{"name":"look","args":{"at": "Paris","n":1.50}}},{"functionCall":{"name":"look","args":{"at":"Rome"}}}]},
    {"role":"user","parts":[{"functionResponse":{"name":"look","response":{"result":"18"}}},{"functionResponse":{"name":"look","response":{"error":"gone"}}}]}],
    "systemInstruction":{"role":"user","parts":[{"text":"Be brief."}]},
    "tools":[{"functionDeclarations":[{"name":"look","description":"Looks","parameters":{"type":"OBJECT","properties":{"at":{"type":"STRING","nullable":true,"max_length":"9"},"how":{"type":"STRING","enum":["a"]}},"required":["at"]}}]},{"functionDeclarations":[{"name":"go","parameters_json_schema":{"type":"object"}}],"googleSearch":{}}],
    "toolConfig":{"functionCallingConfig":{"mode":"ANY","allowed_function_names":["look","go"]}},
    "safetySettings":[{"category":"HARM_CATEGORY_HARASSMENT","threshold":"BLOCK_NONE"}],
    "generationConfig":{"temperature":0.5,"topK":40,"maxOutputTokens":900,"stopSequences":["END"],"response_mime_type":"application/json","responseSchema":{"type":"OBJECT","properties":{"a":{"type":"INTEGER"}}},"thinkingConfig":{"thinkingBudget":2048,"includeThoughts":true},"seed":7,"speechConfig":{}}}"#;

#[test]
fn a_request_of_the_python_client_before_a_chat_model() {
    let (body, losses) = sent(Dialect::Gemini, PYTHON, Dialect::OpenAiChat, "gpt").unwrap();
    let messages = &body["messages"];
    assert_eq!(messages[0], json!({"role": "system", "content": "Be brief."}));
    assert_eq!(messages[1]["content"][1]["image_url"]["url"], "data:image/png;base64,aGk=");
    assert_eq!(messages[2]["content"], "I look.");
    let call = |at: usize, arguments: &str| json!({"id": format!("call_{at}"), "type": "function", "function": {"name": "look", "arguments": arguments}});
    assert_eq!(
        messages[2]["tool_calls"],
        json!([call(0, r#"{"at": "Paris","n":1.50}"#), call(1, r#"{"at":"Rome"}"#)])
    );
    assert_eq!(messages[3], json!({"role": "tool", "tool_call_id": "call_0", "content": "18"}));
    assert_eq!(messages[4], json!({"role": "tool", "tool_call_id": "call_1", "content": "Error: gone"}));
    let schema = json!({"type": "object", "properties": {"at": {"type": ["string", "null"], "maxLength": 9}, "how": {"type": "string", "enum": ["a"]}}, "required": ["at"]});
    assert_eq!(body["tools"][0]["function"]["parameters"], schema);
    assert_eq!((body["tools"].as_array().unwrap().len(), &body["tool_choice"]), (2, &json!("required")));
    assert_eq!(
        body["response_format"]["json_schema"]["schema"],
        json!({"type": "object", "properties": {"a": {"type": "integer"}}})
    );
    assert_eq!((&body["stream"], &body["max_tokens"], &body["seed"]), (&json!(true), &json!(900), &json!(7)));
    assert_eq!((&body["stop"], &body["reasoning_effort"]), (&json!(["END"]), &json!("medium")));
    for lost in [
        "tools.googleSearch",
        "safetySettings",
        "generationConfig.speechConfig",
        "top_k",
        "tool_result.is_error",
    ] {
        assert!(losses.has(lost), "{lost}: {}", losses.header());
    }
}

#[test]
fn modes_of_calling() {
    let table = [
        (r#"{"mode":"AUTO"}"#, Some(ToolChoice::Auto)),
        (r#"{"mode":"none"}"#, Some(ToolChoice::None)),
        (r#"{"mode":"ANY"}"#, Some(ToolChoice::Required)),
        (r#"{"mode":"ANY","allowedFunctionNames":["a"]}"#, Some(ToolChoice::Named("a".into()))),
        (
            r#"{"mode":"ANY","allowedFunctionNames":["a","b"]}"#,
            Some(ToolChoice::Allowed { names: vec!["a".into(), "b".into()], required: true }),
        ),
        (
            r#"{"mode":"VALIDATED","allowedFunctionNames":["a"]}"#,
            Some(ToolChoice::Allowed { names: vec!["a".into()], required: false }),
        ),
        ("{}", None),
    ];
    for (config, choice) in table {
        let body = format!(
            r#"{{"contents":[],"tools":[{{"functionDeclarations":[{{"name":"a"}},{{"name":"b"}}]}}],"toolConfig":{{"functionCallingConfig":{config}}}}}"#
        );
        let request = read_request(Dialect::Gemini, body.as_bytes(), ASKED).unwrap();
        assert_eq!(request.tool_choice, choice, "{config}");
        let strict =
            ToolKind::Function { schema: None, strict: config.contains("VALIDATED").then_some(true) };
        assert_eq!(request.tools[0].kind, strict);
        let (body, _) = sent(Dialect::Gemini, &body, Dialect::Gemini, "m").unwrap();
        let written = &body["toolConfig"]["functionCallingConfig"];
        if choice.is_some() {
            assert!(
                written.to_string().eq_ignore_ascii_case(
                    &config
                        .parse::<Value>()
                        .map(|mut config| {
                            if let Some(names) = config.get("allowedFunctionNames").cloned() {
                                config = json!({"mode": config["mode"], "allowedFunctionNames": names});
                            }
                            config
                        })
                        .unwrap()
                        .to_string()
                ),
                "{written}"
            );
        }
    }
}

#[test]
fn what_cannot_be_read_is_refused() {
    let table = [
        ("{}", "contents"),
        (r#"{"contents":[{"role":"assistant","parts":[]}]}"#, "contents.role"),
        (r#"{"contents":[{"parts":{}}]}"#, "contents.parts"),
        (r#"{"contents":[{"parts":[{"functionCall":{}}]}]}"#, "contents.parts.functionCall.name"),
        (r#"{"contents":[],"tools":[{"functionDeclarations":[{}]}]}"#, "tools.functionDeclarations.name"),
        (
            r#"{"contents":[],"toolConfig":{"functionCallingConfig":{"mode":"X"}}}"#,
            "toolConfig.functionCallingConfig.mode",
        ),
    ];
    for (body, param) in table {
        let invalid = read_request(Dialect::Gemini, body.as_bytes(), ASKED).unwrap_err();
        assert_eq!(invalid.param.as_deref(), Some(param), "{body}");
    }
}

#[test]
fn files_and_caches_of_google_stay_with_google() {
    let file = |uri: &str| {
        format!(
            r#"{{"contents":[{{"parts":[{{"fileData":{{"fileUri":"{uri}","mimeType":"application/pdf"}}}}]}}]}}"#
        )
    };
    for uri in ["gs://b/o", "https://generativelanguage.googleapis.com/v1beta/files/x", "https://youtu.be/x"]
    {
        let refused = sent(Dialect::Gemini, &file(uri), Dialect::Anthropic, "m").unwrap_err();
        assert_eq!(refused, "messages.content");
        let (body, losses) = sent(Dialect::Gemini, &file(uri), Dialect::Gemini, "m").unwrap();
        assert_eq!(body["contents"][0]["parts"], json!([{"fileData": {"fileUri": uri}}]));
        assert!(losses.has("contents.parts.fileData.mimeType"));
    }
    let body = file("https://e.org/a.pdf");
    let request = read_request(Dialect::Gemini, body.as_bytes(), ASKED).unwrap();
    assert!(
        matches!(&request.turns[0].blocks[0].content, Content::Media(media) if media.source == Source::Url("https://e.org/a.pdf".into()))
    );
    let body = r#"{"contents":[],"cachedContent":"cachedContents/abc","systemInstruction":{"parts":[{"text":"s"}]}}"#;
    assert_eq!(sent(Dialect::Gemini, body, Dialect::OpenAiChat, "m").unwrap_err(), "messages.content");
    let (body, losses) = sent(Dialect::Gemini, body, Dialect::Gemini, "m").unwrap();
    assert_eq!((&body["cachedContent"], losses.is_empty()), (&json!("cachedContents/abc"), true));
}

/// Calls whose results come in another order, one of them a picture.
const CHAT: &str = r#"{"model":"m","messages":[{"role":"user","content":"hi"},
    {"role":"assistant","content":null,"tool_calls":[{"id":"a","type":"function","function":{"name":"look","arguments":"{\"n\":1.50}"}},{"id":"b","type":"function","function":{"name":"look","arguments":"not json"}}]},
    {"role":"tool","tool_call_id":"b","content":"{\"x\": 1}"},{"role":"tool","tool_call_id":"a","content":"{\"result\":\"x\"}"},{"role":"user","content":"go on"}],
    "tools":[{"type":"function","function":{"name":"look","parameters":{"type":"object","$schema":"x"},"strict":true}}],
    "response_format":{"type":"json_schema","json_schema":{"name":"n","schema":{"type":"object","properties":{"a":{"type":"string","pattern":"x","minLength":1}}}}},
    "reasoning_effort":"low","seed":12345678901234567,"service_tier":"priority","user":"u"}"#;

#[test]
fn a_chat_request_before_gemini() {
    let (body, losses) = sent(Dialect::OpenAiChat, CHAT, Dialect::Gemini, "gemini-3-pro").unwrap();
    assert_eq!(
        body["contents"],
        json!([
            {"role": "user", "parts": [{"text": "hi"}]},
            {"role": "model", "parts": [
                {"functionCall": {"id": "a", "name": "look", "args": {"n": 1.50}}, "thoughtSignature": state::SKIPPED},
                {"functionCall": {"id": "b", "name": "look", "args": {"_raw": "not json"}}}]},
            {"role": "user", "parts": [
                {"functionResponse": {"id": "a", "name": "look", "response": {"result": "{\"result\":\"x\"}"}}},
                {"functionResponse": {"id": "b", "name": "look", "response": {"x": 1}}},
                {"text": "go on"}]}
        ])
    );
    assert_eq!(
        body["tools"],
        json!([{"functionDeclarations": [{"name": "look", "parametersJsonSchema": {"type": "object", "$schema": "x"}}]}])
    );
    let config = &body["generationConfig"];
    assert_eq!(config["thinkingConfig"], json!({"thinkingBudget": 1024, "includeThoughts": true}));
    assert_eq!(
        (&config["responseMimeType"], &config["seed"]),
        (&json!("application/json"), &json!(12_345_678_901_234_567_u64 % (1 << 31)))
    );
    assert_eq!(body["serviceTier"], "priority");
    assert_eq!(
        losses.header(),
        "reasoning;emulated, tool_calls.arguments;emulated, tools.strict;unsupported, seed;adjusted, response_format.pattern;unsupported, response_format.minLength;unsupported, user;unsupported"
    );
    // Older models know calls by name and order alone.
    let (body, losses) = sent(Dialect::OpenAiChat, CHAT, Dialect::Gemini, "models/gemini-2.5-pro").unwrap();
    let text = body["contents"].to_string();
    assert!(
        !text.contains("\"id\"") && !text.contains("thoughtSignature") && !losses.has("reasoning"),
        "{text}"
    );
}

#[test]
fn pictures_of_tools_stand_where_the_model_takes_them() {
    let body = r#"{"max_tokens":9,"model":"m","messages":[{"role":"user","content":"hi"},{"role":"assistant","content":[{"type":"tool_use","id":"t","name":"look","input":{}}]},
        {"role":"user","content":[{"type":"tool_result","tool_use_id":"t","content":[{"type":"text","text":"seen"},{"type":"image","source":{"type":"base64","media_type":"image/png","data":"aGk="}}]}]}]}"#;
    let image = json!({"inlineData": {"mimeType": "image/png", "data": "aGk="}});
    let (new, losses) = sent(Dialect::Anthropic, body, Dialect::Gemini, "gemini-3-flash").unwrap();
    assert_eq!(new["contents"][2]["parts"][0]["functionResponse"]["parts"], json!([image]));
    assert!(!losses.has("tool_result.media"));
    let (old, losses) = sent(Dialect::Anthropic, body, Dialect::Gemini, "gemini-2.0-flash").unwrap();
    assert_eq!(old["contents"][2]["parts"][1], image);
    assert!(losses.has("tool_result.media"));
}

#[test]
fn how_much_to_think() {
    let by = |control, wish: Reasoning| {
        let mut request =
            read_request(Dialect::OpenAiChat, br#"{"model":"m","messages":[]}"#, ASKED).unwrap();
        request.reasoning = wish;
        let mut target = Target::new(Dialect::Gemini, "m");
        target.can.reasoning = control;
        let written = write_request(&request, &target, &mut Losses::default()).unwrap();
        serde_json::from_slice::<Value>(&written.body).unwrap()["generationConfig"]["thinkingConfig"].clone()
    };
    let wish = Reasoning::default();
    let (budget, effort) = (ReasoningControl::Budget, ReasoningControl::Effort);
    let high = Reasoning { effort: Some(Effort::High), ..wish };
    let off = Reasoning { mode: Some(Mode::Off), ..wish };
    let free = Reasoning { mode: Some(Mode::Adaptive), visible: Some(false), ..wish };
    assert_eq!(by(budget, wish), Value::Null);
    assert_eq!(by(budget, high), json!({"thinkingBudget": 4096, "includeThoughts": true}));
    assert_eq!(by(effort, high), json!({"thinkingLevel": "HIGH", "includeThoughts": true}));
    assert_eq!(by(budget, off), json!({"thinkingBudget": 0}));
    assert_eq!(by(budget, free), json!({"thinkingBudget": -1, "includeThoughts": false}));
    assert_eq!(by(effort, free), json!({"includeThoughts": false}));
    let body = br#"{"contents":[],"generationConfig":{"thinkingConfig":{"thinkingLevel":"LOW"}}}"#;
    let read = read_request(Dialect::Gemini, body, ASKED).unwrap();
    assert_eq!(read.reasoning.effort, Some(Effort::Low));
}

#[test]
fn state_comes_back_however_the_client_writes_it() {
    let carried = state::carried("anthropic", "ab+/ÿ=");
    let urlsafe = carried.replace('+', "-").replace('/', "_").replace('=', "");
    for text in [carried, urlsafe, "kw1.anthropic.ab+/ÿ=".into()] {
        let read = state::read(text.into()).unwrap();
        assert_eq!((&*read.origin, &*read.data), ("anthropic", "ab+/ÿ="));
    }
    assert_eq!(state::read("c2ln".into()).unwrap().origin, "gemini");
    assert!(state::read("".into()).is_none() && state::read(state::SKIPPED.into()).is_none());
    // As a streamed answer comes back: a thought in pieces, and its signature behind it.
    let signature = state::carried("anthropic-messages", "c2ln");
    let body = format!(
        r#"{{"contents":[{{"role":"user","parts":[{{"text":"hi"}}]}},{{"role":"model","parts":[{{"thought":true,"text":"Let "}}]}},{{"role":"model","parts":[{{"thought":true,"text":"me."}}]}},{{"role":"model","parts":[{{"thought":true,"text":"","thoughtSignature":"{signature}"}},{{"text":"Well."}}]}}]}}"#
    );
    let (body, _) = sent(Dialect::Gemini, &body, Dialect::Anthropic, "m").unwrap();
    assert_eq!(
        body["messages"][1]["content"],
        json!([{"type": "thinking", "thinking": "Let me.", "signature": "c2ln"}, {"type": "text", "text": "Well."}])
    );
}
