//! Which target a session is with: a provider's prompt cache is worth having only where the last request
//! of the conversation went.

use quick_cache::sync::Cache;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::Arc;

/// Sessions that are remembered; the least used are forgotten.
pub const SESSIONS_MAX: usize = 100_000;
/// Longest name of a session that is looked at, bytes.
pub const SESSION_BYTES_MAX: usize = 256;

/// A session of a key under a model's name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Session(u64);

impl Session {
    /// What a key's client calls `session`; `None` where it is empty or too long.
    #[must_use]
    pub fn of(key: &str, model: &str, session: &str) -> Option<Self> {
        if session.is_empty() || session.len() > SESSION_BYTES_MAX {
            return None;
        }
        let mut hasher = DefaultHasher::new();
        (key, model, session).hash(&mut hasher);
        Some(Self(hasher.finish()))
    }
}

/// The sessions of this process.
pub struct Sessions(Cache<Session, Arc<str>>);

impl Default for Sessions {
    fn default() -> Self {
        Self(Cache::new(SESSIONS_MAX))
    }
}

impl Sessions {
    /// The target that answered last.
    #[must_use]
    pub fn target(&self, session: Session) -> Option<Arc<str>> {
        self.0.get(&session)
    }

    /// A target has answered.
    pub fn stay(&self, session: Session, target: &Arc<str>) {
        if self.0.get(&session).is_none_or(|known| known != *target) {
            self.0.insert(session, Arc::clone(target));
        }
    }
}
