//! A list held against the catalogue: what is the same, what differs, what nobody should believe.

use super::Listed;
use crate::catalog::{Catalog, Model, ModelKind};
use ledger::{Price, Rates};
use std::collections::BTreeMap;
use std::sync::Arc;

/// A rate that changes by more than this factor is an outlier.
pub const FACTOR_MAX: u64 = 4;
/// A new chat model whose prompts cost more is an outlier, nano-USD per million tokens (200 USD).
pub const INPUT_MAX: u64 = 200_000_000_000;
/// A new embedding model that costs more is an outlier, nano-USD per million tokens (10 USD).
pub const EMBEDDING_MAX: u64 = 10_000_000_000;
/// Half an hour: no price changes at another minute.
const STEP_MS: i64 = 30 * 60 * 1000;
/// Half hours of a week.
const STEPS: i64 = 7 * 48;

/// What became of a model of the list, or of the catalogue.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Verdict {
    /// Both say the same.
    Same,
    /// The list has another price.
    Changed,
    /// The catalogue does not have it.
    New,
    /// The list has another price, too far from ours, or too high, to be believed.
    Outlier,
    /// The list tells no price.
    Unpriced,
    /// The list does not have it.
    Missing,
}

impl Verdict {
    /// Every verdict.
    pub const ALL: [Self; 6] =
        [Self::Same, Self::Changed, Self::New, Self::Outlier, Self::Unpriced, Self::Missing];

    /// Its word.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Same => "same",
            Self::Changed => "changed",
            Self::New => "new",
            Self::Outlier => "outlier",
            Self::Unpriced => "unpriced",
            Self::Missing => "missing",
        }
    }
}

/// One model of the report.
#[derive(Debug, Clone)]
pub struct Finding {
    /// `provider/name`
    pub model: String,
    /// What became of it.
    pub verdict: Verdict,
    /// Our price.
    pub ours: Option<Price>,
    /// The list's, completed by what the list cannot tell.
    pub theirs: Option<Price>,
    /// The row's fields, as the list has them.
    pub fields: String,
}

/// Holds a list against a catalogue at an instant. `new`: models that the catalogue does not have are
/// wanted too. `trust`: outliers are believed.
#[must_use]
pub fn compare(list: &[Listed], catalog: &Catalog, now_ms: i64, new: bool, trust: bool) -> Vec<Finding> {
    // Of what is billed by the piece, lists are not read.
    let told = |model: &&Arc<Model>| matches!(model.kind, ModelKind::Chat | ModelKind::Embedding);
    let mut ours: BTreeMap<&str, Option<&Price>> =
        catalog.models().iter().filter(told).map(|model| (&*model.id, model.prices.at(now_ms))).collect();
    let mut found = Vec::new();
    for listed in list {
        let known = ours.remove(listed.model.as_str());
        if known.is_none() && !new {
            continue;
        }
        found.push(judge(listed, known, trust));
    }
    let of_list = |model: &str| {
        let provider = model.split('/').next();
        list.iter().any(|listed| listed.model.split('/').next() == provider)
    };
    // What a list says nothing of at all is not missing in it.
    for (model, price) in ours.into_iter().filter(|(model, _)| of_list(model)) {
        found.push(Finding {
            model: model.to_owned(),
            verdict: Verdict::Missing,
            ours: price.cloned(),
            theirs: None,
            fields: String::new(),
        });
    }
    found.sort_by(|a, b| (a.verdict, &a.model).cmp(&(b.verdict, &b.model)));
    found
}

fn judge(listed: &Listed, known: Option<Option<&Price>>, trust: bool) -> Finding {
    let ours = known.flatten();
    let theirs = listed.price.clone().map(|price| completed(price, ours));
    let verdict = match (&theirs, known, ours) {
        (None, Some(_), _) => Verdict::Unpriced,
        (Some(theirs), _, Some(ours)) if same(ours, theirs) => Verdict::Same,
        (Some(theirs), _, Some(ours)) if !trust && is_far(ours, theirs) => Verdict::Outlier,
        (Some(theirs), _, None) if !trust && is_dear(theirs, listed.kind) => Verdict::Outlier,
        (_, None, _) => Verdict::New,
        _ => Verdict::Changed,
    };
    let ours = ours.cloned();
    Finding { model: listed.model.clone(), verdict, ours, theirs, fields: listed.fields.clone() }
}

/// What a list cannot tell stays as it is: cache writes of an hour, hours.
fn completed(mut theirs: Price, ours: Option<&Price>) -> Price {
    let Some(ours) = ours else { return theirs };
    let fill = |theirs: &mut Rates, ours: &Rates| {
        theirs.cache_write_1h = theirs.cache_write_1h.or(ours.cache_write_1h);
        theirs.cache_write_5m = theirs.cache_write_5m.or(ours.cache_write_5m);
        theirs.cache_read = theirs.cache_read.or(ours.cache_read);
        theirs.in_audio = theirs.in_audio.or(ours.in_audio);
        theirs.in_image = theirs.in_image.or(ours.in_image);
        theirs.out_audio = theirs.out_audio.or(ours.out_audio);
        theirs.unit = theirs.unit.or(ours.unit);
    };
    fill(&mut theirs.base, &ours.base);
    for (above, rates) in &mut theirs.context_tiers {
        if let Some((_, known)) = ours.context_tiers.iter().find(|(of, _)| of == above) {
            fill(rates, known);
        }
    }
    let one_of_ours = ours.hours.iter().any(|(_, rates)| rates.by_class() == theirs.base.by_class());
    if theirs.hours.is_empty() && (one_of_ours || ours.base.by_class() == theirs.base.by_class()) {
        theirs.hours.clone_from(&ours.hours);
        theirs.base = ours.base;
    }
    theirs.per_request = ours.per_request;
    theirs
}

/// Whether two prices charge the same at every hour of the week and for prompts of every length.
#[must_use]
pub fn same(one: &Price, other: &Price) -> bool {
    let tiers = one.context_tiers.iter().chain(&other.context_tiers).map(|(above, _)| above + 1);
    let lengths: Vec<u64> = std::iter::once(0).chain(tiers).collect();
    let at = |price: &Price, length: u64, step: i64| price.rates_for(length, step * STEP_MS).by_class();
    let steps = if one.hours.is_empty() && other.hours.is_empty() { 1 } else { STEPS };
    one.per_request == other.per_request
        && lengths
            .iter()
            .all(|length| (0..steps).all(|step| at(one, *length, step) == at(other, *length, step)))
}

fn is_far(ours: &Price, theirs: &Price) -> bool {
    let far = |ours: u64, theirs: u64| {
        theirs > ours.saturating_mul(FACTOR_MAX) || ours > theirs.saturating_mul(FACTOR_MAX)
    };
    far(ours.dearest_input(), theirs.dearest_input())
        || far(ours.dearest_output(), theirs.dearest_output())
        || far(ours.base.input, theirs.base.input)
        || far(ours.base.output, theirs.base.output)
}

fn is_dear(theirs: &Price, kind: ModelKind) -> bool {
    let max = if kind == ModelKind::Embedding { EMBEDDING_MAX } else { INPUT_MAX };
    theirs.dearest_input() > max
}
