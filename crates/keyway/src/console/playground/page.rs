//! GET `/console/playground`

use crate::accounts::Scope;
use crate::base::Trouble;
use crate::catalog::{Model, ModelKind};
use crate::console::form::token_field;
use crate::console::here::{Here, pages};
use crate::console::models::{Terms, tokens};
use crate::console::page::Page;
use crate::console::parts::field::choice;
use crate::console::parts::{Field, states};
use crate::console::projects::projects_where;
use crate::relay::Outbound;
use maud::{Markup, html};
use std::sync::Arc;

/// Models offered by name; any other can be typed.
const MODELS_MAX: usize = 400;
/// What the first column asks when nothing is said: it costs nothing.
const FIRST_MODEL: &str = "sandbox/echo";

pages! {
    /// The playground.
    show = playground;
}

async fn playground(here: &Here<'_>) -> Result<Outbound, Trouble> {
    let projects = projects_where(here, Scope::CREATE_KEYS).await?;
    if projects.is_empty() {
        let body = states::not_allowed("There is no project in which you may call models.");
        return Ok(Page::new("Playground", body).answer(here));
    }
    let terms = Terms::of(here).await?;
    let catalog = here.shared.catalog.load_full();
    let models: Vec<&Arc<Model>> = catalog
        .models()
        .iter()
        .filter(|model| model.kind == ModelKind::Chat && terms.allow(model))
        .take(MODELS_MAX)
        .collect();
    let projects: Vec<(String, String)> =
        projects.into_iter().map(|project| (project.id, project.name)).collect();
    let asked = here.asked("model").unwrap_or_else(|| FIRST_MODEL.to_owned());
    let live = asked != FIRST_MODEL;
    let body = html! {
        noscript { p .notice.warn { "The playground shows answers as they come: it needs JavaScript. By command: " code { "keyway chat" } } }
        form .playground data-playground method="post" action="/console/playground/token" {
            (token_field(&here.token()))
            div .split {
                div .part {
                    div .columns-two data-columns {
                        (column("a", "Model", &asked))
                        (column("b", "Compared with", ""))
                    }
                    p .hidden role="status" aria-live="polite" data-said {}
                    div .composer.panel-card {
                        (Field::new("message", "Message").kind("textarea").needed().placeholder("Ask something. Ctrl+Enter sends.").show())
                        div .row {
                            button .button.first type="submit" data-send { "Send" }
                            button .button type="button" data-stop disabled { "Stop" }
                            button .button type="button" data-clear { "Start anew" }
                        }
                    }
                }
                (settings(&projects, live))
            }
        }
        datalist #models {
            @for model in &models {
                @let price = model.prices.at(here.shared.at.clock.now_ms());
                option value=(model.id) data-input=[price.map(|price| price.base.input)] data-output=[price.map(|price| price.base.output)] {
                    (about(model, &terms, here.shared.at.clock.now_ms()))
                }
            }
        }
        p .faint { "Calls use a key of yours named playground, with tokens that last ten minutes. They are in the request log and count towards your budgets." }
    };
    Ok(Page { scripts: &["playground.js"], ..Page::new("Playground", body) }.answer(here))
}

fn about(model: &Model, terms: &Terms, now_ms: i64) -> String {
    let price = model.prices.at(now_ms).map_or_else(
        || "no price".to_owned(),
        |price| format!("{} in, {} out", terms.rate(price.base.input), terms.rate(price.base.output)),
    );
    format!("{price}, {} tokens", tokens(model.context_tokens))
}

fn column(name: &str, label: &str, model: &str) -> Markup {
    let field = format!("model-{name}");
    html! {
        section .column data-column=(name) aria-label=(label) {
            div .field {
                label for=(field) { (label) @if model.is_empty() { span .optional { "optional" } } }
                input #(field) name=(field) list="models" value=(model) autocomplete="off" spellcheck="false";
            }
            div .talk data-talk tabindex="0" role="region" aria-label={ "Conversation, " (label) } {
                p .faint data-nothing { @if model.is_empty() { "Name a second model to compare." } @else { "Nothing said yet." } }
            }
        }
    }
}

fn settings(projects: &[(String, String)], live: bool) -> Markup {
    html! {
        aside .part.panel-card aria-label="Settings of the calls" {
            (Field::new("project", "Project").options(projects).show())
            fieldset {
                legend { "Kind" }
                (choice("mode", "test", "Test", "The sandbox models, at no cost", !live))
                (choice("mode", "live", "Live", "Real models, which cost", live))
            }
            (Field::new("system", "System").kind("textarea").placeholder("You are a helpful assistant.").show())
            details {
                summary { "More" }
                div .part {
                    (Field::new("temperature", "Temperature").kind("number").placeholder("the model's own").show())
                    (Field::new("max_tokens", "Tokens at most").kind("number").placeholder("the model's own").show())
                    div .field { label for="image" { "Image" span .optional { "optional" } } input #image type="file" accept="image/png,image/jpeg,image/webp,image/gif"; }
                    (Field::new("tools", "Tools, as JSON").kind("textarea").placeholder("[{\"type\": \"function\", ...}]").show())
                    (Field::new("schema", "Schema of the answer, as JSON").kind("textarea").placeholder("{\"type\": \"object\", ...}").show())
                }
            }
            details data-raw-details { summary { "Last request and its events" } pre .raw data-raw tabindex="0" aria-label="Raw request and events" { "Nothing sent yet." } }
            div .field {
                span .hint { "Copy as" }
                div .row { @for (kind, name) in [("curl", "curl"), ("python", "Python"), ("node", "Node")] {
                    button .button.small type="button" data-take=(kind) aria-label={ "Copy as " (name) } { (name) }
                } }
            }
        }
    }
}
