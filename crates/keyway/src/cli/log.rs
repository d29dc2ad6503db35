//! `keyway log list|show`: the request log.

use super::args::Global;
use super::failure::Failure;
use super::key::when;
use super::output::Out;
use super::session::{self, Missing, Session};
use super::span;
use crate::access::keys::not_there;
use crate::admin::request_object::RequestObject;
use crate::admin::requests as log;
use crate::base::{Clock, id};
use crate::store::requests::{self, Filter, OwnedEntry};
use clap::{Args, Subcommand};

/// Requests, without their prompts and answers
#[derive(Debug, Subcommand)]
pub enum Log {
    /// List requests, newest first
    List(List),
    /// Show one request
    Show {
        /// req_...
        request: String,
    },
}

/// List requests, newest first
#[derive(Debug, Args)]
pub struct List {
    /// Only of these keys
    #[arg(long = "key", value_name = "KEY")]
    keys: Vec<String>,
    /// Only of these projects (ids)
    #[arg(long = "project", value_name = "PROJECT")]
    projects: Vec<String>,
    /// Only for these models, as asked for or as served
    #[arg(long = "model", value_name = "MODEL")]
    models: Vec<String>,
    /// Only with these HTTP statuses
    #[arg(long, value_name = "STATUS", value_parser = clap::value_parser!(u16).range(100..=599))]
    status: Vec<u16>,
    /// How far back, as in 7d
    #[arg(long, value_name = "SPAN", value_parser = span::seconds)]
    since: Option<u64>,
    /// Requests at most
    #[arg(long, default_value_t = 20, value_parser = clap::value_parser!(u32).range(1..=10_000))]
    limit: u32,
    /// Go on after this request
    #[arg(long, value_name = "REQUEST", value_parser = request)]
    after: Option<[u8; 16]>,
}

fn request(text: &str) -> Result<[u8; 16], String> {
    id::parse("req", text).ok_or_else(|| format!("`{text}` is no request's id (req_...)"))
}

/// Runs it.
///
/// # Errors
/// When there is no installation or no such request, or the database cannot be used.
pub fn run(global: &Global, command: &Log, out: &Out) -> Result<(), Failure> {
    let config = session::configuration(global, &[])?;
    Session::with(global, &config, Missing::NotFound, async |session| match command {
        Log::List(asked) => list(session, asked, out).await,
        Log::Show { request } => {
            let found = match id::parse("req", request) {
                Some(request) => requests::get(&session.at.db, &session.org, request).await?,
                None => None,
            };
            let entry = found.ok_or_else(|| not_there("request"))?;
            if out.json {
                return out.json(&RequestObject::new(&entry, true));
            }
            out.fields(&fields(&entry))
        }
    })
}

async fn list(session: &Session, asked: &List, out: &Out) -> Result<(), Failure> {
    let now_ms = Clock::system().now_ms();
    let back_ms = asked.since.and_then(|since| i64::try_from(since).ok()?.checked_mul(1000));
    let filter = Filter {
        key_ids: asked.keys.clone(),
        project_ids: asked.projects.clone(),
        models: asked.models.clone(),
        status: asked.status.clone(),
        start_ms: back_ms.map(|back_ms| now_ms.saturating_sub(back_ms).max(0)),
        ..Filter::default()
    };
    let limit = usize::try_from(asked.limit).unwrap_or(1);
    let (mut entries, mut after) = (Vec::new(), asked.after);
    loop {
        let wanted = limit - entries.len();
        let (mut found, next) =
            crate::store::requests::page(&session.at.db, &session.org, &filter, after, wanted).await?;
        entries.append(&mut found);
        after = next;
        if after.is_none() || entries.len() >= limit {
            break;
        }
    }
    if out.json {
        return out.json(&log::list_object(&entries, after, true));
    }
    let rows: Vec<Vec<String>> = entries.iter().map(cells).collect();
    out.table(&["request", "when", "key", "model", "status", "in", "out", "cost usd", "ms"], &rows)
}

fn cells(entry: &OwnedEntry) -> Vec<String> {
    let status = if entry.error.is_empty() {
        entry.status.to_string()
    } else {
        format!("{} {}", entry.status, entry.error)
    };
    vec![
        id::text("req", entry.request),
        when(Some(entry.started_ms)),
        entry.key.clone(),
        served(entry).to_owned(),
        status,
        entry.usage.input().to_string(),
        entry.usage.output().to_string(),
        cost(entry),
        entry.latency_ms.to_string(),
    ]
}

fn served(entry: &OwnedEntry) -> &str {
    if entry.model_served.is_empty() { &entry.model_asked } else { &entry.model_served }
}

fn cost(entry: &OwnedEntry) -> String {
    entry.sell.map_or_else(|| "unpriced".to_owned(), |sell| sell.to_decimal())
}

fn fields(entry: &OwnedEntry) -> Vec<(&'static str, String)> {
    let tokens = entry.usage.by_class();
    let named = CLASSES.iter().zip(tokens).filter(|(_, count)| *count > 0);
    let tokens: Vec<String> = named.map(|(name, count)| format!("{name} {count}")).collect();
    let mut fields = vec![
        ("request", id::text("req", entry.request)),
        ("when", when(Some(entry.started_ms))),
        ("project", entry.project.clone()),
        ("key", entry.key.clone()),
        ("model", entry.model_asked.clone()),
        ("served", entry.model_served.clone()),
        ("status", entry.status.to_string()),
        ("error", entry.error.clone()),
        ("tokens", tokens.join(", ")),
        ("cost usd", cost(entry)),
        ("price", entry.price_version.clone()),
        ("latency ms", entry.latency_ms.to_string()),
        ("first token ms", entry.first_token_ms.map_or_else(|| "-".to_owned(), |ms| ms.to_string())),
        ("labels", entry.labels.join(" ")),
    ];
    fields.extend(entry.attempts.iter().map(|attempt| {
        let text =
            format!("{}/{}: {} in {} ms", attempt.provider, attempt.model, attempt.outcome, attempt.ms);
        ("attempt", text)
    }));
    fields
}

/// Names of the token classes, in the order of `ledger::Usage`.
const CLASSES: [&str; 10] = [
    "in_uncached",
    "cache_read",
    "cache_write_5m",
    "cache_write_1h",
    "in_audio",
    "in_image",
    "out_text",
    "out_reasoning",
    "out_audio",
    "units",
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::admin::request_object::tests::entry;

    #[test]
    fn a_line_and_a_whole_request() {
        let entry = entry();
        let cells = cells(&entry);
        assert_eq!(cells[2..], ["key_1", "mine/small", "200", "5", "7", "0.0000125", "40"]);
        let refused = OwnedEntry {
            model_served: String::new(),
            status: 404,
            error: "model_not_found".to_owned(),
            cost: None,
            sell: None,
            ..entry.clone()
        };
        let refused = super::cells(&refused);
        assert_eq!(refused[3..5], ["small", "404 model_not_found"]);
        assert_eq!(refused[7], "unpriced");
        let fields = fields(&entry);
        assert!(fields.contains(&("tokens", "in_uncached 5, out_text 7".to_owned())));
        assert!(fields.contains(&("attempt", "mine/small-v2: connect in 12 ms".to_owned())));
    }
}
