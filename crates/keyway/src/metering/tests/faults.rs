//! Faults of the disk, on demand.

use std::collections::VecDeque;
use std::io;
use std::sync::{Arc, Mutex};

/// What the next write does.
#[derive(Debug, Clone, Copy)]
pub enum Write {
    Works,
    /// Takes so many bytes.
    Short(usize),
    /// Fails with the system's error number.
    Fails(i32),
}

#[derive(Debug, Default)]
struct Plan {
    writes: VecDeque<Write>,
    makes: VecDeque<Option<i32>>,
    full: bool,
    written: usize,
}

/// Shared by a journal's segments; default: no faults.
#[derive(Debug, Clone, Default)]
pub struct Faults(Arc<Mutex<Plan>>);

impl Faults {
    pub fn writes(&self, writes: impl IntoIterator<Item = Write>) {
        self.0.lock().unwrap().writes.extend(writes);
    }

    /// From now on, until told otherwise, the disk is full: no segment can be made, no write works.
    pub fn full(&self, full: bool) {
        self.0.lock().unwrap().full = full;
    }

    pub fn on_make(&self) -> io::Result<()> {
        let mut plan = self.0.lock().unwrap();
        let error = plan.makes.pop_front().flatten();
        match error.or(plan.full.then_some(28)) {
            Some(error) => Err(io::Error::from_raw_os_error(error)),
            None => Ok(()),
        }
    }

    /// Writes asked for so far.
    pub fn written(&self) -> usize {
        self.0.lock().unwrap().written
    }

    pub fn on_write(&self, bytes: usize) -> io::Result<Option<usize>> {
        let mut plan = self.0.lock().unwrap();
        plan.written += 1;
        let next = plan.writes.pop_front().unwrap_or(if plan.full { Write::Fails(28) } else { Write::Works });
        match next {
            Write::Works => Ok(None),
            Write::Short(taken) => Ok(Some(taken.min(bytes))),
            Write::Fails(error) => Err(io::Error::from_raw_os_error(error)),
        }
    }
}
