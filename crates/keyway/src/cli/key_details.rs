//! What `keyway key create` and `keyway key edit` take besides scopes and models.

use super::span;
use crate::access::details::{Details, Texts};
use clap::Args;

/// What a key is bound to besides its scopes
#[derive(Debug, Args)]
pub struct DetailFlags {
    /// Which paths it may call, as in /v1/chat/completions; without it, all
    #[arg(long = "endpoint", value_name = "PATH", num_args = 1..)]
    pub endpoints: Option<Vec<String>>,
    /// When it begins to work, as in 2026-12-01T00:00:00Z
    #[arg(long, value_name = "TIME", value_parser = instant)]
    pub not_before: Option<i64>,
    /// After how long without use it ends, as in 30d
    #[arg(long = "idle-expires", value_name = "SPAN", value_parser = span::seconds)]
    pub idle_expires_in_seconds: Option<u64>,
    /// Labels of everything it is used for
    #[arg(long = "label", value_name = "NAME=VALUE", num_args = 1.., value_parser = pair)]
    pub labels: Option<Vec<(String, String)>>,
    /// What else to keep with it
    #[arg(long = "metadata", value_name = "NAME=VALUE", num_args = 1.., value_parser = pair)]
    pub metadata: Option<Vec<(String, String)>>,
}

impl DetailFlags {
    /// As the service takes them.
    #[must_use]
    pub fn details(&self) -> Details {
        Details {
            endpoints: self.endpoints.clone(),
            not_before: self.not_before,
            idle_expires_in_seconds: self.idle_expires_in_seconds,
            labels: self.labels.as_deref().map(texts),
            metadata: self.metadata.as_deref().map(texts),
        }
    }
}

fn texts(pairs: &[(String, String)]) -> Texts {
    pairs.iter().cloned().collect()
}

fn pair(text: &str) -> Result<(String, String), String> {
    match text.split_once('=') {
        Some((name, value)) if !name.is_empty() => Ok((name.to_owned(), value.to_owned())),
        _ => Err("write it as name=value".to_owned()),
    }
}

fn instant(text: &str) -> Result<i64, String> {
    let at: Result<jiff::Timestamp, _> = text.parse();
    at.map(jiff::Timestamp::as_second).map_err(|_| "write a time, as in 2026-12-01T00:00:00Z".to_owned())
}
