//! Writing: rolling over, faults of the disk, room.

use super::faults::Write;
use super::fixture::{Bed, beds, entry, request, sent, serve};
use crate::metering::journal::{Journal, RETRY_MS};
use crate::metering::{Plan, Spares};

const EIO: i32 = 5;
const BYTES: u32 = 64 * 1024;

fn open(bed: &Bed, boot: &str) -> (Journal, Plan) {
    let plan = bed.plan(boot, BYTES);
    (Journal::open(plan.clone(), 0, &Spares::start().unwrap(), bed.clock.clone()).unwrap(), plan)
}

#[tokio::test]
async fn segments_roll_over_and_nothing_is_lost() {
    for bed in beds().await {
        let mut journal = bed.journal("boot_1", 0, BYTES);
        let ids = serve(&mut journal, 0..1000);
        assert!(journal.state().active().0 > 3, "several segments");
        bed.shipper("boot_1", &[&journal]).drain().await.unwrap();
        bed.holds_exactly(ids).await;
        assert!(!bed.journals().join("boot_1").exists());
        bed.finish().await;
    }
}

#[tokio::test]
async fn a_failed_write_is_made_again_in_the_next_segment() {
    // Shipped while it runs, and taken in from the files alone.
    for live in [true, false] {
        let bed = beds().await.remove(0);
        let (mut journal, plan) = open(&bed, "boot_1");
        let mut ids = serve(&mut journal, 0..10);
        let faults = [Write::Short(11), Write::Fails(EIO), Write::Short(0), Write::Short(200)];
        for (step, fault) in (0..).zip(faults) {
            plan.fault.writes([fault]);
            let before = journal.state().active().0;
            ids.extend(serve(&mut journal, 10 + 5 * step..15 + 5 * step));
            assert!(journal.state().active().0 > before);
        }
        assert!(journal.reserve());
        if live {
            assert!(bed.shipper("boot_1", &[&journal]).drain().await.unwrap());
        } else {
            drop(journal);
            let done = bed.recover().await;
            assert_eq!((done.entries, done.orphans, done.damaged), (30, 0, 0));
        }
        bed.holds_exactly(ids).await;
    }
}

#[tokio::test]
async fn a_write_that_failed_and_reached_the_disk_counts_once() {
    let bed = beds().await.remove(0);
    let (mut journal, plan) = open(&bed, "boot_1");
    let mut ids = serve(&mut journal, 0..3);
    let at = journal.append_sent(&sent(3)).unwrap();
    // The call fails although the whole record landed, and cutting it off fails too: it is put back.
    let path = plan.dir.join("0000-0000000000.kwj");
    let before = journal.state().active();
    let mut record = Vec::new();
    ledger::record::encode_settle(&mut record, journal.state().last_seq() + 1, &entry(3)).unwrap();
    plan.fault.writes([Write::Short(record.len())]);
    journal.append_settle(Some(at), &entry(3)).unwrap();
    assert!(journal.state().active().0 > before.0);
    let file = std::fs::OpenOptions::new().write(true).open(path).unwrap();
    std::os::unix::fs::FileExt::write_all_at(&file, &record, u64::from(before.1)).unwrap();
    ids.push(request(3));
    ids.extend(serve(&mut journal, 4..6));
    drop(journal);
    let done = bed.recover().await;
    assert_eq!((done.entries, done.orphans, done.damaged), (6, 0, 0));
    bed.holds_exactly(ids).await;
}

#[tokio::test]
async fn a_full_disk_stops_new_work_and_keeps_what_was_admitted() {
    let bed = beds().await.remove(0);
    let (mut journal, plan) = open(&bed, "boot_1");
    let mut ids = serve(&mut journal, 0..5);
    assert!(journal.reserve());
    let at = journal.append_sent(&sent(5)).unwrap();
    plan.fault.full(true);
    // Kept in memory, not lost.
    journal.append_settle(Some(at), &entry(5)).unwrap();
    assert!(journal.state().is_broken());
    assert!(!journal.reserve(), "nothing new is admitted");
    assert!(journal.append_sent(&sent(6)).is_err());
    bed.clock.advance_ms(RETRY_MS);
    assert!(!journal.reserve(), "still full");
    plan.fault.full(false);
    assert!(!journal.reserve(), "not tried again before its time");
    bed.clock.advance_ms(RETRY_MS);
    assert!(journal.reserve());
    assert!(!journal.state().is_broken());
    ids.push(request(5));
    ids.extend(serve(&mut journal, 6..9));
    let mut shipper = bed.shipper("boot_1", &[&journal]);
    assert!(shipper.drain().await.unwrap(), "nothing is left unanswered");
    bed.holds_exactly(ids).await;
}

#[tokio::test]
async fn room_is_made_for_all_that_is_admitted() {
    let bed = beds().await.remove(0);
    let (mut journal, plan) = open(&bed, "boot_1");
    // Far more than one spare of 64 KiB holds.
    for _ in 0..60 {
        assert!(journal.reserve());
    }
    // No disk left: what is admitted has its room, nothing more gets in.
    plan.fault.full(true);
    let mut more = 0;
    while journal.reserve() {
        more += 1;
    }
    assert!(more < 100, "bounded by what lies ready");
    for _ in 0..60 + more {
        journal.release(2);
    }
    plan.fault.full(false);
    assert!(journal.reserve());
}

#[tokio::test]
async fn records_can_be_read_back_from_any_segment() {
    let bed = beds().await.remove(0);
    let mut journal = bed.journal("boot_1", 0, BYTES);
    let first = journal.append_sent(&sent(0)).unwrap();
    serve(&mut journal, 1..400);
    let last = journal.append_sent(&sent(400)).unwrap();
    for (at, n) in [(first, 0), (last, 400)] {
        let record = journal.read(at).unwrap().unwrap();
        let found = ledger::record::Scanner::new(&record, None).next().unwrap();
        assert_eq!(found.record.request(), &request(n));
    }
    assert_eq!(journal.state().low_water(), 0);
    assert_eq!(journal.state().open(), 2);
}

#[tokio::test]
async fn a_sent_that_failed_and_reached_the_disk_is_void() {
    let bed = beds().await.remove(0);
    let (mut journal, plan) = open(&bed, "boot_1");
    let mut ids = serve(&mut journal, 0..3);
    let (_, end) = journal.state().active();
    let mut record = Vec::new();
    ledger::record::encode_sent(&mut record, journal.state().last_seq() + 1, &sent(3)).unwrap();
    plan.fault.full(true);
    assert!(journal.append_sent(&sent(3)).is_err());
    let file = std::fs::OpenOptions::new().write(true).open(plan.dir.join("0000-0000000000.kwj")).unwrap();
    std::os::unix::fs::FileExt::write_all_at(&file, &record, u64::from(end)).unwrap();
    plan.fault.full(false);
    bed.clock.advance_ms(RETRY_MS);
    assert!(journal.mend());
    ids.extend(serve(&mut journal, 4..6));
    drop(journal);
    let done = bed.recover().await;
    assert_eq!((done.entries, done.orphans, done.damaged), (5, 0, 0));
    bed.holds_exactly(ids).await;
}
