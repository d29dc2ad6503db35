//! What the page of usage was asked for: all of it is in the address.

use crate::accounts::Scope;
use crate::accounts::check::narrow;
use crate::base::Trouble;
use crate::console::here::Here;
use crate::console::say;
use crate::console::span::Span;
use crate::store::usage::Row;
use crate::store::usage_columns::{Dimension, Measures};
use crate::store::usage_key::Rank;
use ledger::NanoUsd;

/// Characters of a filter's value at most.
const VALUE_CHARS_MAX: usize = 300;

/// What sums are told apart by.
#[derive(Debug)]
pub struct By {
    /// Its word in the address, and the parameter that filters by it.
    pub word: &'static str,
    /// What it is called.
    pub label: &'static str,
    /// The rollup's column.
    pub dimension: Dimension,
    /// What the management API calls it, as a group and as a filter; empty: it has none.
    pub api: (&'static str, &'static str),
}

/// Everything the page can tell apart.
pub static BY: &[By] = &[
    by("model", "Model", Dimension::ModelServed, ("model", "models")),
    by("key", "API key", Dimension::Key, ("api_key_id", "api_key_ids")),
    by("project", "Project", Dimension::Project, ("project_id", "project_ids")),
    by("member", "Member", Dimension::User, ("user_id", "user_ids")),
    by("label", "Label", Dimension::Label, ("label", "labels")),
    by("provider", "Provider", Dimension::Provider, ("provider", "")),
];

const fn by(
    word: &'static str,
    label: &'static str,
    dimension: Dimension,
    api: (&'static str, &'static str),
) -> By {
    By { word, label, dimension, api }
}

/// What the chart shows, and the table is sorted by.
#[derive(Debug)]
pub struct Measure {
    /// Its word in the address.
    pub word: &'static str,
    /// What it is called.
    pub label: &'static str,
    /// What of the sums it is.
    pub rank: Rank,
    /// How an amount of it is written.
    pub shown: fn(u64) -> String,
    /// How it is written on a scale.
    pub axis: fn(u64) -> String,
}

/// Everything the page can show.
pub static MEASURES: &[Measure] = &[
    Measure {
        word: "cost",
        label: "Cost",
        rank: Rank::Sold,
        shown: |value| say::usd(NanoUsd(i64::try_from(value).unwrap_or(i64::MAX))),
        axis: |value| say::usd(NanoUsd(i64::try_from(value).unwrap_or(i64::MAX))),
    },
    Measure {
        word: "requests",
        label: "Requests",
        rank: Rank::Requests,
        shown: say::count,
        axis: say::short,
    },
    Measure { word: "tokens", label: "Tokens", rank: Rank::Tokens, shown: say::count, axis: say::short },
    Measure { word: "errors", label: "Errors", rank: Rank::Errors, shown: say::count, axis: say::short },
];

impl Measure {
    /// How much of it a row has.
    #[must_use]
    pub fn of(&self, measures: &Measures) -> u64 {
        u64::try_from(self.rank.of(measures)).unwrap_or(0)
    }
}

/// What was asked for.
pub struct Asked {
    /// The stretch of time.
    pub span: Span,
    /// What sums are told apart by.
    pub by: &'static By,
    /// What is shown.
    pub measure: &'static Measure,
    /// Only these, as somebody chose them.
    pub chosen: Vec<(&'static By, String)>,
    /// The same with what may be seen at all.
    pub filters: Vec<(Dimension, Vec<String>)>,
}

impl Asked {
    /// Reads the address.
    ///
    /// # Errors
    /// A refusal when somebody sees so many projects that they must choose one.
    pub fn read(here: &Here<'_>) -> Result<Self, Trouble> {
        let word = |name: &str| here.asked(name).unwrap_or_default();
        let value = |name: &str| {
            here.asked(name)
                .filter(|text| text.chars().count() <= VALUE_CHARS_MAX && !text.chars().any(char::is_control))
        };
        let chosen: Vec<(&'static By, String)> =
            BY.iter().filter_map(|by| value(by.word).map(|value| (by, value))).collect();
        let filters = chosen.iter().map(|(by, value)| (by.dimension, vec![value.clone()])).collect();
        Ok(Self {
            span: Span::read(here, "30d"),
            by: BY.iter().find(|by| by.word == word("by")).unwrap_or(&BY[0]),
            measure: MEASURES.iter().find(|it| it.word == word("measure")).unwrap_or(&MEASURES[0]),
            chosen,
            filters: visible(here, Scope::READ_USAGE, filters)?,
        })
    }

    /// Path and query of the management API's export of the same.
    #[must_use]
    pub fn export(&self) -> String {
        use crate::console::parts::paging::encoded;
        let width = if self.span.width.ms() == 3_600_000 { "1h" } else { "1d" };
        let mut path = format!(
            "/v1/organization/usage/export?start_time={}&end_time={}&bucket_width={width}&group_by={}",
            self.span.from_ms / 1000,
            self.span.to_ms / 1000,
            self.by.api.0
        );
        for (by, value) in self.chosen.iter().filter(|(by, _)| !by.api.1.is_empty()) {
            path.push_str(&format!("&{}={}", by.api.1, encoded(value)));
        }
        path
    }
}

/// Filters with what somebody may see at all.
///
/// # Errors
/// A refusal when they see so many projects that they must choose one.
pub fn visible(
    here: &Here<'_>,
    scope: Scope,
    mut filters: Vec<(Dimension, Vec<String>)>,
) -> Result<Vec<(Dimension, Vec<String>)>, Trouble> {
    if let Some(among) = here.grant.actor.rights.places(scope) {
        let place = filters.iter().position(|(dimension, _)| *dimension == Dimension::Project);
        let mut projects = place.map(|place| filters.swap_remove(place).1).unwrap_or_default();
        narrow(&mut projects, among)?;
        filters.push((Dimension::Project, projects));
    }
    Ok(filters)
}

/// The value of a row's only group.
#[must_use]
pub fn value(row: &Row) -> &str {
    row.dims.first().map_or("", String::as_str)
}
