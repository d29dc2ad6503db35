//! A tier as the API writes it.

use super::body::Body;
use super::json::{Usd, names, seconds};
use super::limit_object::{self, KeyLimits};
use crate::accounts::tiers::{MARKUP_PPM_MAX, Wanted};
use crate::base::Refusal;
use crate::store::tiers::Tier;
use serde::Serialize;

/// A level of organisations.
#[derive(Debug, Serialize)]
pub struct TierObject<'a> {
    object: &'static str,
    /// `tier_...`
    pub id: &'a str,
    name: &'a str,
    rate_limits: KeyLimits,
    starting_credit_usd: Usd,
    markup_ppm: u32,
    models: Option<Vec<String>>,
    capabilities: Option<Vec<String>>,
    predefined: bool,
    created_at: Option<i64>,
}

impl<'a> TierObject<'a> {
    /// The object of a row.
    #[must_use]
    pub fn new(row: &'a Tier) -> Self {
        let predefined = row.created_ms == 0;
        Self {
            object: "organization.tier",
            id: &row.id,
            name: &row.name,
            rate_limits: KeyLimits::new(&row.limits),
            starting_credit_usd: Usd(row.starting_credit),
            markup_ppm: row.markup_ppm,
            models: row.models.as_deref().map(names),
            capabilities: row.capabilities.as_deref().map(names),
            predefined,
            created_at: (!predefined).then(|| seconds(row.created_ms)),
        }
    }
}

/// Reads what a tier is to be.
///
/// # Errors
/// A refusal that names the field.
pub fn wanted(mut body: Body) -> Result<Wanted, Refusal> {
    let markup_ppm = body.count("markup_ppm")?.map(|markup| {
        u32::try_from(markup)
            .map_err(|_| Refusal::field("markup_ppm", format!("`markup_ppm` is at most {MARKUP_PPM_MAX}.")))
    });
    let wanted = Wanted {
        name: body.text("name")?,
        limits: limit_object::key_edit(&mut body)?,
        starting_credit: body.usd("starting_credit_usd", "")?,
        markup_ppm: markup_ppm.transpose()?,
        models: body.texts_or_null("models")?,
        capabilities: body.texts_or_null("capabilities")?,
    };
    body.finish(&[])?;
    Ok(wanted)
}
