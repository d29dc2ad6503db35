//! Requests read and written.

use super::OURS;
use crate::event::ToolForm;
use crate::hub::request::{Block, Content, Role, State, ToolChoice};
use crate::hub::{Asked, Dialect, Invalid, Losses, Request, Target, read_request, write_request};
use serde_json::{Value, json};

fn read(body: &str) -> Result<Request<'_>, Invalid> {
    read_request(OURS, body.as_bytes(), Asked::default())
}

fn written(request: &Request<'_>, target: &Target<'_>) -> (Value, Losses) {
    let mut losses = Losses::default();
    let written = write_request(request, target, &mut losses).unwrap();
    (serde_json::from_slice(&written.body).unwrap(), losses)
}

/// As Codex sends it, shortened.
pub(super) const CODEX: &str = r#"{"model":"gpt-5.2-codex","instructions":"You are Codex.","input":[
  {"type":"message","role":"developer","content":[{"type":"input_text","text":"<permissions>"}]},
  {"type":"message","role":"user","content":[{"type":"input_text","text":"List files."},{"type":"input_image","image_url":"data:image/png;base64,AAAA","detail":"high"}]},
  {"type":"reasoning","summary":[{"type":"summary_text","text":"Look."}],"encrypted_content":"kw1.deepseek.st"},
  {"type":"message","role":"assistant","content":[{"type":"output_text","text":"I look.","annotations":[]}],"phase":"commentary"},
  {"type":"function_call","name":"shell","arguments":"{\"cmd\": \"ls\"}","call_id":"call_1"},
  {"type":"function_call","name":"read","namespace":"files","arguments":"{}","call_id":"call_2"},
  {"type":"function_call_output","call_id":"call_1","output":"a\nb"},
  {"type":"function_call_output","call_id":"call_2","output":[{"type":"input_text","text":"c"}]},
  {"type":"custom_tool_call","name":"apply_patch","input":"*** Begin","call_id":"call_3","status":"completed"},
  {"type":"custom_tool_call_output","call_id":"call_3","output":"ok"}],
 "tools":[{"type":"function","name":"shell","description":"Runs.","strict":false,"parameters":{"type":"object","properties":{"cmd":{"type":"string"}}}},
  {"type":"namespace","name":"files","description":"Files.","tools":[{"type":"function","name":"read","parameters":{"type":"object","properties":{}}}]},
  {"type":"custom","name":"apply_patch","description":"Patches.","format":{"type":"grammar","syntax":"lark","definition":"start: x"}},
  {"type":"web_search","external_web_access":false}],
 "tool_choice":"auto","parallel_tool_calls":false,"reasoning":{"effort":"medium","summary":"auto"},"store":false,"stream":true,
 "include":["reasoning.encrypted_content"],"prompt_cache_key":"k","text":{"verbosity":"low"},"client_metadata":{"x":"1"}}"#;

#[test]
fn a_request_of_codex_is_read() {
    let request = read(CODEX).unwrap();
    let system: Vec<_> = request.system.iter().filter_map(Block::as_text).collect();
    assert_eq!(system, ["You are Codex.", "<permissions>"]);
    let roles: Vec<_> = request.turns.iter().map(|turn| (turn.role, turn.blocks.len())).collect();
    let (user, assistant) = (Role::User, Role::Assistant);
    assert_eq!(roles, [(user, 2), (assistant, 4), (user, 2), (assistant, 1), (user, 1)]);
    let thought = &request.turns[1].blocks[0];
    assert_eq!(thought.content, Content::Reasoning("Look.".into()));
    assert_eq!(thought.state, Some(State { origin: "deepseek".into(), data: "st".into() }));
    assert_eq!(request.name_of_call("call_2"), Some("files/read"));
    let names: Vec<_> = request.tools.iter().map(|tool| &*tool.name).collect();
    assert_eq!(names, ["shell", "files/read", "apply_patch", "web_search"]);
    assert!(request.stream && request.parallel_tools == Some(false));
    let extra: Vec<_> = request.extra.iter().map(|extra| &*extra.path).collect();
    assert_eq!(extra, ["input.phase", "tools.namespace.description", "client_metadata"]);
}

#[test]
fn it_crosses_to_chat_and_every_loss_has_a_name() {
    let request = read(CODEX).unwrap();
    let mut target = Target::new(Dialect::OpenAiChat, "deepseek-chat");
    target.origin = "deepseek";
    target.can.reasoning_replayed = true;
    let (body, losses) = written(&request, &target);
    let names: Vec<&str> = body["tools"]
        .as_array()
        .unwrap()
        .iter()
        .map(|tool| tool["function"]["name"].as_str().unwrap())
        .collect();
    assert_eq!(names.len(), 3);
    assert!(names[1].starts_with("files_read_") && !names[1].contains('/'));
    let messages = body["messages"].as_array().unwrap();
    let roles: Vec<&str> = messages.iter().map(|message| message["role"].as_str().unwrap()).collect();
    assert_eq!(roles, ["system", "user", "assistant", "tool", "tool", "assistant", "tool"]);
    assert_eq!(messages[2]["reasoning_content"], "Look.");
    assert_eq!(messages[2]["tool_calls"][1]["function"]["name"], names[1]);
    assert_eq!(messages[5]["tool_calls"][0]["function"]["arguments"], r#"{"input":"*** Begin"}"#);
    for field in ["tools.web_search", "tools.custom", "client_metadata", "input.phase"] {
        assert!(losses.has(field), "{field} in {}", losses.header());
    }
}

#[test]
fn a_request_that_stays_is_the_same() {
    let body = r#"{"model":"m","instructions":"Be.","input":[
      {"type":"message","role":"user","content":[{"type":"input_text","text":"Hi"},{"type":"input_file","file_id":"file_1"}]},
      {"type":"reasoning","summary":[],"encrypted_content":"gAAA"},
      {"type":"function_call","call_id":"c1","name":"look","arguments":"{\"a\": 1.50}"},
      {"type":"function_call_output","call_id":"c1","output":"x"},
      {"type":"web_search_call","id":"ws_1","status":"completed"},
      {"type":"message","role":"developer","content":[{"type":"input_text","text":"Now."}]}],
     "tools":[{"type":"function","name":"look","parameters":{"type":"object"}},{"type":"mcp","server_label":"s","server_url":"https://x.example"}],
     "tool_choice":{"type":"allowed_tools","mode":"required","tools":[{"type":"function","name":"look"},{"type":"mcp"}]},
     "text":{"verbosity":"low","format":{"type":"json_schema","name":"n","schema":{"type":"object"}}},
     "reasoning":{"effort":"high","summary":"auto"},"include":["reasoning.encrypted_content"],"max_output_tokens":100,
     "safety_identifier":"u","stream":true,"temperature":0.50,"store":false,"metadata":{"a":"b"},"prompt_cache_retention":"24h"}"#;
    let request = read(body).unwrap();
    let (written, losses) = written(&request, &Target::new(OURS, "m"));
    assert_eq!(written, serde_json::from_str::<Value>(body).unwrap());
    assert!(losses.is_empty(), "{}", losses.header());
}

#[test]
fn a_request_of_messages_becomes_items() {
    let body = br#"{"model":"c","max_tokens":8,"system":[{"type":"text","text":"A"},{"type":"text","text":"B"}],
      "messages":[{"role":"user","content":"Hi"},
       {"role":"assistant","content":[{"type":"text","text":"Yes."},{"type":"tool_use","id":"t1","name":"look","input":{"a":1}}]},
       {"role":"user","content":[{"type":"tool_result","tool_use_id":"t1","is_error":true,"content":[{"type":"text","text":"boom"}]},
        {"type":"text","text":"And?"},
        {"type":"document","source":{"type":"text","media_type":"text/plain","data":"doc"}}]}],
      "tools":[{"name":"look","input_schema":{"type":"object"}}],"tool_choice":{"type":"tool","name":"look"}}"#;
    let request = read_request(Dialect::Anthropic, body, Asked::default()).unwrap();
    let (body, losses) = written(&request, &Target::new(OURS, "gpt"));
    let text = |text: &str| json!({"type": "input_text", "text": text});
    let expected = json!({
        "model": "gpt",
        "input": [
            {"type": "message", "role": "developer", "content": [text("A"), text("B")]},
            {"type": "message", "role": "user", "content": [text("Hi")]},
            {"type": "message", "role": "assistant", "content": [{"type": "output_text", "text": "Yes."}]},
            {"type": "function_call", "call_id": "t1", "name": "look", "arguments": "{\"a\":1}"},
            {"type": "function_call_output", "call_id": "t1", "output": "Error: boom"},
            {"type": "message", "role": "user", "content": [text("And?"),
                text("<document title=\"document\">\ndoc\n</document>")]},
        ],
        "tools": [{"type": "function", "name": "look", "parameters": {"type": "object"}, "strict": false}],
        "tool_choice": {"type": "function", "name": "look"},
        "max_output_tokens": 16, "store": false,
    });
    assert_eq!(body, expected);
    for field in ["tool_result.is_error", "document", "max_tokens"] {
        assert!(losses.has(field), "{field} in {}", losses.header());
    }
}

#[test]
fn the_state_of_a_call_comes_back_to_it() {
    let body = r#"{"model":"m","input":[{"role":"user","content":"Hi"},
      {"type":"function_call","call_id":"c1","name":"look","arguments":"{}"},
      {"type":"reasoning","summary":[],"encrypted_content":"kw1.gemini.c1\nsig"}]}"#;
    let request = read(body).unwrap();
    let [call] = &*request.turns[1].blocks else { panic!("one block") };
    assert!(matches!(call.content, Content::ToolCall { form: ToolForm::Function, .. }));
    assert_eq!(call.state, Some(State { origin: "gemini".into(), data: "sig".into() }));
}

#[test]
fn what_a_provider_keeps_is_refused_and_the_rest_of_mistakes_too() {
    let refused = [
        (r#"{"model":"m","input":"x","previous_response_id":"resp_1"}"#, "previous_response_id", true),
        (r#"{"model":"m","input":"x","conversation":"conv_1"}"#, "conversation", true),
        (r#"{"model":"m","input":"x","background":true}"#, "background", true),
        (r#"{"model":"m","prompt":{"id":"p"}}"#, "prompt", true),
        (r#"{"model":"m","input":[{"type":"item_reference","id":"msg_1"}]}"#, "input", true),
        (r#"{"model":"m","input":[{"id":"msg_1"}]}"#, "input", true),
        (r#"{"input":"x"}"#, "model", false),
        (r#"{"model":"m"}"#, "input", false),
        (r#"{"model":"m","input":5}"#, "input", false),
        (r#"{"model":"m","input":[{"role":"robot","content":"x"}]}"#, "input.role", false),
        (r#"{"model":"m","input":[{"type":"function_call","name":"n"}]}"#, "input.call_id", false),
        (r#"{"model":"m","input":"x","max_output_tokens":0}"#, "max_output_tokens", false),
        (r#"{"model":"m","input":"x","instructions":7}"#, "instructions", false),
        (r#"{"model":"m","input":"x","tools":[{"type":"function"}]}"#, "tools.name", false),
        (r#"{"model":"m","input":"x","tool_choice":"maybe"}"#, "tool_choice", false),
        (r#"{"model":"m","input":"x","text":{"format":{"type":"xml"}}}"#, "text.format.type", false),
    ];
    for (body, param, unsupported) in refused {
        let invalid = read(body).unwrap_err();
        assert_eq!((invalid.param.as_deref(), invalid.unsupported), (Some(param), unsupported), "{body}");
    }
    for body in ["", "[]", "nonsense", "\"text\""] {
        assert!(read(body).is_err(), "{body}");
    }
    let idle = r#"{"model":"m","input":"x","previous_response_id":null,"background":false,"truncation":"disabled","stream_options":{"include_obfuscation":false}}"#;
    assert!(read(idle).unwrap().extra.is_empty());
}

#[test]
fn every_choice_of_a_tool_is_read() {
    let choice = |json: &str| {
        let body = format!(r#"{{"model":"m","input":"x","tool_choice":{json}}}"#);
        format!("{:?}", read(&body).unwrap().tool_choice.unwrap())
    };
    let told = |choice: ToolChoice<'_>| format!("{choice:?}");
    assert_eq!(choice("\"required\""), told(ToolChoice::Required));
    assert_eq!(choice(r#"{"type":"function","name":"f"}"#), told(ToolChoice::Named("f".into())));
    assert_eq!(
        choice(r#"{"type":"custom","name":"f","namespace":"n"}"#),
        told(ToolChoice::Named("n/f".into()))
    );
    assert_eq!(choice(r#"{"type":"web_search"}"#), told(ToolChoice::Named("web_search".into())));
    let allowed = ToolChoice::Allowed { names: vec!["f".into()], required: false };
    assert_eq!(
        choice(r#"{"type":"allowed_tools","mode":"auto","tools":[{"type":"function","name":"f"}]}"#),
        told(allowed)
    );
}
