//! The shapes every answer is made of: list, deletion, money, times.

use super::ask::Page;
use crate::base::Trouble;
use crate::base::fault::Doing;
use crate::relay::Outbound;
use http::StatusCode;
use ledger::NanoUsd;
use serde::{Serialize, Serializer};
use serde_json::value::RawValue;

/// Unix seconds of unix milliseconds.
#[must_use]
pub fn seconds(unix_ms: i64) -> i64 {
    unix_ms.div_euclid(1000)
}

/// An amount in USD as a JSON number with exact decimals.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub struct Usd(pub NanoUsd);

impl Serialize for Usd {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let raw = RawValue::from_string(self.0.to_decimal()).map_err(serde::ser::Error::custom)?;
        raw.serialize(serializer)
    }
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
        }
    }

    /// The same list with another id to go on after.
    #[must_use]
    pub fn ending_at(mut self, last_id: String) -> Self {
        self.last_id = Some(last_id);
        self
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
