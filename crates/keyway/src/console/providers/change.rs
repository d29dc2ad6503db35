//! What the operator does to providers: hosts of their own, off and on for everybody.

use super::{PATH, every};
use crate::base::{Refusal, Trouble};
use crate::catalog::{AuthStyle, Dialect};
use crate::console::form::{Form, Wrong, token_field};
use crate::console::here::{Here, pages};
use crate::console::page::{Page, see};
use crate::console::parts::{Field, submit};
use crate::pricing::load::provider_row;
use crate::providers::edit as service;
use crate::relay::Outbound;
use maud::html;
use serde_json::Value;

const FIELDS: &[&str] = &["id", "display_name", "base_url", "auth", "speaks"];

pages! {
    /// GET `/console/providers/new`
    show_new = first;
    /// POST `/console/providers`
    make = do_make;
    /// POST `/console/providers/{provider}/switch`
    switch = do_switch;
    /// POST `/console/providers/{provider}/remove`
    remove = do_remove;
}

async fn first(here: &Here<'_>) -> Result<Outbound, Trouble> {
    Ok(new(here, &Form::empty(), &Wrong::nothing()))
}

fn new(here: &Here<'_>, form: &Form, wrong: &Wrong) -> Outbound {
    let word = |word: &str| (word.to_owned(), word.to_owned());
    // What a form alone can give: no file of a service account, no pair of keys.
    let plain = [AuthStyle::Bearer, AuthStyle::XApiKey, AuthStyle::XGoogApiKey, AuthStyle::None];
    let auths: Vec<_> = plain.into_iter().map(|auth| word(auth.word())).collect();
    let spoken = [Dialect::OpenaiChat, Dialect::OpenaiResponses, Dialect::AnthropicMessages, Dialect::Gemini];
    let dialects: Vec<_> = spoken.into_iter().map(|dialect| word(dialect.word())).collect();
    let body = html! {
        form .panel-card.narrow method="post" action=(PATH) {
            p { "Any host that speaks one of these dialects: your own engine, or a provider that is not listed. Its key is added on the next page." }
            (wrong.above(FIELDS))
            (token_field(&here.token()))
            (Field::new("id", "Name").needed().placeholder("mine").hint("Its models are called by it, as in mine/llama: a-z, 0-9, - and _.").came(form, wrong, "").show())
            (Field::new("display_name", "Shown as").came(form, wrong, "").show())
            (Field::new("base_url", "Address").needed().placeholder("https://llm.example.com/v1").hint("With its version, as in /v1.").came(form, wrong, "").show())
            (Field::new("auth", "How the credential is sent").options(&auths).came(form, wrong, "bearer").show())
            (Field::new("speaks", "Dialect").options(&dialects).came(form, wrong, "openai-chat").show())
            (submit("Add the host"))
        }
    };
    let above = [(PATH, "Providers")];
    Page { above: &above, ..Page::new("A host of your own", body) }.answer_as(wrong.status(), here)
}

/// The row, as the configuration file has it. JSON and TOML write texts alike.
fn fields(form: &Form) -> String {
    let text = |name: &str| Value::from(form.text(name)).to_string();
    let mut fields = vec![format!("base_url = {}", text("base_url")), format!("auth = {}", text("auth"))];
    fields.push(format!("speaks = [{}]", text("speaks")));
    if !form.text("display_name").is_empty() {
        fields.push(format!("display_name = {}", text("display_name")));
    }
    fields.join(", ")
}

async fn do_make(here: &Here<'_>) -> Result<Outbound, Trouble> {
    let form = here.form()?;
    let id = form.text("id").to_owned();
    let mut acting = here.act().await?;
    let (all, _) = every(here, &mut acting.tx).await?;
    if all.contains_key(&id) {
        let refusal = Refusal::field("id", "There is a provider of this name already.");
        return Ok(new(here, &form, &Wrong::from(refusal)));
    }
    let done = service::put(&mut acting, &all, &id, &fields(&form), provider_row).await;
    match here.settle(acting, done).await? {
        Ok(()) => Ok(see(&format!("{PATH}/{id}?done=made"))),
        Err(wrong) => Ok(new(here, &form, &wrong)),
    }
}

async fn do_switch(here: &Here<'_>) -> Result<Outbound, Trouble> {
    let form = here.form()?;
    let id = here.param(0).to_owned();
    let mut acting = here.act().await?;
    let (all, _) = every(here, &mut acting.tx).await?;
    service::switch(&mut acting, &all, &id, form.text("to") == "on").await?;
    here.finish(acting).await?;
    Ok(see(&format!("{PATH}/{id}?done=saved")))
}

async fn do_remove(here: &Here<'_>) -> Result<Outbound, Trouble> {
    here.form()?;
    let mut acting = here.act().await?;
    let (all, _) = every(here, &mut acting.tx).await?;
    service::remove(&mut acting, &all, here.param(0)).await?;
    here.finish(acting).await?;
    Ok(see(&format!("{PATH}?done=removed")))
}
