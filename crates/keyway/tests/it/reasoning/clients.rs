//! Clients that make a tool loop and keep nothing of the model's reasoning: of what they are told they
//! bring back the calls, written anew.

use super::hosts::RESULT;
use testkit::{Keyway, Response, Value, json};

/// The dialects of clients, as their hosts are called.
pub const CLIENTS: [&str; 4] = super::hosts::PROVIDERS;

fn schema() -> Value {
    json!({"type": "object", "properties": {"city": {"type": "string"}, "days": {"type": "number"}}})
}

/// Path and body of the first request.
pub fn first(client: &str, model: &str, question: &str) -> (String, Value) {
    let system = "Be brief.";
    match client {
        "chat" => (
            "/v1/chat/completions".into(),
            json!({"model": model, "reasoning_effort": "high",
            "messages": [{"role": "system", "content": system}, {"role": "user", "content": question}],
            "tools": [{"type": "function", "function": {"name": "weather", "parameters": schema()}}]}),
        ),
        "anthropic" => (
            "/v1/messages".into(),
            json!({"model": model, "max_tokens": 4096, "system": system,
            "thinking": {"type": "enabled", "budget_tokens": 2048},
            "messages": [{"role": "user", "content": question}],
            "tools": [{"name": "weather", "input_schema": schema()}]}),
        ),
        "gemini" => (
            format!("/v1beta/models/{model}:generateContent"),
            json!({
            "systemInstruction": {"parts": [{"text": system}]},
            "contents": [{"role": "user", "parts": [{"text": question}]}],
            "tools": [{"functionDeclarations": [{"name": "weather", "parametersJsonSchema": schema()}]}],
            "generationConfig": {"thinkingConfig": {"includeThoughts": true, "thinkingBudget": 2048}}}),
        ),
        _ => (
            "/v1/responses".into(),
            json!({"model": model, "instructions": system,
            "reasoning": {"effort": "high"}, "input": [{"role": "user", "content": question}],
            "tools": [{"type": "function", "name": "weather", "parameters": schema(), "strict": false}]}),
        ),
    }
}

fn only(items: &Value, is: impl Fn(&Value) -> bool) -> Vec<Value> {
    items.as_array().expect("a list").iter().filter(|item| is(item)).cloned().collect()
}

/// JSON text as a client writes it that has read it.
fn anew(text: &Value) -> Value {
    let value: Value = serde_json::from_str(text.as_str().expect("text")).expect("JSON");
    json!(value.to_string().replace("1.0", "1"))
}

/// The second request: the calls of the answer, and what came of them.
pub fn second(client: &str, mut body: Value, answer: &Value) -> Value {
    let add =
        |body: &mut Value, to: &str, all: Vec<Value>| body[to].as_array_mut().expect("a list").extend(all);
    match client {
        "chat" => {
            let mut call = answer["choices"][0]["message"]["tool_calls"][0].clone();
            call["function"]["arguments"] = anew(&call["function"]["arguments"]);
            add(
                &mut body,
                "messages",
                vec![
                    json!({"role": "assistant", "content": null, "tool_calls": [call]}),
                    json!({"role": "tool", "tool_call_id": call["id"], "content": RESULT}),
                ],
            );
        }
        "anthropic" => {
            let calls = only(&answer["content"], |block| block["type"] == "tool_use");
            let result = json!({"type": "tool_result", "tool_use_id": calls[0]["id"], "content": RESULT});
            add(
                &mut body,
                "messages",
                vec![
                    json!({"role": "assistant", "content": calls}),
                    json!({"role": "user", "content": [result]}),
                ],
            );
        }
        "gemini" => {
            let parts =
                only(&answer["candidates"][0]["content"]["parts"], |part| part["functionCall"].is_object());
            let call = json!({"functionCall": parts[0]["functionCall"]});
            let mut result = json!({"name": "weather", "response": {"result": RESULT}});
            if parts[0]["functionCall"]["id"].is_string() {
                result["id"] = parts[0]["functionCall"]["id"].clone();
            }
            add(
                &mut body,
                "contents",
                vec![
                    json!({"role": "model", "parts": [call]}),
                    json!({"role": "user", "parts": [{"functionResponse": result}]}),
                ],
            );
        }
        _ => {
            let mut call = only(&answer["output"], |item| item["type"] == "function_call").remove(0);
            call["arguments"] = anew(&call["arguments"]);
            let result =
                json!({"type": "function_call_output", "call_id": call["call_id"], "output": RESULT});
            add(&mut body, "input", vec![call, result]);
        }
    }
    body
}

/// Asks as a client does.
pub fn ask(keyway: &Keyway, key: &str, (path, body): (&str, &Value)) -> Response {
    let bearer = format!("Bearer {key}");
    let headers = [
        ("authorization", bearer.as_str()),
        ("anthropic-version", "2023-06-01"),
        ("content-type", "application/json"),
    ];
    keyway.request("POST", path, &headers, body.to_string().as_bytes())
}
