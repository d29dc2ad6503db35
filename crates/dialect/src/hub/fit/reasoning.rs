//! Reasoning as the target takes it, and only its own state.

use crate::hub::request::Content;
use crate::hub::{Losses, Mode, Reason, ReasoningControl, Request, Target};

pub(super) fn fit(request: &mut Request<'_>, target: &Target<'_>, losses: &mut Losses) {
    wish(request, target, losses);
    let mut foreign = false;
    for turn in &mut request.turns {
        turn.blocks.retain_mut(|block| {
            let other = block.state.as_ref().is_some_and(|state| !target.reads_state_of(&state.origin));
            if other {
                block.state = None;
                foreign = true;
            }
            let reasoning = matches!(block.content, Content::Reasoning(_));
            let kept = block.state.is_some() || (target.can.reasoning_replayed && !other);
            if reasoning && !kept {
                foreign = true;
            }
            !reasoning || kept
        });
    }
    if foreign {
        losses.note("reasoning", Reason::Foreign);
    }
}

/// How much to think, as the target can be told.
fn wish(request: &mut Request<'_>, target: &Target<'_>, losses: &mut Losses) {
    let can = &target.can;
    let wish = &mut request.reasoning;
    if can.reasoning == ReasoningControl::None {
        if !wish.is_silent() && wish.mode != Some(Mode::Off) {
            losses.note("reasoning_effort", Reason::Unsupported);
        }
        *wish = Default::default();
        return;
    }
    if wish.mode == Some(Mode::Off) && !can.reasoning_off {
        (wish.mode, wish.effort, wish.budget) = (None, can.efforts.iter().min().copied(), None);
        losses.note("reasoning_effort", Reason::Adjusted);
    }
    if can.reasoning == ReasoningControl::Budget {
        return;
    }
    let wanted = wish.wanted_effort();
    if wish.budget.take().is_some() {
        losses.note("reasoning.budget", Reason::Adjusted);
    }
    wish.effort = wanted.and_then(|effort| effort.within(can.efforts)).or(wanted);
    if wish.effort != wanted {
        losses.note("reasoning_effort", Reason::Adjusted);
    }
}
