//! What an organisation could have paid less for, from what it used in the last thirty days.

pub mod rules;

use crate::base::Fault;
use crate::catalog::Catalog;
use crate::catalog::row::{Capabilities, Model};
use crate::store::Db;
use crate::store::usage::{Cut, FILTER_VALUES_MAX, Query, Row, cut};
use crate::store::usage_columns::{Dimension, Width, at, requests_and_usage};
use crate::store::usage_key::{self, Rank};
use ledger::price::Price;
use rules::Spent;
use std::collections::BTreeMap;
use std::sync::Arc;

const DAY_MS: i64 = 86_400_000;
/// Days that are looked back on.
pub const DAYS: i64 = 30;
/// Keys that are looked at: those that cost most.
const KEYS_MAX: usize = 50;
/// Pairs of those keys and their models that are looked at: those that cost most.
const PAIRS_MAX: usize = 500;
/// Models that are looked at: those that cost most.
const MODELS_MAX: usize = 100;
/// Models that are looked at hour by hour, at most: 720 sums for each.
const BY_HOUR_MAX: usize = 10;
/// Pieces of advice at most.
pub const ADVICE_MAX: usize = 50;
/// Less is not worth reading, nano-USD: a dollar.
pub const SAVED_NANOUSD_MIN: i64 = 1_000_000_000;
/// Less than so much of what was paid is not either, percent.
const SAVED_PERCENT_MIN: i64 = 5;

/// Measures that are read: requests, tokens by class and units, what was paid, answers that were cut.
static MEASURES: [usize; 13] = requests_and_usage(&[at::SELL_NANOUSD, at::TRUNCATED_REQUESTS]);

/// A piece of advice.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Advice {
    /// `cheaper_model`, `cache`, `long_prompts`, `truncated` or `off_peak`.
    pub kind: &'static str,
    /// The model that was paid for.
    pub model: String,
    /// Project and key, where it is about one.
    pub key: Option<(String, String)>,
    /// What was seen, and what would be different.
    pub detail: String,
    /// What was paid, nano-USD.
    pub spent_nanousd: i64,
    /// What would have been saved of it, nano-USD. Savings of several pieces do not add up.
    pub saves_nanousd: i64,
}

/// Whose usage is looked at.
pub struct Asked<'a> {
    /// The organisation.
    pub org: &'a str,
    /// Only these projects, the first hundred of them; absent: all.
    pub projects: Option<Vec<String>>,
    /// Unix milliseconds.
    pub now_ms: i64,
}

impl Asked<'_> {
    fn range(&self) -> (i64, i64) {
        (self.now_ms - DAYS * DAY_MS, self.now_ms + 1)
    }

    fn visible(&self) -> Option<Vec<String>> {
        Some(self.projects.as_ref()?.iter().take(FILTER_VALUES_MAX).cloned().collect())
    }
}

/// Everything that is worth saying, what saves most first.
///
/// # Errors
/// When the database cannot be used.
pub async fn of(db: &Db, catalog: &Catalog, asked: &Asked<'_>) -> Result<Vec<Advice>, Fault> {
    let dearest =
        |most| Cut { read: Width::Day, measures: &MEASURES, top: Some((&[at::SELL_NANOUSD], most)) };
    let of_models = async {
        let by_model = query(asked, None, vec![Dimension::ModelServed], Vec::new());
        let (rows, _) = cut(db, asked.org, &by_model, &dearest(MODELS_MAX)).await?;
        let named = |row: &Row| Some((row.dims.first()?.clone(), spent(row)));
        let models: BTreeMap<String, Spent> = rows.iter().filter_map(named).collect();
        let of_hours = of_hours(db, catalog, asked, &models).await?;
        Ok((models, of_hours))
    };
    let of_keys = async {
        let by = vec![Dimension::Project, Dimension::Key, Dimension::ModelServed];
        let mut of_keys = query(asked, None, by, vec![]);
        of_keys.filters.push((Dimension::Key, dearest_keys(db, asked).await?));
        Ok(cut(db, asked.org, &of_keys, &dearest(PAIRS_MAX)).await?.0)
    };
    let ((models, mut all), pairs) = tokio::try_join!(of_models, of_keys)?;
    for row in &pairs {
        let [project, key, name] = &row.dims[..] else { continue };
        let spent = spent(row);
        if let Some(price) = catalog.model(name).and_then(|model| model.prices.at(asked.now_ms)) {
            let owner = (project.clone(), key.clone());
            all.extend(of_pair(name, &owner, &spent, price, asked.now_ms));
        }
    }
    for (name, spent) in &models {
        if let Some(model) = catalog.model(name) {
            all.extend(cheaper(catalog, asked, model, spent));
        }
    }
    let worth = |advice: &Advice| {
        let enough = advice.spent_nanousd / 100 * SAVED_PERCENT_MIN;
        advice.saves_nanousd >= SAVED_NANOUSD_MIN.max(enough)
    };
    all.retain(worth);
    all.sort_by(|a, b| b.saves_nanousd.cmp(&a.saves_nanousd).then_with(|| a.model.cmp(&b.model)));
    all.truncate(ADVICE_MAX);
    Ok(all)
}

/// The keys that cost most.
async fn dearest_keys(db: &Db, asked: &Asked<'_>) -> Result<Vec<String>, Fault> {
    let projects = asked.visible();
    let wanted = usage_key::Asked {
        org: asked.org,
        range: asked.range(),
        projects: projects.as_deref(),
        rank: Rank::Sold,
        part: &[],
    };
    let found = usage_key::highest(db, &wanted, KEYS_MAX).await?;
    Ok(found.into_iter().map(|(key, _)| key).collect())
}

fn query(asked: &Asked<'_>, width: Option<Width>, by: Vec<Dimension>, models: Vec<String>) -> Query {
    let mut filters = Vec::new();
    if let Some(projects) = asked.visible() {
        filters.push((Dimension::Project, projects));
    }
    if !models.is_empty() {
        filters.push((Dimension::ModelServed, models));
    }
    let (start_ms, end_ms) = asked.range();
    Query { start_ms, end_ms, width, group_by: by, filters, test: Some(false) }
}

fn spent(row: &Row) -> Spent {
    Spent {
        requests: row.measures.0[at::REQUESTS],
        truncated: row.measures.0[at::TRUNCATED_REQUESTS],
        usage: row.measures.usage(),
        nanousd: row.measures.0[at::SELL_NANOUSD],
    }
}

/// What one key could do about one model.
fn of_pair(
    model: &str,
    key: &(String, String),
    spent: &Spent,
    price: &Price,
    now_ms: i64,
) -> impl Iterator<Item = Advice> {
    let made = |kind: &'static str, saves_nanousd: i64, detail: String| Advice {
        kind,
        model: model.to_owned(),
        key: Some(key.clone()),
        detail,
        spent_nanousd: spent.nanousd,
        saves_nanousd,
    };
    let cache = rules::cache(spent, price, now_ms).map(|(saves, percent)| {
        let text = format!(
            "{percent} % of its prompts to {model} came from the provider's cache, which costs less. Put what stays \
             the same at the beginning of the prompt: with half of the rest from the cache it would have saved so \
             much, before what writing to the cache costs."
        );
        made("cache", saves, text)
    });
    let long = rules::long_prompts(spent, price, now_ms).map(|saves| {
        let text = format!(
            "Its prompts to {model} have {} tokens on average, for answers of less than a fiftieth of that. Leave \
             out, shorten or summarise what is not needed: half of it would have saved so much.",
            spent.prompt()
        );
        made("long_prompts", saves, text)
    });
    let truncated = rules::truncated(spent).map(|(saves, percent)| {
        let text = format!(
            "{percent} % of the answers it paid for from {model} ended in the middle, at the `max_tokens` of their \
             request. Allow more, or ask for shorter answers: those that were cut cost so much."
        );
        made("truncated", saves, text)
    });
    cache.into_iter().chain(long).chain(truncated)
}

/// The same model, or one measured to be as good by the same source, for less.
fn cheaper(catalog: &Catalog, asked: &Asked<'_>, own: &Arc<Model>, spent: &Spent) -> Option<Advice> {
    let paid = own.prices.at(asked.now_ms)?;
    let serves = |model: &&Arc<Model>| {
        catalog.provider(&model.provider).is_some_and(|provider| provider.serves(asked.org))
    };
    let others = catalog.models().iter().filter(serves).filter(|other| is_equal(own, other));
    let saved = |other: &Arc<Model>| {
        let price = other.prices.at(asked.now_ms).filter(|price| price.covers(&spent.usage))?;
        Some((rules::elsewhere(spent, paid, price), Arc::clone(other)))
    };
    let (saves_nanousd, best) = others.filter_map(saved).max_by_key(|(saved, _)| *saved)?;
    Some(Advice {
        kind: "cheaper_model",
        model: own.id.to_string(),
        key: None,
        detail: format!(
            "{} is as good and costs less. Asked instead of {}, it would have saved so much.",
            best.id, own.id
        ),
        spent_nanousd: spent.nanousd,
        saves_nanousd,
    })
}

/// Whether a model can take the place of another: of the same name at another provider, or measured to be no
/// worse; with the same window and abilities, where they are known.
fn is_equal(own: &Model, other: &Model) -> bool {
    let last = |model: &Model| model.id.rsplit('/').next().unwrap_or_default().to_ascii_lowercase();
    let measured = match (&own.quality, &other.quality) {
        (Some(own), Some(other)) => own.source == other.source && own.score_milli <= other.score_milli,
        _ => false,
    };
    let room = |own: Option<u64>, other: Option<u64>| own.is_none_or(|own| other.is_none_or(|it| it >= own));
    own.id != other.id
        && own.kind == other.kind
        && (last(own) == last(other) || measured)
        && room(own.context_tokens, other.context_tokens)
        && room(own.output_tokens_max, other.output_tokens_max)
        && is_as_able(&own.capabilities, &other.capabilities)
}

fn is_as_able(own: &Capabilities, other: &Capabilities) -> bool {
    let pairs = [
        (own.tools, other.tools),
        (own.vision, other.vision),
        (own.documents, other.documents),
        (own.audio, other.audio),
        (own.reasoning, other.reasoning),
        (own.structured_output, other.structured_output),
    ];
    pairs.iter().all(|(own, other)| *own != Some(true) || *other != Some(false))
}

/// What was asked when it cost more.
async fn of_hours(
    db: &Db,
    catalog: &Catalog,
    asked: &Asked<'_>,
    models: &BTreeMap<String, Spent>,
) -> Result<Vec<Advice>, Fault> {
    let price = |name: &str| catalog.model(name).and_then(|model| model.prices.at(asked.now_ms));
    let by_hour = |name: &&str| price(name).is_some_and(|price| !price.hours.is_empty());
    let mut names: Vec<&str> = models.keys().map(String::as_str).filter(by_hour).collect();
    names.sort_by_key(|name| std::cmp::Reverse(models[*name].nanousd));
    names.truncate(BY_HOUR_MAX);
    if names.is_empty() {
        return Ok(Vec::new());
    }
    let wanted = names.iter().map(|name| (*name).to_owned()).collect();
    let query = query(asked, Some(Width::Hour), vec![Dimension::ModelServed], wanted);
    let (rows, _) =
        cut(db, asked.org, &query, &Cut { read: Width::Hour, measures: &MEASURES, top: None }).await?;
    let mut all = Vec::new();
    for name in names {
        let of_name = rows.iter().filter(|row| row.dims.first().is_some_and(|served| served == name));
        let hours: Vec<(i64, Spent)> = of_name.map(|row| (row.bucket_ms, spent(row))).collect();
        let Some((saves_nanousd, percent)) = price(name).and_then(|price| rules::off_peak(&hours, price))
        else {
            continue;
        };
        all.push(Advice {
            kind: "off_peak",
            model: name.to_owned(),
            key: None,
            detail: format!(
                "{percent} % of the requests to {name} were made in hours at which it costs more. What can wait, \
                 such as a nightly job, costs less outside of them: all of it there would have saved so much."
            ),
            spent_nanousd: models[name].nanousd,
            saves_nanousd,
        });
    }
    Ok(all)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_can_do_less_takes_nobodys_place() {
        let able = |tools, vision| Capabilities { tools, vision, ..Capabilities::default() };
        for (own, other, equal) in [
            (able(Some(true), None), able(Some(true), None), true),
            (able(Some(true), None), able(None, None), true),
            (able(Some(true), None), able(Some(false), None), false),
            (able(None, Some(false)), able(None, Some(false)), true),
        ] {
            assert_eq!(is_as_able(&own, &other), equal, "{own:?} {other:?}");
        }
    }
}
