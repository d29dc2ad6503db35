//! `keyway advise`: what could cost less, and which keys may more than they need.

use super::args::Global;
use super::failure::Failure;
use super::output::Out;
use super::pages::every;
use super::session::{self, Missing, Session};
use crate::accounts::Rights;
use crate::admin::advice::{AdviceObject, Asked, look};
use crate::admin::json::List;
use crate::base::Clock;

/// Keys of one look.
const LOOK_KEYS: i64 = 100;

/// Runs it.
///
/// # Errors
/// When the database cannot be used.
pub fn run(global: &Global, out: &Out) -> Result<(), Failure> {
    let config = session::configuration(global, &[])?;
    Session::with(global, &config, Missing::NotFound, async |session| {
        let catalog = session.catalog(&config).await?;
        let rights = Rights::operator();
        let asked = Asked {
            db: &session.at.db,
            catalog: &catalog,
            org: &session.org,
            rights: &rights,
            now_ms: Clock::system().now_ms(),
        };
        let all = every(async |after| look(&asked, after, LOOK_KEYS).await).await?;
        if out.json {
            return out.json(&List::new(all, false, |object: &AdviceObject| &object.id));
        }
        let rows: Vec<Vec<String>> = all.iter().map(cells).collect();
        out.table(&["advice", "of", "would have saved or closed", "detail", "command"], &rows)
    })
}

fn cells(object: &AdviceObject) -> Vec<String> {
    let gain = match object.saves_usd {
        Some(saved) => format!("${} in 30 days", saved.0.to_decimal()),
        None => object.closes.join("; "),
    };
    let of = object.id.split_once(':').map_or("", |(_, of)| of).trim_matches(':').replace(':', " ");
    vec![
        object.advice.to_owned(),
        of,
        gain,
        object.detail.clone(),
        object.command.clone().unwrap_or_default(),
    ]
}
