//! What an admin key was used for since a given time, by address and kind of change: from the audit log.

use super::json::seconds;
use crate::base::Fault;
use crate::store::Conn;
use crate::store::audit;
use serde::Serialize;

/// Changes of one kind from one address.
#[derive(Debug, Serialize)]
pub struct KeyAct {
    ip: Option<String>,
    #[serde(rename = "type")]
    kind: String,
    count: i64,
    first_at: i64,
    last_at: i64,
}

impl KeyAct {
    /// As the command prints it.
    #[must_use]
    pub fn cells(&self) -> Vec<String> {
        let last =
            jiff::Timestamp::from_second(self.last_at).map_or_else(|_| "-".to_owned(), |at| at.to_string());
        let ip = self.ip.clone().unwrap_or_else(|| "-".to_owned());
        vec![ip, self.kind.clone(), self.count.to_string(), last]
    }
}

/// Reads them, most frequent first.
///
/// # Errors
/// When the database cannot be used.
pub async fn read(conn: &mut Conn, key: &str, since_ms: i64) -> Result<Vec<KeyAct>, Fault> {
    let found = audit::acts_of(conn, key, since_ms).await?;
    let act = |act: audit::Acts| KeyAct {
        ip: act.ip,
        kind: act.event,
        count: act.count,
        first_at: seconds(act.first_ms),
        last_at: seconds(act.last_ms),
    };
    Ok(found.into_iter().map(act).collect())
}
