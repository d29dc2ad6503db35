//! What documented traffic becomes: real requests and streams of each dialect, told in the others.

use super::story::{read_body, read_stream, reply};
use dialect::Dialect;
use dialect::event::{Part, StopReason};
use dialect::hub::request::Content;
use dialect::hub::{
    Asked, Encoder, Losses, ReasoningControl, Target, read_request, write_request, write_whole,
};
use dialect::meter::Ending;
use serde_json::{Value, json};

/// A stream of Anthropic's documentation: thinking, text, a tool.
const MESSAGE_STREAM: &str = r#"event: message_start
data: {"type":"message_start","message":{"id":"msg_014p7gG3wDgGV9EUtLvnow3U","type":"message","role":"assistant","model":"claude-opus-4-6","stop_sequence":null,"usage":{"input_tokens":472,"cache_creation_input_tokens":20,"cache_read_input_tokens":8,"output_tokens":2},"content":[],"stop_reason":null}}

event: content_block_start
data: {"type":"content_block_start","index":0,"content_block":{"type":"thinking","thinking":"","signature":""}}

event: ping
data: {"type": "ping"}

event: content_block_delta
data: {"type":"content_block_delta","index":0,"delta":{"type":"thinking_delta","thinking":"Weather, so "}}

event: content_block_delta
data: {"type":"content_block_delta","index":0,"delta":{"type":"thinking_delta","thinking":"the tool."}}

event: content_block_delta
data: {"type":"content_block_delta","index":0,"delta":{"type":"signature_delta","signature":"EqQBCgIYAhIM1gbcDa9GJwZA2b3hGgxBdjrkzLoky3dl1pk="}}

event: content_block_stop
data: {"type":"content_block_stop","index":0}

event: content_block_start
data: {"type":"content_block_start","index":1,"content_block":{"type":"text","text":""}}

event: content_block_delta
data: {"type":"content_block_delta","index":1,"delta":{"type":"text_delta","text":"Okay, let's check."}}

event: content_block_stop
data: {"type":"content_block_stop","index":1}

event: content_block_start
data: {"type":"content_block_start","index":2,"content_block":{"type":"tool_use","id":"toolu_01T1x1fJ34qAmk2tNTrN7Up6","name":"get_weather","input":{}}}

event: content_block_delta
data: {"type":"content_block_delta","index":2,"delta":{"type":"input_json_delta","partial_json":""}}

event: content_block_delta
data: {"type":"content_block_delta","index":2,"delta":{"type":"input_json_delta","partial_json":"{\"location\": \"San Francisco, CA\"}"}}

event: content_block_stop
data: {"type":"content_block_stop","index":2}

event: message_delta
data: {"type":"message_delta","delta":{"stop_reason":"tool_use","stop_sequence":null},"usage":{"output_tokens":89,"output_tokens_details":{"thinking_tokens":30}}}

event: message_stop
data: {"type":"message_stop"}

"#;

fn told(to: Dialect, from: Dialect, bytes: &[u8]) -> String {
    let (whole, ending) = read_stream(from, bytes, 64).unwrap();
    assert_eq!(ending, Ending::Complete);
    let mut encoder = Encoder::new(to, dialect::hub::Reply { origin: "claude".into(), ..reply(to) });
    let mut out = Vec::new();
    whole.events().into_iter().for_each(|event| encoder.event(event, &mut out));
    encoder.end(&mut out);
    String::from_utf8(out).unwrap()
}

#[test]
fn a_message_stream_as_documented() {
    let (whole, _) = read_stream(Dialect::Anthropic, MESSAGE_STREAM.as_bytes(), 1).unwrap();
    let choice = whole.first().unwrap();
    assert_eq!(choice.blocks[0].text, "Weather, so the tool.");
    assert_eq!(choice.blocks[0].state, "EqQBCgIYAhIM1gbcDa9GJwZA2b3hGgxBdjrkzLoky3dl1pk=");
    assert!(matches!(&choice.blocks[2].part, Part::ToolCall { name, .. } if name == "get_weather"));
    assert_eq!(choice.blocks[2].text, r#"{"location": "San Francisco, CA"}"#);
    assert_eq!(choice.stop.as_ref().unwrap().0, StopReason::ToolUse);
    let usage = whole.usage.unwrap();
    assert_eq!((usage.in_uncached, usage.cache_read, usage.cache_write_5m), (472, 8, 20));
    assert_eq!((usage.out_text, usage.out_reasoning), (59, 30));
}

#[test]
fn a_message_stream_as_chunks() {
    let text = told(Dialect::OpenAiChat, Dialect::Anthropic, MESSAGE_STREAM.as_bytes());
    let deltas: Vec<Value> = text
        .lines()
        .filter_map(|line| line.strip_prefix("data: {"))
        .map(|rest| serde_json::from_str(&format!("{{{rest}")).unwrap())
        .collect();
    let delta = |at: usize| deltas[at]["choices"][0]["delta"].clone();
    assert_eq!(delta(0), json!({"role": "assistant", "content": ""}));
    assert_eq!(delta(1), json!({"reasoning_content": "Weather, so the tool."}));
    assert_eq!(
        delta(2)["reasoning_details"][0]["signature"],
        "kw1.claude.EqQBCgIYAhIM1gbcDa9GJwZA2b3hGgxBdjrkzLoky3dl1pk="
    );
    assert_eq!(delta(3), json!({"content": "Okay, let's check."}));
    assert_eq!(
        delta(4)["tool_calls"][0],
        json!({"index": 0, "id": "toolu_01T1x1fJ34qAmk2tNTrN7Up6", "type": "function", "function": {"name": "get_weather", "arguments": ""}})
    );
    assert_eq!(
        delta(5)["tool_calls"][0],
        json!({"index": 0, "function": {"arguments": "{\"location\": \"San Francisco, CA\"}"}})
    );
    assert_eq!(deltas[6]["choices"][0]["finish_reason"], "tool_calls");
    assert_eq!(deltas[7]["choices"], json!([]));
    assert_eq!(deltas[7]["usage"]["prompt_tokens"], 500);
    assert_eq!(deltas[7]["usage"]["prompt_tokens_details"]["cached_tokens"], 8);
    assert!(text.ends_with("data: [DONE]\n\n"));
    assert!(
        deltas
            .iter()
            .all(|chunk| chunk["id"] == "chatcmpl-01J" && chunk["object"] == "chat.completion.chunk")
    );
}

#[test]
fn chunks_as_a_message_stream() {
    let chunks = concat!(
        "data: {\"id\":\"x\",\"model\":\"d\",\"choices\":[{\"index\":0,\"delta\":{\"role\":\"assistant\",\"content\":null,\"reasoning_content\":\"\"}}]}\n\n",
        ": keep-alive\n\n",
        "data: {\"id\":\"x\",\"choices\":[{\"index\":0,\"delta\":{\"reasoning_content\":\"Hm.\"}}]}\n\n",
        "data: {\"id\":\"x\",\"choices\":[{\"index\":0,\"delta\":{\"tool_calls\":[{\"index\":0,\"id\":\"call_00\",\"type\":\"function\",\"function\":{\"name\":\"a\",\"arguments\":\"\"}}]}}]}\n\n",
        "data: {\"id\":\"x\",\"choices\":[{\"index\":0,\"delta\":{\"tool_calls\":[{\"index\":1,\"id\":\"call_01\",\"type\":\"function\",\"function\":{\"name\":\"b\",\"arguments\":\"{}\"}}]}}]}\n\n",
        "data: {\"id\":\"x\",\"choices\":[{\"index\":0,\"delta\":{\"tool_calls\":[{\"index\":0,\"function\":{\"arguments\":\"{\\\"x\\\":1}\"}}]}}]}\n\n",
        "data: {\"id\":\"x\",\"choices\":[{\"index\":0,\"delta\":{},\"finish_reason\":\"tool_calls\"}],\"usage\":{\"prompt_tokens\":10,\"completion_tokens\":4,\"prompt_cache_hit_tokens\":6,\"prompt_cache_miss_tokens\":4}}\n\n",
        "data: [DONE]\n\n",
    );
    let text = told(Dialect::Anthropic, Dialect::OpenAiChat, chunks.as_bytes());
    let names: Vec<&str> = text.lines().filter_map(|line| line.strip_prefix("event: ")).collect();
    let block = |deltas: usize| {
        let mut names = vec!["content_block_start"];
        names.extend(std::iter::repeat_n("content_block_delta", deltas));
        names.push("content_block_stop");
        names
    };
    let expected =
        [vec!["message_start"], block(2), block(1), block(1), vec!["message_delta", "message_stop"]];
    assert_eq!(names, expected.concat());
    assert!(text.contains(r#""signature":"kw1.claude.""#));
    assert!(text.contains(r#"{"stop_reason":"tool_use","stop_sequence":null},"usage":{"input_tokens":4,"cache_creation_input_tokens":0,"cache_read_input_tokens":6"#));
}

/// As Claude Code 2.1 asks: a system message within the conversation, fields nobody else knows.
const CLAUDE_CODE: &str = r#"{"model":"deepseek/deepseek-flash","max_tokens":32000,"stream":true,
 "system":[{"type":"text","text":"x-anthropic-billing-header: cc_version=2.1;"},{"type":"text","text":"You are Claude Code.","cache_control":{"type":"ephemeral"}}],
 "messages":[
  {"role":"user","content":[{"type":"text","text":"list files"}]},
  {"role":"system","content":"Plan mode is off."},
  {"role":"assistant","content":[{"type":"thinking","thinking":"ls it","signature":"kw1.deepseek."},{"type":"tool_use","id":"call_00","name":"Bash","input":{"command":"ls","timeout":1e3}}]},
  {"role":"user","content":[{"type":"tool_result","tool_use_id":"call_00","is_error":true,"content":"no such file"},{"type":"text","text":"go on"}]}],
 "tools":[{"name":"Bash","description":"Runs","input_schema":{"type":"object","properties":{"command":{"type":"string"}}},"cache_control":{"type":"ephemeral"}},
  {"type":"web_search_20250305","name":"web_search","max_uses":8}],
 "metadata":{"user_id":"u1"},"thinking":{"type":"adaptive"},"output_config":{"effort":"xhigh"},
 "context_management":{"edits":[]}}"#;

#[test]
fn claude_code_before_deepseek() {
    let request = read_request(Dialect::Anthropic, CLAUDE_CODE.as_bytes(), Asked::default()).unwrap();
    let mut target = Target { origin: "deepseek", ..Target::new(Dialect::OpenAiChat, "deepseek-flash") };
    target.can.reasoning = ReasoningControl::Switch;
    target.can.reasoning_replayed = true;
    let mut losses = Losses::default();
    let written = write_request(&request, &target, &mut losses).unwrap();
    let body: Value = serde_json::from_slice(&written.body).unwrap();
    assert_eq!(
        body["messages"],
        json!([
            {"role": "system", "content": "You are Claude Code."},
            {"role": "user", "content": "list files"},
            {"role": "system", "content": "Plan mode is off."},
            {"role": "assistant", "content": null, "reasoning_content": "ls it", "tool_calls": [{"id": "call_00", "type": "function",
             "function": {"name": "Bash", "arguments": "{\"command\":\"ls\",\"timeout\":1e3}"}}]},
            {"role": "tool", "tool_call_id": "call_00", "content": "Error: no such file"},
            {"role": "user", "content": "go on"},
        ])
    );
    assert_eq!(body["model"], "deepseek-flash");
    assert_eq!(body["tools"].as_array().unwrap().len(), 1);
    assert_eq!(body["thinking"], json!({"type": "enabled"}));
    assert_eq!(body["reasoning_effort"], "high");
    assert_eq!(body["stream_options"], json!({"include_usage": true}));
    for lost in [
        "context_management",
        "tools.web_search",
        "cache_control",
        "tool_result.is_error",
        "reasoning_effort",
    ] {
        assert!(losses.has(lost), "{lost}: {}", losses.header());
    }
    assert!(!losses.has("reasoning"), "its own reasoning went back: {}", losses.header());
}

#[test]
fn reasoning_never_goes_to_another_provider() {
    let request = read_request(Dialect::Anthropic, CLAUDE_CODE.as_bytes(), Asked::default()).unwrap();
    for (dialect, origin) in [(Dialect::OpenAiChat, "kimi"), (Dialect::Anthropic, "anthropic")] {
        let mut target = Target { origin, ..Target::new(dialect, "m") };
        target.can.reasoning_replayed = true;
        let mut losses = Losses::default();
        let written = write_request(&request, &target, &mut losses).unwrap();
        let text = String::from_utf8(written.body).unwrap();
        assert!(!text.contains("ls it") && !text.contains("kw1."), "{text}");
        assert!(losses.has("reasoning"));
    }
}

#[test]
fn a_chat_request_before_anthropic() {
    let body = br#"{"model":"claude","messages":[
        {"role":"developer","content":"Be brief."},{"role":"system","content":"Be kind."},
        {"role":"user","content":[{"type":"text","text":"What is it?"},{"type":"image_url","image_url":{"url":"data:image/png;base64,aGk=","detail":"high"}}]},
        {"role":"assistant","content":null,"tool_calls":[{"id":"functions.look:0","type":"function","function":{"name":"look.at","arguments":""}}]},
        {"role":"tool","tool_call_id":"functions.look:0","content":"a cat"},
        {"role":"user","content":"And?"}],
      "tools":[{"type":"function","function":{"name":"look.at","parameters":{"type":"object","properties":{}}}}],
      "tool_choice":"required","parallel_tool_calls":false,"reasoning_effort":"high","temperature":1.7,"seed":7,
      "stop":["\n","END"],"max_completion_tokens":9000,"user":"u"}"#;
    let request = read_request(Dialect::OpenAiChat, body, Asked::default()).unwrap();
    let mut losses = Losses::default();
    let written = write_request(&request, &Target::new(Dialect::Anthropic, "claude-x"), &mut losses).unwrap();
    let body: Value = serde_json::from_slice(&written.body).unwrap();
    assert_eq!(
        body["system"],
        json!([{"type": "text", "text": "Be brief."}, {"type": "text", "text": "Be kind."}])
    );
    let messages = &body["messages"];
    assert_eq!(
        messages[0]["content"][1]["source"],
        json!({"type": "base64", "media_type": "image/png", "data": "aGk="})
    );
    let call = &messages[1]["content"][0];
    assert_eq!((&call["type"], &call["input"]), (&json!("tool_use"), &json!({})));
    assert!(call["name"].as_str().unwrap().starts_with("look_at_"));
    assert_eq!(call["id"], messages[2]["content"][0]["tool_use_id"]);
    assert_eq!(messages[2]["content"][1], json!({"type": "text", "text": "And?"}));
    assert_eq!(body["tools"][0]["name"], call["name"]);
    assert_eq!(body["tool_choice"], json!({"type": "any", "disable_parallel_tool_use": true}));
    assert_eq!((&body["thinking"], &body["max_tokens"]), (&json!({"type": "disabled"}), &json!(9000)));
    assert_eq!(body["stop_sequences"], json!(["END"]));
    assert_eq!(body["temperature"], 1);
    for lost in ["seed", "temperature", "stop", "reasoning_effort", "image.detail"] {
        assert!(losses.has(lost), "{lost}: {}", losses.header());
    }
    // The answer names the tool as the caller does.
    let name = call["name"].as_str().unwrap();
    let answer = format!(
        r#"{{"id":"msg_1","type":"message","role":"assistant","model":"c","content":[{{"type":"tool_use","id":"t","name":"{name}","input":{{"a":1.0}}}}],"stop_reason":"tool_use","usage":{{"input_tokens":1,"output_tokens":2}}}}"#
    );
    let told = dialect::hub::Reply { restore: written.restore, ..reply(Dialect::OpenAiChat) };
    let whole = read_body(Dialect::Anthropic, answer.as_bytes());
    let body = write_whole(Dialect::OpenAiChat, whole.events(), &told, &mut Losses::default());
    let body: Value = serde_json::from_slice(&body).unwrap();
    let call = &body["choices"][0]["message"]["tool_calls"][0];
    assert_eq!(call["function"], json!({"name": "look.at", "arguments": "{\"a\":1.0}"}));
    assert_eq!(body["choices"][0]["finish_reason"], "tool_calls");
}

#[test]
fn what_the_answer_would_be_wrong_without_is_refused() {
    let ask = |more: &str| {
        let body = format!(r#"{{"model":"m","messages":[{{"role":"user","content":"hi"}}],{more}}}"#);
        let request = read_request(Dialect::OpenAiChat, body.as_bytes(), Asked::default()).unwrap();
        write_request(&request, &Target::new(Dialect::Anthropic, "m"), &mut Losses::default())
            .map(|_| ())
            .map_err(|invalid| (invalid.unsupported, invalid.param.unwrap().into_owned()))
    };
    assert_eq!(ask(r#""n":1"#), Ok(()));
    assert_eq!(ask(r#""n":2"#), Err((true, "n".into())));
    assert_eq!(ask(r#""logprobs":false"#), Ok(()));
    assert_eq!(ask(r#""logprobs":true"#), Err((true, "logprobs".into())));
}

#[test]
fn custom_tools_are_told_as_functions_and_come_back() {
    let body = br#"{"model":"m","messages":[{"role":"user","content":"hi"},
        {"role":"assistant","tool_calls":[{"id":"c0","type":"custom","custom":{"name":"patch","input":"*** \"Begin\""}}]},
        {"role":"tool","tool_call_id":"c0","content":"ok"}],
        "tools":[{"type":"custom","custom":{"name":"patch","description":"d"}}]}"#;
    let request = read_request(Dialect::OpenAiChat, body, Asked::default()).unwrap();
    let mut losses = Losses::default();
    let written = write_request(&request, &Target::new(Dialect::Anthropic, "m"), &mut losses).unwrap();
    let sent: Value = serde_json::from_slice(&written.body).unwrap();
    assert_eq!(sent["messages"][1]["content"][0]["input"], json!({"input": "*** \"Begin\""}));
    assert!(losses.has("tools.custom"));
    let reply = dialect::hub::Reply { restore: written.restore, ..reply(Dialect::OpenAiChat) };
    let mut encoder = Encoder::new(Dialect::OpenAiChat, reply);
    let stream = MESSAGE_STREAM
        .replace("get_weather", "patch")
        .replace(r#"{\"location\": \"San Francisco, CA\"}"#, r#"{\"input\": \"a\\nb\"}"#);
    let (whole, _) = read_stream(Dialect::Anthropic, stream.as_bytes(), 9).unwrap();
    let mut out = Vec::new();
    whole.events().into_iter().for_each(|event| encoder.event(event, &mut out));
    let text = String::from_utf8(out).unwrap();
    assert!(text.contains(r#""type":"custom","custom":{"name":"patch","input":""}"#), "{text}");
    assert!(text.contains(r#""custom":{"input":"a\nb"}"#), "{text}");
}

#[test]
fn errors_in_their_words() {
    use dialect::hub::{Failure, write_error};
    let failure = Failure {
        status: 429,
        message: "Slow down.",
        code: Some("rate_limit_exceeded"),
        ..Failure::default()
    };
    let read = |dialect| serde_json::from_slice::<Value>(&write_error(dialect, &failure)).unwrap();
    assert_eq!(
        read(Dialect::Anthropic),
        json!({"type": "error", "error": {"type": "rate_limit_error", "message": "Slow down.", "details": {"error_code": "rate_limit_exceeded"}}})
    );
    assert_eq!(
        read(Dialect::OpenAiChat),
        json!({"error": {"message": "Slow down.", "type": "rate_limit_error", "param": null, "code": "rate_limit_exceeded"}})
    );
    for dialect in super::SPOKEN {
        let said = dialect::openai_chat::error::parse(429, &write_error(*dialect, &failure));
        assert_eq!(said.message, "Slow down.");
        assert_eq!(dialect::hub::status_of(&said), 429, "{said:?}");
    }
}

#[test]
fn media_are_fetched_where_the_target_takes_bytes() {
    let body = br#"{"model":"m","messages":[{"role":"user","content":[{"type":"image_url","image_url":{"url":"https://e.org/a.png"}}]}]}"#;
    let mut request = read_request(Dialect::OpenAiChat, body, Asked::default()).unwrap();
    let mut target = Target::new(Dialect::Anthropic, "m");
    target.can.media_by_url = false;
    let urls = dialect::hub::media::to_fetch(&request, &target);
    assert_eq!(urls, ["https://e.org/a.png"]);
    assert!(write_request(&request, &target, &mut Losses::default()).is_err());
    dialect::hub::media::put_bytes(&mut request, &urls[0], "image/png", "aGk=");
    assert!(write_request(&request, &target, &mut Losses::default()).is_ok());
    assert!(request.blocks().any(|block| matches!(&block.content, Content::Media(_))));
}
