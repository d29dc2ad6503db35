//! Rounds: everybody who waits is tried, what is missing is leased once for all of them, and they are tried
//! again, in the order in which they came.

use super::crowd::Crowd;
use super::lease::{self, Demand, Stand};
use super::{Ask, Denied, Holder, Wanted, Why};
use crate::access::purse;
use crate::base::Fault;
use crate::store::db::{ANSWER_WAIT, gives_way};
use crate::store::windows::{self, Name};
use crate::store::{crash_holds, nodes};
use ledger::account::{Account, Short, Waiting, admit, extend};
use ledger::spend::ACCOUNTS_PER_REQUEST_MAX;
use ledger::{AccountId, NanoUsd, book};
use std::collections::{BTreeMap, HashMap, HashSet, VecDeque};
use std::sync::Arc;
use std::time::Duration;

/// Time between two tries of those who wait for what others have reserved.
const RETRY: Duration = Duration::from_millis(20);
/// Time between two looks at what is held.
const LOOK_MS: i64 = 1_000;
/// A node that was not seen for so long shares nothing.
const NODE_SEEN_MS: i64 = 5_000;
/// What was held so long in a window without end is posted.
const HOLD_MS: i64 = 24 * 3_600_000;
/// Time between two looks at old holds.
const HOLDS_LOOK_MS: i64 = 60_000;

type Key = (AccountId, Option<i64>);

/// The keeper's state.
pub(super) struct Rounds {
    holder: Holder,
    waiting: VecDeque<Ask>,
    /// Accounts that something may be held of.
    held: HashMap<AccountId, Arc<Account>>,
    /// Accounts of which an answer of the database was lost.
    unsure: HashSet<AccountId>,
    /// What was last written down as reserved.
    said: HashMap<(AccountId, i64), i64>,
    nodes: u32,
    look_at_ms: i64,
    holds_at_ms: i64,
    failing: bool,
}

impl Rounds {
    pub(super) fn new(holder: Holder) -> Self {
        Self {
            holder,
            waiting: VecDeque::new(),
            held: HashMap::new(),
            unsure: HashSet::new(),
            said: HashMap::new(),
            nodes: 1,
            look_at_ms: 0,
            holds_at_ms: 0,
            failing: false,
        }
    }

    /// Takes a question.
    pub(super) fn take(&mut self, ask: Ask) {
        let accounts = match &ask.wanted {
            Wanted::Admit(accounts, _) => accounts.iter().collect::<Vec<_>>(),
            Wanted::Extend(parts) => parts.iter().map(|part| &part.account).collect(),
        };
        for account in accounts {
            self.held.entry(account.id).or_insert_with(|| Arc::clone(account));
        }
        self.waiting.push_back(ask);
    }

    /// How long to rest when nobody asks.
    pub(super) fn pause(&self) -> Duration {
        if self.waiting.is_empty() { Duration::from_millis(LOOK_MS.unsigned_abs()) } else { RETRY }
    }

    /// What is held is looked at in the next round.
    pub(super) fn look_soon(&mut self) {
        self.look_at_ms = i64::MIN;
    }

    /// One round.
    pub(super) async fn round(&mut self) {
        if self.holder.clock.monotonic_ms() >= self.look_at_ms {
            let looked = self.look().await;
            self.tell(looked);
            self.look_at_ms = self.holder.clock.monotonic_ms() + LOOK_MS;
        }
        let mut stands: BTreeMap<Key, Option<Stand>> = BTreeMap::new();
        // Each pass helps with one account more of those that have several to ask.
        for _ in 0..=ACCOUNTS_PER_REQUEST_MAX {
            let demands = self.try_all(&stands);
            if demands.is_empty() {
                break;
            }
            let mut helped = false;
            for (key, demand) in demands {
                let stand = self.lease(&demand).await;
                helped |= stand.is_some_and(|stand| stand.granted);
                stands.insert(key, stand);
            }
            if !helped {
                self.try_all(&stands);
                break;
            }
        }
    }

    /// Tries everybody who waits; who is helped or refused leaves. What the others lack is answered.
    fn try_all(&mut self, stands: &BTreeMap<Key, Option<Stand>>) -> BTreeMap<Key, Demand> {
        let now_mono_ms = self.holder.clock.monotonic_ms();
        let mut demands: BTreeMap<Key, Demand> = BTreeMap::new();
        let crowd = Crowd::of(self.waiting.iter().filter(|ask| !ask.waits.is_empty()));
        for ask in std::mem::take(&mut self.waiting) {
            if ask.answer.is_closed() {
                continue;
            }
            if let Some(account) = crowd.before(&ask, self.holder.key_share_percent_max) {
                self.wait(ask, Denied { account, why: Why::Reserved, left: NanoUsd::ZERO }, now_mono_ms);
                continue;
            }
            let short = match try_one(&ask, now_mono_ms) {
                Ok(reserved) => {
                    // Who has left meanwhile gives it back by not taking it.
                    let _ = ask.answer.send(Ok(reserved));
                    continue;
                }
                Err(short) => short,
            };
            let (key, account) = wanted(&ask, &short);
            let stand = stands.get(&key);
            let denied = deny(&ask, &short, stand);
            let late = now_mono_ms >= ask.until_mono_ms;
            match denied {
                Some(denied) if denied.why != Why::Reserved => {
                    let _ = ask.answer.send(Err(denied));
                    continue;
                }
                // Its money was asked for in this round already: the next one asks again.
                Some(denied) => {
                    self.wait(ask, denied, now_mono_ms);
                    continue;
                }
                // Others were always quicker.
                None if late && stand.is_some() => {
                    let account = short.account;
                    let denied = Denied { account, why: Why::Reserved, left: NanoUsd::ZERO };
                    let _ = ask.answer.send(Err(denied));
                    continue;
                }
                None => {
                    let least = short.need;
                    let demand = demands.entry(key).or_insert_with(|| Demand {
                        account,
                        window_start_ms: key.1,
                        least,
                        sum: NanoUsd::ZERO,
                    });
                    demand.sum = demand.sum.saturating_add(short.need);
                    demand.least = demand.least.min(short.need);
                }
            }
            self.waiting.push_back(ask);
        }
        demands
    }

    /// Somebody waits for what others have reserved, in front of everybody who comes later; or has waited
    /// long enough.
    fn wait(&mut self, mut ask: Ask, denied: Denied, now_mono_ms: i64) {
        if now_mono_ms >= ask.until_mono_ms {
            let _ = ask.answer.send(Err(denied));
            return;
        }
        if let Wanted::Admit(accounts, _) = &ask.wanted
            && ask.waits.is_empty()
        {
            ask.waits = accounts.iter().filter(|it| it.is_shared()).map(Waiting::on).collect();
        }
        self.waiting.push_back(ask);
    }

    async fn lease(&mut self, demand: &Demand) -> Option<Stand> {
        let mut leased = self.lease_once(demand).await;
        if leased.as_ref().is_err_and(gives_way) {
            leased = self.lease_once(demand).await;
        }
        let stand = leased.as_ref().ok().copied();
        self.tell(leased.map(|_| ()));
        stand
    }

    async fn lease_once(&mut self, demand: &Demand) -> Result<Stand, Fault> {
        let account = &demand.account;
        let leasing = async {
            if self.unsure.contains(&account.id) {
                lease::correct(&self.holder, account).await?;
            }
            // A lease that was recalled is given back before there is another.
            let free = account.take_free(self.holder.clock.monotonic_ms(), false);
            lease::give_back(&self.holder, account.id, &free).await?;
            lease::lease(&self.holder, demand, self.nodes).await
        };
        let leased = self.holder.db.within(ANSWER_WAIT, leasing).await;
        match &leased {
            Ok(_) => self.unsure.remove(&account.id),
            Err(_) => self.unsure.insert(account.id),
        };
        leased
    }

    /// Gives back what is not used, says what is reserved, and posts what was held for long.
    async fn look(&mut self) -> Result<(), Fault> {
        let now_mono_ms = self.holder.clock.monotonic_ms();
        let db = self.holder.db.clone();
        let seeing = async {
            let now_ms = db.now_ms(&self.holder.clock).await?;
            Ok((now_ms, nodes::live(&db, now_ms - NODE_SEEN_MS).await?.len()))
        };
        let (now_ms, live) = db.within(ANSWER_WAIT, seeing).await?;
        self.nodes = u32::try_from(live).unwrap_or(u32::MAX).max(1);
        let accounts: Vec<Arc<Account>> = self.held.values().cloned().collect();
        for account in &accounts {
            let shared = self.nodes > 1 && is_idle(account, now_mono_ms);
            let free = account.take_free(now_mono_ms, shared);
            if free.is_empty() {
                account.forget(now_mono_ms);
                continue;
            }
            let giving = lease::give_back(&self.holder, account.id, &free);
            if let Err(fault) = db.within(ANSWER_WAIT, giving).await {
                self.unsure.insert(account.id);
                return Err(fault);
            }
            account.forget(now_mono_ms);
        }
        db.within(ANSWER_WAIT, self.say(&accounts)).await?;
        self.lease_ahead(&accounts).await;
        self.held.retain(|_, account| !account.holdings().is_empty());
        if now_mono_ms >= self.holds_at_ms {
            self.holds_at_ms = now_mono_ms + HOLDS_LOOK_MS;
            db.within(ANSWER_WAIT, crash_holds::post_old(&db, now_ms - HOLD_MS)).await?;
        }
        Ok(())
    }

    /// Leases more of what is being spent before it runs out, so that nobody waits for a database that is slow.
    async fn lease_ahead(&mut self, accounts: &[Arc<Account>]) {
        for account in accounts {
            let now_mono_ms = self.holder.clock.monotonic_ms();
            let short = account.holdings().iter().any(|held| {
                let lately = account.spent_lately(held.window_start_ms, now_mono_ms);
                held.open && !held.counted && held.free() < lately.saturating_add(lately)
            });
            if short {
                let (least, sum) = (NanoUsd::ZERO, NanoUsd::ZERO);
                let demand = Demand { account: Arc::clone(account), window_start_ms: None, least, sum };
                self.lease(&demand).await;
            }
        }
    }

    /// Writes down what running requests have reserved, where that has changed.
    async fn say(&mut self, accounts: &[Arc<Account>]) -> Result<(), Fault> {
        let mut news = Vec::new();
        for account in accounts {
            for held in account.holdings().iter().filter(|held| !held.counted) {
                let key = (account.id, held.window_start_ms);
                if self.said.get(&key).copied().unwrap_or(0) != held.reserved {
                    news.push((key, held.reserved));
                }
            }
        }
        if !news.is_empty() {
            let mut tx = self.holder.db.begin_write().await?;
            news.sort_unstable();
            for ((account, window_start_ms), reserved) in &news {
                let name = Name { account: purse::text(*account), window_start_ms: *window_start_ms };
                windows::say_reserved(&mut tx, &self.holder.boot, &name, NanoUsd(*reserved)).await?;
            }
            tx.commit().await.map_err(|error| Fault::new("writing down what is reserved", error))?;
            self.said.extend(news);
        }
        let held = &self.held;
        self.said.retain(|(account, _), reserved| *reserved != 0 && held.contains_key(account));
        Ok(())
    }

    fn tell(&mut self, done: Result<(), Fault>) {
        match done {
            Ok(()) => self.failing = false,
            Err(fault) if !self.failing => {
                tracing::warn!(%fault, "money cannot be leased; what is leased already goes on being spent");
                self.failing = true;
            }
            Err(_) => {}
        }
    }
}

/// Whether nothing runs on an account and nothing was charged to it lately.
fn is_idle(account: &Account, now_mono_ms: i64) -> bool {
    account.holdings().iter().all(|held| {
        held.reserved == 0 && account.spent_lately(held.window_start_ms, now_mono_ms) == NanoUsd::ZERO
    })
}

fn try_one(ask: &Ask, now_mono_ms: i64) -> Result<ledger::account::Reservation, Short> {
    match &ask.wanted {
        Wanted::Admit(accounts, who) => {
            admit(accounts, ask.amount, now_mono_ms).map(|reserved| reserved.of(*who))
        }
        Wanted::Extend(parts) => extend(parts, ask.amount),
    }
}

/// What a question lacks.
fn wanted(ask: &Ask, short: &Short) -> (Key, Arc<Account>) {
    match &ask.wanted {
        Wanted::Admit(accounts, _) => {
            let account = &accounts[short.account];
            ((account.id, None), Arc::clone(account))
        }
        Wanted::Extend(parts) => {
            let part = &parts[short.account];
            ((part.account.id, Some(part.window_start_ms)), Arc::clone(&part.account))
        }
    }
}

/// Whether, and why, what an account said means no; `None`: it was not asked yet, or has more.
fn deny(ask: &Ask, short: &Short, stand: Option<&Option<Stand>>) -> Option<Denied> {
    let account = short.account;
    let Some(stand) = stand? else {
        return Some(Denied { account, why: Why::Unavailable, left: NanoUsd::ZERO });
    };
    let own = ask.amount.saturating_sub(short.need);
    match stand.answer(ask.whole, short.need) {
        book::Answer::Granted(_) => None,
        book::Answer::Exhausted(left) => {
            Some(Denied { account, why: Why::Exhausted, left: left.saturating_add(own) })
        }
        book::Answer::Reserved(left) => {
            Some(Denied { account, why: Why::Reserved, left: left.saturating_add(own) })
        }
    }
}
