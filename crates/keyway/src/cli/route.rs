//! `keyway route list|add|remove|explain`.

use super::args::Global;
use super::explain;
use super::failure::Failure;
use super::key::confirmed;
use super::org::asks;
use super::output::Out;
use super::session::{self, Missing, Session};
use crate::admin::json::{Deleted, List};
use crate::admin::route_object::{ROUTE_DELETED, RouteObject};
use crate::pricing::route_fields::{SaidRoute, SaidTarget};
use crate::pricing::routes::{self as service, OF_ORGANIZATION_MAX};
use crate::store::routes as rows;
use clap::{Args, Subcommand};

/// Names that stand for several models, of which the best is asked
#[derive(Debug, Subcommand)]
pub enum Route {
    /// List routes: the configuration file's, then the organisation's
    List,
    /// Show a route
    Show {
        /// route_... or its name
        route: String,
    },
    /// Make a route
    Add(Add),
    /// Change a route: all of it but its name
    Edit {
        /// route_... or its name
        route: String,
        /// What it says from now on
        #[command(flatten)]
        said: Said,
    },
    /// Remove a route
    Remove {
        /// route_... or its name
        route: String,
        /// Without asking
        #[arg(long)]
        yes: bool,
    },
    /// Show who would be asked for a model or route, in which order, and why
    Explain(explain::ExplainRoute),
}

/// Make a route
#[derive(Debug, Args)]
pub struct Add {
    /// The name clients send as model
    name: String,
    #[command(flatten)]
    said: Said,
}

/// What a route says
#[derive(Debug, Args)]
pub struct Said {
    /// Who may be asked: provider/name, with `=N` behind it its weight
    #[arg(long = "target", value_name = "MODEL[=WEIGHT]", required = true)]
    targets: Vec<String>,
    /// How they are put in order: priority, weight, latency, cost or quality
    #[arg(long, default_value = "priority")]
    strategy: String,
    /// Only providers of these regions
    #[arg(long = "region", value_name = "REGION")]
    regions: Vec<String>,
    /// Only providers that keep nothing of requests
    #[arg(long)]
    zero_retention: bool,
    /// Requests of one session do not stay with one target
    #[arg(long)]
    no_affinity: bool,
}

impl Said {
    /// As the configuration file has it.
    fn fields(&self) -> String {
        let target = |written: &String| {
            let (model, weight) = match written.rsplit_once('=') {
                Some((model, weight)) if weight.bytes().all(|byte| byte.is_ascii_digit()) => (model, weight),
                _ => (written.as_str(), "1"),
            };
            // A number that is too large is one that no route takes.
            let weight = Some(weight.parse().unwrap_or(u64::MAX >> 1));
            SaidTarget { model: model.to_owned(), weight, ..SaidTarget::default() }
        };
        let said = SaidRoute {
            targets: self.targets.iter().map(target).collect(),
            strategy: Some(self.strategy.clone()),
            regions: Some(self.regions.clone()),
            zero_retention: Some(self.zero_retention),
            affinity: Some(!self.no_affinity),
        };
        said.fields()
    }
}

/// Runs it.
///
/// # Errors
/// What the command ends with.
pub fn run(global: &Global, command: &Route, out: &Out) -> Result<(), Failure> {
    if let Route::Explain(asked) = command {
        return explain::run_route(global, asked, out);
    }
    let config = session::configuration(global, &[])?;
    Session::with(global, &config, Missing::NotFound, async |session| {
        let catalog = session.catalog(&config).await?;
        let org = session.org.clone();
        match command {
            Route::List => {
                let mut conn = session.at.db.connection().await?;
                let found = rows::page(&mut conn, &org, false, "", OF_ORGANIZATION_MAX).await?;
                let of_file = catalog.routes().iter().map(|route| RouteObject::of_file(route));
                show(of_file.chain(found.iter().filter_map(RouteObject::stored)).collect(), out)
            }
            Route::Show { route } => {
                let mut conn = session.at.db.connection().await?;
                let found = rows::find(&mut conn, &org, route).await?;
                let of_file = || catalog.routes().iter().find(|it| it.row.name == *route);
                let object = match found {
                    Some(row) => RouteObject::stored(&row),
                    None => of_file().map(|route| RouteObject::of_file(route)),
                };
                one(object.ok_or_else(|| crate::access::keys::not_there("route"))?, out)
            }
            Route::Add(add) => {
                let mut acting = session.act().await?;
                let (row, said) =
                    service::create(&mut acting, &catalog, &add.name, &add.said.fields()).await?;
                session::done(acting).await?;
                one(RouteObject::of_row(&row, &said), out)
            }
            Route::Edit { route, said } => {
                let mut acting = session.act().await?;
                let (row, said) = service::edit(&mut acting, &catalog, route, &said.fields()).await?;
                session::done(acting).await?;
                one(RouteObject::of_row(&row, &said), out)
            }
            Route::Remove { route, yes } => {
                if asks(*yes, global) && !confirmed(&format!("Remove the route `{route}`?"), out)? {
                    return Ok(());
                }
                let mut acting = session.act().await?;
                let row = service::remove(&mut acting, &catalog, route).await?;
                session::done(acting).await?;
                if out.json { out.json(&Deleted::new(&row.id, ROUTE_DELETED)) } else { out.line(&row.id) }
            }
            Route::Explain(_) => Ok(()),
        }
    })
}

fn one(object: RouteObject, out: &Out) -> Result<(), Failure> {
    if out.json { out.json(&object) } else { table(&[object], out) }
}

fn show(objects: Vec<RouteObject>, out: &Out) -> Result<(), Failure> {
    if out.json {
        return out.json(&List::new(objects, false, |object: &RouteObject| &object.id));
    }
    table(&objects, out)
}

fn table(objects: &[RouteObject], out: &Out) -> Result<(), Failure> {
    let cells: Vec<Vec<String>> = objects
        .iter()
        .map(|object| {
            let targets: Vec<&str> = object.targets.iter().map(|target| target.model.as_str()).collect();
            vec![object.id.clone(), object.name.clone(), object.strategy.to_owned(), targets.join(", ")]
        })
        .collect();
    out.table(&["id", "name", "strategy", "targets"], &cells)
}
