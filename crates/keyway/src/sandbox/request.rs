//! The part of an OpenAI chat request that the sandbox obeys. Unknown fields are let pass;
//! a known field of the wrong form is refused by its name.

use super::MODELS;
use super::options::{Format, Tool, choices, format, stop, tokens_max, tool};
use crate::base::Code;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::value::RawValue;
use std::collections::HashMap;

const ROLES: [&str; 6] = ["developer", "system", "user", "assistant", "tool", "function"];

/// What is wrong with a request, and where.
pub(super) struct Bad {
    pub code: Code,
    pub param: String,
    pub message: String,
}

impl Bad {
    pub fn field(param: &str, message: impl Into<String>) -> Self {
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
        let StreamOptions { include_usage } =
            get.optional("stream_options", "an object")?.unwrap_or_default();
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
pub(super) struct Getter<'a> {
    fields: &'a Fields<'a>,
    path: &'a str,
}

impl Getter<'_> {
    /// The field's value; `None` when it is absent or null.
    pub fn optional<T: DeserializeOwned>(&self, name: &str, expected: &str) -> Result<Option<T>, Bad> {
        let Some(raw) = self.fields.get(name) else {
            return Ok(None);
        };
        serde_json::from_str(raw.get()).map_err(|_| {
            let param = format!("{}{name}", self.path);
            Bad::field(&param, format!("'{param}' is not {expected}."))
        })
    }

    pub fn required<T: DeserializeOwned>(&self, name: &str, expected: &str) -> Result<T, Bad> {
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
