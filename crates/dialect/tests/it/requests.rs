//! Laws of requests: what crosses to another dialect and comes back is the same, or is named.

use super::SPOKEN;
use super::story::arguments;
use dialect::Dialect;
use dialect::event::ToolForm;
use dialect::hub::knobs::Knob;
use dialect::hub::request::{
    Block, CacheMark, Content, Format, Media, MediaKind, Role, Source, Tool, ToolChoice, ToolKind, Turn,
    joined,
};
use dialect::hub::{Asked, Effort, Losses, Mode, Reasoning, Request, Target, read_request, write_request};
use proptest::option::of;
use proptest::prelude::*;

fn words() -> impl Strategy<Value = String> {
    prop_oneof![4 => "[a-zA-Z ]{0,11}[a-z]", 1 => Just("\"é\\\n日本😀\u{2028}".to_owned())]
}

fn cached(content: Content<'static>, cache: bool) -> Block<'static> {
    Block { content, cache: cache.then_some(CacheMark { minutes: 0 }), state: None }
}

fn media() -> impl Strategy<Value = Content<'static>> {
    let source = prop_oneof![
        Just(Source::Url("https://example.com/a.png".into())),
        Just(Source::Base64 { media_type: "image/png".into(), data: "iVBORw0KGgo=".into() }),
    ];
    (source, of(Just("low"))).prop_map(|(source, detail)| {
        Content::Media(Media { kind: MediaKind::Image, source, detail: detail.map(Into::into), name: None })
    })
}

fn user() -> impl Strategy<Value = Turn<'static>> {
    let content = prop_oneof![4 => words().prop_map(|text| Content::Text(text.into())), 1 => media()];
    let block = (content, prop::bool::weighted(0.1)).prop_map(|(content, cache)| cached(content, cache));
    (proptest::collection::vec(block, 1..3), of("[a-z]{3}")).prop_map(|(blocks, name)| Turn {
        role: Role::User,
        blocks,
        name: name.map(Into::into),
    })
}

/// A turn with calls and what came of them, or one with text alone, or instructions in between.
fn exchange() -> impl Strategy<Value = Vec<Turn<'static>>> {
    let call = ("[a-z_]{1,9}", arguments(), words(), any::<bool>(), prop::bool::weighted(0.2));
    let calls = (of(words()), proptest::collection::vec(call, 1..3)).prop_map(|(said, calls)| {
        let mut made: Vec<Block<'static>> = said.map(Block::text).into_iter().collect();
        let mut results = Vec::new();
        for (at, (name, arguments, result, error, shown)) in calls.into_iter().enumerate() {
            let id = format!("call_{name}_{at}");
            let mut content = vec![Block::text(result)];
            if shown {
                let source = Source::Base64 { media_type: "image/png".into(), data: "aGk=".into() };
                let media = Media { kind: MediaKind::Image, source, detail: None, name: None };
                content.push(Block::new(Content::Media(media)));
            }
            results.push(Block::new(Content::ToolResult {
                id: id.clone().into(),
                name: None,
                content,
                error,
            }));
            made.push(Block::new(Content::ToolCall {
                id: id.into(),
                name: name.into(),
                arguments: arguments.into(),
                form: ToolForm::Function,
            }));
        }
        let turn = |role, blocks| Turn { role, blocks, name: None };
        vec![turn(Role::Assistant, made), turn(Role::User, results)]
    });
    let said = words()
        .prop_map(|text| vec![Turn { role: Role::Assistant, blocks: vec![Block::text(text)], name: None }]);
    let system = words()
        .prop_map(|text| vec![Turn { role: Role::System, blocks: vec![Block::text(text)], name: None }]);
    prop_oneof![3 => calls, 3 => said, 1 => system, 3 => user().prop_map(|turn| vec![turn])]
}

fn tools() -> impl Strategy<Value = (Vec<Tool<'static>>, Option<ToolChoice<'static>>, Option<bool>)> {
    let schema = Just(r#"{"type":"object","properties":{"n":{"type":"number","minimum":1.50}}}"#);
    let tool = (schema, of(words()), of(any::<bool>())).prop_map(|(schema, description, strict)| Tool {
        name: "".into(),
        description: description.map(Into::into),
        kind: ToolKind::Function { schema: Some(schema.into()), strict },
        cache: None,
    });
    let choice = of(prop_oneof![
        Just(ToolChoice::Auto),
        Just(ToolChoice::None),
        Just(ToolChoice::Required),
        Just(ToolChoice::Named("tool_0".into())),
    ]);
    (proptest::collection::vec(tool, 0..3), choice, of(any::<bool>())).prop_map(
        |(mut tools, choice, parallel)| {
            for (at, tool) in tools.iter_mut().enumerate() {
                tool.name = format!("tool_{at}").into();
            }
            let any = !tools.is_empty();
            (tools, choice.filter(|_| any), parallel.filter(|_| any))
        },
    )
}

fn reasoning() -> impl Strategy<Value = Reasoning> {
    let effort = prop_oneof![Just(Effort::Low), Just(Effort::Medium), Just(Effort::High), Just(Effort::Max)];
    prop_oneof![
        2 => Just(Reasoning::default()),
        1 => effort.prop_map(|effort| Reasoning { effort: Some(effort), ..Reasoning::default() }),
        1 => (1024_u64..9000).prop_map(|budget| Reasoning { mode: Some(Mode::On), budget: Some(budget), ..Reasoning::default() }),
        1 => Just(Reasoning { mode: Some(Mode::Off), ..Reasoning::default() }),
        1 => Just(Reasoning { mode: Some(Mode::Adaptive), visible: Some(false), ..Reasoning::default() }),
    ]
}

fn knobs() -> impl Strategy<Value = Vec<(Knob, &'static str)>> {
    proptest::sample::subsequence(
        vec![
            (Knob::Temperature, "0.70"),
            (Knob::TopP, "0.9"),
            (Knob::TopK, "40"),
            (Knob::FrequencyPenalty, "0.5"),
            (Knob::PresencePenalty, "-1"),
            (Knob::Seed, "12345678901234567"),
            (Knob::LogitBias, r#"{"50256":-100}"#),
            (Knob::ServiceTier, r#""flex""#),
            (Knob::Verbosity, r#""low""#),
            (Knob::Store, "true"),
            (Knob::Metadata, r#"{"a":"b"}"#),
            (Knob::PromptCacheKey, r#""k""#),
        ],
        0..6,
    )
}

fn request() -> impl Strategy<Value = Request<'static>> {
    let format = of(Just(Format::Schema {
        name: "answer".into(),
        description: None,
        schema: r#"{"type":"object"}"#.into(),
        strict: Some(true),
    }));
    let conversation =
        (proptest::collection::vec(words(), 0..3), user(), proptest::collection::vec(exchange(), 0..4));
    let rest = (format, of(4000_u64..30000), proptest::collection::vec(words(), 0..3), of(words()));
    (conversation, tools(), reasoning(), knobs(), rest, any::<bool>()).prop_map(
        |((system, first, more), (tools, choice, parallel), reasoning, knobs, rest, stream)| {
            let mut request = Request::new(Dialect::OpenAiChat, "m".into());
            request.system = system.into_iter().map(Block::text).collect();
            request.turns = std::iter::once(first).chain(more.into_iter().flatten()).collect();
            (request.tools, request.tool_choice, request.parallel_tools) = (tools, choice, parallel);
            request.reasoning = reasoning;
            for (knob, json) in knobs {
                request.knobs.set(knob, Some(json.into()));
            }
            let (format, cap, stop, user) = rest;
            (request.format, request.output_cap, request.stream) = (format, cap, stream);
            request.stop = stop.into_iter().map(Into::into).collect();
            request.user = user.map(Into::into);
            request
        },
    )
}

/// What a request says, each thing by the name it would be lost by.
pub(super) fn said(request: &Request<'_>) -> Vec<(&'static str, String)> {
    let mut out = Vec::new();
    let mut say = |name: &'static str, value: Option<String>| out.extend(value.map(|value| (name, value)));
    say("system", (!request.system.is_empty()).then(|| joined(&request.system, "\n\n")));
    for tool in &request.tools {
        if let ToolKind::Function { schema, strict } = &tool.kind {
            say("tools", Some(format!("{} {:?}", tool.name, tool.description)));
            say("tools.parameters", schema.as_ref().map(ToString::to_string));
            // What is so anyway need not be said.
            say("tools.strict", strict.filter(|on| *on).map(|strict| format!("{} {strict}", tool.name)));
        }
    }
    say("tool_choice", request.tool_choice.as_ref().map(|choice| format!("{choice:?}")));
    let none = request.tool_choice == Some(ToolChoice::None);
    say("parallel_tool_calls", request.parallel_tools.filter(|on| !none && !on).map(|on| on.to_string()));
    if let Some(Format::Schema { schema, .. }) = &request.format {
        say("response_format", Some(schema.to_string()));
    }
    let wish = &request.reasoning;
    say("reasoning_effort", wish.effort.map(|effort| effort.name().to_owned()));
    say("reasoning.budget", wish.budget.map(|budget| budget.to_string()));
    say("reasoning_effort", (wish.mode == Some(Mode::Off)).then(|| "off".to_owned()));
    say("reasoning.summary", (wish.visible == Some(false)).then(String::new));
    say("max_tokens", request.output_cap.map(|cap| cap.to_string()));
    request.stop.iter().for_each(|word| say("stop", Some(word.to_string())));
    say("user", request.user.as_ref().map(ToString::to_string));
    say("stream", request.stream.then(String::new));
    for (knob, name) in dialect::hub::knobs::NAMES {
        say(name, request.knobs.get(knob).map(str::to_owned));
    }
    out.extend(conversation(request));
    out
}

/// The conversation, block by block: whose turn it is, but not where one of a row of turns ends.
fn conversation(request: &Request<'_>) -> Vec<(&'static str, String)> {
    let mut out: Vec<(&'static str, String)> = Vec::new();
    for turn in &request.turns {
        out.extend(turn.name.as_ref().map(|name| ("messages.name", name.to_string())));
        for block in &turn.blocks {
            out.extend(block.cache.map(|_| ("cache_control", String::new())));
            match &block.content {
                Content::Text(text) if turn.role == Role::Assistant => match out.last_mut() {
                    // Pieces of one answer.
                    Some(("assistant", before)) => before.push_str(text),
                    _ => out.push(("assistant", text.to_string())),
                },
                Content::Text(text) if turn.role == Role::System => {
                    out.push(("messages.role", text.to_string()))
                }
                Content::Text(text) => out.push(("said", text.to_string())),
                Content::Media(media) => {
                    out.extend(media.detail.as_ref().map(|detail| ("image.detail", detail.to_string())));
                    out.push(("media", format!("{:?}", media.source)));
                }
                Content::ToolCall { id, name, arguments, .. } => {
                    out.push(("call", format!("{id} {name} {arguments}")));
                }
                Content::ToolResult { id, content, error, .. } => {
                    let shown = |block: &&Block<'_>| matches!(block.content, Content::Media(_));
                    out.extend(content.iter().find(shown).map(|_| ("tool_result.media", id.to_string())));
                    if *error {
                        out.push(("tool_result.is_error", format!("{id} {}", joined(content, "|"))));
                    } else {
                        out.push(("result", format!("{id} {}", joined(content, "|"))));
                    }
                }
                other => out.push(("other", format!("{other:?}"))),
            }
        }
    }
    out
}

fn told(request: &Request<'_>, dialect: Dialect, losses: &mut Losses) -> Option<Vec<u8>> {
    let written = write_request(request, &Target::new(dialect, "m"), losses).ok()?;
    assert!(serde_json::from_slice::<serde_json::Value>(&written.body).is_ok());
    Some(written.body)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn what_crosses_and_returns_is_the_same_but_for_its_named_losses(request in request()) {
        for home in SPOKEN {
            let asked = Asked { model: Some("m"), stream: request.stream };
            let mut own = request.clone();
            own.home = *home;
            let Some(body) = told(&own, *home, &mut Losses::default()) else { continue };
            let first = read_request(*home, &body, asked).unwrap();
            for other in SPOKEN {
                let mut losses = Losses::default();
                let Some(there) = told(&first, *other, &mut losses) else { continue };
                let there = read_request(*other, &there, asked).unwrap();
                let Some(back) = told(&there, *home, &mut losses) else { continue };
                let back = read_request(*home, &back, asked).unwrap();
                let again = said(&back);
                for (field, value) in said(&first) {
                    let kept = again.contains(&(field, value.clone()));
                    prop_assert!(
                        kept || losses.has(field),
                        "{:?} by way of {:?} lost {} {} ({})\n{:#?}", home, other, field, value, losses.header(), again
                    );
                }
            }
        }
    }

    #[test]
    fn arguments_and_numbers_cross_as_they_were_written(arguments in arguments()) {
        for (home, other) in SPOKEN.iter().flat_map(|home| SPOKEN.iter().map(move |other| (home, other))) {
            let mut request = Request::new(*home, "m".into());
            let call = Content::ToolCall { id: "c".into(), name: "f".into(), arguments: arguments.clone().into(), form: ToolForm::Function };
            request.turns.push(Turn { role: Role::User, blocks: vec![Block::text("hi")], name: None });
            request.turns.push(Turn { role: Role::Assistant, blocks: vec![Block::new(call)], name: None });
            let body = told(&request, *other, &mut Losses::default()).unwrap();
            let read = read_request(*other, &body, Asked { model: Some("m"), stream: false }).unwrap();
            let found = read.blocks().find_map(|block| match &block.content {
                Content::ToolCall { arguments, .. } => Some(arguments.to_string()),
                _ => None,
            });
            prop_assert_eq!(found.as_deref(), Some(arguments.as_str()));
        }
    }
}
