//! Shares on a real database.

use super::trade::{self, Mine, Taken};
use super::{Holder, UsedBy, Want, sharer};
use crate::metering::tests::fixture::{Bed, beds};
use crate::store::shares::{self, Name};
use ledger::limit::{Kind, Level, Limits, Subject, admit};
use std::sync::Arc;

const KIND: Kind = Kind::Concurrency;

fn holder(bed: &Bed) -> Holder {
    let (db, clock) = (bed.db.clone(), bed.clock.clone());
    Holder { db, clock, boot: "boot_1".to_owned(), node: "node_1".to_owned(), valid_ms: 30_000 }
}

/// Two of what may run at the same time.
fn want() -> Want {
    let used_by = UsedBy { org: "org_1".into(), project: "".into(), key: "key_1".into() };
    let name = Name { subject: "key_1".into(), model: "".into(), kind: KIND.name() };
    Want { name, kind: KIND, limit: 2, units: 2, used_by, subject: Arc::new(Subject::shared()) }
}

#[tokio::test]
async fn what_runs_keeps_its_share_until_it_ends_whatever_the_row_says() {
    // One process on SQLite shares nothing.
    for bed in beds().await.into_iter().filter(|bed| bed.db.engine.is_shared()) {
        let (holder, want) = (holder(&bed), want());
        let mut mine = Mine::of(&want, 0);
        assert_eq!(trade::take(&holder, &want, &mut mine, || 0).await.unwrap(), Taken::Some);
        let level = Level { limits: Limits::default().with(KIND, 2), subject: Arc::clone(&want.subject) };
        let (runs, _) = admit(&[&level], 1, 0).unwrap();
        shares::let_go(&mut bed.db.connection().await.unwrap(), "boot_1", &want.name).await.unwrap();
        let units = || want.subject.share(KIND, 0).units;
        assert!(!trade::agree(&holder, &want.name, &mine, 0).await.unwrap(), "one runs still");
        assert_eq!(units(), 1);
        drop(runs);
        assert!(trade::agree(&holder, &want.name, &mine, 0).await.unwrap());
        assert_eq!(units(), 0);
        bed.finish().await;
    }
}

#[tokio::test]
async fn nothing_is_taken_before_the_holder_is_known() {
    // One process on SQLite shares nothing.
    for bed in beds().await.into_iter().filter(|bed| bed.db.engine.is_shared()) {
        let (sharer, mut sharing) = sharer(holder(&bed));
        // A round without anybody who asks, and one right behind it with somebody.
        sharing.rounds.round().await;
        let answered = sharer.ask(vec![want()]).unwrap();
        sharing.rounds.take(sharing.asks.recv().await.unwrap());
        sharing.rounds.round().await;
        assert!(answered.await.unwrap());
        let mut conn = bed.db.connection().await.unwrap();
        let holders = shares::gone(&mut conn, ("boot_2", "node_1"), 0, 0).await.unwrap();
        assert_eq!(holders, [("boot_1".to_owned(), true)]);
        drop(conn);
        bed.finish().await;
    }
}
