//! The audit log: written in the transaction of the change, each record chained to the one before.
//!
//! `verify` goes through the chain, `export` makes a file of it that can be verified elsewhere.

pub mod export;
pub mod verify;

use crate::base::{Clock, Code, Fault, Refusal};
use crate::store::Tx;
use crate::store::changes::{self, AuditRow, Change};
use sha2::{Digest as _, Sha256};

/// Who did it.
#[derive(Debug, Clone)]
pub struct Author {
    /// `cli`, `admin_key` or `system`.
    pub kind: &'static str,
    /// Key id, operating-system user, or what part of the program.
    pub id: String,
    /// From where, if over the network.
    pub ip: Option<String>,
}

/// What was done.
pub struct Event<'a> {
    /// Organisation it belongs to.
    pub org: &'a str,
    /// Project it belongs to, if any.
    pub project: Option<&'a str>,
    /// Event name, OpenAI's where one exists (`api_key.created`).
    pub name: &'static str,
    /// What it means to running nodes: a constant of `store::changes`.
    pub kind: &'static str,
    /// The object's id.
    pub object: &'a str,
    /// Whom it means something to, where that is not the object: another id, for the feed.
    pub touches: Option<&'a str>,
    /// What was asked, without secrets.
    pub detail: serde_json::Value,
}

impl<'a> Event<'a> {
    /// The id that the feed says.
    #[must_use]
    pub fn touched(&self) -> &'a str {
        self.touches.unwrap_or(self.object)
    }
}

/// Records a change in feed and audit log. Call inside the transaction of the change: if this
/// fails, the change does not happen.
///
/// # Errors
/// When the database cannot be used; the caller is told that nothing was changed.
pub async fn record(tx: &mut Tx, clock: &Clock, author: &Author, event: &Event<'_>) -> Result<i64, Fault> {
    write(tx, clock, author, event).await.map_err(|fault| fault.told(unrecorded()))
}

/// What a caller is told whose change could not be recorded.
fn unrecorded() -> Refusal {
    Refusal {
        retry_after_ms: Some(1000),
        ..Refusal::new(
            Code::Overloaded,
            "The audit log cannot be written now, and what cannot be recorded is not done: nothing was \
             changed. Try again shortly.",
        )
    }
}

async fn write(tx: &mut Tx, clock: &Clock, author: &Author, event: &Event<'_>) -> Result<i64, Fault> {
    let at_ms = clock.now_ms();
    let (seq, previous) = changes::take_next(tx).await?;
    let detail = event.detail.to_string();
    let mut row = AuditRow {
        seq,
        at_ms,
        org_id: event.org,
        project_id: event.project,
        actor_kind: author.kind,
        actor_id: &author.id,
        actor_ip: author.ip.as_deref(),
        event: event.name,
        object_id: event.object,
        detail: &detail,
        hash: "",
    };
    let hash = chain(&previous, &row);
    row.hash = &hash;
    let change = Change { seq, kind: event.kind.to_owned(), object_id: event.touched().to_owned() };
    changes::insert(tx, &change, at_ms).await?;
    changes::insert_audit(tx, &row).await?;
    Ok(seq)
}

/// The chain value of a record: SHA-256 over the previous value and every field, each with its
/// length, so that no two different records read the same.
#[must_use]
pub fn chain(previous: &str, row: &AuditRow<'_>) -> String {
    let numbers = [row.seq.to_string(), row.at_ms.to_string()];
    let fields = [
        previous,
        &numbers[0],
        &numbers[1],
        row.org_id,
        row.project_id.unwrap_or(""),
        row.actor_kind,
        row.actor_id,
        row.actor_ip.unwrap_or(""),
        row.event,
        row.object_id,
        row.detail,
    ];
    let mut hasher = Sha256::new();
    for field in fields {
        hasher.update((field.len() as u64).to_le_bytes());
        hasher.update(field.as_bytes());
    }
    crate::sealing::master::hex(&hasher.finalize())
}
