//! What a route says now beside what it would say.

use super::{conditions, order, providers};
use crate::catalog::{RouteRow, TargetRow};
use crate::console::parts::table::{Column, table, text};
use maud::{Markup, html};

const COLUMNS: &[Column] = &[text("What"), text("Now"), text("Then")];

/// The differences; `None` when there are none.
#[must_use]
pub fn differences(now: Option<&RouteRow>, then: &RouteRow) -> Option<Markup> {
    let of = |row: &RouteRow| {
        [
            ("Asks", vec![order(row.strategy).to_owned()]),
            ("Targets", row.targets.iter().enumerate().map(target).collect()),
            ("Providers", vec![providers(row)]),
            ("Sessions", vec![if row.affinity { "stay with one target" } else { "do not stay" }.to_owned()]),
        ]
    };
    let before = now.map(of);
    let mut lines = Vec::new();
    for (place, (what, after)) in of(then).into_iter().enumerate() {
        let before = before.as_ref().map_or(&[][..], |before| before[place].1.as_slice());
        if before != after {
            lines.push(vec![
                html! { (what) },
                marked(before, &after, "gone"),
                marked(&after, before, "come"),
            ]);
        }
    }
    (!lines.is_empty()).then(|| table("What would change", COLUMNS, &lines))
}

fn target((place, target): (usize, &TargetRow)) -> String {
    format!("{}. {}, weight {}, for {}", place + 1, target.model, target.weight, conditions(target))
}

/// Lines of one side; those that the other side has not are marked, by a word as well as a colour.
fn marked(side: &[String], other: &[String], class: &str) -> Markup {
    html! {
        @if side.is_empty() { span .faint { "nothing" } }
        ul .plain { @for line in side {
            @match other.contains(line) {
                true => li { (line) },
                false if class == "gone" => li { del { (line) } },
                false => li { ins { (line) } },
            }
        } }
    }
}
