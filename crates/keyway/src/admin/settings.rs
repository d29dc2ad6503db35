//! `/settings`: what an organisation says about itself.

use super::ask::{Caller, Query, handlers};
use super::body::Body;
use super::json;
use super::write::begin;
use crate::access::naming;
use crate::base::{Refusal, Trouble};
use crate::relay::{Inbound, Outbound, Shared};
use crate::store::settings as rows;
use serde::Serialize;

/// An organisation's settings.
#[derive(Debug, Serialize)]
pub struct SettingsObject {
    object: &'static str,
    key_name_pattern: Option<String>,
}

impl SettingsObject {
    /// Of what is set.
    #[must_use]
    pub fn new(key_name_pattern: Option<String>) -> Self {
        Self { object: "organization.settings", key_name_pattern }
    }
}

handlers! {
    /// GET `/settings`
    get = get_all();
    /// POST `/settings`
    update = update_some();
}

async fn get_all(shared: &Shared, inbound: &Inbound, caller: &Caller) -> Result<Outbound, Trouble> {
    Query::of(inbound).finish()?;
    let mut conn = shared.at.db.connection().await?;
    json::answer(&SettingsObject::new(rows::key_name_pattern(&mut conn, &caller.org).await?))
}

async fn update_some(shared: &Shared, inbound: &Inbound, caller: &Caller) -> Result<Outbound, Trouble> {
    Query::of(inbound).finish()?;
    let mut body = Body::parse(&inbound.body)?;
    let pattern = body.or_null(Body::text, "key_name_pattern")?;
    body.finish(&[])?;
    let pattern = pattern.ok_or_else(|| {
        Refusal::field("key_name_pattern", "`key_name_pattern` is missing; null takes the pattern away.")
    })?;
    let mut write = begin!(shared, inbound, caller);
    naming::set_pattern(&mut write.acting, pattern.as_deref()).await?;
    write.finish(&SettingsObject::new(pattern)).await
}
