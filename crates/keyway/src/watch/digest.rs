//! What is told quietly: one message a day, of everything that was worth telling since the one before.

use crate::accounts::Acting;
use crate::accounts::notify::{self, News};
use crate::base::Fault;
use crate::base::fault::Doing;
use crate::store::outbox::{self, EMAIL};
use serde_json::{Value, json};

/// The name of its messages.
pub const KIND: &str = "alert.digest";
/// A message waits so long for what comes after its first entry, milliseconds: a day.
const COLLECTED_MS: i64 = 86_400_000;
/// One that leaves so soon takes nothing more: its sender may have it in hand, milliseconds.
const LEAVING_MS: i64 = 60_000;
/// Entries that are written out at most; the rest are counted.
pub const ENTRIES_MAX: usize = 100;

/// Adds an event to the message that waits for somebody, or begins one.
///
/// # Errors
/// When the database cannot be used.
pub async fn add(acting: &mut Acting<'_>, recipient: &str, event: &Value) -> Result<(), Fault> {
    let (org, now_ms) = (acting.org.clone(), acting.now_ms);
    let waiting = outbox::waiting(&mut acting.tx, &org, KIND, recipient, now_ms + LEAVING_MS).await?;
    if let Some(message) = waiting {
        let mut detail: Value = serde_json::from_str(&message.detail).doing("reading a digest")?;
        join(&mut detail, event);
        return outbox::rewrite(&mut acting.tx, &message.id, &detail.to_string()).await;
    }
    let mut detail = json!({ "count": 0, "events": [] });
    join(&mut detail, event);
    let news = News { org: &org, kind: KIND, detail: &detail, now_ms, next_ms: now_ms + COLLECTED_MS };
    notify::write(&mut acting.tx, &acting.at.clock, &news, EMAIL, recipient).await?;
    Ok(())
}

fn join(detail: &mut Value, event: &Value) {
    detail["count"] = json!(detail["count"].as_u64().unwrap_or(0) + 1);
    if let Some(events) = detail["events"].as_array_mut().filter(|events| events.len() < ENTRIES_MAX) {
        events.push(json!({ "event_id": event["event_id"], "at": event["at"], "title": event["title"],
                            "summary": event["summary"], "act": event["act"] }));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn beyond_the_bound_entries_are_counted() {
        let mut detail = json!({ "count": 0, "events": [] });
        for number in 0..=ENTRIES_MAX {
            join(&mut detail, &json!({"title": number.to_string()}));
        }
        assert_eq!(
            (detail["count"].as_u64(), detail["events"].as_array().map(Vec::len)),
            (Some(101), Some(100))
        );
        assert_eq!(detail["events"][99]["title"], "99");
    }
}
