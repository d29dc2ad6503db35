//! What a tier gives, as a form: shown of one that is there, and read.

use super::{markup, names, percent};
use crate::accounts::capability::Capability;
use crate::accounts::tiers::Wanted;
use crate::base::Refusal;
use crate::console::form::{Form, Wrong};
use crate::console::money::amount;
use crate::console::money::limits::{asked as asked_limits, label};
use crate::console::parts::Field;
use crate::console::parts::field::tick;
use crate::store::tiers::Tier;
use ledger::limit::Kind;
use maud::{Markup, html};

/// Fields that say themselves what is wrong with them.
pub const FIELDS: &[&str] = &[
    "name",
    "starting_credit_usd",
    "markup",
    "models",
    "capabilities",
    "requests_per_minute",
    "tokens_per_minute",
    "requests_per_day",
    "tokens_per_day",
    "concurrency",
];

/// What a capability is called.
#[must_use]
pub fn called(capability: Capability) -> &'static str {
    match capability {
        Capability::ImageInput => "Images in the prompt",
        Capability::AudioInput => "Sound in the prompt",
        Capability::FileInput => "Files in the prompt",
        Capability::AudioOutput => "Sound in the answer",
        Capability::Tools => "Tools",
    }
}

/// The form of a tier as it is.
#[must_use]
pub fn of(tier: &Tier) -> Form {
    let mut fields = vec![
        ("name", tier.name.clone()),
        ("starting_credit_usd", tier.starting_credit.to_decimal()),
        ("markup", percent(tier.markup_ppm)),
        ("models", names(tier.models.as_deref()).unwrap_or_default().join("\n")),
    ];
    for kind in Kind::ALL {
        fields.push((kind.name(), tier.limits.get(kind).map(|limit| limit.to_string()).unwrap_or_default()));
    }
    let every = || Capability::ALL.map(|capability| capability.name().to_owned()).to_vec();
    let held = names(tier.capabilities.as_deref()).unwrap_or_else(every);
    fields.extend(held.into_iter().map(|name| ("capabilities", name)));
    Form::of(fields)
}

/// What a form wants a tier to be.
///
/// # Errors
/// A refusal that names the field.
pub fn asked(form: &Form) -> Result<Wanted, Refusal> {
    let models: Vec<String> = form.list("models");
    let held = form.all("capabilities");
    let credit = match form.text("starting_credit_usd") {
        "" => ledger::NanoUsd::ZERO,
        text => amount("starting_credit_usd", text)?,
    };
    Ok(Wanted {
        name: Some(form.text("name").to_owned()),
        limits: Some(asked_limits(form)?),
        starting_credit: Some(credit),
        markup_ppm: Some(markup(form.text("markup"))?),
        models: Some(Some(models).filter(|list| !list.is_empty())),
        // Who has every one has those that come later too.
        capabilities: Some(Some(held).filter(|held| held.len() < Capability::ALL.len())),
    })
}

/// The fields.
#[must_use]
pub fn show(form: &Form, wrong: &Wrong) -> Markup {
    let held = form.all("capabilities");
    html! {
        (Field::new("name", "Name").needed().placeholder("partner").came(form, wrong, "").show())
        div .pair {
            (Field::new("starting_credit_usd", "Starting credit, USD").hint("An organisation gets it once.")
                .placeholder("0").came(form, wrong, "").show())
            (Field::new("markup", "Markup, per cent").hint("On top of what a request costs.")
                .placeholder("0").came(form, wrong, "").show())
        }
        fieldset {
            legend { "Limits of each of its keys; a key may set lower ones" }
            div .pair { @for kind in Kind::ALL {
                (Field::new(kind.name(), label(kind)).placeholder("no limit").came(form, wrong, "").show())
            } }
        }
        (Field::new("models", "Models").kind("textarea").placeholder("every model")
            .hint("Names or patterns such as openai/*, one to a line. Empty: every model.").came(form, wrong, "").show())
        fieldset {
            legend { "Allowed in requests" }
            div .columns { @for capability in Capability::ALL {
                (tick("capabilities", capability.name(), called(capability), "",
                    held.iter().any(|name| name == capability.name())))
            } }
            @if let Some(text) = wrong.with("capabilities") { p .wrong role="alert" { (text) } }
        }
    }
}
