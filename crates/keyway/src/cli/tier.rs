//! `keyway tier list|create|show|edit`

use super::args::Global;
use super::failure::{Failure, USAGE};
use super::limit::{LimitFlags, written};
use super::money::usd;
use super::output::Out;
use super::session::{self, Missing, Session};
use crate::accounts::check::not_there;
use crate::accounts::tiers::{self as service, Wanted};
use crate::admin::json::{List, names};
use crate::admin::tier_object::TierObject;
use crate::store::tiers::{self as rows, Tier as Row};
use clap::{Args, Subcommand};
use ledger::NanoUsd;

/// Levels of organisations
#[derive(Debug, Subcommand)]
pub enum Tier {
    /// List tiers
    List,
    /// Make a tier
    Create {
        /// What it is called
        #[arg(long)]
        name: String,
        /// What its organisations have
        #[command(flatten)]
        flags: Flags,
    },
    /// Show one tier
    Show {
        /// tier_...
        id: String,
    },
    /// Change a tier; what is not named stays
    Edit {
        /// tier_...
        id: String,
        /// What it is called from now on
        #[arg(long)]
        name: Option<String>,
        /// What its organisations have
        #[command(flatten)]
        flags: Flags,
    },
}

/// What organisations of it have
#[derive(Debug, Args)]
pub struct Flags {
    #[command(flatten)]
    limits: LimitFlags,
    /// Credit an organisation gets once, as in 5usd
    #[arg(long, value_name = "AMOUNT", value_parser = usd)]
    starting_credit: Option<NanoUsd>,
    /// Millionths of the cost, on top of it: 250000 is a quarter more
    #[arg(long, value_name = "PPM")]
    markup_ppm: Option<u32>,
    /// Which models it may call, with * for any run of letters
    #[arg(long = "model", value_name = "MODEL", num_args = 1.., conflicts_with = "any_model")]
    models: Option<Vec<String>>,
    /// It may call every model
    #[arg(long)]
    any_model: bool,
    /// What requests may need: image_input, audio_input, file_input, audio_output, tools
    #[arg(long = "capability", value_name = "NAME", num_args = 1.., conflicts_with = "any_capability")]
    capabilities: Option<Vec<String>>,
    /// Requests may need anything
    #[arg(long)]
    any_capability: bool,
}

impl Flags {
    fn wanted(&self, name: Option<&str>) -> Wanted {
        let limits = self.limits.edit();
        let list = |any: bool, list: &Option<Vec<String>>| {
            if any { Some(None) } else { list.clone().map(Some) }
        };
        Wanted {
            name: name.map(str::to_owned),
            limits: limits.iter().any(Option::is_some).then_some(limits),
            starting_credit: self.starting_credit,
            markup_ppm: self.markup_ppm,
            models: list(self.any_model, &self.models),
            capabilities: list(self.any_capability, &self.capabilities),
        }
    }
}

/// Runs it.
///
/// # Errors
/// What the command ends with.
pub fn run(global: &Global, command: &Tier, out: &Out) -> Result<(), Failure> {
    let config = session::configuration(global, &[])?;
    Session::with(global, &config, Missing::NotFound, async |session| match command {
        Tier::List => {
            let found = rows::all(&mut *session.at.db.connection().await?).await?;
            if out.json {
                let objects = found.iter().map(TierObject::new).collect();
                return out.json(&List::new(objects, false, |object: &TierObject<'_>| object.id));
            }
            table(&found, out)
        }
        Tier::Show { id } => {
            let found = rows::one(&mut *session.at.db.connection().await?, id).await?;
            show(found.ok_or_else(|| not_there("tier"))?, out)
        }
        Tier::Create { name, flags } => {
            let mut acting = session.act().await?;
            let row = service::create(&mut acting, &flags.wanted(Some(name))).await?;
            session::done(acting).await?;
            show(row, out)
        }
        Tier::Edit { id, name, flags } => {
            let wanted = flags.wanted(name.as_deref());
            if wanted == Wanted::default() {
                return Err(Failure::new(
                    USAGE,
                    "name what to change, as in --rpm 60 or --markup-ppm 250000",
                ));
            }
            let mut acting = session.act().await?;
            let row = service::update(&mut acting, id, &wanted).await?;
            session::done(acting).await?;
            show(row, out)
        }
    })
}

fn show(row: Row, out: &Out) -> Result<(), Failure> {
    if out.json { out.json(&TierObject::new(&row)) } else { table(&[row], out) }
}

fn table(rows: &[Row], out: &Out) -> Result<(), Failure> {
    let list = |list: Option<&str>| list.map_or("all".to_owned(), |list| names(list).join(" "));
    let cells = |row: &Row| {
        vec![
            row.id.clone(),
            row.name.clone(),
            written(&row.limits),
            row.starting_credit.to_decimal(),
            format!("{}.{:04}%", row.markup_ppm / 10_000, row.markup_ppm % 10_000),
            list(row.models.as_deref()),
            list(row.capabilities.as_deref()),
        ]
    };
    let head = ["id", "name", "limits of a key", "credit", "markup", "models", "capabilities"];
    out.table(&head, &rows.iter().map(cells).collect::<Vec<_>>())
}
