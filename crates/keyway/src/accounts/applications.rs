//! What an organisation asks of the operator, and what the operator decides: to be verified as a developer,
//! and so to get another tier; to have larger limits than its tier gives.

use super::acting::{Acting, Deed};
use super::check::{check_text, not_there};
use super::may::Subject;
use super::scope::Scope;
use super::tiers;
use crate::base::{Code, Refusal, Trouble, id};
use crate::store::applications::{self as rows, Application, Filter};
use crate::store::changes::{LIMITS_CHANGED, NOTHING_CHANGED, ORGANIZATION_CHANGED};
use crate::store::limits::{self, Edit};
use crate::store::spent;
use ledger::limit::Kind as LimitKind;
use serde_json::{Value, json};

/// Applications of an organisation that wait for a decision at most, of each kind.
const PENDING_MAX: usize = 3;
/// The tier that a verified developer gets unless the operator says another.
const DEVELOPER_TIER: &str = "tier_developer";
/// Characters of a text at most.
const TEXT_CHARS_MAX: usize = 2_000;

/// What is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// To be verified as a developer.
    Verification,
    /// To have larger limits.
    LimitIncrease,
}

impl Kind {
    /// Its name in the database.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Verification => "verification",
            Self::LimitIncrease => "limit_increase",
        }
    }

    /// What its ids begin with.
    #[must_use]
    pub fn prefix(self) -> &'static str {
        match self {
            Self::Verification => "vrq",
            Self::LimitIncrease => "lrq",
        }
    }

    fn events(self) -> [&'static str; 2] {
        match self {
            Self::Verification => ["verification_request.created", "verification_request.decided"],
            Self::LimitIncrease => ["limit_increase_request.created", "limit_increase_request.decided"],
        }
    }
}

/// What an organisation writes.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Wanted {
    /// What it is for.
    pub purpose: String,
    /// How much use is expected, in the organisation's own words.
    pub expected_volume: Option<String>,
    /// Where the project is found.
    pub website: Option<String>,
    /// The limits it asks for.
    pub limits: Option<Edit>,
}

/// What the operator decides.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Decision {
    /// Yes or no.
    pub approve: bool,
    /// What is said to who asked.
    pub note: Option<String>,
    /// The tier it gets; absent: of a verification the developers'.
    pub tier: Option<String>,
    /// The organisation's limits; absent: those it asked for.
    pub limits: Option<Edit>,
}

/// Asks for the organisation acted in.
///
/// # Errors
/// A refusal that names the field; `conflict` when as much waits already.
pub async fn ask(acting: &mut Acting<'_>, kind: Kind, wanted: &Wanted) -> Result<Application, Trouble> {
    acting.may(Scope::UPDATE_SETTINGS, Subject::Organization)?;
    if wanted.purpose.trim().is_empty() {
        return Err(Refusal::field("purpose", "Say in `purpose` what it is for.").into());
    }
    check_text("purpose", &wanted.purpose, TEXT_CHARS_MAX)?;
    for (field, text) in [("expected_volume", &wanted.expected_volume), ("website", &wanted.website)] {
        check_text(field, text.as_deref().unwrap_or_default(), TEXT_CHARS_MAX)?;
    }
    let named = |limits: &Edit| limits.iter().any(|limit| limit.flatten().is_some());
    if kind == Kind::LimitIncrease && !wanted.limits.as_ref().is_some_and(named) {
        let message = "Say in `rate_limits` which limits are too small, and what they should be.";
        return Err(Refusal::field("rate_limits", message).into());
    }
    let org = acting.org.clone();
    let filter = Filter { kind: kind.name(), org: &org, status: "pending" };
    let waiting = rows::list(&mut acting.tx, &filter, true, "", i64::MAX).await?;
    if waiting.len() >= PENDING_MAX {
        let message = format!("{PENDING_MAX} of these wait for a decision already.");
        return Err(Refusal::new(Code::Conflict, message).into());
    }
    let asked = json!({ "purpose": wanted.purpose, "expected_volume": wanted.expected_volume,
        "website": wanted.website, "rate_limits": wanted.limits.as_ref().map(shown) });
    let application = Application {
        id: id::new(kind.prefix(), &acting.at.clock),
        kind: kind.name().to_owned(),
        org_id: org,
        asked_by: acting.author.id.clone(),
        created_ms: acting.now_ms,
        asked: asked.to_string(),
        status: "pending".to_owned(),
        ..Application::default()
    };
    rows::put(&mut acting.tx, &application).await?;
    record(acting, kind.events()[0], NOTHING_CHANGED, &application, asked).await?;
    Ok(application)
}

/// Decides an application. One that is decided stays so.
///
/// # Errors
/// `not_found`, `conflict`, a refusal that names the field; who is not the operator decides none.
pub async fn decide(
    acting: &mut Acting<'_>,
    kind: Kind,
    id: &str,
    decision: &Decision,
) -> Result<Application, Trouble> {
    acting.may(Scope::UPDATE_SETTINGS, Subject::Installation)?;
    let found = rows::one(&mut acting.tx, kind.name(), "", id).await?;
    let mut application = found.ok_or_else(|| not_there("request"))?;
    if application.status != "pending" {
        let message = format!("It was {} already.", application.status);
        return Err(Refusal::new(Code::Conflict, message).into());
    }
    check_text("note", decision.note.as_deref().unwrap_or_default(), TEXT_CHARS_MAX)?;
    if !decision.approve && (decision.tier.is_some() || decision.limits.is_some()) {
        let field = if decision.tier.is_some() { "tier_id" } else { "rate_limits" };
        return Err(Refusal::field(field, format!("`{field}` is what an approval gives.")).into());
    }
    acting.org.clone_from(&application.org_id);
    let mut change = NOTHING_CHANGED;
    if decision.approve {
        let tier = match (decision.tier.as_deref(), kind) {
            (None, Kind::Verification) => Some(DEVELOPER_TIER),
            (tier, _) => tier,
        };
        if let Some(tier) = tier {
            let charged = spent::of_balance(&mut acting.tx, &application.org_id).await?.charged;
            tiers::assign(acting, Some(tier), charged).await?;
            change = ORGANIZATION_CHANGED;
        }
        if kind == Kind::LimitIncrease {
            let asked = asked_limits(&application.asked);
            let limits = decision.limits.unwrap_or(asked);
            limits::edit(&mut acting.tx, &application.org_id, "", &limits).await?;
            change = if tier.is_some() { ORGANIZATION_CHANGED } else { LIMITS_CHANGED };
        }
    }
    let status = if decision.approve { "approved" } else { "rejected" };
    status.clone_into(&mut application.status);
    application.decided_by.clone_from(&acting.author.id);
    application.decided_ms = Some(acting.now_ms);
    application.note = decision.note.clone().unwrap_or_default();
    rows::put(&mut acting.tx, &application).await?;
    let detail = json!({ "status": status, "note": application.note, "tier_id": decision.tier,
        "rate_limits": decision.limits.as_ref().map(shown) });
    record(acting, kind.events()[1], change, &application, detail).await?;
    Ok(application)
}

async fn record(
    acting: &mut Acting<'_>,
    name: &'static str,
    change: &'static str,
    application: &Application,
    detail: Value,
) -> Result<(), Trouble> {
    let deed = Deed { name, kind: change, project: None, object: &application.id, detail };
    Ok(acting.record_for(deed, &application.org_id).await?)
}

/// Limits as they are written: those that are named.
fn shown(limits: &Edit) -> Value {
    let named =
        LimitKind::ALL.into_iter().zip(limits).filter_map(|(kind, limit)| Some((kind.name(), (*limit)?)));
    named.map(|(name, limit)| (name.to_owned(), json!(limit))).collect::<serde_json::Map<_, _>>().into()
}

fn asked_limits(asked: &str) -> Edit {
    let asked: Value = serde_json::from_str(asked).unwrap_or_default();
    let of =
        |kind: LimitKind| asked["rate_limits"][kind.name()].as_u64().and_then(|it| u32::try_from(it).ok());
    LimitKind::ALL.map(|kind| of(kind).map(Some))
}
