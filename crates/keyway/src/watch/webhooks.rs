//! What is done to webhooks: make, edit, test, remove; and messages that are to be tried anew.

use crate::accounts::check::{check_name, not_there};
use crate::accounts::notify::{self, News};
use crate::accounts::{Acting, Deed, Scope, Subject};
use crate::base::{Code, Refusal, Secret, Trouble, id};
use crate::egress;
use crate::store::changes::NOTHING_CHANGED;
use crate::store::outbox::{self, Message, WEBHOOK};
use crate::store::webhooks::{self as rows, WEBHOOKS_MAX, Webhook};
use serde_json::{Value, json};

/// Forms of what is sent.
pub const FORMS: [&str; 2] = ["standard", "slack"];

/// A webhook about to be made.
#[derive(Debug, Clone)]
pub struct NewWebhook {
    /// Its name.
    pub name: String,
    /// Where it leads.
    pub url: String,
    /// One of [`FORMS`].
    pub form: &'static str,
}

/// What is to be different; absent fields stay.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Edit {
    /// Its name.
    pub name: Option<String>,
    /// Where it leads.
    pub url: Option<String>,
    /// Whether it is sent to.
    pub enabled: Option<bool>,
    /// It signs with another secret from now on.
    pub rotate_secret: bool,
}

/// Makes a webhook; its secret is told this once.
///
/// # Errors
/// A refusal that names the field, `conflict` for too many.
pub async fn create(acting: &mut Acting<'_>, new: &NewWebhook) -> Result<(Webhook, Secret), Trouble> {
    check_name("name", &new.name)?;
    let url_shown = shown(&new.url)?;
    acting.may(Scope::CREATE_BUDGETS, Subject::Organization)?;
    let org = acting.org.clone();
    let there = rows::list(&mut acting.tx, &org, false, "", WEBHOOKS_MAX).await?;
    if i64::try_from(there.len()).is_ok_and(|count| count >= WEBHOOKS_MAX) {
        let message =
            format!("An organisation has at most {WEBHOOKS_MAX} webhooks. Remove one that is not needed.");
        return Err(Refusal::new(Code::Conflict, message).into());
    }
    let id = id::new("wh", &acting.at.clock);
    let webhook = Webhook {
        url_sealed: acting.at.master.outward().seal(&id, &new.url)?,
        url_shown,
        id,
        org,
        name: new.name.clone(),
        form: new.form.to_owned(),
        secret_version: 1,
        created_ms: acting.now_ms,
        disabled_ms: None,
    };
    rows::insert(&mut acting.tx, &webhook).await?;
    record(acting, "webhook.created", &webhook, json!({ "name": webhook.name, "to": webhook.url_shown }))
        .await?;
    let secret = secret(acting, &webhook);
    Ok((webhook, secret))
}

/// Edits a webhook; the new secret when it was rotated.
///
/// # Errors
/// `not_found`, a refusal that names the field.
pub async fn edit(
    acting: &mut Acting<'_>,
    id: &str,
    edit: &Edit,
) -> Result<(Webhook, Option<Secret>), Trouble> {
    let mut webhook = find(acting, id, Scope::UPDATE_BUDGETS).await?;
    if let Some(name) = &edit.name {
        check_name("name", name)?;
        webhook.name.clone_from(name);
    }
    if let Some(url) = &edit.url {
        webhook.url_shown = shown(url)?;
        webhook.url_sealed = acting.at.master.outward().seal(&webhook.id, url)?;
    }
    if let Some(enabled) = edit.enabled {
        webhook.disabled_ms = (!enabled).then_some(webhook.disabled_ms.unwrap_or(acting.now_ms));
    }
    webhook.secret_version += i64::from(edit.rotate_secret);
    rows::update(&mut acting.tx, &webhook, None).await?;
    let detail = json!({ "name": webhook.name, "to": webhook.url_shown, "enabled": webhook.disabled_ms.is_none(),
                         "rotated": edit.rotate_secret });
    record(acting, "webhook.updated", &webhook, detail).await?;
    let secret = edit.rotate_secret.then(|| secret(acting, &webhook));
    Ok((webhook, secret))
}

/// Removes a webhook; what waits for it is given up.
///
/// # Errors
/// `not_found`.
pub async fn remove(acting: &mut Acting<'_>, id: &str) -> Result<Webhook, Trouble> {
    let webhook = find(acting, id, Scope::DELETE_BUDGETS).await?;
    let now_ms = acting.now_ms;
    rows::update(&mut acting.tx, &webhook, Some(now_ms)).await?;
    outbox::give_up(&mut acting.tx, &webhook.id, "the webhook was removed", now_ms).await?;
    record(acting, "webhook.deleted", &webhook, json!({ "name": webhook.name })).await?;
    Ok(webhook)
}

/// Sends a message to see that it arrives.
///
/// # Errors
/// `not_found`, `conflict` for a webhook that is disabled.
pub async fn test(acting: &mut Acting<'_>, id: &str) -> Result<Message, Trouble> {
    let webhook = find(acting, id, Scope::UPDATE_BUDGETS).await?;
    if webhook.disabled_ms.is_some() {
        return Err(Refusal::new(Code::Conflict, "This webhook is disabled. Enable it first.").into());
    }
    let detail = json!({ "webhook_id": webhook.id, "name": webhook.name });
    let news =
        News { org: &webhook.org, kind: "webhook.test", detail: &detail, now_ms: acting.now_ms, next_ms: 0 };
    let message = notify::write(&mut acting.tx, &acting.at.clock, &news, WEBHOOK, &webhook.id).await?;
    record(acting, "webhook.tested", &webhook, json!({})).await?;
    the_message(acting, &message).await
}

/// Lets a message that was given up, or waits, be tried at once and anew.
///
/// # Errors
/// `not_found`, `conflict` for one that was sent.
pub async fn replay(acting: &mut Acting<'_>, id: &str) -> Result<Message, Trouble> {
    acting.may(Scope::UPDATE_BUDGETS, Subject::Organization)?;
    let message = the_message(acting, id).await?;
    if !outbox::replay(&mut acting.tx, &message.id).await? {
        return Err(Refusal::new(Code::Conflict, "This message was sent. It is not sent twice.").into());
    }
    let deed = Deed {
        name: "notification.replayed",
        kind: NOTHING_CHANGED,
        project: None,
        object: &message.id,
        detail: json!({ "recipient": message.recipient }),
    };
    acting.record(deed).await?;
    the_message(acting, id).await
}

async fn the_message(acting: &mut Acting<'_>, id: &str) -> Result<Message, Trouble> {
    let org = acting.org.clone();
    Ok(outbox::one(&mut acting.tx, &org, id).await?.ok_or_else(|| not_there("notification"))?)
}

async fn find(acting: &mut Acting<'_>, id: &str, scope: Scope) -> Result<Webhook, Trouble> {
    let org = acting.org.clone();
    let found = rows::one(&mut acting.tx, &org, id).await?.ok_or_else(|| not_there("webhook"))?;
    acting.may(scope, Subject::Organization)?;
    Ok(found)
}

/// Scheme and host: the rest is often a secret.
fn shown(url: &str) -> Result<String, Refusal> {
    egress::origin(url).map_err(|denied| Refusal::field("url", format!("`url`: {denied}.")))
}

fn secret(acting: &Acting<'_>, webhook: &Webhook) -> Secret {
    acting.at.master.outward().webhook_secret(&webhook.id, webhook.secret_version)
}

async fn record(
    acting: &mut Acting<'_>,
    name: &'static str,
    webhook: &Webhook,
    detail: Value,
) -> Result<(), Trouble> {
    let deed = Deed { name, kind: NOTHING_CHANGED, project: None, object: &webhook.id, detail };
    Ok(acting.record(deed).await?)
}
