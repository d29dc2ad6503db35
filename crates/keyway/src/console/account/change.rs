//! What somebody changes of their own account.

use super::show::{Part, page};
use crate::access::session;
use crate::access::session::once::{self, Purpose};
use crate::accounts::attempts::{MAIL_ACCOUNT, SIGN_IN_ACCOUNT};
use crate::accounts::check::email;
use crate::accounts::persons::{self, Profile};
use crate::base::{Refusal, Secret, Trouble};
use crate::console::form::{Form, Wrong, token_field};
use crate::console::here::{Here, pages};
use crate::console::page::{Page, see};
use crate::console::parts::submit;
use crate::console::register;
use crate::console::setup::check_password;
use crate::mail::Letter;
use crate::relay::Outbound;
use crate::store::persons as rows;
use maud::html;

const ACCOUNT: &str = "/console/account";

pages! {
    /// POST `/console/account/profile`
    profile = set_profile;
    /// POST `/console/account/verify`
    verify = send_verify;
    /// POST `/console/account/address`
    address = ask_address;
    /// POST `/console/account/password`
    password = set_password;
    /// POST `/console/account/sessions/end`
    end = end_one;
    /// POST `/console/account/sessions/end-all`
    end_all = end_others;
    /// GET `/console/terms`
    show_terms = terms_page;
    /// POST `/console/terms`
    accept_terms = accept;
}

async fn set_profile(here: &Here<'_>) -> Result<Outbound, Trouble> {
    let form = here.form()?;
    let wanted = Profile {
        name: Some(form.text("name")),
        time_zone: Some(form.text("time_zone")),
        ..Profile::default()
    };
    let mut acting = here.act().await?;
    let done = persons::change(&mut acting, &here.person.id, &wanted).await;
    match here.settle(acting, done).await? {
        Ok(_) => Ok(see("/console/account?done=saved")),
        Err(wrong) => page(here, Part::Profile, &form, &wrong).await,
    }
}

async fn send_verify(here: &Here<'_>) -> Result<Outbound, Trouble> {
    here.form()?;
    let (shared, address) = (here.shared, &here.person.email);
    shared.desk.attempts.note(&shared.at.clock, &format!("mail {address}"), MAIL_ACCOUNT)?;
    let mut acting = here.act().await?;
    let link = once::make(&mut acting, Purpose::Verify, &here.person.id, address).await?;
    here.finish(acting).await?;
    let url = format!("{}/verify?token={}", shared.desk.public_url, link.reveal());
    shared.desk.mail.send(address, Letter::verify(url));
    Ok(see("/console/account?done=sent"))
}

async fn ask_address(here: &Here<'_>) -> Result<Outbound, Trouble> {
    let form = here.form()?;
    match send_address(here, &form).await {
        Ok(()) => Ok(see("/console/account?done=sent")),
        Err(trouble) => page(here, Part::Address, &form, &Wrong::of(trouble)?).await,
    }
}

/// Sends a link to the new address. One that is somebody's gets none, and nobody is told.
async fn send_address(here: &Here<'_>, form: &Form) -> Result<(), Trouble> {
    let (shared, address) = (here.shared, email(form.text("email"))?);
    check_current(here, form.password("current"), "current").await?;
    shared.desk.attempts.note(&shared.at.clock, &format!("mail {}", here.person.id), MAIL_ACCOUNT)?;
    let mut acting = here.act().await?;
    if rows::by_email(&mut acting.tx, &address).await?.is_some() {
        return Ok(());
    }
    let link = once::make(&mut acting, Purpose::Address, &here.person.id, &address).await?;
    here.finish(acting).await?;
    let url = format!("{}/address?token={}", shared.desk.public_url, link.reveal());
    shared.desk.mail.send(&address, Letter::new_address(url));
    Ok(())
}

async fn set_password(here: &Here<'_>) -> Result<Outbound, Trouble> {
    let form = here.form()?;
    match change_password(here, &form).await {
        Ok(()) => Ok(see("/console/account?done=saved")),
        Err(trouble) => page(here, Part::Password, &form, &Wrong::of(trouble)?).await,
    }
}

async fn change_password(here: &Here<'_>, form: &Form) -> Result<(), Trouble> {
    check_current(here, form.password("old"), "old").await?;
    check_password(form, &here.person.email, &here.person.name)?;
    let hash = here.shared.desk.passwords.hash(form.password("password")).await?;
    let mut acting = here.act().await?;
    let wanted = Profile { password_hash: Some(&hash), ..Profile::default() };
    persons::change(&mut acting, &here.person.id, &wanted).await?;
    session::end_all(&mut acting, &here.person.id, &here.grant.key).await?;
    here.finish(acting).await?;
    let url = format!("{}{ACCOUNT}", here.shared.desk.public_url);
    here.shared.desk.mail.send(&here.person.email, Letter::changed("the password", url));
    Ok(())
}

/// Refuses who does not know the person's password; a session that was left open is not enough.
///
/// # Errors
/// A refusal of the field, `rate_limit_exceeded` for too many tries.
pub async fn check_current(here: &Here<'_>, given: Secret, field: &'static str) -> Result<(), Trouble> {
    let shared = here.shared;
    shared.desk.attempts.note(
        &shared.at.clock,
        &format!("sign-in {}", here.person.email),
        SIGN_IN_ACCOUNT,
    )?;
    let hash = rows::password(&mut *shared.at.db.connection().await?, &here.person.id).await?;
    if shared.desk.passwords.check(given, hash).await? {
        return Ok(());
    }
    Err(Refusal::field(field, "This is not your password.").into())
}

async fn end_one(here: &Here<'_>) -> Result<Outbound, Trouble> {
    let form = here.form()?;
    let mut acting = here.act().await?;
    session::end(&mut acting, &here.person.id, form.text("session")).await?;
    here.finish(acting).await?;
    Ok(see("/console/account?done=ended"))
}

async fn end_others(here: &Here<'_>) -> Result<Outbound, Trouble> {
    here.form()?;
    let mut acting = here.act().await?;
    session::end_all(&mut acting, &here.person.id, &here.grant.key).await?;
    here.finish(acting).await?;
    Ok(see("/console/account?done=all-ended"))
}

async fn terms_page(here: &Here<'_>) -> Result<Outbound, Trouble> {
    Ok(terms(here, &Wrong::nothing()))
}

async fn accept(here: &Here<'_>) -> Result<Outbound, Trouble> {
    let form = here.form()?;
    if let Err(refusal) = register::check_terms(here.shared, &form) {
        return Ok(terms(here, &Wrong::from(refusal)));
    }
    let mut acting = here.act().await?;
    let wanted = Profile { terms_version: Some(&here.shared.desk.terms_version), ..Profile::default() };
    persons::change(&mut acting, &here.person.id, &wanted).await?;
    here.finish(acting).await?;
    Ok(see("/console"))
}

fn terms(here: &Here<'_>, wrong: &Wrong) -> Outbound {
    let body = html! {
        form .panel-card.narrow method="post" action="/console/terms" {
            p { "The terms have changed since you accepted them. They come before everything else here." }
            (token_field(&here.token()))
            (register::terms(here.shared, wrong))
            (submit("Go on"))
        }
    };
    Page::new("Terms", body).answer_as(wrong.status(), here)
}
