//! Models: what is there, what it can do, what it costs.

pub mod list;
pub mod one;
pub mod prices;

use super::here::Here;
use super::say;
use crate::access::models::ModelRules;
use crate::base::Fault;
use crate::catalog::{Model, Origin};
use crate::relay::Shared;
use crate::store::tiers::{self, Tier};
use ledger::NanoUsd;
use maud::{Markup, html};

/// What a markup is told in: millionths.
const PPM: u128 = 1_000_000;
/// The tier of newcomers.
const NEWCOMERS: &str = "tier_new";

/// What somebody's organisation may call, and what is added to the price.
pub struct Terms {
    rules: ModelRules,
    markup_ppm: u32,
}

impl Terms {
    /// The terms of the organisation looked at.
    ///
    /// # Errors
    /// When the database cannot be used.
    pub async fn of(here: &Here<'_>) -> Result<Self, Fault> {
        let mut conn = here.shared.at.db.connection().await?;
        let tier = tiers::of_organization(&mut conn, here.org()).await?;
        Ok(Self::of_tier(tier.as_ref()))
    }

    /// The terms of who comes anew: those of the tier `new`.
    ///
    /// # Errors
    /// When the database cannot be used.
    pub async fn of_newcomers(shared: &Shared) -> Result<Self, Fault> {
        let tier = tiers::one(&mut *shared.at.db.connection().await?, NEWCOMERS).await?;
        Ok(Self::of_tier(tier.as_ref()))
    }

    fn of_tier(tier: Option<&Tier>) -> Self {
        Self {
            rules: ModelRules::default().of_tier(tier.and_then(|tier| tier.models.as_deref())),
            markup_ppm: tier.map_or(0, |tier| tier.markup_ppm),
        }
    }

    /// Whether a model may be called at all.
    #[must_use]
    pub fn allow(&self, model: &Model) -> bool {
        self.rules.allow(&model.id)
    }

    /// A rate as it is charged, USD per million tokens.
    #[must_use]
    pub fn rate(&self, nanousd_per_million: u64) -> String {
        let charged = u128::from(nanousd_per_million) * (PPM + u128::from(self.markup_ppm)) / PPM;
        say::usd(NanoUsd(i64::try_from(charged).unwrap_or(i64::MAX)))
    }

    /// Said below prices, where something is added to them.
    #[must_use]
    pub fn note(&self) -> Markup {
        html! {
            p .faint { "Prices are USD per million tokens"
                @if self.markup_ppm > 0 { ", with the markup of the tier" } "." }
        }
    }
}

/// What a model can do, in words.
#[must_use]
pub fn abilities(model: &Model) -> Vec<&'static str> {
    let can = &model.capabilities;
    let all = [
        (can.tools, "tools"),
        (can.vision, "images"),
        (can.documents, "documents"),
        (can.audio, "audio"),
        (can.reasoning, "reasoning"),
        (can.structured_output, "JSON schema"),
    ];
    all.into_iter().filter(|(is, _)| *is == Some(true)).map(|(_, word)| word).collect()
}

/// Where a row comes from, as people say it.
#[must_use]
pub fn origin(origin: Origin) -> &'static str {
    match origin {
        Origin::Builtin => "Keyway",
        Origin::Stored => "console or API",
        Origin::Config => "keyway.toml",
    }
}

/// A number of tokens that may not be known.
#[must_use]
pub fn tokens(count: Option<u64>) -> String {
    count.map_or_else(|| "\u{2013}".to_owned(), say::short)
}
