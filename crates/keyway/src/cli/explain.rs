//! `keyway explain`: the decision on a call, and every rule that made it.

use super::args::Global;
use super::failure::Failure;
use super::output::Out;
use super::session::{self, Missing, Session};
use crate::access::KeyCache;
use crate::access::keys::not_there;
use crate::access::told::Outcome;
use crate::accounts::capability::Capability;
use crate::app::routes::ROUTES;
use crate::base::Fault;
use crate::relay::explain::{
    Explanation, PROMPT_BYTES_MAX, Place, Question, Step, TOKENS_MAX, USUAL_PATH, explain,
    explain_for_anybody,
};
use crate::relay::table::Table;
use crate::store::keys;
use clap::Args;
use std::net::IpAddr;

/// A cache that lives for one look is never too old.
const AGE_MS_MAX: i64 = i64::MAX;

/// Say what would become of a call, and why
#[derive(Debug, Args)]
pub struct Explain {
    /// key_...
    #[arg(long, value_name = "KEY")]
    key: String,
    /// The model it asks for
    #[arg(long, value_name = "MODEL", default_value = "")]
    model: String,
    /// Where it goes
    #[arg(long, value_name = "PATH", default_value = USUAL_PATH)]
    path: String,
    /// From where it comes
    #[arg(long, value_name = "ADDRESS")]
    ip: Option<IpAddr>,
    /// Its cap on the answer
    #[arg(long, value_name = "TOKENS", value_parser = clap::value_parser!(u64).range(0..=TOKENS_MAX))]
    max_tokens: Option<u64>,
    /// What it needs besides the model, as in image_input
    #[arg(long = "capability", value_name = "NAME", num_args = 1.., value_parser = capability)]
    capabilities: Vec<Capability>,
    /// Its labels
    #[arg(long = "label", value_name = "NAME=VALUE")]
    labels: Vec<String>,
    /// Bytes of its body
    #[arg(long, value_name = "BYTES", value_parser = clap::value_parser!(u64).range(0..=PROMPT_BYTES_MAX))]
    prompt_bytes: Option<u64>,
}

fn capability(name: &str) -> Result<Capability, String> {
    let known = || format!("write one of {}", Capability::ALL.map(Capability::name).join(", "));
    Capability::named(name).ok_or_else(known)
}

/// Show who would be asked for a model or route, in which order, and why
#[derive(Debug, Args)]
pub struct ExplainRoute {
    /// The model or route, as clients name it
    model: String,
    /// For this key: key_... Without one: for a live key that may call everything
    #[arg(long, value_name = "KEY")]
    key: Option<String>,
    /// Where it goes
    #[arg(long, value_name = "PATH", default_value = USUAL_PATH)]
    path: String,
    /// Its cap on the answer
    #[arg(long, value_name = "TOKENS", value_parser = clap::value_parser!(u64).range(0..=TOKENS_MAX))]
    max_tokens: Option<u64>,
    /// What it needs besides the model, as in image_input
    #[arg(long = "capability", value_name = "NAME", num_args = 1.., value_parser = capability)]
    capabilities: Vec<Capability>,
    /// Its labels
    #[arg(long = "label", value_name = "NAME=VALUE")]
    labels: Vec<String>,
    /// Bytes of its body
    #[arg(long, value_name = "BYTES", value_parser = clap::value_parser!(u64).range(0..=PROMPT_BYTES_MAX))]
    prompt_bytes: Option<u64>,
}

/// Explains the way of a request.
///
/// # Errors
/// As [`run`].
pub fn run_route(global: &Global, asked: &ExplainRoute, out: &Out) -> Result<(), Failure> {
    let asked = Explain {
        key: asked.key.clone().unwrap_or_default(),
        model: asked.model.clone(),
        path: asked.path.clone(),
        ip: None,
        max_tokens: asked.max_tokens,
        capabilities: asked.capabilities.clone(),
        labels: asked.labels.clone(),
        prompt_bytes: asked.prompt_bytes,
    };
    let found = ask(global, &asked)?;
    if out.json {
        return out.json(&found);
    }
    let refused = found.rules.iter().find(|rule| rule.result == Outcome::Fail);
    if let Some(rule) = refused {
        out.note(&format!("{}: {}", rule.rule, rule.detail));
    }
    if let Some(strategy) = found.strategy {
        out.note(&format!("strategy: {strategy}"));
    }
    let of = |what: &str, step: &Step| vec![what.to_owned(), step.model.clone(), step.reason.clone()];
    let attempts = found.route.iter().zip(1..).map(|(step, number)| of(&number.to_string(), step));
    let passed = found.passed_over.iter().map(|step| of("-", step));
    out.table(&["attempt", "model", "why"], &attempts.chain(passed).collect::<Vec<_>>())
}

/// Runs it.
///
/// # Errors
/// When there is no installation or no such key, or the database cannot be used.
pub fn run(global: &Global, asked: &Explain, out: &Out) -> Result<(), Failure> {
    let found = ask(global, asked)?;
    if out.json {
        return out.json(&found);
    }
    let mut rows =
        vec![vec!["decision".to_owned(), found.decision.to_owned(), found.code.unwrap_or("").to_owned()]];
    rows.extend(found.rules.iter().map(|rule| {
        let result = match rule.result {
            Outcome::Pass => "pass",
            Outcome::Fail => "fail",
            Outcome::Skip => "skip",
        };
        vec![rule.rule.to_owned(), result.to_owned(), rule.detail.clone()]
    }));
    let of = |what: &str, step: &Step| vec![what.to_owned(), step.model.clone(), step.reason.clone()];
    rows.extend(found.route.iter().map(|step| of("route", step)));
    rows.extend(found.passed_over.iter().map(|step| of("passed over", step)));
    let estimate = found.estimate_usd.map_or_else(|| "-".to_owned(), |usd| usd.0.to_decimal());
    rows.push(vec!["estimate usd".to_owned(), estimate, "at most, without the prompt".to_owned()]);
    out.table(&["rule", "result", "detail"], &rows)
}

fn ask(global: &Global, asked: &Explain) -> Result<Explanation, Failure> {
    let config = session::configuration(global, &[])?;
    Session::with(global, &config, Missing::NotFound, async |session| {
        let mut conn = session.at.db.connection().await?;
        let catalog = session.catalog(&config).await?;
        let cache = KeyCache::new(session.at.clock.clone(), AGE_MS_MAX, false);
        let table = Table::new(ROUTES).map_err(Fault::plain)?;
        let place = Place {
            table: &table,
            catalog: &catalog,
            cache: &cache,
            now_ms: session.at.clock.now_ms(),
            serving: None,
        };
        let question = Question {
            path: &asked.path,
            method: None,
            model: &asked.model,
            ip: asked.ip,
            max_tokens: asked.max_tokens,
            capabilities: asked.capabilities.iter().copied().collect(),
            labels: &asked.labels,
            wish: None,
            prompt_bytes: asked.prompt_bytes,
        };
        if asked.key.is_empty() {
            return Ok(explain_for_anybody(&place, &session.org, &question)?);
        }
        let key = keys::by_id(&mut conn, &session.org, &asked.key).await?.ok_or_else(|| not_there("key"))?;
        Ok(explain(&place, &mut conn, &key, &question).await?)
    })
}
