//! Many rows by one statement, from a few fixed texts, so that the statement cache stays small.

use super::db::Engine;
use std::collections::HashMap;
use std::fmt::Write as _;
use std::sync::{Arc, Mutex, PoisonError};

/// Rows per statement, largest first.
const ROWS: [usize; 3] = [16, 4, 1];

/// Parameters of one statement: PostgreSQL wants few round trips, and takes 65,535.
fn parameters_max(engine: Engine) -> usize {
    match engine {
        Engine::Sqlite => 512,
        Engine::Postgres => 2_048,
    }
}

/// An insert of any number of rows: `head VALUES (..), (..) tail`.
pub(super) struct Insert {
    /// `INSERT INTO table (columns)`.
    pub head: &'static str,
    /// Number of columns.
    pub columns: usize,
    /// What follows the rows, for example an `ON CONFLICT` clause.
    pub tail: &'static str,
}

/// Texts by their head, whether their parameters are numbered, and number of rows.
type Texts = HashMap<(&'static str, bool, usize), Arc<str>>;

static TEXTS: Mutex<Option<Texts>> = Mutex::new(None);

impl Insert {
    /// Cuts `items` into runs that each have a text of their own.
    pub(super) fn runs<'a, T>(&self, engine: Engine, items: &'a [T]) -> impl Iterator<Item = &'a [T]> {
        let rows_max = (parameters_max(engine) / self.columns).max(1);
        let mut rest = items;
        std::iter::from_fn(move || {
            let size = ROWS.into_iter().find(|size| *size <= rest.len() && *size <= rows_max)?;
            let (run, left) = rest.split_at(size);
            rest = left;
            Some(run)
        })
    }

    /// The statement for `rows` rows, made once. SQLite finds a parameter's name by walking over all names
    /// before it, for each that is bound: there they have none.
    pub(super) fn text(&self, engine: Engine, rows: usize) -> Arc<str> {
        let numbered = engine == Engine::Postgres;
        let mut texts = TEXTS.lock().unwrap_or_else(PoisonError::into_inner);
        let texts = texts.get_or_insert_with(HashMap::new);
        Arc::clone(
            texts.entry((self.head, numbered, rows)).or_insert_with(|| self.write(numbered, rows).into()),
        )
    }

    fn write(&self, numbered: bool, rows: usize) -> String {
        let mut text = format!("{} VALUES ", self.head);
        for row in 0..rows {
            text.push_str(if row == 0 { "(" } else { ", (" });
            for column in 0..self.columns {
                let comma = if column == 0 { "" } else { ", " };
                let _ = match numbered {
                    true => write!(text, "{comma}${}", row * self.columns + column + 1),
                    false => write!(text, "{comma}?"),
                };
            }
            text.push(')');
        }
        text.push(' ');
        text.push_str(self.tail);
        text
    }
}

/// `$first, $first+1, ..` for `count` parameters.
pub(super) fn parameters(first: usize, count: usize) -> String {
    let mut text = String::new();
    for index in 0..count {
        let comma = if index == 0 { "" } else { ", " };
        let _ = write!(text, "{comma}${}", first + index);
    }
    text
}
