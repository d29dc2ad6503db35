//! GET `/console/keys/new`, POST `/console/keys`: the one page on which a key is made.

use super::made::{self, Made};
use crate::access::keys::{self as service, Created, NewKey};
use crate::accounts::{Scope, Scopes};
use crate::base::fault::Doing;
use crate::base::{Refusal, Trouble};
use crate::console::account::confirm;
use crate::console::form::{Form, Wrong, token_field};
use crate::console::here::{Here, pages};
use crate::console::page::{Page, see};
use crate::console::parts::field::{choice, tick};
use crate::console::parts::{Field, states, submit};
use crate::console::projects::projects_where;
use crate::relay::Outbound;
use crate::sealing::master::hex;
use crate::store::db::is_unique_violation;
use crate::store::idempotency::{self, Call};
use crate::store::tenants::Project;
use ledger::limit::{Kind, LIMIT_MAX, Limits};
use maud::{Markup, html};
use rand::TryRng;
use rand::rngs::SysRng;

const DAY_SECONDS: u64 = 86_400;
/// Bytes of what makes a form the same form when it is sent again.
const ONCE_BYTES: usize = 12;
const FIELDS: &[&str] = &[
    "name",
    "description",
    "project",
    "models",
    "ip_allowlist",
    "expires",
    "scopes",
    "owner",
    "requests_per_minute",
    "tokens_per_minute",
    "requests_per_day",
    "concurrency",
];

/// Lives a key can be given, days and text; empty: none.
const LIVES: &[(&str, &str)] = &[
    ("1", "1 day"),
    ("7", "7 days"),
    ("30", "30 days"),
    ("90", "90 days"),
    ("365", "1 year"),
    ("", "Never"),
];

/// What a key may be given, in the order of the scopes' table.
const SCOPES: &[(&str, &str, &str)] = &[
    ("create:chat_completions", "Chat", "Chat completions, responses and messages"),
    ("create:completions", "Completions", "The older form of text completion"),
    ("create:embeddings", "Embeddings", ""),
    ("read:models", "List models", ""),
    ("create:rerank", "Rerank", ""),
    ("create:moderations", "Moderations", ""),
    ("create:images", "Images", ""),
    ("create:audio", "Audio", ""),
];

const LIMITS: &[(&str, &str, Kind)] = &[
    ("requests_per_minute", "Requests per minute", Kind::RequestsPerMinute),
    ("tokens_per_minute", "Tokens per minute", Kind::TokensPerMinute),
    ("requests_per_day", "Requests per day", Kind::RequestsPerDay),
    ("concurrency", "At the same time", Kind::Concurrency),
];

/// What a kind of program needs: the form, filled in.
struct Template {
    name: &'static str,
    title: &'static str,
    scopes: &'static [&'static str],
    days: &'static str,
    requests_per_minute: &'static str,
}

const TEMPLATES: &[Template] = &[
    Template {
        name: "application",
        title: "Application",
        scopes: &["create:chat_completions", "create:embeddings", "read:models"],
        days: "90",
        requests_per_minute: "",
    },
    Template {
        name: "agent",
        title: "Coding agent",
        scopes: &["create:chat_completions", "read:models"],
        days: "90",
        requests_per_minute: "120",
    },
    Template {
        name: "ci",
        title: "CI job",
        scopes: &["create:chat_completions"],
        days: "1",
        requests_per_minute: "60",
    },
];

pages! {
    /// The form.
    show = first;
    /// Makes the key and shows it, once.
    make = make_one;
}

async fn first(here: &Here<'_>) -> Result<Outbound, Trouble> {
    if let Some(first) = confirm::needed(here, &here.address()).await? {
        return Ok(first);
    }
    let projects = projects_where(here, Scope::CREATE_KEYS).await?;
    page(here, &projects, &Form::empty(), &Wrong::nothing())
}

async fn make_one(here: &Here<'_>) -> Result<Outbound, Trouble> {
    let form = here.form()?;
    if let Some(first) = confirm::needed(here, "/console/keys/new").await? {
        return Ok(first);
    }
    if let Some(key) = made_before(here, &form).await? {
        return Ok(see(&format!("/console/keys/{key}")));
    }
    match create(here, &form).await {
        Ok(created) => {
            let made = Made { row: &created.row, secret: &created.secret, warnings: &created.warnings };
            made::page(here, &made)
        }
        Err(trouble) => {
            let wrong = Wrong::of(trouble)?;
            let projects = projects_where(here, Scope::CREATE_KEYS).await?;
            page(here, &projects, &form, &wrong)
        }
    }
}

/// A page that was loaded again sends its form again: one form makes one key.
async fn made_before(here: &Here<'_>, form: &Form) -> Result<Option<String>, Trouble> {
    if form.text("once").is_empty() {
        return Ok(None);
    }
    let call = call(here, form);
    let found = idempotency::find(&here.shared.at.db, &call, here.shared.at.clock.now_ms()).await?;
    Ok(found.map(|(_, key)| key))
}

fn call<'a>(here: &'a Here<'_>, form: &'a Form) -> Call<'a> {
    Call { actor_id: &here.grant.key, path: "/console/keys", key: form.text("once"), body_hash: "" }
}

async fn create(here: &Here<'_>, form: &Form) -> Result<Created, Trouble> {
    let new = read(here, form)?;
    let mut acting = here.act().await?;
    let created = service::create(&mut acting, &new).await?;
    let now_ms = acting.now_ms;
    match idempotency::keep(&mut acting.tx, &call(here, form), &created.row.id, now_ms).await {
        Err(error) if is_unique_violation(&error) => {
            let message = "This form is being sent already. Look at the list of keys.";
            return Err(Refusal::new(crate::base::Code::Conflict, message).into());
        }
        kept => kept.doing("keeping the form from making another key")?,
    }
    here.finish(acting).await?;
    Ok(created)
}

fn read(here: &Here<'_>, form: &Form) -> Result<NewKey, Refusal> {
    let mut limits = Limits::default();
    for (name, label, kind) in LIMITS {
        limits.set(*kind, count(form, name, label)?);
    }
    let scopes = form.all("scopes");
    let asked =
        Scopes::parse(&scopes, false).map_err(|_| Refusal::field("scopes", "This is no permission."))?;
    let list = |name: &str| {
        let parts =
            form.text(name).split([',', '\n', ' ', '\r']).map(str::trim).filter(|part| !part.is_empty());
        Some(parts.map(str::to_owned).collect::<Vec<_>>()).filter(|list| !list.is_empty())
    };
    let days = form.text("expires").parse::<u64>().ok();
    Ok(NewKey {
        project: Some(form.text("project").to_owned()),
        test: form.text("mode") == "test",
        name: form.text("name").to_owned(),
        description: form.text("description").to_owned(),
        owner: if form.text("owner") == "me" { here.person.id.clone() } else { String::new() },
        // What is ordinary stays so when the ordinary becomes more.
        scopes: (asked != Scopes::ordinary()).then_some(scopes),
        models: list("models"),
        ip_allowlist: list("ip_allowlist"),
        expires_in_seconds: days.map(|days| days * DAY_SECONDS),
        limits,
        ..NewKey::default()
    })
}

fn count(form: &Form, name: &'static str, label: &str) -> Result<Option<u32>, Refusal> {
    let text = form.text(name);
    if text.is_empty() {
        return Ok(None);
    }
    let number = text.parse::<u32>().ok().filter(|number| (1..=LIMIT_MAX).contains(number));
    let message = || format!("{label} is a whole number from 1 to {LIMIT_MAX}, or empty.");
    number.map(Some).ok_or_else(|| Refusal::field(name, message()))
}

fn page(here: &Here<'_>, projects: &[Project], form: &Form, wrong: &Wrong) -> Result<Outbound, Trouble> {
    let above = [("/console/keys", "API keys")];
    if projects.is_empty() {
        let body = states::not_allowed("There is no project in which you may make keys.");
        return Ok(Page { above: &above, ..Page::new("Create a key", body) }.answer(here));
    }
    let body = html! {
        div .split {
            (form_of(here, projects, form, wrong)?)
            (beside())
        }
    };
    Ok(Page { above: &above, ..Page::new("Create a key", body) }.answer_as(wrong.status(), here))
}

fn form_of(here: &Here<'_>, projects: &[Project], form: &Form, wrong: &Wrong) -> Result<Markup, Trouble> {
    let asked = here.asked("template").unwrap_or_default();
    let template = TEMPLATES.iter().find(|template| template.name == asked);
    let once = match form.text("once") {
        "" => {
            let mut bytes = [0; ONCE_BYTES];
            SysRng.try_fill_bytes(&mut bytes).doing("reading the system's randomness")?;
            hex(&bytes)
        }
        given => given.to_owned(),
    };
    Ok(html! {
        form .panel-card method="post" action="/console/keys" {
            (wrong.above(FIELDS))
            (token_field(&here.token()))
            input type="hidden" name="once" value=(once);
            (who_and_what(here, projects, form, wrong))
            (permissions(form, wrong, template))
            (bounds(form, wrong, template))
            (submit("Create the key"))
        }
    })
}

fn who_and_what(here: &Here<'_>, projects: &[Project], form: &Form, wrong: &Wrong) -> Markup {
    let places: Vec<(String, String)> =
        projects.iter().map(|project| (project.id.clone(), project.name.clone())).collect();
    let first_project = here.asked("project").unwrap_or_default();
    let member = here.places.iter().any(|place| place.org == here.org());
    let mode = form.text_or("mode", "test");
    html! {
        (Field::new("name", "Name").needed().placeholder("backend").hint("What you will know it by, in lists and bills.")
            .came(form, wrong, "").show())
        div .pair {
            (Field::new("project", "Project").options(&places).came(form, wrong, &first_project).show())
            @if member {
                (Field::new("owner", "Belongs to")
                    .options(&[("me".to_owned(), "Me: it ends when I leave".to_owned()),
                               (String::new(), "The project: it stays".to_owned())])
                    .came(form, wrong, "me").show())
            }
        }
        fieldset {
            legend { "Kind" }
            (choice("mode", "test", "Test", "Reaches the sandbox models alone, costs nothing", mode == "test"))
            (choice("mode", "live", "Live", "Reaches real models, and spends", mode == "live"))
        }
        (Field::new("description", "Description").came(form, wrong, "").show())
    }
}

fn permissions(form: &Form, wrong: &Wrong, template: Option<&Template>) -> Markup {
    let ordinary = Scopes::ordinary().names();
    let first = |scope: &str| match template {
        Some(template) => template.scopes.contains(&scope),
        None => ordinary.contains(&scope),
    };
    let chosen = form.all("scopes");
    let again = !form.text("once").is_empty();
    html! {
        fieldset {
            legend { "What it may" }
            nav .row aria-label="Templates" {
                span .faint { "Filled in for" }
                @for template in TEMPLATES {
                    a href={ "/console/keys/new?template=" (template.name) } { (template.title) }
                }
            }
            div .columns {
                @for (scope, label, hint) in SCOPES {
                    @let ticked = if again { chosen.iter().any(|name| name == scope) } else { first(scope) };
                    (tick("scopes", scope, label, hint, ticked))
                }
            }
            @if let Some(text) = wrong.with("scopes") { p .wrong role="alert" { (text) } }
        }
        (Field::new("models", "Models").placeholder("every model").hint("Names or patterns such as openai/*, apart by commas. Empty: every model the project may call.")
            .came(form, wrong, "").show())
    }
}

fn bounds(form: &Form, wrong: &Wrong, template: Option<&Template>) -> Markup {
    let lives: Vec<(String, String)> =
        LIVES.iter().map(|(days, text)| ((*days).to_owned(), (*text).to_owned())).collect();
    let days = template.map_or("90", |template| template.days);
    let open = LIMITS.iter().any(|(name, _, _)| !form.text(name).is_empty() || wrong.with(name).is_some())
        || wrong.with("ip_allowlist").is_some()
        || template.is_some_and(|template| !template.requests_per_minute.is_empty());
    html! {
        div .pair {
            (Field::new("expires", "Expires after").options(&lives).came(form, wrong, days).show())
        }
        details open[open] {
            summary { "Limits and addresses" }
            div .part {
                div .pair {
                    @for (name, label, _) in LIMITS {
                        @let first = match (*name, template) {
                            ("requests_per_minute", Some(template)) => template.requests_per_minute,
                            _ => "",
                        };
                        (Field::new(name, label).placeholder("no limit").came(form, wrong, first).show())
                    }
                }
                (Field::new("ip_allowlist", "Works from").placeholder("any address")
                    .hint("Addresses or networks such as 10.0.0.0/8, apart by commas.").came(form, wrong, "").show())
            }
        }
    }
}

fn beside() -> Markup {
    html! {
        aside .part aria-label="Good to know" {
            h2 { "Good to know" }
            p .faint { "The key is shown once, on the next page. Only its digest is kept." }
            p .faint { "A key never may more than who made it and whom it belongs to: it shrinks with their roles." }
            p .faint { "For a server that outlives you, let the key belong to the project." }
            p .faint { "By command: " code { "keyway key create --name backend --expires 90d" } }
        }
    }
}
