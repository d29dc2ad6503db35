//! What a key may be bound to besides its scopes, and what is kept with it: each checked alike when a
//! key is made and when it is edited.

use super::endpoints::ENDPOINTS;
use super::labels::label;
use crate::accounts::check::{NAME_CHARS_MAX, check_text};
use crate::base::Refusal;
use crate::store::keys::KeyRow;
use serde_json::json;
use std::collections::BTreeMap;

/// Entries of a model list at most, and characters of each.
pub const MODELS_MAX: usize = 200;
/// Longest life of a key that has an end, seconds: ten years. It begins no later either.
pub const EXPIRES_IN_SECONDS_MAX: u64 = 10 * 366 * 86_400;
/// Shortest time without use after which a key can end, seconds: last uses are written every few.
pub const IDLE_SECONDS_MIN: u64 = 60;
/// Labels of a key at most; its requests may bring as many again.
pub const KEY_LABELS_MAX: usize = 8;
/// Entries of a key's metadata at most, as OpenAI has it, with the two bounds below.
pub const METADATA_MAX: usize = 16;
/// Characters of a name in metadata at most.
pub const METADATA_NAME_CHARS_MAX: usize = 64;
/// Characters of a value in metadata at most.
pub const METADATA_VALUE_CHARS_MAX: usize = 512;

/// Names and values.
pub type Texts = BTreeMap<String, String>;

/// What is asked of a key besides its scopes.
#[derive(Debug, Clone, Default)]
pub struct Details {
    /// Canonical paths it may call; absent: all.
    pub endpoints: Option<Vec<String>>,
    /// Unix seconds from which it works; absent: at once.
    pub not_before: Option<i64>,
    /// Seconds without use after which it works no longer; absent: never.
    pub idle_expires_in_seconds: Option<u64>,
    /// Labels of everything it is used for.
    pub labels: Option<Texts>,
    /// What its holder keeps with it.
    pub metadata: Option<Texts>,
}

impl Details {
    /// Checks them and writes them into a row whose end is set already.
    ///
    /// # Errors
    /// A refusal that names the field.
    pub fn put(&self, row: &mut KeyRow, now_ms: i64) -> Result<(), Refusal> {
        check_endpoints(self.endpoints.as_deref())?;
        row.endpoints = self.endpoints.as_ref().map(|list| json!(list).to_string());
        check_idle(self.idle_expires_in_seconds)?;
        row.idle_expires_ms = milliseconds(self.idle_expires_in_seconds);
        check_labels(self.labels.as_ref())?;
        row.labels = self.labels.as_ref().map(|labels| json!(labels).to_string());
        check_metadata(self.metadata.as_ref())?;
        row.metadata = self.metadata.as_ref().map(|metadata| json!(metadata).to_string());
        row.not_before_ms = self.not_before.map(|seconds| seconds.saturating_mul(1000));
        check_beginning(row, now_ms)
    }
}

/// Milliseconds of seconds that were checked.
#[must_use]
pub fn milliseconds(seconds: Option<u64>) -> Option<i64> {
    seconds.and_then(|seconds| i64::try_from(seconds).ok()).map(|seconds| seconds.saturating_mul(1000))
}

/// Checks a list of models and patterns.
///
/// # Errors
/// A refusal.
pub fn check_models(models: Option<&[String]>) -> Result<(), Refusal> {
    let models = models.unwrap_or_default();
    if models.len() > MODELS_MAX {
        return Err(Refusal::field("models", format!("`models` takes at most {MODELS_MAX} entries.")));
    }
    for model in models {
        check_text("models", model, NAME_CHARS_MAX)?;
        if model.trim().is_empty() {
            return Err(Refusal::field("models", "An entry of `models` is empty."));
        }
    }
    Ok(())
}

/// Checks how long a key lives.
///
/// # Errors
/// A refusal.
pub fn check_expiry(seconds: Option<u64>) -> Result<(), Refusal> {
    match seconds {
        Some(0) => Err(Refusal::field("expires_in_seconds", "`expires_in_seconds` must be at least 1.")),
        Some(seconds) if seconds > EXPIRES_IN_SECONDS_MAX => Err(Refusal::field(
            "expires_in_seconds",
            format!("`expires_in_seconds` is at most {EXPIRES_IN_SECONDS_MAX} (ten years)."),
        )),
        _ => Ok(()),
    }
}

/// Checks a list of endpoints.
///
/// # Errors
/// A refusal that lists those there are.
pub fn check_endpoints(list: Option<&[String]>) -> Result<(), Refusal> {
    let list = list.unwrap_or_default();
    match list.iter().find(|path| !ENDPOINTS.contains(&path.as_str())) {
        None if list.len() <= ENDPOINTS.len() => Ok(()),
        None => Err(Refusal::field("endpoints", "`endpoints` names a path twice.")),
        Some(unknown) => {
            let shown: String = unknown.chars().take(64).collect();
            let known = ENDPOINTS.join(", ");
            let message = format!("`{shown}` is not a path that keys call. Known: {known}.");
            Err(Refusal::field("endpoints", message))
        }
    }
}

/// Checks the time without use after which a key ends.
///
/// # Errors
/// A refusal.
pub fn check_idle(seconds: Option<u64>) -> Result<(), Refusal> {
    let sane = seconds.is_none_or(|seconds| (IDLE_SECONDS_MIN..=EXPIRES_IN_SECONDS_MAX).contains(&seconds));
    if sane {
        return Ok(());
    }
    let message = format!(
        "`idle_expires_in_seconds` must be from {IDLE_SECONDS_MIN} to {EXPIRES_IN_SECONDS_MAX} (ten years)."
    );
    Err(Refusal::field("idle_expires_in_seconds", message))
}

/// Checks a key's labels.
///
/// # Errors
/// A refusal.
pub fn check_labels(labels: Option<&Texts>) -> Result<(), Refusal> {
    let Some(labels) = labels else { return Ok(()) };
    if labels.len() > KEY_LABELS_MAX {
        return Err(Refusal::field("labels", format!("A key takes at most {KEY_LABELS_MAX} labels.")));
    }
    labels.iter().try_for_each(|(name, value)| label(name, value).map(drop))
}

/// Checks a key's metadata.
///
/// # Errors
/// A refusal.
pub fn check_metadata(metadata: Option<&Texts>) -> Result<(), Refusal> {
    let Some(metadata) = metadata else { return Ok(()) };
    if metadata.len() > METADATA_MAX {
        return Err(Refusal::field("metadata", format!("`metadata` takes at most {METADATA_MAX} entries.")));
    }
    for (name, value) in metadata {
        check_text("metadata", name, METADATA_NAME_CHARS_MAX)?;
        check_text("metadata", value, METADATA_VALUE_CHARS_MAX)?;
        if name.is_empty() {
            return Err(Refusal::field("metadata", "A name in `metadata` is empty."));
        }
    }
    Ok(())
}

/// Checks that a key begins before it ends, and within ten years.
///
/// # Errors
/// A refusal.
pub fn check_beginning(row: &KeyRow, now_ms: i64) -> Result<(), Refusal> {
    let Some(begins_ms) = row.not_before_ms else { return Ok(()) };
    let furthest_ms = now_ms.saturating_add(milliseconds(Some(EXPIRES_IN_SECONDS_MAX)).unwrap_or(0));
    if begins_ms < 0 || begins_ms > furthest_ms {
        let message = "`not_before` must be a time in unix seconds, at most ten years ahead.";
        return Err(Refusal::field("not_before", message));
    }
    if row.expires_ms.is_some_and(|end| begins_ms >= end) {
        return Err(Refusal::field("not_before", "`not_before` is not before the key's end."));
    }
    Ok(())
}
