//! The door of an account that takes so many requests at a time: one for all workers. Who finds it full
//! waits in a line that has a bound, for a time that has one.

use super::fair::{Fair, Who};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::sync::oneshot;

/// An account's door. The lock is held for a few steps of memory.
pub struct Gate {
    state: Mutex<State>,
    waiting_max: usize,
    /// Requests that were sent away.
    turned_away: AtomicU64,
}

struct State {
    inside_max: usize,
    inside: usize,
    line: Fair<oneshot::Sender<Slot>>,
}

/// A place within; given on, or back, when dropped.
pub struct Slot {
    gate: Option<Arc<Gate>>,
}

/// How somebody is let in.
pub enum Entry {
    /// At once.
    Inside(Slot),
    /// When the place comes; without one when it must go to others who come.
    Waits(oneshot::Receiver<Slot>),
    /// Not: as many wait as may.
    Full,
}

/// How it stands at a door.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Standing {
    /// Requests inside at most.
    pub inside_max: usize,
    /// Inside.
    pub inside: usize,
    /// In the line.
    pub waiting: usize,
    /// Sent away since the start.
    pub turned_away: u64,
}

impl State {
    /// Takes a place if there is one that nobody waits for.
    fn take(&mut self, inside_max: usize) -> bool {
        self.inside_max = inside_max;
        let is_free = self.inside < self.inside_max && self.line.is_empty();
        self.inside += usize::from(is_free);
        is_free
    }
}

impl Gate {
    /// An open door, with so many waiting before it at most.
    #[must_use]
    pub fn new(waiting_max: usize) -> Arc<Self> {
        let state = Mutex::new(State { inside_max: 0, inside: 0, line: Fair::default() });
        Arc::new(Self { state, waiting_max, turned_away: AtomicU64::new(0) })
    }

    /// Lets somebody in if there is a place and nobody waits: the usual way, for which nobody need say who
    /// it is.
    pub fn at_once(self: &Arc<Self>, inside_max: usize) -> Option<Slot> {
        self.lock().take(inside_max).then(|| Slot { gate: Some(Arc::clone(self)) })
    }

    /// Lets somebody in, or into the line. So many may be inside as who came last says: the cap is the
    /// catalogue's, and that may be another one by now. Those inside stay.
    pub fn enter(self: &Arc<Self>, who: &Who, inside_max: usize) -> Entry {
        let mut state = self.lock();
        if state.take(inside_max) {
            return Entry::Inside(Slot { gate: Some(Arc::clone(self)) });
        }
        if state.line.len() >= self.waiting_max {
            // Who has left makes room first.
            state.line.retain(|place| !place.is_closed());
        }
        let sent_away = if state.line.len() >= self.waiting_max {
            let sent_away = state.line.make_room(who);
            self.turned_away.fetch_add(1, Ordering::Relaxed);
            if sent_away.is_none() {
                return Entry::Full;
            }
            sent_away
        } else {
            None
        };
        let (place, waits) = oneshot::channel();
        state.line.push(who, place);
        drop(state);
        // Wakes somebody: not under the lock.
        drop(sent_away);
        // There is room behind a line when the cap has risen.
        self.call();
        Entry::Waits(waits)
    }

    /// How it stands.
    #[must_use]
    pub fn standing(&self) -> Standing {
        let state = self.lock();
        Standing {
            inside_max: state.inside_max,
            inside: state.inside,
            waiting: state.line.len(),
            turned_away: self.turned_away.load(Ordering::Relaxed),
        }
    }

    /// Takes a place for who is next, if there is one and somebody waits.
    fn next(self: &Arc<Self>) -> Option<(oneshot::Sender<Slot>, Slot)> {
        let mut state = self.lock();
        if state.inside >= state.inside_max {
            return None;
        }
        let place = state.line.pop()?;
        state.inside += 1;
        Some((place, Slot { gate: Some(Arc::clone(self)) }))
    }

    fn leave(self: &Arc<Self>) {
        let nobody_waits = {
            let mut state = self.lock();
            state.inside -= 1;
            state.line.is_empty()
        };
        if !nobody_waits {
            self.call();
        }
    }

    /// Gives what places there are to those who are next.
    fn call(self: &Arc<Self>) {
        while let Some((place, slot)) = self.next() {
            give(place, slot);
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Gives a place to who waits for it. When they have left, it is given back without another round.
fn give(place: oneshot::Sender<Slot>, slot: Slot) {
    if let Err(mut slot) = place.send(slot)
        && let Some(gate) = slot.gate.take()
    {
        gate.lock().inside -= 1;
    }
}

impl Drop for Slot {
    fn drop(&mut self) {
        if let Some(gate) = self.gate.take() {
            gate.leave();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn who(project: &str) -> Who {
        let (project, key) = (project.into(), "key".into());
        Who { project, project_weight: 1, key, key_weight: 1, urgency: 1 }
    }

    const CAP: usize = 1;

    fn inside(entry: Entry) -> Slot {
        let Entry::Inside(slot) = entry else { panic!("not let in") };
        slot
    }

    fn waits(entry: Entry) -> oneshot::Receiver<Slot> {
        let Entry::Waits(waits) = entry else { panic!("not in the line") };
        waits
    }

    fn counts(gate: &Gate) -> (usize, usize) {
        let standing = gate.standing();
        (standing.inside, standing.waiting)
    }

    #[test]
    fn a_place_goes_to_who_is_next_and_comes_back_from_who_has_left() {
        let gate = Gate::new(10);
        let first = inside(gate.enter(&who("a"), CAP));
        let gone = waits(gate.enter(&who("a"), CAP));
        let mut second = waits(gate.enter(&who("a"), CAP));
        assert_eq!(counts(&gate), (1, 2));
        drop(gone);
        drop(first);
        let second = second.try_recv().unwrap();
        assert_eq!(counts(&gate), (1, 0));
        let given = waits(gate.enter(&who("a"), CAP));
        drop(second);
        assert_eq!(counts(&gate), (1, 0), "it is on its way");
        drop(given);
        assert_eq!(counts(&gate), (0, 0), "who leaves with a place on its way gives it back");
        drop(inside(gate.enter(&who("a"), CAP)));
    }

    #[test]
    fn the_line_has_a_bound_and_nobody_fills_it_alone() {
        let gate = Gate::new(4);
        let _first = inside(gate.enter(&who("a"), CAP));
        let mut greedy: Vec<_> = (0..4).map(|_| waits(gate.enter(&who("a"), CAP))).collect();
        assert!(matches!(gate.enter(&who("a"), CAP), Entry::Full));
        let _other = waits(gate.enter(&who("b"), CAP));
        assert!(
            greedy.pop().unwrap().try_recv().is_err_and(|why| why == oneshot::error::TryRecvError::Closed)
        );
        assert_eq!((counts(&gate), gate.standing().turned_away), ((1, 4), 2));
        drop(greedy);
        let _room = waits(gate.enter(&who("a"), CAP));
        assert_eq!(counts(&gate), (1, 2), "who has left is not counted when it is full");
    }

    #[test]
    fn another_cap_holds_from_who_comes_next_on() {
        let gate = Gate::new(10);
        let first = inside(gate.enter(&who("a"), 1));
        let mut second = waits(gate.enter(&who("a"), 1));
        let mut third = waits(gate.enter(&who("a"), 2));
        let second = second.try_recv().unwrap();
        assert!(third.try_recv().is_err(), "two are inside, and two may be");
        let fourth = waits(gate.enter(&who("a"), 1));
        drop(first);
        assert!(third.try_recv().is_err(), "one is inside, and one may be");
        drop(second);
        drop((third.try_recv().unwrap(), fourth));
        assert_eq!(counts(&gate).0, 0);
    }

    #[test]
    fn threads_together_never_pass_the_cap() {
        let gate = Gate::new(1_000);
        let most = AtomicU64::new(0);
        let now = AtomicU64::new(0);
        std::thread::scope(|scope| {
            for thread in 0..6 {
                let (gate, most, now) = (&gate, &most, &now);
                scope.spawn(move || {
                    for round in 0..500 {
                        let slot = match gate.enter(&who(&format!("p{}", thread % 3)), 3) {
                            Entry::Inside(slot) => slot,
                            Entry::Waits(waits) if round % 7 == 3 => {
                                drop(waits);
                                continue;
                            }
                            Entry::Waits(waits) => waits.blocking_recv().unwrap(),
                            Entry::Full => panic!("there is room"),
                        };
                        most.fetch_max(now.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
                        std::thread::yield_now();
                        now.fetch_sub(1, Ordering::SeqCst);
                        drop(slot);
                    }
                });
            }
        });
        assert!(most.load(Ordering::SeqCst) <= 3);
        assert_eq!(counts(&gate), (0, 0));
    }
}
