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
    if let Some(cost) = cost_of(reply) {
        out.key("keyway").object(|out| out.key("cost_usd").raw(cost));
    }
}

/// Our own extension where an answer stops: what it cost, and why it stops when that is our doing.
pub(crate) fn ending(reply: &Reply, out: &mut Out) {
    if reply.notice.is_none() {
        return cost(reply, out);
    }
    out.key("keyway").object(|out| {
        if let Some(cost) = cost_of(reply) {
            out.key("cost_usd").raw(cost);
        }
        notice(reply, out);
    });
}

/// Our own extension where an answer stops whose cost is told elsewhere.
pub(crate) fn noticed(reply: &Reply, out: &mut Out) {
    if reply.notice.is_some() {
        out.key("keyway").object(|out| notice(reply, out));
    }
}

fn cost_of(reply: &Reply) -> Option<&str> {
    reply.cost_usd.as_deref().filter(|cost| super::chunk::is_number(cost))
}

fn notice(reply: &Reply, out: &mut Out) {
    if let Some(notice) = &reply.notice {
        out.key("notice").object(|out| {
            out.member("code", &notice.code);
            out.member("message", &notice.message);
        });
    }
}
