//! `/audit_logs`: who changed what, and whether the log is whole.

use super::ask::{Caller, PAGE_LIMIT, PAGE_LIMIT_MAX, Query, handlers};
use super::audit_object::{AuditObject, seq_of};
use super::json::{self, List};
use super::usage::{TIME_SECONDS_MAX, values};
use crate::accounts::seen::seen;
use crate::audit::verify;
use crate::base::{Refusal, Trouble};
use crate::relay::{Inbound, Outbound, Shared};
use crate::store::audit::{self, Filter, Listed, Seen};

handlers! {
    /// GET `/audit_logs`
    list = list_of();
    /// GET `/audit_logs/verify`
    verify_all = verification();
}

async fn list_of(shared: &Shared, inbound: &Inbound, caller: &Caller) -> Result<Outbound, Trouble> {
    let mut query = Query::of(inbound);
    let mut filter = read(&mut query)?;
    let limit = query.number("limit", 1, PAGE_LIMIT_MAX)?.unwrap_or(PAGE_LIMIT);
    query.finish()?;
    filter.seen = seen(caller.actor())?;
    let backwards = filter.above_seq.is_some() && filter.below_seq.is_none();
    let db = &shared.at.db;
    let mut found = audit::list(db, &caller.org, &filter, backwards, limit + 1).await?;
    let more = found.len() > usize::try_from(limit).unwrap_or(usize::MAX);
    found.truncate(usize::try_from(limit).unwrap_or(usize::MAX));
    if backwards {
        found.reverse();
    }
    json::answer(&list_object(&found, more))
}

/// The list of some records, newest first.
#[must_use]
pub fn list_object(found: &[Listed], more: bool) -> List<AuditObject<'_>> {
    let objects = found.iter().map(AuditObject::new).collect();
    List::new(objects, more, |object: &AuditObject<'_>| &object.id)
}

async fn verification(shared: &Shared, inbound: &Inbound, _: &Caller) -> Result<Outbound, Trouble> {
    Query::of(inbound).finish()?;
    let mut conn = shared.at.db.connection().await?;
    json::answer(&verify::database(&mut conn).await?)
}

fn read(query: &mut Query) -> Result<Filter, Refusal> {
    let mut second = |name: &str| query.number(name, 0, TIME_SECONDS_MAX);
    let (after, from) = (second("effective_at[gt]")?, second("effective_at[gte]")?);
    let (before, until) = (second("effective_at[lt]")?, second("effective_at[lte]")?);
    let ms = |seconds: i64| seconds * 1000;
    Ok(Filter {
        seen: Seen::default(),
        from_ms: after.map(|after| after + 1).max(from).map(ms),
        until_ms: [before, until.map(|until| until + 1)].into_iter().flatten().min().map(ms),
        event_types: values(query, "event_types")?,
        actor_ids: values(query, "actor_ids")?,
        actor_emails: values(query, "actor_emails")?.iter().map(|email| email.to_lowercase()).collect(),
        tenant_only: query.word("tenant_only", &[("true", true), ("false", false)])?.unwrap_or(false),
        resource_ids: values(query, "resource_ids")?,
        project_ids: values(query, "project_ids")?,
        below_seq: cursor(query, "after")?,
        above_seq: cursor(query, "before")?,
    })
}

fn cursor(query: &mut Query, name: &'static str) -> Result<Option<i64>, Refusal> {
    let Some(text) = query.one(name)? else { return Ok(None) };
    let message = || format!("`{name}` must be a record's id (`audit_...`), such as the list's `last_id`.");
    seq_of(&text).map(Some).ok_or_else(|| Refusal::field(name, message()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_whole_seconds_and_the_narrower_one_counts() {
        let read_times = |pairs: &[(&str, &str)]| {
            let filter = read(&mut Query::from_pairs(pairs)).unwrap();
            (filter.from_ms, filter.until_ms)
        };
        assert_eq!(read_times(&[]), (None, None));
        assert_eq!(read_times(&[("effective_at[gt]", "5")]), (Some(6000), None));
        assert_eq!(read_times(&[("effective_at[gte]", "5")]), (Some(5000), None));
        assert_eq!(read_times(&[("effective_at[lt]", "5")]), (None, Some(5000)));
        assert_eq!(read_times(&[("effective_at[lte]", "5")]), (None, Some(6000)));
        let both = [
            ("effective_at[gt]", "5"),
            ("effective_at[gte]", "5"),
            ("effective_at[lt]", "7"),
            ("effective_at[lte]", "9"),
        ];
        assert_eq!(read_times(&both), (Some(6000), Some(7000)));
        for (name, value) in [("effective_at[gt]", "x"), ("after", "key_1"), ("before", "audit_1")] {
            let refusal = read(&mut Query::from_pairs(&[(name, value)])).unwrap_err();
            assert_eq!(refusal.param.as_deref(), Some(name));
        }
    }
}
