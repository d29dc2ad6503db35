//! GET `/console/admin-keys`

use super::gives::words;
use super::{PATH, path};
use crate::access::keys::{redacted, scopes_of, status_at};
use crate::accounts::Scope;
use crate::base::{Trouble, csv, id};
use crate::console::here::{Here, pages};
use crate::console::keys::state;
use crate::console::members::everywhere;
use crate::console::page::{Page, file};
use crate::console::parts::filter::{Choose, filter};
use crate::console::parts::paging::{address, paging};
use crate::console::parts::table::{Column, table, text};
use crate::console::parts::take::take;
use crate::console::parts::{button_link, moment, states};
use crate::console::when::{When, exactly};
use crate::relay::Outbound;
use crate::store::keys::KeyRow;
use crate::store::keys::search::{Search, search};
use crate::store::persons;
use maud::{Markup, html};
use std::collections::HashMap;

/// Keys of a page.
const PAGE_MAX: i64 = 50;
/// Keys of a file.
const FILE_MAX: i64 = 1_000;
const STATES: &[(&str, &str)] =
    &[("", "All states"), ("active", "Active"), ("expired", "Expired"), ("revoked", "Revoked")];
const COLUMNS: &[Column] =
    &[text("Name"), text("Key"), text("May"), text("State"), text("Last used"), text("Expires")];

pages! {
    /// The admin keys that may be seen, newest first.
    show = page;
}

async fn page(here: &Here<'_>) -> Result<Outbound, Trouble> {
    let after = here.asked("after").filter(|text| id::parse("key", text).is_some()).unwrap_or_default();
    let (status, part) = (here.asked("status").unwrap_or_default(), here.asked("q").unwrap_or_default());
    let status = STATES.iter().map(|(word, _)| *word).find(|word| *word == status).unwrap_or_default();
    let kept = here.asked("format").as_deref() == Some("csv");
    let most = if kept { FILE_MAX } else { PAGE_MAX };
    let when = here.when();
    let operators = here.grant.actor.rights.operator;
    let wanted = Search {
        org: here.org(),
        admin: true,
        operators,
        status,
        text: &part,
        now_ms: when.now_ms,
        ..Search::default()
    };
    let mut conn = here.shared.at.db.connection().await?;
    let mut found = search(&mut conn, &wanted, &after, most + 1).await?;
    let more = i64::try_from(found.len()).is_ok_and(|count| count > most);
    found.truncate(usize::try_from(most).unwrap_or(usize::MAX));
    let owners: Vec<&str> = found.iter().map(|row| row.owner_id.as_str()).collect();
    let owners = persons::names(&mut conn, here.org(), &owners).await?;
    drop(conn);
    if kept {
        return Ok(csv_of(&found, when.now_ms));
    }
    let makes = everywhere(here, Scope::CREATE_KEYS);
    let make = html! { @if makes { (button_link(&format!("{PATH}/new"), "Create an admin key", true)) } };
    let filtered = !(status.is_empty() && part.is_empty());
    let none = found.is_empty() && !filtered && after.is_empty();
    let body = html! {
        @if none { (empty(makes, &make)) } @else {
            (filters(status, &part))
            @if found.is_empty() {
                (states::empty("No key is like that", "Change the filter, or clear it.",
                    &html! { a .button href=(PATH) { "Clear the filter" } }))
            } @else {
                (table("Admin keys", COLUMNS, &found.iter().map(|row| line(row, &owners, &when)).collect::<Vec<_>>()))
                (paging(PATH, &here.inbound.query_pairs(), found.len(), found.last().filter(|_| more).map(|row| row.id.as_str()), !after.is_empty()))
            }
        }
        (take(here, "/v1/organization/admin_api_keys", "keyway admin-key list"))
    };
    let file = address(PATH, &here.inbound.query_pairs(), &[("format", "csv")]);
    let actions = html! {
        a .button href=(file) download="admin-keys.csv" { "CSV" }
        @if !none { (make) }
    };
    Ok(Page { actions, scripts: &["filter.js"], ..Page::new("Admin keys", body) }.answer(here))
}

fn empty(makes: bool, make: &Markup) -> Markup {
    let text = "An admin key lets a program manage: make keys, read usage, set budgets. It calls no models.";
    let action = html! {
        (make)
        @if !makes { p .faint { "An owner or an admin of the organisation can make one." } }
        p .faint { "By command: " code { "keyway admin-key create --name export --scope read:usage" } }
    };
    states::empty("No admin keys", text, &action)
}

fn filters(status: &str, part: &str) -> Markup {
    let states: Vec<(String, String)> =
        STATES.iter().map(|(word, text)| ((*word).to_owned(), (*text).to_owned())).collect();
    let choose = [Choose { name: "status", label: "State", options: &states, chosen: status }];
    filter(PATH, &choose, Some(("q", "Search by name", part)))
}

fn line(row: &KeyRow, owners: &HashMap<String, String>, when: &When) -> Vec<Markup> {
    vec![
        html! {
            a href=(path(row)) { (row.name) }
            @if let Some(owner) = owners.get(&row.owner_id) { span .under { (owner) } }
            @if row.reach == "installation" { span .under { "of the whole installation" } }
        },
        html! { code { (redacted(row)) } },
        html! { (words(scopes_of(row).unwrap_or_default())) },
        state(row, when.now_ms),
        moment(when, row.last_used_ms),
        moment(when, row.expires_ms),
    ]
}

fn csv_of(found: &[KeyRow], now_ms: i64) -> Outbound {
    const HEAD: [&str; 10] = [
        "id",
        "name",
        "key",
        "reach",
        "owner_id",
        "status",
        "scopes",
        "created_at",
        "last_used_at",
        "expires_at",
    ];
    let at = |ms: Option<i64>| ms.map_or_else(String::new, exactly);
    let row = |row: &KeyRow| {
        vec![
            row.id.clone(),
            row.name.clone(),
            redacted(row),
            row.reach.clone(),
            row.owner_id.clone(),
            status_at(row, now_ms).to_owned(),
            scopes_of(row).map(|scopes| scopes.names().join(" ")).unwrap_or_default(),
            exactly(row.created_ms),
            at(row.last_used_ms),
            at(row.expires_ms),
        ]
    };
    file("admin-keys.csv", csv::table(&HEAD, &found.iter().map(row).collect::<Vec<_>>()))
}
