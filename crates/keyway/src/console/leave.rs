//! Leaving: signing out, and turning to another organisation.

use super::here::{Here, pages};
use super::page::see;
use crate::access::session::{self, cookie};
use crate::base::Trouble;
use crate::relay::Outbound;

pages! {
    /// POST `/sign-out`
    sign_out = end;
    /// POST `/console/organization`
    turn = turn_to;
}

async fn end(here: &Here<'_>) -> Result<Outbound, Trouble> {
    here.form()?;
    let mut acting = here.act().await?;
    session::end(&mut acting, &here.person.id, &here.grant.key).await?;
    here.finish(acting).await?;
    let mut answer = see("/sign-in");
    answer.set("set-cookie", &cookie::clear_session(here.inbound.https));
    Ok(answer)
}

async fn turn_to(here: &Here<'_>) -> Result<Outbound, Trouble> {
    let form = here.form()?;
    let mut acting = here.act().await?;
    session::turn(&mut acting, &here.grant, form.text("organization")).await?;
    here.finish(acting).await?;
    Ok(see("/console"))
}
