//! `/requests`: the request log, newest first.

use super::ask::{self, Caller, PAGE_LIMIT, PAGE_LIMIT_MAX, Query, handlers};
use super::json::{self, List};
use super::request_object::RequestObject;
use super::usage::{TIME_SECONDS_MAX, values};
use crate::access::keys::not_there;
use crate::accounts::Scope;
use crate::accounts::check::narrow;
use crate::base::{Refusal, Trouble, id};
use crate::relay::{Inbound, Outbound, Shared};
use crate::store::requests::{self, Filter, OwnedEntry, page};

handlers! {
    /// GET `/requests`
    list = list_of();
    /// GET `/requests/{request}`
    get = get_one();
}

async fn get_one(shared: &Shared, inbound: &Inbound, caller: &Caller) -> Result<Outbound, Trouble> {
    Query::of(inbound).finish()?;
    let request = id::parse("req", ask::path_param(inbound, 0)?).ok_or_else(|| not_there("request"))?;
    let found = requests::get(&shared.at.db, &caller.org, request).await?;
    let among = caller.actor().rights.places(Scope::READ_REQUESTS);
    let seen = |entry: &OwnedEntry| among.as_ref().is_none_or(|ids| ids.contains(&entry.project));
    let found = found.filter(seen).ok_or_else(|| not_there("request"))?;
    json::answer(&RequestObject::new(&found, caller.actor().rights.operator))
}

async fn list_of(shared: &Shared, inbound: &Inbound, caller: &Caller) -> Result<Outbound, Trouble> {
    let mut query = Query::of(inbound);
    let (mut filter, after, limit) = read(&mut query)?;
    query.finish()?;
    if let Some(among) = caller.actor().rights.places(Scope::READ_REQUESTS)
        && !narrow(&mut filter.project_ids, among)?
    {
        return json::answer(&list_object(&[], None, false));
    }
    let (entries, next) = page(&shared.at.db, &caller.org, &filter, after, limit).await?;
    json::answer(&list_object(&entries, next, caller.actor().rights.operator))
}

/// The list of some lines. Where a page is short because so much was looked through, its `last_id`
/// is how far the look went, so that the next page goes on from there.
#[must_use]
pub fn list_object(
    entries: &[OwnedEntry],
    next: Option<[u8; 16]>,
    operator: bool,
) -> List<RequestObject<'_>> {
    let objects = entries.iter().map(|entry| RequestObject::new(entry, operator)).collect();
    let list = List::new(objects, next.is_some(), |object: &RequestObject<'_>| &object.id);
    match next {
        Some(next) => list.ending_at(id::text("req", next)),
        None => list,
    }
}

fn read(query: &mut Query) -> Result<(Filter, Option<[u8; 16]>, usize), Refusal> {
    let mut filter = Filter {
        key_ids: values(query, "api_key_ids")?,
        user_ids: values(query, "user_ids")?,
        project_ids: values(query, "project_ids")?,
        models: values(query, "models")?,
        providers: values(query, "providers")?,
        status: Vec::new(),
        start_ms: query.number("start_time", 0, TIME_SECONDS_MAX)?.map(|at| at * 1000),
        end_ms: query.number("end_time", 0, TIME_SECONDS_MAX)?.map(|at| at * 1000),
    };
    for text in values(query, "status")? {
        let status = text.parse().ok().filter(|status| (100..=599).contains(status));
        filter.status.push(
            status.ok_or_else(|| Refusal::field("status", "`status` must be an HTTP status, as in 429."))?,
        );
    }
    let after = match query.one("after")? {
        None => None,
        Some(text) => Some(id::parse("req", &text).ok_or_else(|| {
            Refusal::field(
                "after",
                "`after` must be a request's id (`req_...`), such as the list's `last_id`.",
            )
        })?),
    };
    let limit = query.number("limit", 1, PAGE_LIMIT_MAX)?.unwrap_or(PAGE_LIMIT);
    Ok((filter, after, usize::try_from(limit).unwrap_or(1)))
}

#[cfg(test)]
mod tests {
    use super::super::request_object::tests::entry;
    use super::*;

    #[test]
    fn filters_are_read_or_refused_by_name() {
        let after = id::text("req", [3; 16]);
        let mut query = Query::from_pairs(&[
            ("status", "429"),
            ("status[]", "500"),
            ("models", "a/b"),
            ("start_time", "5"),
            ("after", &after),
            ("limit", "7"),
        ]);
        let (filter, after, limit) = read(&mut query).unwrap();
        query.finish().unwrap();
        assert_eq!((filter.status, filter.models), (vec![429, 500], vec!["a/b".to_owned()]));
        assert_eq!((filter.start_ms, filter.end_ms, after, limit), (Some(5000), None, Some([3; 16]), 7));
        for (name, value) in
            [("status", "ok"), ("status", "99"), ("after", "key_1"), ("limit", "0"), ("end_time", "x")]
        {
            let refusal = read(&mut Query::from_pairs(&[(name, value)])).unwrap_err();
            assert_eq!(refusal.param.as_deref(), Some(name), "{name}={value}");
        }
    }

    #[test]
    fn a_short_page_says_where_to_go_on() {
        let text = json::text(&list_object(&[], Some([3; 16]), false)).unwrap();
        let last = id::text("req", [3; 16]);
        assert_eq!(
            text,
            format!(r#"{{"object":"list","data":[],"first_id":null,"last_id":"{last}","has_more":true}}"#)
        );
        let entries = [entry()];
        let text = json::text(&list_object(&entries, None, false)).unwrap();
        assert!(text.ends_with(r#""has_more":false}"#));
    }
}
