//! A key that an alert has stopped works again when somebody confirms that its use was meant to be.

use crate::access::keys::Which;
use crate::access::switch::{self, Act};
use crate::accounts::check::not_there;
use crate::accounts::{Acting, Deed, Scope};
use crate::base::{Code, Refusal, Trouble};
use crate::store::alert_events::{self as rows, Event};
use crate::store::changes::NOTHING_CHANGED;
use serde_json::json;

/// Confirms the use that an event is about.
///
/// # Errors
/// `not_found`, `conflict` when nothing waits for it, `missing_scope` for who may not enable the key.
pub async fn confirm(acting: &mut Acting<'_>, id: &str) -> Result<Event, Trouble> {
    let org = acting.org.clone();
    let among = acting.actor.rights.places(Scope::READ_BUDGETS);
    let seen = |event: &Event| {
        among.as_ref().is_none_or(|among| event.project.as_ref().is_some_and(|place| among.contains(place)))
    };
    let found = rows::one(&mut acting.tx, &org, id).await?.filter(seen);
    let mut event = found.ok_or_else(|| not_there("alert event"))?;
    let Some(key) = event.key.clone().filter(|_| event.waits()) else {
        return Err(Refusal::new(Code::Conflict, "Nothing waits for a confirmation of this.").into());
    };
    switch::act(acting, &Which { admin: false, project: None, id: &key }, Act::Enable).await?;
    event.confirmed_ms = Some(acting.now_ms);
    rows::confirm(&mut acting.tx, &event.id, acting.now_ms).await?;
    let deed = Deed {
        name: "alert.confirmed",
        kind: NOTHING_CHANGED,
        project: event.project.as_deref(),
        object: &event.id,
        detail: json!({ "alert_id": event.alert, "api_key_id": key }),
    };
    acting.record(deed).await?;
    Ok(event)
}
