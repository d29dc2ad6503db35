//! The form of a route: what stands in it, and what comes of it.

use crate::base::Refusal;
use crate::catalog::{RouteRow, Strategy, TARGETS_MAX, TargetRow};
use crate::console::form::{Form, Wrong};
use crate::console::parts::Field;
use crate::console::parts::field::{choice, tick};
use crate::pricing::route_fields::{SaidRoute, SaidTarget};
use maud::{Markup, html};

/// Empty lines for further targets.
const FREE_LINES: usize = 3;
/// What a strategy is called in the form, and what it does.
const ORDERS: &[(Strategy, &str, &str)] = &[
    (Strategy::Priority, "In this order", "The first is asked; the next one when it fails or is out."),
    (
        Strategy::Weight,
        "Shared out by weight",
        "A target of weight 3 gets three times what one of weight 1 gets.",
    ),
    (Strategy::Latency, "Quickest first", "By the time to the first token, as it was measured here."),
    (Strategy::Cost, "Cheapest first", "What this request is expected to cost at this hour."),
    (Strategy::Quality, "Best first", "By the scores of the catalogue, or of your own."),
];

/// The fields below the name, as they came or as the route has them.
#[must_use]
pub fn fields(form: &Form, wrong: &Wrong, row: Option<&RouteRow>) -> Markup {
    let strategy = row.map_or(Strategy::Priority, |row| row.strategy).word();
    let strategy = form.text_or("strategy", strategy);
    let regions = row.map(|row| row.regions.join(", ")).unwrap_or_default();
    let known = row.map_or(&[][..], |row| row.targets.as_slice());
    let came = (1..=TARGETS_MAX).rev().find(|line| !form.text(&named("model", *line)).is_empty());
    let lines = (came.unwrap_or(0).max(known.len()) + FREE_LINES).min(TARGETS_MAX);
    html! {
        fieldset {
            legend { "Who is asked" }
            @for (order, name, hint) in ORDERS { (choice("strategy", order.word(), name, hint, order.word() == strategy)) }
        }
        fieldset {
            legend { "Targets" }
            @if let Some(text) = wrong.with("targets") { p .notice.bad role="alert" { (text) } }
            @for line in 1..=lines { (target(form, line, known.get(line - 1))) }
            p .hint { "Empty lines are left out. Targets stand in the order of their places." }
        }
        (Field::new("regions", "Only providers of these regions").placeholder("every region").hint("As in eu, us: what the providers' rows say.").came(form, wrong, &regions).show())
        (tick("zero_retention", "yes", "Only providers that keep nothing of requests", "", form.ticked("zero_retention", row.is_some_and(|row| row.zero_retention))))
        (tick("affinity", "yes", "A session stays with one target", "So that its prompt cache is worth something.", form.ticked("affinity", row.is_none_or(|row| row.affinity))))
    }
}

fn named(name: &str, line: usize) -> String {
    format!("{name}-{line}")
}

fn target(form: &Form, line: usize, known: Option<&TargetRow>) -> Markup {
    let needs = known.map(|known| known.needs.iter().map(|need| need.word()).collect::<Vec<_>>().join(", "));
    let labels = known.map(|known| known.labels.join(", "));
    let most = known.and_then(|known| known.prompt_tokens_max).map(|most| most.to_string());
    let values = [
        ("model", "Model", "provider/name", known.map(|known| known.model.clone())),
        ("place", "Place", "", Some(line.to_string())),
        ("weight", "Weight", "1", known.map(|known| known.weight.to_string())),
    ];
    let narrower = [
        ("labels", "Only for requests with these labels", "name=value", labels),
        ("needs", "Only for requests in need of one of", "tools, vision, audio", needs),
        ("prompt", "Only for prompts of so many tokens at most", "", most),
    ];
    let field = |(name, label, placeholder, value): (&str, &str, &str, Option<String>)| {
        let (id, value) = (named(name, line), value.unwrap_or_default());
        let label = format!("{label} {line}");
        Field::new(&id, &label).value(form.text_or(&id, &value)).placeholder(placeholder).show()
    };
    let is_narrow = known.is_some_and(|known| {
        !known.labels.is_empty() || !known.needs.is_empty() || known.prompt_tokens_max.is_some()
    });
    html! {
        div .target {
            div .thirds { @for value in values { (field(value)) } }
            details open[is_narrow] {
                summary { "Conditions" }
                div .thirds { @for value in narrower { (field(value)) } }
            }
        }
    }
}

/// The fields of the route that a form says, as they are stored.
///
/// # Errors
/// A refusal of a number that is none.
pub fn read(form: &Form) -> Result<String, Refusal> {
    let mut placed = Vec::new();
    for line in 1..=TARGETS_MAX {
        let text = |name: &str| form.text(&named(name, line));
        if text("model").is_empty() {
            continue;
        }
        let number = |name: &str| match text(name) {
            "" => Ok(None),
            written => written.parse::<u64>().map(Some).map_err(|_| no_number(name, line)),
        };
        let target = SaidTarget {
            model: text("model").to_owned(),
            weight: number("weight")?,
            labels: Some(words(text("labels"))),
            needs: Some(words(text("needs"))),
            prompt_tokens_max: number("prompt")?,
        };
        placed.push((number("place")?.unwrap_or(u64::MAX), target));
    }
    placed.sort_by_key(|(place, _)| *place);
    let said = SaidRoute {
        targets: placed.into_iter().map(|(_, target)| target).collect(),
        strategy: Some(form.text("strategy").to_owned()).filter(|word| !word.is_empty()),
        regions: Some(words(form.text("regions"))),
        zero_retention: Some(form.ticked("zero_retention", false)),
        affinity: Some(form.ticked("affinity", false)),
    };
    Ok(said.fields())
}

fn no_number(name: &str, line: usize) -> Refusal {
    let what = if name == "prompt" { "the longest prompt" } else { name };
    Refusal::field("targets", format!("In line {line}, {what} is a whole number or empty."))
}

fn words(text: &str) -> Vec<String> {
    let words = text.split(',').map(str::trim).filter(|word| !word.is_empty());
    words.map(str::to_owned).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalog::Need;
    use crate::pricing::routes::route_row;

    #[test]
    fn a_form_says_what_a_route_is() {
        let body =
            b"strategy=cost&model-1=a%2Fb&place-1=2&weight-1=7&model-3=c%2Fd&place-3=1&needs-3=tools,+vision\
            &labels-3=team%3Dx&prompt-3=100&regions=eu,+us&affinity=yes&model-2=&weight-2=9";
        let row = route_row("r", &read(&Form::loose(body)).unwrap()).unwrap();
        let models: Vec<_> =
            row.targets.iter().map(|target| (target.model.as_str(), target.weight)).collect();
        assert_eq!(models, [("c/d", 1), ("a/b", 7)]);
        assert_eq!((row.strategy, row.affinity, row.zero_retention), (Strategy::Cost, true, false));
        assert_eq!(row.regions, ["eu", "us"]);
        assert_eq!(row.targets[0].needs, [Need::Tools, Need::Vision]);
        assert_eq!(
            (row.targets[0].labels[0].as_str(), row.targets[0].prompt_tokens_max),
            ("team=x", Some(100))
        );
        assert!(read(&Form::loose(b"model-1=a&weight-1=much")).is_err());
        // What is stored is what a form would say of it.
        let again = SaidRoute::from(&row).fields();
        assert_eq!(route_row("r", &again).unwrap().targets, row.targets);
    }
}
