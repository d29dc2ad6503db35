//! A request's whole life, in order: `verify` (done by dispatch) `-> peek -> plan -> admit -> send
//! -> deliver -> settle`.

use super::context::Worker;
use super::crossing::Source;
use super::exchange::{Inbound, Outbound, X_KEYWAY_LABELS};
use super::extension::{BudgetMode, CacheWish, Extension, OnLoss, X_KEYWAY_BUDGET_MODE, X_KEYWAY_ON_LOSS};
use super::health::look;
use super::media::Units;
use super::replies::{X_KEYWAY_CACHE, replay};
use super::running::Caller;
use super::shape::shape;
use super::story::Story;
use super::way::has_way;
use super::{attempt, labels, media};
use crate::base::{Code, Refusal, Trouble};
use crate::catalog::{Dialect, Target};
use crate::metering::limits::Size;
use crate::routing::{Asked, Facts, Plan, allowed, auto, plan};
use dialect::Needs;
use dialect::form::Form;
use dialect::hub;
use dialect::peek::{Peek, PeekError, peek, peek_as};
use std::cell::LazyCell;
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
    inbound: &mut Inbound,
    caller: Caller,
    dialect: Dialect,
) -> Result<Outbound, Trouble> {
    let mut story = Story::begin(worker, inbound, caller, dialect);
    let (shortened, form) = match shaped(&story, inbound) {
        Ok(shaped) => shaped,
        Err(trouble) => return Ok(story.refuse(trouble)),
    };
    let form = form.as_ref();
    let looked = match form {
        Some(form) => Ok(form.peek()),
        None => looked_at(story.dialect, inbound),
    };
    // Not taken out of there: it is some hundred bytes long.
    let peek = match &looked {
        Ok(peek) => peek,
        Err(error) => return Ok(story.refuse(refused(error.clone()).into())),
    };
    let Prepared { plan, modes, cache, replaced } = match prepare(&mut story, inbound, peek, form).await {
        Ok(prepared) => prepared,
        Err(refusal) => return Ok(story.refuse(refusal.into())),
    };
    let source = Source::new(inbound, peek, modes).with_form(form);
    if story.grant.policy.is_some() && !story.dialect.is_media() {
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

/// Shapes a request as its policy has it. Answers what its client is told of that, and the form that the
/// request is.
fn shaped(story: &Story, inbound: &mut Inbound) -> Result<(Option<String>, Option<Form>), Trouble> {
    let rules = story.grant.policy.as_deref().filter(|rules| rules.shapes() && !story.dialect.is_media());
    let shortened = match rules {
        Some(rules) => shape(rules, story.dialect, inbound)?,
        None => None,
    };
    Ok((shortened, media::form(story.dialect, inbound).map_err(refused)?))
}

/// A request before it is admitted.
struct Prepared {
    plan: Plan,
    modes: (OnLoss, BudgetMode),
    cache: CacheWish,
    /// What its client is told where another model is asked.
    replaced: Option<String>,
}

async fn prepare(
    story: &mut Story,
    inbound: &Inbound,
    peek: &Peek<'_>,
    form: Option<&Form>,
) -> Result<Prepared, Refusal> {
    story.stream = peek.stream;
    pieces(story, inbound, peek, form);
    (story.answers, story.output_cap) = (peek.n, peek.output_cap);
    story.model_asked = peek.model.clone().into_owned();
    let extension = Extension::read(peek.keyway)?;
    let on_loss = extension.on_loss(inbound.header(X_KEYWAY_ON_LOSS))?;
    let budget_mode = extension.budget_mode(inbound.header(X_KEYWAY_BUDGET_MODE))?;
    let cache = extension.cache(inbound.header(X_KEYWAY_CACHE))?;
    story.labels = labels::read(&story.grant.labels, inbound.header(X_KEYWAY_LABELS), extension)?;
    let (plan, replaced) = planned(story, inbound, peek, form)?;
    story.session = plan.choice().and_then(|choice| choice.session);
    needs(story, inbound, form.is_some())?;
    if !story.grant.limits.is_empty() {
        let first = plan.candidates().next();
        story.limit(first.map_or("", |target| &target.id), size(story, first, peek)).await?;
    }
    Ok(Prepared { plan, modes: (on_loss, budget_mode), cache, replaced })
}

/// What a request's size is, if it goes to a target.
pub(super) fn size(story: &Story, target: Option<&Arc<Target>>, peek: &Peek<'_>) -> Size {
    Size {
        prompt_bytes: story.prompt_bytes,
        output_cap: peek.output_cap,
        output_max: target.and_then(|target| target.model.as_ref()?.output_tokens_max),
        answers: peek.n,
    }
}

/// Whether a target is for what is asked in a dialect, as far as that is known.
pub fn is_for(target: &Target, dialect: Dialect) -> bool {
    target.model.as_ref().is_none_or(|model| dialect.serves(model.kind))
}

/// Header fields in which clients name their session, the first that is there counts.
const SESSION_FIELDS: [&str; 2] = ["x-session-affinity", "x-session-id"];

/// Who may be asked: for the model that the request names, or for the one that its policy puts in that one's
/// place, if that can be asked; then with what the client is told.
fn planned(
    story: &Story,
    inbound: &Inbound,
    peek: &Peek<'_>,
    form: Option<&Form>,
) -> Result<(Plan, Option<String>), Refusal> {
    let shared = &story.worker.shared;
    let upstreams = LazyCell::new(|| shared.upstreams.load());
    let facts = Facts {
        wish: auto::wish(inbound.header(X_KEYWAY_ROUTE))?,
        // The length of a recording says nothing of tokens.
        asked: if form.is_some() { Asked::default() } else { Asked::of(&inbound.body) },
        output_cap: peek.output_cap,
        answers: peek.n,
        labels: &story.labels,
        session: SESSION_FIELDS.iter().find_map(|name| inbound.header(name)).unwrap_or_default(),
        now_ms: story.started_ms,
        seed: story.seed(),
        serves: &|target| is_for(target, story.dialect) && has_way(target, story.dialect),
        look: &|target, speed| {
            let speed = speed.then_some(story.stream);
            look((shared, &upstreams), &story.grant.org, target, story.started_mono_ms, speed)
        },
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
pub(super) fn looked_at(dialect: Dialect, inbound: &Inbound) -> Result<Peek<'_>, PeekError> {
    let in_path = |model, stream| {
        let asked = hub::Asked { model: Some(model), stream };
        peek_as(dialect::Dialect::Gemini, &inbound.body, asked)
    };
    match dialect {
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
            Some(dialect) => peek_as(dialect, &inbound.body, hub::Asked::default()),
            None => peek(&inbound.body),
        },
    }
}

/// What cannot be read, as its client is told.
pub(super) fn refused(error: PeekError) -> Refusal {
    Refusal { param: error.param.map(Into::into), ..Refusal::new(Code::InvalidRequest, error.message) }
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
