//! What is done to balances: put something in, say that an organisation is prepaid.

use super::acting::{Acting, Deed};
use super::check::check_text;
use super::may::Subject;
use super::scope::Scope;
use crate::base::{Code, Refusal, Trouble, id};
use crate::store::changes::ORGANIZATION_CHANGED;
use crate::store::credit::{self as rows, Entry, Source};
use crate::store::tiers::{self, Tier};
use ledger::NanoUsd;
use serde_json::json;

/// Entries of an organisation at most: all of them make its balance.
pub const ENTRIES_MAX: usize = 10_000;
/// Characters of a note at most.
pub const NOTE_CHARS_MAX: usize = 500;
/// Most that can be put into one balance in all: a tenth of what amounts can hold.
pub const CREDIT_MAX: NanoUsd = NanoUsd(i64::MAX / 10);

/// Something about to be put into a balance.
#[derive(Debug, Clone)]
pub struct NewEntry {
    /// How much; below zero it is taken back.
    pub amount: NanoUsd,
    /// Where it is from.
    pub source: Source,
    /// What for.
    pub note: String,
}

/// Whether the actor may move the credit of the organisation acted in. One with a tier is a customer: its
/// credit is the operator's to give.
async fn may(acting: &mut Acting<'_>) -> Result<(), Trouble> {
    acting.may(Scope::MANAGE_BILLING, Subject::Organization)?;
    let org = acting.org.clone();
    if tiers::of_organization(&mut acting.tx, &org).await?.is_some() {
        acting.may(Scope::MANAGE_BILLING, Subject::Installation)?;
    }
    Ok(())
}

/// Puts something into the balance of the organisation acted in, which is prepaid from then on.
/// `charged` is what was charged to it in all.
///
/// # Errors
/// A refusal that names the field, `missing_scope`, `wrong_key_type` where it is the operator's to give,
/// `conflict` for more than a balance holds.
pub async fn put(acting: &mut Acting<'_>, new: &NewEntry, charged: NanoUsd) -> Result<Entry, Trouble> {
    may(acting).await?;
    check_text("note", &new.note, NOTE_CHARS_MAX)?;
    enter(acting, new, None, charged).await
}

/// Gives an organisation the starting credit of its tier, if it has not had it.
///
/// # Errors
/// When the database cannot be used.
pub async fn begin(acting: &mut Acting<'_>, tier: &Tier, charged: NanoUsd) -> Result<(), Trouble> {
    if tier.starting_credit.0 <= 0 {
        return Ok(());
    }
    let new = NewEntry {
        amount: tier.starting_credit,
        source: Source::Granted,
        note: format!("starting credit of {}", tier.name),
    };
    let org = acting.org.clone();
    let found = rows::entries(&mut acting.tx, &org).await?;
    if found.iter().all(|entry| entry.reference.as_deref() != Some(&tier.id)) {
        enter(acting, &new, Some(&tier.id), charged).await?;
    }
    Ok(())
}

async fn enter(
    acting: &mut Acting<'_>,
    new: &NewEntry,
    reference: Option<&str>,
    charged: NanoUsd,
) -> Result<Entry, Trouble> {
    let org = acting.org.clone();
    let found = rows::entries(&mut acting.tx, &org).await?;
    fits(&found, new)?;
    let entry = Entry {
        id: id::new("credit", &acting.at.clock),
        org: org.clone(),
        source: new.source,
        amount: new.amount,
        charged_before: charged,
        note: new.note.clone(),
        reference: reference.map(str::to_owned),
        created_ms: acting.now_ms,
    };
    rows::insert(&mut acting.tx, &entry).await?;
    rows::set_prepaid(&mut acting.tx, &org, true).await?;
    let deed = Deed {
        name: "credit.granted",
        kind: ORGANIZATION_CHANGED,
        project: None,
        object: &entry.id,
        detail: json!({ "amount_nanousd": entry.amount.0, "kind": entry.source.name(), "note": entry.note,
                        "reference": entry.reference }),
    };
    acting.record_for(deed, &org).await?;
    Ok(entry)
}

fn fits(found: &[Entry], new: &NewEntry) -> Result<(), Refusal> {
    if new.amount.0 == 0 {
        return Err(Refusal::field("amount_usd", "`amount_usd` must not be zero."));
    }
    let of_kind = found.iter().filter(|entry| entry.source == new.source).map(|entry| entry.amount);
    let of_kind = of_kind.sum::<NanoUsd>().saturating_add(new.amount);
    if of_kind < NanoUsd::ZERO {
        let message = "This takes back more than was put in.";
        return Err(Refusal::field("amount_usd", message));
    }
    let all = found.iter().map(|entry| entry.amount).sum::<NanoUsd>().saturating_add(new.amount);
    if all > CREDIT_MAX || found.len() >= ENTRIES_MAX {
        return Err(Refusal::new(Code::Conflict, "This is more than one balance can hold."));
    }
    Ok(())
}

/// Says whether the organisation acted in spends no more than its balance.
///
/// # Errors
/// As [`put`].
pub async fn set_prepaid(acting: &mut Acting<'_>, prepaid: bool) -> Result<(), Trouble> {
    may(acting).await?;
    let org = acting.org.clone();
    rows::set_prepaid(&mut acting.tx, &org, prepaid).await?;
    let deed = Deed {
        name: "credit.updated",
        kind: ORGANIZATION_CHANGED,
        project: None,
        object: &org,
        detail: json!({ "prepaid": prepaid }),
    };
    Ok(acting.record(deed).await?)
}
