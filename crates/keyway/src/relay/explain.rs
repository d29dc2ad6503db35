//! What would become of a call, and why: the rules of the door and of the models, asked one by one from
//! the lists that requests go through.

use super::health::look;
use super::route::Billing;
use super::run::is_for;
use super::table::{Found, Table};
use super::way::has_way;
use super::{Route, Shared};
use crate::access::keys::not_there;
use crate::access::permit;
use crate::access::told::{Outcome, Told, skip, tell};
use crate::access::{Grant, KeyCache};
use crate::accounts::capability::{Capabilities, Capability};
use crate::accounts::{Actor, Scope, Subject, may};
use crate::base::{Fault, Refusal, Trouble};
use crate::catalog::{Catalog, Strategy, Target};
use crate::metering::limits::{Limited, Size};
use crate::pricing::Usd;
use crate::routing::facts::TOKEN_BYTES;
use crate::routing::lack::Lack;
use crate::routing::order::Seen;
use crate::routing::plan::{self, Choice, Kind, Plan};
use crate::routing::{Asked, Facts, allowed};
use crate::store::Conn;
use crate::store::keys::{self, KeyRow};
use dialect::Needs;
use http::Method;
use ledger::{NanoUsd, Usage};
use serde::Serialize;
use std::net::IpAddr;
use std::sync::Arc;

/// Where inference usually goes.
pub const USUAL_PATH: &str = "/v1/chat/completions";
/// Most answer tokens that may be asked about.
pub const TOKENS_MAX: u64 = 1_000_000_000;
/// Longest body that may be asked about, bytes.
pub const PROMPT_BYTES_MAX: u64 = 1_000_000_000;

/// The call that is asked about.
pub struct Question<'a> {
    /// Its path.
    pub path: &'a str,
    /// Its method; absent: the first that the path takes of POST, GET, DELETE.
    pub method: Option<Method>,
    /// The model it names; empty: none.
    pub model: &'a str,
    /// From where it comes.
    pub ip: Option<IpAddr>,
    /// Its cap on the answer, tokens.
    pub max_tokens: Option<u64>,
    /// What it needs besides the model.
    pub capabilities: Capabilities,
    /// Its labels, `name=value`.
    pub labels: &'a [String],
    /// What its client wants counted, where the name leaves it open.
    pub wish: Option<Strategy>,
    /// Bytes of its body; `None`: not told.
    pub prompt_bytes: Option<u64>,
}

/// Where the answer is looked for.
pub struct Place<'a> {
    /// The routes.
    pub table: &'a Table,
    /// Models and prices.
    pub catalog: &'a Catalog,
    /// Where grants are made.
    pub cache: &'a KeyCache,
    /// Unix milliseconds.
    pub now_ms: i64,
    /// The server that knows how far limits are used and how providers do; absent in a command.
    pub serving: Option<&'a Shared>,
}

/// The decision, and everything that made it.
#[derive(Debug, Serialize)]
pub struct Explanation {
    object: &'static str,
    /// `allow` or `deny`.
    pub decision: &'static str,
    /// The code of the refusal a caller would get.
    pub code: Option<&'static str>,
    /// Every rule, in the order in which requests meet them.
    pub rules: Vec<Told>,
    /// What puts them in order, where there are several: a strategy, or `auto`.
    pub strategy: Option<&'static str>,
    /// Who would be asked, best first.
    pub route: Vec<Step>,
    /// Who would not be asked, and why; of many, the first.
    pub passed_over: Vec<Step>,
    /// What the answer can cost at most, without the prompt: the dearest rate of the dearest candidate.
    pub estimate_usd: Option<Usd>,
}

/// A candidate.
#[derive(Debug, Serialize)]
pub struct Step {
    /// `provider/name`
    pub model: String,
    /// Who serves it.
    pub provider: String,
    /// Why it stands there.
    pub reason: String,
}

/// The key that is asked about, for somebody who may see it.
///
/// # Errors
/// `not_found` for others' keys and for none.
pub async fn key_of(conn: &mut Conn, actor: &Actor, org: &str, id: &str) -> Result<KeyRow, Trouble> {
    let key = keys::by_id(conn, org, id).await?.ok_or_else(|| not_there("key"))?;
    let subject = key.project_id.as_deref().map_or(Subject::Organization, Subject::Project);
    let operators = key.reach == "installation" && !actor.rights.operator;
    if operators || may(actor, Scope::READ_KEYS, subject).is_err() {
        return Err(not_there("key").into());
    }
    Ok(key)
}

/// Explains what would become of a call.
///
/// # Errors
/// `not_found` when the key has no secret; a fault when the database cannot be used.
pub async fn explain(
    place: &Place<'_>,
    conn: &mut Conn,
    key: &KeyRow,
    question: &Question<'_>,
) -> Result<Explanation, Trouble> {
    let grant = place.cache.now(conn, &key.kid).await?.ok_or_else(|| not_there("key"))?;
    let (told, found) = find(place.table, question);
    let mut rules = vec![told];
    let mut planned = None;
    if let Some((route, params)) = found {
        rules.extend(permit::told(&permit::Asked {
            grant: &grant,
            needs: route.needs,
            path: route.path,
            params: &params,
            peer: question.ip,
            now_ms: place.now_ms,
        }));
        if route.billing == Billing::Free {
            rules.push(skip("model", "The route calls no model."));
        } else {
            let (told, plan) = planned_by(place, &grant, route, question);
            rules.extend(told);
            rules.push(allowed::told(&grant, question.capabilities));
            rules.push(limits(place, &grant, plan.as_ref(), question));
            planned = plan;
        }
    }
    Ok(explanation(rules, planned.as_ref(), &grant, place, question))
}

/// Explains the way of a call by a live key of an organisation that may call everything.
///
/// # Errors
/// A fault when there can be no such key.
pub fn explain_for_anybody(
    place: &Place<'_>,
    org: &str,
    question: &Question<'_>,
) -> Result<Explanation, Fault> {
    let grant = Grant::of_anybody(org, place.now_ms)?;
    let (told, found) = find(place.table, question);
    let (mut rules, mut planned) = (vec![told], None);
    if let Some((route, _)) = found {
        let (told, plan) = planned_by(place, &grant, route, question);
        rules.extend(told);
        planned = plan;
    }
    Ok(explanation(rules, planned.as_ref(), &grant, place, question))
}

fn explanation(
    rules: Vec<Told>,
    planned: Option<&Plan>,
    grant: &Grant,
    place: &Place<'_>,
    question: &Question<'_>,
) -> Explanation {
    let refused = rules.iter().find(|rule| rule.result == Outcome::Fail);
    let cost = planned.and_then(|plan| estimate(plan, question.max_tokens, place.now_ms));
    Explanation {
        object: "organization.explanation",
        decision: if refused.is_some() { "deny" } else { "allow" },
        code: refused.and_then(|rule| rule.code).map(|code| code.text()),
        strategy: planned.and_then(Plan::choice).map(strategy),
        route: planned.map(steps).unwrap_or_default(),
        passed_over: planned.and_then(Plan::choice).map(passed_over).unwrap_or_default(),
        estimate_usd: cost.map(|cost| Usd(grant.purse.markup.sell(cost))),
        rules,
    }
}

type Row = (&'static Route, Vec<String>);

/// The row of the route table that the call would meet.
fn find(table: &Table, question: &Question<'_>) -> (Told, Option<Row>) {
    let tried = match &question.method {
        Some(method) => vec![method.clone()],
        None => vec![Method::POST, Method::GET, Method::DELETE],
    };
    for method in tried {
        if let Found::Route(_, route, params) = table.find(&method, question.path) {
            let what = format!("{} {}", route.method, route.path);
            return (tell("route", Ok(()), Some(what)), Some((route, params)));
        }
    }
    let refusal = Refusal::new(crate::base::Code::NotFound, "There is no such route.");
    (tell("route", Err(refusal), None), None)
}

/// Asks the limits as a request would, and gives back at once what it took.
fn limits(place: &Place<'_>, grant: &Grant, plan: Option<&Plan>, question: &Question<'_>) -> Told {
    const RULE: &str = "rate_limits";
    let Some(first) = plan.and_then(|plan| plan.candidates().next()) else {
        return skip(RULE, "There is no model to ask for.");
    };
    let count = grant.limits.of_model(&first.id).count();
    if count == 0 {
        return skip(RULE, "Key, project and organisation have no rate limits.");
    }
    let Some(now_mono_ms) = place.serving.map(|shared| shared.at.clock.monotonic_ms()) else {
        return skip(RULE, "How far limits are used is known to the server: ask its API.");
    };
    let size = Size {
        prompt_bytes: 0,
        output_cap: question.max_tokens,
        output_max: first.model.as_ref().and_then(|model| model.output_tokens_max),
        answers: 1,
    };
    let (held, asked) = Limited::ask(grant, &first.id, size, now_mono_ms);
    drop(held);
    if asked.is_err() && !Limited::lacking(grant, &first.id, size, now_mono_ms).is_empty() {
        return tell(RULE, Ok(()), Some("This node would ask for a larger share of the limits.".to_owned()));
    }
    tell(RULE, asked, Some(format!("All {count} sets of limits have room for an empty prompt.")))
}

/// What the rules about the model say, and who would be asked.
fn planned_by(
    place: &Place<'_>,
    grant: &Grant,
    route: &Route,
    question: &Question<'_>,
) -> (Vec<Told>, Option<Plan>) {
    let prompt_tokens = question.prompt_bytes.map(|bytes| bytes.div_ceil(TOKEN_BYTES)).unwrap_or(0);
    let dialect = route.dialect();
    let facts = Facts {
        wish: question.wish,
        asked: Asked::known(needs(question.capabilities), Some(prompt_tokens)),
        output_cap: question.max_tokens,
        answers: 1,
        labels: question.labels,
        session: "",
        now_ms: place.now_ms,
        seed: u64::try_from(place.now_ms).unwrap_or(0),
        serves: &|target| dialect.is_none_or(|dialect| is_for(target, dialect) && has_way(target, dialect)),
        look: &|target, speed| {
            let Some(shared) = place.serving else { return Seen::UNKNOWN };
            let (upstreams, now_ms) = (shared.upstreams.load(), shared.at.clock.monotonic_ms());
            look((shared, &upstreams), &grant.org, target, now_ms, speed.then_some(true))
        },
        pinned: &|_| None,
    };
    plan::told(place.catalog, grant, question.model, &facts)
}

fn needs(capabilities: Capabilities) -> Needs {
    Needs {
        image_input: capabilities.has(Capability::ImageInput),
        audio_input: capabilities.has(Capability::AudioInput),
        file_input: capabilities.has(Capability::FileInput),
        audio_output: capabilities.has(Capability::AudioOutput),
        tools: capabilities.has(Capability::Tools),
        structured_output: false,
    }
}

fn strategy(choice: &Choice) -> &'static str {
    match (choice.kind, choice.strategy) {
        (Kind::Auto, Strategy::Priority) => "auto",
        (_, strategy) => strategy.word(),
    }
}

fn steps(plan: &Plan) -> Vec<Step> {
    let alias = plan.alias().map(|alias| format!("`{}` stands for it; ", alias.name)).unwrap_or_default();
    let choice = plan.choice();
    let step = |(place, target): (usize, &Arc<Target>)| {
        let when = if place == 0 { "asked first" } else { "asked when those before fail" };
        let why = choice.and_then(|choice| choice.steps.get(place));
        let why = why.map_or_else(String::new, |step| format!(": {}", plan::reason(&step.why)));
        let priority = target.provider.priority;
        Step {
            model: target.id.to_string(),
            provider: target.provider.name.to_string(),
            reason: format!("{alias}{when}, provider priority {priority}{why}"),
        }
    };
    plan.candidates().enumerate().map(step).collect()
}

/// Candidates that are told of as passed over at most.
const PASSED_OVER_MAX: usize = 32;

fn passed_over(choice: &Choice) -> Vec<Step> {
    // Whom a key may not call it does not learn of.
    let passed = choice.passed.iter().filter(|(_, lack)| *lack != Lack::Permission);
    let step = |(target, lack): &(Arc<Target>, Lack)| Step {
        model: target.id.to_string(),
        provider: target.provider.name.to_string(),
        reason: lack.text(),
    };
    passed.take(PASSED_OVER_MAX).map(step).collect()
}

/// What the answer can cost at most. `None` where a candidate is unpriced or nothing bounds the answer.
fn estimate(plan: &Plan, max_tokens: Option<u64>, now_ms: i64) -> Option<NanoUsd> {
    let mut most = NanoUsd(0);
    for target in plan.candidates() {
        let model = target.model.as_ref()?;
        let price = model.prices.at(now_ms)?;
        let tokens = max_tokens.or(model.output_tokens_max)?;
        let nanousd = (u128::from(tokens) * u128::from(price.dearest_output())).div_ceil(1_000_000);
        let fixed = price.cost(&Usage::default(), now_ms);
        let nanousd = i64::try_from(nanousd).unwrap_or(i64::MAX).saturating_add(fixed.0);
        most = most.max(NanoUsd(nanousd));
    }
    Some(most)
}
