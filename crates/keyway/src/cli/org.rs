//! `keyway org list|create|show|edit|remove`

use super::args::Global;
use super::failure::{Failure, USAGE};
use super::key::{confirmed, when};
use super::output::Out;
use super::session::{self, Missing, Session};
use crate::accounts::check::not_there;
use crate::accounts::organizations::{self as service, Wanted};
use crate::admin::json::List;
use crate::admin::organizations::OrganizationObject;
use crate::store::organizations::{self as rows, Organization};
use clap::Subcommand;
use std::io::IsTerminal;

/// Rows of one read when a whole list is printed.
pub(super) const READ_ROWS: i64 = 1000;

/// Organisations
#[derive(Debug, Subcommand)]
pub enum Org {
    /// List organisations, oldest first
    List,
    /// Make an organisation with a project called Default
    Create {
        /// What it is called
        #[arg(long)]
        name: String,
        /// Its tier (tier_...)
        #[arg(long, value_name = "TIER")]
        tier: Option<String>,
    },
    /// Show one organisation
    Show {
        /// org_...
        id: String,
    },
    /// Rename an organisation, or give it a tier
    Edit {
        /// org_...
        id: String,
        /// What it is called from now on
        #[arg(long)]
        name: Option<String>,
        /// Its tier from now on (tier_...)
        #[arg(long, value_name = "TIER", conflicts_with = "no_tier")]
        tier: Option<String>,
        /// It has no tier from now on
        #[arg(long)]
        no_tier: bool,
    },
    /// Archive an organisation: its keys are refused from then on
    Remove {
        /// org_...
        id: String,
        /// Do not ask
        #[arg(long)]
        yes: bool,
    },
}

/// Runs it.
///
/// # Errors
/// What the command ends with.
pub fn run(global: &Global, command: &Org, out: &Out) -> Result<(), Failure> {
    let config = session::configuration(global, &[])?;
    let missing = if matches!(command, Org::Create { .. }) { Missing::Make } else { Missing::NotFound };
    Session::with(global, &config, missing, async |session| match command {
        Org::List => list(session, out).await,
        Org::Show { id } => {
            let mut conn = session.at.db.connection().await?;
            let found = rows::organization(&mut conn, id).await?;
            show(&found.ok_or_else(|| not_there("organization"))?, out)
        }
        Org::Create { name, tier } => {
            let mut acting = session.act().await?;
            let made = service::create(&mut acting, name, tier.as_deref()).await?;
            session::done(acting).await?;
            show(&made, out)
        }
        Org::Edit { id, name, tier, no_tier } => {
            let tier = if *no_tier { Some(None) } else { tier.clone().map(Some) };
            if name.is_none() && tier.is_none() {
                return Err(Failure::new(USAGE, "name what to change: --name, --tier or --no-tier"));
            }
            let wanted = Wanted { name: name.clone(), tier };
            let mut acting = session.act().await?;
            let changed = service::update(&mut acting, id, &wanted).await?;
            session::done(acting).await?;
            show(&changed, out)
        }
        Org::Remove { id, yes } => {
            if asks(*yes, global) && !confirmed(&format!("Archive `{id}`? Its keys stop working."), out)? {
                out.note("nothing was changed");
                return Ok(());
            }
            let mut acting = session.act().await?;
            let archived = service::archive(&mut acting, id).await?;
            session::done(acting).await?;
            show(&archived, out)
        }
    })
}

/// Whether to ask before something that cannot be undone.
pub(super) fn asks(yes: bool, global: &Global) -> bool {
    !yes && !global.no_input && std::io::stdin().is_terminal()
}

async fn list(session: &Session, out: &Out) -> Result<(), Failure> {
    let mut conn = session.at.db.connection().await?;
    let mut found: Vec<Organization> = Vec::new();
    loop {
        let after = found.last().map_or(String::new(), |row| row.id.clone());
        let mut page = rows::list(&mut conn, false, &after, READ_ROWS).await?;
        let last = i64::try_from(page.len()).is_ok_and(|count| count < READ_ROWS);
        found.append(&mut page);
        if last {
            break;
        }
    }
    if out.json {
        let objects = found.iter().map(OrganizationObject::new).collect();
        return out.json(&List::new(objects, false, |object: &OrganizationObject<'_>| object.id));
    }
    let cells: Vec<Vec<String>> = found.iter().map(cells).collect();
    out.table(&["id", "name", "status", "tier", "created"], &cells)
}

fn cells(row: &Organization) -> Vec<String> {
    let status = if row.archived_ms.is_some() { "archived" } else { "active" };
    let tier = row.tier_id.clone().unwrap_or_else(|| "-".to_owned());
    vec![row.id.clone(), row.name.clone(), status.to_owned(), tier, when(Some(row.created_ms))]
}

fn show(row: &Organization, out: &Out) -> Result<(), Failure> {
    if out.json {
        return out.json(&OrganizationObject::new(row));
    }
    out.table(&["id", "name", "status", "tier", "created"], &[cells(row)])
}
