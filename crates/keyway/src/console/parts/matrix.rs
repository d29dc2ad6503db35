//! What a key may, as a table: a row for each thing, one choice of nothing, reading and writing in each.

use crate::console::form::Form;
use maud::{Markup, html};

/// A thing and what can be done to it.
pub struct Row {
    /// Its name in the form.
    pub name: &'static str,
    /// What it is.
    pub label: &'static str,
    /// Below it.
    pub hint: &'static str,
    /// The scope that reads it; empty where there is nothing to read.
    pub read: &'static str,
    /// The scope that writes it, and reads it where it can be read; empty where there is nothing to write.
    pub write: &'static str,
}

/// The name of a row's field.
#[must_use]
pub fn field(row: &Row) -> String {
    format!("may-{}", row.name)
}

/// The fields that say these scopes.
#[must_use]
pub fn fields(rows: &[Row], scopes: &[String]) -> Vec<(String, String)> {
    let has = |scope: &str| !scope.is_empty() && scopes.iter().any(|held| held == scope);
    let chosen = |row: &Row| match (has(row.write), has(row.read)) {
        (true, _) => row.write,
        (false, true) => row.read,
        _ => "",
    };
    rows.iter().map(|row| (field(row), chosen(row).to_owned())).collect()
}

/// The scopes that were chosen.
#[must_use]
pub fn chosen(rows: &[Row], form: &Form) -> Vec<String> {
    let one = |row: &Row| {
        let name = field(row);
        let scope = form.text(&name);
        (!scope.is_empty() && (scope == row.read || scope == row.write)).then(|| scope.to_owned())
    };
    rows.iter().filter_map(one).collect()
}

/// The table. `held`: whether who fills it in may give a scope.
#[must_use]
pub fn matrix(caption: &str, rows: &[Row], form: &Form, held: impl Fn(&str) -> bool) -> Markup {
    html! {
        table .may {
            caption .hidden { (caption) }
            thead { tr {
                th scope="col" { "What" }
                @for column in ["Nothing", "Read", "Write"] { th scope="col" { (column) } }
            } }
            tbody { @for row in rows { (line(row, form, &held)) } }
        }
    }
}

fn line(row: &Row, form: &Form, held: &impl Fn(&str) -> bool) -> Markup {
    let name = field(row);
    let now = form.text(&name);
    let kept = !now.is_empty() && (now == row.read || now == row.write);
    let lacks = [row.read, row.write].iter().any(|scope| !scope.is_empty() && !held(scope));
    html! {
        tr {
            th scope="row" {
                (row.label)
                @if !row.hint.is_empty() { small { (row.hint) } }
                @if lacks { small { "Your role has less of it." } }
            }
            td { (cell(&name, "", row.label, "nothing", !kept)) }
            @for (scope, word) in [(row.read, "read"), (row.write, "write")] {
                td {
                    @if scope.is_empty() { span .faint aria-hidden="true" { "\u{2013}" } }
                    // What a key has already stays to be chosen, and is refused where it cannot be given.
                    @else if held(scope) || now == scope { (cell(&name, scope, row.label, word, now == scope)) }
                    @else { span .faint title="Your role does not have it" { "not yours" } }
                }
            }
        }
    }
}

fn cell(name: &str, scope: &str, label: &str, word: &str, chosen: bool) -> Markup {
    html! {
        label { input type="radio" name=(name) value=(scope) checked[chosen] aria-label={ (label) ": " (word) }; }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ROWS: &[Row] = &[
        Row { name: "a", label: "A", hint: "", read: "read:a", write: "manage:a" },
        Row { name: "b", label: "B", hint: "", read: "", write: "create:b" },
    ];

    #[test]
    fn scopes_become_choices_and_choices_scopes() {
        let some = |list: &[&str]| list.iter().map(|scope| (*scope).to_owned()).collect::<Vec<_>>();
        for scopes in [some(&[]), some(&["read:a"]), some(&["manage:a", "create:b"])] {
            assert_eq!(chosen(ROWS, &Form::of(fields(ROWS, &scopes))), scopes);
        }
        let other = Form::of([("may-a", "manage:keys".to_owned())]);
        assert!(chosen(ROWS, &other).is_empty(), "a row gives its own scopes alone");
        let text = matrix("May", ROWS, &other, |scope| scope != "create:b").into_string();
        assert!(text.contains("value=\"manage:a\"") && !text.contains("value=\"create:b\""), "{text}");
        assert!(text.contains("A: nothing") && text.contains("not yours"), "{text}");
    }
}
