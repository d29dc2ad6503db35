//! What would become of a call, and why: the rules of the door and of the models, asked one by one from
//! the lists that requests go through.

use super::routes::ROUTES;
use super::table::{Found, Table};
use crate::access::keys::not_there;
use crate::access::permit::{self, Asked};
use crate::access::told::{Outcome, Told, skip, tell};
use crate::access::{Grant, KeyCache};
use crate::accounts::capability::Capabilities;
use crate::admin::json::Usd;
use crate::base::{Fault, Refusal, Trouble};
use crate::catalog::Catalog;
use crate::metering::limits::{Limited, Size};
use crate::relay::Route;
use crate::relay::route::Billing;
use crate::routing::allowed;
use crate::routing::plan::{self, Plan};
use crate::store::Conn;
use crate::store::keys::KeyRow;
use http::Method;
use ledger::{NanoUsd, Usage};
use serde::Serialize;
use std::net::IpAddr;

/// Where inference usually goes.
pub const USUAL_PATH: &str = "/v1/chat/completions";
/// Most answer tokens that may be asked about.
pub const TOKENS_MAX: u64 = 1_000_000_000;

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
}

/// Where the answer is looked for.
pub struct Place<'a> {
    /// Models and prices.
    pub catalog: &'a Catalog,
    /// Where grants are made.
    pub cache: &'a KeyCache,
    /// Unix milliseconds.
    pub now_ms: i64,
    /// Monotonic milliseconds of a server that knows how far limits are used; absent in a command.
    pub serving_mono_ms: Option<i64>,
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
    /// Who would be asked, best first.
    pub route: Vec<Step>,
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
    let table = Table::new(ROUTES).map_err(Fault::plain)?;
    let (told, found) = find(&table, question);
    let mut rules = vec![told];
    let mut planned = None;
    if let Some((route, params)) = found {
        rules.extend(permit::told(&Asked {
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
            let (told, plan) = plan::told(place.catalog, &grant, question.model);
            rules.extend(told);
            rules.push(allowed::told(&grant, question.capabilities));
            rules.push(limits(place, &grant, plan.as_ref(), question));
            planned = plan;
        }
    }
    let refused = rules.iter().find(|rule| rule.result == Outcome::Fail);
    Ok(Explanation {
        object: "organization.explanation",
        decision: if refused.is_some() { "deny" } else { "allow" },
        code: refused.and_then(|rule| rule.code).map(|code| code.text()),
        route: planned.as_ref().map(steps).unwrap_or_default(),
        estimate_usd: planned
            .as_ref()
            .and_then(|plan| estimate(plan, question.max_tokens, place.now_ms))
            .map(|cost| Usd(grant.purse.markup.sell(cost))),
        rules,
    })
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
    let Some(now_mono_ms) = place.serving_mono_ms else {
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

fn steps(plan: &Plan) -> Vec<Step> {
    let alias = plan.alias().map(|alias| format!("`{}` stands for it; ", alias.name)).unwrap_or_default();
    let step = |(place, target): (usize, &std::sync::Arc<crate::catalog::Target>)| {
        let when = if place == 0 { "asked first" } else { "asked when those before cannot be reached" };
        let priority = target.provider.priority;
        Step {
            model: target.id.to_string(),
            provider: target.provider.name.to_string(),
            reason: format!("{alias}{when}, provider priority {priority}"),
        }
    };
    plan.candidates().enumerate().map(step).collect()
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
