//! `keyway explain`: the decision on a call, and every rule that made it.

use super::args::Global;
use super::failure::Failure;
use super::output::Out;
use super::session::{self, Missing, Session};
use crate::access::KeyCache;
use crate::access::keys::not_there;
use crate::access::told::Outcome;
use crate::accounts::capability::Capability;
use crate::app::explain::{Place, Question, TOKENS_MAX, USUAL_PATH, explain};
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
}

fn capability(name: &str) -> Result<Capability, String> {
    let known = || format!("write one of {}", Capability::ALL.map(Capability::name).join(", "));
    Capability::named(name).ok_or_else(known)
}

/// Runs it.
///
/// # Errors
/// When there is no installation or no such key, or the database cannot be used.
pub fn run(global: &Global, asked: &Explain, out: &Out) -> Result<(), Failure> {
    let config = session::configuration(global, &[])?;
    Session::with(global, &config, Missing::NotFound, async |session| {
        let mut conn = session.at.db.connection().await?;
        let key = keys::by_id(&mut conn, &session.org, &asked.key).await?.ok_or_else(|| not_there("key"))?;
        let catalog = session.catalog(&config).await?;
        let cache = KeyCache::new(session.at.clock.clone(), AGE_MS_MAX, false);
        let place = Place {
            catalog: &catalog,
            cache: &cache,
            now_ms: session.at.clock.now_ms(),
            serving_mono_ms: None,
        };
        let question = Question {
            path: &asked.path,
            method: None,
            model: &asked.model,
            ip: asked.ip,
            max_tokens: asked.max_tokens,
            capabilities: asked.capabilities.iter().copied().collect(),
        };
        let found = explain(&place, &mut conn, &key, &question).await?;
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
        rows.extend(
            found.route.iter().map(|step| vec!["route".to_owned(), step.model.clone(), step.reason.clone()]),
        );
        let estimate = found.estimate_usd.map_or_else(|| "-".to_owned(), |usd| usd.0.to_decimal());
        rows.push(vec!["estimate usd".to_owned(), estimate, "at most, without the prompt".to_owned()]);
        out.table(&["rule", "result", "detail"], &rows)
    })
}
