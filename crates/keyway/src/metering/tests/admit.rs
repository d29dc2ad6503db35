//! Every path of an admitted request ends in one line, or in none.

use super::fixture::{beds, entry, price, request, sent};
use crate::metering::{Plan, Spares, Worker, admit};
use crate::store::requests;
use std::rc::Rc;

#[tokio::test]
async fn every_path_ends_in_one_line_or_none() {
    for bed in beds().await {
        let journal = bed.journal("boot_1", 0, 64 * 1024);
        let state = journal.state();
        let worker = Worker::new(journal, bed.clock.clone(), Box::new(price));
        // Settled.
        let mut admitted = admit(&worker).unwrap();
        admitted.sent(&sent(1)).unwrap();
        admitted.settle(&mut entry(1)).unwrap();
        // Sent to one provider, then to another.
        let mut admitted = admit(&worker).unwrap();
        admitted.sent(&sent(2)).unwrap();
        admitted.sent(&sent(2)).unwrap();
        admitted.settle(&mut entry(2)).unwrap();
        // Never reached the provider.
        let mut admitted = admit(&worker).unwrap();
        admitted.sent(&sent(3)).unwrap();
        admitted.void().unwrap();
        // Never sent, and dropped, settled, or voided.
        drop(admit(&worker).unwrap());
        admit(&worker).unwrap().settle(&mut entry(4)).unwrap();
        admit(&worker).unwrap().void().unwrap();
        // Forgotten after SENT.
        let mut admitted = admit(&worker).unwrap();
        admitted.sent(&sent(5)).unwrap();
        drop(admitted);
        // Refused before anything.
        worker.note(&entry(6)).unwrap();

        assert_eq!(state.open(), 0);
        let source = crate::metering::intake::Source { boot: "boot_1".into(), node: "node_1".into() };
        let dir = bed.journals().join("boot_1");
        let mut shipper =
            crate::metering::Shipper::new(bed.db.clone(), bed.clock.clone(), source, dir, vec![state]);
        assert!(shipper.drain().await.unwrap());
        bed.holds_exactly([1, 2, 4, 5, 6].map(request).to_vec()).await;
        let left = requests::get(&bed.db, super::fixture::ORG, request(5)).await.unwrap().unwrap();
        assert_eq!((left.status, left.error.as_str(), left.usage.in_uncached), (499, "client_gone", 100));
        assert_eq!(left.cost.unwrap().0, 100_000);
        bed.finish().await;
    }
}

#[tokio::test]
async fn nothing_is_admitted_while_nothing_can_be_recorded() {
    let bed = beds().await.remove(0);
    let plan: Plan = bed.plan("boot_1", 64 * 1024);
    let spares = Spares::start().unwrap();
    let journal = crate::metering::Journal::open(plan.clone(), 0, &spares, bed.clock.clone()).unwrap();
    let worker: Rc<Worker> = Worker::new(journal, bed.clock.clone(), Box::new(price));
    let mut admitted = admit(&worker).unwrap();
    plan.fault.full(true);
    drop(admitted.sent(&sent(1)));
    assert!(admitted.recorded().is_err(), "not recorded, so not to be sent");
    assert!(admitted.sent(&sent(1)).is_err());
    drop(admitted);
    let refusal = admit(&worker).err().unwrap();
    assert_eq!((refusal.status(), refusal.code.text()), (503, "metering_unavailable"));
    plan.fault.full(false);
    bed.clock.advance_ms(1_000);
    let mut admitted = admit(&worker).unwrap();
    admitted.sent(&sent(2)).unwrap();
    admitted.settle(&mut entry(2)).unwrap();
}
