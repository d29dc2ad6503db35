//! `keyway alert list|create|show|edit|remove|test|preview|events|confirm`

use super::args::Global;
use super::failure::{Failure, USAGE};
use super::key::{confirmed, project_id, when};
use super::org::{READ_ROWS, asks};
use super::output::Out;
use super::session::{self, Missing, Session, every};
use super::span;
use crate::accounts::Rights;
use crate::admin::alert_object::{ALERT_DELETED, AlertObject, EventObject, PreviewObject, TestObject};
use crate::admin::alerts::{events_object, list_object};
use crate::admin::json::Deleted;
use crate::store::alert_events::{self, Event, Filter};
use crate::store::alerts::{Act, Alert as Row, Channel};
use crate::watch::alerts::{self as service, Edit, NewAlert};
use crate::watch::kind::Kind;
use crate::watch::{confirm, preview};
use clap::builder::PossibleValuesParser;
use clap::{Args, Subcommand};
use ledger::NanoUsd;

/// What is worth telling somebody
#[derive(Debug, Subcommand)]
pub enum Alert {
    /// List alerts, oldest first
    List,
    /// Make an alert
    Create(Create),
    /// Show one alert
    Show {
        /// alert_...
        id: String,
    },
    /// Change an alert; what is not named stays
    Edit(Change),
    /// Remove an alert
    Remove {
        /// alert_...
        id: String,
        /// Do not ask
        #[arg(long)]
        yes: bool,
    },
    /// Send what it would send, to everybody it would tell
    Test {
        /// alert_...
        id: String,
    },
    /// Say how often it would have fired in the last 30 days
    Preview {
        /// alert_...
        id: String,
    },
    /// Confirm the use for which a key was stopped: it works again
    Confirm {
        /// aev_...
        event: String,
    },
    /// List what was told, oldest first
    Events {
        /// Only by this alert
        #[arg(long, default_value = "")]
        alert: String,
        /// Only about this key
        #[arg(long, default_value = "")]
        key: String,
    },
}

/// Make an alert
#[derive(Debug, Args)]
pub struct Create {
    /// What it is called
    #[arg(long)]
    name: String,
    /// What it is about
    #[arg(long, value_parser = PossibleValuesParser::new(Kind::ALL.iter().map(|kind| kind.word())))]
    on: String,
    /// Only this project (id or name)
    #[arg(long)]
    project: Option<String>,
    /// Only this key (id)
    #[arg(long)]
    key: Option<String>,
    #[command(flatten)]
    rest: Rest,
}

/// Change an alert; what is not named stays
#[derive(Debug, Args)]
pub struct Change {
    /// alert_...
    id: String,
    /// What it is called from now on
    #[arg(long)]
    name: Option<String>,
    /// Look at it again
    #[arg(long, conflicts_with = "disable")]
    enable: bool,
    /// Do not look at it
    #[arg(long)]
    disable: bool,
    /// Tell nobody for so long, as in 8h; 0s: tell again
    #[arg(long, value_name = "SPAN", value_parser = span::seconds)]
    snooze: Option<u64>,
    #[command(flatten)]
    rest: Rest,
}

/// How it is told, and when
#[derive(Debug, Args)]
struct Rest {
    /// In the unit of what it is about: percent, days, requests, USD, ms
    #[arg(long, value_parser = number)]
    threshold: Option<NanoUsd>,
    /// Of what the threshold is a sum: minute, hour, day
    #[arg(long)]
    window: Option<String>,
    /// Events of the audit log, as in api_key.created
    #[arg(long = "event", value_name = "EVENT")]
    events: Vec<String>,
    /// Tell: email, email:ADDRESS, digest, digest:ADDRESS (mail once a day), webhook, webhook:ID
    #[arg(long = "tell", value_name = "CHANNEL", value_parser = channel)]
    channels: Vec<Channel>,
    /// And do: disable_key, limit_key:REQUESTS_PER_MINUTE, confirm_key (stopped until confirmed), or none
    #[arg(long, value_parser = act)]
    act: Option<ActArgument>,
}

/// An act, or that there is none.
#[derive(Debug, Clone)]
struct ActArgument(Option<Act>);

fn number(text: &str) -> Result<NanoUsd, String> {
    NanoUsd::parse(text).map_err(|why| why.to_string())
}

fn channel(text: &str) -> Result<Channel, String> {
    let (kind, which) =
        text.split_once(':').map_or((text, None), |(kind, which)| (kind, Some(which.to_owned())));
    match kind {
        "email" | "digest" => {
            Ok(Channel { kind: "email".to_owned(), to: which, digest: kind == "digest", webhook_id: None })
        }
        "webhook" => Ok(Channel { kind: kind.to_owned(), webhook_id: which, ..Channel::default() }),
        _ => Err("write it as email, digest or webhook, or as email:ADDRESS, webhook:ID".to_owned()),
    }
}

fn act(text: &str) -> Result<ActArgument, String> {
    let limit = text.strip_prefix("limit_key:").map(str::parse);
    match (text, limit) {
        ("none", _) => Ok(ActArgument(None)),
        ("disable_key" | "confirm_key", _) => {
            Ok(ActArgument(Some(Act { kind: text.to_owned(), requests_per_minute: None })))
        }
        (_, Some(Ok(limit))) => {
            Ok(ActArgument(Some(Act { kind: "limit_key".to_owned(), requests_per_minute: Some(limit) })))
        }
        _ => Err("write it as disable_key, limit_key:10, confirm_key or none".to_owned()),
    }
}

impl Rest {
    fn edit(&self) -> Edit {
        Edit {
            threshold_nano: self.threshold.map(|amount| Some(amount.0)),
            span: self.window.clone(),
            events: (!self.events.is_empty()).then(|| self.events.clone()),
            channels: (!self.channels.is_empty()).then(|| self.channels.clone()),
            act: self.act.as_ref().map(|act| act.0.clone()),
            ..Edit::default()
        }
    }
}

/// Runs it.
///
/// # Errors
/// What the command ends with.
pub fn run(global: &Global, command: &Alert, out: &Out) -> Result<(), Failure> {
    let config = session::configuration(global, &[])?;
    Session::with(global, &config, Missing::NotFound, async |session| match command {
        Alert::List => {
            let mut conn = session.at.db.connection().await?;
            let found = service::list(&mut conn, &session.org, &Rights::operator()).await?;
            if out.json {
                return out.json(&list_object(&found, false));
            }
            out.table(&["id", "name", "on", "of", "status"], &found.iter().map(cells).collect::<Vec<_>>())
        }
        Alert::Show { id } => show(&one(session, id).await?, out),
        Alert::Create(create) => make(session, create, out).await,
        Alert::Edit(change) => {
            let edit = Edit {
                name: change.name.clone(),
                enabled: (change.enable || change.disable).then_some(change.enable),
                snooze_seconds: change.snooze,
                ..change.rest.edit()
            };
            if edit == Edit::default() {
                return Err(Failure::new(USAGE, "name what to change, as in --snooze 8h"));
            }
            let mut acting = session.act().await?;
            let row = service::edit(&mut acting, &change.id, &edit).await?;
            session::done(acting).await?;
            show(&row, out)
        }
        Alert::Remove { id, yes } => {
            if asks(*yes, global) && !confirmed(&format!("Remove the alert `{id}`?"), out)? {
                out.note("nothing was changed");
                return Ok(());
            }
            let mut acting = session.act().await?;
            service::remove(&mut acting, id).await?;
            session::done(acting).await?;
            out.deleted(&Deleted::new(id, ALERT_DELETED), id, "removed")
        }
        Alert::Test { id } => {
            let mut acting = session.act().await?;
            let messages = service::test(&mut acting, id).await?;
            session::done(acting).await?;
            if out.json {
                return out.json(&TestObject::new(id, messages));
            }
            out.fields(&[("messages", messages.to_string())])
        }
        Alert::Preview { id } => {
            let rule = one(session, id).await?;
            let now_ms = session.at.clock.now_ms();
            let preview = preview::of(&mut *session.at.db.connection().await?, &rule, now_ms).await?;
            if out.json {
                return out.json(&PreviewObject::new(&rule.id, preview));
            }
            let fired = if preview.by == "none" { "not known".to_owned() } else { preview.fired.to_string() };
            out.fields(&[("would have fired in 30 days", fired), ("judged by", preview.by.to_owned())])
        }
        Alert::Confirm { event } => {
            let mut acting = session.act().await?;
            let event = confirm::confirm(&mut acting, event).await?;
            session::done(acting).await?;
            if out.json {
                return out.json(&EventObject::new(&event));
            }
            out.fields(&[("event", event.id), ("key", event.key.unwrap_or_default())])
        }
        Alert::Events { alert, key } => events(session, alert, key, out).await,
    })
}

async fn make(session: &Session, create: &Create, out: &Out) -> Result<(), Failure> {
    let project = match &create.project {
        Some(project) => Some(project_id(session, project).await?),
        None => None,
    };
    let kind = Kind::named(&create.on).ok_or_else(|| Failure::new(USAGE, "no such kind"))?;
    let edit = create.rest.edit();
    let new = NewAlert { name: create.name.clone(), kind, project, key: create.key.clone(), edit };
    let mut acting = session.act().await?;
    let row = service::create(&mut acting, &new).await?;
    session::done(acting).await?;
    show(&row, out)
}

async fn one(session: &Session, id: &str) -> Result<Row, Failure> {
    let mut conn = session.at.db.connection().await?;
    Ok(service::one(&mut conn, &session.org, &Rights::operator(), id).await?)
}

async fn events(session: &Session, alert: &str, key: &str, out: &Out) -> Result<(), Failure> {
    let mut conn = session.at.db.connection().await?;
    let filter = Filter { org: &session.org, projects: None, alert, key };
    let found = every(
        READ_ROWS,
        |row: &Event| row.id.clone(),
        async |after| alert_events::list(&mut conn, &filter, false, &after, READ_ROWS).await,
    )
    .await?;
    if out.json {
        return out.json(&events_object(&found, false));
    }
    let cells = |row: &Event| {
        let detail: serde_json::Value = serde_json::from_str(&row.detail).unwrap_or_default();
        vec![
            row.id.clone(),
            when(Some(row.at_ms)),
            row.kind.clone(),
            detail["title"].as_str().unwrap_or_default().to_owned(),
            match row.ended_ms {
                _ if row.waits() => "waits for a confirmation",
                None => "goes on",
                Some(_) => "over",
            }
            .to_owned(),
        ]
    };
    out.table(&["event", "when", "on", "what", "status"], &found.iter().map(cells).collect::<Vec<_>>())
}

fn of(row: &Row) -> String {
    row.key.as_ref().or(row.project.as_ref()).map_or_else(|| "everything".to_owned(), Clone::clone)
}

fn status(row: &Row) -> String {
    match (row.enabled, row.snoozed_until_ms) {
        (false, _) => "disabled".to_owned(),
        (true, Some(until_ms)) => format!("snoozed until {}", when(Some(until_ms))),
        (true, None) => "enabled".to_owned(),
    }
}

fn cells(row: &Row) -> Vec<String> {
    vec![row.id.clone(), row.name.clone(), row.kind.clone(), of(row), status(row)]
}

fn show(row: &Row, out: &Out) -> Result<(), Failure> {
    if out.json {
        return out.json(&AlertObject::new(row));
    }
    let told = |channel: &Channel| {
        let which = channel.to.as_ref().or(channel.webhook_id.as_ref());
        let kind = if channel.digest { "digest" } else { channel.kind.as_str() };
        which.map_or_else(|| kind.to_owned(), |which| format!("{kind}:{which}"))
    };
    let threshold = row.threshold_nano.map(|nano| NanoUsd(nano).to_decimal()).unwrap_or_default();
    out.fields(&[
        ("id", row.id.clone()),
        ("name", row.name.clone()),
        ("on", row.kind.clone()),
        ("of", of(row)),
        ("threshold", threshold),
        ("window", row.span.clone().unwrap_or_default()),
        ("events", row.events.join(" ")),
        ("tells", row.channels.iter().map(told).collect::<Vec<_>>().join(" ")),
        ("and does", row.act.as_ref().map(|act| act.kind.clone()).unwrap_or_default()),
        ("status", status(row)),
    ])
}
