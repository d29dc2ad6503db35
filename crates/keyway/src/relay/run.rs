//! A request's whole life, in order: `verify` (done by dispatch) `-> peek -> plan -> admit -> send
//! -> deliver -> settle`.

use super::context::Worker;
use super::crossing::Source;
use super::exchange::{Inbound, Outbound, X_KEYWAY_LABELS};
use super::extension::{BudgetMode, CacheWish, Extension, OnLoss, X_KEYWAY_BUDGET_MODE, X_KEYWAY_ON_LOSS};
use super::health::look;
use super::replies::{X_KEYWAY_CACHE, replay};
use super::running::Caller;
use super::shape::shape;
use super::story::Story;
use super::way::way;
use super::{attempt, labels};
use crate::base::{Refusal, Trouble};
use crate::catalog::{Dialect, ModelKind, Target};
use crate::metering::limits::Size;
use crate::routing::{Asked, Facts, Plan, allowed, auto, plan};
use dialect::hub;
use dialect::peek::{Peek, peek, peek_as};
use std::rc::Rc;
use std::sync::Arc;

/// What counts where a name leaves it open: `cost`, `latency` or `quality`.
pub const X_KEYWAY_ROUTE: &str = "x-keyway-route";

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
    let (prepared, shortened) = match shaped(&story, &mut inbound) {
        Ok(shortened) => (looked_at(story.dialect, &inbound), shortened),
        Err(trouble) => return Ok(story.refuse(trouble)),
    };
    let peek = match prepared {
        Ok(peek) => peek,
        Err(refusal) => return Ok(story.refuse(refusal.into())),
    };
    let Prepared { plan, modes, cache, replaced } = match prepare(&mut story, &inbound, &peek).await {
        Ok(prepared) => prepared,
        Err(refusal) => return Ok(story.refuse(refusal.into())),
    };
    let source = Source::new(&inbound, &peek, modes);
    if story.grant.policy.is_some() {
        match Box::pin(story.recall(&source, &plan, cache)).await {
            Ok(None) => {}
            Ok(Some(reply)) => return Ok(replay(story, reply).await),
            Err(trouble) => return Ok(story.refuse(trouble)),
        }
    }
    if let Err(refusal) = story.admit() {
        return Ok(story.refuse(refusal.into()));
    }
    let notice = shortened.or(replaced);
    Ok(attempt::serve(story, &source, &plan, notice.as_deref()).await)
}

/// Shapes a request as its policy has it. Answers what its client is told of that.
fn shaped(story: &Story, inbound: &mut Inbound) -> Result<Option<String>, Trouble> {
    match story.grant.policy.as_deref().filter(|rules| rules.shapes()) {
        Some(rules) => Ok(shape(rules, story.dialect, inbound)?),
        None => Ok(None),
    }
}

/// A request before it is admitted.
struct Prepared {
    plan: Plan,
    modes: (OnLoss, BudgetMode),
    cache: CacheWish,
    /// What its client is told where another model is asked.
    replaced: Option<String>,
}

async fn prepare(story: &mut Story, inbound: &Inbound, peek: &Peek<'_>) -> Result<Prepared, Refusal> {
    story.stream = peek.stream;
    story.answers = peek.n;
    story.model_asked = peek.model.clone().into_owned();
    let extension = Extension::read(peek.keyway)?;
    let on_loss = extension.on_loss(inbound.header(X_KEYWAY_ON_LOSS))?;
    let budget_mode = extension.budget_mode(inbound.header(X_KEYWAY_BUDGET_MODE))?;
    let cache = extension.cache(inbound.header(X_KEYWAY_CACHE))?;
    story.labels = labels::read(&story.grant.labels, inbound.header(X_KEYWAY_LABELS), extension)?;
    let (plan, replaced) = planned(story, inbound, peek)?;
    story.session = plan.choice().and_then(|choice| choice.session);
    allowed::check(&story.grant, &inbound.body)?;
    if !story.grant.limits.is_empty() {
        let first = plan.candidates().next();
        story.limit(first.map_or("", |target| &target.id), size(first, inbound, peek)).await?;
    }
    Ok(Prepared { plan, modes: (on_loss, budget_mode), cache, replaced })
}

/// What a request's size is, if it goes to a target.
pub(super) fn size(target: Option<&Arc<Target>>, inbound: &Inbound, peek: &Peek<'_>) -> Size {
    Size {
        prompt_bytes: inbound.body.len() as u64,
        output_cap: peek.output_cap,
        output_max: target.and_then(|target| target.model.as_ref()?.output_tokens_max),
        answers: peek.n,
    }
}

/// Whether a target is for what is asked in a dialect, as far as that is known.
pub fn is_for(target: &Target, dialect: Dialect) -> bool {
    let kind = match dialect {
        Dialect::OpenaiEmbeddings | Dialect::CohereRerank => ModelKind::Embedding,
        _ => ModelKind::Chat,
    };
    target.model.as_ref().is_none_or(|model| model.kind == kind)
}

/// Header fields in which clients name their session, the first that is there counts.
const SESSION_FIELDS: [&str; 2] = ["x-session-affinity", "x-session-id"];

/// Who may be asked: for the model that the request names, or for the one that its policy puts in that one's
/// place, if that can be asked; then with what the client is told.
fn planned(story: &Story, inbound: &Inbound, peek: &Peek<'_>) -> Result<(Plan, Option<String>), Refusal> {
    let shared = &story.worker.shared;
    let facts = Facts {
        wish: auto::wish(inbound.header(X_KEYWAY_ROUTE))?,
        asked: &|| Asked::of(&inbound.body),
        output_cap: peek.output_cap,
        answers: peek.n,
        labels: &story.labels,
        session: SESSION_FIELDS.iter().find_map(|name| inbound.header(name)).unwrap_or_default(),
        now_ms: story.started_ms,
        seed: story.seed(),
        serves: &|target| is_for(target, story.dialect) && way(target, story.dialect, story.stream).is_some(),
        look: &|target| look(shared, &story.grant, target, story.stream),
        pinned: &|session| shared.sessions.target(session),
    };
    let catalog = shared.catalog.load();
    if let Some(other) = story.replacement().filter(|other| **other != *peek.model)
        && let Ok(instead) = plan(&catalog, &story.grant, other, &facts)
    {
        let notice = format!("policy: a budget is nearly spent, so {other} was asked");
        return Ok((instead, Some(notice)));
    }
    Ok((plan(&catalog, &story.grant, &peek.model, &facts)?, None))
}

/// The model that judges where nobody says which: the body may leave it out.
const MODERATION_MODEL: &str = "omni-moderation-latest";

/// What a request says of itself, in its body and, at Google, in its address.
pub(super) fn looked_at(dialect: Dialect, inbound: &Inbound) -> Result<Peek<'_>, Refusal> {
    let in_path = |model, stream| {
        let asked = hub::Asked { model: Some(model), stream };
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
            Some(dialect) => peek_as(dialect, &inbound.body, hub::Asked::default()),
            None => peek(&inbound.body),
        },
    };
    read.map_err(|error| Refusal {
        param: error.param.map(Into::into),
        ..Refusal::new(crate::base::Code::InvalidRequest, error.message)
    })
}

/// Whether a stream at Google's paths is wanted as server-sent events; else it is one JSON array.
pub(super) fn wants_events(inbound: &Inbound) -> bool {
    inbound.query_pairs().iter().any(|(name, value)| name == "alt" && value == "sse")
}

/// Model and verb of an address such as `.../models/{model}:{verb}`.
fn in_address(inbound: &Inbound) -> (&str, &str) {
    let named = inbound.params.last().map_or("", String::as_str);
    let (model, verb) = named.rsplit_once(':').unwrap_or((named, ""));
    (model.strip_prefix("models/").unwrap_or(model), verb)
}
