//! Records of one turn of a worker's loop go out together, or not at all.

use super::faults::Write;
use super::fixture::{Bed, beds, entry, price, request, sent, serve};
use crate::metering::journal::{Journal, RETRY_MS, STAGED_BYTES_MAX, Ticket};
use crate::metering::{Plan, Spares, Worker, admit};
use ledger::record::{Record, Scanner, encode_sent, encode_settle};
use std::future::Future;
use std::os::unix::fs::FileExt;
use std::pin::pin;
use std::rc::Rc;
use std::task::{Context, Waker};
use tokio::task::LocalSet;

const BYTES: u32 = 1024 * 1024;

fn open(bed: &Bed) -> (Journal, Plan) {
    let plan = bed.plan("boot_1", BYTES);
    (Journal::open(plan.clone(), 0, &Spares::start().unwrap(), bed.clock.clone()).unwrap(), plan)
}

fn worker(bed: &Bed) -> (Rc<Worker>, Plan) {
    let (journal, plan) = open(bed);
    (Worker::new(journal, bed.clock.clone(), Box::new(price)), plan)
}

/// What the first segment says: kind of record, and whose.
fn said(plan: &Plan) -> Vec<(u64, &'static str, [u8; 16])> {
    let bytes = std::fs::read(plan.dir.join("0000-0000000000.kwj")).unwrap();
    Scanner::new(&bytes, Some(1))
        .map(|found| {
            let kind = match found.record {
                Record::Sent(_) => "sent",
                Record::Settle(_) => "settle",
                Record::Void(_) => "void",
                Record::Progress(_) => "progress",
            };
            (found.seq, kind, *found.record.request())
        })
        .collect()
}

async fn one_request(worker: Rc<Worker>, n: u32) {
    let mut admitted = admit(&worker).unwrap();
    let written = admitted.sent(&sent(n)).unwrap();
    assert!(admitted.recorded().is_err(), "not before it is written");
    written.await;
    admitted.recorded().unwrap();
    admitted.settle(&mut entry(n)).unwrap().await;
}

#[tokio::test]
async fn what_one_turn_has_to_say_is_one_write() {
    let bed = beds().await.remove(0);
    let (worker, plan) = worker(&bed);
    let turn = LocalSet::new();
    for n in 0..10 {
        turn.spawn_local(one_request(Rc::clone(&worker), n));
    }
    turn.await;
    assert_eq!(plan.fault.written(), 2, "all SENTs, and all SETTLEs");
    let sents = (0..10).map(|n| (1 + u64::from(n), "sent", request(n)));
    let settles = (0..10).map(|n| (11 + u64::from(n), "settle", request(n)));
    assert_eq!(said(&plan), sents.chain(settles).collect::<Vec<_>>());
}

#[tokio::test]
async fn who_leaves_while_waiting_leaves_nothing_unwritten() {
    let bed = beds().await.remove(0);
    let (worker, plan) = worker(&bed);
    let mut cx = Context::from_waker(Waker::noop());
    // Between SENT and its write: others' records go out too.
    let mut other = admit(&worker).unwrap();
    let mut others = pin!(other.sent(&sent(1)).unwrap());
    assert!(others.as_mut().poll(&mut cx).is_pending());
    let mut one = Box::pin(one_request(Rc::clone(&worker), 2));
    assert!(one.as_mut().poll(&mut cx).is_pending());
    assert_eq!(plan.fault.written(), 0);
    drop(one);
    assert!(others.as_mut().poll(&mut cx).is_ready());
    other.recorded().unwrap();
    let before = [(1, "sent", request(1)), (2, "sent", request(2)), (3, "settle", request(2))];
    assert_eq!(said(&plan), before, "what was sent is settled by estimate");
    // Between SETTLE and its write.
    let written = plan.fault.written();
    let mut settled = Box::pin(other.settle(&mut entry(1)).unwrap());
    assert!(settled.as_mut().poll(&mut cx).is_pending());
    assert_eq!(plan.fault.written(), written);
    drop(settled);
    assert_eq!(said(&plan)[3..], [(4, "settle", request(1))]);
}

#[tokio::test]
async fn more_than_is_staged_at_most_is_written_in_between() {
    let bed = beds().await.remove(0);
    let (mut journal, plan) = open(&bed);
    let mut ids = Vec::new();
    let mut bytes = 0;
    while bytes < 2 * STAGED_BYTES_MAX {
        let n = ids.len() as u32;
        let mut record = Vec::new();
        encode_settle(&mut record, 1, &entry(n)).unwrap();
        bytes += record.len();
        journal.stage_settle(None, &entry(n)).unwrap();
        ids.push(request(n));
    }
    assert_eq!(plan.fault.written(), 2);
    journal.flush();
    journal.flush();
    assert_eq!(plan.fault.written(), 3);
    assert_eq!(said(&plan).len(), ids.len());
    assert!(bed.shipper("boot_1", &[&journal]).drain().await.unwrap());
    bed.holds_exactly(ids).await;
}

/// Stages SENT 3, SETTLE 2, SENT 4, and gives the bytes they are.
fn stage(journal: &mut Journal, two: Ticket) -> (Vec<u8>, [Ticket; 2]) {
    let (mut bytes, seq) = (Vec::new(), journal.state().last_seq());
    encode_sent(&mut bytes, seq + 1, &sent(3)).unwrap();
    encode_settle(&mut bytes, seq + 2, &entry(2)).unwrap();
    encode_sent(&mut bytes, seq + 3, &sent(4)).unwrap();
    let three = journal.stage_sent(None, &sent(3)).unwrap();
    journal.stage_settle(Some(two), &entry(2)).unwrap();
    (bytes, [three, journal.stage_sent(None, &sent(4)).unwrap()])
}

fn put_back(plan: &Plan, bytes: &[u8], offset: u32) {
    let path = plan.dir.join("0000-0000000000.kwj");
    let file = std::fs::OpenOptions::new().write(true).open(path).unwrap();
    file.write_all_at(bytes, u64::from(offset)).unwrap();
}

#[tokio::test]
async fn a_failed_write_moves_all_that_was_staged() {
    // So many bytes of it are on the disk all the same, and could not be cut off.
    for landed in [0, 40, 200, 300, 500, 700, usize::MAX] {
        for live in [true, false] {
            let bed = beds().await.remove(0);
            let (mut journal, plan) = open(&bed);
            let mut ids = serve(&mut journal, 0..2);
            let two = journal.append_sent(&sent(2)).unwrap();
            let (_, end) = journal.state().active();
            let (bytes, tickets) = stage(&mut journal, two);
            let landed = landed.min(bytes.len());
            plan.fault.writes([Write::Short(landed)]);
            journal.flush();
            put_back(&plan, &bytes[..landed], end);
            let (segment, written) = journal.state().active();
            assert!(segment > 0 && written as usize == bytes.len());
            assert_eq!((journal.state().open(), journal.state().low_water()), (2, segment));
            for (ticket, n) in tickets.into_iter().zip(3..) {
                journal.recorded(ticket).unwrap();
                let record = journal.read(ticket).unwrap().unwrap();
                assert_eq!(Scanner::new(&record, None).next().unwrap().record.request(), &request(n));
                journal.append_settle(Some(ticket), &entry(n)).unwrap();
            }
            ids.extend([2, 3, 4].map(request));
            ids.extend(serve(&mut journal, 5..7));
            if live {
                assert!(bed.shipper("boot_1", &[&journal]).drain().await.unwrap());
            } else {
                drop(journal);
                let done = bed.recover().await;
                assert_eq!((done.entries, done.orphans, done.damaged), (7, 0, 0), "{landed}");
            }
            bed.holds_exactly(ids).await;
        }
    }
}

#[tokio::test]
async fn what_was_staged_is_held_and_its_sents_are_refused_and_void() {
    for landed in [0, 40, 200, 300, 500, 700, usize::MAX] {
        let bed = beds().await.remove(0);
        let (mut journal, plan) = open(&bed);
        let mut ids = serve(&mut journal, 0..2);
        let two = journal.append_sent(&sent(2)).unwrap();
        let (_, end) = journal.state().active();
        let (bytes, tickets) = stage(&mut journal, two);
        plan.fault.full(true);
        journal.flush();
        assert!(journal.state().is_broken());
        let (segment, written) = journal.state().active();
        assert_eq!(written, if segment == 0 { end } else { 0 }, "nothing of it is published");
        assert_eq!(journal.state().last_seq(), 5);
        assert_eq!(journal.state().open(), 1, "2 is settled when its line is written");
        for ticket in tickets {
            assert!(journal.recorded(ticket).is_err());
        }
        assert!(journal.stage_sent(None, &sent(9)).is_err());
        // Refused, and so it is told.
        journal.append_settle(Some(tickets[0]), &entry(3)).unwrap();
        journal.append_settle(Some(tickets[1]), &entry(4)).unwrap();
        put_back(&plan, &bytes[..landed.min(bytes.len())], end);
        plan.fault.full(false);
        bed.clock.advance_ms(RETRY_MS);
        assert!(journal.mend());
        assert_eq!(journal.state().open(), 0);
        ids.extend([2, 3, 4].map(request));
        ids.extend(serve(&mut journal, 5..7));
        drop(journal);
        let done = bed.recover().await;
        assert_eq!((done.entries, done.orphans, done.damaged), (7, 0, 0), "{landed}");
        bed.holds_exactly(ids).await;
    }
}

#[tokio::test]
async fn a_process_that_dies_in_the_write_leaves_a_beginning_of_it() {
    for landed in [0, 40, 300, 500, 700, usize::MAX] {
        let bed = beds().await.remove(0);
        let (mut journal, plan) = open(&bed);
        let mut ids = serve(&mut journal, 0..2);
        let two = journal.append_sent(&sent(2)).unwrap();
        let (_, end) = journal.state().active();
        let (bytes, _) = stage(&mut journal, two);
        drop(journal);
        let landed = landed.min(bytes.len());
        put_back(&plan, &bytes[..landed], end);
        let whole: Vec<[u8; 16]> =
            Scanner::new(&bytes[..landed], None).map(|found| *found.record.request()).collect();
        let done = bed.recover().await;
        assert_eq!(done.damaged, 0);
        // 2 in any case: by its line, or by estimate.
        ids.push(request(2));
        ids.extend([3, 4].map(request).into_iter().filter(|id| whole.contains(id)));
        assert_eq!(done.orphans, ids.len() - done.entries);
        bed.holds_exactly(ids).await;
    }
}

#[tokio::test]
async fn a_second_sent_counts_once_it_is_written() {
    let bed = beds().await.remove(0);
    let (mut journal, plan) = open(&bed);
    let ticket = journal.append_sent(&sent(0)).unwrap();
    plan.fault.writes([Write::Fails(5)]);
    assert_eq!(journal.stage_sent(Some(ticket), &sent(0)).unwrap(), ticket);
    assert!(journal.recorded(ticket).is_err(), "the first one does not count any more");
    assert_eq!((journal.state().open(), journal.state().low_water()), (1, 0));
    journal.flush();
    journal.recorded(ticket).unwrap();
    let (segment, _) = journal.state().active();
    assert!(segment > 0);
    assert_eq!((journal.state().open(), journal.state().low_water()), (1, segment));
    plan.fault.full(true);
    journal.stage_sent(Some(ticket), &sent(0)).unwrap();
    journal.flush();
    assert!(journal.recorded(ticket).is_err());
    assert_eq!((journal.state().open(), journal.state().low_water()), (1, segment));
    journal.append_settle(Some(ticket), &entry(0)).unwrap();
    plan.fault.full(false);
    bed.clock.advance_ms(RETRY_MS);
    assert!(journal.mend());
    assert_eq!(journal.state().open(), 0);
    drop(journal);
    let done = bed.recover().await;
    assert_eq!((done.entries, done.orphans, done.damaged), (1, 0, 0));
}
