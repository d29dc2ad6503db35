//! What is done to organisations: the operator makes, renames and archives them; each says from
//! where its keys work.

use super::acting::{Acting, Deed};
use super::check::{check_name, check_networks, not_there};
use super::may::Subject;
use super::projects;
use super::scope::Scope;
use super::tiers;
use crate::base::{Trouble, id};
use crate::store::changes::{ORGANIZATION_CHANGED, ORGANIZATION_STOPPED};
use crate::store::organizations::{self as rows, Organization};
use crate::store::{spent, tenants};
use ledger::NanoUsd;
use serde_json::json;

/// Makes an organisation with a project called `Default`, and with the starting credit of its tier. The act
/// goes on in it.
///
/// # Errors
/// A refusal that names the field; who is not the operator makes none.
pub async fn create(
    acting: &mut Acting<'_>,
    name: &str,
    tier: Option<&str>,
) -> Result<Organization, Trouble> {
    acting.may(Scope::CREATE_SETTINGS, Subject::Installation)?;
    check_name("name", name)?;
    let organization = Organization {
        id: id::new("org", &acting.at.clock),
        name: name.to_owned(),
        created_ms: acting.now_ms,
        archived_ms: None,
        ip_allowlist: None,
        tier_id: tier.map(str::to_owned),
    };
    tenants::insert_org(&mut acting.tx, &organization.id, name, acting.now_ms).await?;
    acting.org.clone_from(&organization.id);
    record(acting, "organization.created", ORGANIZATION_CHANGED, &organization).await?;
    if tier.is_some() {
        tiers::assign(acting, tier, NanoUsd::ZERO).await?;
    }
    let first = projects::Wanted { name: Some("Default".to_owned()), ..projects::Wanted::default() };
    projects::create(acting, &first).await?;
    Ok(organization)
}

/// What is to be different of an organisation; what is absent stays.
#[derive(Debug, Clone, Default)]
pub struct Wanted {
    /// Its name.
    pub name: Option<String>,
    /// Its tier; `None` within: none.
    pub tier: Option<Option<String>>,
}

/// Renames an organisation, or gives it a tier.
///
/// # Errors
/// `not_found`, a refusal that names the field.
pub async fn update(acting: &mut Acting<'_>, id: &str, wanted: &Wanted) -> Result<Organization, Trouble> {
    acting.may(Scope::UPDATE_SETTINGS, Subject::Installation)?;
    let mut organization = find(acting, id).await?;
    if let Some(name) = &wanted.name {
        check_name("name", name)?;
        organization.name.clone_from(name);
        rows::update(&mut acting.tx, &organization).await?;
    }
    if let Some(tier) = &wanted.tier {
        let charged = spent::of_balance(&mut acting.tx, &organization.id).await?.charged;
        tiers::assign(acting, tier.as_deref(), charged).await?;
        organization.tier_id.clone_from(tier);
    }
    record(acting, "organization.updated", ORGANIZATION_CHANGED, &organization).await?;
    Ok(organization)
}

/// Archives an organisation: its keys are refused from then on. One that is archived stays so.
///
/// # Errors
/// `not_found`.
pub async fn archive(acting: &mut Acting<'_>, id: &str) -> Result<Organization, Trouble> {
    acting.may(Scope::DELETE_SETTINGS, Subject::Installation)?;
    let mut organization = find(acting, id).await?;
    if organization.archived_ms.is_none() {
        organization.archived_ms = Some(acting.now_ms);
        rows::update(&mut acting.tx, &organization).await?;
        record(acting, "organization.archived", ORGANIZATION_STOPPED, &organization).await?;
    }
    Ok(organization)
}

/// Says from where the organisation's keys work; `None`: from anywhere.
///
/// # Errors
/// A refusal that names the entry.
pub async fn set_networks(
    acting: &mut Acting<'_>,
    networks: Option<&[String]>,
) -> Result<Organization, Trouble> {
    acting.may(Scope::UPDATE_SETTINGS, Subject::Organization)?;
    check_networks(networks.unwrap_or_default())?;
    let id = acting.org.clone();
    let mut organization = find(acting, &id).await?;
    organization.ip_allowlist = networks.map(|networks| json!(networks).to_string());
    rows::update(&mut acting.tx, &organization).await?;
    record(acting, "ip_allowlist.updated", ORGANIZATION_CHANGED, &organization).await?;
    Ok(organization)
}

async fn find(acting: &mut Acting<'_>, id: &str) -> Result<Organization, Trouble> {
    let found = rows::organization(&mut acting.tx, id).await?.ok_or_else(|| not_there("organization"))?;
    acting.org.clone_from(&found.id);
    Ok(found)
}

async fn record(
    acting: &mut Acting<'_>,
    name: &'static str,
    kind: &'static str,
    organization: &Organization,
) -> Result<(), Trouble> {
    let detail = json!({ "name": organization.name, "ip_allowlist": organization.ip_allowlist,
        "archived_ms": organization.archived_ms, "tier_id": organization.tier_id });
    Ok(acting.record(Deed { name, kind, project: None, object: &organization.id, detail }).await?)
}
