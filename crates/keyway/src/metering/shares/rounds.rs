//! Rounds: what is lacked is taken once for all who lack it, what others want is given back, and what nobody
//! uses is let go.

use super::reclaim;
use super::trade::{self, Mine, Taken};
use super::{Ask, Holder, Want};
use crate::base::Fault;
use crate::store::db::{self, ANSWER_WAIT};
use crate::store::shares::{self, Name};
use std::collections::{BTreeMap, HashMap, HashSet, VecDeque};
use std::time::Duration;

/// Time between two tries of those who wait for what other nodes give back.
const RETRY: Duration = Duration::from_millis(50);
/// Time between two looks at what other nodes want, milliseconds.
const LOOK_MS: u64 = 200;
/// Time between two signs of life.
const SECOND_MS: i64 = 1_000;
/// What was not used for so long is let go, milliseconds.
const REST_MS: i64 = 120_000;
/// Limits let go in one second at most.
const LET_GO_MAX: usize = 500;
/// When nothing is to be had of a limit, nobody asks for so long, milliseconds.
const QUIET_MS: i64 = 250;
/// Time between two looks at nodes that may have ended.
const RECLAIM_MS: i64 = 5_000;
/// How often a share is asked for that the database did not give for the sake of others.
const TRIES: usize = 2;
/// Time between two looks at pools that mean nothing any more.
const FORGET_MS: i64 = 3_600_000;

/// The task's state.
pub(super) struct Rounds {
    holder: Holder,
    waiting: VecDeque<Ask>,
    mine: HashMap<Name, Mine>,
    /// Limits of which an answer of the database was lost.
    unsure: HashSet<Name>,
    /// Monotonic milliseconds of the last sign of life that was written; `None`: there was none.
    seen_mono_ms: Option<i64>,
    look_at_ms: i64,
    second_at_ms: i64,
    reclaim_at_ms: i64,
    forget_at_ms: i64,
    failing: bool,
}

impl Rounds {
    pub(super) fn new(holder: Holder) -> Self {
        Self {
            holder,
            waiting: VecDeque::new(),
            mine: HashMap::new(),
            unsure: HashSet::new(),
            seen_mono_ms: None,
            look_at_ms: i64::MIN,
            second_at_ms: i64::MIN,
            reclaim_at_ms: i64::MIN,
            forget_at_ms: i64::MIN,
            failing: false,
        }
    }

    pub(super) fn take(&mut self, ask: Ask) {
        self.waiting.push_back(ask);
    }

    /// How long to rest when nobody asks.
    pub(super) fn pause(&self) -> Duration {
        if self.waiting.is_empty() { Duration::from_millis(LOOK_MS) } else { RETRY }
    }

    pub(super) async fn round(&mut self) {
        self.expire();
        // Nothing is taken before this node has said that it lives: else nobody would ever put it back.
        let silent = !self.waiting.is_empty() && self.now_mono_ms() >= self.second_at_ms;
        if silent || self.now_mono_ms() >= self.look_at_ms {
            self.look_at_ms = self.now_mono_ms().saturating_add_unsigned(LOOK_MS);
            let looked = self.look().await;
            self.tell(looked);
        }
        let lacked = if self.is_seen() { self.lacked() } else { BTreeMap::new() };
        let mut taken: BTreeMap<Name, Taken> = BTreeMap::new();
        for (name, want) in lacked {
            let came = self.take_one(&want).await;
            taken.insert(name, came);
        }
        let now_mono_ms = self.now_mono_ms();
        for ask in std::mem::take(&mut self.waiting) {
            let came: Vec<Taken> =
                ask.wants.iter().filter_map(|want| taken.get(&want.name)).copied().collect();
            let waits = came.contains(&Taken::Soon) && !came.contains(&Taken::Nothing);
            if waits && now_mono_ms < ask.until_mono_ms && !ask.answer.is_closed() {
                self.waiting.push_back(ask);
            } else {
                // Who has left meanwhile does not listen.
                let _ = ask.answer.send(came.contains(&Taken::Some));
            }
        }
    }

    /// Everything goes back: nothing is asked of it any more.
    pub(super) async fn end(&mut self) {
        let names: Vec<Name> = self.mine.keys().cloned().collect();
        for name in names {
            let given = self.give(&name, true).await;
            self.tell(given);
        }
    }

    fn now_mono_ms(&self) -> i64 {
        self.holder.clock.monotonic_ms()
    }

    /// Whether the database has heard of this node lately enough that its shares are its own.
    fn is_seen(&self) -> bool {
        let is_young = |seen_mono_ms| self.now_mono_ms() - seen_mono_ms <= self.holder.valid_ms;
        self.seen_mono_ms.is_some_and(is_young)
    }

    /// What those who wait lack together, in the order of names, but for what is known not to be there.
    fn lacked(&mut self) -> BTreeMap<Name, Want> {
        let now_mono_ms = self.now_mono_ms();
        let mut lacked: BTreeMap<Name, Want> = BTreeMap::new();
        for want in self.waiting.iter().flat_map(|ask| &ask.wants) {
            let mine = self.mine.entry(want.name.clone()).or_insert_with(|| Mine::of(want, now_mono_ms));
            if mine.limit != want.limit {
                // An edit may have made room.
                (mine.limit, mine.quiet_until_mono_ms) = (want.limit, 0);
            }
            mine.used_mono_ms = now_mono_ms;
            if now_mono_ms < mine.quiet_until_mono_ms {
                continue;
            }
            let together =
                lacked.entry(want.name.clone()).or_insert_with(|| Want { units: 0, ..want.clone() });
            together.units = together.units.saturating_add(want.units).min(want.limit);
        }
        lacked
    }

    async fn take_one(&mut self, want: &Want) -> Taken {
        let clock = self.holder.clock.clone();
        let Some(mine) = self.mine.get_mut(&want.name) else { return Taken::Nothing };
        let db = &self.holder.db;
        let mut taken = Err(Fault::plain("nothing was asked"));
        for _ in 0..TRIES {
            let taking = trade::take(&self.holder, want, mine, || clock.monotonic_ms());
            taken = db.within(ANSWER_WAIT, taking).await;
            if !taken.as_ref().is_err_and(db::gives_way) {
                break;
            }
        }
        if matches!(taken, Ok(Taken::Nothing)) {
            mine.quiet_until_mono_ms = clock.monotonic_ms() + QUIET_MS;
        }
        match taken {
            Ok(taken) => taken,
            Err(fault) => {
                self.unsure.insert(want.name.clone());
                self.tell(Err(fault));
                Taken::Nothing
            }
        }
    }

    async fn give(&mut self, name: &Name, all: bool) -> Result<(), Fault> {
        let clock = self.holder.clock.clone();
        let Some(mine) = self.mine.get_mut(name) else { return Ok(()) };
        let giving = trade::give(&self.holder, name, mine, all, || clock.monotonic_ms());
        let given = self.holder.db.within(ANSWER_WAIT, giving).await;
        if given.is_err() {
            self.unsure.insert(name.clone());
        }
        given
    }

    /// What is to be done whether or not somebody asks.
    async fn look(&mut self) -> Result<(), Fault> {
        let now_mono_ms = self.now_mono_ms();
        let idle = self.mine.is_empty() && self.waiting.is_empty();
        let second = !idle && now_mono_ms >= self.second_at_ms;
        if second {
            self.live(now_mono_ms).await?;
            self.second_at_ms = now_mono_ms + SECOND_MS;
        }
        if now_mono_ms >= self.reclaim_at_ms {
            self.reclaim_at_ms = now_mono_ms + RECLAIM_MS;
            self.holder.db.within(ANSWER_WAIT, reclaim::reclaim(&self.holder)).await?;
        }
        if now_mono_ms >= self.forget_at_ms {
            self.forget_at_ms = now_mono_ms + FORGET_MS;
            self.holder.db.within(ANSWER_WAIT, reclaim::forget(&self.holder)).await?;
        }
        if idle {
            return Ok(());
        }
        self.agree(now_mono_ms).await?;
        self.give_back().await?;
        if second {
            self.let_go(now_mono_ms).await?;
        }
        Ok(())
    }

    /// Holds what the database says, where an answer of it was lost.
    async fn agree(&mut self, now_mono_ms: i64) -> Result<(), Fault> {
        for name in self.unsure.clone() {
            let agreed = match self.mine.get(&name) {
                Some(mine) => {
                    let agreeing = trade::agree(&self.holder, &name, mine, now_mono_ms);
                    self.holder.db.within(ANSWER_WAIT, agreeing).await?
                }
                None => true,
            };
            if agreed {
                self.unsure.remove(&name);
            }
        }
        Ok(())
    }

    /// Gives back what others want, and what is held of a limit that was made smaller.
    async fn give_back(&mut self) -> Result<(), Fault> {
        let asking = async {
            let mut conn = self.holder.db.connection().await?;
            let since_ms = db::server_now_ms(&mut conn).await? - trade::WANTS_MS;
            shares::wanted(&mut conn, &self.holder.boot, since_ms).await
        };
        let wanted = self.holder.db.within(ANSWER_WAIT, asking).await?;
        let wanted = wanted.iter().filter_map(reclaim::name).map(|(name, _)| name);
        let shrunk = self.mine.iter().filter(|(_, mine)| mine.subject.shrunk(mine.kind).is_some());
        let both: HashSet<Name> = wanted.chain(shrunk.map(|(name, _)| name.clone())).collect();
        for name in both {
            self.give(&name, false).await?;
        }
        Ok(())
    }

    /// A node that could not say that it lives for as long as its shares are its own has none left.
    fn expire(&mut self) {
        if self.seen_mono_ms.is_none() || self.is_seen() {
            return;
        }
        let now_mono_ms = self.now_mono_ms();
        for (name, mine) in &self.mine {
            // What runs may run on, and its share stays: see `reclaim`.
            if mine.kind.period().is_some() {
                mine.subject.give(mine.kind, u32::MAX, now_mono_ms);
                self.unsure.insert(name.clone());
            }
        }
    }

    /// Says that this node lives.
    async fn live(&mut self, now_mono_ms: i64) -> Result<(), Fault> {
        let holder = shares::Holder {
            boot: self.holder.boot.clone(),
            node: self.holder.node.clone(),
            valid_ms: self.holder.valid_ms,
        };
        let saying = async {
            let mut conn = self.holder.db.connection().await?;
            let now_ms = db::server_now_ms(&mut conn).await?;
            shares::seen(&mut conn, &holder, now_ms).await
        };
        if !self.holder.db.within(ANSWER_WAIT, saying).await? {
            // The rows say what is still this node's.
            self.unsure.extend(self.mine.keys().cloned());
        }
        self.seen_mono_ms = Some(now_mono_ms);
        for mine in self.mine.values_mut() {
            mine.turn(now_mono_ms);
        }
        Ok(())
    }

    /// Lets go of what nobody used for a while: another node finds it in the pool at once.
    async fn let_go(&mut self, now_mono_ms: i64) -> Result<(), Fault> {
        let rested = |(_, mine): &(&Name, &Mine)| now_mono_ms - mine.used_mono_ms > REST_MS;
        let names: Vec<Name> =
            self.mine.iter().filter(rested).map(|(name, _)| name.clone()).take(LET_GO_MAX).collect();
        for name in names {
            self.give(&name, true).await?;
            let empty = |mine: &Mine| mine.subject.share(mine.kind, now_mono_ms).units == 0;
            if self.mine.get(&name).is_some_and(empty) {
                self.mine.remove(&name);
            }
        }
        Ok(())
    }

    /// Says that the database fails, once until it does not.
    fn tell(&mut self, done: Result<(), Fault>) {
        match done {
            Ok(()) => self.failing = false,
            Err(fault) if !self.failing => {
                self.failing = true;
                tracing::warn!(%fault, "shares of limits cannot be exchanged");
            }
            Err(_) => {}
        }
    }
}
