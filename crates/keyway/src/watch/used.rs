//! What a key was used for since a given time, by address and model: read from the request log.

use crate::base::Fault;
use crate::store::Db;
use crate::store::requests::{self, Filter, OwnedEntry, PAGE_LINES_MAX};
use ledger::NanoUsd;
use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv6Addr};

/// Lines of the log looked at, at most: the newest. More would keep whoever has a leak waiting.
pub const LINES_MAX: usize = 20_000;
/// Pages of the log read at most; a page may hold nothing.
const PAGES_MAX: usize = 2_000;

/// Requests of one model from one address.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Use {
    /// The address.
    pub ip: String,
    /// The model that answered, or was asked for.
    pub model: String,
    /// Requests.
    pub requests: u64,
    /// Those of them that failed.
    pub failed: u64,
    /// Prompt tokens.
    pub input: u64,
    /// Answer tokens.
    pub output: u64,
    /// What they were sold for.
    pub sell: NanoUsd,
    /// Unix milliseconds.
    pub first_ms: i64,
    /// Unix milliseconds.
    pub last_ms: i64,
}

/// All of them, and whether that is all.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Uses {
    /// Unix milliseconds.
    pub since_ms: i64,
    /// Whether every line since then was looked at.
    pub complete: bool,
    /// Busiest first.
    pub all: Vec<Use>,
}

/// Reads them, busiest first. Lines that are still on their way to the log are not among them: a second
/// or two.
///
/// # Errors
/// When the database cannot be used.
pub async fn read(db: &Db, org: &str, key: &str, since_ms: i64) -> Result<Uses, Fault> {
    let filter = Filter { key_ids: vec![key.to_owned()], start_ms: Some(since_ms), ..Filter::default() };
    let mut found: BTreeMap<(String, String), Use> = BTreeMap::new();
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
    let mut all: Vec<Use> = found.into_values().collect();
    all.sort_by_key(|used| std::cmp::Reverse(used.requests));
    Ok(Uses { since_ms, complete, all })
}

fn add(found: &mut BTreeMap<(String, String), Use>, entry: &OwnedEntry) {
    let ip = IpAddr::from(Ipv6Addr::from(entry.peer)).to_canonical().to_string();
    let served = !entry.model_served.is_empty();
    let model = if served { &entry.model_served } else { &entry.model_asked };
    let used = found.entry((ip.clone(), model.clone())).or_insert_with(|| Use {
        ip,
        model: model.clone(),
        first_ms: i64::MAX,
        ..Use::default()
    });
    used.requests += 1;
    used.failed += u64::from(entry.status >= 400);
    used.input += entry.usage.input();
    used.output += entry.usage.output();
    used.sell = NanoUsd(used.sell.0.saturating_add(entry.sell.map_or(0, |sell| sell.0)));
    used.first_ms = used.first_ms.min(entry.started_ms);
    used.last_ms = used.last_ms.max(entry.started_ms);
}
