//! Usage: running totals in every frame. What was read from a cache lies within the prompt's count;
//! thoughts and the prompts of Google's own tools are counted beside it.

use crate::json::{JsonError, Kind, Known, Out, Reader, known};
use crate::openai_chat::usage::{Counts, Slot, UsageRule};
use ledger::Usage;

/// How this dialect counts when the total does not say.
pub(super) const RULE: UsageRule = UsageRule { reasoning_apart: true };

#[derive(Clone, Copy)]
enum Member {
    Count(Slot),
    /// Counts by modality: audio, images.
    Details(Option<Slot>, Option<Slot>),
}

const USAGE: &[Known<Member>] = known![
    "promptTokenCount" => Member::Count(Slot::Prompt),
    "candidatesTokenCount" => Member::Count(Slot::Completion),
    "totalTokenCount" => Member::Count(Slot::Total),
    "cachedContentTokenCount" => Member::Count(Slot::Cached),
    "promptTokensDetails" => Member::Details(Some(Slot::InAudio), Some(Slot::InImage)),
    "cacheTokensDetails" => Member::Details(Some(Slot::CachedAudio), Some(Slot::CachedImage)),
    "candidatesTokensDetails" => Member::Details(Some(Slot::OutAudio), None),
    "toolUsePromptTokenCount" => Member::Count(Slot::ToolPrompt),
    "thoughtsTokenCount" => Member::Count(Slot::Reasoning),
    "cacheWriteTokenCount" => Member::Count(Slot::CacheWrite),
];

/// Adds a usage object to what has been counted.
pub(super) fn read(reader: &mut Reader<'_>, counts: &mut Counts) -> Result<(), JsonError> {
    reader.known_object(USAGE, |reader, member, _| match member {
        Some(Member::Count(slot)) => counts.put(reader, slot),
        Some(Member::Details(audio, image)) if reader.kind()? == Kind::Array => {
            reader.array(|reader| modality(reader, audio, image, counts))
        }
        _ => reader.ignore(),
    })
}

fn modality(
    reader: &mut Reader<'_>,
    audio: Option<Slot>,
    image: Option<Slot>,
    counts: &mut Counts,
) -> Result<(), JsonError> {
    if !reader.at_object() {
        return reader.ignore();
    }
    let (mut slot, mut count) = (None, None);
    reader.object(|reader, member| {
        let here = *reader;
        match member.key {
            b"modality" => match reader.text_or_skip()? {
                Some(word) if word.is("AUDIO") => slot = audio,
                Some(word) if word.is("IMAGE") => slot = image,
                _ => {}
            },
            key => {
                count = (key == b"tokenCount").then_some(here).or(count);
                reader.ignore()?;
            }
        }
        Ok::<(), JsonError>(())
    })?;
    match slot.zip(count) {
        Some((slot, mut reader)) => counts.put(&mut reader, slot),
        None => Ok(()),
    }
}

/// Writes the members of a usage object.
pub(super) fn write(usage: &Usage, out: &mut Out) {
    let said = usage.out_text.saturating_add(usage.out_audio);
    out.key("promptTokenCount").whole(usage.input());
    out.key("candidatesTokenCount").whole(said);
    out.key("totalTokenCount").whole(usage.input().saturating_add(usage.output()));
    let written = usage.cache_write_5m.saturating_add(usage.cache_write_1h);
    let counts = [
        ("cachedContentTokenCount", usage.cache_read),
        ("thoughtsTokenCount", usage.out_reasoning),
        // Google has no such count; only clients that look for it see it.
        ("cacheWriteTokenCount", written),
    ];
    for (name, count) in counts.into_iter().filter(|(_, count)| *count > 0) {
        out.key(name).whole(count);
    }
    let besides = usage.in_audio.saturating_add(usage.in_image);
    details(
        "promptTokensDetails",
        usage.input().saturating_sub(besides),
        &[("AUDIO", usage.in_audio), ("IMAGE", usage.in_image)],
        out,
    );
    details("candidatesTokensDetails", usage.out_text, &[("AUDIO", usage.out_audio)], out);
}

/// Counts by modality, where there is more than text.
fn details(name: &str, text: u64, others: &[(&str, u64)], out: &mut Out) {
    if others.iter().all(|(_, count)| *count == 0) {
        return;
    }
    out.key(name).array(|out| {
        for (modality, count) in [("TEXT", text)].iter().chain(others).filter(|(_, count)| *count > 0) {
            out.object(|out| {
                out.member("modality", modality);
                out.key("tokenCount").whole(*count);
            });
        }
    });
}
