//! A request read. The model and whether a stream is wanted stand in its path.

use super::parts_in::{content, parts, rest};
use super::{HOME, schema, tools};
use crate::hub::knobs::{Knob, Named};
use crate::hub::request::{Block, Content, Extra, Format, Media, MediaKind, Source};
use crate::hub::{Asked, Effort, Invalid, Mode, Request};
use crate::json::{Kind, Members, Node};
use std::borrow::Cow;

/// Names of the knobs, in `generationConfig`.
pub(super) const KNOBS: Named = &[
    (Knob::Temperature, "temperature"),
    (Knob::TopP, "topP"),
    (Knob::TopK, "topK"),
    (Knob::FrequencyPenalty, "frequencyPenalty"),
    (Knob::PresencePenalty, "presencePenalty"),
    (Knob::Seed, "seed"),
    (Knob::N, "candidateCount"),
    (Knob::Logprobs, "responseLogprobs"),
    (Knob::TopLogprobs, "logprobs"),
];

/// Reads a request.
///
/// # Errors
/// A member that is missing or is not what it must be.
pub(crate) fn read<'a>(body: Node<'a>, asked: Asked<'a>) -> Result<Request<'a>, Invalid> {
    let mut top = body.members().camel();
    let model = asked.model.filter(|model| !model.is_empty());
    let model = model.ok_or_else(|| Invalid::wrong("model", "in the path"))?;
    top.take("model");
    let mut request = Request::new(HOME, Cow::Borrowed(model));
    request.stream = asked.stream;
    request.include_usage = true;
    if let Some(node) = top.take("systemInstruction") {
        let mut system = Vec::new();
        match node.text() {
            Some(text) => system.push(Block::text(text)),
            None => parts(node.members().take("parts"), &mut system, &mut request)?,
        }
        request.system = system;
    }
    if let Some(name) = top.take_text("cachedContent") {
        let source = Source::File(name);
        let media = Media { kind: MediaKind::Document, source, detail: None, name: None };
        request.system.insert(0, Block::new(Content::Media(media)));
    }
    let contents = top.take("contents").filter(|node| node.kind() == Kind::Array);
    for node in contents.ok_or_else(|| Invalid::wrong("contents", "an array"))?.items() {
        content(node, &mut request)?;
    }
    for node in top.take("tools").map(Node::items).unwrap_or_default() {
        tools::read(node, &mut request)?;
    }
    if let Some(node) = top.take("toolConfig") {
        tools::read_choice(node, &mut request)?;
    }
    if let Some(node) = top.take("generationConfig") {
        config(node.members().camel(), &mut request)?;
    }
    if let Some(tier) = top.take_text("serviceTier") {
        let tier = if tier == "standard" { "default".into() } else { tier.to_ascii_lowercase() };
        request.knobs.set(Knob::ServiceTier, Some(format!("\"{tier}\"").into()));
    }
    top.take("keyway");
    for (path, node) in top.rest() {
        request.extra.push(Extra { path, json: node.raw() });
    }
    Ok(request)
}

fn config<'a>(mut config: Members<'a>, request: &mut Request<'a>) -> Result<(), Invalid> {
    request.knobs.take(&mut config, KNOBS);
    request.output_cap = config.take("maxOutputTokens").and_then(Node::whole);
    let stop = config.take("stopSequences").map(Node::items).unwrap_or_default();
    request.stop = stop.into_iter().filter_map(Node::text).collect();
    let given = config.take("responseJsonSchema").map(|node| Cow::Borrowed(node.raw()));
    let schema = given.or(config.take("responseSchema").map(|node| Cow::Owned(schema::to_json_schema(node))));
    let json = match config.get("responseMimeType").and_then(Node::text).as_deref() {
        Some("application/json") => true,
        None | Some("text/plain") => false,
        // An enumeration as bare text: nobody else has it.
        Some(_) => return keep(config, request),
    };
    config.take("responseMimeType");
    request.format = match schema {
        Some(schema) => {
            Some(Format::Schema { name: "".into(), description: None, schema, strict: Some(true) })
        }
        None => json.then_some(Format::Json),
    };
    keep(config, request)
}

/// What is left of the configuration, but for thinking.
fn keep<'a>(mut config: Members<'a>, request: &mut Request<'a>) -> Result<(), Invalid> {
    if let Some(node) = config.take("thinkingConfig") {
        let mut thinking = node.members().camel();
        let wish = &mut request.reasoning;
        wish.visible = thinking.take("includeThoughts").and_then(Node::bool);
        match thinking.take("thinkingBudget").map(Node::raw) {
            Some("0") => wish.mode = Some(Mode::Off),
            Some(raw) => match raw.parse() {
                Ok(budget) => (wish.mode, wish.budget) = (Some(Mode::On), Some(budget)),
                Err(_) => wish.mode = Some(Mode::Adaptive),
            },
            None => {}
        }
        let level =
            thinking.get("thinkingLevel").and_then(Node::text).map(|level| level.to_ascii_lowercase());
        wish.effort = level.and_then(|level| Effort::named(&level));
        if wish.effort.is_some() {
            thinking.take("thinkingLevel");
        }
        rest(thinking, "generationConfig.thinkingConfig", request);
    }
    rest(config, "generationConfig", request);
    Ok(())
}
