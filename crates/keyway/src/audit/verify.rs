//! Whether the log is what was written: every record follows from the one before, up to the head.

use super::chain;
use crate::base::Fault;
use crate::store::Conn;
use crate::store::audit::{self, Record};
use crate::store::changes::AuditRow;
use serde::Serialize;

/// Breaks that are told apart; more are only counted.
pub const BREAKS_TOLD_MAX: usize = 100;

/// What is wrong, and where.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Break {
    /// Number of the record.
    pub sequence: i64,
    /// What is wrong there.
    pub problem: &'static str,
}

/// Goes through records in their order. Pure: they may come from the database or from a file.
#[derive(Debug, Default)]
pub struct Checker {
    seq: i64,
    hash: String,
    records: u64,
    breaks: Vec<Break>,
    broken: u64,
}

/// What was found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Finding {
    object: &'static str,
    /// Everything adds up.
    pub valid: bool,
    /// Records looked at.
    pub records: u64,
    /// Number of the newest record.
    pub sequence: i64,
    /// Chain value of the newest record. Kept elsewhere, it shows later that nothing before it changed.
    pub head: String,
    /// Places where it does not add up, the first [`BREAKS_TOLD_MAX`].
    pub breaks: Vec<Break>,
    /// How many there are.
    pub breaks_count: u64,
}

impl Checker {
    /// Looks at the next record.
    pub fn see(&mut self, record: &Record) {
        self.records += 1;
        let follows = record.hash == chain(&self.hash, &row_of(record));
        let expected = self.seq + 1;
        if record.seq < expected {
            self.found(record.seq, "stands in the wrong place");
            return;
        }
        if record.seq > expected {
            self.found(expected, "is missing");
        } else if !follows {
            self.found(record.seq, "is not what was written, or does not follow from the record before");
        }
        self.seq = record.seq;
        self.hash.clone_from(&record.hash);
    }

    /// Notes something that is no record at all.
    pub fn found(&mut self, sequence: i64, problem: &'static str) {
        self.broken += 1;
        if self.breaks.len() < BREAKS_TOLD_MAX {
            self.breaks.push(Break { sequence, problem });
        }
    }

    /// Number of the newest record seen.
    #[must_use]
    pub fn seq(&self) -> i64 {
        self.seq
    }

    /// Chain value of the newest record seen.
    #[must_use]
    pub fn head(&self) -> &str {
        &self.hash
    }

    /// Ends the look: the newest record must be the one that the head names.
    #[must_use]
    pub fn finish(mut self, head_seq: i64, head: &str) -> Finding {
        if head_seq > self.seq {
            self.found(self.seq + 1, "is missing: the log ends before its head");
        } else if head_seq < self.seq {
            self.found(head_seq + 1, "stands behind the head of the log");
        } else if self.hash != head {
            self.found(head_seq, "is not the record that the head of the log names");
        }
        Finding {
            object: "organization.audit_log.verification",
            valid: self.broken == 0,
            records: self.records,
            sequence: self.seq,
            head: self.hash,
            breaks: self.breaks,
            breaks_count: self.broken,
        }
    }
}

fn row_of(record: &Record) -> AuditRow<'_> {
    AuditRow {
        seq: record.seq,
        at_ms: record.at_ms,
        org_id: &record.org_id,
        project_id: record.project_id.as_deref(),
        actor_kind: &record.actor_kind,
        actor_id: &record.actor_id,
        actor_ip: record.actor_ip.as_deref(),
        event: &record.event,
        object_id: &record.object_id,
        detail: &record.detail,
        hash: &record.hash,
    }
}

/// Goes through the log of the installation, as it is when this begins.
///
/// # Errors
/// When the database cannot be used.
pub async fn database(conn: &mut Conn) -> Result<Finding, Fault> {
    let (head_seq, head) = audit::head(conn).await?;
    let mut checker = Checker::default();
    // From below every number: a record moved to the front is seen too.
    let mut after = i64::MIN;
    loop {
        let records = audit::run(conn, after, head_seq).await?;
        let Some(last) = records.last() else { break };
        after = last.seq;
        for record in &records {
            checker.see(record);
        }
    }
    Ok(checker.finish(head_seq, &head))
}

#[cfg(test)]
#[path = "verify_tests.rs"]
mod tests;
