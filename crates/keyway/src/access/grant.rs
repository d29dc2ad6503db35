//! What a key grants, decoded once when it enters the cache.

use super::levels::Levels;
use super::models::ModelRules;
use crate::accounts::Scopes;
use crate::base::{Code, Fault, Refusal};
use crate::store::keys::Verifiable;
use std::net::IpAddr;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};

/// Which plane a key works on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Calls models.
    Project,
    /// Manages.
    Admin,
}

/// Whether a key spends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// Real models.
    Live,
    /// The sandbox only.
    Test,
}

/// A key as requests see it. Shared by every request of the key; never changed, only replaced,
/// except for what is atomic.
pub struct Grant {
    /// `key_...`
    pub key: Arc<str>,
    /// Public handle of the secret in use.
    pub kid: String,
    /// The key's name.
    pub name: String,
    /// Plane.
    pub kind: Kind,
    /// Live or test.
    pub mode: Mode,
    /// Organisation id.
    pub org: Arc<str>,
    /// Project id, empty for an admin key.
    pub project: Arc<str>,
    /// Owner's id, empty when none.
    pub owner: Arc<str>,
    /// What it may do.
    pub scopes: Scopes,
    /// Which models it may call.
    pub models: ModelRules,
    /// What its requests are held to.
    pub limits: Levels,
    /// Unix milliseconds of its end.
    pub expires_ms: Option<i64>,
    /// Unix milliseconds of its making.
    pub created_ms: i64,
    standing: Standing,
    /// Set when the key stops being good; looked at before anything is sent or passed on.
    dead: AtomicBool,
    /// A use not yet written to the database.
    used: Mutex<Option<(i64, IpAddr)>>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Standing {
    Good,
    Disabled,
    Revoked,
    Archived,
}

impl Grant {
    /// Decodes a key's row, with the limits that were read for it.
    ///
    /// # Errors
    /// When the row says something this version does not know: better refused than guessed.
    pub fn from_row(found: Verifiable, limits: Levels) -> Result<Self, Fault> {
        let row = found.key;
        let unknown = |what: &str| Fault::plain(format!("key {} has an unknown {what}", row.id));
        let kind = match row.kind.as_str() {
            "project" => Kind::Project,
            "admin" => Kind::Admin,
            _ => return Err(unknown("kind")),
        };
        let mode = match row.mode.as_str() {
            "live" => Mode::Live,
            "test" => Mode::Test,
            _ => return Err(unknown("mode")),
        };
        let standing = match row.status.as_str() {
            _ if found.archived => Standing::Archived,
            "active" => Standing::Good,
            "disabled" => Standing::Disabled,
            "revoked" => Standing::Revoked,
            _ => return Err(unknown("status")),
        };
        let admin = kind == Kind::Admin;
        let scopes = match &row.scopes {
            None if admin => Scopes::administration(),
            None => Scopes::ordinary(),
            Some(list) => serde_json::from_str::<Vec<String>>(list)
                .ok()
                .and_then(|names| Scopes::parse(&names, admin).ok())
                .ok_or_else(|| unknown("scope"))?,
        };
        let expires_ms = match (row.expires_ms, found.secret_expires_ms) {
            (Some(key), Some(secret)) => Some(key.min(secret)),
            (key, secret) => key.or(secret),
        };
        Ok(Self {
            models: ModelRules::from_row(row.models.as_deref()),
            key: row.id.into(),
            kid: row.kid,
            name: row.name,
            kind,
            mode,
            org: row.org_id.into(),
            project: row.project_id.unwrap_or_default().into(),
            owner: row.owner_id.into(),
            scopes,
            limits,
            expires_ms,
            created_ms: row.created_ms,
            standing,
            dead: AtomicBool::new(standing != Standing::Good),
            used: Mutex::new(None),
        })
    }

    /// Why the key is refused now, if it is.
    #[must_use]
    pub fn refusal(&self, now_ms: i64) -> Option<Refusal> {
        let (code, message) = match self.standing {
            Standing::Archived => {
                (Code::ProjectArchived, "This key's project is archived. Use a key of another project.")
            }
            Standing::Revoked => (Code::RevokedApiKey, "This API key has been revoked. Ask for a new one."),
            Standing::Disabled => {
                (Code::DisabledApiKey, "This API key is disabled. Its owner can enable it again.")
            }
            Standing::Good if self.expires_ms.is_some_and(|end| end <= now_ms) => {
                (Code::ExpiredApiKey, "This API key has expired. Ask for a new one.")
            }
            Standing::Good => return None,
        };
        Some(Refusal::new(code, message))
    }

    /// Whether the key has died since the request was verified.
    #[must_use]
    pub fn is_dead(&self) -> bool {
        self.dead.load(Ordering::SeqCst)
    }

    /// Marks the key as dead. Requests look at this before they send or pass anything on; whoever calls
    /// it wakes those that wait.
    pub fn kill(&self) {
        self.dead.store(true, Ordering::SeqCst);
    }

    /// Notes a use. True when it is the first since the last [`Grant::take_use`]: the caller
    /// then queues the grant to be written. A use that meets another is left out: it is the same moment.
    pub fn note_use(&self, at_ms: i64, from: IpAddr) -> bool {
        let Ok(mut used) = self.used.try_lock() else {
            return false;
        };
        used.replace((at_ms, from)).is_none()
    }

    /// The last use noted, taken.
    pub fn take_use(&self) -> Option<(i64, IpAddr)> {
        self.used.lock().ok()?.take()
    }
}
