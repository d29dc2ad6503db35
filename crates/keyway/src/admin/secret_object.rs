//! A secret of a key as the API shows it: everything but the secret.

use super::json::seconds;
use crate::access::keys::redacted_kid;
use crate::access::rotate::is_live;
use crate::store::key_secrets::SecretRow;
use crate::store::keys::KeyRow;
use serde::Serialize;

/// What the deletion of a secret of a project key, or of an admin key, is called.
#[must_use]
pub fn secret_deleted(admin: bool) -> &'static str {
    if admin {
        "organization.admin_api_key.secret.deleted"
    } else {
        "organization.project.api_key.secret.deleted"
    }
}

/// A secret.
#[derive(Debug, Serialize)]
pub struct SecretObject<'a> {
    object: &'static str,
    /// Its public handle.
    pub id: &'a str,
    key_id: &'a str,
    redacted_value: String,
    created_at: i64,
    expires_at: Option<i64>,
    last_used_at: Option<i64>,
    last_used_ip: Option<&'a str>,
    use_count: i64,
    status: &'static str,
    current: bool,
}

impl<'a> SecretObject<'a> {
    /// The secret as it is at an instant.
    #[must_use]
    pub fn new(key: &'a KeyRow, secret: &'a SecretRow, now_ms: i64) -> Self {
        Self {
            object: if key.kind == "admin" {
                "organization.admin_api_key.secret"
            } else {
                "organization.project.api_key.secret"
            },
            id: &secret.kid,
            key_id: &key.id,
            redacted_value: redacted_kid(key, &secret.kid),
            created_at: seconds(secret.created_ms),
            expires_at: secret.expires_ms.map(seconds),
            last_used_at: secret.last_used_ms.map(seconds),
            last_used_ip: secret.last_used_ip.as_deref(),
            use_count: secret.use_count,
            status: if is_live(secret, now_ms) { "active" } else { "expired" },
            current: secret.expires_ms.is_none(),
        }
    }
}
