//! What is changed of a project: POSTs below `/console/projects/{project}`.

use super::one::{named, page};
use crate::accounts::projects::{self, Models, Wanted};
use crate::accounts::{Acting, project_members, service_accounts};
use crate::base::{Refusal, Trouble};
use crate::console::form::{Form, Wrong};
use crate::console::here::{Here, pages};
use crate::console::page::see;
use crate::relay::Outbound;

pages! {
    /// Name, environment, addresses.
    update = do_update;
    /// Models.
    models = do_models;
    /// Its end.
    archive = do_archive;
    /// A member more.
    add_member = do_add_member;
    /// A member less.
    remove_member = do_remove_member;
    /// A service account more.
    add_account = do_add_account;
    /// A service account less.
    remove_account = do_remove_account;
}

/// Entries apart by commas or lines.
fn entries(text: &str) -> Vec<String> {
    let parts = text.split([',', '\n', ' ', '\r']).map(str::trim).filter(|part| !part.is_empty());
    parts.map(str::to_owned).collect()
}

/// What follows a change: the page again, with what was done or what was wrong.
async fn settle(
    here: &Here<'_>,
    form: &Form,
    acting: Acting<'_>,
    done: Result<&'static str, Trouble>,
) -> Result<Outbound, Trouble> {
    match here.settle(acting, done).await? {
        Ok(word) => Ok(see(&format!("/console/projects/{}?done={word}", here.param(0)))),
        Err(wrong) => page(here, form, &wrong).await,
    }
}

async fn do_update(here: &Here<'_>) -> Result<Outbound, Trouble> {
    let form = here.form()?;
    let networks = entries(form.text("ip_allowlist"));
    let wanted = Wanted {
        name: Some(form.text("name").to_owned()),
        environment: Some(form.text("environment").to_owned()),
        ip_allowlist: Some(Some(networks).filter(|list| !list.is_empty())),
    };
    let mut acting = here.act().await?;
    let done = projects::update(&mut acting, here.param(0), &wanted).await.map(|_| "saved");
    settle(here, &form, acting, done).await
}

async fn do_models(here: &Here<'_>) -> Result<Outbound, Trouble> {
    let form = here.form()?;
    let mode = form.text("mode").to_owned();
    let models = (!mode.is_empty()).then(|| Models { mode, ids: entries(form.text("model_ids")) });
    let mut acting = here.act().await?;
    let done = projects::set_models(&mut acting, here.param(0), models.as_ref()).await.map(|_| "saved");
    settle(here, &form, acting, done).await
}

async fn do_archive(here: &Here<'_>) -> Result<Outbound, Trouble> {
    let form = here.form()?;
    if form.text("confirm") != named(here).await?.name {
        let refusal = Refusal::field("confirm", "This is not the project's name: nothing was archived.");
        return page(here, &Form::empty(), &Wrong::from(refusal)).await;
    }
    let mut acting = here.act().await?;
    let done = projects::archive(&mut acting, here.param(0)).await.map(|_| "archived");
    settle(here, &Form::empty(), acting, done).await
}

async fn do_add_member(here: &Here<'_>) -> Result<Outbound, Trouble> {
    let form = here.form()?;
    let mut acting = here.act().await?;
    let (user, role) = (form.text("user"), form.text("role"));
    let done = project_members::add(&mut acting, here.param(0), user, role).await.map(|_| "saved");
    settle(here, &Form::empty(), acting, done).await
}

async fn do_remove_member(here: &Here<'_>) -> Result<Outbound, Trouble> {
    let form = here.form()?;
    let mut acting = here.act().await?;
    let done =
        project_members::remove(&mut acting, here.param(0), form.text("user")).await.map(|()| "removed");
    settle(here, &Form::empty(), acting, done).await
}

async fn do_add_account(here: &Here<'_>) -> Result<Outbound, Trouble> {
    let form = here.form()?;
    let mut acting = here.act().await?;
    let (name, role) = (form.text("name"), form.text("role"));
    let done = service_accounts::create(&mut acting, here.param(0), name, role).await.map(|_| "made");
    settle(here, &Form::empty(), acting, done).await
}

async fn do_remove_account(here: &Here<'_>) -> Result<Outbound, Trouble> {
    let form = here.form()?;
    let mut acting = here.act().await?;
    let account = form.text("account");
    let done = service_accounts::remove(&mut acting, here.param(0), account).await.map(|_| "removed");
    settle(here, &Form::empty(), acting, done).await
}
