//! GET `/console/requests`

use super::{line, seen};
use crate::base::{Trouble, csv, id};
use crate::console::here::{Here, pages};
use crate::console::page::{Page, answer, file};
use crate::console::parts::filter::{Choose, filter};
use crate::console::parts::paging::{address, encoded, paging};
use crate::console::parts::states;
use crate::console::parts::take::take;
use crate::console::projects::choices;
use crate::console::span::Span;
use crate::console::when::exactly;
use crate::relay::Outbound;
use crate::store::requests::{Filter, OwnedEntry, PAGE_LINES_MAX, page};
use http::StatusCode;
use maud::{Markup, html};

const PATH: &str = "/console/requests";
/// Requests of a page.
const PAGE_MAX: usize = 50;
/// Time between two looks of a list that is live, milliseconds.
const LIVE_EVERY_MS: u32 = 2_000;
/// How long a list stays live before somebody has to ask again, milliseconds: a screen that nobody looks at
/// keeps neither the server busy nor its session alive.
const LIVE_LASTS_MS: u32 = 15 * 60_000;
/// Characters of a filter's value at most.
const VALUE_CHARS_MAX: usize = 300;

/// What statuses can be asked for: a word, its text, the statuses it stands for.
const STATUSES: &[(&str, &str, &[u16])] = &[
    ("", "All statuses", &[]),
    ("ok", "Answered", &[200]),
    (
        "errors",
        "Errors",
        &[400, 401, 402, 403, 404, 408, 409, 413, 415, 422, 429, 499, 500, 501, 502, 503, 504, 529],
    ),
    ("limited", "429 Limited", &[429]),
    ("client", "4xx Client's", &[400, 401, 402, 403, 404, 408, 409, 413, 415, 422]),
    ("server", "5xx Server's", &[500, 501, 502, 503, 504, 529]),
    ("left", "499 Client left", &[499]),
];

pages! {
    /// The request log, newest first.
    show = list;
}

/// What was asked for.
struct Asked {
    project: String,
    status: &'static (&'static str, &'static str, &'static [u16]),
    model: String,
    key: String,
    member: String,
    provider: String,
    after: Option<[u8; 16]>,
    /// A stretch of time, where one was chosen.
    span: Option<Span>,
}

impl Asked {
    fn read(here: &Here<'_>) -> Self {
        let given = |name: &str| {
            let text = here.asked(name).unwrap_or_default();
            let sane = text.chars().count() <= VALUE_CHARS_MAX && !text.chars().any(char::is_control);
            if sane { text } else { String::new() }
        };
        let status = given("status");
        let timed = ["period", "from"].iter().any(|name| here.asked(name).is_some());
        Self {
            project: given("project"),
            status: STATUSES.iter().find(|(word, ..)| *word == status).unwrap_or(&STATUSES[0]),
            model: given("model"),
            key: given("key"),
            member: given("member"),
            provider: given("provider"),
            after: id::parse("req", &given("after")),
            span: timed.then(|| Span::read(here, "24h")),
        }
    }

    fn filter(&self, projects: Vec<String>) -> Filter {
        let one = |text: &String| if text.is_empty() { Vec::new() } else { vec![text.clone()] };
        Filter {
            key_ids: one(&self.key),
            user_ids: one(&self.member),
            project_ids: projects,
            models: one(&self.model),
            providers: one(&self.provider),
            status: self.status.2.to_vec(),
            start_ms: self.span.as_ref().map(|span| span.from_ms),
            end_ms: self.span.as_ref().map(|span| span.to_ms),
        }
    }

    fn is_narrow(&self) -> bool {
        let texts = [&self.project, &self.model, &self.key, &self.member, &self.provider];
        !self.status.0.is_empty() || self.span.is_some() || texts.iter().any(|text| !text.is_empty())
    }

    /// The same list by the management API.
    fn call(&self) -> String {
        let mut parts = vec![format!("limit={PAGE_MAX}")];
        let texts = [
            ("project_ids", &self.project),
            ("models", &self.model),
            ("api_key_ids", &self.key),
            ("user_ids", &self.member),
            ("providers", &self.provider),
        ];
        let given = texts.iter().filter(|(_, text)| !text.is_empty());
        parts.extend(given.map(|(name, text)| format!("{name}={}", encoded(text))));
        parts.extend(self.status.2.iter().map(|status| format!("status={status}")));
        if let Some(span) = &self.span {
            parts.push(format!("start_time={}&end_time={}", span.from_ms / 1000, span.to_ms / 1000));
        }
        format!("/v1/organization/requests?{}", parts.join("&"))
    }
}

async fn list(here: &Here<'_>) -> Result<Outbound, Trouble> {
    let asked = Asked::read(here);
    let file = here.asked("format").as_deref() == Some("csv");
    let wanted = if asked.project.is_empty() { Vec::new() } else { vec![asked.project.clone()] };
    let most = if file { PAGE_LINES_MAX } else { PAGE_MAX };
    let (entries, next) = match seen(here, wanted)? {
        None => (Vec::new(), None),
        Some(projects) => {
            page(&here.shared.at.db, here.org(), &asked.filter(projects), asked.after, most).await?
        }
    };
    if file {
        return Ok(csv_of(&entries));
    }
    // What a live list asks for again and again: the rows, under the same rules, without the page around them.
    if here.asked("part").as_deref() == Some("list") {
        return Ok(answer(StatusCode::OK, region(here, &asked, &entries, next).await?));
    }
    let body = body(here, &asked, &entries, next).await?;
    let query = here.inbound.query_pairs();
    let actions = html! {
        @if asked.after.is_none() {
            button .button type="button" data-live data-every=(LIVE_EVERY_MS) data-lasts=(LIVE_LASTS_MS)
                aria-pressed="false" hidden { "Live" }
            a .button href=(address(PATH, &query, &[])) { "Refresh" }
        }
        a .button href=(address(PATH, &query, &[("format", "csv")])) download="requests.csv" { "CSV" }
    };
    Ok(Page { actions, scripts: &["filter.js", "live.js"], ..Page::new("Requests", body) }.answer(here))
}

async fn body(
    here: &Here<'_>,
    asked: &Asked,
    entries: &[OwnedEntry],
    next: Option<[u8; 16]>,
) -> Result<Markup, Trouble> {
    let region = region(here, asked, entries, next).await?;
    let said = html! { p .faint data-live-said role="status" {} };
    if is_bare(asked, entries, next) {
        return Ok(html! { (said) (region) });
    }
    let projects = choices(here, crate::accounts::Scope::READ_REQUESTS, "All projects").await?;
    Ok(html! {
        (filters(asked, &projects))
        (chips(here, asked))
        (said)
        (region)
        (take(here, &asked.call(), &command(asked)))
    })
}

/// Whether there is nothing at all, and nothing was left out.
fn is_bare(asked: &Asked, entries: &[OwnedEntry], next: Option<[u8; 16]>) -> bool {
    entries.is_empty() && next.is_none() && !asked.is_narrow() && asked.after.is_none()
}

/// The rows, and the way to more of them.
async fn region(
    here: &Here<'_>,
    asked: &Asked,
    entries: &[OwnedEntry],
    next: Option<[u8; 16]>,
) -> Result<Markup, Trouble> {
    let text = "Every call that comes through Keyway is a line here, with what it cost and where it went. \
                Prompts and answers are not kept.";
    let clear = html! { a .button href=(PATH) { "Clear the filter" } };
    let next_page = next.map(|next| id::text("req", next));
    Ok(html! {
        div data-live-region {
            @if is_bare(asked, entries, next) { (states::empty("No requests yet", text, &html! {})) }
            @else if entries.is_empty() && next.is_none() {
                (states::empty("No request is like that", "Change the filter, or clear it.", &clear))
            } @else {
                @if entries.is_empty() { p .faint { "Nothing found so far back. Older ones have not been looked through yet." } }
                @else { (line::table(here, entries).await?) }
                (paging(PATH, &here.inbound.query_pairs(), entries.len(), next_page.as_deref(), asked.after.is_some()))
            }
        }
    })
}

fn filters(asked: &Asked, projects: &[(String, String)]) -> Markup {
    let statuses: Vec<(String, String)> =
        STATUSES.iter().map(|(word, text, _)| ((*word).to_owned(), (*text).to_owned())).collect();
    let period = asked.span.as_ref().map_or("", |span| span.word);
    let periods =
        [("", "Any time"), ("24h", "24 hours"), ("7d", "7 days"), ("30d", "30 days"), ("90d", "90 days")];
    let periods: Vec<(String, String)> =
        periods.iter().map(|(word, text)| ((*word).to_owned(), (*text).to_owned())).collect();
    let choose = [
        Choose { name: "status", label: "Status", options: &statuses, chosen: asked.status.0 },
        Choose { name: "project", label: "Project", options: projects, chosen: &asked.project },
        Choose { name: "period", label: "Time", options: &periods, chosen: period },
    ];
    filter(PATH, &choose, Some(("model", "Model, exactly", &asked.model)))
}

fn chips(here: &Here<'_>, asked: &Asked) -> Markup {
    let query = here.inbound.query_pairs();
    let all = [
        ("key", "Key", &asked.key),
        ("member", "Member", &asked.member),
        ("provider", "Provider", &asked.provider),
    ];
    let given: Vec<_> = all.iter().filter(|(_, _, text)| !text.is_empty()).collect();
    html! {
        @if !given.is_empty() {
            ul .chips aria-label="Filters" { @for (name, label, text) in given {
                li { span .faint { (label) } " " (text) " "
                    a href=(address(PATH, &query, &[(name, "")])) aria-label={ "Remove the filter " (label) } { "\u{00d7}" } }
            } }
        }
    }
}

fn command(asked: &Asked) -> String {
    let mut command = "keyway log list".to_owned();
    if !asked.model.is_empty() {
        command.push_str(&format!(" --model '{}'", asked.model.replace('\'', "")));
    }
    command
}

fn csv_of(entries: &[OwnedEntry]) -> Outbound {
    const HEAD: [&str; 14] = [
        "id",
        "started_at",
        "status",
        "error",
        "model",
        "model_served",
        "provider",
        "project_id",
        "api_key_id",
        "input_tokens",
        "output_tokens",
        "cost_usd",
        "latency_ms",
        "first_token_ms",
    ];
    let row = |entry: &OwnedEntry| {
        vec![
            id::text("req", entry.request),
            exactly(entry.started_ms),
            entry.status.to_string(),
            entry.error.clone(),
            entry.model_asked.clone(),
            entry.model_served.clone(),
            entry.provider.clone(),
            entry.project.clone(),
            entry.key.clone(),
            entry.usage.input().to_string(),
            entry.usage.output().to_string(),
            entry.sell.map_or_else(String::new, |sell| sell.to_decimal()),
            entry.latency_ms.to_string(),
            entry.first_token_ms.map_or_else(String::new, |ms| ms.to_string()),
        ]
    };
    file("requests.csv", csv::table(&HEAD, &entries.iter().map(row).collect::<Vec<_>>()))
}
