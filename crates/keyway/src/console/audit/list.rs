//! GET `/console/audit`

use crate::accounts::seen::seen;
use crate::accounts::{Scope, Subject, may};
use crate::base::{Fault, Trouble, csv};
use crate::console::here::{Here, pages};
use crate::console::page::{Page, file};
use crate::console::parts::filter::{Choose, filter};
use crate::console::parts::paging::{address, paging};
use crate::console::parts::table::{Column, table, text};
use crate::console::parts::take::take;
use crate::console::parts::{button_link, moment, states};
use crate::console::span::Span;
use crate::console::when::{When, exactly};
use crate::relay::Outbound;
use crate::store::audit::{self, Filter, Listed, RECORDS_READ, Record};
use crate::store::names::{Named, names};
use maud::{Markup, html};
use std::collections::HashMap;

const PATH: &str = "/console/audit";
/// Records of a page.
const PAGE_MAX: i64 = 50;
/// Characters of a filter's value at most.
const VALUE_CHARS_MAX: usize = 300;
const COLUMNS: &[Column] =
    &[text("When"), text("Who"), text("What"), text("Object"), text("Project"), text("From")];

pages! {
    /// The audit log, newest first.
    show = list;
}

struct Asked {
    event: String,
    actor: String,
    object: String,
    span: Option<Span>,
    before: Option<i64>,
}

impl Asked {
    fn read(here: &Here<'_>) -> Self {
        let given = |name: &str| {
            let text = here.asked(name).unwrap_or_default();
            let sane = text.chars().count() <= VALUE_CHARS_MAX && !text.chars().any(char::is_control);
            if sane { text } else { String::new() }
        };
        let timed = ["period", "from"].iter().any(|name| here.asked(name).is_some());
        Self {
            event: given("event"),
            actor: given("actor"),
            object: given("object"),
            span: timed.then(|| Span::read(here, "7d")),
            before: given("after").parse().ok(),
        }
    }

    fn is_narrow(&self) -> bool {
        self.span.is_some() || [&self.event, &self.actor, &self.object].iter().any(|text| !text.is_empty())
    }

    fn filter(&self) -> Filter {
        let one = |text: &String| if text.is_empty() { Vec::new() } else { vec![text.clone()] };
        Filter {
            event_types: one(&self.event),
            actor_ids: one(&self.actor),
            resource_ids: one(&self.object),
            from_ms: self.span.as_ref().map(|span| span.from_ms),
            until_ms: self.span.as_ref().map(|span| span.to_ms),
            below_seq: self.before,
            ..Filter::default()
        }
    }
}

async fn list(here: &Here<'_>) -> Result<Outbound, Trouble> {
    let asked = Asked::read(here);
    let kept = here.asked("format").as_deref() == Some("csv");
    let most = if kept { RECORDS_READ } else { PAGE_MAX };
    let filter = Filter { seen: seen(&here.grant.actor)?, ..asked.filter() };
    let mut found = audit::list(&here.shared.at.db, here.org(), &filter, false, most + 1).await?;
    let more = i64::try_from(found.len()).is_ok_and(|count| count > most);
    found.truncate(usize::try_from(most).unwrap_or(usize::MAX));
    if kept {
        return Ok(csv_of(&found));
    }
    let who = who(here, &found).await?;
    let body = body(here, &asked, (&found, more), &who);
    let all = may(&here.grant.actor, Scope::READ_AUDIT_LOGS, Subject::Organization).is_ok();
    let actions = html! {
        @if all { (button_link("/console/audit/verify", "Verify", false)) }
        a .button href=(address(PATH, &here.inbound.query_pairs(), &[("format", "csv")])) download="audit.csv" { "CSV" }
    };
    Ok(Page { actions, scripts: &["filter.js"], ..Page::new("Audit log", body) }.answer(here))
}

/// What those who acted are called.
async fn who(here: &Here<'_>, found: &[Listed]) -> Result<HashMap<String, String>, Fault> {
    let ids: Vec<&str> = found.iter().map(|listed| listed.record.actor_id.as_str()).collect();
    let mut conn = here.shared.at.db.connection().await?;
    let mut known = names(&mut conn, here.org(), Named::Key, &ids).await?;
    known.extend(names(&mut conn, here.org(), Named::Owner, &ids).await?);
    Ok(known)
}

fn body(
    here: &Here<'_>,
    asked: &Asked,
    (found, more): (&[Listed], bool),
    who: &HashMap<String, String>,
) -> Markup {
    let when = here.when();
    let cells: Vec<Vec<Markup>> = found.iter().map(|listed| line(here, listed, &when, who)).collect();
    let last = found.last().filter(|_| more).map(|listed| listed.record.seq.to_string());
    let clear = html! { a .button href=(PATH) { "Clear the filter" } };
    html! {
        (filters(asked))
        (chips(here, asked, who))
        @if found.is_empty() && (asked.is_narrow() || asked.before.is_some()) {
            (states::empty("No record is like that", "Change the filter, or clear it.", &clear))
        } @else if found.is_empty() {
            (states::empty("No records you may see", "What you change is noted here.", &html! {}))
        } @else {
            (table("Audit log", COLUMNS, &cells))
            (paging(PATH, &here.inbound.query_pairs(), found.len(), last.as_deref(), asked.before.is_some()))
        }
        p .faint { "Every record carries the digest of the one before: a change to any of them shows. Secrets are in none." }
        (take(here, "/v1/organization/audit_logs?limit=50", "keyway audit list"))
    }
}

fn filters(asked: &Asked) -> Markup {
    let period = asked.span.as_ref().map_or("", |span| span.word);
    let periods =
        [("", "Any time"), ("24h", "24 hours"), ("7d", "7 days"), ("30d", "30 days"), ("90d", "90 days")];
    let periods: Vec<(String, String)> =
        periods.iter().map(|(word, text)| ((*word).to_owned(), (*text).to_owned())).collect();
    let choose = [Choose { name: "period", label: "Time", options: &periods, chosen: period }];
    filter(PATH, &choose, Some(("event", "Event, as in api_key.created", &asked.event)))
}

fn chips(here: &Here<'_>, asked: &Asked, who: &HashMap<String, String>) -> Markup {
    let query = here.inbound.query_pairs();
    let actor = who.get(&asked.actor).unwrap_or(&asked.actor);
    let all = [("actor", "By", actor), ("object", "Object", &asked.object)];
    html! {
        @if !(asked.actor.is_empty() && asked.object.is_empty()) {
            ul .chips aria-label="Filters" { @for (name, label, text) in all.iter().filter(|(_, _, text)| !text.is_empty()) {
                li { span .faint { (label) } " " (text) " "
                    a href=(address(PATH, &query, &[(name, "")])) aria-label={ "Remove the filter " (label) } { "\u{00d7}" } }
            } }
        }
    }
}

fn line(here: &Here<'_>, listed: &Listed, when: &When, who: &HashMap<String, String>) -> Vec<Markup> {
    let (record, query) = (&listed.record, here.inbound.query_pairs());
    let only = |name: &str, value: &str| address(PATH, &query, &[(name, value)]);
    vec![
        html! { (moment(when, Some(record.at_ms))) span .under { "#" (record.seq) } },
        html! { a href=(only("actor", &record.actor_id)) { (actor(record, who)) } span .under { (record.actor_kind.replace('_', " ")) } },
        html! {
            (record.event)
            details { summary { "Details" } pre .detail { (pretty(&record.detail)) } }
        },
        html! { a href=(only("object", &record.object_id)) { code { (record.object_id) } } },
        html! { (listed.project_name.as_deref().unwrap_or("")) },
        html! { (record.actor_ip.as_deref().unwrap_or("")) },
    ]
}

fn actor<'a>(record: &'a Record, who: &'a HashMap<String, String>) -> &'a str {
    who.get(&record.actor_id).map_or(record.actor_id.as_str(), String::as_str)
}

fn pretty(detail: &str) -> String {
    serde_json::from_str::<serde_json::Value>(detail)
        .and_then(|value| serde_json::to_string_pretty(&value))
        .unwrap_or_else(|_| detail.to_owned())
}

fn csv_of(found: &[Listed]) -> Outbound {
    const HEAD: [&str; 10] = [
        "sequence",
        "at",
        "actor_kind",
        "actor_id",
        "ip",
        "event",
        "object_id",
        "project_id",
        "detail",
        "hash",
    ];
    let row = |listed: &Listed| {
        let record = &listed.record;
        vec![
            record.seq.to_string(),
            exactly(record.at_ms),
            record.actor_kind.clone(),
            record.actor_id.clone(),
            record.actor_ip.clone().unwrap_or_default(),
            record.event.clone(),
            record.object_id.clone(),
            record.project_id.clone().unwrap_or_default(),
            record.detail.clone(),
            record.hash.clone(),
        ]
    };
    file("audit.csv", csv::table(&HEAD, &found.iter().map(row).collect::<Vec<_>>()))
}
