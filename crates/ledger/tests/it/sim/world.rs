//! The world: what happens next is thrown, and after each step every promise is looked at.

use super::database::{Budget, Database, Place, Record, RequestId, Told, Want};
use super::dice::Dice;
use super::node::{Node, Stage, Waiting, Wish};
use super::tally::Tally;
use super::wrong::Wrong;
use ledger::NanoUsd;
use ledger::account::Short;
use ledger::book::{Answer, Row};
use std::collections::BTreeMap;

const STEPS: i64 = 250;
/// A mistaken janitor's patience, milliseconds.
const JANITOR_MS: i64 = 400;
const ASKS: u32 = 3;

/// A request at the provider.
pub struct AtProvider {
    pub node: usize,
    pub places: Vec<Place>,
    /// What the provider may produce: its cap, or what the node lets through.
    pub allowed: i64,
    pub cost: i64,
    pub honest: bool,
    /// Nobody listens any more: the node has crashed, and the provider goes on.
    pub orphan: bool,
    pub over: bool,
}

pub struct World {
    pub dice: Dice,
    pub wrong: Wrong,
    pub database: Database,
    pub nodes: Vec<Node>,
    pub providers: BTreeMap<RequestId, AtProvider>,
    /// What honest providers have really cost, by window.
    pub spent: BTreeMap<Place, i64>,
    /// A row that a wrong variant has looked at and will write later, by node.
    pub looked: BTreeMap<usize, (Place, Row)>,
    pub requests: RequestId,
    pub tally: Tally,
}

impl World {
    /// Runs a seed to its end.
    pub fn run(seed: u64, wrong: Wrong) -> Result<Tally, String> {
        let mut dice = Dice::new(seed);
        let (nodes, accounts) = (1 + dice.index(4), 1 + dice.index(3));
        let budgets = (0..accounts)
            .map(|_| Budget {
                limit: dice.between(50, 2_000),
                window_ms: if dice.one_in(2) { i64::MAX } else { dice.between(2, 20) * 1_000 },
            })
            .collect();
        let count = u32::try_from(nodes).expect("few nodes");
        let database = Database { now_ms: 1_000_000, budgets, nodes: count, ..Database::default() };
        let nodes =
            (0..nodes).map(|node| Node::new(node, accounts, dice.between(-500_000, 500_000))).collect();
        let mut world = Self {
            dice,
            wrong,
            database,
            nodes,
            providers: BTreeMap::new(),
            spent: BTreeMap::new(),
            looked: BTreeMap::new(),
            requests: 0,
            tally: Tally::default(),
        };
        for _ in 0..STEPS {
            world.step();
            world.check()?;
        }
        world.come_to_rest()?;
        Ok(world.tally)
    }

    fn step(&mut self) {
        let node = self.dice.index(self.nodes.len());
        match self.dice.between(0, 101) {
            0..20 => self.request(node),
            20..38 => self.produce(),
            38..48 => self.extend(node),
            48..56 => self.end(node),
            56..74 => self.turn(node),
            74..82 => self.ship(node),
            82..86 => self.take_back(node),
            86 => self.crash(node),
            87..96 => self.start(node),
            96 => self.nodes[node].cut_off = !self.nodes[node].cut_off && self.dice.one_in(2),
            97 => self.edit(),
            100 => self.restart_database(),
            101 => self.lease_ahead(node),
            _ => self.pass_time(),
        }
        if self.wrong == Wrong::TimerRefund {
            self.database.refund_by_timer(JANITOR_MS);
        }
    }

    fn pass_time(&mut self) {
        let before: Vec<Place> =
            (0..self.database.budgets.len()).map(|account| self.database.current(account)).collect();
        self.database.now_ms += self.dice.between(1, 900);
        if self.dice.one_in(8) {
            self.database.post_holds();
        }
        let after = (0..before.len()).map(|account| self.database.current(account));
        self.tally.rolled += after.zip(&before).filter(|(after, before)| after != *before).count() as u64;
    }

    fn request(&mut self, node: usize) {
        let accounts: Vec<usize> =
            (0..self.database.budgets.len()).filter(|account| *account == 0 || self.dice.one_in(2)).collect();
        let amount = self.dice.between(1, 120);
        self.let_in(node, &Waiting { accounts, amount, asks: ASKS });
    }

    fn let_in(&mut self, node: usize, waiting: &Waiting) {
        if self.nodes[node].stage != Stage::Up {
            return;
        }
        let request = self.requests;
        match self.nodes[node].admit(request, waiting, self.database.now_ms, self.wrong) {
            Ok(places) => {
                self.requests += 1;
                let honest = !self.dice.one_in(10);
                let (allowed, cost) = (waiting.amount, 0);
                let at = AtProvider { node, places, allowed, cost, honest, orphan: false, over: false };
                self.providers.insert(request, at);
            }
            Err(short) if waiting.asks > 0 && self.nodes[node].wish.is_none() => {
                let waiting = Waiting { asks: waiting.asks - 1, ..waiting.clone() };
                let account = waiting.accounts[short.account];
                self.wish(node, account, short, waiting.amount, Some(waiting));
            }
            Err(_) => self.tally.refused += 1,
        }
    }

    fn wish(&mut self, node: usize, account: usize, short: Short, reserve: i64, then: Option<Waiting>) {
        let want = self.nodes[node].want(&self.database, account, short, reserve);
        if self.wrong == Wrong::CheckThenRecord {
            self.looked.insert(node, self.database.look(&want));
        }
        self.nodes[node].wish = Some(Wish::Lease { want, then });
    }

    /// A provider goes on, whether somebody listens or not.
    fn produce(&mut self) {
        let running: Vec<RequestId> =
            self.providers.iter().filter(|(_, at)| !at.over).map(|(id, _)| *id).collect();
        if running.is_empty() {
            return;
        }
        let request = running[self.dice.index(running.len())];
        let at = self.providers.get_mut(&request).expect("it runs");
        let room = at.allowed - at.cost;
        let more =
            if at.honest { self.dice.between(0, room) } else { self.dice.between(0, room.max(0) + 40) };
        at.cost += more;
        if at.cost > at.allowed {
            self.tally.lied += 1;
        }
        if at.honest {
            for place in &at.places {
                *self.spent.entry(*place).or_default() += more;
            }
        }
    }

    pub fn pick(&mut self, node: usize) -> Option<RequestId> {
        let running: Vec<RequestId> = self.nodes[node].running.keys().copied().collect();
        (!running.is_empty()).then(|| running[self.dice.index(running.len())])
    }

    fn extend(&mut self, node: usize) {
        let Some(request) = self.pick(node) else { return };
        let (more, cost) = (self.dice.between(1, 60), self.providers[&request].cost);
        match self.nodes[node].extend(request, more, cost, self.wrong) {
            Ok(reserved) => {
                self.tally.extended += 1;
                let at = self.providers.get_mut(&request).expect("it runs");
                at.allowed = at.allowed.max(reserved);
            }
            Err((places, short)) if self.nodes[node].wish.is_none() && self.dice.one_in(2) => {
                self.wish(node, places[short.account].account, short, more, None);
            }
            Err(_) => self.settle(node, request),
        }
    }

    fn end(&mut self, node: usize) {
        let Some(request) = self.pick(node) else { return };
        if self.providers[&request].cost == 0 && self.dice.one_in(4) {
            self.nodes[node].void(request);
            self.providers.remove(&request);
        } else {
            self.settle(node, request);
        }
    }

    pub fn settle(&mut self, node: usize, request: RequestId) {
        let at = self.providers.get_mut(&request).expect("it runs");
        at.over = true;
        self.nodes[node].settle(request, at.cost, self.wrong);
        self.tally.settled += 1;
    }

    fn crash(&mut self, node: usize) {
        if self.nodes[node].stage == Stage::Down {
            return;
        }
        self.nodes[node].crash();
        self.looked.remove(&node);
        self.tally.crashes += 1;
        for at in self.providers.values_mut().filter(|at| at.node == node && !at.over) {
            at.orphan = true;
        }
    }

    /// A start in its steps, each of which a crash may follow.
    pub fn start(&mut self, node: usize) {
        match self.nodes[node].stage {
            Stage::Up => {}
            Stage::Down => {
                let before = self.nodes[node].journal.len();
                self.nodes[node].start();
                self.nodes[node].settle_orphans();
                self.tally.orphans += (self.nodes[node].journal.len() - before) as u64;
            }
            Stage::Replaying if self.nodes[node].cut_off => {}
            Stage::Replaying => {
                let shipped = self.database.cursors.get(&node).copied().unwrap_or(0);
                if shipped < self.nodes[node].journal.len() {
                    return self.ship(node);
                }
                self.database.close(self.nodes[node].boot, self.wrong);
                self.nodes[node].stage = Stage::Up;
            }
        }
    }

    fn take_back(&mut self, node: usize) {
        if self.nodes[node].stage != Stage::Up || self.nodes[node].wish.is_some() {
            return;
        }
        let account = self.dice.index(self.nodes[node].accounts.len());
        let (all, mono_ms) = (self.dice.one_in(2), self.nodes[node].mono_ms(self.database.now_ms));
        if self.nodes[node].unsure.contains(&account) {
            self.nodes[node].wish = Some(Wish::Read { account });
            return;
        }
        if self.dice.one_in(3) {
            self.nodes[node].accounts[account].recall();
        }
        let taken = self.nodes[node].accounts[account].take_free(mono_ms, all);
        for (at, (window_start_ms, amount)) in taken.into_iter().enumerate() {
            let place = Place { account, window_start_ms };
            if at == 0 {
                self.nodes[node].wish = Some(Wish::GiveBack { place, amount: amount.0 });
            } else {
                // One thing at a time: of the others the database is read again.
                self.nodes[node].unsure.insert(account);
            }
        }
    }

    /// A node's wish reaches the database, or does not; the answer comes back, or does not.
    fn turn(&mut self, node: usize) {
        if self.nodes[node].stage != Stage::Up {
            return;
        }
        let fate = if self.nodes[node].cut_off { 0 } else { self.dice.between(0, 11) };
        self.come_true(node, fate);
    }

    /// The database goes away and comes back: what anybody has asked of it is done or not, and nobody is told.
    fn restart_database(&mut self) {
        self.tally.restarts += 1;
        for node in 0..self.nodes.len() {
            if self.nodes[node].stage == Stage::Up {
                let fate = if self.nodes[node].cut_off { 0 } else { self.dice.between(0, 1) };
                self.come_true(node, fate);
            }
        }
    }

    /// A node leases more of what it spends than it lacks.
    fn lease_ahead(&mut self, node: usize) {
        if self.nodes[node].stage != Stage::Up || self.nodes[node].wish.is_some() {
            return;
        }
        let account = self.dice.index(self.nodes[node].accounts.len());
        let held = self.nodes[node].accounts[account].holdings();
        let Some(window_start_ms) = held.iter().find(|held| held.open).map(|held| held.window_start_ms)
        else {
            return;
        };
        let short = Short { account, need: NanoUsd(0), window_start_ms: Some(window_start_ms) };
        self.wish(node, account, short, 0, None);
    }

    fn come_true(&mut self, node: usize, fate: i64) {
        let Some(wish) = self.nodes[node].wish.take() else { return };
        let (arrives, twice, answered) = (fate > 0, fate == 2, fate > 1);
        match wish {
            Wish::Read { account } => {
                if arrives && answered {
                    let leases = self.database.leases_of(self.nodes[node].boot, account);
                    self.nodes[node].corrected(account, &leases);
                    self.nodes[node].unsure.remove(&account);
                }
            }
            Wish::GiveBack { place, amount } => {
                let boot = self.nodes[node].boot;
                if arrives {
                    self.database.give_back(boot, place, amount);
                }
                if !answered {
                    self.lost(node, place.account, Some((place, amount)));
                }
            }
            Wish::Lease { want, then } => {
                if self.nodes[node].unsure.contains(&want.account) {
                    self.nodes[node].wish = Some(Wish::Read { account: want.account });
                    return;
                }
                self.lease(node, &want, then, (arrives, twice, answered));
            }
        }
    }

    fn lease(&mut self, node: usize, want: &Want, then: Option<Waiting>, fate: (bool, bool, bool)) {
        let (arrives, twice, answered) = fate;
        let asked_mono_ms = self.nodes[node].mono_ms(self.database.now_ms);
        if self.dice.one_in(3) {
            self.pass_time();
        }
        let seen = self.looked.remove(&node);
        let mut told: Option<Told> = None;
        if arrives {
            told = self.database.lease(want, seen);
            if twice {
                told = self.database.lease(want, None).or(told);
            }
        }
        match told {
            Some(told) if answered => {
                self.nodes[node].told(&told, asked_mono_ms);
                match (then, told.answer) {
                    (Some(waiting), Answer::Granted(_)) => self.let_in(node, &waiting),
                    (Some(_), _) => self.tally.refused += 1,
                    (None, _) => {}
                }
            }
            _ => self.lost(node, want.account, None),
        }
    }

    fn lost(&mut self, node: usize, account: usize, given: Option<(Place, i64)>) {
        self.tally.lost += 1;
        if self.wrong != Wrong::LostAnswer {
            self.nodes[node].unsure.insert(account);
        } else if let Some((place, amount)) = given {
            let held = self.nodes[node].accounts[account].holdings();
            let held = held.iter().find(|held| held.window_start_ms == place.window_start_ms);
            let granted = held.map_or(0, |held| held.granted) + amount;
            self.nodes[node].accounts[account].correct(place.window_start_ms, NanoUsd(granted));
        }
    }

    /// Ships a part of a journal. An answer may get lost, or the transaction be repeated.
    pub fn ship(&mut self, node: usize) {
        if self.nodes[node].stage == Stage::Down || self.nodes[node].cut_off {
            return;
        }
        let from = self.nodes[node].shipped;
        let journal = &self.nodes[node].journal;
        let to = (from + 1 + self.dice.index(6)).min(journal.len());
        let records: Vec<Record> = journal.get(from..to).unwrap_or_default().to_vec();
        let fate = self.dice.between(0, 11);
        let boot = self.nodes[node].boot;
        let mut moved = fate > 0 && self.database.ship(boot, from, &records, self.wrong);
        if fate == 2 {
            self.database.ship(boot, from, &records, self.wrong);
        }
        if fate == 1 {
            self.tally.lost += 1;
            moved = false;
        }
        if moved {
            self.nodes[node].shipped = to;
        } else if self.wrong != Wrong::DoubleShip {
            self.nodes[node].shipped = self.database.cursors.get(&node).copied().unwrap_or(0);
        }
    }

    fn edit(&mut self) {
        let account = self.dice.index(self.database.budgets.len());
        let limit = self.dice.between(20, 2_000);
        self.database.edit(account, limit);
        self.tally.edits += 1;
        for node in &self.nodes {
            if node.stage == Stage::Up {
                node.accounts[account].recall();
            }
        }
    }

    /// Every promise, at every step.
    pub fn check(&self) -> Result<(), String> {
        if let Some(request) = self.database.unbooked {
            return Err(format!("the charge of request {request} is not in its lease"));
        }
        for (place, row) in &self.database.rows {
            let ceiling = self.database.ceiling(*place);
            if !row.holds(NanoUsd(ceiling)) {
                return Err(format!("{place:?}: {row:?} is more than {ceiling}"));
            }
            let leases = self.database.leases.iter().filter(|((_, of), _)| of == place);
            let left: i64 = leases.map(|(_, lease)| lease.left().0).sum();
            let closed = self.database.holds.iter().filter(|hold| hold.place == *place);
            let held: i64 =
                closed.filter(|hold| self.database.closed.contains(&hold.boot)).map(|hold| hold.amount).sum();
            if row.leased != left + held {
                return Err(format!(
                    "{place:?}: {} leased, but {left} with nodes and {held} held",
                    row.leased
                ));
            }
        }
        for (place, spent) in &self.spent {
            let ceiling = self.database.ceiling(*place);
            if *spent > ceiling {
                return Err(format!("{place:?}: providers have cost {spent} of {ceiling}"));
            }
        }
        if let Some((request, lines)) = self.database.lines.iter().find(|(_, lines)| lines.len() > 1) {
            return Err(format!("request {request} has {} lines", lines.len()));
        }
        self.beliefs()
    }

    /// A node never believes in more than the database knows of.
    fn beliefs(&self) -> Result<(), String> {
        for node in self.nodes.iter().filter(|node| node.stage == Stage::Up) {
            for (account, held) in node.accounts.iter().enumerate() {
                for held in held.holdings() {
                    let place = Place { account, window_start_ms: held.window_start_ms };
                    let lease = self.database.leases.get(&(node.boot, place)).copied().unwrap_or_default();
                    if held.granted > lease.granted {
                        return Err(format!(
                            "{place:?}: a node believes in {} of {}",
                            held.granted, lease.granted
                        ));
                    }
                }
            }
        }
        Ok(())
    }
}
