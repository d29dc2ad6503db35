//! What is done to tiers, and which organisation has which: the operator's alone.

use super::acting::{Acting, Deed};
use super::capability::{Capabilities, Capability};
use super::check::{check_name, check_text, not_there};
use super::credit;
use super::may::Subject;
use super::scope::Scope;
use crate::base::{Code, Refusal, Trouble, id};
use crate::store::changes::TIER_CHANGED;
use crate::store::limits::Edit as LimitEdit;
use crate::store::tiers::{self as rows, Tier};
use ledger::NanoUsd;
use ledger::limit::Kind;
use serde_json::{Value, json};

/// Tiers of an installation at most.
pub const TIERS_MAX: usize = 100;
/// Entries of a tier's list of models at most.
pub const MODELS_MAX: usize = 200;
/// Characters of each at most.
const MODEL_CHARS_MAX: usize = 128;
/// Largest markup, in millionths of the cost: a thousand times as much on top.
pub const MARKUP_PPM_MAX: u32 = 1_000_000_000;

/// What somebody wants a tier to be; what is absent stays.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Wanted {
    /// Its name.
    pub name: Option<String>,
    /// What keys are held to.
    pub limits: Option<LimitEdit>,
    /// Credit that an organisation gets once.
    pub starting_credit: Option<NanoUsd>,
    /// Millionths of the cost, on top of it.
    pub markup_ppm: Option<u32>,
    /// Models and patterns; `None` within: every one.
    pub models: Option<Option<Vec<String>>>,
    /// Names of capabilities; `None` within: every one.
    pub capabilities: Option<Option<Vec<String>>>,
}

/// Makes a tier.
///
/// # Errors
/// A refusal that names the field; who is not the operator makes none.
pub async fn create(acting: &mut Acting<'_>, wanted: &Wanted) -> Result<Tier, Trouble> {
    acting.may(Scope::CREATE_SETTINGS, Subject::Installation)?;
    if wanted.name.is_none() {
        return Err(Refusal::field("name", "`name` is missing.").into());
    }
    let others = rows::all(&mut acting.tx).await?;
    if others.len() >= TIERS_MAX {
        return Err(Refusal::new(Code::Conflict, format!("There are at most {TIERS_MAX} tiers.")).into());
    }
    let mut tier =
        Tier { id: id::new("tier", &acting.at.clock), created_ms: acting.now_ms, ..Tier::default() };
    apply(&mut tier, wanted, &others)?;
    write(acting, "tier.created", &tier, shown(&tier)).await?;
    Ok(tier)
}

/// Changes a tier: its organisations are held to it from then on. Starting credit that they got they keep.
///
/// # Errors
/// `not_found`, a refusal that names the field.
pub async fn update(acting: &mut Acting<'_>, id: &str, wanted: &Wanted) -> Result<Tier, Trouble> {
    acting.may(Scope::UPDATE_SETTINGS, Subject::Installation)?;
    let others = rows::all(&mut acting.tx).await?;
    let mut tier = rows::one(&mut acting.tx, id).await?.ok_or_else(|| not_there("tier"))?;
    let was = shown(&tier);
    apply(&mut tier, wanted, &others)?;
    let detail = json!({ "was": was, "is": shown(&tier) });
    write(acting, "tier.updated", &tier, detail).await?;
    Ok(tier)
}

/// Gives the organisation acted in a tier, and its starting credit the first time; absent: takes it away.
/// `charged` is what was charged to its balance in all. The caller records what it has done.
///
/// # Errors
/// A refusal that names `tier_id`.
pub async fn assign(acting: &mut Acting<'_>, tier: Option<&str>, charged: NanoUsd) -> Result<(), Trouble> {
    let org = acting.org.clone();
    let found = match tier {
        None => None,
        Some(id) => {
            let found = rows::one(&mut acting.tx, id).await?;
            Some(found.ok_or_else(|| Refusal::field("tier_id", "`tier_id` names no tier."))?)
        }
    };
    rows::assign(&mut acting.tx, &org, tier).await?;
    match found {
        Some(tier) => credit::begin(acting, &tier, charged).await,
        None => Ok(()),
    }
}

fn apply(tier: &mut Tier, wanted: &Wanted, others: &[Tier]) -> Result<(), Refusal> {
    if let Some(name) = &wanted.name {
        check_name("name", name)?;
        if others.iter().any(|other| other.name == *name && other.id != tier.id) {
            return Err(Refusal::field("name", "A tier of this name is there already."));
        }
        tier.name.clone_from(name);
    }
    if let Some(limits) = &wanted.limits {
        for (kind, limit) in Kind::ALL.into_iter().zip(limits) {
            if let Some(limit) = limit {
                tier.limits.set(kind, *limit);
            }
        }
    }
    if let Some(amount) = wanted.starting_credit {
        if amount < NanoUsd::ZERO || amount > credit::CREDIT_MAX {
            return Err(Refusal::field(
                "starting_credit_usd",
                "`starting_credit_usd` is not to be below zero.",
            ));
        }
        tier.starting_credit = amount;
    }
    if let Some(markup) = wanted.markup_ppm {
        if markup > MARKUP_PPM_MAX {
            let message = format!("`markup_ppm` is at most {MARKUP_PPM_MAX}: millionths of the cost.");
            return Err(Refusal::field("markup_ppm", message));
        }
        tier.markup_ppm = markup;
    }
    if let Some(models) = &wanted.models {
        check_models(models.as_deref().unwrap_or_default())?;
        tier.models = models.as_ref().map(|list| json!(list).to_string());
    }
    if let Some(names) = &wanted.capabilities {
        Capabilities::named(names.as_deref().unwrap_or_default()).map_err(|unknown| {
            let shown: String = unknown.chars().take(64).collect();
            let known = Capability::ALL.map(Capability::name).join(", ");
            Refusal::field("capabilities", format!("`{shown}` is no capability. Known: {known}."))
        })?;
        tier.capabilities = names.as_ref().map(|list| json!(list).to_string());
    }
    Ok(())
}

fn check_models(models: &[String]) -> Result<(), Refusal> {
    if models.len() > MODELS_MAX {
        return Err(Refusal::field("models", format!("`models` takes at most {MODELS_MAX} entries.")));
    }
    if models.iter().any(String::is_empty) {
        return Err(Refusal::field(
            "models",
            "An entry of `models` is empty. Name a model, or a pattern with `*`.",
        ));
    }
    models.iter().try_for_each(|model| check_text("models", model, MODEL_CHARS_MAX))
}

fn shown(tier: &Tier) -> Value {
    let limits = Kind::ALL.map(|kind| (kind.name().to_owned(), json!(tier.limits.get(kind))));
    json!({ "name": tier.name, "rate_limits": Value::Object(limits.into_iter().collect()),
            "starting_credit_nanousd": tier.starting_credit.0, "markup_ppm": tier.markup_ppm,
            "models": tier.models, "capabilities": tier.capabilities })
}

async fn write(
    acting: &mut Acting<'_>,
    name: &'static str,
    tier: &Tier,
    detail: Value,
) -> Result<(), Trouble> {
    rows::put(&mut acting.tx, tier).await?;
    Ok(acting.record(Deed { name, kind: TIER_CHANGED, project: None, object: &tier.id, detail }).await?)
}
