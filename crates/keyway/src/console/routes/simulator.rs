//! GET `/console/routes/simulator`: who would be asked, in which order, and why.

use super::{PATH, rules};
use crate::access::told::Outcome;
use crate::accounts::capability::{Capabilities, Capability};
use crate::base::{Refusal, Trouble};
use crate::console::form::{Form, Wrong};
use crate::console::here::{Here, pages};
use crate::console::page::Page;
use crate::console::parts::field::tick;
use crate::console::parts::table::{Column, table, text};
use crate::console::parts::take::take;
use crate::console::parts::{Field, Tone, badge, button_link, submit};
use crate::relay::Outbound;
use crate::relay::explain::{
    Explanation, PROMPT_BYTES_MAX, Place, Question, Step, TOKENS_MAX, USUAL_PATH, explain,
    explain_for_anybody, key_of,
};
use crate::routing::facts::TOKEN_BYTES;
use maud::{Markup, html};

const STEPS: &[Column] = &[text("Attempt"), text("Model"), text("Why")];
const FIELDS: &[&str] = &["model", "key", "prompt_tokens", "max_tokens", "labels"];
/// What a request can need, and what it is called.
const NEEDS: &[(Capability, &str)] = &[
    (Capability::Tools, "tools"),
    (Capability::ImageInput, "images"),
    (Capability::AudioInput, "sound"),
    (Capability::FileInput, "files"),
];

pages! {
    /// The simulator.
    show = first;
}

/// The way to it from other pages.
#[must_use]
pub fn part(model: &str) -> Markup {
    html! {
        details .panel-card {
            summary { "Who would be asked?" }
            (form(&Form::empty(), &Wrong::nothing(), model))
        }
    }
}

fn form(form: &Form, wrong: &Wrong, model: &str) -> Markup {
    let needed = form.all("needs");
    html! {
        form .narrow action={ (PATH) "/simulator" } {
            (wrong.above(FIELDS))
            (Field::new("model", "Model or route").needed().came(form, wrong, model).show())
            (Field::new("key", "Key").placeholder("key_...").hint("Empty: a live key that may call everything.").came(form, wrong, "").show())
            div .pair {
                (Field::new("prompt_tokens", "Prompt, tokens").placeholder("0").came(form, wrong, "").show())
                (Field::new("max_tokens", "Answer at most, tokens").placeholder("not said").came(form, wrong, "").show())
            }
            (Field::new("labels", "Labels").placeholder("team=search").hint("Several with commas between them.").came(form, wrong, "").show())
            fieldset {
                legend { "It has" }
                div .row { @for (need, name) in NEEDS {
                    (tick("needs", need.name(), name, "", needed.iter().any(|it| it == need.name())))
                } }
            }
            (submit("Simulate"))
        }
    }
}

async fn first(here: &Here<'_>) -> Result<Outbound, Trouble> {
    let asked = Form::loose(here.inbound.query.as_deref().unwrap_or_default().as_bytes());
    let (wrong, found) = match simulate(here, &asked).await {
        Ok(found) => (Wrong::nothing(), found),
        Err(trouble) => (Wrong::of(trouble)?, None),
    };
    let model = asked.text("model");
    let body = html! {
        div .panel-card { (form(&asked, &wrong, "auto")) }
        @if let Some(found) = &found { (result(found)) }
        (take(here, "", &format!("keyway route explain {}", if model.is_empty() { "auto" } else { model })))
    };
    let above = [(PATH, "Routes")];
    let actions = button_link(PATH, "Routes", false);
    Ok(Page { above: &above, actions, ..Page::new("Who would be asked?", body) }
        .answer_as(wrong.status(), here))
}

async fn simulate(here: &Here<'_>, asked: &Form) -> Result<Option<Explanation>, Trouble> {
    let model = asked.text("model");
    if model.is_empty() {
        return Ok(None);
    }
    let labels: Vec<String> = asked
        .text("labels")
        .split(',')
        .map(|label| label.trim().to_owned())
        .filter(|it| !it.is_empty())
        .collect();
    let prompt_tokens = number(asked, "prompt_tokens", PROMPT_BYTES_MAX / TOKEN_BYTES)?;
    let question = Question {
        path: USUAL_PATH,
        method: None,
        model,
        ip: None,
        max_tokens: number(asked, "max_tokens", TOKENS_MAX)?,
        capabilities: Capabilities::named(&asked.all("needs")).unwrap_or_default(),
        labels: &labels,
        wish: None,
        prompt_bytes: prompt_tokens.map(|tokens| tokens * TOKEN_BYTES),
    };
    let place = Place {
        table: &here.shared.table,
        catalog: &here.shared.catalog.load(),
        cache: &here.shared.cache,
        now_ms: here.shared.at.clock.now_ms(),
        serving: Some(here.shared),
    };
    let id = asked.text("key");
    if id.is_empty() {
        return Ok(Some(explain_for_anybody(&place, here.org(), &question)?));
    }
    let mut conn = here.shared.at.db.connection().await?;
    let key = key_of(&mut conn, &here.grant.actor, here.org(), id).await;
    let key = key.map_err(|trouble| match trouble {
        Trouble::Refusal(_) => Refusal::field("key", "There is no such key that you may see.").into(),
        fault @ Trouble::Fault(_) => fault,
    })?;
    Ok(Some(explain(&place, &mut conn, &key, &question).await?))
}

fn number(asked: &Form, name: &'static str, most: u64) -> Result<Option<u64>, Refusal> {
    match asked.text(name) {
        "" => Ok(None),
        written => match written.parse().ok().filter(|number| *number <= most) {
            Some(number) => Ok(Some(number)),
            None => Err(Refusal::field(name, format!("A whole number, {most} at most, or empty."))),
        },
    }
}

fn result(found: &Explanation) -> Markup {
    let attempts: Vec<Vec<Markup>> =
        found.route.iter().enumerate().map(|(place, step)| line(&(place + 1).to_string(), step)).collect();
    let passed: Vec<Vec<Markup>> = found.passed_over.iter().map(|step| line("not asked", step)).collect();
    let refused = found.rules.iter().filter(|rule| rule.result == Outcome::Fail);
    html! {
        section .part aria-label="What would happen" {
            h2 { "What would happen" }
            p {
                @if found.decision == "allow" { (badge(Tone::Good, "it would be sent")) } @else { (badge(Tone::Bad, "it would be refused")) }
                @if let Some(strategy) = found.strategy { " Order: " (strategy) "." }
                @if let Some(cost) = found.estimate_usd { " The answer costs at most " (cost.0.to_decimal()) " USD." }
            }
            @for rule in refused { p .notice.bad { strong { (rules::called(rule.rule)) ": no. " } (rule.detail) } }
            @if !attempts.is_empty() || !passed.is_empty() {
                (table("Attempts", STEPS, &attempts.into_iter().chain(passed).collect::<Vec<_>>()))
            }
            (rules::all(&found.rules))
        }
    }
}

fn line(attempt: &str, step: &Step) -> Vec<Markup> {
    vec![html! { (attempt) }, html! { code { (step.model) } }, html! { (step.reason) }]
}
