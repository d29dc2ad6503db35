//! What the sandbox says: text or a tool call, cut where the request wants it cut, and its usage.

use super::OUTPUT_BYTES_MAX;
use super::options::{Format, Tool};
use super::request::Request;
use super::schema;
use serde_json::json;

/// Bytes that count as one token.
const TOKEN_BYTES: u64 = 4;

/// Longest piece of a text without white space, so that no event grows without bound.
const PIECE_BYTES_MAX: usize = 1024;

/// The same answer for each of `choices` choices.
pub(super) struct Reply {
    pub said: Said,
    /// `stop`, `length` or `tool_calls`.
    pub finish_reason: &'static str,
    pub choices: u32,
    pub prompt_tokens: u64,
    pub completion_tokens: u64,
}

/// What a choice holds.
pub(super) enum Said {
    Text(String),
    Call(Call),
}

/// A tool call.
pub(super) struct Call {
    /// Number of the turn it is made in: makes the ids of a conversation differ.
    pub turn: usize,
    pub name: String,
    /// `function` or `custom`.
    pub kind: &'static str,
    /// JSON arguments of a function, free text for a custom tool.
    pub arguments: String,
}

impl Said {
    /// The text that is streamed and counted.
    pub fn text(&self) -> &str {
        match self {
            Self::Text(text) => text,
            Self::Call(call) => &call.arguments,
        }
    }

    fn text_mut(&mut self) -> &mut String {
        match self {
            Self::Text(text) => text,
            Self::Call(call) => &mut call.arguments,
        }
    }
}

/// Answers a request for `sandbox/echo` or `sandbox/slow`.
///
/// A tool result as the last message is answered in text whatever `tool_choice` says: callers
/// that demand a tool in every turn would otherwise never come to an end.
pub(super) fn reply(request: &Request) -> Reply {
    let mut said = match (&request.tool_result, &request.tool) {
        (None, Some(tool)) => Said::Call(call(tool, request)),
        (Some(result), _) => Said::Text(formatted(&request.format, result)),
        (None, None) => Said::Text(formatted(&request.format, &request.user_text)),
    };
    let natural = match &mut said {
        Said::Call(_) => "tool_calls",
        Said::Text(text) => {
            stop(text, &request.stop);
            "stop"
        }
    };
    let words_max = match said {
        Said::Text(_) => request.tokens_max,
        Said::Call(_) => None,
    };
    let bytes_max = bytes_max(request.tokens_max, request.choices);
    let cut = cut(said.text_mut(), words_max, bytes_max);
    let answer_bytes = (said.text().len() as u64).saturating_mul(u64::from(request.choices));
    Reply {
        said,
        finish_reason: if cut { "length" } else { natural },
        choices: request.choices,
        prompt_tokens: request.prompt_bytes.div_ceil(TOKEN_BYTES),
        completion_tokens: answer_bytes.div_ceil(TOKEN_BYTES),
    }
}

/// The status that the text names: its first number from 400 to 599, else 500.
pub(super) fn status_asked(text: &str) -> u16 {
    let numbers = text.split(|character: char| !character.is_ascii_digit());
    let statuses = numbers.filter_map(|digits| digits.parse::<u16>().ok());
    statuses.into_iter().find(|status| (400..=599).contains(status)).unwrap_or(500)
}

/// The text in words, each with the white space before it; joined they are the text again.
pub(super) fn pieces(text: &str) -> impl Iterator<Item = &str> {
    let mut rest = text;
    std::iter::from_fn(move || {
        let (piece, after) = rest.split_at(piece_end(rest));
        rest = after;
        (!piece.is_empty()).then_some(piece)
    })
}

/// Length in bytes of the first piece of a text; 0 only when the text is empty.
pub(super) fn piece_end(text: &str) -> usize {
    let mut in_word = false;
    for (at, character) in text.char_indices() {
        let space = character.is_whitespace();
        if at + character.len_utf8() > PIECE_BYTES_MAX {
            return at;
        }
        if in_word && space {
            // White space at the very end belongs to the last word.
            let last = text[at..].trim_start().is_empty();
            return if last { text.floor_char_boundary(PIECE_BYTES_MAX) } else { at };
        }
        in_word |= !space;
    }
    text.len()
}

fn call(tool: &Tool, request: &Request) -> Call {
    let (kind, arguments) = match &tool.parameters {
        None => ("custom", request.user_text.clone()),
        Some(parameters) => ("function", schema::arguments(parameters, &request.user_text).to_string()),
    };
    Call { turn: request.turn, name: tool.name.clone(), kind, arguments }
}

fn formatted(format: &Format, text: &str) -> String {
    match format {
        Format::Text => text.to_owned(),
        Format::JsonObject => json!({ "echo": text }).to_string(),
        Format::JsonSchema(schema) => schema::minimal(schema, text).to_string(),
    }
}

/// Ends the text before the first stop sequence in it.
fn stop(text: &mut String, stops: &[String]) {
    let first = stops.iter().filter_map(|stop| text.find(stop.as_str())).min();
    if let Some(first) = first {
        text.truncate(first);
    }
}

/// What a choice may hold: a token is four bytes, so that usage never passes the limit asked for.
fn bytes_max(tokens_max: Option<u64>, choices: u32) -> usize {
    let share = OUTPUT_BYTES_MAX / usize::try_from(choices).unwrap_or(1).max(1);
    let asked = tokens_max.map(|tokens| tokens.saturating_mul(TOKEN_BYTES));
    let asked = asked.and_then(|bytes| usize::try_from(bytes).ok());
    asked.unwrap_or(usize::MAX).min(share)
}

/// Cuts the text at so many words and so many bytes; whether anything was cut.
fn cut(text: &mut String, words_max: Option<u64>, bytes_max: usize) -> bool {
    let before = text.len();
    if let Some(words) = words_max.and_then(|words| usize::try_from(words).ok()) {
        let end = pieces(text).take(words).map(str::len).sum();
        text.truncate(end);
    }
    text.truncate(text.floor_char_boundary(bytes_max));
    text.len() < before
}
