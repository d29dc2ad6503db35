//! `/verification_requests` and `/limit_increase_requests`: asked by organisations, decided by the operator.

use super::ask::{self, Caller, Page, Query, handlers};
use super::body::Body;
use super::json::{self, List, seconds};
use super::limit_object;
use super::write::begin;
use crate::access::keys::not_there;
use crate::accounts::applications::{self as service, Decision, Kind, Wanted};
use crate::base::{Fault, Refusal, Trouble};
use crate::relay::{Inbound, Outbound, Shared};
use crate::store::applications::{self as rows, Application, Filter};
use serde::Serialize;
use serde_json::Value;

/// An application as the API writes it.
#[derive(Debug, Serialize)]
pub struct ApplicationObject<'a> {
    object: &'static str,
    /// `vrq_...`, `lrq_...`.
    pub id: &'a str,
    organization_id: &'a str,
    status: &'a str,
    created_at: i64,
    asked_by: &'a str,
    #[serde(flatten)]
    asked: Value,
    decided_at: Option<i64>,
    note: Option<&'a str>,
}

impl<'a> ApplicationObject<'a> {
    /// The object of a row.
    #[must_use]
    pub fn new(row: &'a Application) -> Self {
        let verification = row.kind == Kind::Verification.name();
        Self {
            object: match verification {
                true => "organization.verification_request",
                false => "organization.limit_increase_request",
            },
            id: &row.id,
            organization_id: &row.org_id,
            status: &row.status,
            created_at: seconds(row.created_ms),
            asked_by: &row.asked_by,
            asked: serde_json::from_str(&row.asked).unwrap_or_default(),
            decided_at: row.decided_ms.map(seconds),
            note: Some(row.note.as_str()).filter(|note| !note.is_empty()),
        }
    }
}

handlers! {
    /// GET `/verification_requests`
    list_verifications = list_of(Kind::Verification);
    /// POST `/verification_requests`
    ask_verification = ask_one(Kind::Verification);
    /// GET `/verification_requests/{verification_request}`
    get_verification = get_one(Kind::Verification);
    /// POST `/verification_requests/{verification_request}`
    decide_verification = decide_one(Kind::Verification);
    /// GET `/limit_increase_requests`
    list_increases = list_of(Kind::LimitIncrease);
    /// POST `/limit_increase_requests`
    ask_increase = ask_one(Kind::LimitIncrease);
    /// GET `/limit_increase_requests/{limit_increase_request}`
    get_increase = get_one(Kind::LimitIncrease);
    /// POST `/limit_increase_requests/{limit_increase_request}`
    decide_increase = decide_one(Kind::LimitIncrease);
}

/// The organisation whose applications a caller sees; empty: the operator sees everybody's, unless they name
/// one.
fn seen(inbound: &Inbound, caller: &Caller) -> String {
    let named = inbound.headers.get(ask::ORGANIZATION).is_some();
    if caller.actor().rights.operator && !named { String::new() } else { caller.org.to_string() }
}

async fn list_of(
    shared: &Shared,
    inbound: &Inbound,
    caller: &Caller,
    kind: Kind,
) -> Result<Outbound, Trouble> {
    let mut query = Query::of(inbound);
    let page = Page::read(&mut query, kind.prefix())?;
    let words = [("pending", "pending"), ("approved", "approved"), ("rejected", "rejected")];
    let status = query.word("status", &words)?.unwrap_or_default();
    query.finish()?;
    let org = seen(inbound, caller);
    let filter = Filter { kind: kind.name(), org: &org, status };
    let mut conn = shared.at.db.connection().await?;
    let mut found = rows::list(&mut conn, &filter, page.newest_first, &page.after, page.limit + 1).await?;
    let more = json::cut(&mut found, &page);
    let objects = found.iter().map(ApplicationObject::new).collect();
    json::answer(&List::new(objects, more, |object: &ApplicationObject<'_>| object.id))
}

async fn ask_one(
    shared: &Shared,
    inbound: &Inbound,
    caller: &Caller,
    kind: Kind,
) -> Result<Outbound, Trouble> {
    Query::of(inbound).finish()?;
    let mut body = Body::parse(&inbound.body)?;
    let wanted = Wanted {
        purpose: body.needed("purpose")?,
        expected_volume: body.text("expected_volume")?,
        website: body.text("website")?,
        limits: if kind == Kind::LimitIncrease { limit_object::key_edit(&mut body)? } else { None },
    };
    body.finish(&[])?;
    let mut write = begin!(shared, inbound, caller);
    let row = service::ask(&mut write.acting, kind, &wanted).await?;
    write.finish(&ApplicationObject::new(&row)).await
}

async fn get_one(
    shared: &Shared,
    inbound: &Inbound,
    caller: &Caller,
    kind: Kind,
) -> Result<Outbound, Trouble> {
    Query::of(inbound).finish()?;
    let mut conn = shared.at.db.connection().await?;
    let id: Result<&str, Fault> = ask::path_param(inbound, 0);
    let found = rows::one(&mut conn, kind.name(), &seen(inbound, caller), id?).await?;
    json::answer(&ApplicationObject::new(&found.ok_or_else(|| not_there("request"))?))
}

async fn decide_one(
    shared: &Shared,
    inbound: &Inbound,
    caller: &Caller,
    kind: Kind,
) -> Result<Outbound, Trouble> {
    Query::of(inbound).finish()?;
    let mut body = Body::parse(&inbound.body)?;
    let approve = body.word("decision", "", &[true, false], |yes| if yes { "approve" } else { "reject" })?;
    let missing = || Refusal::field("decision", "`decision` is missing: `approve` or `reject`.");
    let decision = Decision {
        approve: approve.ok_or_else(missing)?,
        note: body.text("note")?,
        tier: body.text("tier_id")?,
        limits: if kind == Kind::LimitIncrease { limit_object::key_edit(&mut body)? } else { None },
    };
    body.finish(&[])?;
    let mut write = begin!(shared, inbound, caller);
    let row = service::decide(&mut write.acting, kind, ask::path_param(inbound, 0)?, &decision).await?;
    write.finish(&ApplicationObject::new(&row)).await
}
