//! Balances as the API writes them.

use super::body::Body;
use super::json::{Usd, seconds};
use crate::access::prepaid::Standing;
use crate::accounts::credit::NewEntry;
use crate::base::Refusal;
use crate::store::credit::{Entry, Source};
use serde::Serialize;

/// A balance.
#[derive(Debug, Serialize)]
pub struct CreditObject {
    object: &'static str,
    prepaid: bool,
    balance_usd: Usd,
    granted_usd: Usd,
    topped_up_usd: Usd,
    held_usd: Usd,
    remaining_usd: Usd,
    credited_usd: Usd,
    charged_usd: Usd,
}

impl CreditObject {
    /// The object of a balance.
    #[must_use]
    pub fn new(standing: &Standing) -> Self {
        Self {
            object: "organization.credit",
            prepaid: standing.prepaid,
            balance_usd: Usd(standing.balance.total()),
            granted_usd: Usd(standing.balance.granted),
            topped_up_usd: Usd(standing.balance.topped_up),
            held_usd: Usd(standing.spent.held),
            remaining_usd: Usd(standing.remaining()),
            credited_usd: Usd(standing.put),
            charged_usd: Usd(standing.spent.charged),
        }
    }
}

/// Something put into a balance.
#[derive(Debug, Serialize)]
pub struct EntryObject<'a> {
    object: &'static str,
    /// `credit_...`
    pub id: &'a str,
    kind: &'static str,
    amount_usd: Usd,
    note: &'a str,
    created_at: i64,
}

impl<'a> EntryObject<'a> {
    /// The object of an entry.
    #[must_use]
    pub fn new(entry: &'a Entry) -> Self {
        Self {
            object: "organization.credit.grant",
            id: &entry.id,
            kind: entry.source.name(),
            amount_usd: Usd(entry.amount),
            note: &entry.note,
            created_at: seconds(entry.created_ms),
        }
    }
}

/// Reads what is to be put into a balance.
///
/// # Errors
/// A refusal that names the field.
pub fn new_entry(mut body: Body) -> Result<NewEntry, Refusal> {
    let missing = |name: &'static str| Refusal::field(name, format!("`{name}` is missing."));
    let new = NewEntry {
        amount: body.usd("amount_usd", "")?.ok_or_else(|| missing("amount_usd"))?,
        source: body.word("kind", "", Source::ALL, Source::name)?.ok_or_else(|| missing("kind"))?,
        note: body.text("note")?.unwrap_or_default(),
    };
    body.finish(&[])?;
    Ok(new)
}
