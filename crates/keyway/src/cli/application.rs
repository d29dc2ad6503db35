//! `keyway verification` and `keyway limit-increase`: what organisations ask of the operator.

use super::args::Global;
use super::failure::{Failure, USAGE};
use super::key::when;
use super::limit::LimitFlags;
use super::output::Out;
use super::session::{self, Missing, Session};
use crate::accounts::applications::{self as service, Decision, Kind, Wanted};
use crate::accounts::check::not_there;
use crate::admin::applications::ApplicationObject;
use crate::admin::json::List;
use crate::store::applications::{self as rows, Application as Row, Filter};
use clap::Subcommand;

/// Requests listed at most.
const LISTED_MAX: i64 = 100;

/// What organisations ask of the operator
#[derive(Debug, Subcommand)]
pub enum Application {
    /// List requests, newest first
    List {
        /// Only those that wait for a decision
        #[arg(long)]
        pending: bool,
    },
    /// Ask for the organisation
    Ask {
        /// What it is for
        #[arg(long)]
        purpose: String,
        /// How much use is expected
        #[arg(long)]
        volume: Option<String>,
        /// Where the project is found
        #[arg(long)]
        website: Option<String>,
        /// The limits asked for
        #[command(flatten)]
        limits: LimitFlags,
    },
    /// Show one request
    Show {
        /// Its id
        id: String,
    },
    /// Decide a request
    Decide {
        /// Its id
        id: String,
        /// Yes
        #[arg(long, conflicts_with = "reject", required_unless_present = "reject")]
        approve: bool,
        /// No
        #[arg(long)]
        reject: bool,
        /// What is said to who asked
        #[arg(long)]
        note: Option<String>,
        /// The tier the organisation gets
        #[arg(long, value_name = "TIER")]
        tier: Option<String>,
        /// The limits it gets, other than those it asked for
        #[command(flatten)]
        limits: LimitFlags,
    },
}

/// Runs it for one kind.
///
/// # Errors
/// What the command ends with.
pub fn run(global: &Global, kind: Kind, command: &Application, out: &Out) -> Result<(), Failure> {
    let config = session::configuration(global, &[])?;
    let named = |flags: &LimitFlags| {
        let edit = flags.edit();
        edit.iter().any(Option::is_some).then_some(edit)
    };
    let limits_of = |flags: &LimitFlags| match (kind, named(flags)) {
        (Kind::Verification, Some(_)) => Err(Failure::new(USAGE, "limits are asked for by `limit-increase`")),
        (_, limits) => Ok(limits),
    };
    Session::with(global, &config, Missing::NotFound, async |session| match command {
        Application::List { pending } => {
            // The operator at the keyboard sees everybody's, unless --org names one.
            let org = global.org.as_ref().map(|_| session.org.as_str()).unwrap_or_default();
            let status = if *pending { "pending" } else { "" };
            let filter = Filter { kind: kind.name(), org, status };
            let mut conn = session.at.db.connection().await?;
            let found = rows::list(&mut conn, &filter, true, "", LISTED_MAX).await?;
            if out.json {
                let objects = found.iter().map(ApplicationObject::new).collect();
                return out.json(&List::new(objects, false, |object: &ApplicationObject<'_>| object.id));
            }
            table(&found, out)
        }
        Application::Show { id } => {
            let mut conn = session.at.db.connection().await?;
            let found = rows::one(&mut conn, kind.name(), "", id).await?;
            show(found.ok_or_else(|| not_there("request"))?, out)
        }
        Application::Ask { purpose, volume, website, limits } => {
            let wanted = Wanted {
                purpose: purpose.clone(),
                expected_volume: volume.clone(),
                website: website.clone(),
                limits: limits_of(limits)?,
            };
            let mut acting = session.act().await?;
            let row = service::ask(&mut acting, kind, &wanted).await?;
            session::done(acting).await?;
            show(row, out)
        }
        Application::Decide { id, approve, note, tier, limits, .. } => {
            let limits = limits_of(limits)?;
            let decision = Decision { approve: *approve, note: note.clone(), tier: tier.clone(), limits };
            let mut acting = session.act().await?;
            let row = service::decide(&mut acting, kind, id, &decision).await?;
            session::done(acting).await?;
            show(row, out)
        }
    })
}

fn show(row: Row, out: &Out) -> Result<(), Failure> {
    if out.json { out.json(&ApplicationObject::new(&row)) } else { table(&[row], out) }
}

fn table(rows: &[Row], out: &Out) -> Result<(), Failure> {
    let cells = |row: &Row| {
        let asked: serde_json::Value = serde_json::from_str(&row.asked).unwrap_or_default();
        vec![
            row.id.clone(),
            row.org_id.clone(),
            row.status.clone(),
            when(Some(row.created_ms)),
            asked["purpose"].as_str().unwrap_or_default().to_owned(),
        ]
    };
    out.table(
        &["id", "organisation", "status", "asked", "purpose"],
        &rows.iter().map(cells).collect::<Vec<_>>(),
    )
}
