//! The shapes every answer is made of: list, deletion, money, times.

use super::ask::Page;
use crate::accounts::leave::Settled;
use crate::base::fault::Doing;
use crate::base::{Fault, Trouble};
pub use crate::pricing::Usd;
use crate::relay::Outbound;
use http::StatusCode;
use serde::Serialize;
use serde_json::value::RawValue;

/// Unix seconds of unix milliseconds.
#[must_use]
pub fn seconds(unix_ms: i64) -> i64 {
    unix_ms.div_euclid(1000)
}

/// A list as a row keeps it; one that cannot be read holds nothing, and shows so.
#[must_use]
pub fn names(list: &str) -> Vec<String> {
    serde_json::from_str(list).unwrap_or_default()
}

/// A list and where it stands.
#[derive(Debug, Serialize)]
pub struct List<T> {
    object: &'static str,
    /// The entries.
    pub data: Vec<T>,
    first_id: Option<String>,
    last_id: Option<String>,
    /// Whether more follow.
    pub has_more: bool,
    /// OpenAI's lists of groups and roles say here where to go on.
    #[serde(skip_serializing_if = "Option::is_none")]
    next: Option<Option<String>>,
}

impl<T> List<T> {
    /// A list of entries whose ids `id` tells.
    pub fn new(data: Vec<T>, has_more: bool, id: impl Fn(&T) -> &str) -> Self {
        Self {
            object: "list",
            first_id: data.first().map(|entry| id(entry).to_owned()),
            last_id: data.last().map(|entry| id(entry).to_owned()),
            data,
            has_more,
            next: None,
        }
    }

    /// The same list with `next`, the id to go on after, or null.
    #[must_use]
    pub fn with_next(mut self) -> Self {
        self.next = Some(self.last_id.clone().filter(|_| self.has_more));
        self
    }

    /// Where the next page goes on.
    #[must_use]
    pub fn last_id(&self) -> Option<&str> {
        self.last_id.as_deref()
    }

    /// The same list with another id to go on after.
    #[must_use]
    pub fn ending_at(mut self, last_id: String) -> Self {
        self.last_id = Some(last_id);
        self
    }
}

/// An object that is written already.
#[derive(Debug, Serialize)]
#[serde(transparent)]
pub struct Raw {
    object: Box<RawValue>,
    /// Its id.
    #[serde(skip)]
    pub id: String,
}

impl Raw {
    /// The object of a JSON text.
    ///
    /// # Errors
    /// When it is none.
    pub fn new(id: String, text: String) -> Result<Self, Fault> {
        Ok(Self { object: RawValue::from_string(text).doing("writing an answer")?, id })
    }
}

/// Cuts rows, of which one more than the page holds was asked for; says whether more follow.
pub fn cut<T>(rows: &mut Vec<T>, page: &Page) -> bool {
    let limit = usize::try_from(page.limit).unwrap_or(usize::MAX);
    let more = rows.len() > limit;
    rows.truncate(limit);
    more
}

/// What a deletion answers.
#[derive(Debug, Serialize)]
pub struct Deleted<'a> {
    id: &'a str,
    object: &'static str,
    deleted: bool,
}

impl<'a> Deleted<'a> {
    /// `object` is the kind of the object with `.deleted`.
    #[must_use]
    pub fn new(id: &'a str, object: &'static str) -> Self {
        Self { id, object, deleted: true }
    }
}

/// A deletion with what became of the keys that hung on it.
#[derive(Debug, Serialize)]
pub struct Ended<'a> {
    #[serde(flatten)]
    deleted: Deleted<'a>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    revoked_keys: Vec<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    handed_over_keys: Vec<String>,
}

impl<'a> Ended<'a> {
    /// The lists are left out where they are empty.
    #[must_use]
    pub fn new(deleted: Deleted<'a>, settled: Settled) -> Self {
        Self { deleted, revoked_keys: settled.revoked, handed_over_keys: settled.handed_over }
    }
}

/// The text of an object.
///
/// # Errors
/// When it cannot be written as JSON, which no object here is.
pub fn text(object: &impl Serialize) -> Result<String, Trouble> {
    Ok(serde_json::to_string(object).doing("writing an answer")?)
}

/// Answers with an object.
///
/// # Errors
/// As [`text`].
pub fn answer(object: &impl Serialize) -> Result<Outbound, Trouble> {
    Ok(whole(text(object)?))
}

/// Answers with the text of an object.
#[must_use]
pub fn whole(text: String) -> Outbound {
    Outbound::whole(StatusCode::OK, "application/json", text)
}

/// Answers with a text that is or was about a secret: nobody on the way may keep it.
#[must_use]
pub fn answer_once(text: String) -> Outbound {
    let mut answer = Outbound::whole(StatusCode::OK, "application/json", text);
    answer.set("cache-control", "no-store");
    answer
}

#[cfg(test)]
mod tests {
    use super::*;
    use ledger::NanoUsd;

    #[test]
    fn money_is_an_exact_json_number() {
        let table = [
            (0, "0"),
            (1, "0.000000001"),
            (420_000, "0.00042"),
            (-1_500_000_000, "-1.5"),
            (i64::MAX, "9223372036.854775807"),
        ];
        for (nano, expected) in table {
            assert_eq!(text(&Usd(NanoUsd(nano))).unwrap(), expected);
        }
    }

    #[test]
    fn a_list_says_where_it_stands() {
        let page = Page { limit: 2, after: String::new(), newest_first: false };
        let mut rows = vec!["a".to_owned(), "b".to_owned(), "c".to_owned()];
        let more = cut(&mut rows, &page);
        let list = text(&List::new(rows, more, |row| row)).unwrap();
        assert_eq!(
            list,
            r#"{"object":"list","data":["a","b"],"first_id":"a","last_id":"b","has_more":true}"#
        );
        let empty = text(&List::new(Vec::<String>::new(), false, |row| row)).unwrap();
        assert_eq!(empty, r#"{"object":"list","data":[],"first_id":null,"last_id":null,"has_more":false}"#);
    }
}
