//! What a key grants, decoded once when it enters the cache.

use super::chain::Bounded;
use super::credential;
use super::details::Texts;
use super::ephemeral::Narrowed;
use super::keys;
use super::levels::Levels;
use super::models::ModelRules;
use super::networks::Networks;
use super::purse::Purse;
use super::rules::Rules;
use super::uses::Uses;
use crate::accounts::capability::Capabilities;
use crate::accounts::load::Loaded;
use crate::accounts::{Actor, Scopes};
use crate::base::{Code, Fault, Refusal};
use crate::store::budgets::Budget;
use crate::store::keys::{KeyRow, Verifiable};
use crate::store::sessions;
use crate::store::tiers::Tier;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};

/// Time in which every node has written its last uses, milliseconds: a key that rests is refused so much
/// later, for it may have been used elsewhere at the last moment.
const USES_WRITTEN_MS: i64 = 10_000;

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

/// What a key's requests are held to.
#[derive(Default)]
pub struct Bounds {
    /// Limits of rate and concurrency.
    pub limits: Levels,
    /// Budgets.
    pub budgets: Box<[Arc<Budget>]>,
    /// What this process holds of them, and of the balance.
    pub purse: Purse,
    /// What its organisation's tier says; without one nothing.
    pub tier: Tier,
    /// What is done with its requests; absent: nothing.
    pub policy: Option<Box<Rules>>,
}

/// An ephemeral token of a key.
#[derive(Debug, Clone)]
pub struct Token {
    /// Public handle, or the signed token's `jti`.
    pub id: String,
    /// What it is narrowed to.
    pub narrowed: Narrowed,
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
    /// What it may do with models, its makers and its owner taken into account.
    pub scopes: Scopes,
    /// Who it is and what it may do in administration, its makers and its owner taken into account.
    pub actor: Actor,
    /// From where it works.
    pub networks: Networks,
    /// Ids of users, groups, roles and keys whose changes ask for another look at it.
    pub depends: Vec<Arc<str>>,
    /// Which models it may call.
    pub models: ModelRules,
    /// Canonical paths it may call; absent: all.
    pub endpoints: Option<Vec<String>>,
    /// The ephemeral token it is of, when it is not the key's own.
    pub token: Option<Box<Token>>,
    /// It is a session's: a person at the console.
    pub session: bool,
    /// Labels of everything it is used for.
    pub labels: Texts,
    /// What its requests are held to.
    pub limits: Levels,
    /// Budgets that may count what it spends, by id; `access::budgets::counts` says which count a request.
    pub budgets: Box<[Arc<Budget>]>,
    /// What its requests are paid from.
    pub purse: Purse,
    /// What is done with its requests; absent: nothing.
    pub policy: Option<Box<Rules>>,
    /// What its requests may need.
    pub capabilities: Capabilities,
    /// Unix milliseconds of its end.
    pub expires_ms: Option<i64>,
    /// Unix milliseconds of its making.
    pub created_ms: i64,
    /// Unix milliseconds before which it does not work.
    not_before_ms: Option<i64>,
    /// Milliseconds without use after which it ends.
    idle_ms: Option<i64>,
    /// Its last use when it was read, unix milliseconds.
    active_ms: i64,
    /// When it was read, unix milliseconds.
    read_ms: i64,
    /// The newest change that was there when it was read; 0 where that is not known.
    as_of_seq: AtomicI64,
    standing: Standing,
    /// Set when the key stops being good; looked at before anything is sent or passed on.
    dead: AtomicBool,
    /// Uses not yet written to the database.
    pub uses: Uses,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Standing {
    Good,
    Disabled,
    Revoked,
    Archived,
    /// Who made it may make such keys no longer.
    Orphaned,
}

impl Grant {
    /// Decodes a key's row, what it comes to now, and the bounds that were read for it.
    ///
    /// # Errors
    /// When the row says something this version does not know: better refused than guessed.
    pub fn from_row(
        found: Verifiable,
        bounded: Bounded,
        bounds: Bounds,
        read_ms: i64,
    ) -> Result<Self, Fault> {
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
            "active" if bounded.orphaned => Standing::Orphaned,
            "active" => Standing::Good,
            "disabled" => Standing::Disabled,
            "revoked" => Standing::Revoked,
            _ => return Err(unknown("status")),
        };
        let expires_ms = [bounded.expires_ms, found.secret_expires_ms].into_iter().flatten().min();
        let lists = [&found.org_ip_allowlist, &found.project_ip_allowlist, &row.ip_allowlist];
        let networks = Networks::from_rows(lists).map_err(|_| unknown("network"))?;
        let models = ModelRules::from_row(row.models.as_deref());
        let endpoints = row.endpoints.as_deref().map(serde_json::from_str).transpose();
        let labels = row.labels.as_deref().map(serde_json::from_str).transpose();
        let person = if row.owner_kind == "user" { row.owner_id.as_str() } else { "" };
        Ok(Self {
            models: models
                .of_project(found.model_mode.as_deref(), found.model_ids.as_deref())
                .of_tier(bounds.tier.models.as_deref()),
            actor: Actor { id: row.id.as_str().into(), person: person.into(), rights: bounded.rights },
            networks,
            endpoints: endpoints.map_err(|_| unknown("endpoint"))?,
            capabilities: capabilities(&bounds.tier).ok_or_else(|| unknown("capability"))?,
            token: None,
            session: false,
            labels: labels.map_err(|_| unknown("label"))?.unwrap_or_default(),
            not_before_ms: row.not_before_ms,
            idle_ms: row.idle_expires_ms,
            active_ms: keys::active_ms(&row),
            read_ms,
            depends: bounded.depends,
            key: row.id.into(),
            kid: row.kid,
            name: row.name,
            kind,
            mode,
            org: row.org_id.into(),
            project: row.project_id.unwrap_or_default().into(),
            owner: row.owner_id.into(),
            scopes: bounded.scopes,
            limits: bounds.limits,
            budgets: bounds.budgets,
            purse: bounds.purse,
            policy: bounds.policy,
            expires_ms,
            created_ms: row.created_ms,
            standing,
            as_of_seq: AtomicI64::new(0),
            dead: AtomicBool::new(standing != Standing::Good),
            uses: Uses::default(),
        })
    }

    /// A live key of an organisation that may call everything, for questions that are about no key.
    ///
    /// # Errors
    /// None that a test lets pass.
    pub fn of_anybody(org: &str, now_ms: i64) -> Result<Self, Fault> {
        let key = KeyRow {
            kind: "project".into(),
            mode: "live".into(),
            status: "active".into(),
            org_id: org.to_owned(),
            ..KeyRow::default()
        };
        let found = Verifiable {
            key,
            digest: String::new(),
            secret_expires_ms: None,
            archived: false,
            org_ip_allowlist: None,
            project_ip_allowlist: None,
            model_mode: None,
            model_ids: None,
        };
        Self::from_row(found, Bounded::default(), Bounds::default(), now_ms)
    }

    /// What a session comes to: its person, in the organisation it looks at.
    ///
    /// # Errors
    /// When the organisation's allow-list cannot be read.
    pub fn of_session(found: sessions::Verifiable, loaded: Loaded, read_ms: i64) -> Result<Self, Fault> {
        let row = found.session;
        let networks = Networks::from_rows([&found.org_ip_allowlist, &None, &None])
            .map_err(|_| Fault::plain("an organisation has an unknown network"))?;
        let (key, owner): (Arc<str>, Arc<str>) = (row.id.as_str().into(), row.user_id.into());
        Ok(Self {
            actor: Actor { id: Arc::clone(&key), person: Arc::clone(&owner), rights: loaded.rights },
            key,
            kid: row.kid,
            name: found.name,
            kind: Kind::Admin,
            mode: Mode::Live,
            org: row.org_id.into(),
            project: "".into(),
            owner,
            scopes: Scopes::NONE,
            networks,
            depends: loaded.depends,
            models: ModelRules::from_row(None),
            endpoints: None,
            token: None,
            session: true,
            labels: Texts::default(),
            capabilities: Capabilities::default(),
            limits: Levels::default(),
            budgets: Box::default(),
            purse: Purse::default(),
            policy: None,
            expires_ms: Some(row.expires_ms),
            created_ms: row.created_ms,
            not_before_ms: None,
            idle_ms: Some(row.idle_ms),
            active_ms: row.seen_ms,
            read_ms,
            standing: Standing::Good,
            as_of_seq: AtomicI64::new(0),
            dead: AtomicBool::new(false),
            uses: Uses::default(),
        })
    }

    /// Why the key is refused now, if it is.
    #[must_use]
    pub fn refusal(&self, now_ms: i64) -> Option<Refusal> {
        if self.session {
            let ended = self.expires_ms.is_some_and(|end| end <= now_ms) || self.is_idle(now_ms);
            return ended.then(credential::signed_out);
        }
        let (code, message) = match self.standing {
            Standing::Archived => {
                (Code::ProjectArchived, "This key's project is archived. Use a key of another project.")
            }
            Standing::Revoked => (Code::RevokedApiKey, "This API key has been revoked. Ask for a new one."),
            Standing::Orphaned => (
                Code::RevokedApiKey,
                "This API key has ended: who made it may make such keys no longer. Ask for a new one.",
            ),
            Standing::Disabled => {
                (Code::DisabledApiKey, "This API key is disabled. Its owner can enable it again.")
            }
            Standing::Good if self.expires_ms.is_some_and(|end| end <= now_ms) => {
                (Code::ExpiredApiKey, "This API key has expired. Ask for a new one.")
            }
            Standing::Good if self.not_before_ms.is_some_and(|begins| now_ms < begins) => {
                (Code::DisabledApiKey, "This API key does not work yet: its `not_before` is ahead.")
            }
            Standing::Good if self.is_idle(now_ms) => (
                Code::ExpiredApiKey,
                "This API key has expired: it was not used for too long. Ask for a new one.",
            ),
            Standing::Good => return None,
        };
        Some(Refusal::new(code, message))
    }

    /// Notes that it was read when this was the newest change.
    pub fn read_as_of(&self, seq: i64) {
        self.as_of_seq.store(seq, Ordering::SeqCst);
    }

    /// The newest change that was there when it was read, or one before that; 0 where that is not known.
    #[must_use]
    pub fn as_of_seq(&self) -> i64 {
        self.as_of_seq.load(Ordering::SeqCst)
    }

    /// Whether it has gone without use for as long as it may, as far as this node knows.
    fn is_idle(&self, now_ms: i64) -> bool {
        self.idle_ms.is_some_and(|span| now_ms >= self.idle_end_ms(span))
    }

    fn idle_end_ms(&self, span_ms: i64) -> i64 {
        self.active_ms.max(self.uses.last_ms()).saturating_add(span_ms + USES_WRITTEN_MS)
    }

    /// Whether it ends when it is not used.
    #[must_use]
    pub fn can_idle(&self) -> bool {
        self.idle_ms.is_some()
    }

    /// Whether it seems idle and may have been used elsewhere since it was read: then it is to be read
    /// again before anybody is refused.
    #[must_use]
    pub fn is_outdated(&self, now_ms: i64) -> bool {
        self.is_idle(now_ms) && self.idle_ms.is_some_and(|span| self.read_ms < self.idle_end_ms(span))
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
}

/// What a tier's JSON list of capabilities allows; absent: every one. `None`: it names an unknown one.
fn capabilities(tier: &Tier) -> Option<Capabilities> {
    let Some(list) = tier.capabilities.as_deref() else { return Some(Capabilities::EVERY) };
    let names: Vec<String> = serde_json::from_str(list).ok()?;
    Capabilities::named(&names).ok()
}
