//! Routes: names that stand for several models, of which the best is asked.

use super::fields::{ROUTE_FIELDS, TARGET_FIELDS, WEIGHT_MAX};
use super::kinds::{Need, Strategy};
use super::mistake::{Mistake, Place, nearest};
use super::price::TOKENS_MAX;
use super::row::{Origin, Target};
use super::rows::{Rows, Stored, is_model_name};
use super::snapshot::{Catalog, NotFound, Resolution, Routed};
use super::written::{Fields, Reader};
use crate::base::Map;
use std::sync::Arc;

/// Targets of a route at most.
pub const TARGETS_MAX: usize = 32;
/// Regions, or labels, of one row at most.
pub const WORDS_MAX: usize = 16;
/// Longest region or label, bytes.
pub const WORD_BYTES_MAX: usize = 129;

/// The names that are built in: a route cannot be called so.
#[must_use]
pub fn is_auto(name: &str) -> bool {
    name == "auto" || name.starts_with("auto:")
}

/// An entry of `targets`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TargetRow {
    /// `provider/name`, or a name that several providers serve.
    pub model: String,
    /// Its share, 1 to [`WEIGHT_MAX`].
    pub weight: u32,
    /// Only for requests with all of these, each `name=value`.
    pub labels: Vec<String>,
    /// Only for requests that need one of these; empty: for all.
    pub needs: Vec<Need>,
    /// Only for prompts of so many tokens at most.
    pub prompt_tokens_max: Option<u64>,
}

/// A `[routes.NAME]` table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RouteRow {
    /// The name clients send.
    pub name: String,
    /// Where it was written.
    pub place: Place,
    /// How its targets are put in order.
    pub strategy: Strategy,
    /// Who may be asked.
    pub targets: Vec<TargetRow>,
    /// Only providers of these regions; empty: of all.
    pub regions: Vec<String>,
    /// Only providers that keep nothing of requests.
    pub zero_retention: bool,
    /// Requests of one session stay with one target.
    pub affinity: bool,
}

/// A route of an organisation.
#[derive(Debug, Clone)]
pub struct StoredRoute {
    /// `route_...`
    pub id: String,
    /// The organisation.
    pub org: String,
    /// What it says.
    pub row: RouteRow,
}

/// A route as checked.
#[derive(Debug)]
pub struct Route {
    /// What it says.
    pub row: RouteRow,
    /// Who wrote it.
    pub origin: Origin,
}

/// Reads a route's table. Mistakes stay in the reader.
pub fn read(reader: &mut Reader, name: &str, fields: &Fields<'_>) -> RouteRow {
    reader.check_known(fields, ROUTE_FIELDS);
    let place = reader.place(fields.span.as_ref());
    if !is_model_name(name) || is_auto(name) {
        let fix = "write 1 to 256 characters without spaces, other than auto";
        let mistake = Mistake::new(place.clone(), fields.path.clone(), "is not a name for a route", fix);
        reader.mistakes.push(mistake);
    }
    let tables = reader.tables(fields, "targets");
    if tables.is_empty() {
        let fix = "write targets = [{ model = \"provider/name\" }]";
        reader.wrong(fields, "targets", "names nobody", fix);
    }
    if tables.len() > TARGETS_MAX {
        reader.wrong(fields, "targets", "are too many", format!("write at most {TARGETS_MAX}"));
    }
    RouteRow {
        name: name.to_owned(),
        place,
        strategy: reader
            .word(fields, "strategy", Strategy::WORDS, Strategy::from_word)
            .unwrap_or(Strategy::Priority),
        targets: tables.iter().map(|table| target(reader, table)).collect(),
        regions: texts(reader, fields, "regions"),
        zero_retention: reader.flag(fields, "zero_retention").unwrap_or(false),
        affinity: reader.flag(fields, "affinity").unwrap_or(true),
    }
}

fn target(reader: &mut Reader, fields: &Fields<'_>) -> TargetRow {
    reader.check_known(fields, TARGET_FIELDS);
    let model = reader.string(fields, "model").unwrap_or_default().to_owned();
    if !is_model_name(&model) || is_auto(&model) {
        reader.wrong(fields, "model", "is not a model's name", "write \"provider/name\"");
    }
    let labels = texts(reader, fields, "labels");
    if labels.iter().any(|label| label.split_once('=').is_none_or(|(name, _)| name.is_empty())) {
        reader.wrong(fields, "labels", "is not a list of labels", "write each as \"name=value\"");
    }
    TargetRow {
        model,
        weight: reader
            .number(fields, "weight", 1..=WEIGHT_MAX)
            .map_or(1, |weight| u32::try_from(weight).unwrap_or(u32::MAX)),
        labels,
        needs: reader.words(fields, "needs", Need::WORDS, Need::from_word).unwrap_or_default(),
        prompt_tokens_max: reader.number(fields, "prompt_tokens_max", 1..=TOKENS_MAX),
    }
}

fn texts(reader: &mut Reader, fields: &Fields<'_>, name: &str) -> Vec<String> {
    let texts: Vec<String> =
        reader.strings(fields, name).unwrap_or_default().into_iter().map(str::to_owned).collect();
    let sane = |text: &String| !text.is_empty() && text.len() <= WORD_BYTES_MAX;
    if texts.len() > WORDS_MAX || !texts.iter().all(sane) {
        let fix = format!("write at most {WORDS_MAX} of 1 to {WORD_BYTES_MAX} bytes");
        reader.wrong(fields, name, "are too many or too long", fix);
    }
    texts
}

impl Catalog {
    /// Adds the routes. Their targets are resolved among the names there are without them: a route leads
    /// to models, never to another route.
    pub(super) fn add_routes(&mut self, own: &Rows, stored: &Stored, mistakes: &mut Vec<Mistake>) {
        let of_file = own.routes.iter().filter_map(|row| self.route(row.clone(), Origin::Config, mistakes));
        let of_file: Vec<_> = of_file.collect();
        let mut of_organizations: Map<Arc<str>, Map<Arc<str>, Arc<Resolution>>> = Map::default();
        for route in &stored.routes {
            // What has gone since it was written is left out; it was checked then.
            if let Some(found) = self.route(route.row.clone(), Origin::Stored, &mut Vec::new()) {
                let routes = of_organizations.entry(route.org.as_str().into()).or_default();
                routes.insert(route.row.name.as_str().into(), found);
            }
        }
        for found in of_file {
            let Some(routed) = &found.route else { continue };
            self.routes.push(Arc::clone(&routed.route));
            self.names.insert(routed.route.row.name.as_str().into(), found);
        }
        self.routes.sort_by(|a, b| a.row.name.cmp(&b.row.name));
        self.of_organizations = of_organizations;
    }

    /// A route with its candidates; `None` when there is none of them.
    fn route(&self, row: RouteRow, origin: Origin, mistakes: &mut Vec<Mistake>) -> Option<Arc<Resolution>> {
        let (mut candidates, mut legs): (Vec<Arc<Target>>, Vec<usize>) = (Vec::new(), Vec::new());
        for (number, target) in row.targets.iter().enumerate() {
            match self.targets(&target.model) {
                Ok(found) => {
                    let new =
                        found.iter().filter(|target| !candidates.iter().any(|known| known.id == target.id));
                    let new: Vec<_> = new.cloned().collect();
                    legs.extend(std::iter::repeat_n(number, new.len()));
                    candidates.extend(new);
                }
                Err(None) => {}
                Err(Some((problem, fix))) => {
                    let path = format!("routes.{}.targets", row.name);
                    mistakes.push(Mistake::new(row.place.clone(), path, problem, fix));
                }
            }
        }
        if candidates.is_empty() {
            return None;
        }
        let route = Arc::new(Route { row, origin });
        Some(Arc::new(Resolution { candidates, alias: None, route: Some(Routed { route, legs }) }))
    }

    /// Who serves a name that a route has as a target; `Err(None)`: its provider is off.
    ///
    /// # Errors
    /// What is wrong with it, and what to write instead.
    pub fn targets(&self, model: &str) -> Result<Vec<Arc<Target>>, Option<(String, String)>> {
        match self.resolve(model) {
            Ok(found) if found.route.is_some() => {
                Err(Some((format!("points at `{model}`, a route"), "write the models themselves".to_owned())))
            }
            Ok(found) => match &found.alias {
                None => Ok(found.candidates.clone()),
                Some(alias) => {
                    Err(Some((format!("points at `{model}`, an alias"), format!("write `{}`", alias.target))))
                }
            },
            Err(NotFound::ProviderOff) => Err(None),
            Err(_) => {
                let fix = nearest(model, self.models.iter().map(|model| &*model.id)).map_or_else(
                    || "write the target as \"provider/name\" of a listed model".to_owned(),
                    |near| format!("did you mean `{near}`?"),
                );
                Err(Some((format!("points at `{model}`, which nobody serves"), fix)))
            }
        }
    }
}
