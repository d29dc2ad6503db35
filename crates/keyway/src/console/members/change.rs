//! What is changed of members: POSTs below `/console/members`.

use super::{list, one};
use crate::access::format::{self, Prefix};
use crate::accounts::invites::{self, Place};
use crate::accounts::{leave, members};
use crate::base::Trouble;
use crate::console::form::{Form, Wrong};
use crate::console::here::{Here, pages};
use crate::console::page::see;
use crate::console::parts::copied;
use crate::mail::Letter;
use crate::relay::Outbound;
use maud::html;

pages! {
    /// Sends an invitation.
    invite = do_invite;
    /// Takes one back.
    take_back = do_take_back;
    /// Name and role.
    update = do_update;
    /// Removes a member.
    remove = do_remove;
}

async fn do_invite(here: &Here<'_>) -> Result<Outbound, Trouble> {
    let form = here.form()?;
    let (_, token) = format::mint(Prefix::Invite)?;
    let digest = here.shared.at.master.digest(token.reveal()).hex();
    let place = |id: &str| Place { id: id.to_owned(), role: "member".to_owned() };
    let places: Vec<Place> =
        Some(form.text("project")).filter(|id| !id.is_empty()).map(place).into_iter().collect();
    let mut acting = here.act().await?;
    let made = invites::create(&mut acting, form.text("email"), form.text("role"), &places, &digest).await;
    let invite = match here.settle(acting, made).await? {
        Ok(invite) => invite,
        Err(wrong) => return list::page(here, &form, &wrong, None).await,
    };
    let url = format!("{}/invitation?token={}", here.shared.desk.public_url, token.reveal());
    let org = here.places.iter().find(|place| place.org == here.org()).map(|place| place.name.as_str());
    here.shared.desk.mail.send(&invite.email, Letter::invited(org.unwrap_or_default(), url.clone()));
    let link = html! {
        section .notice.good role="status" {
            p { "The invitation to " (invite.email) " is on its way. Its link, for you to hand over yourself; it is shown once:" }
            (copied("invite-link", "Link of the invitation", &url))
        }
    };
    list::page(here, &Form::empty(), &Wrong::nothing(), Some(&link)).await
}

async fn do_take_back(here: &Here<'_>) -> Result<Outbound, Trouble> {
    let form = here.form()?;
    let mut acting = here.act().await?;
    let done = invites::remove(&mut acting, form.text("invite")).await;
    match here.settle(acting, done).await? {
        Ok(()) => Ok(see("/console/members?done=removed")),
        Err(wrong) => list::page(here, &Form::empty(), &wrong, None).await,
    }
}

async fn do_update(here: &Here<'_>) -> Result<Outbound, Trouble> {
    let form = here.form()?;
    let mut acting = here.act().await?;
    let (name, role) = (form.text("name"), form.text("role"));
    let done = members::update(&mut acting, here.param(0), Some(name), Some(role)).await;
    match here.settle(acting, done).await? {
        Ok(_) => Ok(see(&format!("/console/members/{}?done=saved", here.param(0)))),
        Err(wrong) => one::page(here, &form, &wrong).await,
    }
}

async fn do_remove(here: &Here<'_>) -> Result<Outbound, Trouble> {
    let form = here.form()?;
    let heir = Some(form.text("hand_over_to")).filter(|id| !id.is_empty());
    let mut acting = here.act().await?;
    let done = leave::remove_member(&mut acting, here.param(0), heir).await;
    match here.settle(acting, done).await? {
        Ok(settled) => {
            let word = if settled.handed_over.is_empty() { "removed" } else { "handed-over" };
            Ok(see(&format!("/console/members?done={word}")))
        }
        Err(wrong) => one::page(here, &Form::empty(), &wrong).await,
    }
}
