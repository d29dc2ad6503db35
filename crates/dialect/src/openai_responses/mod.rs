//! The dialect of OpenAI Responses (`/responses`), without what a provider keeps: every request says all
//! there is to say, and every answer is told once.

mod content;
mod decode;
mod encode;
mod item_out;
mod items_in;
mod request_in;
mod request_out;
mod response;
#[cfg(test)]
mod tests;
mod told;
mod tools;

pub use decode::Frames;
pub use encode::Encoder;
pub(crate) use request_in::read;
pub use request_in::{KEPT_BY_PROVIDER, echo};
pub(crate) use request_out::write;
pub(crate) use response::whole;

/// Errors are those of the chat dialect.
pub(crate) use crate::openai_chat::error_body;

use crate::hub::knobs::{Knob, Named};
use crate::json::Out;

/// Between a call's id and its state, where both are one opaque text.
const STATE_OF_CALL: char = '\n';

/// Names of the knobs that stand at the top level.
const KNOBS: Named = &[
    (Knob::Temperature, "temperature"),
    (Knob::TopP, "top_p"),
    (Knob::TopLogprobs, "top_logprobs"),
    (Knob::ServiceTier, "service_tier"),
    (Knob::Store, "store"),
    (Knob::Metadata, "metadata"),
    (Knob::PromptCacheKey, "prompt_cache_key"),
];

/// A part that is nothing but a text.
fn part(out: &mut Out, kind: &str, text: &str) {
    out.object(|out| {
        out.member("type", kind);
        out.member("text", text);
    });
}
