//! What every call brings: who asks, the query string, the page, the idempotency key.

use crate::access::Grant;
use crate::access::act;
use crate::access::keys::not_there;
use crate::accounts::Actor;
use crate::audit::Author;
use crate::base::{Fault, Refusal, Trouble, id};
use crate::relay::{Inbound, Shared};
use crate::store::organizations;
use std::sync::Arc;

/// Entries of a page when the caller does not say.
pub const PAGE_LIMIT: i64 = 20;
/// Entries of a page at most.
pub const PAGE_LIMIT_MAX: i64 = 100;
/// Characters of an `Idempotency-Key` at most.
pub const IDEMPOTENCY_KEY_CHARS_MAX: usize = 255;
/// The header by which the operator names an organisation; OpenAI's clients send it.
pub const ORGANIZATION: &str = "openai-organization";

/// Who asks, and the organisation that is asked about.
pub struct Caller {
    /// The admin key.
    pub grant: Arc<Grant>,
    /// Its own organisation; for the operator the one named by `OpenAI-Organization`, if any.
    pub org: Arc<str>,
}

impl Caller {
    /// Who it is and what it may do, as of its verification.
    #[must_use]
    pub fn actor(&self) -> &Actor {
        &self.grant.actor
    }

    /// The author of what it changes.
    #[must_use]
    pub fn author(&self, inbound: &Inbound) -> Author {
        act::author(&self.grant, inbound.peer)
    }
}

/// Who asks. The operator may name an organisation; for everybody else there is but their own.
///
/// # Errors
/// `not_found` for an organisation that is not there or not the caller's; a fault when the route table
/// let a call through without a key, which is a mistake of ours.
pub async fn caller(
    shared: &Shared,
    inbound: &Inbound,
    grant: Option<Arc<Grant>>,
) -> Result<Caller, Trouble> {
    let grant = grant.ok_or_else(|| Fault::plain("a management route was reached without an admin key"))?;
    let org = match inbound.headers.get(ORGANIZATION).map(|named| std::str::from_utf8(named).unwrap_or("")) {
        None => Arc::clone(&grant.org),
        Some(named) if *named == *grant.org => Arc::clone(&grant.org),
        Some(named) if grant.actor.rights.operator => {
            let mut conn = shared.at.db.connection().await?;
            let found = organizations::organization(&mut conn, named).await?;
            found.ok_or_else(|| not_there("organization"))?.id.into()
        }
        Some(_) => return Err(not_there("organization").into()),
    };
    Ok(Caller { grant, org })
}

/// Handlers of the shape the route table wants, each around an async function that gets the process,
/// the call and the caller.
macro_rules! handlers {
    ($( $(#[$doc:meta])* $name:ident = $run:ident($($what:expr),*); )*) => { $(
        $(#[$doc])*
        #[must_use]
        pub fn $name(
            shared: std::sync::Arc<$crate::relay::Shared>,
            inbound: $crate::relay::Inbound,
            grant: Option<std::sync::Arc<$crate::access::Grant>>,
        ) -> $crate::relay::route::Sendable {
            Box::pin(async move {
                let caller = $crate::admin::ask::caller(&shared, &inbound, grant).await?;
                $run(&shared, &inbound, &caller, $($what),*).await
            })
        }
    )* };
}
pub(crate) use handlers;

/// A placeholder of the path, by place.
///
/// # Errors
/// When the route table has no such placeholder: a mistake of ours.
pub fn path_param(inbound: &Inbound, place: usize) -> Result<&str, Fault> {
    let param = inbound.params.get(place);
    param.map(String::as_str).ok_or_else(|| Fault::plain("a management route lacks a path parameter"))
}

/// The query string, taken apart name by name; what is left over is refused.
pub struct Query(Vec<(String, String)>);

impl Query {
    /// The query string of a call.
    #[must_use]
    pub fn of(inbound: &Inbound) -> Self {
        Self(inbound.query_pairs())
    }

    /// A query string of these pairs.
    #[cfg(test)]
    pub(crate) fn from_pairs(pairs: &[(&str, &str)]) -> Self {
        Self(pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect())
    }

    /// The value of a parameter that may stand once.
    ///
    /// # Errors
    /// A refusal when it stands twice.
    pub fn one(&mut self, name: &str) -> Result<Option<String>, Refusal> {
        let mut values = self.take(|given| given == name);
        if values.len() > 1 {
            return Err(Refusal::field(name.to_owned(), format!("`{name}` is given more than once.")));
        }
        Ok(values.pop())
    }

    /// The values of a parameter that may stand many times, as `name` or `name[]`.
    #[must_use]
    pub fn many(&mut self, name: &str) -> Vec<String> {
        self.take(|given| given.strip_suffix("[]").unwrap_or(given) == name)
    }

    /// A whole number.
    ///
    /// # Errors
    /// A refusal when it is none, or outside `min..=max`.
    pub fn number(&mut self, name: &str, min: i64, max: i64) -> Result<Option<i64>, Refusal> {
        let Some(text) = self.one(name)? else {
            return Ok(None);
        };
        match text.parse() {
            Ok(number) if (min..=max).contains(&number) => Ok(Some(number)),
            _ => Err(Refusal::field(
                name.to_owned(),
                format!("`{name}` must be a whole number from {min} to {max}."),
            )),
        }
    }

    /// One of some words.
    ///
    /// # Errors
    /// A refusal that lists them when it is none.
    pub fn word<T: Copy>(&mut self, name: &str, words: &[(&str, T)]) -> Result<Option<T>, Refusal> {
        let Some(text) = self.one(name)? else {
            return Ok(None);
        };
        let found = words.iter().find(|(word, _)| *word == text);
        found.map(|(_, meaning)| Some(*meaning)).ok_or_else(|| {
            let known: Vec<String> = words.iter().map(|(word, _)| format!("`{word}`")).collect();
            Refusal::field(name.to_owned(), format!("`{name}` must be {}.", known.join(" or ")))
        })
    }

    /// Ends the reading.
    ///
    /// # Errors
    /// A refusal that names the first parameter nobody asked for.
    pub fn finish(self) -> Result<(), Refusal> {
        match self.0.first() {
            None => Ok(()),
            Some((name, _)) => {
                let shown: String = name.chars().take(64).collect();
                let message = format!("`{shown}` is not a parameter of this route.");
                Err(Refusal::field(shown, message))
            }
        }
    }

    fn take(&mut self, is_it: impl Fn(&str) -> bool) -> Vec<String> {
        let taken = self.0.extract_if(.., |(name, _)| is_it(name));
        taken.map(|(_, value)| value).collect()
    }
}

/// Which page of a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page {
    /// Entries of it, 1 to [`PAGE_LIMIT_MAX`].
    pub limit: i64,
    /// The id it begins after; empty: from the beginning.
    pub after: String,
    /// Newest first, else oldest first.
    pub newest_first: bool,
}

impl Page {
    /// Reads `limit`, `after` and `order` of a list whose ids have a prefix.
    ///
    /// # Errors
    /// A refusal that names the parameter.
    pub fn read(query: &mut Query, id_prefix: &str) -> Result<Self, Refusal> {
        let after = query.one("after")?.unwrap_or_default();
        if !after.is_empty() && id::parse(id_prefix, &after).is_none() {
            return Err(Refusal::field(
                "after",
                format!("`after` must be an id of this list (`{id_prefix}_...`), such as its `last_id`."),
            ));
        }
        Ok(Self {
            limit: query.number("limit", 1, PAGE_LIMIT_MAX)?.unwrap_or(PAGE_LIMIT),
            after,
            newest_first: query.word("order", &[("asc", false), ("desc", true)])?.unwrap_or(false),
        })
    }
}

/// The caller's `Idempotency-Key`.
///
/// # Errors
/// A refusal when it is given twice, or is not 1 to 255 visible ASCII characters.
pub fn idempotency_key(inbound: &Inbound) -> Result<Option<&str>, Refusal> {
    let mut given = inbound.headers.all("idempotency-key");
    let Some(bytes) = given.next() else { return Ok(None) };
    let sane = given.next().is_none()
        && (1..=IDEMPOTENCY_KEY_CHARS_MAX).contains(&bytes.len())
        && bytes.iter().all(u8::is_ascii_graphic);
    match std::str::from_utf8(bytes) {
        Ok(text) if sane => Ok(Some(text)),
        _ => Err(Refusal::field(
            "Idempotency-Key",
            format!(
                "`Idempotency-Key` must be given once, as 1 to {IDEMPOTENCY_KEY_CHARS_MAX} visible ASCII characters."
            ),
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_is_read_and_what_is_left_over_is_named() {
        let id = "key_01arz3ndektsv4rrffq69g5fav";
        let mut asked = Query::from_pairs(&[("limit", "5"), ("after", id), ("order", "desc")]);
        let page = Page::read(&mut asked, "key").unwrap();
        assert_eq!(page, Page { limit: 5, after: id.to_owned(), newest_first: true });
        asked.finish().unwrap();

        let page = Page::read(&mut Query::from_pairs(&[]), "key").unwrap();
        assert_eq!(page, Page { limit: 20, after: String::new(), newest_first: false });

        for (name, value) in
            [("limit", "0"), ("limit", "101"), ("limit", "x"), ("after", "proj_1"), ("order", "up")]
        {
            let refusal = Page::read(&mut Query::from_pairs(&[(name, value)]), "key").unwrap_err();
            assert_eq!(refusal.param.as_deref(), Some(name), "{name}={value}");
        }
        let twice = Page::read(&mut Query::from_pairs(&[("limit", "1"), ("limit", "2")]), "key").unwrap_err();
        assert_eq!(twice.param.as_deref(), Some("limit"));
        let over = Query::from_pairs(&[("colour", "red")]).finish().unwrap_err();
        assert_eq!(over.param.as_deref(), Some("colour"));
    }

    #[test]
    fn lists_come_with_and_without_brackets() {
        let mut asked = Query::from_pairs(&[("models[]", "a"), ("models", "b"), ("models_x", "c")]);
        assert_eq!(asked.many("models"), ["a", "b"]);
        assert_eq!(asked.finish().unwrap_err().param.as_deref(), Some("models_x"));
    }
}
