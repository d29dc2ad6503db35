//! Reasoning that a provider wants back and a client did not bring: it is put back from where it was kept
//! (`vault`), and what the answer leaves behind is kept in turn.

use super::crossing::Source;
use super::recorder::Recorder;
use super::story::Story;
use crate::catalog::Target;
use crate::vault::{Kind, Name, Naming, Thought, Whose};
use bytes::Bytes;
use dialect::hub::fit::BILLING;
use dialect::hub::request::{Block, Content, Role, State, Turn};
use dialect::hub::{self, Dialect, Losses, Mode, Reason, ReasoningControl, Request};
use dialect::openai_chat::quirks::Chat;
use std::borrow::Cow;
use std::sync::Arc;

/// Puts back into a translated request what `asked` wants back and its client has not brought. Answers with
/// what names the answer's turn; `None` where nothing of it is to be kept.
pub async fn put_back(
    story: &Story,
    request: &mut Request<'_>,
    target: &Target,
    asked: &hub::Target<'_>,
) -> Option<Naming> {
    let has_tools = !request.tools.is_empty() || request.blocks().any(is_call);
    if !story.worker.shared.vault.is_on() || !has_tools || !wants(request, asked) {
        return None;
    }
    let (named, naming) = names(story, request, target);
    let lacking: Vec<(usize, Name)> = named
        .into_iter()
        .filter(|(at, _)| !request.turns.get(*at).is_some_and(|turn| brings(turn, asked)))
        .collect();
    let wanted: Vec<Name> = lacking.iter().map(|(_, name)| *name).collect();
    let found = story.worker.shared.vault.find(&wanted).await;
    for ((at, _), thoughts) in lacking.iter().zip(found) {
        if let (Some(turn), Some(thoughts)) = (request.turns.get_mut(*at), thoughts) {
            restore(turn, thoughts, asked);
        }
    }
    Some(naming)
}

/// Whether the target is going to reason, and wants that of earlier turns back.
fn wants(request: &Request<'_>, asked: &hub::Target<'_>) -> bool {
    let can = &asked.can;
    let wish = &request.reasoning;
    if can.reasoning == ReasoningControl::None || wish.mode == Some(Mode::Off) {
        return false;
    }
    match asked.dialect {
        Dialect::OpenAiChat => can.reasoning_replayed,
        Dialect::Gemini => true,
        Dialect::Anthropic | Dialect::OpenAiResponses => !wish.is_silent() || can.reasons_by_default,
    }
}

/// The turns that call tools, each with its name, and where their names go on.
fn names(story: &Story, request: &Request<'_>, target: &Target) -> (Vec<(usize, Name)>, Naming) {
    let mut naming = story.worker.shared.vault.naming(&Whose {
        organization: &story.grant.org,
        project: &story.grant.project,
        user: request.user.as_deref().unwrap_or_default(),
        provider: &target.provider.name,
        model: &target.upstream,
    });
    let texts = |blocks: &[Block<'_>]| -> Vec<String> {
        blocks.iter().filter_map(Block::as_text).map(str::to_owned).collect()
    };
    // Claude Code bills by a line that differs from one request to the next.
    texts(&request.system)
        .iter()
        .filter(|text| !text.starts_with(BILLING))
        .for_each(|text| naming.system(text));
    let mut named = Vec::new();
    for (at, turn) in request.turns.iter().enumerate() {
        match turn.role {
            Role::User if !turn.blocks.iter().any(is_result) => {
                naming.words(texts(&turn.blocks).iter().map(String::as_str));
            }
            Role::Assistant if turn.blocks.iter().any(is_call) => {
                let calls: Vec<(&str, Cow<'_, str>)> = turn.blocks.iter().filter_map(call).collect();
                named.push((at, naming.turn(calls.iter().map(|(id, arguments)| (*id, &**arguments)))));
            }
            _ => {}
        }
    }
    (named, naming)
}

fn is_result(block: &Block<'_>) -> bool {
    matches!(block.content, Content::ToolResult { .. })
}

fn is_call(block: &Block<'_>) -> bool {
    matches!(block.content, Content::ToolCall { .. })
}

/// Id and arguments of a call, as [`Recorder`] sees them.
fn call<'b>(block: &'b Block<'_>) -> Option<(&'b str, Cow<'b, str>)> {
    match &block.content {
        Content::ToolCall { id, arguments, form, .. } => {
            Some((&**id, super::recorder::arguments(*form, arguments)))
        }
        _ => None,
    }
}

/// Whether a turn comes with state that the target reads.
fn brings(turn: &Turn<'_>, asked: &hub::Target<'_>) -> bool {
    let mut said = turn.blocks.iter();
    said.any(|block| match (&block.content, &block.state) {
        (Content::Reasoning(_) | Content::ToolCall { .. }, Some(state)) => {
            asked.reads_state_of(&state.origin)
        }
        (Content::Reasoning(text), None) => asked.can.reasoning_replayed && !text.is_empty(),
        (Content::Opaque { home, .. }, _) => *home == asked.dialect,
        _ => false,
    })
}

/// Puts thoughts where they were. What the client has kept of them says less, and goes.
fn restore(turn: &mut Turn<'_>, thoughts: Vec<Thought>, asked: &hub::Target<'_>) {
    turn.blocks.retain(|block| !matches!(block.content, Content::Reasoning(_)));
    // Reasoning that was told and has no state is wanted back by those alone who want the words.
    let wanted = |thought: &Thought| {
        thought.kind != Kind::Reasoning || asked.can.reasoning_replayed || !thought.state.is_empty()
    };
    for thought in thoughts.into_iter().rev().filter(wanted) {
        let origin = Cow::Owned(asked.origin.to_owned());
        let state = (!thought.state.is_empty()).then(|| State { origin, data: thought.state.into() });
        let calls = turn.blocks.iter().enumerate().filter(|(_, block)| is_call(block));
        let at = calls.map(|(at, _)| at).nth(thought.calls_before as usize);
        let content = match thought.kind {
            Kind::Call => {
                if let Some(block) = at.and_then(|at| turn.blocks.get_mut(at)) {
                    block.state = state;
                }
                continue;
            }
            Kind::Reasoning => Content::Reasoning(thought.text.into()),
            Kind::Hidden => {
                let kind = Cow::Borrowed(super::recorder::HIDDEN);
                Content::Opaque { home: asked.dialect, kind, json: thought.text.into() }
            }
        };
        let at = if thought.calls_before == 0 { 0 } else { at.unwrap_or(turn.blocks.len()) };
        turn.blocks.insert(at, Block { content, cache: None, state });
    }
}

/// What stands for the reasoning of a turn that nobody has: hosts insist that there is some.
const NOTHING: &str = " ";

/// As [`put_back`], in the bytes of a chat request whose host wants reasoning back
/// (`Quirk::ReasoningReplayed`). A turn whose reasoning nobody has is sent with a blank in its place, which
/// is noted.
pub async fn chat(
    story: &Story,
    source: &Source<'_>,
    target: &Target,
    body: Bytes,
    losses: &mut Losses,
) -> (Bytes, Option<Box<Recorder>>) {
    let Some(mut chat) = Chat::read(&body).filter(|chat| !chat.thinks_not()) else { return (body, None) };
    let (calling, bare) = chat.calls_without_reasoning();
    let shared = &story.worker.shared;
    let read = if shared.vault.is_on() { source.read(Dialect::OpenAiChat).ok() } else { None };
    let named =
        read.map(|request| names(story, &request, target)).filter(|(named, _)| named.len() == calling);
    let (mut listener, mut found) = (None, Vec::new());
    if let Some((named, naming)) = named {
        let wanted = bare.iter().filter_map(|bare| named.get(bare.turn).map(|(_, name)| *name));
        found = shared.vault.find(&wanted.collect::<Vec<Name>>()).await;
        listener = Some(Box::new(Recorder::new(Arc::clone(shared), naming, None)));
    }
    for (at, bare) in bare.iter().enumerate() {
        let thoughts = found.get(at).and_then(Option::as_ref);
        let text: Option<String> = thoughts.map(|all| all.iter().map(|thought| &*thought.text).collect());
        if text.is_none() {
            losses.note("reasoning", Reason::Emulated);
        }
        chat.think(bare, text.as_deref().unwrap_or(NOTHING));
    }
    (if bare.is_empty() { body.clone() } else { chat.finish() }, listener)
}
