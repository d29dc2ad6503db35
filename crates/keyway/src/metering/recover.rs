//! Taking in what processes that are gone have left in their journals, before listening.
//!
//! Every step can be repeated: cursors say what is stored, and a boot is closed in the
//! transaction that stores its last lines. Only then its files go.

use super::Prices;
use super::intake::{self, Line, Load, Move, Source};
use super::reader::{Reader, Stop};
use super::segment::{DAMAGED, Name, set_aside};
use crate::base::fault::Doing;
use crate::base::{Clock, Fault};
use crate::store::journal::{self, Cursor};
use crate::store::{Db, requests};
use ledger::record::{Found, RECORD_VERSION, Record, Tail};
use ledger::{Progress, Settled, codec, settle_unfinished};
use std::collections::{BTreeMap, HashMap};
use std::path::{Path, PathBuf};
use std::time::Duration;

/// Entries of one transaction.
const ENTRIES_MAX: usize = 8_192;
/// Times that one journal is begun.
const TRIES_MAX: u32 = 40;
/// Time between two of them.
const TRY_AGAIN: Duration = Duration::from_millis(250);

/// What recovery did.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Recovered {
    /// Journals of earlier starts that were taken in to their end.
    pub boots: usize,
    /// Entries found in them that were not stored yet.
    pub entries: usize,
    /// Requests sent and never finished: stored by estimate.
    pub orphans: usize,
    /// Files found damaged and kept.
    pub damaged: usize,
}

struct Recovery<'a> {
    db: &'a Db,
    clock: &'a Clock,
    prices: &'a Prices,
    source: Source,
    done: Recovered,
}

/// A shard's files, lowest first.
type Files = BTreeMap<u32, PathBuf>;
/// SENTs without an answer.
type Open = HashMap<[u8; 16], Unanswered>;

/// A SENT without an answer, and how far it came.
struct Unanswered {
    version: u8,
    sent: Vec<u8>,
    progress: Option<Progress>,
}

/// Takes in every journal under `journal_dir` but that of `current_boot`. The caller holds the
/// data folder's lock, so nobody writes them any more.
///
/// # Errors
/// The database or the disk refused. Nothing is lost: call again.
pub async fn recover(
    db: &Db,
    clock: &Clock,
    prices: &Prices,
    node: &str,
    journal_dir: &Path,
    current_boot: &str,
) -> Result<Recovered, Fault> {
    let mut boots: Vec<String> = Vec::new();
    match std::fs::read_dir(journal_dir) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            return Ok(Recovered::default());
        }
        Err(error) => return Err(Fault::new("reading the journal's folder", error)),
        Ok(entries) => {
            for entry in entries {
                let entry = entry.doing("reading the journal's folder")?;
                if entry.path().is_dir() {
                    boots.extend(entry.file_name().into_string().ok().filter(|boot| boot != current_boot));
                }
            }
        }
    }
    boots.sort_unstable();
    let mut done = Recovered::default();
    for boot in boots {
        let dir = journal_dir.join(&boot);
        if !journal::is_closed(db, &boot).await? {
            let source = Source { boot, node: node.to_owned() };
            let mut recovery = Recovery { db, clock, prices, source, done };
            recovery.boot_in_the_end(&dir).await?;
            done = recovery.done;
        }
        clear(db, &dir).await?;
    }
    Ok(done)
}

/// Deletes the journal files of a closed boot, and the folder when nothing is kept in it.
/// `false`: something is.
///
/// # Errors
/// The database or the disk refused.
pub async fn clear(db: &Db, dir: &Path) -> Result<bool, Fault> {
    const DOING: &str = "deleting a journal that is done with";
    if !journal::make_durable(db).await? {
        return Ok(false);
    }
    for entry in std::fs::read_dir(dir).doing(DOING)? {
        let entry = entry.doing(DOING)?;
        if let Some((_, false)) = entry.file_name().to_str().and_then(Name::parse) {
            std::fs::remove_file(entry.path()).doing(DOING)?;
        }
    }
    Ok(std::fs::remove_dir(dir).is_ok())
}

fn files(dir: &Path) -> Result<BTreeMap<u32, Files>, Fault> {
    let mut shards: BTreeMap<u32, Files> = BTreeMap::new();
    for entry in std::fs::read_dir(dir).doing("reading a journal's folder")? {
        let entry = entry.doing("reading a journal's folder")?;
        if let Some((name, _)) = entry.file_name().to_str().and_then(Name::parse) {
            shards.entry(name.shard).or_default().insert(name.segment, entry.path());
        }
    }
    Ok(shards)
}

impl Recovery<'_> {
    /// A database finishes what a process had sent it before it died, and that may be after this one has
    /// read how far its journal is stored: then it is begun again from there.
    async fn boot_in_the_end(&mut self, dir: &Path) -> Result<(), Fault> {
        for _ in 0..TRIES_MAX {
            if self.boot(dir).await? {
                return Ok(());
            }
            tokio::time::sleep(TRY_AGAIN).await;
        }
        Err(Fault::plain("somebody else takes in the same journal"))
    }

    /// `false`: somebody else has stored some of it meanwhile.
    async fn boot(&mut self, dir: &Path) -> Result<bool, Fault> {
        let mut open = Vec::new();
        for (shard, files) in files(dir)? {
            let mut chain = Chain::new(shard, journal::cursor(self.db, &self.source.boot, shard).await?);
            if !self.shard(&mut chain, files).await? {
                return Ok(false);
            }
            open.push((shard, chain.open));
        }
        let mut load = Load { closing: true, ..Load::default() };
        for (shard, open) in open {
            self.orphans(&mut load, shard, open).await?;
        }
        let orphans = load.len();
        if !intake::store(self.db, self.clock, &self.source, load).await? {
            return Ok(false);
        }
        self.done.orphans += orphans;
        self.done.boots += 1;
        let Recovered { entries, damaged, .. } = self.done;
        tracing::info!(
            boot = self.source.boot,
            entries,
            orphans,
            damaged,
            "took in the journal of an earlier start"
        );
        Ok(true)
    }

    /// Ships a shard from its cursor on, and collects what is unanswered in all that is left. `false`: as
    /// [`Self::store`].
    async fn shard(&mut self, chain: &mut Chain, mut files: Files) -> Result<bool, Fault> {
        let mut reader = Reader::default();
        let numbers: Vec<u32> = files.keys().copied().collect();
        for segment in numbers {
            let mut offset = 0;
            while let Some(next) = self.piece(chain, &mut reader, &mut files, segment, offset)? {
                offset = next;
                if chain.load.len() >= ENTRIES_MAX && !self.store(chain).await? {
                    return Ok(false);
                }
            }
        }
        self.store(chain).await
    }

    /// Takes one piece of a segment; where the next one begins, if there is one.
    fn piece(
        &mut self,
        chain: &mut Chain,
        reader: &mut Reader,
        files: &mut Files,
        segment: u32,
        offset: u32,
    ) -> Result<Option<u32>, Fault> {
        let Some(path) = files.get(&segment) else {
            return Ok(None);
        };
        let name = Name { shard: chain.shard, segment };
        let piece = reader
            .read(path, name, offset, u32::MAX, |found, encoded| chain.take(found, encoded))
            .doing("reading a journal")?;
        if let Some((expected, found)) = chain.gap.take() {
            // What is missing was before this piece: the torn end there, or a whole file.
            let before = Name { segment: chain.torn.take().unwrap_or(segment), ..name };
            self.damaged(files, before, &format!("record {found} where {expected} had to be"))?;
            chain.expected = None;
            return Ok(Some(offset));
        }
        if piece.last_seq.is_some() {
            chain.torn = None;
        }
        chain.pass(segment, piece.offset, piece.last_seq);
        match piece.stop {
            Stop::More => return Ok(Some(piece.offset)),
            Stop::Done | Stop::Zeros => {}
            Stop::Bad(Tail::Torn) => chain.torn = Some(segment),
            Stop::Bad(tail) => {
                self.damaged(files, name, &format!("{tail:?}"))?;
                chain.expected = None;
            }
        }
        Ok(None)
    }

    /// Stores what was read since the last time. `false`: the database has more than this one has stored.
    async fn store(&mut self, chain: &mut Chain) -> Result<bool, Fault> {
        if chain.read == chain.stored || (chain.load.is_empty() && chain.read.segment == chain.stored.segment)
        {
            return Ok(true);
        }
        let mut load = std::mem::take(&mut chain.load);
        let entries = load.len();
        load.moves.push(Move { shard: chain.shard, from: chain.stored, to: chain.read });
        if !intake::store(self.db, self.clock, &self.source, load).await? {
            return Ok(false);
        }
        chain.stored = chain.read;
        self.done.entries += entries;
        Ok(true)
    }

    fn damaged(&mut self, files: &mut Files, name: Name, what: &str) -> Result<(), Fault> {
        let Some(path) = files.get_mut(&name.segment) else {
            return Ok(());
        };
        if path.extension().is_none_or(|ending| ending != DAMAGED) {
            *path = set_aside(path).doing("setting a damaged journal file aside")?;
        }
        self.done.damaged += 1;
        tracing::error!(path = %path.display(), what, "a journal file is damaged: it is kept, look at it");
        Ok(())
    }

    /// One estimated line for each request that was sent and never answered.
    async fn orphans(&self, load: &mut Load, shard: u32, open: Open) -> Result<(), Fault> {
        for open in open.into_values() {
            let sent = codec::take_sent(open.version, &open.sent).doing("decoding a journal record")?;
            // Its answer may have been stored and lost from the journal since (a loss of power, damage).
            if requests::get(self.db, sent.entry.org, sent.entry.request).await?.is_some() {
                continue;
            }
            let price = (self.prices)(sent.entry.price_version);
            let now_ms = self.clock.now_ms();
            let settled = settle_unfinished(&sent, open.progress.as_ref(), now_ms, price.as_ref());
            load.charges.hold(&settled);
            let Settled { entry, .. } = settled;
            let mut line = Vec::new();
            codec::put_entry(&mut line, &entry);
            let (version, encoded) = (RECORD_VERSION, &*line);
            load.take(&Line { shard, seq: 0, version, entry: &entry, encoded });
        }
        Ok(())
    }
}

/// What is known of a shard on the way through its files.
struct Chain {
    shard: u32,
    stored: Cursor,
    read: Cursor,
    /// The sequence number that must come next, once one was seen.
    expected: Option<u64>,
    /// Another came: expected and found.
    gap: Option<(u64, u64)>,
    /// The last segment that ended torn. Its record was written again in the next one, if the
    /// numbers go on there; it is lost if not.
    torn: Option<u32>,
    open: Open,
    load: Load,
}

impl Chain {
    fn new(shard: u32, stored: Cursor) -> Self {
        Self {
            shard,
            stored,
            read: stored,
            expected: None,
            gap: None,
            torn: None,
            open: Open::new(),
            load: Load::default(),
        }
    }

    /// Takes a record; `false` when one before it is missing.
    fn take(&mut self, found: &Found<'_>, encoded: &[u8]) -> bool {
        match self.expected {
            Some(expected) if found.seq > expected => {
                self.gap = Some((expected, found.seq));
                return false;
            }
            // Written again, although the first write had reached the disk.
            Some(expected) if found.seq < expected => return true,
            _ => {}
        }
        self.expected = Some(found.seq + 1);
        match &found.record {
            Record::Sent(sent) => {
                let unanswered =
                    Unanswered { version: found.version, sent: encoded.to_vec(), progress: None };
                self.open.insert(sent.entry.request, unanswered);
            }
            Record::Settle(entry) => {
                self.open.remove(&entry.request);
                if found.seq > self.stored.seq {
                    let (seq, version) = (found.seq, found.version);
                    self.load.take(&Line { shard: self.shard, seq, version, entry, encoded });
                }
            }
            Record::Void(request) => {
                self.open.remove(request);
            }
            Record::Progress(progress) => {
                if let Some(open) = self.open.get_mut(&progress.request) {
                    open.progress = Some(*progress);
                }
            }
        }
        true
    }

    /// Moves the cursor, never back behind what is stored.
    fn pass(&mut self, segment: u32, offset: u32, last_seq: Option<u64>) {
        let seq = last_seq.unwrap_or(self.read.seq).max(self.read.seq);
        if (segment, offset) > (self.read.segment, self.read.offset) {
            self.read = Cursor { segment, offset, seq };
        }
    }
}
