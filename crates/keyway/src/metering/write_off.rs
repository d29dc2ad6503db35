//! Writing off what a start of a node has leased whose journal will never come: its disk is gone. Only a person
//! can know that; no clock decides it.

use super::charges::Charges;
use crate::accounts::Acting;
use crate::accounts::acting::Deed;
use crate::base::{Code, Refusal, Trouble};
use crate::store::changes::NOTHING_CHANGED;
use crate::store::leases::{self, Owned};
use crate::store::{nodes, windows};
use serde_json::json;

/// A node that was seen so lately may still be spending, milliseconds.
pub const SEEN_WITHIN_MS: i64 = 60_000;

/// Who pays what a lease had left.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Payer {
    /// Its account: the money may have been spent.
    Customer,
    /// Nobody: the account has it again.
    Nobody,
}

/// Writes off every lease of a start. From then on it leases nothing more, and what its journal still brings is
/// charged to nobody. Answers what was written off.
///
/// # Errors
/// `not_found`, `conflict` while the start is alive, and faults of the database.
pub async fn write_off(acting: &mut Acting<'_>, boot: &str, payer: Payer) -> Result<Vec<Owned>, Trouble> {
    let live = nodes::live(&acting.at.db, acting.now_ms - SEEN_WITHIN_MS).await?;
    if let Some(node) = live.iter().find(|node| node.boot == boot) {
        let message = format!("{boot} is serving at {}: stop it; its lease ends with it.", node.listen);
        return Err(Refusal::new(Code::Conflict, message).into());
    }
    let found = leases::list(&mut acting.tx, boot).await?;
    let Some(first) = found.first() else {
        return Err(crate::accounts::check::not_there("lease").into());
    };
    leases::write_off(&mut acting.tx, boot, &first.node, acting.now_ms).await?;
    let mut told = Vec::new();
    for Owned { name, .. } in &found {
        windows::lock(&mut acting.tx, name).await?;
        // What it has left is read again under the lock.
        let left = windows::lease(&mut acting.tx, boot, name).await?.left();
        told.push(json!({ "account": name.account, "window_start": name.window_start_ms / 1_000,
            "amount_usd": left.to_decimal() }));
        match payer {
            Payer::Customer if left.0 > 0 => {
                leases::post_left(&mut acting.tx, boot, name, left, acting.now_ms).await?;
                windows::end_lease(&mut acting.tx, boot, name, ledger::NanoUsd::ZERO).await?;
            }
            _ => windows::end_lease(&mut acting.tx, boot, name, left).await?,
        }
        Charges::record(&mut acting.tx, name, acting.now_ms).await?;
    }
    let node = &first.node;
    let charged_to = if payer == Payer::Customer { "customer" } else { "nobody" };
    acting
        .record(Deed {
            name: "lease.written_off",
            kind: NOTHING_CHANGED,
            project: None,
            object: boot,
            detail: json!({ "node": node, "charged_to": charged_to, "leases": told }),
        })
        .await?;
    Ok(found)
}
