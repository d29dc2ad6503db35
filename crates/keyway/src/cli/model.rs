//! `keyway model list|show`: the catalogue of the providers that are on.

use super::args::Global;
use super::failure::{Failure, NOT_FOUND};
use super::output::Out;
use super::session;
use crate::admin::json::List;
use crate::admin::model_object::ModelObject;
use crate::base::Clock;
use clap::Subcommand;

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
}

/// Runs it.
///
/// # Errors
/// "Not found" for a model that nobody who is on serves.
pub fn run(global: &Global, command: &Model, out: &Out) -> Result<(), Failure> {
    let catalog = session::configuration(global, &[])?.catalog;
    let now_ms = Clock::system().now_ms();
    match command {
        Model::List => {
            let objects: Vec<ModelObject<'_>> =
                catalog.models().iter().map(|model| ModelObject::new(model, now_ms)).collect();
            if out.json {
                return out.json(&List::new(objects, false, |model| model.id));
            }
            let rows: Vec<Vec<String>> = objects.iter().map(ModelObject::cells).collect();
            out.table(&["id", "context", "output max", "in $/M", "out $/M"], &rows)
        }
        Model::Show { model } => {
            let found = catalog.resolve(model).map_err(|_| {
                Failure::new(
                    NOT_FOUND,
                    format!("nobody who is on serves `{model}`; `keyway model list` lists what there is"),
                )
            })?;
            let targets = found.candidates.iter().filter_map(|target| target.model.as_deref());
            let objects: Vec<ModelObject<'_>> =
                targets.map(|model| ModelObject::new(model, now_ms)).collect();
            if out.json {
                return out.json(&List::new(objects, false, |model| model.id));
            }
            let rows: Vec<Vec<String>> = objects.iter().map(ModelObject::cells).collect();
            out.table(&["id", "context", "output max", "in $/M", "out $/M"], &rows)
        }
    }
}
