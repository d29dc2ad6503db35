//! Whatever is staged, written, refused by the disk or dropped, in whatever order: each request that was
//! ended has its one line, in the order of the numbers, and each SENT has its answer.

use super::faults::Write;
use super::fixture::{NOW_MS, entry, price, request, sent};
use crate::base::Clock;
use crate::metering::journal::{Journal, RETRY_MS};
use crate::metering::{Admitted, Plan, Spares, Worker, Written, admit};
use ledger::record::{Record, Scanner};
use proptest::collection::vec;
use proptest::prelude::*;
use std::collections::{BTreeMap, BTreeSet};
use std::future::Future;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Waker};

const BYTES: u32 = 64 * 1024;

#[derive(Debug, Clone)]
enum Step {
    Send,
    SendAgain(usize),
    /// Polls a waiting one.
    Poll(usize),
    /// Somebody who waits leaves.
    Leave(usize),
    Settle(usize),
    Void(usize),
    /// The request is dropped.
    Drop(usize),
    Note,
    Fault(Write),
    Full(bool),
    Mend,
}

fn step() -> impl Strategy<Value = Step> {
    let fault =
        prop_oneof![(0..2000_usize).prop_map(Write::Short), Just(Write::Fails(5)), Just(Write::Works)];
    prop_oneof![
        6 => Just(Step::Send),
        1 => any::<usize>().prop_map(Step::SendAgain),
        6 => any::<usize>().prop_map(Step::Poll),
        2 => any::<usize>().prop_map(Step::Leave),
        4 => any::<usize>().prop_map(Step::Settle),
        1 => any::<usize>().prop_map(Step::Void),
        1 => any::<usize>().prop_map(Step::Drop),
        1 => Just(Step::Note),
        2 => fault.prop_map(Step::Fault),
        1 => any::<bool>().prop_map(Step::Full),
        2 => Just(Step::Mend),
    ]
}

struct Request {
    n: u32,
    admitted: Admitted,
    waiting: Option<Written>,
    /// It may have gone to a provider.
    out: bool,
}

struct World {
    worker: Rc<Worker>,
    plan: Plan,
    clock: Clock,
    running: Vec<Request>,
    /// SETTLEs that are waited for.
    settling: Vec<Written>,
    next: u32,
    /// Lines that there must be: how many of each request, at least and at most.
    lines: BTreeMap<u32, (usize, usize)>,
}

fn ready(written: &mut Written) -> bool {
    Pin::new(written).poll(&mut Context::from_waker(Waker::noop())).is_ready()
}

fn pick<T>(from: &mut Vec<T>, which: usize) -> Option<T> {
    (!from.is_empty()).then(|| from.swap_remove(which % from.len()))
}

impl World {
    fn fresh(&mut self) -> u32 {
        self.next += 1;
        self.next
    }

    fn step(&mut self, step: &Step) {
        match *step {
            Step::Send => self.send(),
            Step::SendAgain(which) => self.send_again(which),
            Step::Poll(which) => self.poll(which),
            Step::Leave(which) => {
                if which.is_multiple_of(2) {
                    drop(pick(&mut self.settling, which / 2));
                } else if let Some(mut request) = pick(&mut self.running, which / 2) {
                    request.waiting = None;
                    self.sent(request);
                }
            }
            Step::Settle(which) => {
                if let Some(request) = pick(&mut self.running, which) {
                    self.settle(request);
                }
            }
            Step::Void(which) => {
                if let Some(request) = pick(&mut self.running, which) {
                    self.lines.insert(request.n, (0, 0));
                    request.admitted.void().unwrap();
                }
            }
            Step::Drop(which) => {
                if let Some(request) = pick(&mut self.running, which) {
                    self.lines.insert(request.n, (usize::from(request.out), 1));
                }
            }
            Step::Note => {
                let n = self.fresh();
                self.lines.insert(n, (1, 1));
                self.settling.push(self.worker.note(&entry(n)).unwrap());
            }
            Step::Fault(fault) => self.plan.fault.writes([fault]),
            Step::Full(full) => self.plan.fault.full(full),
            Step::Mend => {
                self.clock.advance_ms(RETRY_MS);
                self.worker.mend();
            }
        }
    }

    fn send(&mut self) {
        let n = self.fresh();
        let Ok(mut admitted) = admit(&self.worker) else { return };
        match admitted.sent(&sent(n)) {
            Ok(written) => {
                self.running.push(Request { n, admitted, waiting: Some(written), out: false });
            }
            Err(_) => self.settle(Request { n, admitted, waiting: None, out: false }),
        }
    }

    fn send_again(&mut self, which: usize) {
        let Some(mut request) = pick(&mut self.running, which) else { return };
        if request.waiting.is_none() {
            // The provider before it was not reached.
            request.out = false;
            match request.admitted.sent(&sent(request.n)) {
                Ok(written) => request.waiting = Some(written),
                Err(_) => return self.settle(request),
            }
        }
        self.running.push(request);
    }

    fn poll(&mut self, which: usize) {
        if which.is_multiple_of(2) {
            if let Some(mut written) = pick(&mut self.settling, which / 2)
                && !ready(&mut written)
            {
                self.settling.push(written);
            }
        } else if let Some(mut request) = pick(&mut self.running, which / 2) {
            if request.waiting.as_mut().is_some_and(ready) {
                self.sent(request);
            } else {
                self.running.push(request);
            }
        }
    }

    /// The write has been waited for: sent when it is on the disk, refused when not.
    fn sent(&mut self, mut request: Request) {
        request.waiting = None;
        if request.admitted.recorded().is_err() {
            return self.settle(request);
        }
        let told = self.read();
        assert!(told.sents.contains(&request.n), "{} is sent and not written", request.n);
        request.out = true;
        self.running.push(request);
    }

    fn settle(&mut self, request: Request) {
        self.lines.insert(request.n, (1, 1));
        self.settling.push(request.admitted.settle(&mut entry(request.n)).unwrap());
    }

    /// What is on the disk, as a later start reads it.
    fn read(&self) -> Told {
        let mut files: Vec<_> =
            std::fs::read_dir(&self.plan.dir).unwrap().map(|file| file.unwrap().path()).collect();
        files.sort();
        let mut told = Told::default();
        for file in files {
            let bytes = std::fs::read(file).unwrap();
            for found in Scanner::new(&bytes, None) {
                assert!(found.seq <= told.seq + 1, "{} after {}", found.seq, told.seq);
                if found.seq <= told.seq {
                    continue;
                }
                told.seq = found.seq;
                let n = u128::from_be_bytes(*found.record.request()) as u32;
                assert_eq!(*found.record.request(), request(n));
                match found.record {
                    Record::Sent(_) => {
                        told.sents.insert(n);
                        told.open.insert(n);
                    }
                    Record::Settle(_) => {
                        told.open.remove(&n);
                        *told.lines.entry(n).or_default() += 1;
                    }
                    Record::Void(_) => {
                        told.open.remove(&n);
                    }
                    Record::Progress(_) => {}
                }
            }
        }
        told
    }
}

#[derive(Default)]
struct Told {
    seq: u64,
    sents: BTreeSet<u32>,
    open: BTreeSet<u32>,
    lines: BTreeMap<u32, usize>,
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 100, max_shrink_iters: 500, ..ProptestConfig::default() })]

    #[test]
    fn each_request_has_its_one_line_and_each_sent_its_answer(steps in vec(step(), 1..150)) {
        let dir = tempfile::tempdir().unwrap();
        let clock = Clock::standing_at(NOW_MS);
        let plan = Plan::new(dir.path().join("boot_1"), BYTES);
        let journal = Journal::open(plan.clone(), 0, &Spares::start().unwrap(), clock.clone()).unwrap();
        let state = journal.state();
        let worker = Worker::new(journal, clock.clone(), Box::new(price));
        let (running, settling, lines) = (Vec::new(), Vec::new(), BTreeMap::new());
        let mut world = World { worker, plan, clock, running, settling, next: 0, lines };
        for step in &steps {
            world.step(step);
        }
        for request in std::mem::take(&mut world.running) {
            world.lines.insert(request.n, (usize::from(request.out), 1));
        }
        world.settling.clear();
        world.plan.fault.full(false);
        // Faults that nobody met are met now.
        for _ in 0..steps.len() {
            world.step(&Step::Mend);
        }
        let told = world.read();
        prop_assert!(!state.is_broken());
        prop_assert_eq!(state.open(), 0);
        prop_assert_eq!(state.last_seq(), told.seq);
        prop_assert!(told.open.is_empty(), "{:?} are unanswered", told.open);
        for (n, (least, most)) in &world.lines {
            let lines = told.lines.get(n).copied().unwrap_or_default();
            prop_assert!((*least..=*most).contains(&lines), "{n} has {lines} lines");
        }
        prop_assert!(told.lines.keys().all(|n| world.lines.contains_key(n)));
    }
}
