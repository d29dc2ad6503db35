//! A node: what it holds in memory, which a crash takes, and its journal, which a crash leaves.

use super::database::{Boot, Database, Place, Record, RequestId, Told, Want};
use super::wrong::Wrong;
use ledger::account::{Account, Grant, Reservation, Short, admit, extend};
use ledger::book::Answer;
use ledger::{AccountId, AccountKind, NanoUsd};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// A request between SENT and SETTLE.
pub struct Running {
    pub reservation: Reservation,
    pub places: Vec<Place>,
}

/// A request that is let in once its accounts have enough.
#[derive(Debug, Clone)]
pub struct Waiting {
    pub accounts: Vec<usize>,
    pub amount: i64,
    /// Times it may still ask the database.
    pub asks: u32,
}

/// What a node wants of the database, one thing at a time.
pub enum Wish {
    Lease { want: Want, then: Option<Waiting> },
    GiveBack { place: Place, amount: i64 },
    Read { account: usize },
}

/// How far a node is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stage {
    Down,
    /// Its journal is replayed; it does not listen yet.
    Replaying,
    Up,
}

pub struct Node {
    pub boot: Boot,
    pub stage: Stage,
    /// Its monotonic clock beside the database's.
    pub clock_offset_ms: i64,
    pub cut_off: bool,
    pub accounts: Vec<Arc<Account>>,
    pub journal: Vec<Record>,
    pub running: BTreeMap<RequestId, Running>,
    pub wish: Option<Wish>,
    /// Accounts of which an answer was lost.
    pub unsure: BTreeSet<usize>,
    /// How far it believes its journal has been shipped.
    pub shipped: usize,
}

pub fn account(number: usize) -> Arc<Account> {
    let byte = u8::try_from(number).expect("few accounts");
    Arc::new(Account::new(AccountId { kind: AccountKind::Budget, ulid: [byte; 16] }))
}

impl Node {
    pub fn new(number: usize, accounts: usize, clock_offset_ms: i64) -> Self {
        Self {
            boot: Boot { node: number, number: 0 },
            stage: Stage::Up,
            clock_offset_ms,
            cut_off: false,
            accounts: (0..accounts).map(account).collect(),
            journal: Vec::new(),
            running: BTreeMap::new(),
            wish: None,
            unsure: BTreeSet::new(),
            shipped: 0,
        }
    }

    pub fn mono_ms(&self, now_ms: i64) -> i64 {
        now_ms + self.clock_offset_ms
    }

    /// SIGKILL.
    pub fn crash(&mut self) {
        for (_, running) in std::mem::take(&mut self.running) {
            std::mem::forget(running);
        }
        self.accounts = (0..self.accounts.len()).map(account).collect();
        (self.stage, self.wish, self.shipped) = (Stage::Down, None, 0);
        self.unsure.clear();
    }

    pub fn start(&mut self) {
        self.boot.number += 1;
        self.stage = Stage::Replaying;
        self.clock_offset_ms += 777;
    }

    /// Lets a request in: SENT is in the journal when this answers with its reservation.
    pub fn admit(
        &mut self,
        request: RequestId,
        waiting: &Waiting,
        now_ms: i64,
        wrong: Wrong,
    ) -> Result<Vec<Place>, Short> {
        let accounts: Vec<Arc<Account>> =
            waiting.accounts.iter().map(|account| Arc::clone(&self.accounts[*account])).collect();
        let reservation = admit(&accounts, NanoUsd(waiting.amount), self.mono_ms(now_ms))?;
        let starts = reservation.parts().iter().map(|part| part.window_start_ms);
        let places: Vec<Place> = waiting
            .accounts
            .iter()
            .zip(starts)
            .map(|(account, window_start_ms)| Place { account: *account, window_start_ms })
            .collect();
        if wrong != Wrong::NoSent {
            let (boot, reserved) = (self.boot, waiting.amount);
            self.journal.push(Record::Sent { request, boot, places: places.clone(), reserved });
        }
        self.running.insert(request, Running { reservation, places: places.clone() });
        Ok(places)
    }

    /// Reserves more for a running stream. Answers what is reserved of it then.
    pub fn extend(
        &mut self,
        request: RequestId,
        more: i64,
        observed: i64,
        wrong: Wrong,
    ) -> Result<i64, (Vec<Place>, Short)> {
        let running = self.running.get_mut(&request).expect("it runs");
        let parts = extend(running.reservation.parts(), NanoUsd(more))
            .map_err(|short| (running.places.clone(), short))?;
        running.reservation.join(parts);
        let reserved = running.reservation.amount().0;
        if wrong != Wrong::LateProgress {
            self.journal.push(Record::Progress { request, observed, reserved });
        }
        Ok(reserved)
    }

    /// A request ends with this cost.
    pub fn settle(&mut self, request: RequestId, cost: i64, wrong: Wrong) {
        let Running { reservation, places } = self.running.remove(&request).expect("it runs");
        let bill = reservation.bill(NanoUsd(cost));
        let charge = if wrong == Wrong::Uncapped { cost } else { bill.charge.0 };
        self.journal.push(Record::Settle { request, boot: self.boot, places, charge, hold: 0 });
        reservation.settle(NanoUsd(charge));
    }

    /// A request never reached its provider.
    pub fn void(&mut self, request: RequestId) {
        self.journal.push(Record::Void { request });
        drop(self.running.remove(&request));
    }

    /// Settles what nobody settled, as the next start does.
    pub fn settle_orphans(&mut self) {
        let mut open: BTreeMap<RequestId, (Boot, Vec<Place>, i64, i64)> = BTreeMap::new();
        for record in &self.journal {
            match record {
                Record::Sent { request, boot, places, reserved } => {
                    open.insert(*request, (*boot, places.clone(), 0, *reserved));
                }
                Record::Progress { request, observed, reserved } => {
                    if let Some(sent) = open.get_mut(request) {
                        (sent.2, sent.3) = (*observed, *reserved);
                    }
                }
                Record::Settle { request, .. } | Record::Void { request } => {
                    open.remove(request);
                }
            }
        }
        for (request, (boot, places, observed, reserved)) in open {
            let charge = observed.min(reserved);
            self.journal.push(Record::Settle { request, boot, places, charge, hold: reserved - charge });
        }
    }

    /// What it asks the database for when an account is short.
    pub fn want(&self, database: &Database, account: usize, short: Short, reserve: i64) -> Want {
        let mono_ms = self.mono_ms(database.now_ms);
        let lately = short
            .window_start_ms
            .map_or(NanoUsd(0), |start| self.accounts[account].spent_lately(start, mono_ms));
        let holdings = self.accounts[account].holdings();
        let held = holdings.iter().find(|held| Some(held.window_start_ms) == short.window_start_ms);
        Want {
            boot: self.boot,
            account,
            window_start_ms: short.window_start_ms,
            reserve,
            need: short.need.0,
            spent_lately: lately.0,
            unposted: held.map_or(0, |held| held.charged),
        }
    }

    /// Takes up an answer.
    pub fn told(&self, told: &Told, asked_mono_ms: i64) {
        if let Answer::Granted(_) = told.answer {
            self.accounts[told.place.account].grant(&Grant {
                window_start_ms: told.place.window_start_ms,
                ends_mono_ms: asked_mono_ms.saturating_add(told.ends_in_ms),
                current: told.current,
                counted: false,
                granted: NanoUsd(told.granted),
                charged: NanoUsd(told.charged),
            });
        }
    }

    /// Takes up what the database says of its leases, after an answer was lost.
    pub fn corrected(&self, account: usize, leases: &[(Place, i64)]) {
        for (place, granted) in leases {
            let (window_start_ms, granted) = (place.window_start_ms, NanoUsd(*granted));
            let known = self.accounts[account].holdings();
            if known.iter().any(|held| held.window_start_ms == window_start_ms) {
                self.accounts[account].correct(window_start_ms, granted);
            } else {
                let grant = Grant {
                    window_start_ms,
                    ends_mono_ms: i64::MIN,
                    current: false,
                    counted: false,
                    granted,
                    // Nothing was reserved of a window that was not known here.
                    charged: NanoUsd::ZERO,
                };
                self.accounts[account].grant(&grant);
            }
        }
    }
}
