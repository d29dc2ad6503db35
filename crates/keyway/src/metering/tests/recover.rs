//! Taking in what a dead process left.

use super::fixture::{Bed, ORG, beds, cut_after, entry, request, sent, serve};
use crate::store::requests;
use ledger::UsageOrigin;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};

const BYTES: u32 = 64 * 1024;

fn file(bed: &Bed, segment: u32) -> PathBuf {
    bed.journals().join("boot_1").join(format!("0000-{segment:010}.kwj"))
}

fn overwrite(path: &Path, offset: u32, bytes: &[u8]) {
    std::fs::OpenOptions::new()
        .write(true)
        .open(path)
        .unwrap()
        .write_all_at(bytes, u64::from(offset))
        .unwrap();
}

#[tokio::test]
async fn a_request_without_an_answer_becomes_one_estimated_line() {
    for bed in beds().await {
        let mut journal = bed.journal("boot_1", 0, BYTES);
        let mut ids = serve(&mut journal, 0..5);
        journal.append_sent(&sent(5)).unwrap();
        let void = journal.append_sent(&sent(6)).unwrap();
        journal.append_void(Some(void), &request(6)).unwrap();
        bed.shipper("boot_1", &[&journal]).round().await.unwrap();
        ids.extend(serve(&mut journal, 7..10));
        drop(journal);

        let done = bed.recover().await;
        assert_eq!((done.boots, done.entries, done.orphans, done.damaged), (1, 3, 1, 0));
        ids.push(request(5));
        bed.holds_exactly(ids.clone()).await;
        let line = requests::get(&bed.db, ORG, request(5)).await.unwrap().unwrap();
        assert_eq!(
            (line.usage_origin, line.status, line.error.as_str()),
            (UsageOrigin::Estimated, 0, "interrupted")
        );
        assert_eq!((line.usage.in_uncached, line.cost.unwrap().0), (100, 100_000));
        assert!(!bed.journals().join("boot_1").exists());
        assert!(requests::get(&bed.db, ORG, request(6)).await.unwrap().is_none());

        assert_eq!(bed.recover().await.boots, 0, "once");
        bed.holds_exactly(ids).await;
        bed.finish().await;
    }
}

#[tokio::test]
async fn a_crash_of_recovery_at_any_step_changes_nothing() {
    for bed in beds().await {
        let mut ids = Vec::new();
        for boot in 0..4_u32 {
            for shard in 0..2 {
                let mut journal = bed.journal(&format!("boot_{boot}"), shard, BYTES);
                let first = (boot * 2 + shard) * 1000;
                ids.extend(serve(&mut journal, first..first + 200));
                journal.append_sent(&sent(first + 200)).unwrap();
                ids.push(request(first + 200));
            }
        }
        let mut cut = 0;
        for polls in 1.. {
            let Some(done) = cut_after(polls, bed.try_recover()).await else {
                cut += 1;
                continue;
            };
            done.unwrap();
            if !bed.journals().exists() || std::fs::read_dir(bed.journals()).unwrap().count() == 0 {
                break;
            }
        }
        assert!(cut > 5, "it was cut {cut} times");
        bed.holds_exactly(ids).await;
        bed.finish().await;
    }
}

#[tokio::test]
async fn files_left_behind_by_a_closed_boot_are_only_deleted() {
    for bed in beds().await {
        let mut journal = bed.journal("boot_1", 0, BYTES);
        let ids = serve(&mut journal, 0..50);
        drop(journal);
        let copy = std::fs::read(file(&bed, 0)).unwrap();
        bed.recover().await;
        std::fs::create_dir(bed.journals().join("boot_1")).unwrap();
        std::fs::write(file(&bed, 0), copy).unwrap();
        let done = bed.recover().await;
        assert_eq!((done.boots, done.entries), (0, 0));
        assert!(!bed.journals().join("boot_1").exists());
        bed.holds_exactly(ids).await;
        bed.finish().await;
    }
}

#[tokio::test]
async fn a_torn_end_is_cut_off_at_every_byte() {
    let bed = beds().await.remove(0);
    for bytes in [1, 4, 8, 17, 18, 40, 150] {
        let boot = format!("boot_1{bytes:03}");
        let mut journal = bed.journal(&boot, 0, BYTES);
        let first = bytes * 100;
        serve(&mut journal, first..first + 3);
        let (_, end) = journal.state().active();
        let at = journal.append_sent(&sent(first + 3)).unwrap();
        journal.append_settle(Some(at), &entry(first + 3)).unwrap();
        let (_, whole) = journal.state().active();
        drop(journal);
        // Only so many bytes of what follows reached the disk.
        let path = bed.journals().join(&boot).join("0000-0000000000.kwj");
        overwrite(&path, end + bytes, &vec![0; (whole - end - bytes) as usize]);
    }
    let done = bed.recover().await;
    assert_eq!((done.boots, done.entries, done.damaged, done.orphans), (7, 21, 0, 0));
    assert_eq!(bed.stored().await.len(), 21);
}

#[tokio::test]
async fn a_damaged_file_is_kept_and_what_precedes_it_is_stored() {
    for bed in beds().await {
        let mut journal = bed.journal("boot_1", 0, BYTES);
        let mut ids = serve(&mut journal, 0..10);
        let (_, good) = journal.state().active();
        // Lost from this segment: their SENTs and SETTLEs alike.
        serve(&mut journal, 10..12);
        let mut n = 12;
        while journal.state().active().0 < 2 {
            let before = journal.state().active().0;
            let served = serve(&mut journal, n..n + 1);
            if before > 0 {
                ids.extend(served);
            }
            n += 1;
        }
        ids.extend(serve(&mut journal, n..n + 5));
        drop(journal);
        overwrite(&file(&bed, 0), good + 30, &[0xee; 4]);
        let done = bed.recover().await;
        assert_eq!(done.damaged, 1);
        let aside = bed.journals().join("boot_1").join("0000-0000000000.kwj.damaged");
        assert!(aside.exists() && !file(&bed, 1).exists());
        let stored = bed.stored().await;
        for id in &ids {
            assert!(stored.contains(&u128::from_be_bytes(*id)));
        }
        let done = bed.recover().await;
        assert_eq!((done.boots, done.entries), (0, 0));
        assert!(aside.exists());
        assert_eq!(bed.stored().await, stored);
        bed.finish().await;
    }
}

#[tokio::test]
async fn a_missing_file_is_told_and_the_rest_is_stored() {
    let bed = beds().await.remove(0);
    let mut journal = bed.journal("boot_1", 0, BYTES);
    let mut n = 0;
    let mut segments = std::collections::BTreeSet::new();
    while segments.len() < 4 {
        serve(&mut journal, n..n + 1);
        segments.insert(journal.state().active().0);
        n += 1;
    }
    drop(journal);
    std::fs::remove_file(file(&bed, *segments.iter().nth(1).unwrap())).unwrap();
    let done = bed.recover().await;
    assert_eq!(done.damaged, 1);
    assert!(done.entries > n as usize / 2);
}

#[tokio::test]
async fn an_answer_stored_and_then_lost_from_the_journal_is_no_orphan() {
    for bed in beds().await {
        let mut journal = bed.journal("boot_1", 0, BYTES);
        let ids = serve(&mut journal, 0..5);
        let at = journal.append_sent(&sent(5)).unwrap();
        let (_, end) = journal.state().active();
        journal.append_settle(Some(at), &entry(5)).unwrap();
        let (_, whole) = journal.state().active();
        bed.shipper("boot_1", &[&journal]).round().await.unwrap();
        drop(journal);
        // The disk lost power: the last record never reached it, the database's commit did.
        overwrite(&file(&bed, 0), end, &vec![0; (whole - end) as usize]);
        let done = bed.recover().await;
        assert_eq!((done.entries, done.orphans), (0, 0));
        let mut ids = ids;
        ids.push(request(5));
        bed.holds_exactly(ids).await;
        bed.finish().await;
    }
}
