//! Providers, how they are, and the credentials they are asked with.

pub mod change;
pub mod credentials;
pub mod list;
pub mod one;

use super::here::Here;
use super::parts::{Tone, badge};
use crate::accounts::{Scope, Subject, may};
use crate::base::Trouble;
use crate::catalog::Stored;
use crate::pricing;
use crate::providers::edit::All;
use crate::providers::known::known;
use crate::providers::standing::Standing;
use crate::store::Conn;
use maud::Markup;

const PATH: &str = "/console/providers";

/// Providers as they are known now, and what the database says of them.
async fn every(here: &Here<'_>, conn: &mut Conn) -> Result<(All, Stored), Trouble> {
    let stored = pricing::stored(conn).await?;
    Ok((known(&here.shared.catalog_source.load().own, &stored), stored))
}

/// How a provider stands towards the person.
fn standing(here: &Here<'_>, stored: &Stored, id: &str) -> Standing {
    let (catalog, upstreams) = (here.shared.catalog.load(), here.shared.upstreams.load());
    Standing::of((&catalog, &upstreams, stored), here.org(), is_operator(here), id)
}

fn is_operator(here: &Here<'_>) -> bool {
    here.grant.actor.rights.operator
}

/// Whether the person may do something to providers of the organisation, or, being the operator, to all.
fn allowed(here: &Here<'_>, scope: Scope) -> bool {
    may(&here.grant.actor, scope, Subject::Organization).is_ok()
}

/// Whether it can be reached, in a word and a colour.
fn state(standing: &Standing) -> Markup {
    match (standing.enabled, standing.on) {
        (false, _) => badge(Tone::Warn, "turned off"),
        (true, true) => badge(Tone::Good, "on"),
        (true, false) => badge(Tone::Plain, "no credential"),
    }
}

/// Whose credential requests go with.
fn whose(standing: &Standing) -> &'static str {
    match standing.credential {
        Some("organization") => "your own",
        Some(_) => "the installation's",
        None => "none",
    }
}
