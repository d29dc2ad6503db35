//! What is the same in a frame and in a finished answer.

use super::STOPS;
use crate::event::StopReason;
use crate::hub::citation::Citation;
use crate::hub::{Losses, Reason, Reply};
use crate::json::Out;

/// Why a candidate ended, and what is said about it.
pub(super) fn finish(
    reason: StopReason,
    native: &str,
    detail: &str,
    refused: bool,
    losses: &mut Losses,
    out: &mut Out,
) {
    let reason = match reason {
        StopReason::End if refused => StopReason::Filtered,
        StopReason::Sequence | StopReason::ToolUse => StopReason::End,
        StopReason::ContextFull => StopReason::Length,
        StopReason::Paused => StopReason::Other,
        reason => reason,
    };
    let known = STOPS.iter().find(|(_, known)| *known == reason).map(|(word, _)| *word);
    // Google's own words are written in capitals.
    let own = !native.is_empty() && native.bytes().all(|byte| byte.is_ascii_uppercase() || byte == b'_');
    if known.is_none() && !own {
        losses.note("finish_reason", Reason::Adjusted);
    }
    out.member("finishReason", known.unwrap_or(if own { native } else { "OTHER" }));
    if known.is_none() || (reason == StopReason::Filtered && !detail.is_empty()) {
        out.member("finishMessage", if detail.is_empty() { native } else { detail });
    }
}

/// Sources as what the answer is grounded in.
pub(super) fn grounding<'c>(citations: impl Iterator<Item = &'c String>, losses: &mut Losses, out: &mut Out) {
    let read: Vec<Option<Citation<'_>>> = citations.map(|json| Citation::read(json)).collect();
    if read.iter().any(Option::is_none) {
        losses.note("citations", Reason::Unsupported);
    }
    if read.iter().all(Option::is_none) {
        return;
    }
    let all = || read.iter().flatten();
    out.key("groundingMetadata").object(|out| {
        out.key("groundingChunks").array(|out| {
            for citation in all() {
                out.object(|out| {
                    out.key("web").object(|out| {
                        out.member("uri", &citation.url);
                        out.maybe("title", citation.title.as_deref());
                    });
                });
            }
        });
        out.key("groundingSupports").array(|out| {
            for (at, citation) in (0..).zip(all()) {
                out.object(|out| {
                    out.key("segment").object(|out| segment(citation, out));
                    out.key("groundingChunkIndices").array(|out| out.whole(at));
                });
            }
        });
    });
}

fn segment(citation: &Citation<'_>, out: &mut Out) {
    if let Some((start, end)) = citation.span {
        out.key("startIndex").whole(start);
        out.key("endIndex").whole(end);
    }
    out.maybe("text", citation.cited.as_deref());
}

/// What stands at the end of every frame and answer.
pub(super) fn tail(reply: &Reply, out: &mut Out) {
    out.member("modelVersion", &reply.model);
    out.member("responseId", &reply.id);
}
