//! The cache of grants. An entry is good only while this node keeps up with the change feed; there
//! is no per-entry time to get wrong. Absence is cached too.

use super::chain;
use super::ephemeral::Claims;
use super::grant::{Bounds, Grant, Token};
use super::levels::{self, Subjects};
use super::policy;
use super::purse::Accounts;
use crate::accounts::load;
use crate::base::fault::Doing;
use crate::base::{Clock, Fault};
use crate::sealing::Digest;
use crate::store::budgets::{self, Budget, Who};
use crate::store::changes::{
    self, BUDGET_CHANGED, Change, KEY_CHANGED, KEY_STOPPED, LIMITS_CHANGED, ORGANIZATION_CHANGED,
    ORGANIZATION_STOPPED, POLICY_CHANGED, PRINCIPAL_CHANGED, PRINCIPAL_STOPPED, PROJECT_CHANGED,
    PROJECT_STOPPED, TIER_CHANGED,
};
use crate::store::keys::{self, Verifiable};
use crate::store::{Conn, Db, credit, ephemeral, sessions, tiers};
use ledger::reserve::Markup;
use quick_cache::sync::Cache;
use std::collections::HashMap;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex};

/// Entries kept at most.
pub const GRANTS_CACHED_MAX: usize = 100_000;
/// How long a token that was not there is believed not to be, milliseconds.
const NO_TOKEN_MS: i64 = 1_000;
/// Times a fill starts over because something changed meanwhile.
const FILL_TRIES_MAX: usize = 16;

/// What is known of a digest.
#[derive(Clone)]
pub enum Known {
    /// A key.
    Grant(Arc<Grant>),
    /// No such key.
    Absent,
    /// No such token when it was looked for, monotonic milliseconds: tokens are made without a change
    /// that the feed would tell.
    NoToken(i64),
}

/// What to look for in the database.
#[derive(Debug, Clone)]
pub enum Wanted {
    /// A key's secret, by its public handle.
    Key(String),
    /// An opaque token, by its public handle.
    Token(String),
    /// A session, by its public handle.
    Session(String),
    /// The key of a signed token that was verified.
    Signed(Box<Claims>),
}

/// Which grants some changes touch: ids of keys, secrets, projects, organisations, users, groups, roles.
#[derive(Debug, Default)]
pub struct Touched {
    /// Grants of these, or that depend on these, are to be read again; with the number of the change.
    changed: HashMap<String, i64>,
    /// What runs under these, or depends on these, must end; with the number of the change.
    stopped: HashMap<String, i64>,
    /// Nothing that was read may be believed.
    everything: bool,
}

impl Touched {
    /// What it means that the database is no longer the one that grants were read from.
    #[must_use]
    pub fn everything() -> Self {
        Self { everything: true, ..Self::default() }
    }

    /// What the change feed's rows mean for grants.
    #[must_use]
    pub fn by(changes: &[Change]) -> Self {
        let mut touched = Self::default();
        for change in changes {
            let set = match change.kind.as_str() {
                KEY_CHANGED | PROJECT_CHANGED | ORGANIZATION_CHANGED | PRINCIPAL_CHANGED | LIMITS_CHANGED
                | BUDGET_CHANGED | TIER_CHANGED | POLICY_CHANGED => &mut touched.changed,
                KEY_STOPPED | PROJECT_STOPPED | ORGANIZATION_STOPPED | PRINCIPAL_STOPPED => {
                    &mut touched.stopped
                }
                _ => continue,
            };
            // They come in order: the last one counts.
            set.insert(change.object_id.clone(), change.seq);
        }
        touched
    }

    /// Whether a grant must be read again.
    #[must_use]
    pub fn touches(&self, grant: &Grant) -> bool {
        self.everything || any_of(&self.changed, grant) || any_of(&self.stopped, grant)
    }

    /// Kills a running request's grant when what runs under it must end. Answers whether it did.
    #[must_use]
    pub fn end(&self, grant: &Grant) -> bool {
        if self.everything {
            // Numbers begin anew: any change from here on is later than what this grant was read with.
            grant.read_as_of(0);
        }
        let stops = any_of(&self.stopped, grant);
        if stops {
            grant.kill();
        }
        stops
    }

    /// Whether no grant is touched.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        !self.everything && self.changed.is_empty() && self.stopped.is_empty()
    }
}

/// A grant that was read after a change already says what it made: a key that was enabled again is not
/// stopped by the late news of its rest.
fn any_of(ids: &HashMap<String, i64>, grant: &Grant) -> bool {
    let has = |id: &str| ids.get(id).is_some_and(|seq| *seq > grant.as_of_seq());
    !ids.is_empty()
        && (has(&grant.key)
            || has(&grant.kid)
            || has(&grant.project)
            || has(&grant.org)
            || grant.depends.iter().any(|id| has(id)))
}

/// Grants by digest.
pub struct KeyCache {
    entries: Cache<Digest, Known>,
    /// Rises with each invalidation; a fill that read before it is thrown away. The lock makes
    /// "compare and insert" one step.
    generation: Mutex<u64>,
    /// The newest change that any fill has seen.
    newest_seq: AtomicI64,
    /// Monotonic milliseconds of the last successful look at the change feed.
    synced_ms: AtomicI64,
    age_ms_max: i64,
    /// What has been used of limits: outlives the grants that are held to them.
    subjects: Subjects,
    /// What is held of budgets and balances: outlives the grants as well.
    accounts: Accounts,
    clock: Clock,
}

impl KeyCache {
    /// An empty cache whose entries hold for `age_ms_max` after the last sync; `shared` where other processes
    /// may keep the same limits.
    #[must_use]
    pub fn new(clock: Clock, age_ms_max: i64, shared: bool) -> Self {
        Self {
            entries: Cache::new(GRANTS_CACHED_MAX),
            generation: Mutex::new(0),
            newest_seq: AtomicI64::new(0),
            synced_ms: AtomicI64::new(clock.monotonic_ms()),
            age_ms_max,
            subjects: Subjects::new(shared),
            accounts: Accounts::default(),
            clock,
        }
    }

    /// Notes that every change up to a moment of the monotonic clock has been applied.
    pub fn synced(&self, mono_ms: i64) {
        self.synced_ms.fetch_max(mono_ms, Ordering::SeqCst);
    }

    /// Milliseconds since the last sync.
    #[must_use]
    pub fn age_ms(&self) -> i64 {
        self.clock.monotonic_ms() - self.synced_ms.load(Ordering::SeqCst)
    }

    /// Whether entries may be believed at a moment of the monotonic clock.
    #[must_use]
    pub fn is_fresh(&self, now_mono_ms: i64) -> bool {
        now_mono_ms - self.synced_ms.load(Ordering::SeqCst) < self.age_ms_max
    }

    /// Unix seconds, by the clock that grants are read with.
    #[must_use]
    pub fn now_seconds(&self) -> u64 {
        u64::try_from(self.clock.now_ms() / 1000).unwrap_or(0)
    }

    /// What is known of a digest.
    #[must_use]
    pub fn get(&self, digest: &Digest) -> Option<Known> {
        self.entries.get(digest).filter(|known| match known {
            // Only keys that can end by rest ask for the time here.
            Known::Grant(grant) => !grant.can_idle() || !grant.is_outdated(self.clock.now_ms()),
            Known::Absent => true,
            Known::NoToken(looked_ms) => self.clock.monotonic_ms() - looked_ms < NO_TOKEN_MS,
        })
    }

    /// Entries held.
    #[must_use]
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether it holds none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// Reads a key from the database and remembers it, unless something changed meanwhile: then
    /// it reads again.
    ///
    /// # Errors
    /// When the database cannot be used, or changes never stop.
    pub async fn fill(&self, db: &Db, wanted: &Wanted, digest: &Digest) -> Result<Known, Fault> {
        let mut conn = db.connection().await?;
        for _ in 0..FILL_TRIES_MAX {
            let before = self.generation();
            // Changes are numbered in the order in which they commit: what is read after this has them.
            let as_of_seq = changes::head(&mut conn).await?;
            self.newest_seq.fetch_max(as_of_seq, Ordering::SeqCst);
            let known = self.read(&mut conn, wanted, digest).await?;
            if let Known::Grant(grant) = &known {
                grant.read_as_of(as_of_seq);
            }
            if self.insert_if(before, digest, &known) {
                return Ok(known);
            }
        }
        Err(Fault::plain("the key changed each time it was read"))
    }

    async fn read(&self, conn: &mut Conn, wanted: &Wanted, digest: &Digest) -> Result<Known, Fault> {
        match wanted {
            Wanted::Key(kid) => match keys::by_kid(conn, kid).await? {
                Some(found) if digest.matches_hex(&found.digest) => {
                    Ok(Known::Grant(Arc::new(self.grant(conn, found, "").await?)))
                }
                _ => Ok(Known::Absent),
            },
            Wanted::Token(kid) => match ephemeral::by_kid(conn, kid).await? {
                Some(token) if digest.matches_hex(&token.digest) => {
                    let narrowed = serde_json::from_str(&token.narrowed).doing("reading a token")?;
                    let made = Token { id: token.kid, narrowed };
                    self.token(conn, (&token.key_id, &token.secret_kid), made, token.expires_ms).await
                }
                _ => Ok(Known::NoToken(self.clock.monotonic_ms())),
            },
            Wanted::Session(kid) => match sessions::by_kid(conn, kid).await? {
                Some(found) if digest.matches_hex(&found.session.digest) => {
                    let session = &found.session;
                    let loaded = load::of_user(conn, &session.org_id, &session.user_id).await?;
                    Ok(Known::Grant(Arc::new(Grant::of_session(found, loaded, self.clock.now_ms())?)))
                }
                _ => Ok(Known::NoToken(self.clock.monotonic_ms())),
            },
            Wanted::Signed(claims) => {
                let expires_ms = i64::try_from(claims.exp).unwrap_or(0).saturating_mul(1000);
                let made = Token { id: claims.jti.clone(), narrowed: claims.narrowed.clone() };
                self.token(conn, (&claims.sub, &claims.pk), made, expires_ms).await
            }
        }
    }

    /// The grant of a key, or of a token made from it.
    async fn grant(&self, conn: &mut Conn, found: Verifiable, token: &str) -> Result<Grant, Fault> {
        let mut bounded = chain::load(conn, &found.key, self.clock.now_ms()).await?;
        let key = &found.key;
        let tier = tiers::of_organization(conn, &key.org_id).await?;
        bounded.depends.extend(tier.as_ref().map(|tier| tier.id.as_str().into()));
        let tier = tier.unwrap_or_default();
        let limits = levels::load(conn, &self.clock, &self.subjects, key, &tier.limits).await?;
        let who = Who {
            org: &key.org_id,
            project: key.project_id.as_deref().unwrap_or_default(),
            key: &key.id,
            user: &key.owner_id,
            token,
        };
        let budgets: Box<[Arc<Budget>]> =
            budgets::of_grant(conn, &who).await?.into_iter().map(Arc::new).collect();
        let prepaid = credit::is_prepaid(conn, &key.org_id).await?;
        let purse =
            self.accounts.purse((&key.org_id, &key.id), &budgets, prepaid, Markup(tier.markup_ppm))?;
        let policy = policy::load(conn, who.project, who.key).await?;
        let bounds = Bounds { limits, budgets, purse, tier, policy };
        Grant::from_row(found, bounded, bounds, self.clock.now_ms())
    }

    /// What the key with a public handle grants now, as its next request would find it. It is not kept,
    /// for nobody has shown its secret.
    ///
    /// # Errors
    /// When the database cannot be used, or its rows not be understood.
    pub async fn now(&self, conn: &mut Conn, kid: &str) -> Result<Option<Grant>, Fault> {
        match keys::by_kid(conn, kid).await? {
            Some(found) => self.grant(conn, found, "").await.map(Some),
            None => Ok(None),
        }
    }

    /// The grant of a token: that of the key and the secret it was made with, narrowed. Without them
    /// there is none.
    async fn token(
        &self,
        conn: &mut Conn,
        (key, secret_kid): (&str, &str),
        token: Token,
        expires_ms: i64,
    ) -> Result<Known, Fault> {
        let found = keys::by_kid(conn, secret_kid).await?;
        let Some(found) = found.filter(|found| found.key.id == key && found.key.kind == "project") else {
            return Ok(Known::NoToken(self.clock.monotonic_ms()));
        };
        let mut grant = self.grant(conn, found, &token.id).await?;
        token.narrowed.apply(&mut grant, expires_ms)?;
        grant.token = Some(Box::new(token));
        Ok(Known::Grant(Arc::new(grant)))
    }

    /// Forgets the grants a change touches, and every absence: the change may have made the key.
    /// Kills nothing: see the workers' running requests for that.
    pub fn forget(&self, touched: &Touched) {
        let mut generation = self.lock_generation();
        *generation += 1;
        self.entries.retain(|_, known| match known {
            Known::Grant(grant) => !touched.touches(grant),
            Known::Absent | Known::NoToken(_) => false,
        });
    }

    /// A change of these may have changed what accounts may be leased: they are leased anew. Answers whether
    /// any was.
    pub fn recall(&self, touched: &Touched) -> bool {
        self.accounts.recall(&touched.changed)
    }

    /// The newest change that any fill has seen; 0 is none. A database that has fewer has lost some.
    #[must_use]
    pub fn newest_seq(&self) -> i64 {
        self.newest_seq.load(Ordering::SeqCst)
    }

    /// Forgets every grant, for the database that they were read from has lost changes up to `head_seq`.
    pub fn start_over(&self, head_seq: i64) {
        self.newest_seq.store(head_seq, Ordering::SeqCst);
        self.forget(&Touched::everything());
    }

    fn generation(&self) -> u64 {
        *self.lock_generation()
    }

    fn insert_if(&self, generation: u64, digest: &Digest, known: &Known) -> bool {
        let now = self.lock_generation();
        if *now != generation {
            return false;
        }
        self.entries.insert(*digest, known.clone());
        true
    }

    fn lock_generation(&self) -> std::sync::MutexGuard<'_, u64> {
        self.generation.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }
}
