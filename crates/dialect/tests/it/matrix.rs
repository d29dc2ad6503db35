//! What crosses between any two dialects: a table that the tests write and then hold the code to.
//! A cell passes as it is, passes with named losses, or is refused by name; nothing else.

use super::story::{Digest, Story, Told, body, carried, digest, read_body, read_stream, reply, streamed};
use super::{SPOKEN, requests};
use dialect::Dialect;
use dialect::event::{Event, Part, StopReason, ToolForm, UpstreamMessage};
use dialect::hub::request::{
    Block, Content, Format, Media, MediaKind, Role, Source, Tool, ToolChoice, ToolKind, Turn,
};
use dialect::hub::{
    Asked, Encoder, Failure, Losses, Reply, Request, Target, Whole, read_request, status_of, write_error,
    write_request, write_whole,
};
use ledger::Usage;
use serde_json::{Value, json};
use std::fmt::Write;

/// One thing that must cross: what is asked for, what is answered, and what else must be so.
struct Feature {
    name: &'static str,
    ask: fn(&mut Request<'static>),
    answer: fn(&mut Story),
    failure: Option<Place>,
    /// The answer goes back to the provider in the next request.
    replayed: bool,
}

#[derive(Clone, Copy, PartialEq)]
enum Place {
    Before,
    Inside,
}

const fn feature(name: &'static str, ask: fn(&mut Request<'static>), answer: fn(&mut Story)) -> Feature {
    Feature { name, ask, answer, failure: None, replayed: false }
}

const fn failing(name: &'static str, place: Place) -> Feature {
    Feature { failure: Some(place), ..feature(name, |_| {}, |_| {}) }
}

const FEATURES: &[Feature] = &[
    feature("text", |_| {}, |_| {}),
    feature("system placement", system, |_| {}),
    feature("tools", |request| request.tools.push(tool("look")), |story| story.blocks.push(call("look", 0))),
    feature("forced tool", forced, |story| story.blocks.push(call("look", 0))),
    feature("parallel tools", parallel, |story| story.blocks.extend([call("look", 0), call("go", 1)])),
    feature("tool error", |request| results(request, true), |_| {}),
    feature("image", |request| request.turns.push(said(Role::User, image())), |_| {}),
    feature("image from a tool", |request| results(request, false), |_| {}),
    feature("structured output", structured, |story| story.blocks[0].pieces = vec!["{\"a\":1}".into()]),
    Feature {
        replayed: true,
        ..feature("reasoning with replay", |request| request.tools.push(tool("look")), thinking)
    },
    feature("stop", |request| request.stop.push("END".into()), |_| {}),
    feature("length", |request| request.output_cap = Some(4000), |story| story.stop = StopReason::Length),
    feature("refusal", |_| {}, |story| story.stop = StopReason::Filtered),
    feature("usage", |_| {}, |_| {}),
    failing("error before", Place::Before),
    failing("error inside", Place::Inside),
];

fn said(role: Role, content: Content<'static>) -> Turn<'static> {
    Turn { role, blocks: vec![Block::new(content)], name: None }
}

fn system(request: &mut Request<'static>) {
    request.system.push(Block::text("Be brief."));
    request.turns.push(said(Role::System, Content::Text("Be kind now.".into())));
    request.turns.push(said(Role::User, Content::Text("Go on.".into())));
}

fn tool(name: &'static str) -> Tool<'static> {
    let schema = Some(r#"{"type":"object","properties":{"at":{"type":"string"}}}"#.into());
    let kind = ToolKind::Function { schema, strict: None };
    Tool { name: name.into(), description: Some("Looks.".into()), kind, cache: None }
}

fn forced(request: &mut Request<'static>) {
    request.tools.extend([tool("look"), tool("go")]);
    request.tool_choice = Some(ToolChoice::Named("look".into()));
}

fn parallel(request: &mut Request<'static>) {
    request.tools.extend([tool("look"), tool("go")]);
    request.parallel_tools = Some(true);
}

fn called() -> Content<'static> {
    let arguments = r#"{"at":"a.png"}"#.into();
    Content::ToolCall { id: "call_1".into(), name: "look".into(), arguments, form: ToolForm::Function }
}

fn image() -> Content<'static> {
    let source = Source::Base64 { media_type: "image/png".into(), data: "aGk=".into() };
    Content::Media(Media { kind: MediaKind::Image, source, detail: None, name: None })
}

fn results(request: &mut Request<'static>, error: bool) {
    request.tools.push(tool("look"));
    request.turns.push(said(Role::Assistant, called()));
    let mut content = vec![Block::text("what there was")];
    if !error {
        content.push(Block::new(image()));
    }
    let result = Content::ToolResult { id: "call_1".into(), name: None, content, error };
    request.turns.push(said(Role::User, result));
}

fn structured(request: &mut Request<'static>) {
    let schema = r#"{"type":"object","properties":{"a":{"type":"integer"}},"required":["a"],"additionalProperties":false}"#;
    let (name, schema) = ("answer".into(), schema.into());
    request.format = Some(Format::Schema { name, description: None, schema, strict: Some(true) });
}

fn call(name: &'static str, number: u32) -> Told {
    let id = format!("call_{number}").into();
    let part = Part::ToolCall { id, name: name.into(), form: ToolForm::Function };
    Told { part, pieces: vec!["{\"at\":".into(), "\"x\"}".into()], state: String::new() }
}

fn thinking(story: &mut Story) {
    let pieces = vec!["Let me look.".into()];
    story.blocks = vec![Told { part: Part::Reasoning, pieces, state: STATE.into() }, call("look", 0)];
}

/// State of a provider in the answers of the tests.
const STATE: &str = "c3RhdGU=";

fn story(answer: fn(&mut Story)) -> Story {
    let usage = Usage {
        in_uncached: 90,
        cache_read: 40,
        cache_write_5m: 7,
        out_text: 20,
        out_reasoning: 12,
        ..Usage::default()
    };
    let told = Told { part: Part::Text, pieces: vec!["All ".into(), "well.".into()], state: String::new() };
    let mut story = Story { blocks: vec![told], usage, stop: StopReason::End, side_by_side: true };
    answer(&mut story);
    if story.stop == StopReason::End && story.blocks.iter().any(|told| told.part != Part::Text) {
        story.stop = StopReason::ToolUse;
    }
    story
}

/// The provider of the tests: it can do what its dialect can, and wants its own reasoning back.
fn provider(dialect: Dialect) -> Target<'static> {
    let mut target = Target { origin: "prov", ..Target::new(dialect, "m") };
    target.can.reasoning_replayed = dialect == Dialect::OpenAiChat;
    target
}

/// The client's request as it writes it, and as it reaches the provider.
fn ask(client: Dialect, to: Dialect, feature: &Feature, losses: &mut Losses) -> Result<Written, String> {
    let mut request = Request::new(client, "m".into());
    request.turns.push(said(Role::User, Content::Text("What is there?".into())));
    (feature.ask)(&mut request);
    let own = write_request(&request, &Target::new(client, "m"), &mut Losses::default());
    let own = own.map_err(|_| "cannot be asked".to_owned())?.body;
    let read = read_request(client, &own, Asked { model: Some("m"), stream: false }).unwrap();
    match write_request(&read, &provider(to), losses) {
        Ok(written) => {
            let asked = Asked { model: Some("m"), stream: false };
            let arrived = requests::said(&read_request(to, &written.body, asked).unwrap());
            for (field, value) in requests::said(&read) {
                let there = arrived.contains(&(field, value.clone()));
                assert!(there || losses.has(field), "{}: {field} {value} of {arrived:#?}", feature.name);
            }
            Ok(Written { own, restore: written.restore })
        }
        Err(invalid) => Err(format!("refused: {}", invalid.param.unwrap_or_default())),
    }
}

struct Written {
    own: Vec<u8>,
    restore: dialect::hub::Restore,
}

/// The next request of a client that gives its answer back word for word, as its kind do.
fn echo(client: Dialect, own: &[u8], answer: &[u8]) -> Vec<u8> {
    let mut request: Value = serde_json::from_slice(own).unwrap();
    let answer: Value = serde_json::from_slice(answer).unwrap();
    let (list, more) = match client {
        Dialect::OpenAiChat => {
            let message = answer["choices"][0]["message"].clone();
            let result =
                json!({"role": "tool", "tool_call_id": message["tool_calls"][0]["id"], "content": "seen"});
            ("messages", vec![message, result])
        }
        Dialect::Anthropic => {
            let calls = answer["content"].as_array().unwrap().iter();
            let id = calls.clone().find_map(|block| block.get("id")).cloned();
            let result = json!([{"type": "tool_result", "tool_use_id": id, "content": "seen"}]);
            let turn = json!({"role": "assistant", "content": answer["content"]});
            ("messages", vec![turn, json!({"role": "user", "content": result})])
        }
        Dialect::OpenAiResponses => {
            let mut items = answer["output"].as_array().unwrap().clone();
            let id = items.iter().find_map(|item| item.get("call_id")).cloned();
            items.push(json!({"type": "function_call_output", "call_id": id, "output": "seen"}));
            ("input", items)
        }
        Dialect::Gemini => {
            let turn = answer["candidates"][0]["content"].clone();
            let parts = turn["parts"].as_array().unwrap().clone();
            let called = parts.iter().find_map(|part| part.get("functionCall")).unwrap().clone();
            let result = json!({"name": called["name"], "id": called["id"], "response": {"result": "seen"}});
            let result = json!({"role": "user", "parts": [{"functionResponse": result}]});
            ("contents", vec![turn, result])
        }
    };
    if request[list].is_string() {
        request[list] = json!([{"role": "user", "content": request[list]}]);
    }
    request[list].as_array_mut().unwrap().extend(more);
    serde_json::to_vec(&request).unwrap()
}

/// The provider's answer as the client gets it, and what it then reads.
fn answered(
    client: Dialect,
    from: Dialect,
    events: &[Event<'_>],
    reply: Reply,
    whole: bool,
    losses: &mut Losses,
) -> (Vec<u8>, Whole) {
    if whole {
        let came = read_body(from, &native(from, body(from, events).0));
        let told = write_whole(client, came.events(), &reply, losses);
        let read = read_body(client, &told);
        return (told, read);
    }
    let came = read_stream(from, &native(from, streamed(from, events).0), 11).unwrap().0;
    let mut encoder = Encoder::new(client, reply);
    let mut out = Vec::new();
    came.events().into_iter().for_each(|event| encoder.event(event, &mut out));
    encoder.end(&mut out);
    losses.join(&encoder.losses);
    let read = read_stream(client, &out, 11).unwrap().0;
    (out, read)
}

/// State as the provider itself writes it, without our mark.
fn native(from: Dialect, bytes: Vec<u8>) -> Vec<u8> {
    let text = String::from_utf8(bytes).unwrap();
    text.replace(&carried(from, from.name(), STATE), STATE).into_bytes()
}

fn cell(client: Dialect, from: Dialect, feature: &Feature, whole: bool) -> String {
    let mut losses = Losses::default();
    if let Some(place) = feature.failure {
        failure(client, from, place, whole);
        return "passes".into();
    }
    let written = match ask(client, from, feature, &mut losses) {
        Ok(written) => written,
        Err(refused) => return refused,
    };
    let mut story = story(feature.answer);
    if from == Dialect::Gemini {
        // There the state of a thought stands with the call that came of it.
        let state = story
            .blocks
            .iter_mut()
            .map(|told| std::mem::take(&mut told.state))
            .find(|state| !state.is_empty());
        if let (Some(state), Some(last)) = (state, story.blocks.last_mut()) {
            last.state = state;
        }
    }
    let events = with_state(story.events(), from);
    let reply = Reply { origin: "prov".into(), restore: written.restore, ..reply(client) };
    let (told, read) = answered(client, from, &events, reply.clone(), whole, &mut losses);
    assert_eq!(plain(digest(&read)), plain(digest(&Whole::of(events.iter().cloned()))), "{}", feature.name);
    if feature.replayed {
        let told =
            if whole { told } else { write_whole(client, events.iter().cloned(), &reply, &mut losses) };
        replay(client, from, &echo(client, &written.own, &told), &mut losses);
    }
    if losses.is_empty() { "passes".into() } else { format!("passes; {}", losses.header()) }
}

/// Only dialects that have state of their own answer with some.
fn with_state(events: Vec<Event<'static>>, from: Dialect) -> Vec<Event<'static>> {
    let has = from != Dialect::OpenAiChat;
    events.into_iter().filter(|event| has || !matches!(event, Event::Signature { .. })).collect()
}

/// A stop word and an ordinary end are one where a dialect has one word for them.
fn plain(mut digest: Digest) -> Digest {
    if digest.stop == Some(StopReason::Sequence) {
        digest.stop = Some(StopReason::End);
    }
    digest
}

/// What the provider wants back has come back: its state, or the reasoning itself.
fn replay(client: Dialect, from: Dialect, body: &[u8], losses: &mut Losses) {
    let read = read_request(client, body, Asked { model: Some("m"), stream: false }).unwrap();
    let mut next = Losses::default();
    let sent = write_request(&read, &provider(from), &mut next).unwrap().body;
    let sent = String::from_utf8(sent).unwrap();
    let wanted = if from == Dialect::OpenAiChat { "Let me look." } else { STATE };
    assert!(sent.contains(wanted) || next.has("reasoning"), "{client:?} from {from:?}: {sent}");
    assert!(!sent.contains("kw1."), "{sent}");
    losses.join(&next);
}

fn failure(client: Dialect, from: Dialect, place: Place, whole: bool) {
    let told = Failure { status: 429, message: "Too many requests.", ..Failure::default() };
    let theirs = write_error(from, &told);
    if place == Place::Before || whole {
        let said = dialect::openai_chat::error::parse(429, &theirs);
        let ours = write_error(client, &Failure { status: 429, ..Failure::of(&said) });
        let heard = dialect::openai_chat::error::parse(429, &ours);
        assert_eq!((heard.message.as_str(), status_of(&heard)), ("Too many requests.", 429));
        return;
    }
    let said = UpstreamMessage {
        message: "Too many requests.".into(),
        kind: Some("rate_limit_error".into()),
        ..UpstreamMessage::default()
    };
    let mut events = story(|_| {}).events();
    events.truncate(3);
    events.push(Event::Failed(Box::new(said)));
    let (_, read) = answered(client, from, &events, reply(client), false, &mut Losses::default());
    let failed = read.failed.unwrap();
    assert_eq!((failed.message.as_str(), status_of(&failed)), ("Too many requests.", 429));
}

fn table() -> String {
    let mut out = String::from(
        "# What crosses between dialects\n\nWritten by the tests (`UPDATE_CONFORMANCE=1 cargo nextest run -p dialect matrix`), which fail when the code and \
         this page disagree. Each row is asked by a client of one dialect of a provider of another, and answered as a stream and whole. \
         *passes* means: what was said arrived, in both directions. What follows it is said another way or left out, and the client is told \
         so by these names in `x-keyway-losses`. Same to same is what translation would do; such requests are in fact passed on byte for byte.\n",
    );
    for client in SPOKEN {
        let _ = write!(out, "\n## Client: {}\n\n|  |", client.name());
        SPOKEN.iter().for_each(|to| out.push_str(&format!(" {} |", to.name())));
        out.push_str("\n|---|");
        SPOKEN.iter().for_each(|_| out.push_str("---|"));
        for feature in FEATURES {
            let _ = write!(out, "\n| {} |", feature.name);
            for to in SPOKEN {
                let (stream, whole) = (cell(*client, *to, feature, false), cell(*client, *to, feature, true));
                let text =
                    if stream == whole { stream } else { format!("stream: {stream}<br>whole: {whole}") };
                let _ = write!(out, " {text} |");
            }
        }
        out.push('\n');
    }
    out
}

#[test]
fn the_matrix_is_as_documented() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/conformance.md");
    let table = table();
    if std::env::var_os("UPDATE_CONFORMANCE").is_some() {
        std::fs::create_dir_all(concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs")).unwrap();
        std::fs::write(path, &table).unwrap();
    }
    let documented = std::fs::read_to_string(path).unwrap_or_default();
    assert!(documented == table, "docs/conformance.md is out of date: run with UPDATE_CONFORMANCE=1");
}
