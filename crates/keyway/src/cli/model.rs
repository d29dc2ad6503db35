//! `keyway model list|show|price`: the catalogue of the providers that are on.

use super::args::Global;
use super::failure::{Failure, NOT_FOUND, USAGE};
use super::key::confirmed;
use super::model_import::{self, Import};
use super::org::asks;
use super::output::Out;
use super::session::{self, Missing, Session};
use crate::admin::json::{Deleted, List, Raw};
use crate::admin::model_object::ModelObject;
use crate::admin::price_object::PriceObject;
use crate::admin::prices::{objects, price};
use crate::base::Clock;
use crate::catalog::Catalog;
use crate::catalog::decimal::nano_usd_from_decimal;
use crate::config::Config;
use crate::pricing::edit as service;
use crate::pricing::load::model_row;
use crate::store::catalog as rows;
use clap::{Args, Subcommand};
use ledger::{Price, Rates};
use serde_json::Value;
use std::sync::Arc;

/// Models that can be called
#[derive(Debug, Subcommand)]
pub enum Model {
    /// List the models of the providers that are on
    List,
    /// Show one model, by any of its names
    Show {
        /// provider/name, a bare name or an alias
        model: String,
    },
    /// Set a model's row, in the place of the stored one
    Set(SetModel),
    /// Take a model's stored row away
    Remove {
        /// provider/name
        model: String,
        /// Do not ask
        #[arg(long)]
        yes: bool,
    },
    /// List the prices that were set at run time
    Prices {
        /// Only of this model
        #[arg(long, default_value = "")]
        model: String,
    },
    /// Show the prices of a model, or set one
    Price(SetPrice),
    /// Take over prices of models.dev's api.json or of LiteLLM's price file
    Import(Import),
}

/// Set a model's row, in the place of the stored one
#[derive(Debug, Args)]
pub struct SetModel {
    /// provider/name
    model: String,
    /// The name sent to the provider; untold: what follows the provider's name
    #[arg(long)]
    upstream: Option<String>,
    /// What it is for: chat or embedding
    #[arg(long)]
    kind: Option<String>,
    /// Window, tokens
    #[arg(long, value_name = "N")]
    context_tokens: Option<u64>,
    /// Longest answer, tokens
    #[arg(long, value_name = "N")]
    output_tokens_max: Option<u64>,
    /// Whether it takes tools
    #[arg(long, value_name = "BOOL")]
    tools: Option<bool>,
    /// Whether it takes images
    #[arg(long, value_name = "BOOL")]
    vision: Option<bool>,
}

/// Show the prices of a model, or set one
#[derive(Debug, Args)]
pub struct SetPrice {
    /// provider/name
    model: String,
    /// Uncached prompt tokens, USD per million
    #[arg(long, value_name = "USD", requires = "output", value_parser = nano_usd_from_decimal)]
    input: Option<u64>,
    /// Answer tokens, USD per million
    #[arg(long, value_name = "USD", requires = "input", value_parser = nano_usd_from_decimal)]
    output: Option<u64>,
    /// Prompt tokens read from the provider's cache; untold: as input
    #[arg(long, value_name = "USD", requires = "input", value_parser = nano_usd_from_decimal)]
    cache_read: Option<u64>,
    /// Prompt tokens written to the provider's cache; untold: as input
    #[arg(long, value_name = "USD", requires = "input", value_parser = nano_usd_from_decimal)]
    cache_write: Option<u64>,
    /// Cache writes that live an hour; untold: as cache writes
    #[arg(long, value_name = "USD", requires = "input", value_parser = nano_usd_from_decimal)]
    cache_write_1h: Option<u64>,
    /// Reasoning tokens; untold: as output
    #[arg(long, value_name = "USD", requires = "input", value_parser = nano_usd_from_decimal)]
    reasoning: Option<u64>,
    /// First day it holds, UTC (YYYY-MM-DD); untold: from now on
    #[arg(long, value_name = "DAY", requires = "input", value_parser = day)]
    from: Option<i64>,
    /// Where the numbers come from
    #[arg(long, requires = "input")]
    source: Option<String>,
    /// Delete this price (price_...), which must not hold yet
    #[arg(long, value_name = "ID", conflicts_with = "input")]
    delete: Option<String>,
}

/// The first instant of a day in UTC, unix milliseconds.
///
/// # Errors
/// What to write instead.
pub fn day(text: &str) -> Result<i64, String> {
    let day: jiff::civil::Date = text.parse().map_err(|_| "write a day such as 2026-12-01".to_owned())?;
    let start = day.to_zoned(jiff::tz::TimeZone::UTC).map_err(|error| error.to_string())?;
    Ok(start.timestamp().as_millisecond())
}

const HEAD: [&str; 5] = ["id", "context", "output max", "in $/M", "out $/M"];

/// Runs it.
///
/// # Errors
/// "Not found" for a model that nobody who is on serves, and what the command ends with.
pub fn run(global: &Global, command: &Model, out: &Out) -> Result<(), Failure> {
    let config = session::configuration(global, &[])?;
    let now_ms = Clock::system().now_ms();
    match command {
        Model::List => {
            let catalog = catalog(global, &config)?;
            list(catalog.models().iter().map(|model| ModelObject::new(model, now_ms)).collect(), out)
        }
        Model::Show { model } => {
            let catalog = catalog(global, &config)?;
            let found = catalog.resolve(model).map_err(|_| unknown(model))?;
            let mut targets = found.candidates.iter().filter_map(|target| target.model.as_deref());
            if out.json {
                let model = targets.next().ok_or_else(|| unknown(model))?;
                return out.json(&ModelObject::new(model, now_ms).with_prices(model));
            }
            list(targets.map(|model| ModelObject::new(model, now_ms)).collect(), out)
        }
        Model::Set(asked) => put(global, &config, asked, out),
        Model::Remove { model, yes } => {
            if asks(*yes, global) && !confirmed(&format!("Take the stored row of `{model}` away?"), out)? {
                out.note("nothing was changed");
                return Ok(());
            }
            Session::with(global, &config, Missing::NotFound, async |session| {
                let mut acting = session.act().await?;
                service::delete_model(&mut acting, model).await?;
                session::done(acting).await?;
                gone(model, "organization.model.deleted", out)
            })
        }
        Model::Prices { model } => stored_prices(global, &config, model, out),
        Model::Price(asked) if asked.input.is_none() && asked.delete.is_none() => {
            let catalog = catalog(global, &config)?;
            let model = catalog.model(&asked.model).ok_or_else(|| unknown(&asked.model))?;
            let prices = model.prices.0.iter().map(|price| PriceObject::new(None, &model.id, price));
            prices_out(prices.collect(), out)
        }
        Model::Price(asked) => set(global, &config, asked, out),
        Model::Import(import) => model_import::run(global, &config, import, out),
    }
}

fn unknown(model: &str) -> Failure {
    Failure::new(
        NOT_FOUND,
        format!("nobody who is on serves `{model}`; `keyway model list` lists what there is"),
    )
}

/// Configuration and database together; the configuration alone where there is no installation.
fn catalog(global: &Global, config: &Config) -> Result<Arc<Catalog>, Failure> {
    let found =
        Session::with(global, config, Missing::NotFound, async |session| session.catalog(config).await);
    match found {
        Err(failure) if failure.code == NOT_FOUND => Ok(Arc::clone(&config.catalog)),
        found => found,
    }
}

fn set(global: &Global, config: &Config, asked: &SetPrice, out: &Out) -> Result<(), Failure> {
    Session::with(global, config, Missing::NotFound, async |session| {
        let catalog = session.catalog(config).await?;
        let mut acting = session.act().await?;
        if let Some(id) = &asked.delete {
            service::remove(&mut acting, id).await?;
            session::done(acting).await?;
            return gone(id, "organization.price.deleted", out);
        }
        let new = asked.price().ok_or_else(|| Failure::new(USAGE, "name --input and --output"))?;
        let row = service::add(&mut acting, &catalog, &asked.model, asked.from, new).await?;
        acting.commit().await?;
        let price = price(&row)?;
        let object = PriceObject::new(Some(&row.id), &row.model, &price);
        if out.json { out.json(&object) } else { prices_out(vec![object], out) }
    })
}

fn gone(id: &str, object: &'static str, out: &Out) -> Result<(), Failure> {
    if out.json { out.json(&Deleted::new(id, object)) } else { out.line(id) }
}

/// Writes a model's row.
fn put(global: &Global, config: &Config, asked: &SetModel, out: &Out) -> Result<(), Failure> {
    let text = |text: &Option<String>| text.as_ref().map(|text| Value::from(text.as_str()));
    let fields = [
        ("upstream", text(&asked.upstream)),
        ("kind", text(&asked.kind)),
        ("context_tokens", asked.context_tokens.map(Value::from)),
        ("output_tokens_max", asked.output_tokens_max.map(Value::from)),
        ("tools", asked.tools.map(Value::from)),
        ("vision", asked.vision.map(Value::from)),
    ];
    // What JSON and TOML write alike.
    let told = fields.into_iter().filter_map(|(name, value)| Some(format!("{name} = {}", value?)));
    let fields = told.collect::<Vec<_>>().join(", ");
    Session::with(global, config, Missing::NotFound, async |session| {
        let catalog = session.catalog(config).await?;
        let mut acting = session.act().await?;
        service::put_model(&mut acting, &catalog, &asked.model, &fields).await?;
        session::done(acting).await?;
        let row = model_row(&asked.model, &fields).map_err(|_| Failure::new(USAGE, "not a row"))?;
        let object = ModelObject::of_row(&row);
        if out.json { out.json(&object) } else { list(vec![object], out) }
    })
}

/// Lists the prices of the database.
fn stored_prices(global: &Global, config: &Config, model: &str, out: &Out) -> Result<(), Failure> {
    Session::with(global, config, Missing::NotFound, async |session| {
        let mut found = rows::prices(&mut *session.at.db.connection().await?).await?;
        found.retain(|row| model.is_empty() || row.model == model);
        found.sort_by(|a, b| a.id.cmp(&b.id));
        if out.json {
            return out.json(&List::new(objects(&found)?, false, |object: &Raw| &object.id));
        }
        let mut cells = Vec::new();
        for row in &found {
            let price = price(row)?;
            let object = PriceObject::new(Some(&row.id), &row.model, &price);
            cells.push([vec![row.id.clone()], object.cells()].concat());
        }
        out.table(&["id", "from", "in $/M", "out $/M", "cache read", "tiers", "hours", "version"], &cells)
    })
}

impl SetPrice {
    fn price(&self) -> Option<Price> {
        let base = Rates {
            input: self.input?,
            output: self.output?,
            cache_read: self.cache_read,
            cache_write_5m: self.cache_write,
            cache_write_1h: self.cache_write_1h,
            reasoning: self.reasoning,
            in_audio: None,
            in_image: None,
            out_audio: None,
            unit: None,
        };
        Some(Price {
            version: String::new(),
            from_ms: 0,
            source: self.source.clone().unwrap_or_else(|| "set by the operator".to_owned()),
            base,
            context_tiers: Vec::new(),
            hours: Vec::new(),
            per_request: 0,
        })
    }
}

fn list(objects: Vec<ModelObject<'_>>, out: &Out) -> Result<(), Failure> {
    if out.json {
        return out.json(&List::new(objects, false, |model| model.id));
    }
    let rows: Vec<Vec<String>> = objects.iter().map(ModelObject::cells).collect();
    out.table(&HEAD, &rows)
}

fn prices_out(objects: Vec<PriceObject<'_>>, out: &Out) -> Result<(), Failure> {
    if out.json {
        return out.json(&List::new(objects, false, |price| price.id.unwrap_or_default()));
    }
    let rows: Vec<Vec<String>> = objects.iter().map(PriceObject::cells).collect();
    out.table(&["from", "in $/M", "out $/M", "cache read", "tiers", "hours", "version"], &rows)
}
