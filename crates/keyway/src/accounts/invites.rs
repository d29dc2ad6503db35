//! Invitations: a role that waits. What it gives is bounded twice: by what its maker may when it is made,
//! and by what its maker may when it is taken up.

use super::acting::{Acting, Deed};
use super::check::{email, not_there};
use super::load::Given;
use super::may::Subject;
use super::members;
use super::project_members;
use super::projects;
use super::rights::Rights;
use super::scope::Scope;
use crate::base::{Code, Refusal, Trouble, id};
use crate::store::changes::NOTHING_CHANGED;
use crate::store::invites::{self as rows, Invite};
use crate::store::people::Member;
use serde::{Deserialize, Serialize};
use serde_json::json;

/// How long an invitation waits, milliseconds: seven days.
pub const INVITE_MS: i64 = 7 * 24 * 3600 * 1000;
/// Projects of an invitation at most.
pub const PROJECTS_MAX: usize = 100;

/// A project that comes with an invitation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Place {
    /// `proj_...`
    pub id: String,
    /// A role in the project.
    pub role: String,
}

/// Makes an invitation. `token_digest` is of the token that takes it up, which nobody keeps.
///
/// # Errors
/// A refusal that names the field, `missing_scope` for roles that hold more than the actor.
pub async fn create(
    acting: &mut Acting<'_>,
    address: &str,
    role: &str,
    places: &[Place],
    token_digest: &str,
) -> Result<Invite, Trouble> {
    acting.may(Scope::CREATE_MEMBERS, Subject::Organization)?;
    let address = email(address)?;
    let role = given(acting, role, places).await?;
    let (maker_kind, maker_id) = acting.maker();
    let invite = Invite {
        id: id::new("invite", &acting.at.clock),
        org_id: acting.org.clone(),
        email: address,
        role,
        projects: json!(places).to_string(),
        maker_kind: maker_kind.to_owned(),
        maker_id: maker_id.to_owned(),
        created_ms: acting.now_ms,
        expires_ms: acting.now_ms + INVITE_MS,
        accepted_ms: None,
    };
    rows::insert(&mut acting.tx, &invite, token_digest).await?;
    record(acting, "invite.sent", &invite).await?;
    Ok(invite)
}

/// Takes an invitation back.
///
/// # Errors
/// `not_found`, `conflict` for one that was taken up.
pub async fn remove(acting: &mut Acting<'_>, id: &str) -> Result<(), Trouble> {
    acting.may(Scope::DELETE_MEMBERS, Subject::Organization)?;
    let org = acting.org.clone();
    let invite = rows::one(&mut acting.tx, &org, id).await?.ok_or_else(|| not_there("invite"))?;
    if invite.accepted_ms.is_some() {
        let message = "This invitation was taken up. Remove the user instead.";
        return Err(Refusal::new(Code::Conflict, message).into());
    }
    rows::remove(&mut acting.tx, id).await?;
    record(acting, "invite.deleted", &invite).await
}

/// Takes an invitation up, in an act with what its maker may now.
///
/// # Errors
/// `not_found` when it is over, `missing_scope` when its maker may give it no longer.
pub async fn accept(acting: &mut Acting<'_>, invite: &Invite, name: &str) -> Result<Member, Trouble> {
    let over = invite.accepted_ms.is_some() || invite.expires_ms <= acting.now_ms;
    if over || !rows::accept(&mut acting.tx, &invite.id, acting.now_ms).await? {
        return Err(not_there("invitation").into());
    }
    acting.may(Scope::CREATE_MEMBERS, Subject::Organization)?;
    let places: Vec<Place> = serde_json::from_str(&invite.projects).unwrap_or_default();
    let role = given(acting, &invite.role, &places).await?;
    let member = members::join(acting, &invite.email, name, &role).await?;
    for place in &places {
        project_members::add(acting, &place.id, &member.id, &place.role).await?;
    }
    record(acting, "invite.accepted", invite).await?;
    Ok(member)
}

/// Checks that the actor may give all of it; the role as it is kept.
async fn given(acting: &mut Acting<'_>, role: &str, places: &[Place]) -> Result<String, Trouble> {
    if places.len() > PROJECTS_MAX {
        let message = format!("`projects` takes at most {PROJECTS_MAX} entries.");
        return Err(Refusal::field("projects", message).into());
    }
    let (role, of_org) = members::find_role(acting, None, "role", role).await?;
    acting.may_grant(&members::anywhere(of_org), "role")?;
    for place in places {
        projects::find(acting, &place.id)
            .await
            .map_err(|_| Refusal::field("projects", "`projects` names a project that is not there."))?;
        let (_, there) = members::find_role(acting, Some(&place.id), "projects", &place.role).await?;
        if !matches!(there, Given::Predefined(role) if role.name == "member") {
            let mut rights = Rights::none();
            rights.add(&place.id, there.held());
            acting.may_grant(&rights, "projects")?;
        }
    }
    Ok(role)
}

async fn record(acting: &mut Acting<'_>, name: &'static str, invite: &Invite) -> Result<(), Trouble> {
    let detail = json!({ "email": invite.email, "role": invite.role, "projects": invite.projects });
    let deed = Deed { name, kind: NOTHING_CHANGED, project: None, object: &invite.id, detail };
    Ok(acting.record(deed).await?)
}
