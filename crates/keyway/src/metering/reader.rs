//! Reading journal files in bounded pieces.

use super::segment::Name;
use ledger::record::{End, Found, RECORD_BYTES_MAX, Scanner, Tail};
use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;
use std::path::Path;

/// Bytes read at a time.
pub const CHUNK_BYTES: usize = 1024 * 1024;

/// Bytes of a record before its entry: length, checksum, sequence number, type, version.
const FRAME_BYTES: usize = 18;

/// A file being read, and the piece of it in memory.
#[derive(Default)]
pub struct Reader {
    open: Option<(Name, File)>,
    chunk: Vec<u8>,
}

/// Why a piece ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stop {
    /// All that was asked for has been read.
    Done,
    /// There is more: go on at the offset.
    More,
    /// What follows is zeros: nothing more was ever written.
    Zeros,
    /// What follows is no record: torn, or damaged.
    Bad(Tail),
}

/// What a piece held.
#[derive(Debug, Clone, Copy)]
pub struct Piece {
    /// First byte after the last record.
    pub offset: u32,
    /// Sequence number of the last record, if there was one.
    pub last_seq: Option<u64>,
    /// Why it ended.
    pub stop: Stop,
}

impl Reader {
    /// Reads records from `offset` to `end` (`u32::MAX`: the end of the file), at most
    /// [`CHUNK_BYTES`], handing each to `take` together with its entry's bytes, until `take`
    /// answers `false`.
    ///
    /// # Errors
    /// The file system refused.
    pub fn read(
        &mut self,
        path: &Path,
        name: Name,
        offset: u32,
        end: u32,
        take: impl FnMut(&Found<'_>, &[u8]) -> bool,
    ) -> io::Result<Piece> {
        let wanted = self.load(path, name, offset, end)?;
        Ok(self.scan(Scanner::new(&self.chunk, None), offset, wanted, take))
    }

    /// As [`Self::read`], and hands over settled requests alone.
    ///
    /// # Errors
    /// The file system refused.
    pub fn read_settled(
        &mut self,
        path: &Path,
        name: Name,
        offset: u32,
        end: u32,
        take: impl FnMut(&Found<'_>, &[u8]) -> bool,
    ) -> io::Result<Piece> {
        let wanted = self.load(path, name, offset, end)?;
        let scanner = Scanner::new(&self.chunk, None).settled_only();
        Ok(self.scan(scanner, offset, wanted, take))
    }

    /// Reads the piece at `offset` into memory; how many bytes there are, this piece's included.
    fn load(&mut self, path: &Path, name: Name, offset: u32, end: u32) -> io::Result<usize> {
        if !matches!(&self.open, Some((open, _)) if *open == name) {
            self.open = Some((name, File::open(path)?));
        }
        let Some((_, file)) = &self.open else {
            return Err(io::ErrorKind::NotFound.into());
        };
        let end = u64::from(end).min(file.metadata()?.len());
        let wanted = usize::try_from(end.saturating_sub(u64::from(offset))).unwrap_or(usize::MAX);
        let length = wanted.min(CHUNK_BYTES);
        self.chunk.resize(length, 0);
        file.read_exact_at(&mut self.chunk, u64::from(offset))?;
        Ok(wanted)
    }

    fn scan(
        &self,
        mut scanner: Scanner<'_>,
        offset: u32,
        wanted: usize,
        mut take: impl FnMut(&Found<'_>, &[u8]) -> bool,
    ) -> Piece {
        for found in scanner.by_ref() {
            if !take(&found, &self.chunk[found.offset + FRAME_BYTES..found.next_offset]) {
                return Piece {
                    offset: offset + found.next_offset as u32,
                    last_seq: Some(found.seq),
                    stop: Stop::More,
                };
            }
        }
        let End { valid_bytes, next_seq, tail } = scanner.end();
        let length = self.chunk.len();
        let cut_short = length < wanted && length - valid_bytes < RECORD_BYTES_MAX;
        let stop = match tail {
            _ if cut_short => Stop::More,
            Tail::Clean if valid_bytes == length => Stop::Done,
            Tail::Clean => Stop::Zeros,
            tail => Stop::Bad(tail),
        };
        Piece {
            offset: offset + valid_bytes as u32,
            // None was expected: one is known when a record was read.
            last_seq: next_seq.map(|next| next.wrapping_sub(1)),
            stop,
        }
    }

    /// Closes the file and gives the memory back.
    pub fn close(&mut self) {
        self.open = None;
        self.chunk = Vec::new();
    }
}
