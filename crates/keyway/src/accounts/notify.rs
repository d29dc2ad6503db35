//! Messages, written in the transaction of what they are about: one that could not be written did not
//! happen, and neither did what it is about. Who sends them takes them from there.

use super::acting::Acting;
use crate::base::{Fault, id};
use crate::store::outbox::{self, EMAIL, Message, WEBHOOK};
use crate::store::webhooks::{self, WEBHOOKS_MAX};
use crate::store::{Tx, people};
use serde_json::Value;

/// People told of one thing at most.
pub const RECIPIENTS_MAX: i64 = 100;

/// A message about to be written.
pub struct News<'a> {
    /// Organisation.
    pub org: &'a str,
    /// Event name.
    pub kind: &'a str,
    /// What it is about: an object.
    pub detail: &'a Value,
    /// Unix milliseconds.
    pub now_ms: i64,
    /// Not sent before, unix milliseconds; 0: at once.
    pub next_ms: i64,
}

/// Writes a message to `owner` (a user's id, or anything else for nobody), to everybody who is an owner or
/// an admin of the organisation, and to its webhooks. The people's addresses.
///
/// # Errors
/// When the database cannot be used.
pub async fn tell(
    acting: &mut Acting<'_>,
    kind: &'static str,
    owner: &str,
    detail: &Value,
) -> Result<Vec<String>, Fault> {
    let org = acting.org.clone();
    let news = News { org: &org, kind, detail, now_ms: acting.now_ms, next_ms: 0 };
    let recipients = people::to_tell(&mut acting.tx, &org, owner, RECIPIENTS_MAX).await?;
    for recipient in &recipients {
        write(&mut acting.tx, &acting.at.clock, &news, EMAIL, recipient).await?;
    }
    for webhook in webhooks::list(&mut acting.tx, &org, false, "", WEBHOOKS_MAX).await? {
        if webhook.disabled_ms.is_none() {
            write(&mut acting.tx, &acting.at.clock, &news, WEBHOOK, &webhook.id).await?;
        }
    }
    Ok(recipients)
}

/// Writes one message: its id.
///
/// # Errors
/// When the database cannot be used.
pub async fn write(
    tx: &mut Tx,
    clock: &crate::base::Clock,
    news: &News<'_>,
    channel: &str,
    recipient: &str,
) -> Result<String, Fault> {
    let message = Message {
        id: id::new("msg", clock),
        org: news.org.to_owned(),
        kind: news.kind.to_owned(),
        channel: channel.to_owned(),
        recipient: recipient.to_owned(),
        detail: news.detail.to_string(),
        created_ms: news.now_ms,
        next_ms: news.next_ms,
        ..Message::default()
    };
    outbox::insert(tx, &message).await?;
    Ok(message.id)
}
