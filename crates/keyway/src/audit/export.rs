//! The log as a file of JSON lines that can be verified without the installation: every record of it,
//! then one line that says how it ends.

use super::verify::{Checker, Finding};
use crate::base::Fault;
use crate::base::fault::Doing;
use crate::store::Conn;
use crate::store::audit::{self, Record};
use serde::{Deserialize, Serialize};
use std::io::{BufRead, Read, Write};

/// Longest line of an export, bytes: several times what a management call may bring.
pub const LINE_BYTES_MAX: u64 = 1024 * 1024;

const END: &str = "audit_log.export.end";

/// A record's line.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Line {
    sequence: i64,
    at_ms: i64,
    organization_id: String,
    project_id: Option<String>,
    actor_kind: String,
    actor_id: String,
    actor_ip: Option<String>,
    event: String,
    object_id: String,
    /// JSON as a text, byte for byte as it was chained.
    detail: String,
    hash: String,
}

/// The last line.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct End {
    object: String,
    sequence: i64,
    head: String,
}

impl From<Record> for Line {
    fn from(record: Record) -> Self {
        Self {
            sequence: record.seq,
            at_ms: record.at_ms,
            organization_id: record.org_id,
            project_id: record.project_id,
            actor_kind: record.actor_kind,
            actor_id: record.actor_id,
            actor_ip: record.actor_ip,
            event: record.event,
            object_id: record.object_id,
            detail: record.detail,
            hash: record.hash,
        }
    }
}

impl From<Line> for Record {
    fn from(line: Line) -> Self {
        Self {
            seq: line.sequence,
            at_ms: line.at_ms,
            org_id: line.organization_id,
            project_id: line.project_id,
            actor_kind: line.actor_kind,
            actor_id: line.actor_id,
            actor_ip: line.actor_ip,
            event: line.event,
            object_id: line.object_id,
            detail: line.detail,
            hash: line.hash,
        }
    }
}

/// Writes the log of the whole installation, as it is when this begins; says how many records it has.
///
/// # Errors
/// When the database cannot be used or the file not be written.
pub async fn write(conn: &mut Conn, to: &mut (impl Write + ?Sized)) -> Result<u64, Fault> {
    let (head_seq, head) = audit::head(conn).await?;
    let (mut after, mut count) = (i64::MIN, 0);
    loop {
        let records = audit::run(conn, after, head_seq).await?;
        let Some(last) = records.last() else { break };
        after = last.seq;
        for record in records {
            put(to, &Line::from(record))?;
            count += 1;
        }
    }
    put(to, &End { object: END.to_owned(), sequence: head_seq, head })?;
    to.flush().doing("writing the export")?;
    Ok(count)
}

/// The export of some records.
#[cfg(test)]
pub(super) fn text_of(records: &[Record], sequence: i64, head: &str) -> Result<Vec<u8>, Fault> {
    let mut text = Vec::new();
    for record in records {
        put(&mut text, &Line::from(record.clone()))?;
    }
    put(&mut text, &End { object: END.to_owned(), sequence, head: head.to_owned() })?;
    Ok(text)
}

fn put(to: &mut (impl Write + ?Sized), line: &impl Serialize) -> Result<(), Fault> {
    let mut text = serde_json::to_vec(line).doing("writing a record")?;
    text.push(b'\n');
    to.write_all(&text).doing("writing the export")
}

/// Verifies an export.
///
/// # Errors
/// When the file cannot be read.
pub fn verify(from: &mut impl BufRead) -> Result<Finding, Fault> {
    let mut checker = Checker::default();
    let mut end: Option<End> = None;
    let mut line = Vec::new();
    loop {
        line.clear();
        let read = from.by_ref().take(LINE_BYTES_MAX + 1).read_until(b'\n', &mut line);
        if read.doing("reading the export")? == 0 {
            break;
        }
        let at = checker.seq() + 1;
        if line.len() as u64 > LINE_BYTES_MAX {
            checker.found(at, "is longer than any record");
            break;
        }
        if end.is_some() {
            checker.found(at, "stands behind the end of the export");
        } else if let Ok(record) = serde_json::from_slice::<Line>(&line) {
            checker.see(&record.into());
        } else {
            end = serde_json::from_slice::<End>(&line).ok().filter(|end| end.object == END);
            if end.is_none() {
                checker.found(at, "is no record");
            }
        }
    }
    let end = end.unwrap_or_else(|| {
        checker.found(checker.seq() + 1, "is missing: the export ends before its last line");
        End { object: String::new(), sequence: checker.seq(), head: checker.head().to_owned() }
    });
    Ok(checker.finish(end.sequence, &end.head))
}
