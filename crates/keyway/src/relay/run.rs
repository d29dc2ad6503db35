//! A request's whole life, in order: `verify` (done by dispatch) `-> peek -> plan -> admit -> send
//! -> deliver -> settle`.

use super::context::Worker;
use super::deliver::{Wishes, deliver};
use super::exchange::{Inbound, Outbound, X_KEYWAY_LABELS};
use super::running::Caller;
use super::source::Answer;
use super::story::Story;
use super::{attempt, labels};
use crate::base::{Refusal, Trouble};
use crate::metering::limits::Size;
use crate::routing::{allowed, plan};
use dialect::peek::peek;
use std::rc::Rc;

/// Answers a request of a key that may make it.
///
/// # Errors
/// None: whatever goes wrong is told in the answer, and booked.
pub async fn run(worker: Rc<Worker>, inbound: Inbound, caller: Caller) -> Result<Outbound, Trouble> {
    let mut story = Box::new(Story::begin(worker, &inbound, caller));
    Ok(match prepare_and_send(&mut story, &inbound).await {
        Ok((answer, wishes)) => deliver(story, answer, wishes).await,
        Err(trouble) => story.refuse(trouble),
    })
}

async fn prepare_and_send(story: &mut Story, inbound: &Inbound) -> Result<(Answer, Wishes), Trouble> {
    let peek = peek(&inbound.body).map_err(|error| Refusal {
        param: error.param.map(Into::into),
        ..Refusal::new(crate::base::Code::InvalidRequest, error.message)
    })?;
    story.stream = peek.stream;
    story.model_asked = peek.model.clone().into_owned();
    story.labels = labels::read(&story.grant.labels, inbound.header(X_KEYWAY_LABELS), peek.keyway)?;
    let plan = plan(&story.worker.shared.catalog, &story.grant, &peek.model)?;
    allowed::check(&story.grant, &inbound.body)?;
    if !story.grant.limits.is_empty() {
        let first = plan.candidates().next();
        let size = Size {
            prompt_bytes: inbound.body.len() as u64,
            output_cap: peek.output_cap,
            output_max: first.and_then(|target| target.model.as_ref()?.output_tokens_max),
            answers: peek.n,
        };
        story.limit(first.map_or("", |target| &target.id), size)?;
    }
    story.admit()?;
    let answer = attempt::send(story, inbound, &peek, &plan).await?;
    let wishes = Wishes {
        include_usage: peek.include_usage == Some(true),
        notice: plan.alias().and_then(|alias| alias.notice.clone()),
    };
    Ok((answer, wishes))
}
