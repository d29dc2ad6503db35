//! How the wizard's form begins: blank, as a template has it, like another key, or as a link says. A link
//! such as `/console/keys/new?template=agent&name=editor` fills it in, so that a guide can lead there.

use super::fields::FIELDS;
use super::gives::ROWS;
use crate::accounts::Scopes;
use crate::accounts::scope::INFERENCE;
use crate::console::form::Form;
use crate::console::here::Here;
use crate::console::parts::matrix;
use crate::console::parts::templates::Way;
use crate::console::when::When;
use crate::store::keys::KeyRow;
use ledger::limit::Kind;

/// Characters of a filled-in field at most.
const LINKED_CHARS_MAX: usize = 1_000;

/// What a kind of program needs.
pub struct Template {
    /// Its name in links.
    pub name: &'static str,
    title: &'static str,
    about: &'static str,
    scopes: &'static [&'static str],
    fields: &'static [(&'static str, &'static str)],
}

const TEMPLATES: &[Template] = &[
    Template {
        name: "application",
        title: "Application",
        about: "Chat and embeddings for a server, 90 days",
        scopes: &["create:chat_completions", "create:embeddings", "read:models"],
        fields: &[("owner", ""), ("expires", "90")],
    },
    Template {
        name: "agent",
        title: "Coding agent",
        about: "Chat, with a budget for each day",
        scopes: &["create:chat_completions", "read:models"],
        fields: &[
            ("expires", "90"),
            ("requests_per_minute", "120"),
            ("budget.limit_usd", "10"),
            ("budget.window", "day"),
        ],
    },
    Template {
        name: "ci",
        title: "CI job",
        about: "One model for one day",
        scopes: &["create:chat_completions"],
        fields: &[
            ("owner", ""),
            ("expires", "1"),
            ("models", "sandbox/echo"),
            ("requests_per_minute", "60"),
            ("concurrency", "4"),
        ],
    },
    Template {
        name: "read-only",
        title: "Read only",
        about: "Sees which models there are, calls none",
        scopes: &["read:models"],
        fields: &[("expires", "90")],
    },
    Template {
        name: "everything",
        title: "Everything",
        about: "All that a key of a project can have",
        scopes: &INFERENCE,
        fields: &[("expires", "30")],
    },
];

/// The templates as ways to begin.
#[must_use]
pub fn ways() -> Vec<Way> {
    TEMPLATES.iter().map(|template| (template.name, template.title, template.about)).collect()
}

/// The template that a link names.
#[must_use]
pub fn template(here: &Here<'_>) -> Option<&'static Template> {
    let asked = here.asked("template")?;
    TEMPLATES.iter().find(|template| template.name == asked)
}

/// The form of a new key; `like`: the key it is to be like.
#[must_use]
pub fn form(here: &Here<'_>, like: Option<&KeyRow>) -> Form {
    let mut all = linked(here);
    match (template(here), like) {
        (Some(template), _) => {
            let scopes: Vec<String> = template.scopes.iter().map(|scope| (*scope).to_owned()).collect();
            all.extend(matrix::fields(ROWS, &scopes));
            all.extend(template.fields.iter().map(|(name, value)| text(name, value)));
        }
        (None, Some(row)) => all.extend(of_key(row, &here.when())),
        (None, None) => {
            let ordinary: Vec<String> = Scopes::ordinary().names().into_iter().map(str::to_owned).collect();
            all.extend(matrix::fields(ROWS, &ordinary));
        }
    }
    let member = here.places.iter().any(|place| place.org == here.org());
    all.extend([
        text("owner", if member { "me" } else { "" }),
        text("mode", "test"),
        text("expires", "90"),
        text("budget.window", "month"),
    ]);
    // The first of a name holds.
    Form::of(all)
}

fn text(name: &str, value: &str) -> (String, String) {
    (name.to_owned(), value.to_owned())
}

fn linked(here: &Here<'_>) -> Vec<(String, String)> {
    let pairs = here.inbound.query_pairs().into_iter();
    let sane = |value: &String| value.chars().count() <= LINKED_CHARS_MAX;
    let is_field = |name: &str| FIELDS.contains(&name) || name == "mode";
    pairs.filter(|(name, value)| is_field(name) && sane(value)).collect()
}

/// What a key is, as the fields of its form. What it is called, whose it is and when it ends are the new one's.
#[must_use]
pub fn of_key(row: &KeyRow, when: &When) -> Vec<(String, String)> {
    let list = |json: Option<&str>| -> Vec<String> {
        json.and_then(|text| serde_json::from_str(text).ok()).unwrap_or_default()
    };
    let scopes = crate::access::keys::scopes_of(row).map(Scopes::names).unwrap_or_default();
    let scopes: Vec<String> = scopes.into_iter().map(str::to_owned).collect();
    let labels: std::collections::BTreeMap<String, String> =
        row.labels.as_deref().and_then(|text| serde_json::from_str(text).ok()).unwrap_or_default();
    let labels: Vec<String> = labels.iter().map(|(name, value)| format!("{name}={value}")).collect();
    let mut all = matrix::fields(ROWS, &scopes);
    all.extend([
        text("description", &row.description),
        text("project", row.project_id.as_deref().unwrap_or_default()),
        text("mode", &row.mode),
        text("models", &list(row.models.as_deref()).join(", ")),
        text("ip_allowlist", &list(row.ip_allowlist.as_deref()).join(", ")),
        text("labels", &labels.join(", ")),
        text("not_before", &row.not_before_ms.map(|at| when.date(at)).unwrap_or_default()),
        text("idle_days", &row.idle_expires_ms.map(super::asked::days).unwrap_or_default()),
    ]);
    all.extend(list(row.endpoints.as_deref()).into_iter().map(|path| ("endpoints".to_owned(), path)));
    for kind in Kind::ALL {
        let limit = row.limits.get(kind).map(|limit| limit.to_string());
        all.push((kind.name().to_owned(), limit.unwrap_or_default()));
    }
    all
}
