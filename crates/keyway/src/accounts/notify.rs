//! Messages to people, written in the transaction of what they are about. What sends them comes later: a
//! message that could not be written did not happen, and neither did what it is about.

use super::acting::Acting;
use crate::base::{Fault, id};
use crate::store::outbox::{self, Message};
use crate::store::people;
use serde_json::Value;

/// People told of one thing at most.
pub const RECIPIENTS_MAX: i64 = 100;

/// Writes a message to `owner` (a user's id, or anything else for nobody) and to everybody who is an owner
/// or an admin of the organisation. Their addresses.
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
    let recipients = people::to_tell(&mut acting.tx, &org, owner, RECIPIENTS_MAX).await?;
    for recipient in &recipients {
        let message = Message {
            id: id::new("msg", &acting.at.clock),
            kind: kind.to_owned(),
            recipient: recipient.clone(),
            detail: detail.to_string(),
            created_ms: acting.now_ms,
            sent_ms: None,
        };
        outbox::insert(&mut acting.tx, &org, &message).await?;
    }
    Ok(recipients)
}
