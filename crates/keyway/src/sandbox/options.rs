//! The optional fields of a request that the sandbox obeys: tools, choices, limits, format.

use super::request::{Bad, Getter};
use serde::Deserialize;
use serde_json::Value;

/// Most choices of one request, as in the OpenAI API.
const CHOICES_MAX: u64 = 128;

/// Most stop sequences of one request; OpenAI takes 4, DeepSeek 16.
const STOPS_MAX: usize = 16;

/// Tools of `allowed_tools` that are looked at.
const ALLOWED_TOOLS_MAX: usize = 128;

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
pub(super) fn tool(get: &Getter) -> Result<Option<Tool>, Bad> {
    let offered: Option<Vec<WireTool>> = get.optional("tools", "an array of tools")?;
    let offered = offered.unwrap_or_default().into_iter().filter_map(WireTool::known);
    let expected = "none, auto, required or a tool";
    let missing =
        |what: &str| Bad::field("tool_choice", format!("'tool_choice' {what}, which 'tools' does not hold."));
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

pub(super) fn choices(get: &Getter) -> Result<u32, Bad> {
    let asked: u64 = get.optional("n", "a whole number")?.unwrap_or(1);
    match u32::try_from(asked) {
        Ok(choices) if (1..=CHOICES_MAX).contains(&asked) => Ok(choices),
        _ => Err(Bad::field("n", format!("'n' is not between 1 and {CHOICES_MAX}."))),
    }
}

/// The smaller of the two names of the same limit.
pub(super) fn tokens_max(get: &Getter) -> Result<Option<u64>, Bad> {
    let mut least: Option<u64> = None;
    for name in ["max_completion_tokens", "max_tokens"] {
        let Some(asked) = get.optional::<u64>(name, "a whole number")? else {
            continue;
        };
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

pub(super) fn stop(get: &Getter) -> Result<Vec<String>, Bad> {
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

pub(super) fn format(get: &Getter) -> Result<Format, Bad> {
    let asked: Option<WireFormat> = get.optional("response_format", "an object with a 'type'")?;
    let Some(asked) = asked else {
        return Ok(Format::Text);
    };
    match asked.kind.as_str() {
        "text" => Ok(Format::Text),
        "json_object" => Ok(Format::JsonObject),
        "json_schema" => match asked.json_schema {
            None => {
                Err(Bad::field("response_format.json_schema", "'response_format.json_schema' is required."))
            }
            Some(WireSchema { schema }) => Ok(schema.map_or(Format::JsonObject, Format::JsonSchema)),
        },
        _ => Err(Bad::field(
            "response_format.type",
            "'response_format.type' is not one of text, json_object, json_schema.",
        )),
    }
}
