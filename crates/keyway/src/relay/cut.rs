//! The end of a stream that is cut for want of money: a length stop that says why, usage if it was asked for,
//! and the end that a client waits for. Here in the words of OpenAI's chat and legacy completions; for other dialects see
//! [`super::teller`].

use crate::base::id;
use crate::metering::cover::Cut;
use bytes::Bytes;
use dialect::hub::Notice;
use dialect::openai_chat::with_cost;
use ledger::{NanoUsd, Usage};
use serde_json::json;

/// What stands in the line of a stream that was cut; empty: it ended as it should.
#[must_use]
pub fn code(cut: &Cut) -> &'static str {
    match cut {
        Cut::Cap => "",
        Cut::Money(refusal) => refusal.code.text(),
    }
}

/// A cut in words.
#[must_use]
pub fn notice(cut: &Cut) -> Notice {
    let (code, message) = match cut {
        Cut::Cap => ("output_cap", LONGER),
        Cut::Money(refusal) => (refusal.code.text(), &*refusal.message),
    };
    Notice { code: code.to_owned(), message: message.to_owned() }
}

const LONGER: &str = "The answer is longer than was asked for.";

/// A stream that is cut.
pub struct CutStream<'a> {
    /// The request.
    pub request: [u8; 16],
    /// Model as the client named it.
    pub model: &'a str,
    /// Unix seconds of the request.
    pub created: i64,
    /// Answers that were asked for.
    pub answers: u32,
    /// They are legacy completions.
    pub legacy: bool,
    /// What was used, where the client asked for that.
    pub usage: Option<(Usage, Option<NanoUsd>)>,
}

/// The last frames of a stream in OpenAI's chat dialect.
#[must_use]
pub fn frames(cut: &Cut, stream: &CutStream<'_>) -> Vec<Bytes> {
    let Notice { code, message } = notice(cut);
    let head = |choices: serde_json::Value| {
        let (prefix, object) =
            if stream.legacy { ("cmpl", "text_completion") } else { ("chatcmpl", "chat.completion.chunk") };
        json!({ "id": id::text(prefix, stream.request), "object": object,
                "created": stream.created, "model": stream.model, "choices": choices })
    };
    let choices = (0..stream.answers.max(1)).map(|index| match stream.legacy {
        true => json!({ "index": index, "text": "", "logprobs": null, "finish_reason": "length" }),
        false => json!({ "index": index, "delta": {}, "finish_reason": "length" }),
    });
    let mut stop = head(choices.collect());
    stop["keyway"] = json!({ "notice": { "code": code, "message": message } });
    let mut frames = vec![Bytes::from(format!("data: {stop}\n\n"))];
    if let Some((usage, cost)) = &stream.usage {
        let (input, output) = (usage.input(), usage.output());
        let mut chunk = head(json!([]));
        chunk["usage"] = json!({ "prompt_tokens": input, "completion_tokens": output,
                                 "total_tokens": input.saturating_add(output) });
        let cost = cost.map_or_else(|| "null".to_owned(), NanoUsd::to_decimal);
        frames.push(with_cost(chunk.to_string().as_bytes(), &cost));
    }
    frames.push(Bytes::from_static(b"data: [DONE]\n\n"));
    frames
}
