//! `/advice`: what could cost less, and which keys may more than they need.

use super::ask::{Caller, Page, Query, handlers};
use super::json::{self, List, Usd};
use crate::access::review::{self, Apply, Finding};
use crate::accounts::{Rights, Scope};
use crate::base::{Fault, Refusal, Trouble};
use crate::catalog::Catalog;
use crate::relay::{Inbound, Outbound, Shared};
use crate::store::Db;
use crate::store::review::Reviewed;
use crate::watch::advice::{self, Advice};
use ledger::NanoUsd;
use serde::Serialize;

/// A piece of advice.
#[derive(Debug, Serialize)]
pub struct AdviceObject {
    object: &'static str,
    /// What it is about, unlike any other's.
    pub id: String,
    /// `cost` or `key`.
    pub about: &'static str,
    /// What is advised.
    pub advice: &'static str,
    model: Option<String>,
    project_id: Option<String>,
    api_key_id: Option<String>,
    /// What was seen, and what would be different.
    pub detail: String,
    spent_usd: Option<Usd>,
    /// What it would have saved in the last thirty days.
    pub saves_usd: Option<Usd>,
    /// What is not possible any more when it is followed.
    pub closes: Vec<String>,
    /// The command that follows it.
    pub command: Option<String>,
    apply: Option<Apply>,
}

impl AdviceObject {
    fn of_cost(advice: Advice) -> Self {
        let (project_id, api_key_id) = advice.key.unzip();
        let whose = api_key_id.clone().unwrap_or_default();
        Self {
            object: "organization.advice",
            id: format!("{}:{whose}:{}", advice.kind, advice.model),
            about: "cost",
            advice: advice.kind,
            model: Some(advice.model),
            project_id,
            api_key_id,
            detail: advice.detail,
            spent_usd: Some(Usd(NanoUsd(advice.spent_nanousd))),
            saves_usd: Some(Usd(NanoUsd(advice.saves_nanousd))),
            closes: Vec::new(),
            command: None,
            apply: None,
        }
    }

    fn of_key(key: &Reviewed, finding: Finding) -> Self {
        Self {
            object: "organization.advice",
            id: format!("{}:{}:", finding.finding, key.id),
            about: "key",
            advice: finding.finding,
            model: None,
            project_id: key.project_id.clone(),
            api_key_id: Some(key.id.clone()),
            detail: finding.detail,
            spent_usd: None,
            saves_usd: None,
            closes: finding.closes,
            command: Some(finding.command),
            apply: Some(finding.apply),
        }
    }
}

handlers! {
    /// GET `/advice`
    list = list_of();
}

async fn list_of(shared: &Shared, inbound: &Inbound, caller: &Caller) -> Result<Outbound, Trouble> {
    let mut query = Query::of(inbound);
    let page = Page::read(&mut query, "key")?;
    query.finish()?;
    if page.newest_first {
        return Err(Refusal::field("order", "Advice on keys goes through them oldest first.").into());
    }
    let catalog = shared.catalog.load_full();
    let asked = Asked {
        db: &shared.at.db,
        catalog: &catalog,
        org: &caller.org,
        rights: &caller.actor().rights,
        now_ms: shared.at.clock.now_ms(),
    };
    json::answer(&look(&asked, &page.after, page.limit).await?)
}

/// What advice is made from.
pub struct Asked<'a> {
    /// The database.
    pub db: &'a Db,
    /// Models and prices.
    pub catalog: &'a Catalog,
    /// The organisation.
    pub org: &'a str,
    /// Of who asks: keys are for who may see them all, use is for who may see it.
    pub rights: &'a Rights,
    /// Unix milliseconds.
    pub now_ms: i64,
}

/// What could cost less, before everything; then what is found in the next `limit` keys. The list's `last_id` is
/// how far the look through keys went.
///
/// # Errors
/// When the database cannot be used.
pub async fn look(asked: &Asked<'_>, after: &str, limit: i64) -> Result<List<AdviceObject>, Fault> {
    let mut all = Vec::new();
    if after.is_empty() {
        let projects = asked.rights.places(Scope::READ_USAGE);
        let whose = advice::Asked { org: asked.org, projects, now_ms: asked.now_ms };
        let found = advice::of(asked.db, asked.catalog, &whose).await?;
        all.extend(found.into_iter().map(AdviceObject::of_cost));
    }
    let mut next = None;
    if asked.rights.places(Scope::READ_KEYS).is_none() {
        let keys = review::Asked {
            org: asked.org,
            operators: asked.rights.operator,
            now_ms: asked.now_ms,
            only: "",
        };
        let looked = review::look(&mut *asked.db.connection().await?, &keys, after, limit).await?;
        next = looked.next;
        for (key, findings) in looked.found {
            all.extend(findings.into_iter().map(|finding| AdviceObject::of_key(&key, finding)));
        }
    }
    let list = List::new(all, next.is_some(), |object: &AdviceObject| &object.id);
    Ok(match next {
        Some(last) => list.ending_at(last),
        None => list,
    })
}
