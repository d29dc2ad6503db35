//! `keyway budget list|create|show|edit|remove`

use super::args::Global;
use super::failure::{Failure, USAGE};
use super::key::{confirmed, project_id, when};
use super::money::{Allowance, allowance, usd};
use super::org::asks;
use super::output::Out;
use super::session::{self, Missing, Session};
use crate::access::budgets::{self as service, Edit, NewBudget, is_listed};
use crate::access::keys::not_there;
use crate::access::standing::{self, Standing};
use crate::admin::budget_object::{BUDGET_DELETED, BudgetObject};
use crate::admin::json::{Deleted, List};
use crate::store::Conn;
use crate::store::budgets::{self as rows, Budget as Row, Enforcement, Filter, Reserve, Selector};
use clap::{Args, Subcommand, ValueEnum};
use ledger::NanoUsd;

/// Rows of one read when the whole list is printed.
const READ_ROWS: i64 = 1000;

/// What may be spent
#[derive(Debug, Subcommand)]
pub enum Budget {
    /// List budgets, oldest first
    List {
        /// Only this key's (id)
        #[arg(long, default_value = "")]
        key: String,
    },
    /// Make a budget; without a selector it counts the whole organisation
    Create(Create),
    /// Show one budget
    Show {
        /// bud_...
        id: String,
    },
    /// Change a budget; what is not named stays, and what was spent stays spent
    Edit(Change),
    /// Remove a budget: it refuses nothing from then on
    Remove {
        /// bud_...
        id: String,
        /// Do not ask
        #[arg(long)]
        yes: bool,
    },
}

/// Make a budget; without a selector it counts the whole organisation
#[derive(Debug, Args)]
pub struct Create {
    /// What it is called
    #[arg(long)]
    name: String,
    /// How much in which window, as in 10usd/month
    #[arg(long, value_name = "AMOUNT/WINDOW", value_parser = allowance)]
    limit: Allowance,
    /// Where windows begin, as in Europe/Berlin; without it, UTC
    #[arg(long, value_name = "ZONE")]
    time_zone: Option<String>,
    /// Only this project (id or name)
    #[arg(long)]
    project: Option<String>,
    /// Only this key (id)
    #[arg(long)]
    key: Option<String>,
    /// Only keys of this user or service account (id)
    #[arg(long)]
    user: Option<String>,
    /// Only this model, with * for any run of letters
    #[arg(long)]
    model: Option<String>,
    /// Only requests with this label (name=value)
    #[arg(long)]
    label: Option<String>,
    /// Only requests for this end user
    #[arg(long)]
    end_user: Option<String>,
    #[command(flatten)]
    manner: Manner,
}

/// Change a budget; what is not named stays, and what was spent stays spent
#[derive(Debug, Args)]
pub struct Change {
    /// bud_...
    id: String,
    /// What it is called from now on
    #[arg(long)]
    name: Option<String>,
    /// How much in a window from now on, as in 10usd
    #[arg(long, value_name = "AMOUNT", value_parser = usd)]
    limit: Option<NanoUsd>,
    #[command(flatten)]
    manner: Manner,
}

/// How it is kept
#[derive(Debug, Args)]
struct Manner {
    /// Whether it refuses what would pass it
    #[arg(long)]
    enforcement: Option<Kept>,
    /// What requests hold while they run
    #[arg(long)]
    reserve: Option<Held>,
    /// Percents at which events are recorded
    #[arg(long = "threshold", value_name = "PERCENT", num_args = 1..)]
    thresholds: Option<Vec<u16>>,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Kept {
    Hard,
    Soft,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Held {
    Sliding,
    Full,
}

impl Manner {
    fn enforcement(&self) -> Option<Enforcement> {
        self.enforcement.map(|kept| match kept {
            Kept::Hard => Enforcement::Hard,
            Kept::Soft => Enforcement::Soft,
        })
    }

    fn reserve(&self) -> Option<Reserve> {
        self.reserve.map(|held| match held {
            Held::Sliding => Reserve::Sliding,
            Held::Full => Reserve::Full,
        })
    }
}

impl Create {
    async fn wanted(&self, session: &Session) -> Result<NewBudget, Failure> {
        let project = match &self.project {
            Some(project) => Some(project_id(session, project).await?),
            None => None,
        };
        let of = self.limit.budget(self.time_zone.clone());
        Ok(NewBudget {
            name: self.name.clone(),
            enforcement: self.manner.enforcement().unwrap_or(of.enforcement),
            reserve: self.manner.reserve().unwrap_or(of.reserve),
            thresholds: self.manner.thresholds.clone(),
            selector: Selector {
                project,
                key: self.key.clone(),
                token: None,
                user: self.user.clone(),
                model: self.model.clone(),
                label: self.label.clone(),
                end_user: self.end_user.clone(),
            },
            ..of
        })
    }
}

impl Change {
    fn edit(&self) -> Result<Edit, Failure> {
        let edit = Edit {
            name: self.name.clone(),
            limit: self.limit,
            enforcement: self.manner.enforcement(),
            reserve: self.manner.reserve(),
            thresholds: self.manner.thresholds.clone(),
        };
        if edit == Edit::default() {
            return Err(Failure::new(USAGE, "name what to change, as in --limit 20usd"));
        }
        Ok(edit)
    }
}

/// Runs it.
///
/// # Errors
/// What the command ends with.
pub fn run(global: &Global, command: &Budget, out: &Out) -> Result<(), Failure> {
    let config = session::configuration(global, &[])?;
    Session::with(global, &config, Missing::NotFound, async |session| match command {
        Budget::List { key } => list(session, key, out).await,
        Budget::Show { id } => {
            let mut conn = session.at.db.connection().await?;
            let found = rows::live(&mut conn, &session.org, id).await?.filter(is_listed);
            let row = found.ok_or_else(|| not_there("budget"))?;
            show(session, &mut conn, &row, out).await
        }
        Budget::Create(create) => {
            let new = create.wanted(session).await?;
            let mut acting = session.act().await?;
            let row = service::create(&mut acting, &new).await?;
            session::done(acting).await?;
            show(session, &mut *session.at.db.connection().await?, &row, out).await
        }
        Budget::Edit(change) => {
            let edit = change.edit()?;
            let mut acting = session.act().await?;
            let row = service::edit(&mut acting, &change.id, &edit).await?;
            session::done(acting).await?;
            show(session, &mut *session.at.db.connection().await?, &row, out).await
        }
        Budget::Remove { id, yes } => {
            if asks(*yes, global) && !confirmed(&format!("Remove the budget `{id}`?"), out)? {
                out.note("nothing was changed");
                return Ok(());
            }
            let mut acting = session.act().await?;
            service::remove(&mut acting, id).await?;
            session::done(acting).await?;
            if out.json {
                return out.json(&Deleted::new(id, BUDGET_DELETED));
            }
            out.table(&["id", "status"], &[vec![id.clone(), "removed".to_owned()]])
        }
    })
}

async fn list(session: &Session, key: &str, out: &Out) -> Result<(), Failure> {
    let mut conn = session.at.db.connection().await?;
    let filter = Filter { org: &session.org, projects: None, key };
    let mut found: Vec<Row> = Vec::new();
    loop {
        let after = found.last().map_or("", |row| &row.id);
        let mut page = rows::list(&mut conn, &filter, false, after, READ_ROWS).await?;
        let last = i64::try_from(page.len()).is_ok_and(|count| count < READ_ROWS);
        found.append(&mut page);
        if last {
            break;
        }
    }
    let standing = standing::of_all(&mut conn, &found, session.at.clock.now_ms()).await?;
    let all = || found.iter().zip(&standing);
    if out.json {
        let objects = all().map(|(row, standing)| BudgetObject::new(row, standing)).collect();
        return out.json(&List::new(objects, false, |object: &BudgetObject<'_>| object.id));
    }
    let cells: Vec<Vec<String>> = all().map(|(row, standing)| cells(row, standing)).collect();
    out.table(&HEAD, &cells)
}

const HEAD: [&str; 8] = ["id", "name", "limit", "of", "spent", "held", "remaining", "resets"];

fn cells(row: &Row, standing: &Standing) -> Vec<String> {
    vec![
        row.id.clone(),
        row.name.clone(),
        format!("{}usd/{}", row.limit, row.window.name()),
        selected(&row.selector),
        standing.spent.to_decimal(),
        standing.held.to_decimal(),
        standing.remaining(row.limit).to_decimal(),
        when(standing.until_ms),
    ]
}

/// Whose spending on what it counts, for people.
fn selected(selector: &Selector) -> String {
    let project = selector.project.as_deref().filter(|_| selector.key.is_none());
    let all = [
        ("", project),
        ("", selector.key.as_deref()),
        ("", selector.user.as_deref()),
        ("model ", selector.model.as_deref()),
        ("label ", selector.label.as_deref()),
        ("end user ", selector.end_user.as_deref()),
    ];
    let named: Vec<String> =
        all.into_iter().filter_map(|(what, value)| Some(format!("{what}{}", value?))).collect();
    if named.is_empty() { "everything".to_owned() } else { named.join(", ") }
}

async fn show(session: &Session, conn: &mut Conn, row: &Row, out: &Out) -> Result<(), Failure> {
    let standing = standing::of(conn, row, session.at.clock.now_ms()).await?;
    if out.json {
        return out.json(&BudgetObject::new(row, &standing));
    }
    let percents: Vec<String> = row.thresholds.iter().map(|percent| format!("{percent}%")).collect();
    out.fields(&[
        ("id", row.id.clone()),
        ("name", row.name.clone()),
        ("limit", format!("{}usd/{}", row.limit, row.window.name())),
        ("time zone", row.time_zone.clone()),
        ("of", selected(&row.selector)),
        ("enforcement", row.enforcement.name().to_owned()),
        ("reserve", row.reserve.name().to_owned()),
        ("events at", percents.join(" ")),
        ("spent", standing.spent.to_decimal()),
        ("held", standing.held.to_decimal()),
        ("remaining", standing.remaining(row.limit).to_decimal()),
        ("window began", when(Some(standing.from_ms))),
        ("resets", when(standing.until_ms)),
        ("created", when(Some(row.created_ms))),
    ])
}
