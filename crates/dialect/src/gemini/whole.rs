//! An answer told as one response.

use super::part_out::{is_sayable, told};
use super::{response, usage};
use crate::event::{Part, StopReason};
use crate::hub::whole::{Choice, Whole};
use crate::hub::{Losses, Reply};
use crate::json::Out;

/// Writes an answer that went well.
pub(crate) fn write(whole: &Whole, reply: &Reply, losses: &mut Losses) -> Vec<u8> {
    let mut out = Out::with_room(1024);
    out.object(|out| {
        out.key("candidates").array(|out| {
            for choice in &whole.choices {
                out.object(|out| candidate(choice, reply, losses, out));
            }
        });
        if let Some(used) = &whole.usage {
            out.key("usageMetadata").object(|out| usage::write(used, out));
        }
        response::tail(reply, out);
    });
    out.into_bytes()
}

fn candidate(choice: &Choice, reply: &Reply, losses: &mut Losses, out: &mut Out) {
    out.key("content").object(|out| {
        out.key("parts").array(|out| {
            for built in choice.blocks.iter().filter(|built| is_sayable(&built.part, losses)) {
                let signed = built.part == Part::Reasoning || !built.state.is_empty();
                told(&built.part, &built.text, signed.then_some(&*built.state), reply, out);
            }
        });
        out.member("role", "model");
    });
    let refused = choice.blocks.iter().any(|built| built.part == Part::Refusal);
    match &choice.stop {
        Some((reason, native, detail)) => response::finish(*reason, native, detail, refused, losses, out),
        None => response::finish(StopReason::Other, "", "", refused, losses, out),
    }
    out.key("index").whole(u64::from(choice.index));
    response::grounding(choice.blocks.iter().flat_map(|built| &built.citations), losses, out);
}
