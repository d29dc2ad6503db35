//! `keyway limit list|set`, and the flags that keys take for the same.

use super::args::Global;
use super::failure::{Failure, USAGE};
use super::key::project_id;
use super::output::Out;
use super::session::{self, Missing, Session};
use crate::access::limits::{self as service, Whose};
use crate::admin::json::List;
use crate::admin::limit_object::RateLimitObject;
use crate::store::limits::{Edit, LimitRow};
use clap::{Args, Subcommand};
use ledger::limit::{Kind, LIMIT_MAX, Limits};

/// What projects and the organisation are held to
#[derive(Debug, Subcommand)]
pub enum Limit {
    /// List limits: of all models together, then of single ones
    List(Of),
    /// Set limits; what is not named stays as it is
    Set(Set),
}

/// Whose limits
#[derive(Debug, Args)]
pub struct Of {
    /// A project's (id or name)
    #[arg(long, default_value = "Default", conflicts_with = "organization")]
    project: String,
    /// The organisation's
    #[arg(long)]
    organization: bool,
}

/// Set limits; what is not named stays as it is
#[derive(Debug, Args)]
pub struct Set {
    #[command(flatten)]
    of: Of,
    /// Only for this model (provider/name)
    #[arg(long)]
    model: Option<String>,
    #[command(flatten)]
    limits: LimitFlags,
}

/// Limits, each a number or `none`
#[derive(Debug, Args)]
pub struct LimitFlags {
    /// Requests per minute
    #[arg(long, value_name = "N", value_parser = wish)]
    rpm: Option<Wish>,
    /// Tokens per minute, of prompts and answers
    #[arg(long, value_name = "N", value_parser = wish)]
    tpm: Option<Wish>,
    /// Requests per day
    #[arg(long, value_name = "N", value_parser = wish)]
    rpd: Option<Wish>,
    /// Tokens per day, of prompts and answers
    #[arg(long, value_name = "N", value_parser = wish)]
    tpd: Option<Wish>,
    /// Requests at the same time
    #[arg(long, value_name = "N", value_parser = wish)]
    concurrency: Option<Wish>,
}

/// What a limit is to be.
#[derive(Debug, Clone, Copy)]
struct Wish(Option<u32>);

fn wish(text: &str) -> Result<Wish, String> {
    match text.parse() {
        _ if text == "none" => Ok(Wish(None)),
        Ok(limit) if (1..=LIMIT_MAX).contains(&limit) => Ok(Wish(Some(limit))),
        _ => Err(format!("write a whole number from 1 to {LIMIT_MAX}, or none")),
    }
}

impl LimitFlags {
    /// The edit they ask for.
    #[must_use]
    pub fn edit(&self) -> Edit {
        // In the order of the kinds.
        [self.rpm, self.tpm, self.rpd, self.tpd, self.concurrency].map(|wish| wish.map(|wish| wish.0))
    }

    /// The edit they ask for, if they ask for any.
    ///
    /// # Errors
    /// Exit code 2 when none is given.
    pub fn must_edit(&self) -> Result<Edit, Failure> {
        let edit = self.edit();
        if edit.iter().all(Option::is_none) {
            let text = "name what to change: --rpm, --tpm, --rpd, --tpd or --concurrency";
            return Err(Failure::new(USAGE, text));
        }
        Ok(edit)
    }
}

/// Runs it.
///
/// # Errors
/// What the command ends with.
pub fn run(global: &Global, command: &Limit, out: &Out) -> Result<(), Failure> {
    let config = session::configuration(global, &[])?;
    Session::with(global, &config, Missing::NotFound, async |session| match command {
        Limit::List(of) => {
            let project = of.project(session).await?;
            let whose = Whose { org: &session.org, project: project.as_deref() };
            let rows = service::list(&mut *session.at.db.connection().await?, &whose).await?;
            let objects: Vec<_> =
                rows.iter().map(|row| RateLimitObject::new(row, project.is_some())).collect();
            if out.json {
                return out.json(&List::new(objects, false, |object: &RateLimitObject<'_>| &object.id));
            }
            table(&rows, out)
        }
        Limit::Set(set) => {
            let edit = set.limits.must_edit()?;
            let project = set.of.project(session).await?;
            let model = set.model.as_deref().unwrap_or_default();
            let catalog = session.catalog(&config).await?;
            let mut acting = session.act().await?;
            let row = service::edit(&mut acting, &catalog, project.as_deref(), model, &edit).await?;
            acting.commit().await?;
            if out.json {
                return out.json(&RateLimitObject::new(&row, project.is_some()));
            }
            table(&[row], out)
        }
    })
}

impl Of {
    async fn project(&self, session: &Session) -> Result<Option<String>, Failure> {
        if self.organization {
            return Ok(None);
        }
        project_id(session, &self.project).await.map(Some)
    }
}

fn table(rows: &[LimitRow], out: &Out) -> Result<(), Failure> {
    let cells: Vec<Vec<String>> = rows
        .iter()
        .map(|row| {
            let model = if row.model.is_empty() { "all".to_owned() } else { row.model.clone() };
            let limits =
                Kind::ALL.map(|kind| row.limits.get(kind).map_or("-".to_owned(), |it| it.to_string()));
            std::iter::once(model).chain(limits).collect()
        })
        .collect();
    out.table(&["model", "requests/min", "tokens/min", "requests/day", "tokens/day", "at once"], &cells)
}

/// Limits for people: `60 requests per minute, 4 requests at the same time`.
#[must_use]
pub fn written(limits: &Limits) -> String {
    let all: Vec<String> =
        limits.each().map(|(kind, limit)| crate::access::levels::phrase(kind, limit)).collect();
    if all.is_empty() { "none".to_owned() } else { all.join(", ") }
}
