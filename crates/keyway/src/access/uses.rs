//! Uses of a secret that are not yet written: counted exactly, by many threads at once.

use std::net::IpAddr;
use std::sync::atomic::{AtomicBool, AtomicI64, AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};

/// Uses since they were last taken.
#[derive(Default)]
pub struct Uses {
    count: AtomicU64,
    last_ms: AtomicI64,
    last: Mutex<Option<(i64, IpAddr)>>,
    queued: AtomicBool,
}

/// Uses taken to be written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Taken {
    /// How many.
    pub count: u64,
    /// When the last one was, unix milliseconds.
    pub at_ms: i64,
    /// Where it came from.
    pub from: IpAddr,
}

impl Uses {
    /// Notes a use. True: the caller queues them to be taken. When and from where is left out of a use
    /// that meets another: it is the same moment; but one that is to be queued waits its turn to say it.
    pub fn note(&self, at_ms: i64, from: IpAddr) -> bool {
        self.last_ms.store(at_ms, Ordering::Relaxed);
        // In this order, and the other way round in `take`: no use is left behind uncounted.
        self.count.fetch_add(1, Ordering::SeqCst);
        let queues = !self.queued.load(Ordering::SeqCst) && !self.queued.swap(true, Ordering::SeqCst);
        let last = if queues {
            Some(self.last.lock().unwrap_or_else(PoisonError::into_inner))
        } else {
            self.last.try_lock().ok()
        };
        if let Some(mut last) = last {
            *last = Some((at_ms, from));
        }
        queues
    }

    /// The uses since the last time, if there were any.
    pub fn take(&self) -> Option<Taken> {
        self.leave();
        let (at_ms, from) = (*self.last.lock().unwrap_or_else(PoisonError::into_inner))?;
        let count = self.count.swap(0, Ordering::SeqCst);
        (count > 0).then_some(Taken { count, at_ms, from })
    }

    /// When the last use noted here was, unix milliseconds; 0 for none.
    #[must_use]
    pub fn last_ms(&self) -> i64 {
        self.last_ms.load(Ordering::Relaxed)
    }

    /// They are not queued after all: the next use is to queue them.
    pub fn leave(&self) {
        self.queued.store(false, Ordering::SeqCst);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOME: IpAddr = IpAddr::V4(std::net::Ipv4Addr::LOCALHOST);

    #[test]
    fn the_first_use_queues_and_all_are_taken_once() {
        let uses = Uses::default();
        assert_eq!(uses.take(), None);
        assert!(uses.note(1, HOME) && !uses.note(2, HOME));
        assert_eq!(uses.take(), Some(Taken { count: 2, at_ms: 2, from: HOME }));
        assert_eq!(uses.take(), None);
        assert!(uses.note(3, HOME));
        uses.leave();
        assert!(uses.note(4, HOME), "what found no place in the queue asks again");
        assert_eq!(uses.take().map(|taken| taken.count), Some(2));
    }

    #[test]
    fn threads_lose_no_use() {
        let uses = Uses::default();
        let taken = std::thread::scope(|threads| {
            let writers: Vec<_> = (0..4)
                .map(|_| {
                    threads.spawn(|| {
                        for at_ms in 0..10_000 {
                            uses.note(at_ms, HOME);
                        }
                    })
                })
                .collect();
            let mut taken = 0;
            while writers.iter().any(|writer| !writer.is_finished()) {
                taken += uses.take().map_or(0, |uses| uses.count);
            }
            taken
        });
        let rest = uses.take().map_or(0, |uses| uses.count);
        assert_eq!(taken + rest, 40_000);
    }
}
