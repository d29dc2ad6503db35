//! `keyway project list|create|show|edit|models|member|remove`

use super::args::Global;
use super::failure::Failure;
use super::key::{confirmed, project_id, when};
use super::org::{READ_ROWS, asks};
use super::output::Out;
use super::place::{self, Place};
use super::session::{self, Missing, Session};
use crate::accounts::check::not_there;
use crate::accounts::projects::{self as service, Models, Wanted};
use crate::admin::json::{Deleted, List};
use crate::admin::model_permissions::{MODEL_PERMISSIONS_DELETED, ModelPermissions};
use crate::admin::projects::ProjectObject;
use crate::store::tenants::{self, Project as Row, ProjectFilter};
use clap::{Args, Subcommand};

/// Projects of an organisation
#[derive(Debug, Subcommand)]
pub enum Project {
    /// List projects, oldest first
    List {
        /// Archived ones too
        #[arg(long)]
        archived: bool,
    },
    /// Make a project
    Create {
        /// What it is called
        #[arg(long)]
        name: String,
        /// What it is
        #[command(flatten)]
        wanted: Flags,
    },
    /// Show one project
    Show {
        /// Id or name
        project: String,
    },
    /// Change a project; what is not named stays
    Edit {
        /// Id or name
        project: String,
        /// What it is called from now on
        #[arg(long)]
        name: Option<String>,
        /// What it is
        #[command(flatten)]
        wanted: Flags,
    },
    /// Show or change which models a project may call
    Models {
        /// Id or name
        project: String,
        /// Only these models, with * for any run of letters
        #[arg(long = "allow", value_name = "MODEL", num_args = 1.., conflicts_with_all = ["denied", "any"])]
        allowed: Option<Vec<String>>,
        /// All models but these
        #[arg(long = "deny", value_name = "MODEL", num_args = 1.., conflicts_with = "any")]
        denied: Option<Vec<String>>,
        /// Every model
        #[arg(long)]
        any: bool,
    },
    /// Who is in a project
    #[command(subcommand)]
    Member(Place),
    /// Archive a project: its keys are refused from then on
    Remove {
        /// Id or name
        project: String,
        /// Do not ask
        #[arg(long)]
        yes: bool,
    },
}

/// What a project is.
#[derive(Debug, Args)]
pub struct Flags {
    /// development, staging or production
    #[arg(long)]
    environment: Option<String>,
    /// Where its keys work from, as addresses or networks
    #[arg(long = "ip", value_name = "CIDR", num_args = 1.., conflicts_with = "any_ip")]
    ip_allowlist: Option<Vec<String>>,
    /// Its keys work from anywhere
    #[arg(long)]
    any_ip: bool,
}

impl Flags {
    fn wanted(&self, name: Option<String>) -> Wanted {
        let ip_allowlist = match &self.ip_allowlist {
            Some(list) => Some(Some(list.clone())),
            None => self.any_ip.then_some(None),
        };
        Wanted { name, environment: self.environment.clone(), ip_allowlist }
    }
}

/// Runs it.
///
/// # Errors
/// What the command ends with.
pub fn run(global: &Global, command: &Project, out: &Out) -> Result<(), Failure> {
    let config = session::configuration(global, &[])?;
    let missing = if matches!(command, Project::Create { .. }) { Missing::Make } else { Missing::NotFound };
    Session::with(global, &config, missing, async |session| match command {
        Project::List { archived } => list(session, *archived, out).await,
        Project::Show { project } => {
            let id = project_id(session, project).await?;
            let mut conn = session.at.db.connection().await?;
            let found = tenants::project(&mut conn, &session.org, &id).await?;
            show(&found.ok_or_else(|| not_there("project"))?, out)
        }
        Project::Create { name, wanted } => {
            let mut acting = session.act().await?;
            let made = service::create(&mut acting, &wanted.wanted(Some(name.clone()))).await?;
            session::done(acting).await?;
            show(&made, out)
        }
        Project::Member(command) => place::run(session, command, out).await,
        Project::Models { project, allowed, denied, any } => {
            let id = project_id(session, project).await?;
            models(session, &id, (allowed.as_ref(), denied.as_ref(), *any), out).await
        }
        Project::Edit { project, name, wanted } => {
            let id = project_id(session, project).await?;
            let mut acting = session.act().await?;
            let row = service::update(&mut acting, &id, &wanted.wanted(name.clone())).await?;
            session::done(acting).await?;
            show(&row, out)
        }
        Project::Remove { project, yes } => {
            if asks(*yes, global) && !confirmed(&format!("Archive `{project}`? Its keys stop working."), out)?
            {
                out.note("nothing was changed");
                return Ok(());
            }
            let id = project_id(session, project).await?;
            let mut acting = session.act().await?;
            let archived = service::archive(&mut acting, &id).await?;
            session::done(acting).await?;
            show(&archived, out)
        }
    })
}

type Rules<'a> = (Option<&'a Vec<String>>, Option<&'a Vec<String>>, bool);

/// Shows which models a project may call, or says so.
async fn models(
    session: &Session,
    id: &str,
    (allowed, denied, any): Rules<'_>,
    out: &Out,
) -> Result<(), Failure> {
    let rules = |mode: &str, ids: &Vec<String>| Models { mode: mode.to_owned(), ids: ids.clone() };
    let rules = allowed.map(|ids| rules("allow_list", ids)).or(denied.map(|ids| rules("deny_list", ids)));
    let row = if rules.is_some() || any {
        let mut acting = session.act().await?;
        let row = service::set_models(&mut acting, id, rules.as_ref()).await?;
        session::done(acting).await?;
        row
    } else {
        let mut conn = session.at.db.connection().await?;
        let found = tenants::project(&mut conn, &session.org, id).await?;
        found.ok_or_else(|| not_there("project"))?
    };
    if out.json {
        if any {
            return out.json(&Deleted::new(&row.id, MODEL_PERMISSIONS_DELETED));
        }
        return out.json(&ModelPermissions::new(&row));
    }
    out.fields(&[
        ("models", row.model_mode.unwrap_or_else(|| "any".to_owned())),
        ("model list", row.model_ids.unwrap_or_default()),
    ])
}

async fn list(session: &Session, archived: bool, out: &Out) -> Result<(), Failure> {
    let filter = ProjectFilter { org: &session.org, archived, newest_first: false, among: None };
    let mut found: Vec<Row> = Vec::new();
    loop {
        let after = found.last().map_or(String::new(), |row| row.id.clone());
        let mut page = tenants::projects(&session.at.db, &filter, &after, READ_ROWS).await?;
        let last = i64::try_from(page.len()).is_ok_and(|count| count < READ_ROWS);
        found.append(&mut page);
        if last {
            break;
        }
    }
    if out.json {
        let objects = found.iter().map(ProjectObject::new).collect();
        return out.json(&List::new(objects, false, |object: &ProjectObject<'_>| object.id));
    }
    let cells: Vec<Vec<String>> = found.iter().map(cells).collect();
    out.table(&["id", "name", "environment", "status", "created"], &cells)
}

fn cells(row: &Row) -> Vec<String> {
    let status = if row.archived_ms.is_some() { "archived" } else { "active" };
    vec![
        row.id.clone(),
        row.name.clone(),
        row.environment.clone(),
        status.to_owned(),
        when(Some(row.created_ms)),
    ]
}

fn show(row: &Row, out: &Out) -> Result<(), Failure> {
    if out.json {
        return out.json(&ProjectObject::new(row));
    }
    let list = |list: &Option<String>| list.clone().unwrap_or_else(|| "any".to_owned());
    out.fields(&[
        ("id", row.id.clone()),
        ("name", row.name.clone()),
        ("environment", row.environment.clone()),
        ("status", if row.archived_ms.is_some() { "archived" } else { "active" }.to_owned()),
        ("addresses", list(&row.ip_allowlist)),
        ("models", row.model_mode.clone().unwrap_or_else(|| "any".to_owned())),
        ("model list", row.model_ids.clone().unwrap_or_default()),
        ("created", when(Some(row.created_ms))),
    ])
}
