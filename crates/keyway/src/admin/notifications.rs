//! `/notifications`: what people are to be told, and whether it was sent.

use super::ask::{Caller, Page, Query, handlers};
use super::json::{self, List, seconds};
use crate::base::Trouble;
use crate::relay::{Inbound, Outbound, Shared};
use crate::store::outbox::{self, Message};
use serde::Serialize;
use serde_json::value::RawValue;

/// A message.
#[derive(Debug, Serialize)]
pub struct NotificationObject<'a> {
    object: &'static str,
    /// `msg_...`
    pub id: &'a str,
    #[serde(rename = "type")]
    kind: &'a str,
    recipient: &'a str,
    created_at: i64,
    sent_at: Option<i64>,
    detail: Option<Box<RawValue>>,
}

impl<'a> NotificationObject<'a> {
    /// The object of a row.
    #[must_use]
    pub fn new(row: &'a Message) -> Self {
        Self {
            object: "organization.notification",
            id: &row.id,
            kind: &row.kind,
            recipient: &row.recipient,
            created_at: seconds(row.created_ms),
            sent_at: row.sent_ms.map(seconds),
            detail: RawValue::from_string(row.detail.clone()).ok(),
        }
    }
}

handlers! {
    /// GET `/notifications`
    list = list_of();
}

async fn list_of(shared: &Shared, inbound: &Inbound, caller: &Caller) -> Result<Outbound, Trouble> {
    let mut query = Query::of(inbound);
    let page = Page::read(&mut query, "msg")?;
    query.finish()?;
    let mut conn = shared.at.db.connection().await?;
    let mut found =
        outbox::list(&mut conn, &caller.org, page.newest_first, &page.after, page.limit + 1).await?;
    let more = json::cut(&mut found, &page);
    json::answer(&list_object(&found, more))
}

/// The list of some messages.
#[must_use]
pub fn list_object(found: &[Message], more: bool) -> List<NotificationObject<'_>> {
    let objects = found.iter().map(NotificationObject::new).collect();
    List::new(objects, more, |object: &NotificationObject<'_>| object.id)
}
