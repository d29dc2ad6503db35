//! Tables; on narrow screens each row is a card, with the column's name before each value.

use maud::{Markup, html};

/// A column.
#[derive(Debug, Clone, Copy)]
pub struct Column {
    /// Its name.
    pub name: &'static str,
    /// It holds numbers.
    pub number: bool,
}

/// A column of text.
#[must_use]
pub const fn text(name: &'static str) -> Column {
    Column { name, number: false }
}

/// A column of numbers.
#[must_use]
pub const fn number(name: &'static str) -> Column {
    Column { name, number: true }
}

/// A table: what it is of, for those who cannot see it at a glance, its columns, and its rows' cells.
#[must_use]
pub fn table(caption: &str, columns: &[Column], rows: &[Vec<Markup>]) -> Markup {
    let class = |column: &Column| column.number.then_some("number");
    html! {
        div .table.cards tabindex="0" role="region" aria-label=(caption) {
            table {
                caption .hidden { (caption) }
                thead { tr {
                    @for column in columns { th scope="col" class=[class(column)] { (column.name) } }
                } }
                tbody {
                    @for row in rows {
                        tr {
                            @for (column, cell) in columns.iter().zip(row) {
                                td class=[class(column)] data-label=(column.name) { (cell) }
                            }
                        }
                    }
                }
            }
        }
    }
}

/// Names and values, one pair to a line.
#[must_use]
pub fn facts(pairs: &[(&str, Markup)]) -> Markup {
    html! {
        dl .facts { @for (name, value) in pairs { div { dt { (name) } dd { (value) } } } }
    }
}
