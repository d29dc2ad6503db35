//! A request's whole life, in order: `verify` (done by dispatch) `-> peek -> plan -> admit -> send
//! -> deliver -> settle`.

use super::context::Worker;
use super::crossing::Source;
use super::deliver::{Wishes, deliver};
use super::exchange::{Inbound, Outbound, X_KEYWAY_LABELS};
use super::extension::{Extension, X_KEYWAY_BUDGET_MODE, X_KEYWAY_ON_LOSS};
use super::media::Units;
use super::replies::{Reply, X_KEYWAY_CACHE, replay};
use super::running::Caller;
use super::shape::shape;
use super::source::Answer;
use super::story::Story;
use super::{attempt, labels, media};
use crate::base::{Code, Refusal, Trouble};
use crate::catalog::Dialect;
use crate::metering::limits::Size;
use crate::routing::{Plan, allowed, plan};
use dialect::Needs;
use dialect::form::Form;
use dialect::hub::Asked;
use dialect::openai_responses;
use dialect::peek::{Peek, PeekError, peek, peek_as};
use std::rc::Rc;
use std::sync::Arc;

/// Answers a request in `dialect` of a key that may make it.
///
/// # Errors
/// None: whatever goes wrong is told in the answer, and booked.
pub async fn run(
    worker: Rc<Worker>,
    mut inbound: Inbound,
    caller: Caller,
    dialect: Dialect,
) -> Result<Outbound, Trouble> {
    let mut story = Box::new(Story::begin(worker, &inbound, caller, dialect));
    Ok(match prepare_and_send(&mut story, &mut inbound).await {
        Ok(Found::Answer(answer, wishes)) => deliver(story, answer, wishes).await,
        Ok(Found::Kept(reply)) => replay(story, reply).await,
        Err(trouble) => story.refuse(trouble),
    })
}

/// What a request is answered with.
enum Found {
    /// What a provider says.
    Answer(Answer, Wishes),
    /// What one has said before.
    Kept(Arc<Reply>),
}

async fn prepare_and_send(story: &mut Story, inbound: &mut Inbound) -> Result<Found, Trouble> {
    let mut shortened = None;
    if let Some(rules) = story.grant.policy.as_deref().filter(|rules| rules.shapes())
        && !story.dialect.is_media()
    {
        shortened = shape(rules, story.dialect, inbound)?;
    }
    let inbound = &*inbound;
    let form = media::form(story.dialect, inbound).map_err(refused)?;
    let peek = match &form {
        Some(form) => form.peek(),
        None => looked_at(story.dialect, inbound)?,
    };
    story.stream = peek.stream;
    pieces(story, inbound, &peek, form.as_ref());
    story.answers = peek.n;
    story.model_asked = peek.model.clone().into_owned();
    let extension = Extension::read(peek.keyway)?;
    let on_loss = extension.on_loss(inbound.header(X_KEYWAY_ON_LOSS))?;
    let budget_mode = extension.budget_mode(inbound.header(X_KEYWAY_BUDGET_MODE))?;
    let cache = extension.cache(inbound.header(X_KEYWAY_CACHE))?;
    story.labels = labels::read(&story.grant.labels, inbound.header(X_KEYWAY_LABELS), extension)?;
    let (plan, replaced) = planned(story, &peek.model)?;
    needs(story, inbound, form.is_some())?;
    if !story.grant.limits.is_empty() {
        let first = plan.candidates().next();
        let size = Size {
            prompt_bytes: story.prompt_bytes,
            output_cap: peek.output_cap,
            output_max: first.and_then(|target| target.model.as_ref()?.output_tokens_max),
            answers: peek.n,
        };
        story.limit(first.map_or("", |target| &target.id), size).await?;
    }
    let source = Source::new(inbound, &peek, (on_loss, budget_mode)).with_form(form.as_ref());
    if story.grant.policy.is_some()
        && !story.dialect.is_media()
        && let Some(reply) = Box::pin(story.recall(&source, &plan, cache)).await?
    {
        return Ok(Found::Kept(reply));
    }
    story.admit()?;
    let (answer, crossing) = attempt::send(story, &source, &plan).await?;
    let echoes =
        crossing.is_none() && story.dialect == Dialect::OpenaiResponses && story.stream && story.is_bounded();
    let wishes = Wishes {
        echo: if echoes { openai_responses::echo(&inbound.body) } else { Vec::new() },
        crossing,
        array: story.dialect == Dialect::Gemini && story.stream && !wants_events(inbound),
        include_usage: peek.include_usage == Some(true),
        notice: shortened.or(replaced).or_else(|| plan.alias().and_then(|alias| alias.notice.clone())),
    };
    Ok(Found::Answer(answer, wishes))
}

/// Who may be asked: for the model that the request names, or for the one that its policy puts in that one's
/// place, if that can be asked; then with what the client is told.
fn planned(story: &Story, model: &str) -> Result<(Plan, Option<String>), Refusal> {
    let catalog = story.worker.shared.catalog.load();
    if let Some(other) = story.replacement().filter(|other| *other != model)
        && let Ok(instead) = plan(&catalog, &story.grant, other)
    {
        let notice = format!("policy: a budget is nearly spent, so {other} was asked");
        return Ok((instead, Some(notice)));
    }
    Ok((plan(&catalog, &story.grant, model)?, None))
}

/// Counts what a request asks for besides tokens.
fn pieces(story: &mut Story, inbound: &Inbound, peek: &Peek<'_>, form: Option<&Form>) {
    if story.dialect.is_media() {
        let asked = media::sized(story.dialect, inbound, peek, form);
        (story.units, story.prompt_bytes, story.stream) = (asked.units, asked.text_bytes, asked.stream);
    }
    if story.dialect == Dialect::CohereRerank {
        let (likely, most) = dialect::rerank::searches(&inbound.body);
        story.units = Units { likely, most };
    }
}

/// Checks what a request needs besides its model: of a form, and of speech, the route says it.
fn needs(story: &Story, inbound: &Inbound, is_form: bool) -> Result<(), Refusal> {
    if is_form {
        return allowed::check_needs(&story.grant, Needs { audio_input: true, ..Needs::default() });
    }
    if story.dialect == Dialect::OpenaiSpeech {
        allowed::check_needs(&story.grant, Needs { audio_output: true, ..Needs::default() })?;
    }
    allowed::check(&story.grant, &inbound.body)
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
        Dialect::GeminiEmbeddings => in_path(in_address(inbound).0, false),
        Dialect::OpenaiModerations => match peek(&inbound.body) {
            Err(error) if error.param == Some("model") => in_path(MODERATION_MODEL, false).map_err(|_| error),
            read => read,
        },
        dialect => match dialect.conversation() {
            Some(dialect) => peek_as(dialect, &inbound.body, Asked::default()),
            None => peek(&inbound.body),
        },
    };
    read.map_err(refused)
}

fn refused(error: PeekError) -> Refusal {
    Refusal { param: error.param.map(Into::into), ..Refusal::new(Code::InvalidRequest, error.message) }
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
