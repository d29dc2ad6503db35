//! People by themselves, whatever organisations they are in.

use super::acting::{Acting, Deed};
use super::check::{NAME_CHARS_MAX, check_name, email, not_there};
use super::{load, projects};
use crate::base::{Code, Refusal, Trouble, id};
use crate::store::changes::{NOTHING_CHANGED, ORGANIZATION_CHANGED, PRINCIPAL_CHANGED};
use crate::store::people::{self, Member};
use crate::store::persons::{self, Person};
use crate::store::{identities, organizations, tenants};
use serde_json::json;

/// Somebody about to have an account.
pub struct NewPerson<'a> {
    /// Their address.
    pub email: &'a str,
    /// What they call themselves.
    pub name: &'a str,
    /// The hash of their password; `None` for who comes by an identity elsewhere.
    pub password_hash: Option<&'a str>,
}

/// Makes the first person: the installation's operator, and owner of the organisation acted in.
///
/// # Errors
/// A refusal that names the field, `conflict` when there is an operator.
pub async fn set_up(acting: &mut Acting<'_>, new: &NewPerson<'_>) -> Result<Person, Trouble> {
    if persons::any_operator_in(&mut acting.tx).await? {
        return Err(
            Refusal::new(Code::Conflict, "This installation has an operator already. Sign in.").into()
        );
    }
    let person = Person { operator: true, ..account(acting, new).await? };
    persons::update(&mut acting.tx, &person).await?;
    join(acting, &person, "owner").await?;
    Ok(person)
}

/// What registering came to.
pub enum Registered {
    /// A new person, with an organisation of their own.
    New(Person),
    /// The address is somebody's already; nothing was changed.
    Known(Person),
}

/// Makes an account for somebody who asks for one, with an organisation of their own and a project in
/// it. An address that is known, with or without an account, stays whose it is: only who reads its mail
/// gets in.
///
/// # Errors
/// A refusal that names the field.
pub async fn register(acting: &mut Acting<'_>, new: &NewPerson<'_>) -> Result<Registered, Trouble> {
    let address = email(new.email)?;
    check_name("name", new.name)?;
    if let Some(known) = persons::by_email(&mut acting.tx, &address).await? {
        return Ok(Registered::Known(known));
    }
    let person = account(acting, new).await?;
    let org = id::new("org", &acting.at.clock);
    let name =
        format!("{}'s organisation", person.name.chars().take(NAME_CHARS_MAX - 20).collect::<String>());
    tenants::insert_org(&mut acting.tx, &org, &name, acting.now_ms).await?;
    organizations::set_registered_by(&mut acting.tx, &org, &person.id).await?;
    acting.org.clone_from(&org);
    let detail = json!({ "name": name, "registered_by": person.id });
    let deed = Deed {
        name: "organization.created",
        kind: ORGANIZATION_CHANGED,
        project: None,
        object: &org,
        detail,
    };
    acting.record(deed).await?;
    join(acting, &person, "owner").await?;
    acting.actor.rights = load::of_user(&mut acting.tx, &org, &person.id).await?.rights;
    let first = projects::Wanted { name: Some("Default".to_owned()), ..projects::Wanted::default() };
    projects::create(acting, &first).await?;
    Ok(Registered::New(person))
}

/// Refuses live keys (`test` false) in an organisation that somebody made for themselves and whose address is not
/// verified.
///
/// # Errors
/// `email_not_verified`.
pub async fn check_verified(acting: &mut Acting<'_>, test: bool) -> Result<(), Trouble> {
    let org = acting.org.clone();
    if test || !organizations::is_unverified(&mut acting.tx, &org).await? {
        return Ok(());
    }
    let message = "Live keys come with a verified address: follow the link in the message that was sent \
                   when the account was made. Test keys work at once.";
    let refusal = Refusal::new(Code::EmailNotVerified, message);
    Err(Refusal { param: Some("mode".into()), ..refusal }.into())
}

/// What somebody can change of themselves; what is absent stays.
#[derive(Debug, Clone, Default)]
pub struct Profile<'a> {
    /// What they call themselves.
    pub name: Option<&'a str>,
    /// IANA name of their time zone; empty: UTC.
    pub time_zone: Option<&'a str>,
    /// The terms they accept.
    pub terms_version: Option<&'a str>,
    /// They read what is sent to this address: theirs, or theirs from now on.
    pub address: Option<&'a str>,
    /// The hash of their password.
    pub password_hash: Option<&'a str>,
}

/// Changes a person; answers with them as they are now.
///
/// # Errors
/// A refusal that names the field, `not_found`, `conflict` for an address that is somebody's.
pub async fn change(acting: &mut Acting<'_>, user: &str, profile: &Profile<'_>) -> Result<Person, Trouble> {
    let found = persons::by_id(&mut acting.tx, user).await?;
    let mut person = found.ok_or_else(|| not_there("person"))?;
    if let Some(name) = profile.name {
        check_name("name", name)?;
        name.clone_into(&mut person.name);
    }
    if let Some(zone) = profile.time_zone {
        if !zone.is_empty() && jiff::tz::TimeZone::get(zone).is_err() {
            let message = "This is no time zone, as in Europe/Berlin. Empty: UTC.";
            return Err(Refusal::field("time_zone", message).into());
        }
        zone.clone_into(&mut person.time_zone);
    }
    if let Some(version) = profile.terms_version {
        version.clone_into(&mut person.terms_version);
        person.terms_ms = Some(acting.now_ms);
    }
    if let Some(address) = profile.address {
        let address = email(address)?;
        let holder = persons::by_email(&mut acting.tx, &address).await?;
        if holder.is_some_and(|holder| holder.id != person.id) {
            return Err(Refusal::new(Code::Conflict, "There is an account with this address.").into());
        }
        person.email = address;
        person.verified_ms = Some(acting.now_ms);
    }
    persons::update(&mut acting.tx, &person).await?;
    if let Some(hash) = profile.password_hash {
        persons::set_password(&mut acting.tx, &person.id, hash, acting.now_ms).await?;
    }
    let what: Vec<&str> = [
        ("name", profile.name.is_some()),
        ("time_zone", profile.time_zone.is_some()),
        ("terms", profile.terms_version.is_some()),
        ("address", profile.address.is_some()),
        ("password", profile.password_hash.is_some()),
    ]
    .into_iter()
    .filter_map(|(name, changed)| changed.then_some(name))
    .collect();
    let detail = json!({ "email": person.email, "changed": what });
    let deed =
        Deed { name: "account.updated", kind: NOTHING_CHANGED, project: None, object: &person.id, detail };
    acting.record(deed).await?;
    Ok(person)
}

/// Gives somebody an account: a person with a password, or about to be linked with an identity. Who was made a member before by their address
/// alone takes that place.
///
/// # Errors
/// A refusal that names the field, `conflict` for an address that has an account.
pub async fn account(acting: &mut Acting<'_>, new: &NewPerson<'_>) -> Result<Person, Trouble> {
    let address = email(new.email)?;
    check_name("name", new.name)?;
    let known = persons::by_email(&mut acting.tx, &address).await?;
    let mut person = match known {
        Some(person) => {
            let linked = identities::of_user(&mut acting.tx, &person.id, 1).await?;
            if !linked.is_empty() || persons::password(&mut acting.tx, &person.id).await?.is_some() {
                return Err(Refusal::new(Code::Conflict, "There is an account with this address.").into());
            }
            person
        }
        None => {
            let id = id::new("user", &acting.at.clock);
            people::insert_user(&mut acting.tx, &id, &address, acting.now_ms).await?;
            Person { id, email: address, created_ms: acting.now_ms, ..Person::default() }
        }
    };
    new.name.clone_into(&mut person.name);
    "en".clone_into(&mut person.language);
    persons::update(&mut acting.tx, &person).await?;
    if let Some(hash) = new.password_hash {
        persons::set_password(&mut acting.tx, &person.id, hash, acting.now_ms).await?;
    }
    record(acting, "account.created", &person).await?;
    Ok(person)
}

/// Makes a person a member of the organisation acted in, unless they are one.
async fn join(acting: &mut Acting<'_>, person: &Person, role: &str) -> Result<(), Trouble> {
    let org = acting.org.clone();
    let member = Member {
        id: person.id.clone(),
        name: person.name.clone(),
        email: person.email.clone(),
        role: role.to_owned(),
        added_ms: acting.now_ms,
    };
    match people::member(&mut acting.tx, &org, &person.id).await? {
        Some(_) => people::update_member(&mut acting.tx, &org, &member.id, &member.name, role).await?,
        None => people::insert_member(&mut acting.tx, &org, &member).await?,
    }
    let detail = json!({ "email": member.email, "name": member.name, "role": member.role });
    let deed =
        Deed { name: "user.added", kind: PRINCIPAL_CHANGED, project: None, object: &member.id, detail };
    Ok(acting.record(deed).await?)
}

async fn record(acting: &mut Acting<'_>, name: &'static str, person: &Person) -> Result<(), Trouble> {
    let detail = json!({ "email": person.email, "name": person.name });
    let deed = Deed { name, kind: PRINCIPAL_CHANGED, project: None, object: &person.id, detail };
    Ok(acting.record(deed).await?)
}
