//! Usage in the words of OpenAI's two dialects, whose parts lie within their sums.

use crate::hub::Reply;
use crate::json::Out;
use ledger::Usage;

/// What the counts are called.
pub(crate) struct Words {
    input: &'static str,
    input_details: &'static str,
    output: &'static str,
    output_details: &'static str,
}

/// In the chat dialect.
pub(crate) const CHAT: Words = Words {
    input: "prompt_tokens",
    input_details: "prompt_tokens_details",
    output: "completion_tokens",
    output_details: "completion_tokens_details",
};

/// In the Responses dialect.
#[allow(dead_code, reason = "wip")]
pub(crate) const RESPONSES: Words = Words {
    input: "input_tokens",
    input_details: "input_tokens_details",
    output: "output_tokens",
    output_details: "output_tokens_details",
};

/// Writes the members of a usage object.
pub(crate) fn write(usage: &Usage, words: &Words, out: &mut Out) {
    let (input, output) = (usage.input(), usage.output());
    out.key(words.input).whole(input);
    out.key(words.input_details).object(|out| {
        out.key("cached_tokens").whole(usage.cache_read);
        out.key("cache_write_tokens").whole(usage.cache_write_5m.saturating_add(usage.cache_write_1h));
        nonzero(out, "audio_tokens", usage.in_audio);
        nonzero(out, "image_tokens", usage.in_image);
    });
    out.key(words.output).whole(output);
    out.key(words.output_details).object(|out| {
        out.key("reasoning_tokens").whole(usage.out_reasoning);
        nonzero(out, "audio_tokens", usage.out_audio);
    });
    out.key("total_tokens").whole(input.saturating_add(output));
}

fn nonzero(out: &mut Out, name: &str, count: u64) {
    if count > 0 {
        out.key(name).whole(count);
    }
}

/// Our own extension: what the answer cost.
pub(crate) fn cost(reply: &Reply, out: &mut Out) {
    if let Some(cost) = reply.cost_usd.as_deref().filter(|cost| super::chunk::is_number(cost)) {
        out.key("keyway").object(|out| out.key("cost_usd").raw(cost));
    }
}
