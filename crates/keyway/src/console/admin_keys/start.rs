//! How the wizard's form begins: blank, as a template has it, like another key, or as a link says.

use super::fields::FIELDS;
use super::gives::{ROWS, said};
use super::listed;
use crate::access::keys::scopes_of;
use crate::console::form::Form;
use crate::console::here::Here;
use crate::console::parts::matrix;
use crate::console::parts::templates::Way;
use crate::store::keys::KeyRow;

/// Characters of a filled-in field at most.
const LINKED_CHARS_MAX: usize = 1_000;

/// What a kind of program manages.
struct Template {
    way: Way,
    scopes: &'static [&'static str],
    days: &'static str,
}

const TEMPLATES: &[Template] = &[
    Template {
        way: ("usage", "Usage export", "Reads what was used and what it cost"),
        scopes: &["read:projects", "read:usage"],
        days: "365",
    },
    Template {
        way: ("keys", "Key vending", "Makes keys of projects, and budgets for them"),
        scopes: &["read:projects", "manage:keys", "manage:budgets"],
        days: "90",
    },
    Template {
        way: ("people", "Onboarding", "Makes projects, and lets people in"),
        scopes: &["manage:projects", "manage:members"],
        days: "90",
    },
    Template {
        way: ("watch", "Watch", "Reads everything, changes nothing"),
        scopes: &[
            "read:keys",
            "read:projects",
            "read:members",
            "read:providers",
            "read:budgets",
            "read:billing",
            "read:usage",
            "read:audit_logs",
            "read:settings",
            "read:metrics",
        ],
        days: "90",
    },
    Template {
        way: ("everything", "Everything", "All of administration"),
        scopes: &[
            "manage:keys",
            "manage:projects",
            "manage:members",
            "manage:providers",
            "manage:budgets",
            "manage:billing",
            "read:usage",
            "read:audit_logs",
            "manage:settings",
            "read:metrics",
        ],
        days: "30",
    },
];

/// The templates as ways to begin.
#[must_use]
pub fn ways() -> Vec<Way> {
    TEMPLATES.iter().map(|template| template.way).collect()
}

/// The form of a new key; `like`: the key it is to be like.
#[must_use]
pub fn form(here: &Here<'_>, like: Option<&KeyRow>) -> Form {
    let mut all = linked(here);
    let asked = here.asked("template").unwrap_or_default();
    if let Some(template) = TEMPLATES.iter().find(|template| template.way.0 == asked) {
        let scopes: Vec<String> = template.scopes.iter().map(|scope| (*scope).to_owned()).collect();
        all.extend(matrix::fields(ROWS, &scopes));
        all.push(text("expires", template.days));
    } else if let Some(row) = like {
        all.extend(of_key(row));
    }
    all.extend([text("reach", "organization"), text("owner", ""), text("expires", "90")]);
    // The first of a name holds.
    Form::of(all)
}

fn text(name: &str, value: &str) -> (String, String) {
    (name.to_owned(), value.to_owned())
}

fn linked(here: &Here<'_>) -> Vec<(String, String)> {
    let pairs = here.inbound.query_pairs().into_iter();
    let sane = |value: &String| value.chars().count() <= LINKED_CHARS_MAX;
    pairs.filter(|(name, value)| FIELDS.contains(&name.as_str()) && sane(value)).collect()
}

/// What a key is, as the fields of its form. What it is called and when it ends are the new one's.
#[must_use]
pub fn of_key(row: &KeyRow) -> Vec<(String, String)> {
    let mut all = matrix::fields(ROWS, &said(scopes_of(row).unwrap_or_default()));
    all.extend([
        text("description", &row.description),
        text("reach", &row.reach),
        text("ip_allowlist", &listed(row.ip_allowlist.as_deref()).unwrap_or_default().join(", ")),
    ]);
    let projects = listed(row.projects.as_deref()).unwrap_or_default();
    all.extend(projects.into_iter().map(|id| ("projects".to_owned(), id)));
    all
}
