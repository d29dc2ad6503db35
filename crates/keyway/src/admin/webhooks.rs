//! `/webhooks`: programs that are told what happens.

use super::ask::{self, Caller, Page, Query, handlers};
use super::body::Body;
use super::json::{self, Deleted, List, seconds};
use super::notifications::NotificationObject;
use super::write::begin;
use crate::accounts::check::not_there;
use crate::base::{Refusal, Trouble};
use crate::relay::{Inbound, Outbound, Shared};
use crate::store::webhooks::{self as rows, Webhook};
use crate::watch::webhooks::{self as service, Edit, FORMS, NewWebhook};
use serde::Serialize;

/// What the deletion of a webhook is called.
pub const WEBHOOK_DELETED: &str = "organization.webhook.deleted";

/// A webhook; its secret is in the answer that makes it, once.
#[derive(Debug, Serialize)]
pub struct WebhookObject<'a> {
    object: &'static str,
    /// `wh_...`
    pub id: &'a str,
    name: &'a str,
    redacted_url: String,
    format: &'a str,
    enabled: bool,
    created_at: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    secret: Option<Option<&'a str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    secret_already_shown: Option<bool>,
}

impl<'a> WebhookObject<'a> {
    /// The object of a row.
    #[must_use]
    pub fn new(row: &'a Webhook) -> Self {
        Self {
            object: "organization.webhook",
            id: &row.id,
            name: &row.name,
            redacted_url: format!("{}/...", row.url_shown),
            format: &row.form,
            enabled: row.disabled_ms.is_none(),
            created_at: seconds(row.created_ms),
            secret: None,
            secret_already_shown: None,
        }
    }

    /// With the secret that signs.
    #[must_use]
    pub fn with(row: &'a Webhook, secret: &'a str) -> Self {
        Self { secret: Some(Some(secret)), ..Self::new(row) }
    }

    /// As a repeated call hears it.
    #[must_use]
    pub fn again(row: &'a Webhook) -> Self {
        Self { secret: Some(None), secret_already_shown: Some(true), ..Self::new(row) }
    }
}

handlers! {
    /// GET `/webhooks`
    list = list_of();
    /// POST `/webhooks`
    create = create_one();
    /// GET `/webhooks/{webhook}`
    get = get_one();
    /// POST `/webhooks/{webhook}`
    update = update_one();
    /// DELETE `/webhooks/{webhook}`
    remove = remove_one();
    /// POST `/webhooks/{webhook}/test`
    test = test_one();
}

async fn list_of(shared: &Shared, inbound: &Inbound, caller: &Caller) -> Result<Outbound, Trouble> {
    let mut query = Query::of(inbound);
    let page = Page::read(&mut query, "wh")?;
    query.finish()?;
    let mut conn = shared.at.db.connection().await?;
    let mut found =
        rows::list(&mut conn, &caller.org, page.newest_first, &page.after, page.limit + 1).await?;
    let more = json::cut(&mut found, &page);
    json::answer(&list_object(&found, more))
}

/// The list of some webhooks.
#[must_use]
pub fn list_object(found: &[Webhook], more: bool) -> List<WebhookObject<'_>> {
    List::new(found.iter().map(WebhookObject::new).collect(), more, |object: &WebhookObject<'_>| object.id)
}

async fn create_one(shared: &Shared, inbound: &Inbound, caller: &Caller) -> Result<Outbound, Trouble> {
    Query::of(inbound).finish()?;
    let mut body = Body::parse(&inbound.body)?;
    let new = NewWebhook {
        name: body.needed("name")?,
        url: body.needed("url")?,
        form: body.word("format", "", &FORMS, |form| form)?.unwrap_or(FORMS[0]),
    };
    body.finish(&[])?;
    let mut write = begin!(shared, inbound, caller);
    let (row, secret) = service::create(&mut write.acting, &new).await?;
    let again = json::text(&WebhookObject::again(&row))?;
    write.finish_once(json::text(&WebhookObject::with(&row, secret.reveal()))?, &again).await
}

async fn get_one(shared: &Shared, inbound: &Inbound, caller: &Caller) -> Result<Outbound, Trouble> {
    Query::of(inbound).finish()?;
    let mut conn = shared.at.db.connection().await?;
    let found = rows::one(&mut conn, &caller.org, ask::path_param(inbound, 0)?).await?;
    json::answer(&WebhookObject::new(&found.ok_or_else(|| not_there("webhook"))?))
}

async fn update_one(shared: &Shared, inbound: &Inbound, caller: &Caller) -> Result<Outbound, Trouble> {
    Query::of(inbound).finish()?;
    let edit = read_edit(Body::parse(&inbound.body)?)?;
    let mut write = begin!(shared, inbound, caller);
    let (row, secret) = service::edit(&mut write.acting, ask::path_param(inbound, 0)?, &edit).await?;
    match secret {
        None => write.finish(&WebhookObject::new(&row)).await,
        Some(secret) => {
            let again = json::text(&WebhookObject::again(&row))?;
            write.finish_once(json::text(&WebhookObject::with(&row, secret.reveal()))?, &again).await
        }
    }
}

fn read_edit(mut body: Body) -> Result<Edit, Refusal> {
    body.is_fixed("format", "A webhook keeps its format. Make another one instead.")?;
    let edit = Edit {
        name: body.text("name")?,
        url: body.text("url")?,
        enabled: body.flag("enabled")?,
        rotate_secret: body.flag("rotate_secret")?.unwrap_or(false),
    };
    body.finish(&[])?;
    Ok(edit)
}

async fn remove_one(shared: &Shared, inbound: &Inbound, caller: &Caller) -> Result<Outbound, Trouble> {
    Query::of(inbound).finish()?;
    let mut write = begin!(shared, inbound, caller);
    let row = service::remove(&mut write.acting, ask::path_param(inbound, 0)?).await?;
    write.finish(&Deleted::new(&row.id, WEBHOOK_DELETED)).await
}

async fn test_one(shared: &Shared, inbound: &Inbound, caller: &Caller) -> Result<Outbound, Trouble> {
    Query::of(inbound).finish()?;
    Body::parse(&inbound.body)?.finish(&[])?;
    let mut write = begin!(shared, inbound, caller);
    let message = service::test(&mut write.acting, ask::path_param(inbound, 0)?).await?;
    write.finish(&NotificationObject::new(&message)).await
}
