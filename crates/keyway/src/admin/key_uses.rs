//! What a key was used for since a given time, by address and model: read from the request log.

use super::json::{Usd, seconds};
use crate::base::Fault;
use crate::store::Db;
use crate::store::requests::{self, Filter, OwnedEntry, PAGE_LINES_MAX};
use ledger::NanoUsd;
use serde::Serialize;
use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv6Addr};

/// Lines of the log looked at, at most: the newest. More would keep whoever has a leak waiting.
pub const LINES_MAX: usize = 20_000;
/// Pages of the log read at most; a page may hold nothing.
const PAGES_MAX: usize = 2_000;

/// Requests of one model from one address.
#[derive(Debug, Default, Serialize)]
pub struct KeyUse {
    ip: String,
    model: String,
    num_model_requests: u64,
    num_failed_requests: u64,
    input_tokens: u64,
    output_tokens: u64,
    cost_usd: Usd,
    first_at: i64,
    last_at: i64,
}

/// All of them, and whether that is all.
#[derive(Debug, Serialize)]
pub struct KeyUses {
    since: i64,
    complete: bool,
    data: Vec<KeyUse>,
}

impl KeyUses {
    /// As the command prints them.
    #[must_use]
    pub fn cells(&self) -> Vec<Vec<String>> {
        let cells = |used: &KeyUse| {
            vec![
                used.ip.clone(),
                used.model.clone(),
                used.num_model_requests.to_string(),
                used.num_failed_requests.to_string(),
                used.cost_usd.0.to_decimal(),
                jiff::Timestamp::from_second(used.last_at)
                    .map_or_else(|_| "-".to_owned(), |at| at.to_string()),
            ]
        };
        self.data.iter().map(cells).collect()
    }
}

/// Reads them, busiest first. Lines that are still on their way to the log are not among them: a second
/// or two.
///
/// # Errors
/// When the database cannot be used.
pub async fn read(db: &Db, org: &str, key: &str, since_ms: i64) -> Result<KeyUses, Fault> {
    let filter = Filter { key_ids: vec![key.to_owned()], start_ms: Some(since_ms), ..Filter::default() };
    let mut found: BTreeMap<(String, String), KeyUse> = BTreeMap::new();
    let (mut after, mut lines, mut complete) = (None, 0, false);
    for _ in 0..PAGES_MAX {
        let page = requests::list(db, org, &filter, after, PAGE_LINES_MAX).await?;
        lines += page.entries.len();
        for entry in &page.entries {
            add(&mut found, entry);
        }
        after = page.next;
        complete = after.is_none();
        if complete || lines >= LINES_MAX {
            break;
        }
    }
    let mut data: Vec<KeyUse> = found.into_values().collect();
    data.sort_by_key(|used| std::cmp::Reverse(used.num_model_requests));
    Ok(KeyUses { since: seconds(since_ms), complete, data })
}

fn add(found: &mut BTreeMap<(String, String), KeyUse>, entry: &OwnedEntry) {
    let ip = IpAddr::from(Ipv6Addr::from(entry.peer)).to_canonical().to_string();
    let served = !entry.model_served.is_empty();
    let model = if served { &entry.model_served } else { &entry.model_asked };
    let used = found.entry((ip.clone(), model.clone())).or_insert_with(|| KeyUse {
        ip,
        model: model.clone(),
        first_at: i64::MAX,
        ..KeyUse::default()
    });
    let started = seconds(entry.started_ms);
    used.num_model_requests += 1;
    used.num_failed_requests += u64::from(entry.status >= 400);
    used.input_tokens += entry.usage.input();
    used.output_tokens += entry.usage.output();
    used.cost_usd = Usd(NanoUsd(used.cost_usd.0.0.saturating_add(entry.sell.map_or(0, |sell| sell.0))));
    used.first_at = used.first_at.min(started);
    used.last_at = used.last_at.max(started);
}
