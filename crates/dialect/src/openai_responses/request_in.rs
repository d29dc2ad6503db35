//! A request of this dialect read.

use super::response::ECHOED;
use super::{KNOBS, items_in, tools};
use crate::hub::knobs::Knob;
use crate::hub::request::{Block, Extra, Format};
use crate::hub::{Dialect, Effort, Invalid, Mode, Request};
use crate::json::{Kind, Members, Node};
use std::borrow::Cow;

/// Members that stand for what a provider keeps: only the account that made it can resolve them, so
/// such a request can be passed through to that one and never be translated.
pub const KEPT_BY_PROVIDER: [&str; 4] = ["previous_response_id", "conversation", "prompt", "background"];

/// Reads a request.
///
/// # Errors
/// A member that is missing or is not what it must be, and what only its provider can resolve.
pub(crate) fn read(body: Node<'_>) -> Result<Request<'_>, Invalid> {
    if body.kind() != Kind::Object {
        return Err(Invalid {
            param: None,
            message: "The body must be an object.".into(),
            unsupported: false,
        });
    }
    let mut top = body.members();
    for name in KEPT_BY_PROVIDER {
        if top.take(name).is_some_and(|node| node.bool() != Some(false)) {
            return Err(kept(name));
        }
    }
    let model = typed(&mut top, "model", "a string", Node::text)?;
    let model = model.ok_or_else(|| Invalid::wrong("model", "a string"))?;
    let mut request = Request::new(Dialect::OpenAiResponses, model);
    request.include_usage = true;
    let instructions = typed(&mut top, "instructions", "a string", Node::text)?;
    request.system.extend(instructions.filter(|text| !text.is_empty()).map(Block::text));
    items_in::read(top.take("input"), &mut request)?;
    request.tools.extend(tools::read(top.take("tools"), &mut request.extra)?);
    request.tool_choice = match top.take("tool_choice") {
        Some(node) => Some(tools::choice(node, &mut request.extra)?),
        None => None,
    };
    request.parallel_tools = typed(&mut top, "parallel_tool_calls", "true or false", Node::bool)?;
    let cap = |node: Node<'_>| node.whole().filter(|cap| *cap > 0);
    request.output_cap = typed(&mut top, "max_output_tokens", "a whole number from 1", cap)?;
    request.stream = typed(&mut top, "stream", "true or false", Node::bool)?.unwrap_or(false);
    request.user = top.take_any(&["safety_identifier", "user"]).and_then(Node::text);
    request.knobs.take(&mut top, KNOBS);
    if request.knobs.idle(Knob::Store) {
        request.knobs.set(Knob::Store, None);
    }
    text(&mut top, &mut request)?;
    reasoning(&mut top, &mut request);
    include(&mut top, &mut request);
    options(&mut top, &mut request);
    top.take("keyway");
    request.extra.extend(top.rest().map(|(path, node)| Extra { path, json: node.raw() }));
    Ok(request)
}

/// What the answer to a request must repeat of it, for [`crate::hub::Reply::echo`].
#[must_use]
pub fn echo(body: &[u8]) -> Vec<(&'static str, String)> {
    let mut top = Node::parse(body).map(Node::members).unwrap_or_default();
    let asked = ECHOED.iter().filter_map(|(name, _)| Some((*name, top.take(name)?.raw().to_owned())));
    asked.collect()
}

/// Takes a member out that must be what `read` reads.
fn typed<'a, T>(
    members: &mut Members<'a>,
    name: &'static str,
    expected: &str,
    read: impl FnOnce(Node<'a>) -> Option<T>,
) -> Result<Option<T>, Invalid> {
    members.take(name).map(|node| read(node).ok_or_else(|| Invalid::wrong(name, expected))).transpose()
}

/// What only the provider that keeps it can resolve.
pub(super) fn kept(name: &'static str) -> Invalid {
    let message = format!(
        "`{name}` stands for what a provider keeps, which this model's provider does not have: \
         send the whole conversation in `input`, with `store` false."
    );
    Invalid { param: Some(Cow::Borrowed(name)), message, unsupported: true }
}

/// Keeps what nobody took of `members`, which stood at `place`.
pub(super) fn rest<'a>(members: Members<'a>, place: &str, extra: &mut Vec<Extra<'a>>) {
    extra.extend(
        members.rest().map(|(name, node)| Extra { path: format!("{place}.{name}").into(), json: node.raw() }),
    );
}

fn text<'a>(top: &mut Members<'a>, request: &mut Request<'a>) -> Result<(), Invalid> {
    let Some(node) = top.take("text") else {
        return Ok(());
    };
    let mut text = node.members();
    request.knobs.set(Knob::Verbosity, text.take("verbosity").map(|node| node.raw().into()));
    if let Some(node) = text.take("format") {
        request.format = format(node.members(), &mut request.extra)?;
    }
    rest(text, "text", &mut request.extra);
    Ok(())
}

fn format<'a>(mut format: Members<'a>, extra: &mut Vec<Extra<'a>>) -> Result<Option<Format<'a>>, Invalid> {
    let found = match format.take_text("type").as_deref() {
        Some("text") => None,
        Some("json_object") => Some(Format::Json),
        Some("json_schema") => {
            let schema = format.take("schema").filter(|node| node.kind() == Kind::Object);
            let schema = schema.ok_or_else(|| Invalid::wrong("text.format.schema", "an object"))?;
            Some(Format::Schema {
                name: format.take_text("name").unwrap_or_default(),
                description: format.take_text("description"),
                schema: schema.raw().into(),
                strict: format.take("strict").and_then(Node::bool),
            })
        }
        _ => return Err(Invalid::wrong("text.format.type", "text, json_object or json_schema")),
    };
    rest(format, "text.format", extra);
    Ok(found)
}

fn reasoning<'a>(top: &mut Members<'a>, request: &mut Request<'a>) {
    let Some(node) = top.take("reasoning") else {
        return;
    };
    let (mut reasoning, wish) = (node.members(), &mut request.reasoning);
    let word = |node: Node<'a>| node.text().unwrap_or_default();
    if let Some(node) = reasoning.take("effort") {
        match &*word(node) {
            "none" => wish.mode = Some(Mode::Off),
            name => match Effort::named(name) {
                Some(effort) => wish.effort = Some(effort),
                None => request.extra.push(Extra { path: "reasoning.effort".into(), json: node.raw() }),
            },
        }
    }
    if let Some(node) = reasoning.take_any(&["summary", "generate_summary"]) {
        wish.visible = Some(word(node) != "none");
        // How long a summary shall be has no word elsewhere.
        if !matches!(&*word(node), "auto" | "none") {
            request.extra.push(Extra { path: "reasoning.summary".into(), json: node.raw() });
        }
    }
    rest(reasoning, "reasoning", &mut request.extra);
}

/// What the answer shall have beside the text. Encrypted reasoning is given whenever there is any.
fn include<'a>(top: &mut Members<'a>, request: &mut Request<'a>) {
    for node in top.take("include").map(Node::items).unwrap_or_default() {
        match node.text().as_deref() {
            Some("reasoning.encrypted_content") => {}
            Some("message.output_text.logprobs") => request.knobs.set(Knob::Logprobs, Some("true".into())),
            name => {
                let path = format!("include.{}", name.unwrap_or_default()).into();
                request.extra.push(Extra { path, json: node.raw() });
            }
        }
    }
}

/// Members that say what is so anyway.
fn options<'a>(top: &mut Members<'a>, request: &mut Request<'a>) {
    if let Some(node) = top.take("stream_options") {
        let mut options = node.members();
        if options.get("include_obfuscation").and_then(Node::bool) == Some(false) {
            options.take("include_obfuscation");
        }
        rest(options, "stream_options", &mut request.extra);
    }
    if top.get("truncation").and_then(Node::text).as_deref() == Some("disabled") {
        top.take("truncation");
    }
}
