//! A key as the API shows it. Its secret is in the answer to its making and nowhere else.

use super::json::{names, seconds};
use super::limit_object::KeyLimits;
use crate::access::details::Texts;
use crate::access::keys;
use crate::access::read_only;
use crate::access::rotate::ROTATION_DUE_MS;
use crate::accounts::Scopes;
use crate::store::keys::KeyRow;
use serde::Serialize;

/// Kind of a project key's object.
pub const PROJECT_KEY: &str = "organization.project.api_key";
/// Kind of an admin key's object.
pub const ADMIN_KEY: &str = "organization.admin_api_key";

/// What the deletion of a project key is called.
pub const PROJECT_KEY_DELETED: &str = "organization.project.api_key.deleted";
/// What the deletion of an admin key is called.
pub const ADMIN_KEY_DELETED: &str = "organization.admin_api_key.deleted";

/// A key.
#[derive(Debug, Serialize)]
pub struct KeyObject<'a> {
    object: &'static str,
    /// `key_...`
    pub id: &'a str,
    name: &'a str,
    description: &'a str,
    redacted_value: String,
    #[serde(flatten)]
    shown: Option<Shown<'a>>,
    created_at: i64,
    expires_at: Option<i64>,
    last_used_at: Option<i64>,
    status: &'a str,
    scopes: Vec<String>,
    read_only: bool,
    #[serde(flatten)]
    of_project: Option<OfProject<'a>>,
    #[serde(flatten)]
    of_admin: Option<OfAdmin>,
    ip_allowlist: Option<Vec<String>>,
    owner: Option<Owner<'a>>,
    warnings: &'a [String],
}

/// The secret's one moment, and what a repeated call hears of it.
#[derive(Debug, Serialize)]
struct Shown<'a> {
    value: Option<&'a str>,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    secret_already_shown: bool,
}

#[derive(Debug, Serialize)]
struct OfProject<'a> {
    models: Option<Vec<String>>,
    endpoints: Option<Vec<String>>,
    not_before: Option<i64>,
    idle_expires_in_seconds: Option<i64>,
    rotation_due_at: i64,
    labels: Texts,
    metadata: Texts,
    mode: &'a str,
    project_id: &'a str,
    rate_limits: KeyLimits,
    exposed_in_browser: Option<Exposed<'a>>,
}

/// When and in whose page a live key was first used.
#[derive(Debug, Serialize)]
struct Exposed<'a> {
    at: i64,
    origin: &'a str,
}

#[derive(Debug, Serialize)]
struct OfAdmin {
    projects: Option<Vec<String>>,
}

#[derive(Debug, Serialize)]
struct Owner<'a> {
    #[serde(rename = "type")]
    kind: &'a str,
    id: &'a str,
}

impl<'a> KeyObject<'a> {
    /// The key as it is at an instant.
    #[must_use]
    pub fn new(row: &'a KeyRow, now_ms: i64) -> Self {
        let admin = row.kind == "admin";
        Self {
            object: if admin { ADMIN_KEY } else { PROJECT_KEY },
            id: &row.id,
            name: &row.name,
            description: &row.description,
            redacted_value: keys::redacted(row),
            shown: None,
            created_at: seconds(row.created_ms),
            expires_at: row.expires_ms.map(seconds),
            last_used_at: row.last_used_ms.map(seconds),
            status: keys::status_at(row, now_ms),
            scopes: scopes(row, admin),
            read_only: read_only::is(row),
            of_project: row.project_id.as_deref().map(|project_id| OfProject {
                models: row.models.as_deref().map(names),
                endpoints: row.endpoints.as_deref().map(names),
                not_before: row.not_before_ms.map(seconds),
                idle_expires_in_seconds: row.idle_expires_ms.map(seconds),
                rotation_due_at: seconds(row.secret_created_ms + ROTATION_DUE_MS),
                labels: texts(row.labels.as_deref()),
                metadata: texts(row.metadata.as_deref()),
                mode: &row.mode,
                project_id,
                rate_limits: KeyLimits::new(&row.limits),
                exposed_in_browser: row.exposed_ms.map(|at_ms| Exposed {
                    at: seconds(at_ms),
                    origin: row.exposed_origin.as_deref().unwrap_or_default(),
                }),
            }),
            of_admin: admin.then(|| OfAdmin { projects: row.projects.as_deref().map(names) }),
            ip_allowlist: row.ip_allowlist.as_deref().map(names),
            owner: (!row.owner_id.is_empty()).then_some(Owner { kind: &row.owner_kind, id: &row.owner_id }),
            warnings: &[],
        }
    }

    /// The key with what its holder should know.
    #[must_use]
    pub fn warned(row: &'a KeyRow, now_ms: i64, warnings: &'a [String]) -> Self {
        Self { warnings, ..Self::new(row, now_ms) }
    }

    /// The key just made, with its secret.
    #[must_use]
    pub fn made(row: &'a KeyRow, now_ms: i64, secret: &'a str, warnings: &'a [String]) -> Self {
        let shown = Some(Shown { value: Some(secret), secret_already_shown: false });
        Self { shown, warnings, ..Self::new(row, now_ms) }
    }

    /// What a repeated call hears: everything but the secret.
    #[must_use]
    pub fn made_before(row: &'a KeyRow, now_ms: i64, warnings: &'a [String]) -> Self {
        let shown = Some(Shown { value: None, secret_already_shown: true });
        Self { shown, warnings, ..Self::new(row, now_ms) }
    }
}

/// Names and values as a row keeps them; what cannot be read is not shown.
fn texts(object: Option<&str>) -> Texts {
    object.and_then(|text| serde_json::from_str(text).ok()).unwrap_or_default()
}

/// What the key may do, defaults written out.
fn scopes(row: &KeyRow, admin: bool) -> Vec<String> {
    let defaults = || {
        if admin { Scopes::administration() } else { Scopes::ordinary() }
    };
    match &row.scopes {
        None => defaults().names().into_iter().map(str::to_owned).collect(),
        Some(list) => names(list),
    }
}

#[cfg(test)]
#[path = "key_object_tests.rs"]
pub(crate) mod tests;
