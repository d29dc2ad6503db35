//! What is changed of a group: POSTs below `/console/groups/{group}`.

use super::PATH;
use super::one::page;
use crate::accounts::{Acting, custom_roles, groups};
use crate::base::Trouble;
use crate::console::form::Form;
use crate::console::here::{Here, pages};
use crate::console::page::see;
use crate::relay::Outbound;

pages! {
    /// Its name.
    rename = do_rename;
    /// Its end.
    remove = do_remove;
    /// Somebody more.
    add_user = do_add_user;
    /// Somebody less.
    remove_user = do_remove_user;
    /// A role more.
    give_role = do_give_role;
    /// A role less.
    take_role = do_take_role;
}

/// What follows a change: the page again, with what was done or what was wrong.
async fn settle(
    here: &Here<'_>,
    form: &Form,
    acting: Acting<'_>,
    done: Result<&'static str, Trouble>,
) -> Result<Outbound, Trouble> {
    match here.settle(acting, done).await? {
        Ok(word) => Ok(see(&format!("{PATH}/{}?done={word}", here.param(0)))),
        Err(wrong) => page(here, form, &wrong).await,
    }
}

async fn do_rename(here: &Here<'_>) -> Result<Outbound, Trouble> {
    let form = here.form()?;
    let mut acting = here.act().await?;
    let done = groups::rename(&mut acting, here.param(0), form.text("name")).await.map(|_| "saved");
    settle(here, &form, acting, done).await
}

async fn do_remove(here: &Here<'_>) -> Result<Outbound, Trouble> {
    let form = here.form()?;
    let mut acting = here.act().await?;
    let done = groups::remove(&mut acting, here.param(0)).await;
    match here.settle(acting, done).await? {
        Ok(()) => Ok(see(&format!("{PATH}?done=removed"))),
        Err(wrong) => page(here, &form, &wrong).await,
    }
}

async fn do_add_user(here: &Here<'_>) -> Result<Outbound, Trouble> {
    let form = here.form()?;
    let mut acting = here.act().await?;
    let done = groups::add_user(&mut acting, here.param(0), form.text("user_id")).await.map(|_| "saved");
    settle(here, &form, acting, done).await
}

async fn do_remove_user(here: &Here<'_>) -> Result<Outbound, Trouble> {
    let form = here.form()?;
    let mut acting = here.act().await?;
    let done =
        groups::remove_user(&mut acting, here.param(0), form.text("user_id")).await.map(|()| "removed");
    settle(here, &form, acting, done).await
}

async fn do_give_role(here: &Here<'_>) -> Result<Outbound, Trouble> {
    let form = here.form()?;
    let mut acting = here.act().await?;
    let done = async {
        groups::find(&mut acting, here.param(0)).await?;
        custom_roles::assign(&mut acting, None, here.param(0), form.text("role_id")).await
    }
    .await;
    settle(here, &form, acting, done.map(|_| "saved")).await
}

async fn do_take_role(here: &Here<'_>) -> Result<Outbound, Trouble> {
    let form = here.form()?;
    let mut acting = here.act().await?;
    let done = async {
        groups::find(&mut acting, here.param(0)).await?;
        custom_roles::unassign(&mut acting, None, here.param(0), form.text("role_id")).await
    }
    .await;
    settle(here, &form, acting, done.map(|()| "removed")).await
}
