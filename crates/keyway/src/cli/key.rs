//! `keyway key create|list|show|edit|rotate|secret|compromised|revoke|disable|enable`

use super::args::Global;
use super::failure::{FAILED, Failure, USAGE};
use super::incident::{self, Compromised};
use super::key_details::DetailFlags;
use super::key_edit::{self, Edit};
use super::limit::{LimitFlags, written};
use super::money::{Allowance, allowance};
use super::output::Out;
use super::secret::{self, Rotate, Secret};
use super::session::{self, Missing, Session};
use super::span;
use crate::access::keys::{self as service, Created, NewKey, Which};
use crate::access::switch::{self, Act};
use crate::accounts::leave::{self, Heir, Settled};
use crate::admin::json::{Deleted, Ended, List};
use crate::admin::key_object::{ADMIN_KEY_DELETED, KeyObject, PROJECT_KEY_DELETED};
use crate::admin::limit_object::edited;
use crate::base::{Clock, id};
use crate::store::keys::{self as rows, Filter, KeyRow};
use crate::store::tenants;
use clap::{Args, Subcommand};
use ledger::limit::Limits;
use std::io::IsTerminal;

/// Rows of one read when a whole list is printed.
const READ_ROWS: i64 = 1000;

/// Keys that call models
#[derive(Debug, Subcommand)]
pub enum Key {
    /// Make a key; its secret is printed once
    Create(Create),
    /// List keys, oldest first
    List {
        /// Only this project's (id or name)
        #[arg(long)]
        project: Option<String>,
    },
    /// Show one key
    Show {
        /// key_...
        id: String,
    },
    /// Say what happened to a key and with it, newest first
    Timeline {
        /// key_...
        id: String,
    },
    /// Change what a key may; what is not named stays
    Edit(Edit),
    /// Give a key another secret; the older ones go on for a while
    Rotate(Rotate),
    /// Secrets of a key
    #[command(subcommand)]
    Secret(Secret),
    /// Revoke a key that has leaked, and say what it was used for
    Compromised(Compromised),
    /// Stop a key for good
    Revoke(Revoke),
    /// List keys to look at, and what to do about each
    Review,
    /// Stop a key for now
    Disable {
        /// key_...
        id: String,
    },
    /// Let a disabled key work again
    Enable {
        /// key_...
        id: String,
    },
}

/// Make a key; its secret is printed once
#[derive(Debug, Args)]
pub struct Create {
    /// What it is called
    #[arg(long)]
    name: String,
    /// What it is for
    #[arg(long, default_value = "")]
    description: String,
    /// Its project (id or name)
    #[arg(long, default_value = "Default")]
    project: String,
    /// What it may do; without it, ordinary inference
    #[arg(long = "scope", value_name = "SCOPE", num_args = 1..)]
    scopes: Option<Vec<String>>,
    /// It only looks: models, and itself
    #[arg(long)]
    read_only: bool,
    /// Which models it may call, with * for any run of letters; without it, all
    #[arg(long = "model", value_name = "MODEL", num_args = 1..)]
    models: Option<Vec<String>>,
    /// Where it works from, as addresses or networks
    #[arg(long = "ip", value_name = "CIDR", num_args = 1..)]
    ip_allowlist: Option<Vec<String>>,
    /// The user or service account it belongs to
    #[arg(long, value_name = "ID", default_value = "")]
    owner: String,
    /// How long it works, as in 90d
    #[arg(long = "expires", value_name = "SPAN", value_parser = span::seconds)]
    expires_in_seconds: Option<u64>,
    #[command(flatten)]
    details: DetailFlags,
    /// For the sandbox only
    #[arg(long)]
    test: bool,
    #[command(flatten)]
    limits: LimitFlags,
    /// How much it may spend in which window, as in 10usd/month
    #[arg(long, value_name = "AMOUNT/WINDOW", value_parser = allowance)]
    budget: Option<Allowance>,
}

/// Stop a key for good
#[derive(Debug, Args)]
pub struct Revoke {
    /// key_...
    pub id: String,
    /// Do not ask
    #[arg(long)]
    pub yes: bool,
    /// Of an admin key: project keys made with it go on, and stand under the operator
    #[arg(long)]
    pub hand_over: bool,
}

/// Runs it.
///
/// # Errors
/// What the command ends with.
pub fn run(global: &Global, command: &Key, out: &Out) -> Result<(), Failure> {
    let config = session::configuration(global, &[])?;
    let missing = if matches!(command, Key::Create(_)) { Missing::Make } else { Missing::NotFound };
    Session::with(global, &config, missing, async |session| match command {
        Key::Create(create) => {
            let new = NewKey {
                project: Some(project_id(session, &create.project).await?),
                test: create.test,
                name: create.name.clone(),
                description: create.description.clone(),
                scopes: create.scopes.clone(),
                read_only: create.read_only,
                models: create.models.clone(),
                ip_allowlist: create.ip_allowlist.clone(),
                owner: create.owner.clone(),
                expires_in_seconds: create.expires_in_seconds,
                details: create.details.details(),
                limits: edited(Limits::default(), &create.limits.edit()),
                budget: create.budget.map(|allowance| allowance.budget(None)),
                ..NewKey::default()
            };
            make(session, &new, out).await
        }
        Key::List { project } => {
            let project = match project {
                Some(project) => project_id(session, project).await?,
                None => String::new(),
            };
            list(
                session,
                &Filter { org: &session.org, kind: "project", project: &project, operators: true },
                out,
            )
            .await
        }
        Key::Show { id } => {
            let mut conn = session.at.db.connection().await?;
            show(&service::find(&mut conn, &session.org, &which(id, false)).await?, out)
        }
        Key::Timeline { id } => super::timeline::run(session, id, out).await,
        Key::Edit(asked) => key_edit::edit(session, asked, out).await,
        Key::Rotate(asked) => secret::rotate(session, asked, false, out).await,
        Key::Secret(command) => secret::run(session, command, false, out).await,
        Key::Compromised(asked) => incident::run(session, global, asked, false, out).await,
        Key::Review => super::review::run(session, out).await,
        Key::Revoke(revoked) => revoke(session, global, revoked, false, out).await,
        Key::Disable { id } => switch(session, id, Act::Disable, out).await,
        Key::Enable { id } => switch(session, id, Act::Enable, out).await,
    })
}

/// The id of a project that is named by id or by name.
///
/// # Errors
/// "Not found" when none is called so, a mistake of use when several are.
pub async fn project_id(session: &Session, given: &str) -> Result<String, Failure> {
    if id::parse("proj", given).is_some() {
        return Ok(given.to_owned());
    }
    let found = tenants::projects_named(&session.at.db, &session.org, given).await?;
    match found.as_slice() {
        [one] => Ok(one.id.clone()),
        [] => Err(service::not_there("project").into()),
        _ => Err(Failure::new(USAGE, format!("several projects are called `{given}`; name one by its id"))),
    }
}

pub(super) fn which(id: &str, admin: bool) -> Which<'_> {
    Which { admin, project: None, id }
}

/// Makes a key of either kind and prints its secret.
///
/// # Errors
/// What the service refuses.
pub async fn make(session: &Session, new: &NewKey, out: &Out) -> Result<(), Failure> {
    let mut acting = session.act().await?;
    let Created { row, secret, warnings } = &service::create(&mut acting, new).await?;
    acting.commit().await?;
    if out.json {
        return out.json(&KeyObject::made(row, now_ms(), secret.reveal(), warnings));
    }
    out.line(secret.reveal())?;
    let mode = if row.kind == "admin" { "admin" } else { &row.mode };
    out.note(&format!(
        "{} ({mode} key `{}`). It is shown this once: keep it somewhere safe.",
        row.id, row.name
    ));
    for warning in warnings {
        out.note(&format!("warning: {warning}"));
    }
    Ok(())
}

/// Prints every key of a filter, oldest first.
///
/// # Errors
/// When the database cannot be used.
pub async fn list(session: &Session, filter: &Filter<'_>, out: &Out) -> Result<(), Failure> {
    let mut found: Vec<KeyRow> = Vec::new();
    loop {
        let after = found.last().map_or("", |row| &row.id);
        let mut page = rows::list(&session.at.db, filter, after, READ_ROWS).await?;
        let last = i64::try_from(page.len()).is_ok_and(|count| count < READ_ROWS);
        found.append(&mut page);
        if last {
            break;
        }
    }
    if out.json {
        let objects = found.iter().map(|row| KeyObject::new(row, now_ms())).collect();
        return out.json(&List::new(objects, false, |key: &KeyObject<'_>| key.id));
    }
    let cells: Vec<Vec<String>> = found.iter().map(|row| cells(row, now_ms())).collect();
    out.table(&["id", "name", "key", "mode", "status", "created", "expires", "last used"], &cells)
}

fn cells(row: &KeyRow, now_ms: i64) -> Vec<String> {
    vec![
        row.id.clone(),
        row.name.clone(),
        service::redacted(row),
        if row.kind == "admin" { "admin".to_owned() } else { row.mode.clone() },
        service::status_at(row, now_ms).to_owned(),
        when(Some(row.created_ms)),
        when(row.expires_ms),
        when(row.last_used_ms),
    ]
}

/// Prints a key of either kind.
///
/// # Errors
/// When stdout does not take it.
pub(super) fn show(row: &KeyRow, out: &Out) -> Result<(), Failure> {
    let now_ms = now_ms();
    if out.json {
        return out.json(&KeyObject::new(row, now_ms));
    }
    let list = |list: &Option<String>, absent: &str| {
        let names = list.as_deref().map(|text| serde_json::from_str::<Vec<String>>(text).unwrap_or_default());
        names.map_or_else(|| absent.to_owned(), |names| names.join(" "))
    };
    out.fields(&[
        ("id", row.id.clone()),
        ("name", row.name.clone()),
        ("description", row.description.clone()),
        ("key", service::redacted(row)),
        ("project", row.project_id.clone().unwrap_or_default()),
        ("mode", row.mode.clone()),
        ("status", service::status_at(row, now_ms).to_owned()),
        (
            "scopes",
            list(
                &row.scopes,
                if row.kind == "admin" { "all of administration" } else { "ordinary inference" },
            ),
        ),
        ("models", list(&row.models, "all")),
        ("limits", written(&row.limits)),
        ("created", when(Some(row.created_ms))),
        ("expires", when(row.expires_ms)),
        ("last used", when(row.last_used_ms)),
    ])
}

/// Revokes a key of either kind, asking first on a terminal.
///
/// # Errors
/// What the service refuses; a "no" is no failure.
pub async fn revoke(
    session: &Session,
    global: &Global,
    revoked: &Revoke,
    admin: bool,
    out: &Out,
) -> Result<(), Failure> {
    let which = which(&revoked.id, admin);
    let row = service::find(&mut *session.at.db.connection().await?, &session.org, &which).await?;
    let asks = !revoked.yes && !global.no_input && std::io::stdin().is_terminal();
    if asks && row.status != "revoked" && !confirmed(&format!("Revoke `{}` for good?", row.name), out)? {
        out.note("nothing was changed");
        return Ok(());
    }
    let mut acting = session.act().await?;
    let row = switch::act(&mut acting, &which, Act::Revoke).await?;
    let settled = if admin {
        let heir = if revoked.hand_over { Heir::Actor } else { Heir::Nobody };
        leave::settle(&mut acting, &row.id, heir).await?
    } else {
        Settled::default()
    };
    acting.commit().await?;
    if out.json {
        let kind = if admin { ADMIN_KEY_DELETED } else { PROJECT_KEY_DELETED };
        return out.json(&Ended::new(Deleted::new(&row.id, kind), settled));
    }
    note_settled(&settled, out);
    out.table(&["id", "status"], &[vec![row.id, row.status]])
}

/// Says what became of the keys that hung on what is gone.
pub(super) fn note_settled(settled: &Settled, out: &Out) {
    for id in &settled.revoked {
        out.note(&format!("revoked {id}"));
    }
    for id in &settled.handed_over {
        out.note(&format!("handed over {id}"));
    }
}

async fn done(session: &Session, which: &Which<'_>, act: Act) -> Result<KeyRow, Failure> {
    let mut acting = session.act().await?;
    let row = switch::act(&mut acting, which, act).await?;
    acting.commit().await?;
    Ok(row)
}

async fn switch(session: &Session, id: &str, act: Act, out: &Out) -> Result<(), Failure> {
    let row = done(session, &which(id, false), act).await?;
    if out.json {
        return out.json(&KeyObject::new(&row, now_ms()));
    }
    out.table(&["id", "status"], &[vec![row.id, row.status]])
}

pub(super) fn confirmed(question: &str, out: &Out) -> Result<bool, Failure> {
    out.note(&format!("{question} [y/N]"));
    let mut answer = String::new();
    std::io::stdin()
        .read_line(&mut answer)
        .map_err(|error| Failure::new(FAILED, format!("reading the answer: {error}")))?;
    Ok(matches!(answer.trim(), "y" | "Y" | "yes"))
}

/// A time as people read it, UTC; `-` for never.
#[must_use]
pub fn when(unix_ms: Option<i64>) -> String {
    unix_ms
        .and_then(|ms| jiff::Timestamp::from_millisecond(ms).ok())
        .map_or_else(|| "-".to_owned(), |at| at.strftime("%Y-%m-%d %H:%M:%SZ").to_string())
}

fn now_ms() -> i64 {
    Clock::system().now_ms()
}
