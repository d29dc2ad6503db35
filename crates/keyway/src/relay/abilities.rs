//! What a model can do, as translations ask it: the catalogue's row over the defaults of the dialect.

use crate::catalog::{Effort, Quirk, Target, Thinking};
use dialect::hub::{self, Abilities, Dialect, ReasoningControl};

/// Efforts of the catalogue beside those of translations, least first.
const EFFORTS: [(Effort, hub::Effort); 6] = [
    (Effort::Minimal, hub::Effort::Minimal),
    (Effort::Low, hub::Effort::Low),
    (Effort::Medium, hub::Effort::Medium),
    (Effort::High, hub::Effort::High),
    (Effort::Xhigh, hub::Effort::XHigh),
    (Effort::Max, hub::Effort::Max),
];
const ALL: &[hub::Effort] =
    &[EFFORTS[0].1, EFFORTS[1].1, EFFORTS[2].1, EFFORTS[3].1, EFFORTS[4].1, EFFORTS[5].1];

/// What a target can do when it is asked in `dialect`. What nobody knows is taken for yes.
#[must_use]
pub fn abilities(target: &Target, dialect: Dialect) -> Abilities {
    let mut can = Abilities::of(dialect);
    let provider = &target.provider;
    if dialect == Dialect::OpenAiChat {
        can.stream_usage = !provider.has(Quirk::NoStreamUsage);
        can.completion_cap = provider.has(Quirk::MaxCompletionTokensOnly);
        if provider.has(Quirk::ForcedToolsEndThinking) {
            can.reasoning = ReasoningControl::Switch;
            can.reasoning_off = true;
            can.forced_tools_while_reasoning = false;
        }
        can.reasoning_replayed = provider.has(Quirk::ReasoningReplayed);
    }
    let Some(model) = &target.model else { return can };
    let told = &model.capabilities;
    for (ability, known) in [
        (&mut can.images, told.vision),
        (&mut can.documents, told.documents),
        (&mut can.audio, told.audio),
        (&mut can.tools, told.tools),
        (&mut can.json_schema, told.structured_output),
        (&mut can.sampling, told.sampling),
        (&mut can.forced_tools, told.forced_tools),
    ] {
        *ability = known.map_or(*ability, |known| known && *ability);
    }
    if let Some(most) = model.output_tokens_max {
        can.output_tokens_max = most;
    }
    match (told.reasoning, told.thinking) {
        (Some(false), _) => can.reasoning = ReasoningControl::None,
        (_, Some(Thinking::Adaptive)) if dialect == Dialect::Anthropic => {
            can.reasoning = ReasoningControl::Adaptive;
        }
        (_, Some(Thinking::Always)) => (can.reasoning_off, can.reasons_by_default) = (false, true),
        _ => {}
    }
    let known = |(effort, _): &(Effort, hub::Effort)| told.efforts.has(*effort);
    let span = EFFORTS.iter().position(known).zip(EFFORTS.iter().rposition(known));
    if let Some(efforts) = span.and_then(|(least, most)| ALL.get(least..=most)) {
        can.efforts = efforts;
    }
    can
}
