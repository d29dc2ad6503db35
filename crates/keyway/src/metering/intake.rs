//! One transaction: lines, rollups and cursors together.

use super::charges::Charges;
use super::fold::Fold;
use super::reader::Reader;
use super::seen::Seen;
use super::shard::ShardState;
use crate::base::fault::Doing;
use crate::base::{Clock, Fault};
use crate::store::journal::{self, Cursor, Quarantined};
use crate::store::{Db, requests_write, seen, usage_write};
use ledger::record::Record;
use std::collections::HashSet;
use std::path::Path;
use std::sync::Arc;

/// Whose journal is taken in.
#[derive(Debug, Clone)]
pub struct Source {
    /// The boot: one start of a server.
    pub boot: String,
    /// The node it ran on.
    pub node: String,
}

/// A cursor's move.
#[derive(Debug, Clone, Copy)]
pub struct Move {
    /// Shard.
    pub shard: u32,
    /// Where the database has it.
    pub from: Cursor,
    /// Where it goes.
    pub to: Cursor,
}

/// A settled entry on its way into the database.
pub struct Line<'a> {
    /// Shard it was written by.
    pub shard: u32,
    /// Its record's number there; 0: made by recovery.
    pub seq: u64,
    /// Version of its bytes.
    pub version: u8,
    /// What it says.
    pub entry: &'a ledger::Entry<'a>,
    /// Its bytes.
    pub encoded: &'a [u8],
}

/// What is stored at once.
#[derive(Default)]
pub struct Load {
    /// Entries.
    pub fold: Fold,
    /// From where keys are used and how providers answer.
    pub seen: Seen,
    /// Records that cannot be stored as entries.
    pub quarantine: Vec<Quarantined>,
    /// What is passed by storing them.
    pub moves: Vec<Move>,
    /// What they charge, and to whom.
    pub charges: Charges,
    /// Nothing is left after this.
    pub closing: bool,
}

impl Load {
    /// Takes a settled entry, or sets it aside when it cannot be stored.
    pub fn take(&mut self, line: &Line<'_>) {
        // Whatever becomes of its line: money that was spent is spent.
        self.charges.add(line.entry);
        self.seen.add(line.entry);
        if let Err(reason) = self.fold.add(line.entry, line.version, line.encoded) {
            self.set_aside(line.shard, line.seq, reason, line.encoded);
        }
    }

    fn set_aside(&mut self, shard: u32, seq: u64, reason: &str, encoded: &[u8]) {
        tracing::error!(shard, seq, reason, "a journal record cannot be stored and is kept aside");
        self.quarantine.push(Quarantined { shard, seq, reason: reason.to_owned(), body: encoded.to_vec() });
    }

    /// Entries taken, those set aside among them.
    #[must_use]
    pub fn len(&self) -> usize {
        self.fold.len() + self.quarantine.len()
    }

    /// Whether there is nothing to store.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

/// Stores a load. `false`: nothing was stored, because a cursor is not where it was thought to
/// be; the cursors are to be read again.
///
/// # Errors
/// The database refused; whether the load was stored is not known.
pub async fn store(db: &Db, clock: &Clock, source: &Source, load: Load) -> Result<bool, Fault> {
    let now_ms = clock.now_ms();
    let (batches, mut rollups) = load.fold.finish(clock);
    let (mut networks, mut providers) = load.seen.finish();
    let mut transaction = db.begin_write().await?;
    if load.closing || load.moves.iter().any(|step| step.from == Cursor::default()) {
        journal::open_boot(&mut transaction, &source.boot, &source.node, now_ms).await?;
    }
    // The cursors first: they are the lock.
    for step in &load.moves {
        if !journal::move_cursor(&mut transaction, &source.boot, step.shard, step.from, step.to).await? {
            transaction.rollback().await.doing("giving a transaction up")?;
            return Ok(false);
        }
    }
    if load.closing && !journal::close_boot(&mut transaction, &source.boot, now_ms).await? {
        transaction.rollback().await.doing("giving a transaction up")?;
        return Ok(false);
    }
    load.charges.post(&mut transaction, source, now_ms).await?;
    if load.closing {
        load.charges.close(&mut transaction, &source.boot, now_ms).await?;
    }
    for record in &load.quarantine {
        journal::quarantine(&mut transaction, &source.boot, now_ms, record).await?;
    }
    requests_write::insert(&mut transaction, db.engine, &batches).await?;
    usage_write::add(&mut transaction, db.engine, &mut rollups).await?;
    seen::write(&mut transaction, db.engine, &mut networks, &mut providers).await?;
    transaction.commit().await.doing("committing usage")?;
    Ok(true)
}

/// One shard as the shipper knows it.
#[derive(Debug, Clone)]
pub struct Shard {
    /// What its journal publishes.
    pub state: Arc<ShardState>,
    /// Where the database has it.
    pub stored: Cursor,
    /// How far it is read with nothing to store in between.
    pub read: Cursor,
}

/// What one look at the journals found.
pub struct Gathered {
    /// What to store.
    pub load: Load,
    /// How far each shard is read.
    pub read: Vec<Cursor>,
    /// There is more than was taken.
    pub more: bool,
    /// Segments with a place in them that cannot be read.
    pub damaged: Vec<super::segment::Name>,
}

/// How much to take at once.
pub struct Limits<'a> {
    /// Pieces of a megabyte per shard.
    pub pieces: usize,
    /// Entries.
    pub entries: usize,
    /// Records known to be refused by the database: shard and sequence number.
    pub poison: &'a HashSet<(u32, u64)>,
}

/// Reads what the journals have committed since the cursors.
///
/// # Errors
/// A file cannot be read.
pub fn gather(
    dir: &Path,
    shards: &[Shard],
    readers: &mut Vec<Reader>,
    limits: &Limits<'_>,
) -> Result<Gathered, Fault> {
    readers.resize_with(shards.len(), Reader::default);
    let mut all = Gathered { load: Load::default(), read: Vec::new(), more: false, damaged: Vec::new() };
    for (shard, reader) in shards.iter().zip(readers) {
        let mut cursor = shard.read;
        for piece in 0.. {
            if piece == limits.pieces || all.load.len() >= limits.entries {
                all.more |= shard.state.active() != (cursor.segment, cursor.offset);
                break;
            }
            if !advance(dir, shard, reader, &mut cursor, limits, &mut all).doing("reading the journal")? {
                break;
            }
        }
        if shard.stored != cursor && (cursor.segment != shard.stored.segment || !all.load.is_empty()) {
            all.load.moves.push(Move { shard: shard.state.shard, from: shard.stored, to: cursor });
        }
        all.read.push(cursor);
    }
    Ok(all)
}

/// Reads one piece; `false` when there is nothing more now.
fn advance(
    dir: &Path,
    shard: &Shard,
    reader: &mut Reader,
    cursor: &mut Cursor,
    limits: &Limits<'_>,
    all: &mut Gathered,
) -> std::io::Result<bool> {
    use super::reader::Stop;
    let number = shard.state.shard;
    let readable = shard.state.readable(cursor.segment);
    if readable.segment > cursor.segment {
        (cursor.segment, cursor.offset) = (readable.segment, 0);
    }
    if cursor.offset >= readable.end {
        if readable.sealed {
            (cursor.segment, cursor.offset) = (cursor.segment + 1, 0);
        }
        return Ok(readable.sealed);
    }
    let name = super::segment::Name { shard: number, segment: cursor.segment };
    let load = &mut all.load;
    let piece =
        reader.read_settled(&name.path(dir), name, cursor.offset, readable.end, |found, encoded| {
            if let Record::Settle(entry) = &found.record {
                if limits.poison.contains(&(number, found.seq)) {
                    load.set_aside(number, found.seq, "refused by the database", encoded);
                } else {
                    let (seq, version) = (found.seq, found.version);
                    load.take(&Line { shard: number, seq, version, entry, encoded });
                }
            }
            load.len() < limits.entries
        })?;
    cursor.offset = piece.offset;
    cursor.seq = piece.last_seq.unwrap_or(cursor.seq);
    match piece.stop {
        Stop::Done | Stop::More => Ok(true),
        Stop::Zeros | Stop::Bad(_) => {
            // Committed bytes that are no records: the disk changed them.
            all.damaged.push(name);
            if readable.sealed {
                (cursor.segment, cursor.offset) = (cursor.segment + 1, 0);
            }
            Ok(readable.sealed)
        }
    }
}
