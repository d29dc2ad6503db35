//! A request under budgets: it reserves what it may cost before it is sent, its stream goes no further than
//! what is reserved, and its line says who is charged. Requests of a key without budgets pay a branch.

use super::count;
use super::crossing::Source;
use super::exchange::Inbound;
use super::extension::BudgetMode;
use super::media;
use super::story::Story;
use crate::base::Trouble;
use crate::catalog::{Dialect, Target};
use crate::metering::cover::{Cut, Tokens};
use crate::metering::spend::{Purchase, reserve};
use dialect::peek::Peek;
use ledger::price::Media;
use ledger::reserve::Size;
use serde::Deserialize;
use std::sync::Arc;
use std::task::{Context, Poll};

/// Tokens that a picture has at most, of those providers that count them dearest: 48,169 for one in high
/// detail at OpenAI's smallest model of 2024, some thousands at others.
const IMAGE_TOKENS_MAX: u64 = 50_000;
/// Bytes of text that a token has at least, on an average of many.
const BYTES_PER_TOKEN_MIN: u64 = 2;
/// Bytes of text that events of one token each have at least, on an average of many: some hosts send a
/// token in several events.
const BYTES_PER_EVENT_MIN: u64 = 3;

impl Story {
    /// Reserves what the request may cost at a target. Answers the cap on its answer, in tokens, that the
    /// provider is to be told.
    ///
    /// # Errors
    /// Why it cannot be paid for.
    pub async fn pay(&mut self, target: &Arc<Target>, source: &Source<'_>) -> Result<Option<u64>, Trouble> {
        let (inbound, peek) = (source.inbound, source.peek);
        if self.grant.purse.is_empty() {
            return Ok(None);
        }
        self.still_good()?;
        let model = target.model.as_deref();
        let hidden = model.is_some_and(|model| model.capabilities.hidden_reasoning);
        let clamp = source.budget_mode == BudgetMode::Clamp;
        let end_user = self.end_user(inbound);
        let (size, measured) = self.size(target, inbound, peek);
        let what = Purchase {
            model: &target.id,
            labels: &self.labels,
            end_user: &end_user,
            price: media::price(self.dialect, target, self.started_ms),
            started_ms: self.started_ms,
            size,
            measured,
            longest: model.and_then(|model| model.output_tokens_max.or(model.context_tokens)),
            streamed: self.stream && !hidden && !self.dialect.is_media(),
            clamp,
            own: self.is_own(),
            markup: self.markup(),
        };
        let shared = &self.worker.shared;
        let spending = reserve(&shared.keeper, &shared.at.clock, &self.grant, &what).await?;
        let told = spending.as_ref().and_then(|spending| spending.output_cap);
        self.hold(spending)?;
        Ok(told)
    }

    /// How large a request can become at a target, and whether that can be told.
    fn size(&mut self, target: &Target, inbound: &Inbound, peek: &Peek<'_>) -> (Size, bool) {
        let model = target.model.as_deref();
        let context = model.and_then(|model| model.context_tokens);
        let output_cap = match self.dialect {
            Dialect::OpenaiModerations => Some(0),
            dialect if dialect.is_vectors() || dialect.is_order() => Some(0),
            // What is billed by the piece has no tokens; the rest of it ends where its model does.
            dialect if dialect.is_media() => {
                let price = media::price(dialect, target, self.started_ms);
                price.and_then(|price| price.dearest_unit()).map(|_| 0)
            }
            _ => peek.output_cap,
        };
        if self.dialect.is_media() {
            let text_bytes = self.prompt_bytes;
            let input_tokens_max = match context {
                Some(context) if self.dialect == Dialect::OpenaiTranscriptions => context.max(text_bytes),
                _ => text_bytes,
            };
            let (media, units_max) = (Media::ANY, self.units.most);
            return (Size { input_tokens_max, output_cap, answers: peek.n, media, units_max }, true);
        }
        let content = dialect::content_at_most(&inbound.body);
        // Text has no more tokens than bytes, sound far fewer, and no prompt more than its window.
        let text_bytes = (inbound.body.len() as u64).saturating_sub(content.media_bytes);
        let pictures = content.images.saturating_mul(IMAGE_TOKENS_MAX);
        let counted = text_bytes.saturating_add(content.sound_bytes).saturating_add(pictures);
        let input_tokens_max = match context {
            Some(context) if content.unknown > 0 => context,
            Some(context) => context.min(counted),
            None => counted,
        };
        self.prompt_bytes = input_tokens_max;
        self.prompt_tokens = count::likely(&content).min(input_tokens_max);
        let unknown = content.unknown > 0;
        let media = Media {
            sound_in: content.sound_bytes > 0 || unknown,
            images_in: content.images > 0 || unknown,
            sound_out: content.speaks,
        };
        let units_max = self.units.most;
        let size = Size { input_tokens_max, output_cap, answers: peek.n, media, units_max };
        (size, context.is_some() || !unknown)
    }

    /// Whom a request names as its end user, where a budget asks.
    fn end_user(&self, inbound: &Inbound) -> String {
        #[derive(Deserialize)]
        struct Named {
            user: Option<String>,
        }
        if self.grant.budgets.iter().all(|budget| budget.selector.end_user.is_none()) {
            return String::new();
        }
        serde_json::from_slice::<Named>(&inbound.body).ok().and_then(|named| named.user).unwrap_or_default()
    }

    /// Notes how far a streamed answer has come; `reported` is what its provider says of it so far.
    pub fn cover(&mut self, reported: Option<u64>) {
        let Some(mut admitted) = self.admitted.take() else { return };
        if admitted.spending().is_some() {
            let (events, bytes) = (self.counted.events, self.counted.bytes);
            let reported = reported.unwrap_or(0);
            let tokens = Tokens {
                most: reported.max(events).max(bytes.div_ceil(BYTES_PER_TOKEN_MIN)),
                least: reported.max(events.min(bytes.div_ceil(BYTES_PER_EVENT_MIN))),
                likely: self.estimate().output(),
            };
            admitted.cover(&self.worker.shared.keeper, tokens);
        }
        self.admitted = Some(admitted);
    }

    /// Ready when what has come of a stream is paid for; with a reason when it is to end instead.
    pub fn poll_covered(&mut self, cx: &mut Context<'_>) -> Poll<Option<Cut>> {
        self.admitted.as_mut().map_or(Poll::Ready(None), |admitted| admitted.poll_covered(cx))
    }

    /// Whether it may have to end early: money is reserved for it.
    #[must_use]
    pub fn is_bounded(&self) -> bool {
        self.admitted.as_ref().is_some_and(crate::metering::Admitted::is_bounded)
    }

    /// Whether a stream is to end here.
    #[must_use]
    pub fn must_cut(&self) -> bool {
        self.admitted.as_ref().is_some_and(|admitted| admitted.must_cut().is_some())
    }
}
