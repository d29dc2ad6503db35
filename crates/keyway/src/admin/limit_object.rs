//! Limits as the API writes them: `rate_limits` of a key, and the rows of a project or an organisation.

use super::body::Body;
use crate::base::Refusal;
use crate::store::limits::{Edit, LimitRow};
use ledger::limit::{Kind, Limits};
use serde::Serialize;

/// Beginning of the id of a row.
const ID_PREFIX: &str = "rl-";
/// What stands for every model together. No model is called so: their names have a slash.
const EVERY_MODEL: &str = "all";

/// Fields of a row, by kind; the names are OpenAI's where it has one.
const ROW_FIELDS: [(Kind, &str); Kind::ALL.len()] = [
    (Kind::RequestsPerMinute, "max_requests_per_1_minute"),
    (Kind::TokensPerMinute, "max_tokens_per_1_minute"),
    (Kind::RequestsPerDay, "max_requests_per_1_day"),
    (Kind::TokensPerDay, "max_tokens_per_1_day"),
    (Kind::Concurrency, "max_concurrent_requests"),
];
/// Fields of a row at OpenAI that are not built.
const ROW_NOT_YET: &[&str] =
    &["max_images_per_1_minute", "max_audio_megabytes_per_1_minute", "batch_1_day_max_input_tokens"];

/// The field `rate_limits` of a key; what is null is no limit.
#[derive(Debug, Serialize)]
pub struct KeyLimits {
    requests_per_minute: Option<u32>,
    tokens_per_minute: Option<u32>,
    requests_per_day: Option<u32>,
    tokens_per_day: Option<u32>,
    concurrency: Option<u32>,
}

impl KeyLimits {
    /// The object of a key's own limits.
    #[must_use]
    pub fn new(limits: &Limits) -> Self {
        Self {
            requests_per_minute: limits.get(Kind::RequestsPerMinute),
            tokens_per_minute: limits.get(Kind::TokensPerMinute),
            requests_per_day: limits.get(Kind::RequestsPerDay),
            tokens_per_day: limits.get(Kind::TokensPerDay),
            concurrency: limits.get(Kind::Concurrency),
        }
    }
}

/// Limits of every model together, or of one.
#[derive(Debug, Serialize)]
pub struct RateLimitObject<'a> {
    object: &'static str,
    /// `rl-all`, or `rl-` and the model's name.
    pub id: String,
    /// The model; null for all together.
    pub model: Option<&'a str>,
    max_requests_per_1_minute: Option<u32>,
    max_tokens_per_1_minute: Option<u32>,
    max_requests_per_1_day: Option<u32>,
    max_tokens_per_1_day: Option<u32>,
    max_concurrent_requests: Option<u32>,
}

impl<'a> RateLimitObject<'a> {
    /// The object of a row, of a project or else of an organisation.
    #[must_use]
    pub fn new(row: &'a LimitRow, of_project: bool) -> Self {
        let model = Some(row.model.as_str()).filter(|model| !model.is_empty());
        let limits = &row.limits;
        Self {
            object: if of_project { "project.rate_limit" } else { "organization.rate_limit" },
            id: format!("{ID_PREFIX}{}", model.unwrap_or(EVERY_MODEL)),
            model,
            max_requests_per_1_minute: limits.get(Kind::RequestsPerMinute),
            max_tokens_per_1_minute: limits.get(Kind::TokensPerMinute),
            max_requests_per_1_day: limits.get(Kind::RequestsPerDay),
            max_tokens_per_1_day: limits.get(Kind::TokensPerDay),
            max_concurrent_requests: limits.get(Kind::Concurrency),
        }
    }
}

/// The model that the id of a row names, empty for all together; `None` when it is no such id.
#[must_use]
pub fn model_of(id: &str) -> Option<&str> {
    match id.strip_prefix(ID_PREFIX)? {
        EVERY_MODEL => Some(""),
        model => model.contains('/').then_some(model),
    }
}

/// Reads the edit of a row.
///
/// # Errors
/// A refusal that names the field.
pub fn row_edit(mut body: Body) -> Result<Edit, Refusal> {
    let edit = read(&mut body, ROW_FIELDS, "")?;
    body.finish(ROW_NOT_YET)?;
    Ok(edit)
}

/// Reads the field `rate_limits` of a key: `None` when it is not there; null takes every limit away.
///
/// # Errors
/// A refusal that names the field.
pub fn key_edit(body: &mut Body) -> Result<Option<Edit>, Refusal> {
    const NAME: &str = "rate_limits";
    let Some(given) = body.object(NAME)? else { return Ok(None) };
    let Some(mut limits) = given else { return Ok(Some([Some(None); Kind::ALL.len()])) };
    let edit = read(&mut limits, Kind::ALL.map(|kind| (kind, kind.name())), "rate_limits.")?;
    limits.finish(&[]).map_err(|refusal| {
        let param = refusal.param.as_deref().map(|field| format!("{NAME}.{field}").into());
        Refusal { param, ..refusal }
    })?;
    Ok(Some(edit))
}

fn read<const N: usize>(
    body: &mut Body,
    fields: [(Kind, &'static str); N],
    within: &str,
) -> Result<Edit, Refusal> {
    let mut edit = Edit::default();
    for (kind, field) in fields {
        edit[kind as usize] = body.limit(field, within)?;
    }
    Ok(edit)
}

/// Limits after an edit.
#[must_use]
pub fn edited(mut limits: Limits, edit: &Edit) -> Limits {
    for (kind, limit) in Kind::ALL.into_iter().zip(edit) {
        if let Some(limit) = limit {
            limits.set(kind, *limit);
        }
    }
    limits
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::admin::json::text;

    #[test]
    fn a_row_as_documented() {
        let limits = Limits::default().with(Kind::RequestsPerMinute, 60).with(Kind::Concurrency, 4);
        let mut row = LimitRow { subject: "proj_1".into(), model: String::new(), limits };
        assert_eq!(
            text(&RateLimitObject::new(&row, true)).unwrap(),
            r#"{"object":"project.rate_limit","id":"rl-all","model":null,"max_requests_per_1_minute":60,"max_tokens_per_1_minute":null,"max_requests_per_1_day":null,"max_tokens_per_1_day":null,"max_concurrent_requests":4}"#
        );
        row.model = "mine/small".to_owned();
        let object = RateLimitObject::new(&row, false);
        assert_eq!((object.object, &*object.id), ("organization.rate_limit", "rl-mine/small"));
        assert_eq!(model_of(&object.id), Some("mine/small"));
        for (id, model) in [("rl-all", Some("")), ("rl-small", None), ("mine/small", None), ("rl-", None)] {
            assert_eq!(model_of(id), model, "{id}");
        }
    }

    #[test]
    fn edits_name_the_field_at_fault() {
        let read = |body: &str| key_edit(&mut Body::parse(body.as_bytes()).unwrap());
        let edit = read(r#"{"rate_limits":{"requests_per_minute":5,"concurrency":null}}"#).unwrap().unwrap();
        assert_eq!(edit, [Some(Some(5)), None, None, None, Some(None)]);
        assert_eq!(read("{}").unwrap(), None);
        assert_eq!(read(r#"{"rate_limits":null}"#).unwrap(), Some([Some(None); 5]));
        let limits = Limits::default().with(Kind::Concurrency, 1).with(Kind::TokensPerDay, 2);
        assert_eq!(
            edited(limits, &edit),
            Limits::default().with(Kind::RequestsPerMinute, 5).with(Kind::TokensPerDay, 2)
        );
        for (body, param) in [
            (r#"{"rate_limits":5}"#, "rate_limits"),
            (r#"{"rate_limits":[]}"#, "rate_limits"),
            (r#"{"rate_limits":{"requests_per_minute":0}}"#, "rate_limits.requests_per_minute"),
            (r#"{"rate_limits":{"tokens_per_day":1000000001}}"#, "rate_limits.tokens_per_day"),
            (r#"{"rate_limits":{"concurrency":1.5}}"#, "rate_limits.concurrency"),
            (r#"{"rate_limits":{"concurrency":"1"}}"#, "rate_limits.concurrency"),
            (r#"{"rate_limits":{"colour":1}}"#, "rate_limits.colour"),
            (r#"{"rate_limits":{"concurrency":1,"concurrency":1}}"#, "rate_limits.concurrency"),
        ] {
            assert_eq!(read(body).unwrap_err().param.as_deref(), Some(param), "{body}");
        }
    }
}
