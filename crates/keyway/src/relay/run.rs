//! A request's whole life, in order: `verify` (done by dispatch) `-> peek -> plan -> admit -> send
//! -> deliver -> settle`.

use super::context::Worker;
use super::crossing::Source;
use super::deliver::{Wishes, deliver};
use super::exchange::{Inbound, Outbound, X_KEYWAY_LABELS};
use super::extension::{Extension, X_KEYWAY_BUDGET_MODE, X_KEYWAY_ON_LOSS};
use super::running::Caller;
use super::source::Answer;
use super::story::Story;
use super::{attempt, labels};
use crate::base::{Refusal, Trouble};
use crate::catalog::Dialect;
use crate::metering::limits::Size;
use crate::routing::{allowed, plan};
use dialect::hub::Asked;
use dialect::openai_responses;
use dialect::peek::{Peek, peek, peek_as};
use std::rc::Rc;

/// Answers a request in `dialect` of a key that may make it.
///
/// # Errors
/// None: whatever goes wrong is told in the answer, and booked.
pub async fn run(
    worker: Rc<Worker>,
    inbound: Inbound,
    caller: Caller,
    dialect: Dialect,
) -> Result<Outbound, Trouble> {
    let mut story = Box::new(Story::begin(worker, &inbound, caller, dialect));
    Ok(match prepare_and_send(&mut story, &inbound).await {
        Ok((answer, wishes)) => deliver(story, answer, wishes).await,
        Err(trouble) => story.refuse(trouble),
    })
}

async fn prepare_and_send(story: &mut Story, inbound: &Inbound) -> Result<(Answer, Wishes), Trouble> {
    let peek = looked_at(story.dialect, inbound)?;
    story.stream = peek.stream;
    story.answers = peek.n;
    story.model_asked = peek.model.clone().into_owned();
    let extension = Extension::read(peek.keyway)?;
    let on_loss = extension.on_loss(inbound.header(X_KEYWAY_ON_LOSS))?;
    let budget_mode = extension.budget_mode(inbound.header(X_KEYWAY_BUDGET_MODE))?;
    story.labels = labels::read(&story.grant.labels, inbound.header(X_KEYWAY_LABELS), extension)?;
    let plan = plan(&story.worker.shared.catalog.load(), &story.grant, &peek.model)?;
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
    let source = Source::new(inbound, &peek, (on_loss, budget_mode));
    let (answer, crossing) = attempt::send(story, &source, &plan).await?;
    let echoes =
        crossing.is_none() && story.dialect == Dialect::OpenaiResponses && story.stream && story.is_bounded();
    let wishes = Wishes {
        echo: if echoes { openai_responses::echo(&inbound.body) } else { Vec::new() },
        crossing,
        array: story.dialect == Dialect::Gemini && story.stream && !wants_events(inbound),
        include_usage: peek.include_usage == Some(true),
        notice: plan.alias().and_then(|alias| alias.notice.clone()),
    };
    Ok((answer, wishes))
}

/// The model that judges where nobody says which: the body may leave it out.
const MODERATION_MODEL: &str = "omni-moderation-latest";

/// What a request says of itself, in its body and, at Google, in its address.
pub(super) fn looked_at(dialect: Dialect, inbound: &Inbound) -> Result<Peek<'_>, Refusal> {
    let in_path = |model, stream| {
        let asked = Asked { model: Some(model), stream };
        peek_as(dialect::Dialect::Gemini, &inbound.body, asked)
    };
    let read = match dialect {
        Dialect::Gemini => {
            let (model, verb) = in_address(inbound);
            in_path(model, verb.starts_with("stream"))
        }
        Dialect::OpenaiModerations => match peek(&inbound.body) {
            Err(error) if error.param == Some("model") => in_path(MODERATION_MODEL, false).map_err(|_| error),
            read => read,
        },
        dialect => match dialect.conversation() {
            Some(dialect) => peek_as(dialect, &inbound.body, Asked::default()),
            None => peek(&inbound.body),
        },
    };
    read.map_err(|error| Refusal {
        param: error.param.map(Into::into),
        ..Refusal::new(crate::base::Code::InvalidRequest, error.message)
    })
}

/// Whether a stream at Google's paths is wanted as server-sent events; else it is one JSON array.
fn wants_events(inbound: &Inbound) -> bool {
    inbound.query_pairs().iter().any(|(name, value)| name == "alt" && value == "sse")
}

/// Model and verb of an address such as `.../models/{model}:{verb}`.
fn in_address(inbound: &Inbound) -> (&str, &str) {
    let named = inbound.params.last().map_or("", String::as_str);
    let (model, verb) = named.rsplit_once(':').unwrap_or((named, ""));
    (model.strip_prefix("models/").unwrap_or(model), verb)
}
