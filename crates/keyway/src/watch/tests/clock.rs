//! A clock that is set an hour on or back: what happens is told, and told once.

use super::bed::Bed;
use crate::watch::find::{HOUR_MS, MINUTE_MS};
use crate::watch::round::{self, FULL_MS};

#[tokio::test]
async fn what_is_told_once_is_told_through_steps_of_the_clock() {
    let mut bed = Bed::new().await;
    bed.comes_from("first", bed.now_ms() + 5_000).await;
    bed.looks(FULL_MS).await;
    assert_eq!(bed.told("new_address").await, (1, 0));
    // An hour back: the slot that was taken last is ahead, and what happens now is told all the same.
    bed.at.clock.advance_ms(-HOUR_MS);
    bed.comes_from("second", bed.now_ms()).await;
    bed.looks(FULL_MS).await;
    assert_eq!(bed.told("new_address").await, (2, 0));
    // An hour on, before anybody has looked at what came last. Of two new places in two weeks a third says nothing,
    // so the others are older by then.
    bed.run("UPDATE key_networks SET first_ms = first_ms - 2592000000 WHERE network <> 'home'".to_owned())
        .await;
    bed.comes_from("third", bed.now_ms()).await;
    bed.looks(HOUR_MS + FULL_MS).await;
    assert_eq!(bed.told("new_address").await, (3, 0));
    // Back and on again: nothing of it is told again.
    for step_ms in [-HOUR_MS, HOUR_MS, 0] {
        bed.looks(step_ms + FULL_MS).await;
    }
    assert_eq!(bed.told("new_address").await, (3, 0));
}

#[tokio::test]
async fn what_goes_on_is_one_occurrence_through_steps_of_the_clock() {
    let mut bed = Bed::new().await;
    for step_ms in [0, HOUR_MS, FULL_MS, -HOUR_MS, FULL_MS, HOUR_MS] {
        bed.at.clock.advance_ms(step_ms);
        bed.fails().await;
        bed.looks(FULL_MS).await;
        assert_eq!(bed.told("provider_down").await, (1, 1), "after a step of {step_ms} ms");
    }
    // Quiet for as long as it takes: over, and the next one is another.
    bed.looks(round::QUIET_MS + 2 * MINUTE_MS).await;
    assert_eq!(bed.told("provider_down").await, (1, 0));
    bed.fails().await;
    bed.looks(FULL_MS).await;
    assert_eq!(bed.told("provider_down").await, (2, 1));
}

#[tokio::test]
async fn an_hour_that_a_clock_ahead_summed_too_early_is_summed_again() {
    let mut bed = Bed::new().await;
    bed.looks(FULL_MS).await;
    let before_ms = bed.summed_ms().await;
    bed.looks(HOUR_MS).await;
    assert_eq!(bed.summed_ms().await, before_ms + HOUR_MS);
    bed.looks(FULL_MS - HOUR_MS).await;
    assert_eq!(bed.summed_ms().await, before_ms);
    bed.looks(HOUR_MS).await;
    assert_eq!(bed.summed_ms().await, before_ms + HOUR_MS);
}
