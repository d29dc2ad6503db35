//! Every provider row against a host that refuses what the real one refuses: another path, another
//! credential, and whatever its quirks are about. Made from the rows: another row is another case.

use keyway::catalog::{AuthStyle, Dialect, ProviderRow, Quirk, builtin, url};
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::sync::Arc;
use testkit::upstream::Request;
use testkit::{Answer, Keyway, Upstream, Value, json};

/// Where the row says that chats go.
fn base_path(row: &ProviderRow) -> Option<String> {
    base_path_of(row, Dialect::OpenaiChat)
}

/// Where the row says that a dialect is spoken, filled with `x`: without scheme and host.
pub fn base_path_of(row: &ProviderRow, dialect: Dialect) -> Option<String> {
    let urls = row.base_url.as_deref()?;
    let (_, text) = urls.iter().find(|(of, _)| *of == dialect)?;
    let whole = url::filled(text, |_| Some("x")).expect("an address");
    let rest = whole.split_once("://")?.1;
    Some(rest.find('/').map_or(String::new(), |at| rest[at..].to_owned()))
}

fn auth(row: &ProviderRow) -> AuthStyle {
    let by = row.auth_by.iter().flatten().find(|(dialect, _)| *dialect == Dialect::OpenaiChat);
    by.map_or(row.auth.unwrap_or(AuthStyle::Bearer), |(_, auth)| *auth)
}

/// What the row's host sees of its credential, field and value; `None` where that is new each time
/// (`auth.rs` looks at those).
pub fn shown(auth: AuthStyle, secret: &str) -> Option<(&'static str, String)> {
    Some(match auth {
        AuthStyle::Bearer => ("authorization", format!("Bearer {secret}")),
        AuthStyle::XApiKey => ("x-api-key", secret.to_owned()),
        AuthStyle::XGoogApiKey => ("x-goog-api-key", secret.to_owned()),
        AuthStyle::Azure => ("api-key", secret.to_owned()),
        AuthStyle::Query | AuthStyle::Sigv4 | AuthStyle::GoogleOauth | AuthStyle::None => return None,
    })
}

pub fn secret(provider: &str) -> String {
    format!("contract-secret-of-{provider}-0123456789")
}

/// Why a host with this deviation refuses a request, from what is documented of it.
fn refusal(quirk: Quirk, path: &str, body: &Value) -> Option<&'static str> {
    let has = |name: &str| body.get(name).is_some();
    let messages = body["messages"].as_array().cloned().unwrap_or_default();
    let is_list = |message: &Value| message["content"].is_array();
    let forced = body["tool_choice"] == "required" || body["tool_choice"].is_object();
    let strict = body["tools"].as_array().is_some_and(|tools| {
        !tools.is_empty() && tools.iter().all(|tool| tool["function"]["strict"] == true)
    });
    let is = |holds: bool, why: &'static str| holds.then_some(why);
    match quirk {
        Quirk::NoStreamUsage => is(has("stream_options"), "stream_options"),
        Quirk::MaxTokensOnly => is(has("max_completion_tokens"), "max_completion_tokens"),
        Quirk::MaxCompletionTokensOnly => is(has("max_tokens"), "max_tokens"),
        Quirk::OneOutputCap => is(has("max_tokens") && has("max_completion_tokens"), "two output caps"),
        Quirk::NoDeveloperRole => {
            is(messages.iter().any(|message| message["role"] == "developer"), "unknown variant `developer`")
        }
        Quirk::ForcedToolsEndThinking => {
            is(forced && body["thinking"]["type"] != "disabled", "tool_choice in thinking mode")
        }
        Quirk::ForcedToolsEndEnableThinking => {
            is(forced && body["enable_thinking"] != false, "tool_choice in thinking mode")
        }
        Quirk::ReasoningReplayed => {
            let bare = |message: &Value| {
                message["tool_calls"].is_array()
                    && message["reasoning_content"].as_str().is_none_or(str::is_empty)
            };
            is(messages.iter().any(bare), "the `reasoning_content` in the thinking mode must be passed back")
        }
        Quirk::TenantUserId => is(
            body["user_id"].as_str().is_none_or(|id| id.len() != 32 || id.contains("alice")),
            "user_id of a client",
        ),
        Quirk::BetaPath => is(strict && !path.contains("/beta/"), "strict tools outside /beta"),
        Quirk::RandomSeed => is(has("seed"), "seed"),
        Quirk::PlainTextContent => is(messages.iter().any(is_list), "content that is a list"),
        Quirk::PlainTextToolResults => {
            let tool = messages.iter().any(|message| message["role"] == "tool" && is_list(message));
            is(tool, "a tool result that is a list")
        }
        Quirk::StoreFalse => is(body["store"] != false, "store"),
        Quirk::ToolCallsSwitch => {
            is(has("tools") && body["tool_calls_switch"] != true, "no tool_calls_switch")
        }
        Quirk::ReasoningExcludedFromCompletion | Quirk::RawPredict => None,
    }
}

/// What a client of OpenAI's may send, with everything in it that somebody refuses.
fn hard(model: &str) -> Vec<Value> {
    let text = |text: &str| json!([{ "type": "text", "text": text }]);
    let tool = json!({ "type": "function", "function": { "name": "f", "strict": true, "parameters": { "type": "object" } } });
    let base = json!({
        "model": model,
        "messages": [
            { "role": "developer", "content": text("be brief") },
            { "role": "user", "content": "hi" },
            { "role": "assistant", "content": null, "tool_calls": [{ "id": "c1", "type": "function", "function": { "name": "f", "arguments": "{}" } }] },
            { "role": "tool", "tool_call_id": "c1", "content": text("4") },
        ],
        "tools": [tool],
        "tool_choice": "required",
        "seed": 7,
        "store": true,
        "user_id": "alice",
    });
    let with = |more: &[(&str, Value)]| {
        let mut body = base.clone();
        for (name, value) in more {
            body[name] = value.clone();
        }
        body
    };
    vec![
        with(&[("max_tokens", json!(64))]),
        with(&[("max_completion_tokens", json!(64)), ("stream", json!(true))]),
        with(&[("max_tokens", json!(64)), ("max_completion_tokens", json!(64))]),
    ]
}

/// A host for every row, told apart by the first segment of the path.
fn host(rows: Vec<ProviderRow>) -> Upstream {
    let rows: Arc<BTreeMap<String, ProviderRow>> =
        Arc::new(rows.into_iter().map(|row| (row.name.clone(), row)).collect());
    Upstream::scripted(move |request| match judged(&rows, request) {
        Ok(()) => Answer::ok(),
        Err(why) => Answer::error(422, "invalid_request_error", "contract", &why),
    })
}

fn judged(rows: &BTreeMap<String, ProviderRow>, request: &Request) -> Result<(), String> {
    let name = request.path.split('/').nth(1).unwrap_or_default();
    let row = rows.get(name).ok_or_else(|| format!("no such host: {}", request.path))?;
    let base = base_path(row).unwrap_or_default();
    let body = request.json();
    let quirks = row.quirks.as_deref().unwrap_or_default();
    let paths = [format!("/{name}{base}/chat/completions"), format!("/{name}{base}/beta/chat/completions")];
    let allowed = if quirks.contains(&Quirk::BetaPath) { &paths[..] } else { &paths[..1] };
    if !allowed.contains(&request.path) || request.method != "POST" {
        return Err(format!("404: {} {}", request.method, request.path));
    }
    let fields = ["authorization", "x-api-key", "x-goog-api-key", "api-key"];
    let seen: Vec<(&str, String)> =
        fields.iter().filter_map(|name| Some((*name, request.header(name)?.to_owned()))).collect();
    if Some(&seen[..]) != shown(auth(row), &secret(name)).as_ref().map(std::slice::from_ref) {
        return Err(format!("401: {:?}", seen.iter().map(|(name, _)| name).collect::<Vec<_>>()));
    }
    if body["model"] != "contract" {
        return Err(format!("no such model: {}", body["model"]));
    }
    if body["stream"] == true && !quirks.contains(&Quirk::NoStreamUsage) && !request.wants_usage() {
        return Err("nobody asked for the usage of a stream".to_owned());
    }
    match quirks.iter().find_map(|quirk| refusal(*quirk, &request.path, &body)) {
        Some(why) => Err(why.to_owned()),
        None => Ok(()),
    }
}

/// Every row through the program; the names of those that were asked.
fn pass(rows: &[ProviderRow], more: &str) -> Vec<String> {
    let chat: Vec<&ProviderRow> =
        rows.iter().filter(|row| base_path(row).is_some() && shown(auth(row), "").is_some()).collect();
    let upstream = host(chat.iter().map(|row| (*row).clone()).collect());
    let mut text = String::new();
    let mut builder = Keyway::builder(env!("CARGO_BIN_EXE_keyway")).env("KEYWAY_WORKERS", "1");
    for row in &chat {
        let (name, path) = (&row.name, base_path(row).unwrap_or_default());
        let variable = format!("CONTRACT_{}", name.to_uppercase().replace('-', "_"));
        let base = format!("http://{}/{name}{path}", upstream.address());
        let (head, url) = (format!("[providers.{name}]"), format!("base_url = \"{base}\"\n"));
        if !more.contains(&head) {
            let _ = write!(text, "{head}\n{url}credential = \"env:{variable}\"\n");
        }
        let _ = writeln!(text, "[models.\"{name}/contract\"]");
        builder = builder.env(&variable, &secret(name));
    }
    let more = more.replace("http://host", &format!("http://{}", upstream.address()));
    let keyway = builder.config(&text).config(&more).start();
    let (_, key) = keyway.make_key("contract");
    for row in &chat {
        for body in hard(&format!("{}/contract", row.name)) {
            let answer = keyway.post_json("/v1/chat/completions", &key, &body);
            assert_eq!(answer.status, 200, "{}: {}\n{body}", row.name, answer.text());
        }
    }
    chat.iter().map(|row| row.name.clone()).collect()
}

pub fn builtin_rows() -> Vec<ProviderRow> {
    builtin::providers().unwrap().providers.into_iter().filter(|row| row.name != "sandbox").collect()
}

#[test]
fn every_row_passes_its_contract() {
    let rows = builtin_rows();
    let asked = pass(&rows, "");
    assert!(asked.len() >= 45, "{asked:?}");
    for row in rows.iter().filter(|row| !asked.contains(&row.name)) {
        let chats = base_path(row).is_some();
        assert!(!chats || shown(auth(row), "").is_none(), "{} was not asked", row.name);
    }
}

#[test]
fn a_lookalike_is_a_row_and_nothing_else() {
    let base = builtin_rows().into_iter().find(|row| row.name == "groq").unwrap();
    let quirks: Vec<Quirk> = Quirk::ALL
        .iter()
        .copied()
        .filter(|quirk| !matches!(quirk, Quirk::MaxCompletionTokensOnly | Quirk::OneOutputCap))
        .collect();
    let words: Vec<String> = quirks.iter().map(|quirk| format!("\"{}\"", quirk.word())).collect();
    let row = ProviderRow {
        name: "lookalike".to_owned(),
        base_url: Some(vec![(Dialect::OpenaiChat, "http://host/far/away/v9".to_owned())]),
        auth: Some(AuthStyle::Azure),
        quirks: Some(quirks),
        ..base
    };
    let text = format!(
        "[providers.lookalike]\nbase_url = \"http://host/lookalike/far/away/v9\"\nauth = \"azure\"\n\
         credential = \"env:CONTRACT_LOOKALIKE\"\nquirks = [{}]\n",
        words.join(", ")
    );
    assert_eq!(pass(&[row], &text), ["lookalike"]);
}

/// The host of this test would see each deviation, if the program did not mend it.
#[test]
fn what_a_client_sends_would_be_refused() {
    let elsewhere = [Quirk::ReasoningExcludedFromCompletion, Quirk::RawPredict];
    for quirk in Quirk::ALL.iter().filter(|quirk| !elsewhere.contains(quirk)) {
        let mut asked = hard("contract");
        asked[1]["stream_options"] = json!({ "include_usage": true });
        let refused = asked.iter().any(|body| refusal(*quirk, "/chat/completions", body).is_some());
        assert!(refused, "{}", quirk.word());
    }
}
