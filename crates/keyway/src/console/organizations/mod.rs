//! Organisations of the installation, the operator's.

pub mod list;
pub mod one;

use super::parts::{Tone, badge};
use crate::store::organizations::Organization;
use crate::store::tiers::Tier;
use maud::Markup;

const PATH: &str = "/console/organizations";

fn path(organization: &Organization) -> String {
    format!("{PATH}/{}", organization.id)
}

fn state(organization: &Organization) -> Markup {
    match organization.archived_ms {
        None => badge(Tone::Good, "in use"),
        Some(_) => badge(Tone::Plain, "archived"),
    }
}

/// Tiers to choose from, after a choice of none of them.
fn choices(tiers: &[Tier], none: &str) -> Vec<(String, String)> {
    let mut all = vec![(String::new(), none.to_owned())];
    all.extend(tiers.iter().map(|tier| (tier.id.clone(), tier.name.clone())));
    all
}

/// What an organisation's tier is called.
fn tier_of<'a>(organization: &Organization, tiers: &'a [Tier]) -> Option<&'a Tier> {
    tiers.iter().find(|tier| Some(&tier.id) == organization.tier_id.as_ref())
}
