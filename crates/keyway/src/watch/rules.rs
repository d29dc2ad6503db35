//! The rules of organisations, kept from look to look: they are read again when something was done to them.

use super::kind::{self, Kind, NANO};
use crate::base::Fault;
use crate::store::alerts::{self, Alert};
use crate::store::{Conn, organizations};
use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

/// Rules kept at most, over all organisations: some 10 MB. Those beyond it are read at every look.
const KEPT_MAX: usize = 20_000;
/// Records of the audit log that are looked through for what was done to rules; after more, all are read again.
const RECORDS_MAX: i64 = 10_000;

/// What of them is kept.
#[derive(Debug, Default)]
pub struct Rules {
    /// What is kept is right up to this record of the audit log; 0: nothing is.
    seq: i64,
    kept: HashMap<String, Arc<Vec<Alert>>>,
    /// How many those are.
    count: usize,
    /// Days before the end of keys that rules ask for besides the usual ones.
    pub expiring: Vec<i64>,
    /// Days after which a secret is due, that rules ask for besides the usual ones.
    pub rotation: Vec<i64>,
    /// Organisations with rules on sums.
    pub summing: BTreeSet<String>,
    /// How often rules of an organisation were read.
    pub reads: u64,
}

impl Rules {
    /// Lets go of what something was done to. `until`: the newest record of the audit log, read before.
    ///
    /// # Errors
    /// When the database cannot be used.
    pub async fn refresh(&mut self, conn: &mut Conn, until: i64) -> Result<(), Fault> {
        // A database that was put back to what it was has fewer records.
        let all = self.seq == 0 || until < self.seq || until - self.seq > RECORDS_MAX;
        let changed =
            if all { Vec::new() } else { alerts::organizations_with_changes(conn, self.seq, until).await? };
        if all || !changed.is_empty() {
            // Until it is read to its end, nothing is known.
            self.seq = 0;
            let days =
                |nano: Vec<i64>| nano.into_iter().map(|threshold| threshold / NANO).collect::<Vec<_>>();
            self.expiring = days(alerts::thresholds(conn, Kind::KeyExpiring.word()).await?);
            self.rotation = days(alerts::thresholds(conn, Kind::RotationDue.word()).await?);
            self.summing = alerts::with_sums(conn).await?.into_iter().collect();
        }
        if all {
            (self.kept, self.count) = (HashMap::new(), 0);
        }
        for org in changed {
            self.count -= self.kept.remove(&org).map_or(0, |rules| rules.len());
        }
        self.seq = until;
        Ok(())
    }

    /// The rules of an organisation that are looked at.
    ///
    /// # Errors
    /// When the database cannot be used.
    pub async fn of(&mut self, conn: &mut Conn, org: &str) -> Result<Arc<Vec<Alert>>, Fault> {
        if let Some(rules) = self.kept.get(org) {
            return Ok(Arc::clone(rules));
        }
        self.reads += 1;
        let rules = Arc::new(read(conn, org).await?);
        if self.count + rules.len() <= KEPT_MAX {
            self.count += rules.len();
            self.kept.insert(org.to_owned(), Arc::clone(&rules));
        }
        Ok(rules)
    }
}

async fn read(conn: &mut Conn, org: &str) -> Result<Vec<Alert>, Fault> {
    let Some(row) = organizations::organization(conn, org).await? else { return Ok(Vec::new()) };
    if row.archived_ms.is_some() {
        return Ok(Vec::new());
    }
    Ok(kind::effective(org, row.created_ms, alerts::of_org(conn, org).await?))
}
