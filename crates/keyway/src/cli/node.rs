//! `keyway node list`

use super::args::Global;
use super::failure::Failure;
use super::key::when;
use super::output::Out;
use super::session::{self, Missing, Session};
use crate::admin::nodes::list_object;
use crate::store::nodes::{self, KNOWN_MS};
use clap::Subcommand;

/// Processes that serve on this database
#[derive(Debug, Subcommand)]
pub enum Node {
    /// List those that live, are behind or cut off
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
        let now_ms = session.at.db.now_ms(&session.at.clock).await?;
        let known = nodes::live(&session.at.db, now_ms - KNOWN_MS).await?;
        if out.json {
            return out.json(&list_object(&known, now_ms));
        }
        let cells = |it: &nodes::Node| {
            let state = it.standing(now_ms).word().replace('_', " ");
            vec![it.id.clone(), state, it.version.clone(), it.listen.clone(), when(Some(it.started_ms))]
        };
        out.table(
            &["id", "status", "version", "listens on", "since"],
            &known.iter().map(cells).collect::<Vec<_>>(),
        )
    })
}
