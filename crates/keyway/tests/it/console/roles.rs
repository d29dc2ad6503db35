//! Which role sees which page: held against a table that was looked at, `roles.txt`.
//! UPDATE_ROLES=1 writes it anew.

use super::mail::letter;
use super::visitor::{PASSWORD, Visitor};
use crate::stage::bare;
use crate::table::pages;
use keyway::access::verify::Needs;
use keyway::relay::Route;
use std::fmt::Write as _;
use testkit::{Keyway, Response, json};

const TABLE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/it/console/roles.txt");
const API: [(&str, &str); 2] = [("sec-fetch-site", "same-origin"), ("content-type", "application/json")];
const NOBODY: &str = "01m7y800000000000000000000";

/// Everybody in the table: their column, their role in the organisation, their role in its project.
const EVERYBODY: [(&str, &str, &str); 9] = [
    ("owner", "owner", ""),
    ("admin", "admin", ""),
    ("developer", "developer", ""),
    ("dev here", "developer", "member"),
    ("billing", "billing", ""),
    ("auditor", "auditor", ""),
    ("viewer", "viewer", ""),
    ("viewer here", "viewer", "member"),
    ("proj owner", "viewer", "owner"),
];

/// A page's path, about a key, and about nobody's other things.
pub fn about(route: &Route, key: &str) -> String {
    let parts = route.path.split('/').map(|part| match part {
        "{key}" if !key.is_empty() => key.to_owned(),
        "{key}" => format!("key_{NOBODY}"),
        "{name}" => "none.css".to_owned(),
        "{request}" => format!("req_{NOBODY}"),
        "{project}" => format!("proj_{NOBODY}"),
        "{budget}" => format!("bud_{NOBODY}"),
        "{*id}" => "sandbox/echo".to_owned(),
        part if part.starts_with('{') => format!("{}_{NOBODY}", part.trim_matches(['{', '}'])),
        part => part.to_owned(),
    });
    parts.collect::<Vec<_>>().join("/")
}

/// Lets somebody in by an invitation, and into the project.
fn join<'a>(keyway: &'a Keyway, ada: &Visitor<'_>, (name, role, there): (&str, &str, &str)) -> Visitor<'a> {
    let email = format!("{}@example.com", name.replace(' ', "."));
    let project = ada.get("/v1/organization/projects").expect_status(200).json()["data"][0]["id"].clone();
    let projects = match there {
        "" => json!([]),
        role => json!([{"id": project, "role": role}]),
    };
    let body = json!({"email": email, "role": role, "projects": projects}).to_string();
    ada.ask("POST", "/v1/organization/invites", &API, &body).expect_status(200);
    let link = letter(keyway, &email, "You are invited").link();
    let visitor = Visitor::new(keyway);
    let page = visitor.get(&link).expect_status(200);
    let joined = visitor.send(&page, "/invitation", &[("name", name), ("password", PASSWORD)]);
    assert_eq!(joined.header("location"), Some("/console"));
    visitor
}

/// What the door said. A page that is about nobody's thing, or takes no such form, let somebody in.
fn decision(answer: &Response) -> &'static str {
    match answer.status {
        403 if answer.text().contains("<title>No permission") => "-",
        500.. => panic!("{}: {}", answer.status, answer.text()),
        _ => "in",
    }
}

fn row(out: &mut String, name: &str, cells: impl Iterator<Item = String>) {
    let cells: Vec<String> = cells.map(|cell| format!("{cell:<11}")).collect();
    let _ = writeln!(out, "{name:<58} | {}", cells.join(" | ").trim_end());
}

/// Where the navigation of a page leads.
fn ways(page: &str) -> Vec<String> {
    let nav = page.split("<nav aria-label=\"Console\">").nth(1).unwrap_or_default();
    let nav = nav.split("</nav>").next().unwrap_or_default();
    let links = nav.split("href=\"").skip(1);
    links.filter_map(|rest| rest.split('"').next().map(str::to_owned)).collect()
}

#[test]
fn which_role_sees_which_page() {
    let keyway = bare().start();
    let ada = Visitor::first(&keyway);
    let mut everybody = vec![("operator", ada)];
    for (name, role, there) in EVERYBODY {
        let visitor = join(&keyway, &everybody[0].1, (name, role, there));
        everybody.push((name, visitor));
    }
    let mut table = String::from("Which role a page lets in, and whom the navigation leads there (*).\n");
    row(&mut table, "", everybody.iter().map(|(name, _)| (*name).to_owned()));
    let ways: Vec<Vec<String>> = everybody.iter().map(|(_, it)| ways(&it.get("/console").text())).collect();
    for route in pages().filter(|route| route.needs != Needs::Nothing && route.name != "console_sign_out") {
        let path = about(route, "");
        let cells = everybody.iter().zip(&ways).map(|((name, visitor), ways)| {
            let answer = match route.method == "GET" {
                true => visitor.get(&path),
                false => visitor.post(&path, &[], &[("sec-fetch-site", "same-origin")]),
            };
            let told = decision(&answer);
            let led = route.method == "GET" && ways.contains(&path);
            assert!(
                !led || (told == "in" && answer.status == 200),
                "{name} is led to {path}: {}",
                answer.status
            );
            format!("{told}{}", if led { " *" } else { "" })
        });
        row(&mut table, &format!("{} {}", route.method, route.path), cells);
    }
    if std::env::var_os("UPDATE_ROLES").is_some() {
        std::fs::write(TABLE, &table).expect("the table is ours");
    }
    let looked_at = std::fs::read_to_string(TABLE).unwrap_or_default();
    assert_eq!(table, looked_at, "see the head of this file");
}
