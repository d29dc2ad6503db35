//! `/notifications`: what people and programs are to be told, and whether it was sent.

use super::ask::{self, Caller, Page, Query, handlers};
use super::body::Body;
use super::json::{self, List, seconds};
use super::write::begin;
use crate::base::Trouble;
use crate::relay::{Inbound, Outbound, Shared};
use crate::store::outbox::{self, Message};
use crate::watch::webhooks as service;
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
    channel: &'a str,
    recipient: &'a str,
    created_at: i64,
    sent_at: Option<i64>,
    status: &'static str,
    attempts: i64,
    next_attempt_at: Option<i64>,
    error: Option<&'a str>,
    detail: Option<Box<RawValue>>,
}

impl<'a> NotificationObject<'a> {
    /// The object of a row.
    #[must_use]
    pub fn new(row: &'a Message) -> Self {
        let waits = row.sent_ms.is_none() && row.failed_ms.is_none();
        Self {
            object: "organization.notification",
            id: &row.id,
            kind: &row.kind,
            channel: &row.channel,
            recipient: &row.recipient,
            created_at: seconds(row.created_ms),
            sent_at: row.sent_ms.map(seconds),
            status: row.status(),
            attempts: row.attempts,
            next_attempt_at: (waits && row.next_ms > 0).then(|| seconds(row.next_ms)),
            error: row.last_error.as_deref(),
            detail: RawValue::from_string(row.detail.clone()).ok(),
        }
    }
}

handlers! {
    /// GET `/notifications`
    list = list_of();
    /// POST `/notifications/{notification}/replay`
    replay = replay_one();
}

async fn list_of(shared: &Shared, inbound: &Inbound, caller: &Caller) -> Result<Outbound, Trouble> {
    let mut query = Query::of(inbound);
    let page = Page::read(&mut query, "msg")?;
    let failed = query.word("failed", &[("true", true), ("false", false)])?.unwrap_or(false);
    query.finish()?;
    let mut conn = shared.at.db.connection().await?;
    let (newest, after) = (page.newest_first, page.after.as_str());
    let mut found = outbox::list(&mut conn, &caller.org, failed, newest, after, page.limit + 1).await?;
    let more = json::cut(&mut found, &page);
    json::answer(&list_object(&found, more))
}

/// The list of some messages.
#[must_use]
pub fn list_object(found: &[Message], more: bool) -> List<NotificationObject<'_>> {
    let objects = found.iter().map(NotificationObject::new).collect();
    List::new(objects, more, |object: &NotificationObject<'_>| object.id)
}

async fn replay_one(shared: &Shared, inbound: &Inbound, caller: &Caller) -> Result<Outbound, Trouble> {
    Query::of(inbound).finish()?;
    Body::parse(&inbound.body)?.finish(&[])?;
    let mut write = begin!(shared, inbound, caller);
    let message = service::replay(&mut write.acting, ask::path_param(inbound, 0)?).await?;
    write.finish(&NotificationObject::new(&message)).await
}
