//! Usage: the prompt's count leaves out what the cache read and wrote, and a stream tells it twice.

use crate::json::{JsonError, Known, Reader, known};
use crate::openai_chat::usage::{Counts, Slot};
use crate::{hub::Reply, json::Out, openai_chat::usage_out};
use ledger::Usage;

#[derive(Clone, Copy)]
enum Member {
    Count(Slot),
    CacheCreation,
    Output,
}

const USAGE: &[Known<Member>] = known![
    "input_tokens" => Member::Count(Slot::Uncached),
    "cache_creation_input_tokens" => Member::Count(Slot::CacheWrite),
    "cache_read_input_tokens" => Member::Count(Slot::Cached),
    "cache_creation" => Member::CacheCreation,
    "output_tokens" => Member::Count(Slot::Completion),
    "output_tokens_details" => Member::Output,
];

const CACHE_CREATION: &[Known<Option<Slot>>] = known![
    "ephemeral_5m_input_tokens" => None,
    "ephemeral_1h_input_tokens" => Some(Slot::CacheWriteLong),
];

const OUTPUT: &[Known<Option<Slot>>] = known![
    "thinking_tokens" => Some(Slot::Reasoning),
];

/// Adds a usage object to what has been counted.
pub(super) fn read(reader: &mut Reader<'_>, counts: &mut Counts) -> Result<(), JsonError> {
    if !reader.at_object() {
        return reader.ignore();
    }
    reader.known_object(USAGE, |reader, member, _| match member {
        Some(Member::Count(slot)) => counts.put(reader, slot),
        Some(Member::CacheCreation) => counts.details(reader, CACHE_CREATION),
        Some(Member::Output) => counts.details(reader, OUTPUT),
        None => reader.ignore(),
    })
}

/// Writes the members of a usage object.
pub(super) fn write(usage: &Usage, out: &mut Out) {
    let uncached = usage.in_uncached.saturating_add(usage.in_audio).saturating_add(usage.in_image);
    out.key("input_tokens").whole(uncached);
    out.key("cache_creation_input_tokens").whole(usage.cache_write_5m.saturating_add(usage.cache_write_1h));
    out.key("cache_read_input_tokens").whole(usage.cache_read);
    out.key("cache_creation").object(|out| {
        out.key("ephemeral_5m_input_tokens").whole(usage.cache_write_5m);
        out.key("ephemeral_1h_input_tokens").whole(usage.cache_write_1h);
    });
    out.key("output_tokens").whole(usage.output());
    out.key("output_tokens_details").object(|out| out.key("thinking_tokens").whole(usage.out_reasoning));
}

/// Our own extension: what the answer cost, and why it was ended.
pub(super) fn ending(reply: &Reply, out: &mut Out) {
    usage_out::ending(reply, out);
}
