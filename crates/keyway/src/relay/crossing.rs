//! Between two dialects: a client's request written for a provider that speaks another one, and what its
//! answer must go through on its way back.

use super::abilities::abilities;
use super::converse;
use super::exchange::Inbound;
use super::extension::{BudgetMode, OnLoss};
use super::fetch;
use super::recorder::Recorder;
use super::replay;
use super::story::Story;
use super::way::Way;
use crate::base::{Code, Refusal};
use crate::catalog::{Alias, Edit, Target};
use bytes::Bytes;
use dialect::form::Form;
use dialect::hub::{self, Asked, Dialect, Invalid, Losses, Mode, Reply, Request};
use dialect::peek::Peek;
use dialect::{AskUsage, openai_responses, rewrite};
use std::borrow::Cow;
use std::sync::Arc;

/// What an answer goes through on its way to a client of another dialect.
pub struct Crossing {
    /// The client's dialect.
    pub to: Dialect,
    /// What it is told with.
    pub reply: Reply,
    /// What of the request the provider was not told as it was asked.
    pub losses: Losses,
    /// Keeps what its provider will want back of it.
    pub recorder: Option<Box<Recorder>>,
}

/// A client's request, read at most once for all candidates.
pub struct Source<'a> {
    pub(super) inbound: &'a Inbound,
    pub(super) peek: &'a Peek<'a>,
    /// Where the body is no JSON.
    pub(super) form: Option<&'a Form>,
    pub(super) on_loss: OnLoss,
    pub(super) budget_mode: BudgetMode,
    /// Without our own member.
    body: Bytes,
}

impl<'a> Source<'a> {
    /// The request of a client.
    #[must_use]
    pub fn new(
        inbound: &'a Inbound,
        peek: &'a Peek<'a>,
        (on_loss, budget_mode): (OnLoss, BudgetMode),
    ) -> Self {
        let body = match &peek.keyway {
            Some(_) => rewrite(&inbound.body, peek, &peek.model, AskUsage::Leave),
            None => inbound.body.clone(),
        };
        Self { inbound, peek, form: None, on_loss, budget_mode, body }
    }

    /// The same, with the form that its body is.
    #[must_use]
    pub fn with_form(self, form: Option<&'a Form>) -> Self {
        Self { form, ..self }
    }

    /// What its body is.
    #[must_use]
    pub fn content_type(&self) -> &'a str {
        let theirs = self.form.and_then(|_| self.inbound.header("content-type"));
        theirs.unwrap_or("application/json")
    }

    /// The body, without our own member.
    #[must_use]
    pub fn body(&self) -> &Bytes {
        &self.body
    }

    /// The request as `target` is asked it, and what its answer must go through. Its answer is capped at
    /// `output_cap` tokens, where there is one.
    ///
    /// # Errors
    /// What cannot be read, what the target cannot do, and losses where none are wanted.
    pub async fn cross(
        &self,
        story: &Story,
        target: &Target,
        (way, alias): (&Way, Option<&Alias>),
        output_cap: Option<u64>,
    ) -> Result<(Bytes, Crossing), Refusal> {
        let (Some(from), Some(to)) = (way.dialect.conversation(), story.dialect.conversation()) else {
            return Err(Refusal::new(Code::InternalError, "This cannot be translated."));
        };
        let mut request = self.read(to)?;
        alias.into_iter().flat_map(|alias| &alias.set).for_each(|edit| set(*edit, &mut request));
        if let Some(cap) = output_cap {
            request.output_cap = Some(request.output_cap.map_or(cap, |asked| asked.min(cap)));
        }
        let mut can = abilities(target, from);
        can.media_by_url &= !converse::is(way);
        let asked =
            hub::Target { dialect: from, model: &target.upstream, origin: &target.provider.name, can };
        let naming = replay::put_back(story, &mut request, target, &asked).await;
        fetch::media(&story.worker.shared.egress, &mut request, &asked).await?;
        let mut losses = Losses::default();
        let written = hub::write_request(&request, &asked, &mut losses).map_err(|invalid| told(&invalid))?;
        self.take_losses(&losses, target)?;
        let reply = Reply {
            id: self.inbound.request_id().trim_start_matches("req_").to_owned(),
            model: self.peek.model.clone().into_owned(),
            created_s: self.inbound.started_ms / 1000,
            include_usage: self.peek.include_usage == Some(true),
            origin: target.provider.name.to_string(),
            restore: written.restore,
            cost_usd: None,
            notice: None,
            echo: if to == Dialect::OpenAiResponses {
                openai_responses::echo(&self.body)
            } else {
                Vec::new()
            },
        };
        let ids = Some(reply.id.clone());
        let recorder =
            naming.map(|naming| Box::new(Recorder::new(Arc::clone(&story.worker.shared), naming, ids)));
        Ok((written.body.into(), Crossing { to, reply, losses, recorder }))
    }

    /// Refuses losses where none are wanted.
    pub(super) fn take_losses(&self, losses: &Losses, target: &Target) -> Result<(), Refusal> {
        if self.on_loss == OnLoss::Reject && !losses.is_empty() {
            return Err(lossy(losses, &target.id));
        }
        Ok(())
    }

    /// The request as the hub has it.
    pub(super) fn read(&self, dialect: Dialect) -> Result<Request<'_>, Refusal> {
        let asked = Asked { model: Some(&self.peek.model), stream: self.peek.stream };
        hub::read_request(dialect, &self.body, asked).map_err(|invalid| told(&invalid))
    }
}

/// What an alias says about the mode of its model, unless the request says it.
fn set(edit: Edit, request: &mut Request<'_>) {
    let mode = match edit {
        Edit::ThinkingDisabled => Mode::Off,
        Edit::ThinkingEnabled => Mode::On,
    };
    request.reasoning.mode.get_or_insert(mode);
}

pub(super) fn told(invalid: &Invalid) -> Refusal {
    let code = if invalid.unsupported { Code::UnsupportedParameter } else { Code::InvalidRequest };
    let param = invalid.param.clone();
    Refusal { param, ..Refusal::new(code, Cow::Owned(invalid.message.clone())) }
}

fn lossy(losses: &Losses, model: &str) -> Refusal {
    Refusal::new(
        Code::LossyTranslation,
        format!(
            "`{model}` is not asked in this dialect, and cannot be told all of the request as it is: {}. \
             Leave these out, use another model, or let losses be reported (`x-keyway-on-loss: report`).",
            losses.header()
        ),
    )
}
