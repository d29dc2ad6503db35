//! `keyway audit list|verify|notifications`: who changed what, whether the log is whole, who is told.

use super::args::Global;
use super::failure::{FAILED, Failure, NOT_FOUND, USAGE};
use super::key::when;
use super::org::READ_ROWS;
use super::output::Out;
use super::session::{self, Missing, Session, every};
use super::span;
use crate::accounts::Deed;
use crate::admin::audit as log;
use crate::admin::audit_object::seq_of;
use crate::admin::notifications;
use crate::audit::export;
use crate::audit::verify::{self, Finding};
use crate::base::Clock;
use crate::base::fault::Doing;
use crate::store::audit::{self, Filter, Listed, Seen};
use crate::store::changes::NOTHING_CHANGED;
use crate::store::outbox::{self, Message};
use clap::{Args, Subcommand};
use serde_json::json;
use std::fs::{File, OpenOptions};
use std::io::{BufReader, BufWriter, ErrorKind};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

/// Who changed what
#[derive(Debug, Subcommand)]
pub enum Audit {
    /// List records, newest first, or export the whole log
    List(List),
    /// Verify that no record was edited, removed or moved
    Verify {
        /// An export, instead of the database; needs no installation
        #[arg(long, value_name = "FILE")]
        file: Option<PathBuf>,
    },
    /// List messages to people and programs, oldest first, and whether they were sent
    Notifications {
        /// Only those that were given up
        #[arg(long)]
        failed: bool,
    },
}

/// List records, newest first, or export the whole log
#[derive(Debug, Args)]
pub struct List {
    /// Only of these kinds, as in api_key.created
    #[arg(long = "event", value_name = "EVENT")]
    events: Vec<String>,
    /// Only what these did
    #[arg(long = "actor", value_name = "ID")]
    actors: Vec<String>,
    /// Only what people with these e-mail addresses did, or keys that stand for them
    #[arg(long = "actor-email", value_name = "EMAIL")]
    actor_emails: Vec<String>,
    /// Only what is about the organisation itself and none of its projects
    #[arg(long)]
    tenant_only: bool,
    /// Only what is about these
    #[arg(long = "resource", value_name = "ID")]
    resources: Vec<String>,
    /// Only what belongs to these projects (ids)
    #[arg(long = "project", value_name = "PROJECT")]
    projects: Vec<String>,
    /// How far back, as in 7d
    #[arg(long, value_name = "SPAN", value_parser = span::seconds)]
    since: Option<u64>,
    /// Records at most
    #[arg(long, default_value_t = 20, value_parser = clap::value_parser!(u32).range(1..=10_000))]
    limit: u32,
    /// Go on after this record
    #[arg(long, value_name = "RECORD", value_parser = record)]
    after: Option<i64>,
    /// Write the log of the whole installation to a new file of JSON lines; that is recorded too
    #[arg(long, value_name = "FILE", conflicts_with_all = ["events", "actors", "actor_emails", "tenant_only", "resources", "projects", "since", "limit", "after"])]
    export: Option<PathBuf>,
}

fn record(text: &str) -> Result<i64, String> {
    seq_of(text).ok_or_else(|| format!("`{text}` is no record's id (audit_...)"))
}

/// Runs it.
///
/// # Errors
/// When there is no installation, the database cannot be used, or the log does not add up.
pub fn run(global: &Global, command: &Audit, out: &Out) -> Result<(), Failure> {
    if let Audit::Verify { file: Some(file) } = command {
        return tell(&verify_file(file)?, out);
    }
    let config = session::configuration(global, &[])?;
    Session::with(global, &config, Missing::NotFound, async |session| match command {
        Audit::List(List { export: Some(file), .. }) => write_export(session, file, out).await,
        Audit::List(asked) => list(session, asked, out).await,
        Audit::Notifications { failed } => {
            let mut conn = session.at.db.connection().await?;
            let found = every(
                READ_ROWS,
                |it: &Message| it.id.clone(),
                async |after| outbox::list(&mut conn, &session.org, *failed, false, &after, READ_ROWS).await,
            )
            .await?;
            if out.json {
                return out.json(&notifications::list_object(&found, false));
            }
            let row = |it: &Message| {
                vec![
                    it.id.clone(),
                    when(Some(it.created_ms)),
                    it.kind.clone(),
                    it.recipient.clone(),
                    it.status().to_owned(),
                    when(it.sent_ms),
                    it.last_error.clone().unwrap_or_default(),
                ]
            };
            out.table(
                &["message", "when", "what", "to", "status", "sent", "error"],
                &found.iter().map(row).collect::<Vec<_>>(),
            )
        }
        Audit::Verify { .. } => {
            let mut conn = session.at.db.connection().await?;
            tell(&verify::database(&mut conn).await?, out)
        }
    })
}

fn tell(finding: &Finding, out: &Out) -> Result<(), Failure> {
    if out.json {
        out.json(finding)?;
    } else {
        let rows: Vec<Vec<String>> =
            finding.breaks.iter().map(|it| vec![it.sequence.to_string(), it.problem.to_owned()]).collect();
        if finding.valid {
            out.fields(&[("records", finding.records.to_string()), ("head", finding.head.clone())])?;
        } else {
            out.table(&["record", "problem"], &rows)?;
        }
    }
    if finding.valid {
        return Ok(());
    }
    let count = finding.breaks_count;
    Err(Failure::new(FAILED, format!("the audit log does not add up in {count} places")))
}

fn verify_file(file: &Path) -> Result<Finding, Failure> {
    let name = file.display();
    let opened = File::open(file).map_err(|error| match error.kind() {
        ErrorKind::NotFound => Failure::new(NOT_FOUND, format!("there is no file {name}")),
        _ => Failure::new(FAILED, format!("opening {name}: {error}")),
    })?;
    Ok(export::verify(&mut BufReader::new(opened))?)
}

/// Records that it happens, then writes the file; that record is the last one in it.
async fn write_export(session: &Session, file: &Path, out: &Out) -> Result<(), Failure> {
    let name = file.display().to_string();
    let opened = OpenOptions::new().write(true).create_new(true).mode(0o600).open(file);
    let opened = opened.map_err(|error| match error.kind() {
        ErrorKind::AlreadyExists => Failure::new(USAGE, format!("{name} is there already; name a new file")),
        _ => Failure::new(FAILED, format!("making {name}: {error}")),
    })?;
    let written = recorded_export(session, &opened).await;
    if written.is_err() {
        // Half an export is of no use, and an empty file would be in the way next time.
        let _ = std::fs::remove_file(file);
    }
    let records = written?;
    if out.json {
        return out.json(&json!({ "object": "audit_log.export", "file": name, "records": records }));
    }
    out.note(&format!(
        "{records} records in {name}; `keyway audit verify --file {name}` verifies it anywhere"
    ));
    Ok(())
}

async fn recorded_export(session: &Session, file: &File) -> Result<u64, Failure> {
    let mut acting = session.act().await?;
    let org = session.org.clone();
    let deed = Deed {
        name: "audit_log.exported",
        kind: NOTHING_CHANGED,
        project: None,
        object: &org,
        detail: json!({}),
    };
    acting.record(deed).await?;
    acting.commit().await?;
    let mut conn = session.at.db.connection().await?;
    let records = export::write(&mut conn, &mut BufWriter::new(file)).await?;
    file.sync_all().doing("writing the export")?;
    Ok(records)
}

async fn list(session: &Session, asked: &List, out: &Out) -> Result<(), Failure> {
    let now_ms = Clock::system().now_ms();
    let back_ms = asked.since.and_then(|since| i64::try_from(since).ok()?.checked_mul(1000));
    let filter = Filter {
        seen: Seen { all: true, ..Seen::default() },
        from_ms: back_ms.map(|back_ms| now_ms.saturating_sub(back_ms).max(0)),
        event_types: asked.events.clone(),
        actor_ids: asked.actors.clone(),
        actor_emails: asked.actor_emails.iter().map(|email| email.to_lowercase()).collect(),
        tenant_only: asked.tenant_only,
        resource_ids: asked.resources.clone(),
        project_ids: asked.projects.clone(),
        below_seq: asked.after,
        ..Filter::default()
    };
    let limit = i64::from(asked.limit);
    let mut found = audit::list(&session.at.db, &session.org, &filter, false, limit + 1).await?;
    let more = found.len() > usize::try_from(limit).unwrap_or(usize::MAX);
    found.truncate(usize::try_from(limit).unwrap_or(usize::MAX));
    let objects = log::list_object(&found, more);
    if out.json {
        return out.json(&objects);
    }
    let rows: Vec<Vec<String>> =
        objects.data.iter().zip(&found).map(|(object, listed)| cells(&object.id, listed)).collect();
    out.table(&["record", "when", "event", "object", "by", "from"], &rows)
}

fn cells(id: &str, listed: &Listed) -> Vec<String> {
    let record = &listed.record;
    vec![
        id.to_owned(),
        when(Some(record.at_ms)),
        record.event.clone(),
        record.object_id.clone(),
        format!("{} {}", record.actor_kind, record.actor_id),
        record.actor_ip.clone().unwrap_or_else(|| "-".to_owned()),
    ]
}
