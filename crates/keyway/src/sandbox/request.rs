//! The part of an OpenAI chat request that the sandbox obeys. Unknown fields are let pass;
//! a known field of the wrong form is refused by its name.

use super::MODELS;
use crate::base::Code;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use serde_json::value::RawValue;
use std::collections::HashMap;

/// Most choices of one request, as in the OpenAI API.
const CHOICES_MAX: u64 = 128;

/// Most stop sequences of one request; OpenAI takes 4, DeepSeek 16.
const STOPS_MAX: usize = 16;

/// Tools of `allowed_tools` that are looked at.
const ALLOWED_TOOLS_MAX: usize = 128;

const ROLES: [&str; 6] = ["developer", "system", "user", "assistant", "tool", "function"];

/// What is wrong with a request, and where.
pub(super) struct Bad {
    pub code: Code,
    pub param: String,
    pub message: String,
}

impl Bad {
    fn field(param: &str, message: impl Into<String>) -> Self {
        Self { code: Code::InvalidRequest, param: param.to_owned(), message: message.into() }
    }
}

/// A checked request.
pub(super) struct Request {
    /// Canonical name, `sandbox/...`.
    pub model: &'static str,
    /// Text of the last user message, empty when there is none.
    pub user_text: String,
    /// Text of the last message when that is a tool's result.
    pub tool_result: Option<String>,
    /// Bytes of all message texts.
    pub prompt_bytes: u64,
    /// Number of messages: makes tool call ids of successive turns differ.
    pub turn: usize,
    /// The tool to call, where one may be called.
    pub tool: Option<Tool>,
    /// Number of choices, 1 to 128.
    pub choices: u32,
    /// Most tokens of a choice.
    pub tokens_max: Option<u64>,
    /// Texts the answer ends before.
    pub stop: Vec<String>,
    /// What the answer's text must look like.
    pub format: Format,
    /// Server-sent events are asked for.
    pub stream: bool,
    /// A stream is to end with its usage.
    pub include_usage: bool,
}

/// A tool the request offers.
pub(super) struct Tool {
    pub name: String,
    /// JSON schema of a function's arguments; `None` for a custom tool, whose input is free text.
    pub parameters: Option<Value>,
}

/// Form of the answer's text.
pub(super) enum Format {
    Text,
    JsonObject,
    JsonSchema(Value),
}

type Fields<'a> = HashMap<String, &'a RawValue>;

impl Request {
    /// Reads and checks a request body.
    pub fn parse(body: &[u8]) -> Result<Self, Bad> {
        let not_object = |_| Bad::field("body", "The body is not a JSON object.");
        let fields: Fields = serde_json::from_slice(body).map_err(not_object)?;
        let get = Getter { fields: &fields, path: "" };
        let model = model(&get)?;
        let messages = messages(&get)?;
        let last_user = messages.iter().rev().find(|message| message.role == "user");
        let tool_result = messages.last().filter(|last| matches!(last.role.as_str(), "tool" | "function"));
        let StreamOptions { include_usage } = get.optional("stream_options", "an object")?.unwrap_or_default();
        Ok(Self {
            model,
            user_text: last_user.map(|message| message.text.clone()).unwrap_or_default(),
            tool_result: tool_result.map(|message| message.text.clone()),
            prompt_bytes: messages.iter().map(|message| message.text.len() as u64).sum(),
            turn: messages.len(),
            tool: tool(&get)?,
            choices: choices(&get)?,
            tokens_max: tokens_max(&get)?,
            stop: stop(&get)?,
            format: format(&get)?,
            stream: get.optional("stream", "a boolean")?.unwrap_or(false),
            include_usage: include_usage.unwrap_or(false),
        })
    }
}

/// Takes fields out of one object; `path` leads to it.
struct Getter<'a> {
    fields: &'a Fields<'a>,
    path: &'a str,
}

impl Getter<'_> {
    fn optional<T: DeserializeOwned>(&self, name: &str, expected: &str) -> Result<Option<T>, Bad> {
        let Some(raw) = self.fields.get(name) else { return Ok(None) };
        serde_json::from_str(raw.get()).map_err(|_| {
            let param = format!("{}{name}", self.path);
            Bad::field(&param, format!("'{param}' is not {expected}."))
        })
    }

    fn required<T: DeserializeOwned>(&self, name: &str, expected: &str) -> Result<T, Bad> {
        self.optional(name, expected)?.ok_or_else(|| {
            let param = format!("{}{name}", self.path);
            Bad::field(&param, format!("'{param}' is required: {expected}."))
        })
    }
}

fn model(get: &Getter) -> Result<&'static str, Bad> {
    let asked: String = get.required("model", "a string")?;
    let name = asked.strip_prefix("sandbox/").unwrap_or(&asked);
    match MODELS.iter().position(|model| *model == name) {
        Some(0) => Ok("sandbox/echo"),
        Some(1) => Ok("sandbox/slow"),
        Some(2) => Ok("sandbox/error"),
        _ => Err(Bad {
            code: Code::ModelNotFound,
            ..Bad::field("model", "The sandbox has the models sandbox/echo, sandbox/slow and sandbox/error.")
        }),
    }
}

struct Message {
    role: String,
    text: String,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Content {
    Text(String),
    Parts(Vec<Part>),
}

#[derive(Deserialize)]
struct Part {
    text: Option<String>,
}

fn messages(get: &Getter) -> Result<Vec<Message>, Bad> {
    let raw: Vec<Box<RawValue>> = get.required("messages", "an array of messages")?;
    if raw.is_empty() {
        return Err(Bad::field("messages", "'messages' is empty: one message is the least."));
    }
    raw.iter().enumerate().map(|(index, raw)| message(index, raw)).collect()
}

fn message(index: usize, raw: &RawValue) -> Result<Message, Bad> {
    let path = format!("messages[{index}]");
    let not_object = |_| Bad::field(&path, format!("'{path}' is not an object."));
    let fields: Fields = serde_json::from_str(raw.get()).map_err(not_object)?;
    let inner = format!("{path}.");
    let get = Getter { fields: &fields, path: &inner };
    let role: String = get.required("role", "a string")?;
    if !ROLES.contains(&role.as_str()) {
        let param = format!("{path}.role");
        return Err(Bad::field(&param, format!("'{param}' is not one of {}.", ROLES.join(", "))));
    }
    let text = match get.optional("content", "a string or an array of content parts")? {
        None => String::new(),
        Some(Content::Text(text)) => text,
        Some(Content::Parts(parts)) => parts.into_iter().filter_map(|part| part.text).collect(),
    };
    Ok(Message { role, text })
}

#[derive(Deserialize, Default)]
struct StreamOptions {
    include_usage: Option<bool>,
}

#[derive(Deserialize)]
struct WireTool {
    function: Option<WireFunction>,
    custom: Option<WireNamed>,
}

#[derive(Deserialize)]
struct WireFunction {
    name: String,
    parameters: Option<Value>,
}

#[derive(Deserialize)]
struct WireNamed {
    name: String,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum ToolChoice {
    Mode(Mode),
    Allowed { allowed_tools: Allowed },
    Named(WireTool),
}

#[derive(Deserialize, Clone, Copy, PartialEq, Eq)]
#[serde(rename_all = "lowercase")]
enum Mode {
    None,
    Auto,
    Required,
}

#[derive(Deserialize)]
struct Allowed {
    mode: Mode,
    tools: Vec<WireTool>,
}

impl WireTool {
    fn name(&self) -> Option<&str> {
        let function = self.function.as_ref().map(|function| function.name.as_str());
        function.or(self.custom.as_ref().map(|custom| custom.name.as_str()))
    }

    fn known(self) -> Option<Tool> {
        if let Some(WireFunction { name, parameters }) = self.function {
            let parameters = Some(parameters.unwrap_or(Value::Null));
            return Some(Tool { name, parameters });
        }
        self.custom.map(|custom| Tool { name: custom.name, parameters: None })
    }
}

/// The tool a call would go to. Kinds of tools the sandbox does not know are passed over.
fn tool(get: &Getter) -> Result<Option<Tool>, Bad> {
    let offered: Option<Vec<WireTool>> = get.optional("tools", "an array of tools")?;
    let offered = offered.unwrap_or_default().into_iter().filter_map(WireTool::known);
    let expected = "none, auto, required or a tool";
    let missing = |what: &str| Bad::field("tool_choice", format!("'tool_choice' {what}, which 'tools' does not hold."));
    let (allowed, mode) = match get.optional::<ToolChoice>("tool_choice", expected)? {
        None => (None, Mode::Auto),
        Some(ToolChoice::Mode(mode)) => (None, mode),
        Some(ToolChoice::Allowed { allowed_tools: Allowed { mode, tools } }) => (Some(tools), mode),
        Some(ToolChoice::Named(named)) => (Some(vec![named]), Mode::Required),
    };
    let is_allowed = |tool: &Tool| match &allowed {
        None => true,
        Some(allowed) => allowed.iter().take(ALLOWED_TOOLS_MAX).any(|one| one.name() == Some(&tool.name)),
    };
    let first = offered.into_iter().find(is_allowed);
    match (mode, first) {
        (Mode::None, _) => Ok(None),
        (Mode::Required, None) => Err(missing("demands a tool")),
        (_, first) => Ok(first),
    }
}

fn choices(get: &Getter) -> Result<u32, Bad> {
    let asked: u64 = get.optional("n", "a whole number")?.unwrap_or(1);
    match u32::try_from(asked) {
        Ok(choices) if (1..=CHOICES_MAX).contains(&asked) => Ok(choices),
        _ => Err(Bad::field("n", format!("'n' is not between 1 and {CHOICES_MAX}."))),
    }
}

/// The smaller of the two names of the same limit.
fn tokens_max(get: &Getter) -> Result<Option<u64>, Bad> {
    let mut least: Option<u64> = None;
    for name in ["max_completion_tokens", "max_tokens"] {
        let Some(asked) = get.optional::<u64>(name, "a whole number")? else { continue };
        if asked == 0 {
            return Err(Bad::field(name, format!("'{name}' is less than 1.")));
        }
        least = Some(least.map_or(asked, |least| least.min(asked)));
    }
    Ok(least)
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Stop {
    One(String),
    Many(Vec<String>),
}

fn stop(get: &Getter) -> Result<Vec<String>, Bad> {
    let mut stop = match get.optional("stop", "a string or an array of strings")? {
        None => Vec::new(),
        Some(Stop::One(one)) => vec![one],
        Some(Stop::Many(many)) => many,
    };
    if stop.len() > STOPS_MAX {
        return Err(Bad::field("stop", format!("'stop' holds more than {STOPS_MAX} texts.")));
    }
    stop.retain(|text| !text.is_empty());
    Ok(stop)
}

#[derive(Deserialize)]
struct WireFormat {
    #[serde(rename = "type")]
    kind: String,
    json_schema: Option<WireSchema>,
}

#[derive(Deserialize)]
struct WireSchema {
    schema: Option<Value>,
}

fn format(get: &Getter) -> Result<Format, Bad> {
    let asked: Option<WireFormat> = get.optional("response_format", "an object with a 'type'")?;
    let Some(asked) = asked else { return Ok(Format::Text) };
    match asked.kind.as_str() {
        "text" => Ok(Format::Text),
        "json_object" => Ok(Format::JsonObject),
        "json_schema" => match asked.json_schema {
            None => Err(Bad::field("response_format.json_schema", "'response_format.json_schema' is required.")),
            Some(WireSchema { schema }) => Ok(schema.map_or(Format::JsonObject, Format::JsonSchema)),
        },
        _ => Err(Bad::field(
            "response_format.type",
            "'response_format.type' is not one of text, json_object, json_schema.",
        )),
    }
}
