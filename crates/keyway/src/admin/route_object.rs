//! A route as its organisation sees it, and what a body says of one.

use super::body::Body;
use super::json::seconds;
use crate::base::Refusal;
use crate::catalog::{Route, RouteRow, TargetRow};
use crate::pricing::route_fields::{SaidRoute, SaidTarget};
use crate::pricing::routes::{CONFIG_ID, route_row};
use crate::store::routes::RouteRow as Stored;
use serde::Serialize;

/// `object` of a route that is gone.
pub const ROUTE_DELETED: &str = "organization.route.deleted";

/// A route.
#[derive(Debug, Serialize)]
pub struct RouteObject {
    object: &'static str,
    /// `route_...`, or `config:` and its name.
    pub id: String,
    /// The name clients send.
    pub name: String,
    source: &'static str,
    /// How its targets are put in order.
    pub strategy: &'static str,
    /// Who may be asked.
    pub targets: Vec<TargetObject>,
    regions: Vec<String>,
    zero_retention: bool,
    affinity: bool,
    created_at: Option<i64>,
}

/// Who may be asked.
#[derive(Debug, Serialize)]
pub struct TargetObject {
    /// `provider/name`, or a name that several providers serve.
    pub model: String,
    weight: u32,
    labels: Vec<String>,
    needs: Vec<&'static str>,
    prompt_tokens_max: Option<u64>,
}

impl RouteObject {
    /// One of the configuration file.
    #[must_use]
    pub fn of_file(route: &Route) -> Self {
        Self::new(format!("{CONFIG_ID}{}", route.row.name), route.origin.word(), &route.row, None)
    }

    /// One of the database.
    #[must_use]
    pub fn of_row(row: &Stored, said: &RouteRow) -> Self {
        Self::new(row.id.clone(), "stored", said, Some(seconds(row.created_ms)))
    }

    /// One of the database; `None` when it cannot be read.
    #[must_use]
    pub fn stored(row: &Stored) -> Option<Self> {
        let said = route_row(&row.name, &row.fields).ok()?;
        Some(Self::of_row(row, &said))
    }

    fn new(id: String, source: &'static str, said: &RouteRow, created_at: Option<i64>) -> Self {
        let target = |target: &TargetRow| TargetObject {
            model: target.model.clone(),
            weight: target.weight,
            labels: target.labels.clone(),
            needs: target.needs.iter().map(|need| need.word()).collect(),
            prompt_tokens_max: target.prompt_tokens_max,
        };
        Self {
            object: "organization.route",
            id,
            name: said.name.clone(),
            source,
            strategy: said.strategy.word(),
            targets: said.targets.iter().map(target).collect(),
            regions: said.regions.clone(),
            zero_retention: said.zero_retention,
            affinity: said.affinity,
            created_at,
        }
    }
}

/// The fields of a route, as the configuration file has them.
///
/// # Errors
/// A refusal of what is no field of a route, or of another kind.
pub fn fields(mut body: Body) -> Result<String, Refusal> {
    let strategy = body.text("strategy")?;
    let what = "an array of objects with `model`";
    let targets: Option<Vec<SaidTarget>> = body.field("targets", what)?;
    let regions = body.texts("regions")?;
    let (zero_retention, affinity) = (body.flag("zero_retention")?, body.flag("affinity")?);
    body.finish(&[])?;
    let targets = targets.ok_or_else(|| Refusal::field("targets", "`targets` is missing."))?;
    Ok(SaidRoute { targets, strategy, regions, zero_retention, affinity }.fields())
}
