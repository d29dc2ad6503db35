//! Bedrock's Converse operation: the conversation of Anthropic's dialect in other words, and its streams in
//! binary frames. Requests are written from Anthropic's, answers told as Anthropic's, so whoever can be
//! translated to that dialect reaches every model of Bedrock's.

mod answer;
pub mod frame;
mod request;
mod stream;

#[cfg(test)]
mod tests;

pub use answer::whole;
pub use request::request;
pub use stream::Stream;

/// Reasons to stop: Bedrock's words, and Anthropic's.
const STOPS: [(&str, &str); 7] = [
    ("end_turn", "end_turn"),
    ("tool_use", "tool_use"),
    ("max_tokens", "max_tokens"),
    ("stop_sequence", "stop_sequence"),
    ("model_context_window_exceeded", "model_context_window_exceeded"),
    ("guardrail_intervened", "refusal"),
    ("content_filtered", "refusal"),
];

/// Anthropic's word for a reason; one that nobody knows stays as it is.
fn stop(word: &str) -> &str {
    STOPS.iter().find(|(theirs, _)| *theirs == word).map_or(word, |(_, ours)| ours)
}

/// Counts of a `usage`: Bedrock's names, and Anthropic's.
const COUNTS: [(&str, &str); 4] = [
    ("inputTokens", "input_tokens"),
    ("outputTokens", "output_tokens"),
    ("cacheReadInputTokens", "cache_read_input_tokens"),
    ("cacheWriteInputTokens", "cache_creation_input_tokens"),
];

fn counts(usage: Option<crate::json::Node<'_>>, out: &mut crate::json::Out) {
    let members = usage.map(crate::json::Node::members).unwrap_or_default();
    out.key("usage").object(|out| {
        for (theirs, ours) in COUNTS {
            if let Some(count) = members.get(theirs).and_then(crate::json::Node::whole) {
                out.key(ours).whole(count);
            }
        }
    });
}
