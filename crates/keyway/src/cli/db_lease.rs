//! `keyway db lease list|write-off`

use super::args::Global;
use super::failure::{Failure, USAGE};
use super::output::Out;
use super::session::{self, Missing, Session};
use crate::app::serve::place;
use crate::metering::write_off::{self, Payer};
use crate::store::leases::{self, Owned};
use clap::{Subcommand, ValueEnum};
use serde_json::json;

/// What starts of servers hold of budgets and balances
#[derive(Debug, Subcommand)]
pub enum Lease {
    /// List what is held, by start
    List,
    /// End what a start holds whose disk is gone: nothing else ever does
    WriteOff {
        /// The start (boot_...)
        boot: String,
        /// Who pays what it had left: the customer, if it may have been spent, or nobody
        #[arg(long)]
        charge: Charge,
    },
}

/// Who pays
#[derive(Debug, Clone, Copy, ValueEnum)]
pub enum Charge {
    /// The budget or balance it was leased of
    Customer,
    /// Nobody: it can be spent again
    Nobody,
}

/// Runs it.
///
/// # Errors
/// What the command ends with.
pub fn run(global: &Global, command: &Lease, out: &Out) -> Result<(), Failure> {
    let config = session::configuration(global, &[])?;
    Session::with(global, &config, Missing::NotFound, async |session| match command {
        Lease::List => {
            let found = leases::list(&mut *session.at.db.connection().await?, "").await?;
            tell(&found, out)
        }
        Lease::WriteOff { boot, charge } => {
            let journal = place(&config.settings).data_dir.join("journal").join(boot);
            if boot.contains(['/', '.']) || journal.exists() {
                let text = format!(
                    "the journal of {boot} is in this data folder: start the server here, and it ends"
                );
                return Err(Failure::new(USAGE, text));
            }
            let payer = match charge {
                Charge::Customer => Payer::Customer,
                Charge::Nobody => Payer::Nobody,
            };
            let mut acting = session.act().await?;
            let found = write_off::write_off(&mut acting, boot, payer).await?;
            session::done(acting).await?;
            tell(&found, out)
        }
    })
}

fn tell(found: &[Owned], out: &Out) -> Result<(), Failure> {
    if out.json {
        let object = |it: &Owned| {
            json!({ "object": "lease", "boot": it.boot, "node": it.node, "account": it.name.account,
                "window_start": it.name.window_start_ms / 1_000, "left_usd": it.lease.left().to_decimal() })
        };
        let data: Vec<_> = found.iter().map(object).collect();
        return out.json(&json!({ "object": "list", "data": data }));
    }
    let cells = |it: &Owned| {
        let start = super::key::when(Some(it.name.window_start_ms).filter(|start_ms| *start_ms > 0));
        vec![it.boot.clone(), it.node.clone(), it.name.account.clone(), start, it.lease.left().to_decimal()]
    };
    let cells: Vec<_> = found.iter().map(cells).collect();
    out.table(&["boot", "node", "of", "window from", "left, usd"], &cells)
}
