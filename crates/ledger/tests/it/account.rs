//! What a node holds of accounts, and what the database grants.

use ledger::account::{Account, Bill, Grant, KEPT_MS, Reservation, Short, Waiting, admit, extend};
use ledger::book::{Answer, Ask, Lease, Row, slice};
use ledger::{AccountId, AccountKind, NanoUsd};
use std::sync::Arc;

const WINDOW_MS: i64 = 1_000_000;
const ENDS_MS: i64 = 10_000;

fn account(number: u8) -> Arc<Account> {
    Arc::new(Account::new(AccountId { kind: AccountKind::Budget, ulid: [number; 16] }))
}

fn grant(amount: i64) -> Grant {
    Grant {
        window_start_ms: WINDOW_MS,
        ends_mono_ms: ENDS_MS,
        current: true,
        counted: false,
        granted: NanoUsd(amount),
        charged: NanoUsd(0),
    }
}

fn with(number: u8, amount: i64) -> Arc<Account> {
    let account = account(number);
    account.grant(&grant(amount));
    account
}

fn free(account: &Account) -> i64 {
    account.holdings().last().map_or(0, |held| held.free().0)
}

fn take(accounts: &[Arc<Account>], amount: i64) -> Result<Reservation, Short> {
    admit(accounts, NanoUsd(amount), 0)
}

#[test]
fn all_are_taken_from_or_none() {
    let accounts = [with(1, 100), with(2, 50), with(3, 1_000)];
    let refused = take(&accounts, 60).expect_err("the second has too little");
    assert_eq!(refused, Short { account: 1, window_start_ms: Some(WINDOW_MS), need: NanoUsd(10) });
    assert_eq!(accounts.each_ref().map(|account| free(account)), [100, 50, 1_000]);
    let reserved = take(&accounts, 50).expect("enough");
    assert_eq!(accounts.each_ref().map(|account| free(account)), [50, 0, 950]);
    drop(reserved);
    assert_eq!(accounts.each_ref().map(|account| free(account)), [100, 50, 1_000]);
}

#[test]
fn a_charge_is_no_more_than_was_reserved() {
    let accounts = [with(1, 100)];
    let reserved = take(&accounts, 60).expect("enough");
    assert_eq!(reserved.bill(NanoUsd(45)), Bill { charge: NanoUsd(45), absorbed: NanoUsd(0) });
    assert_eq!(reserved.bill(NanoUsd(75)), Bill { charge: NanoUsd(60), absorbed: NanoUsd(15) });
    assert_eq!(reserved.bill(NanoUsd(-5)), Bill { charge: NanoUsd(0), absorbed: NanoUsd(0) });
    reserved.settle(NanoUsd(45));
    let held = accounts[0].holdings()[0];
    assert_eq!((held.charged, held.reserved, held.free().0), (45, 0, 55));
}

#[test]
fn a_stream_reserves_more_as_it_goes() {
    let accounts = [with(1, 100), with(2, 80)];
    let mut reserved = take(&accounts, 30).expect("enough");
    let more = extend(reserved.parts(), NanoUsd(50)).expect("enough");
    reserved.join(more);
    assert_eq!(reserved.amount(), NanoUsd(80));
    let refused = extend(reserved.parts(), NanoUsd(10)).expect_err("the second is empty");
    assert_eq!((refused.account, refused.need), (1, NanoUsd(10)));
    assert_eq!(accounts.each_ref().map(|account| free(account)), [20, 0]);
    reserved.settle(NanoUsd(70));
    assert_eq!(accounts.each_ref().map(|account| free(account)), [30, 10]);
}

#[test]
fn a_window_that_is_over_lets_nobody_in_and_gives_back_what_is_free() {
    let accounts = [with(1, 100)];
    let mut running = take(&accounts, 40).expect("enough");
    let refused = admit(&accounts, NanoUsd(1), ENDS_MS).expect_err("over");
    assert_eq!(refused.window_start_ms, None, "the one that holds now is to be asked for");
    // Who runs goes on in the window that let it in.
    running.join(extend(running.parts(), NanoUsd(10)).expect("enough"));
    assert_eq!(accounts[0].take_free(ENDS_MS - 1, false), []);
    assert_eq!(accounts[0].take_free(ENDS_MS, false), [(WINDOW_MS, NanoUsd(50))]);
    accounts[0].grant(&Grant {
        window_start_ms: 2 * WINDOW_MS,
        ends_mono_ms: ENDS_MS + 2 * KEPT_MS,
        ..grant(7)
    });
    let next = admit(&accounts, NanoUsd(7), ENDS_MS).expect("the next window");
    assert_eq!(next.refs().map(|of| of.window_start_ms).collect::<Vec<_>>(), [2 * WINDOW_MS]);
    running.settle(NanoUsd(20));
    assert_eq!(accounts[0].take_free(ENDS_MS, false), [(WINDOW_MS, NanoUsd(30))]);
    accounts[0].forget(ENDS_MS);
    assert_eq!(accounts[0].holdings().len(), 2);
    accounts[0].forget(ENDS_MS + KEPT_MS);
    assert_eq!(accounts[0].holdings().len(), 1, "the old window is done with");
}

#[test]
fn a_recalled_lease_lets_nobody_in() {
    let accounts = [with(1, 100)];
    let running = take(&accounts, 40).expect("enough");
    accounts[0].recall();
    assert!(take(&accounts, 1).is_err());
    assert_eq!(accounts[0].take_free(0, false), [(WINDOW_MS, NanoUsd(60))]);
    accounts[0].grant(&grant(45));
    assert_eq!(free(&accounts[0]), 5);
    drop(running);
    assert_eq!(free(&accounts[0]), 45);
}

#[test]
fn what_is_only_counted_refuses_nothing_and_bounds_nothing() {
    let account = account(1);
    account.grant(&Grant { counted: true, ..grant(0) });
    let reserved = take(&[Arc::clone(&account)], 1_000_000).expect("counted");
    assert_eq!(reserved.bill(NanoUsd(2_000_000)).charge, NanoUsd(2_000_000));
    assert!(reserved.refs().all(|of| !of.leased));
    reserved.settle(NanoUsd(2_000_000));
    assert_eq!(account.holdings()[0].charged, 0, "there is no lease to take it from");
}

#[test]
fn spending_is_measured_over_the_last_seconds() {
    let accounts = [with(1, 1_000_000)];
    let spend = |amount| take(&accounts, amount).expect("enough").settle(NanoUsd(amount));
    let lately = |now_ms| accounts[0].spent_lately(WINDOW_MS, now_ms).0;
    assert_eq!(lately(0), 0);
    spend(500);
    assert_eq!(lately(100), 500);
    spend(500);
    assert_eq!(lately(2_000), 1_000);
    spend(300);
    assert_eq!(lately(3_000), 866, "1,300 in three seconds");
    assert_eq!(lately(4_000), 650);
    assert_eq!(lately(6_000), 150);
    assert_eq!(lately(60_000), 0);
}

fn ask(reserve: i64, need: i64, slice: i64) -> Ask {
    Ask {
        reserve: NanoUsd(reserve),
        need: NanoUsd(need),
        slice: NanoUsd(slice),
        unposted: NanoUsd(0),
        crash_holds: NanoUsd(0),
    }
}

#[test]
fn grants_never_pass_the_limit_and_say_why_they_end() {
    let limit = NanoUsd(100);
    let (mut row, mut lease) = (Row::default(), Lease::default());
    assert_eq!(row.grant(&mut lease, limit, &ask(30, 30, 60)), Answer::Granted(NanoUsd(60)));
    assert_eq!(row.grant(&mut lease, limit, &ask(30, 30, 60)), Answer::Granted(NanoUsd(40)));
    assert_eq!(row.grant(&mut lease, limit, &ask(30, 30, 60)), Answer::Reserved(NanoUsd(0)));
    assert!(row.post(&mut lease, NanoUsd(70)));
    assert_eq!(row.grant(&mut lease, limit, &ask(30, 30, 60)), Answer::Reserved(NanoUsd(0)));
    assert_eq!(row.grant(&mut lease, limit, &ask(31, 31, 60)), Answer::Exhausted(NanoUsd(0)));
    let unposted = Ask { unposted: NanoUsd(1), ..ask(30, 30, 60) };
    assert_eq!(row.grant(&mut lease, limit, &unposted), Answer::Exhausted(NanoUsd(0)));
    let held = Ask { crash_holds: NanoUsd(1), ..ask(30, 30, 60) };
    assert_eq!(row.grant(&mut lease, limit, &held), Answer::Exhausted(NanoUsd(0)));
    assert_eq!(row.give_back(&mut lease, NanoUsd(1_000)), NanoUsd(30));
    assert_eq!((row.posted, row.leased, lease.left().0), (70, 0, 0));
    assert!(!row.post(&mut lease, NanoUsd(1)), "what is not leased is not charged");
    assert!(row.holds(limit));
    // Lowered below what is spent: nothing is clawed back, nothing is granted.
    assert_eq!(row.grant(&mut lease, NanoUsd(50), &ask(1, 1, 1)), Answer::Exhausted(NanoUsd(0)));
}

#[test]
fn a_lease_ends_but_for_what_is_held() {
    let (mut row, mut lease) = (Row::default(), Lease::default());
    let limit = NanoUsd(100);
    row.grant(&mut lease, limit, &ask(80, 80, 80));
    assert!(row.post(&mut lease, NanoUsd(20)));
    assert_eq!(row.close(&mut lease, NanoUsd(25)), NanoUsd(25));
    assert_eq!((row.posted, row.leased, lease.left().0), (20, 25, 0));
    row.release(NanoUsd(10), true);
    row.release(NanoUsd(15), false);
    assert_eq!((row.posted, row.leased), (30, 0));
    let (mut row, mut lease) = (Row::default(), Lease::default());
    row.grant(&mut lease, limit, &ask(80, 80, 80));
    assert_eq!(row.close(&mut lease, NanoUsd(1_000)), NanoUsd(80), "no more than there was");
}

#[test]
fn slices_shrink_to_what_is_needed() {
    let of = |left, nodes, need, lately| slice(NanoUsd(left), nodes, NanoUsd(need), NanoUsd(lately)).0;
    assert_eq!(of(1_000_000, 1, 10, 0), 20, "who has spent nothing gets twice what it needs");
    assert_eq!(of(1_000_000, 1, 10, 5_000), 10_000);
    assert_eq!(of(1_000_000, 4, 10, 500_000), 62_500);
    assert_eq!(of(80, 1, 10, 500_000), 20);
    assert_eq!(of(39, 1, 10, 500_000), 10);
    assert_eq!(of(1_000, 0, 10, 500), 250);
}

#[test]
fn an_account_that_several_draw_on_knows_who_has_how_much() {
    let id = AccountId { kind: AccountKind::Budget, ulid: [9; 16] };
    let account = Arc::new(Account::shared(id));
    account.grant(&grant(100));
    let accounts = [Arc::clone(&account)];
    let mut first = admit(&accounts, NanoUsd(30), 0).expect("enough").of(1);
    let second = admit(&accounts, NanoUsd(20), 0).expect("enough").of(2);
    assert_eq!(
        (account.share(1), account.share(2), account.share(3)),
        (NanoUsd(30), NanoUsd(20), NanoUsd(0))
    );
    first.join(extend(first.parts(), NanoUsd(10)).expect("enough"));
    assert_eq!((account.share(1), account.reserved()), (NanoUsd(40), NanoUsd(60)));
    first.settle(NanoUsd(7));
    drop(second);
    assert_eq!(
        (account.share(1), account.share(2), account.reserved()),
        (NanoUsd(0), NanoUsd(0), NanoUsd(0))
    );
    assert!(!account.is_waited_for());
    let waiting = Waiting::on(&account);
    assert!(account.is_waited_for());
    drop(waiting);
    assert!(!account.is_waited_for());
}
