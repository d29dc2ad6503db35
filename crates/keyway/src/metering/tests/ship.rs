//! Shipping exactly once.

use super::fixture::{beds, cut_after, entry, request, sent, serve};
use crate::metering::journal::Journal;
use ledger::Entry;

#[tokio::test]
async fn an_answer_that_was_lost_changes_nothing() {
    for bed in beds().await {
        let mut journal = bed.journal("boot_1", 0, 64 * 1024);
        let mut shipper = bed.shipper("boot_1", &[&journal]);
        let mut ids = Vec::new();
        for step in 0..4 {
            ids.extend(serve(&mut journal, step * 50..step * 50 + 50));
            shipper.lose_answer = step % 2 == 0;
            assert_eq!(shipper.round().await.is_err(), step % 2 == 0);
        }
        assert!(shipper.drain().await.unwrap());
        bed.holds_exactly(ids).await;
        bed.finish().await;
    }
}

#[tokio::test]
async fn a_crash_between_any_two_steps_stores_each_line_once() {
    for bed in beds().await {
        let mut one = bed.journal("boot_1", 0, 64 * 1024);
        let mut two = bed.journal("boot_1", 1, 64 * 1024);
        let mut ids = Vec::new();
        let mut whole = 0;
        for polls in 0..60 {
            ids.extend(serve(&mut one, polls * 20..polls * 20 + 10));
            ids.extend(serve(&mut two, polls * 20 + 10..polls * 20 + 20));
            let mut shipper = bed.shipper("boot_1", &[&one, &two]);
            whole += usize::from(cut_after(polls as usize * 4, shipper.round()).await.is_some());
        }
        assert!(whole > 0, "some rounds came to their end");
        assert!(whole < 60, "some did not");
        let mut shipper = bed.shipper("boot_1", &[&one, &two]);
        while !shipper.drain().await.unwrap() {}
        bed.holds_exactly(ids).await;
        bed.finish().await;
    }
}

#[tokio::test]
async fn two_shippers_of_one_journal_store_each_line_once() {
    for bed in beds().await {
        let mut journal = bed.journal("boot_1", 0, 64 * 1024);
        let mut one = bed.shipper("boot_1", &[&journal]);
        let mut two = bed.shipper("boot_1", &[&journal]);
        let mut ids = Vec::new();
        for step in 0..10 {
            ids.extend(serve(&mut journal, step * 20..step * 20 + 20));
            let (first, second) = tokio::join!(one.round(), two.round());
            first.unwrap();
            second.unwrap();
        }
        while one.round().await.unwrap().more {}
        bed.holds_exactly(ids).await;
        bed.finish().await;
    }
}

#[tokio::test]
async fn segments_go_when_they_are_stored_and_answered() {
    for bed in beds().await {
        let mut journal = bed.journal("boot_1", 0, 64 * 1024);
        let files = || std::fs::read_dir(bed.journals().join("boot_1")).unwrap().count();
        let mut ids = serve(&mut journal, 0..300);
        let open = journal.append_sent(&sent(300)).unwrap();
        let (open_in, _) = journal.state().active();
        ids.extend(serve(&mut journal, 301..700));
        let mut shipper = bed.shipper("boot_1", &[&journal]);
        while shipper.round().await.unwrap().more {}
        bed.clock.advance_ms(60_000);
        shipper.round().await.unwrap();
        let kept = files();
        assert_eq!(journal.state().low_water(), open_in);
        assert!(open_in > 0 && !bed.plan("boot_1", 0).dir.join("0000-0000000000.kwj").exists());
        journal.append_settle(Some(open), &entry(300)).unwrap();
        ids.push(request(300));
        shipper.round().await.unwrap();
        bed.clock.advance_ms(60_000);
        shipper.round().await.unwrap();
        assert!(files() < kept, "the answer lets go");
        assert!(shipper.drain().await.unwrap());
        bed.holds_exactly(ids).await;
        bed.finish().await;
    }
}

#[tokio::test]
async fn drain_leaves_what_is_unanswered_to_the_next_start() {
    for bed in beds().await {
        let mut journal = bed.journal("boot_1", 0, 64 * 1024);
        let mut ids = serve(&mut journal, 0..10);
        journal.append_sent(&sent(10)).unwrap();
        let mut shipper = bed.shipper("boot_1", &[&journal]);
        assert!(!shipper.drain().await.unwrap());
        bed.holds_exactly(ids.clone()).await;
        drop((shipper, journal));
        let done = bed.recover().await;
        assert_eq!((done.boots, done.entries, done.orphans), (1, 0, 1));
        ids.push(request(10));
        bed.holds_exactly(ids).await;
        bed.finish().await;
    }
}

fn settle(journal: &mut Journal, entry: &Entry<'_>) {
    journal.append_settle(None, entry).unwrap();
}

#[tokio::test]
async fn a_line_that_cannot_be_stored_is_kept_aside_and_holds_nothing_up() {
    for bed in beds().await {
        // The database refuses this model: by a trigger on one engine, by a constraint on the other.
        let refuse = if bed.is_sqlite() {
            "CREATE TRIGGER refuse BEFORE INSERT ON usage_rollup WHEN NEW.model_asked = 'refused' \
             BEGIN SELECT RAISE(ABORT, 'refused'); END"
        } else {
            "ALTER TABLE usage_rollup ADD CONSTRAINT refuse CHECK (model_asked <> 'refused')"
        };
        sqlx::raw_sql(refuse).execute(bed.db.pool()).await.unwrap();
        let mut journal = bed.journal("boot_1", 0, 64 * 1024);
        let mut ids = serve(&mut journal, 0..20);
        let mut unbelievable = entry(20);
        unbelievable.usage.out_text = u64::MAX;
        settle(&mut journal, &unbelievable);
        ids.extend(serve(&mut journal, 21..30));
        settle(&mut journal, &Entry { model_asked: "refused", ..entry(30) });
        ids.extend(serve(&mut journal, 31..40));
        settle(&mut journal, &Entry { model_asked: "with\0nul", project: "", ..entry(40) });
        ids.push(request(40));
        let mut shipper = bed.shipper("boot_1", &[&journal]);
        while shipper.round().await.unwrap().more {}
        assert!(shipper.drain().await.unwrap());
        bed.holds_exactly(ids).await;
        assert_eq!(bed.count("usage_quarantine").await, 2);
        bed.finish().await;
    }
}

#[tokio::test]
async fn a_database_that_is_away_delays_and_loses_nothing() {
    let bed = beds().await.remove(0);
    let mut journal = bed.journal("boot_1", 0, 64 * 1024);
    let mut shipper = bed.shipper("boot_1", &[&journal]);
    let mut ids = serve(&mut journal, 0..10);
    shipper.round().await.unwrap();
    sqlx::raw_sql("ALTER TABLE request_batches RENAME TO away").execute(bed.db.pool()).await.unwrap();
    ids.extend(serve(&mut journal, 10..600));
    assert!(shipper.round().await.is_err());
    assert!(shipper.round().await.is_err());
    sqlx::raw_sql("ALTER TABLE away RENAME TO request_batches").execute(bed.db.pool()).await.unwrap();
    assert!(shipper.drain().await.unwrap());
    bed.holds_exactly(ids).await;
}

#[tokio::test]
async fn it_ships_by_itself_until_told_to_stop() {
    let bed = beds().await.remove(0);
    let mut journal = bed.journal("boot_1", 0, 64 * 1024);
    let mut shipper = bed.shipper("boot_1", &[&journal]);
    let (stop, stopped) = tokio::sync::watch::channel(false);
    let ids = serve(&mut journal, 0..10);
    let watching = async {
        while bed.stored().await.len() < 10 {
            tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        }
        stop.send(true).unwrap();
    };
    tokio::join!(shipper.run(stopped), watching);
    bed.holds_exactly(ids).await;
}
