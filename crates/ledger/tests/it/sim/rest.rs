//! The end of a run: everything comes back, and nothing may be missing or left over.

use super::database::{Line, Place};
use super::node::Stage;
use super::world::World;
use std::collections::BTreeMap;

impl World {
    /// Everything ends well: nothing may be missing then, and nothing be left over.
    pub fn come_to_rest(&mut self) -> Result<(), String> {
        for node in 0..self.nodes.len() {
            self.nodes[node].cut_off = false;
            self.nodes[node].wish = None;
            while self.nodes[node].stage != Stage::Up {
                self.start(node);
                self.check()?;
            }
            while let Some(request) = self.pick(node) {
                self.settle(node, request);
            }
            while self.nodes[node].shipped < self.nodes[node].journal.len() {
                self.ship(node);
                self.check()?;
            }
            let boot = self.nodes[node].boot;
            for account in 0..self.nodes[node].accounts.len() {
                let leases = self.database.leases_of(boot, account);
                self.nodes[node].corrected(account, &leases);
                for (start, amount) in self.nodes[node].accounts[account].take_free(0, true) {
                    self.database.give_back(boot, Place { account, window_start_ms: start }, amount.0);
                }
            }
            self.check()?;
        }
        self.nothing_is_left()
    }

    fn nothing_is_left(&self) -> Result<(), String> {
        for (place, row) in &self.database.rows {
            let held: i64 =
                self.database.holds.iter().filter(|hold| hold.place == *place).map(|hold| hold.amount).sum();
            if row.leased != held {
                return Err(format!("{place:?}: {} is leased at the end, and {held} held", row.leased));
            }
        }
        for (request, at) in &self.providers {
            if !self.database.lines.contains_key(request) {
                return Err(format!(
                    "request {request} reached its provider, cost {}, and has no line",
                    at.cost
                ));
            }
        }
        let mut charged: BTreeMap<Place, i64> = BTreeMap::new();
        for (request, lines) in &self.database.lines {
            let at = self
                .providers
                .get(request)
                .ok_or_else(|| format!("a line of request {request}, which never was"))?;
            for place in &at.places {
                *charged.entry(*place).or_default() += lines.iter().map(|line| line.charge).sum::<i64>();
            }
            let Line { charge, hold } = lines[0];
            if at.orphan && charge + hold < at.allowed {
                return Err(format!(
                    "request {request} may still cost {}, and {charge} and {hold} are kept",
                    at.allowed
                ));
            }
            if charge > at.allowed || (!at.orphan && at.honest && charge != at.cost) {
                return Err(format!(
                    "request {request} cost {} of {} and was charged {charge}",
                    at.cost, at.allowed
                ));
            }
        }
        for (place, row) in &self.database.rows {
            let held = self.database.holds_posted.get(place).copied().unwrap_or(0);
            let charged = charged.get(place).copied().unwrap_or(0) + held;
            if row.posted != charged {
                return Err(format!("{place:?}: {} posted, but lines of {charged}", row.posted));
            }
        }
        Ok(())
    }
}
