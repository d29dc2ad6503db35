//! A request written. The model and whether a stream is wanted stand in its path.

use super::request_in::KNOBS;
use super::state::SKIPPED;
use super::{HOME, is_early, part_out, tools};
use crate::hub::knobs::Knob;
use crate::hub::request::{Block, Content, Format, Role, Source, State};
use crate::hub::{Invalid, Losses, Mode, Reason, ReasoningControl, Request, Target};
use crate::json::{Kind, Node, Out};

/// Seeds are below this.
const SEED_END: u64 = 1 << 31;
/// A budget that leaves it to the model.
const DYNAMIC: &str = "-1";
/// Words of a schema that bind elsewhere and not here.
const UNBOUND: [&str; 17] = [
    "pattern",
    "minLength",
    "maxLength",
    "multipleOf",
    "exclusiveMinimum",
    "exclusiveMaximum",
    "uniqueItems",
    "minProperties",
    "maxProperties",
    "patternProperties",
    "propertyNames",
    "allOf",
    "not",
    "if",
    "contains",
    "const",
    "unevaluatedProperties",
];

/// Writes a request.
///
/// # Errors
/// None at present: what cannot be said is refused before.
pub(crate) fn write(
    request: &Request<'_>,
    target: &Target<'_>,
    losses: &mut Losses,
) -> Result<Vec<u8>, Invalid> {
    let mut out = Out::with_room(2048);
    out.object(|out| {
        system(request, losses, out);
        out.key("contents").array(|out| contents(request, target, losses, out));
        tools::write(request, target, losses, out);
        let mut knobs = Out::with_room(256);
        knobs.object(|out| config(request, target, losses, out));
        let config = knobs.into_bytes();
        if let Some(config) = std::str::from_utf8(&config).ok().filter(|config| *config != "{}") {
            out.key("generationConfig").raw(config);
        }
        match request.knobs.get(Knob::ServiceTier) {
            Some("\"default\"") => out.member("serviceTier", "standard"),
            Some(tier @ ("\"flex\"" | "\"priority\"")) => out.key("serviceTier").raw(tier),
            Some("\"auto\"") | None => {}
            Some(_) => losses.note("service_tier", Reason::Unsupported),
        }
        for extra in &request.extra {
            out.key(&extra.path).raw(extra.json);
        }
    });
    if request.user.is_some() {
        losses.note("user", Reason::Unsupported);
    }
    Ok(out.into_bytes())
}

fn system(request: &Request<'_>, losses: &mut Losses, out: &mut Out) {
    let cached = request.system.iter().find_map(|block| match &block.content {
        Content::Media(media) => match &media.source {
            Source::File(name)
                if name.starts_with("cachedContents/") || name.contains("/cachedContents/") =>
            {
                Some(name)
            }
            _ => None,
        },
        _ => None,
    });
    out.maybe("cachedContent", cached.map(|name| &**name));
    let texts: Vec<&str> = request.system.iter().filter_map(Block::as_text).collect();
    if texts.len() + usize::from(cached.is_some()) < request.system.len() {
        losses.note("system", Reason::Unsupported);
    }
    if !texts.is_empty() {
        out.key("systemInstruction").object(|out| {
            out.key("parts").array(|out| {
                texts.iter().for_each(|text| out.object(|out| out.member("text", text)));
            });
        });
    }
}

/// Turns of one speaker in a row are one content. Results of tools stand at its beginning, in the order of
/// their calls, because some models know them by nothing else.
fn contents(request: &Request<'_>, target: &Target<'_>, losses: &mut Losses, out: &mut Out) {
    let mut all: Vec<(&str, Vec<&Block<'_>>)> = Vec::new();
    for turn in &request.turns {
        let role = if turn.role == Role::Assistant { "model" } else { "user" };
        let says = |block: &&Block<'_>| block.state.is_some() || block.as_text() != Some("");
        let blocks = turn.blocks.iter().filter(says);
        match all.last_mut().filter(|(known, _)| *known == role) {
            Some((_, known)) => known.extend(blocks),
            None => all.push((role, blocks.collect())),
        }
    }
    let mut calls: Vec<&str> = Vec::new();
    for (role, blocks) in all.iter_mut().filter(|(_, blocks)| !blocks.is_empty()) {
        if *role == "model" {
            calls.clear();
            calls.extend(blocks.iter().filter_map(|block| call_id(block)));
        }
        blocks.sort_by_key(|block| match &block.content {
            Content::ToolResult { id, .. } => calls.iter().position(|call| call == id).unwrap_or(calls.len()),
            _ => usize::MAX,
        });
        let unsigned = unsigned_call(blocks).filter(|_| !is_early(target.model));
        out.object(|out| {
            out.member("role", role);
            out.key("parts").array(|out| {
                for (at, block) in blocks.iter().enumerate() {
                    if unsigned == Some(at) {
                        losses.note("reasoning", Reason::Emulated);
                        let state = Some(State { origin: HOME.name().into(), data: SKIPPED.into() });
                        part_out::block(&Block { state, ..(*block).clone() }, request, target, losses, out);
                    } else {
                        part_out::block(block, request, target, losses, out);
                    }
                }
            });
        });
    }
}

fn call_id<'b>(block: &'b Block<'_>) -> Option<&'b str> {
    match &block.content {
        Content::ToolCall { id, .. } => Some(id),
        _ => None,
    }
}

/// The first call of a turn, if it lacks the signature that it must have.
fn unsigned_call(blocks: &[&Block<'_>]) -> Option<usize> {
    let first = blocks.iter().position(|block| call_id(block).is_some())?;
    blocks.get(first)?.state.as_ref().is_none_or(|state| state.data.is_empty()).then_some(first)
}

fn config(request: &Request<'_>, target: &Target<'_>, losses: &mut Losses, out: &mut Out) {
    let mut knobs = request.knobs.clone();
    knobs.set(Knob::ServiceTier, None);
    let seed = knobs.get(Knob::Seed).and_then(|seed| seed.parse::<u64>().ok());
    if let Some(seed) = seed.filter(|seed| *seed >= SEED_END) {
        losses.note("seed", Reason::Adjusted);
        knobs.set(Knob::Seed, Some((seed % SEED_END).to_string().into()));
    }
    knobs.put(out, KNOBS, losses);
    if let Some(cap) = request.output_cap {
        out.key("maxOutputTokens").whole(cap);
    }
    if !request.stop.is_empty() {
        out.key("stopSequences").array(|out| request.stop.iter().for_each(|word| out.text(word)));
    }
    if let Some(format) = &request.format {
        out.member("responseMimeType", "application/json");
        if let Format::Schema { schema, description, .. } = format {
            if description.is_some() {
                losses.note("response_format.description", Reason::Unsupported);
            }
            if let Ok(node) = Node::parse(schema.as_bytes()) {
                unbound(node, losses);
            }
            out.key("responseJsonSchema").raw(schema);
        }
    }
    thinking(request, target, out);
}

/// Notes what of a schema the answer may not follow.
fn unbound(node: Node<'_>, losses: &mut Losses) {
    for (name, node) in node.members().rest() {
        match (&*name, node.kind()) {
            (name, _) if UNBOUND.contains(&name) => {
                losses.note(format!("response_format.{name}"), Reason::Unsupported);
            }
            ("properties" | "$defs" | "definitions", _) => {
                node.members().rest().for_each(|(_, node)| unbound(node, losses));
            }
            ("anyOf" | "oneOf" | "prefixItems", Kind::Array) => {
                node.items().into_iter().for_each(|node| unbound(node, losses));
            }
            ("items" | "additionalProperties", Kind::Object) => unbound(node, losses),
            _ => {}
        }
    }
}

/// How much to think, in tokens or by a level, and whether to tell.
fn thinking(request: &Request<'_>, target: &Target<'_>, out: &mut Out) {
    let wish = &request.reasoning;
    if wish.is_silent() {
        return;
    }
    let off = wish.mode == Some(Mode::Off);
    // Whoever asks for thought in another dialect is told of it unless he says no.
    let visible = wish.visible.or((request.home != HOME && !off).then_some(true));
    let budget = wish.wanted_budget().map(|budget| budget.to_string());
    let by_budget = target.can.reasoning == ReasoningControl::Budget;
    out.key("thinkingConfig").object(|out| {
        match (off, by_budget, wish.effort) {
            (true, ..) => out.key("thinkingBudget").raw("0"),
            (false, true, _) if wish.mode.is_some() || budget.is_some() => {
                out.key("thinkingBudget").raw(budget.as_deref().unwrap_or(DYNAMIC));
            }
            (false, false, Some(effort)) => out.member("thinkingLevel", &effort.name().to_ascii_uppercase()),
            _ => {}
        }
        if let Some(visible) = visible {
            out.key("includeThoughts").bool(visible);
        }
    });
}
