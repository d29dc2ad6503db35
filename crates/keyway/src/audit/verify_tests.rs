//! The checker over every edit, removal and move of a short log, and the same over its export.

use super::*;
use crate::audit::export;

fn log(count: i64) -> Vec<Record> {
    let mut hash = String::new();
    let records = (1..=count).map(|seq| {
        let mut record = Record {
            seq,
            at_ms: 1_700_000_000_000 + seq,
            org_id: "org_1".to_owned(),
            project_id: (seq % 2 == 0).then(|| "proj_1".to_owned()),
            actor_kind: "admin_key".to_owned(),
            actor_id: format!("key_{seq}"),
            actor_ip: Some("192.0.2.1".to_owned()),
            event: "api_key.created".to_owned(),
            object_id: "key_9".to_owned(),
            detail: format!(r#"{{"name":"{seq}"}}"#),
            hash: String::new(),
        };
        hash = chain(&hash, &row_of(&record));
        record.hash.clone_from(&hash);
        record
    });
    records.collect()
}

fn check(records: &[Record], head_seq: i64, head: &str) -> Finding {
    let mut checker = Checker::default();
    records.iter().for_each(|record| checker.see(record));
    checker.finish(head_seq, head)
}

/// Every way to spoil a log of six: what was done, and what is left.
fn spoiled(good: &[Record]) -> Vec<(String, Vec<Record>)> {
    let edits: [fn(&mut Record); 11] = [
        |record| record.at_ms += 1,
        |record| record.org_id.push('x'),
        |record| record.project_id = Some("proj_x".to_owned()),
        |record| record.actor_kind = "cli".to_owned(),
        |record| record.actor_id.push('x'),
        |record| record.actor_ip = None,
        |record| record.event = "api_key.deleted".to_owned(),
        |record| record.object_id.push('x'),
        |record| record.detail.push(' '),
        |record| record.hash.replace_range(..1, "z"),
        |record| record.seq += 100,
    ];
    let mut all = Vec::new();
    for place in 0..good.len() {
        for (number, edit) in edits.iter().enumerate() {
            let mut records = good.to_vec();
            edit(&mut records[place]);
            all.push((format!("edit {number} of {place}"), records));
        }
        let mut removed = good.to_vec();
        removed.remove(place);
        all.push((format!("{place} removed"), removed));
        let mut twice = good.to_vec();
        twice.insert(place, good[place].clone());
        all.push((format!("{place} twice"), twice));
        for other in place + 1..good.len() {
            let mut swapped = good.to_vec();
            swapped.swap(place, other);
            all.push((format!("{place} and {other} swapped"), swapped.clone()));
            // As a database would show it after their numbers were swapped.
            let (one, two) = (good[place].seq, good[other].seq);
            (swapped[place].seq, swapped[other].seq) = (one, two);
            all.push((format!("numbers of {place} and {other} swapped"), swapped));
        }
        all.push((format!("cut at {place}"), good[..place].to_vec()));
        if place > 0 {
            all.push((format!("begun at {place}"), good[place..].to_vec()));
        }
    }
    all
}

#[test]
fn whatever_is_done_to_a_log_is_found() {
    let good = log(6);
    let head = good.last().map(|record| record.hash.clone()).unwrap_or_default();
    let finding = check(&good, 6, &head);
    assert!(finding.valid && finding.records == 6 && finding.head == head, "{finding:?}");
    for (what, records) in spoiled(&good) {
        let finding = check(&records, 6, &head);
        assert!(!finding.valid && !finding.breaks.is_empty(), "{what}: {finding:?}");
    }
    assert!(!check(&good, 7, &head).valid && !check(&good, 5, &head).valid && !check(&good, 6, "x").valid);
    let empty = check(&[], 0, "");
    assert!(empty.valid && empty.records == 0);
}

#[test]
fn breaks_are_counted_beyond_those_that_are_told() {
    let mut records = log(300);
    records.iter_mut().for_each(|record| record.detail.push(' '));
    let head = records.last().map(|record| record.hash.clone()).unwrap_or_default();
    let finding = check(&records, 300, &head);
    assert_eq!((finding.breaks.len(), finding.breaks_count), (BREAKS_TOLD_MAX, 300));
}

#[test]
fn an_export_is_verified_line_by_line() {
    let good = log(6);
    let head = good.last().map(|record| record.hash.clone()).unwrap_or_default();
    let text = |records: &[Record]| export::text_of(records, 6, &head).unwrap();
    let verify = |text: &[u8]| export::verify(&mut &text[..]).unwrap();
    let whole = text(&good);
    assert_eq!(verify(&whole), check(&good, 6, &head));
    for (what, records) in spoiled(&good) {
        assert!(!verify(&text(&records)).valid, "{what}");
    }
    let lines: Vec<&[u8]> = whole.split_inclusive(|byte| *byte == b'\n').collect();
    assert!(!verify(&lines[..6].concat()).valid, "without its end");
    assert!(!verify(&whole[..whole.len() - 9]).valid, "broken off");
    assert!(!verify(&[&whole[..], lines[0]].concat()).valid, "more behind its end");
    assert!(!verify(&[lines[0], b"{}\n", &lines[1..].concat()].concat()).valid, "a line that is no record");
    assert!(!verify(b"").valid);
    let long = vec![b'x'; usize::try_from(export::LINE_BYTES_MAX).unwrap() + 10];
    assert!(!verify(&long).valid);
}
