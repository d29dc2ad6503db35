//! `keyway node list`

use super::args::Global;
use super::failure::Failure;
use super::key::when;
use super::output::Out;
use super::session::{self, Missing, Session};
use crate::admin::nodes::list_object;
use crate::admin::wait::LIVE_WITHIN_MS;
use crate::store::nodes;
use clap::Subcommand;

/// Processes that serve on this database
#[derive(Debug, Subcommand)]
pub enum Node {
    /// List those that live
    List,
}

/// Runs it.
///
/// # Errors
/// What the command ends with.
pub fn run(global: &Global, command: &Node, out: &Out) -> Result<(), Failure> {
    let config = session::configuration(global, &[])?;
    let Node::List = command;
    Session::with(global, &config, Missing::NotFound, async |session| {
        let since_ms = session.at.clock.now_ms() - LIVE_WITHIN_MS;
        let live = nodes::live(&session.at.db, since_ms).await?;
        if out.json {
            return out.json(&list_object(&live));
        }
        let cells = |it: &nodes::Node| {
            vec![it.id.clone(), it.version.clone(), it.listen.clone(), when(Some(it.started_ms))]
        };
        out.table(&["id", "version", "listens on", "since"], &live.iter().map(cells).collect::<Vec<_>>())
    })
}
