//! People by themselves, whatever organisations they are in.

use super::acting::{Acting, Deed};
use super::check::{check_name, email};
use crate::base::{Code, Refusal, Trouble, id};
use crate::store::changes::PRINCIPAL_CHANGED;
use crate::store::people::{self, Member};
use crate::store::persons::{self, Person};
use serde_json::json;

/// Somebody about to have an account.
pub struct NewPerson<'a> {
    /// Their address.
    pub email: &'a str,
    /// What they call themselves.
    pub name: &'a str,
    /// The hash of their password.
    pub password_hash: &'a str,
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

/// Gives somebody an account: a person with a password. Who was made a member before by their address
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
            if persons::password(&mut acting.tx, &person.id).await?.is_some() {
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
    persons::set_password(&mut acting.tx, &person.id, new.password_hash, acting.now_ms).await?;
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
