//! Cut, flipped and arbitrary segments: recovery yields a prefix or says damage, never a record
//! that was not written.

use crate::record::{any_record, segment};
use crate::samples;
use ledger::record::{Damage, Found, Record, Scanner, Tail};
use proptest::collection::vec;
use proptest::prelude::*;

/// A segment as a worker leaves it: sent, settled, sent, voided, sent, settled.
fn recorded() -> (Vec<u8>, Vec<usize>) {
    let sent = || Record::Sent(samples::sent());
    let settle = || Record::Settle(samples::entry());
    segment(41, &[sent(), settle(), sent(), Record::Void([7; 16]), sent(), settle()])
}

fn scan(bytes: &[u8]) -> (Vec<Found<'_>>, usize, Tail) {
    let mut scanner = Scanner::new(bytes, Some(41));
    let found = scanner.by_ref().collect();
    let end = scanner.end();
    (found, end.valid_bytes, end.tail)
}

#[test]
fn a_cut_at_any_byte_leaves_a_prefix() {
    let (bytes, starts) = recorded();
    let (whole, ..) = scan(&bytes);
    assert_eq!(whole.len(), 6);
    for cut in 0..=bytes.len() {
        let complete = starts.iter().rposition(|start| *start <= cut).expect("the first is 0");
        for zeros in [0, 1, 64, 4_096] {
            let mut cut_bytes = bytes[..cut].to_vec();
            cut_bytes.resize(cut + zeros, 0);
            let (found, valid_bytes, tail) = scan(&cut_bytes);
            // A checksum's or payload's own zeros may complete a record that was cut in them.
            assert!(found.len() >= complete, "cut at {cut}");
            assert_eq!(found, whole[..found.len()], "cut at {cut}");
            if found.len() > complete {
                assert!(zeros > 0 && bytes[cut..starts[complete + 1]].iter().all(|b| *b == 0));
                continue;
            }
            assert_eq!(valid_bytes, starts[complete]);
            let part = &bytes[starts[complete]..cut];
            let clean = part.iter().all(|byte| *byte == 0);
            assert_eq!(tail, if clean { Tail::Clean } else { Tail::Torn }, "cut at {cut}");
        }
    }
}

#[test]
fn a_flipped_bit_in_the_last_two_records_is_seen() {
    let (bytes, starts) = recorded();
    let (whole, ..) = scan(&bytes);
    for zeros in [0, 4_096] {
        let mut flipped = bytes.clone();
        flipped.resize(bytes.len() + zeros, 0);
        for bit in starts[4] * 8..bytes.len() * 8 {
            flipped[bit / 8] ^= 1 << (bit % 8);
            let (found, valid_bytes, tail) = scan(&flipped);
            let hit = if bit / 8 < starts[5] { 4 } else { 5 };
            assert_eq!(found, whole[..hit], "bit {bit}");
            assert_eq!(valid_bytes, starts[hit]);
            let damaged = Tail::Damaged { offset: starts[4], damage: Damage::BadRecord };
            assert_eq!(tail, if hit == 4 { damaged } else { Tail::Torn }, "bit {bit}");
            flipped[bit / 8] ^= 1 << (bit % 8);
        }
    }
}

#[test]
fn a_page_of_zeros_before_a_good_record_is_damage() {
    let (bytes, starts) = recorded();
    let mut holed = bytes;
    holed[starts[2]..starts[3]].fill(0);
    let (found, valid_bytes, tail) = scan(&holed);
    assert_eq!((found.len(), valid_bytes), (2, starts[2]));
    assert_eq!(tail, Tail::Damaged { offset: starts[2], damage: Damage::BadRecord });
}

#[test]
fn a_record_of_another_length_is_found_after_a_torn_one() {
    let (bytes, starts) = recorded();
    let mut torn = bytes[..starts[3] - 11].to_vec();
    torn.extend_from_slice(&bytes[starts[3]..]);
    let (found, _, tail) = scan(&torn);
    assert_eq!(found.len(), 2);
    assert_eq!(tail, Tail::Damaged { offset: starts[2], damage: Damage::BadRecord });
}

proptest! {
    #[test]
    fn garbage_after_the_end_is_torn(garbage in vec(any::<u8>(), 1..200)) {
        prop_assume!(garbage.iter().any(|byte| *byte != 0));
        let (mut bytes, _) = recorded();
        let valid = bytes.len();
        bytes.extend(garbage);
        let (found, valid_bytes, tail) = scan(&bytes);
        prop_assert_eq!((found.len(), valid_bytes, tail), (6, valid, Tail::Torn));
    }

    #[test]
    fn arbitrary_bytes_never_panic(bytes in vec(any::<u8>(), 0..600), expected in any::<Option<u64>>()) {
        let end = Scanner::new(&bytes, expected).end();
        prop_assert!(end.valid_bytes <= bytes.len());
    }

    /// Behind a right checksum anything may stand: it is read or refused.
    #[test]
    fn arbitrary_bodies_never_panic(body in vec(any::<u8>(), 0..300), kind in 0..6_u8, version in 0..3_u8) {
        let mut covered = 41_u64.to_le_bytes().to_vec();
        covered.extend_from_slice(&[kind, version]);
        covered.extend(body);
        let mut bytes = (covered.len() as u32).to_le_bytes().to_vec();
        bytes.extend_from_slice(&crc32c::crc32c(&covered).to_le_bytes());
        bytes.extend(covered);
        let (found, _, tail) = scan(&bytes);
        prop_assert_eq!(found.is_empty(), tail != Tail::Clean);
    }

    #[test]
    fn overwritten_bytes_never_give_a_wrong_record(
        records in vec(any_record(), 1..6),
        at in any::<proptest::sample::Index>(),
        patch in vec(any::<u8>(), 1..40),
    ) {
        let (bytes, _) = segment(41, &records);
        let (whole, ..) = scan(&bytes);
        let mut patched = bytes.clone();
        let from = at.index(patched.len());
        for (byte, new) in patched[from..].iter_mut().zip(patch) {
            *byte = new;
        }
        let (found, ..) = scan(&patched);
        prop_assert!(found.len() <= whole.len());
        prop_assert_eq!(&found, &whole[..found.len()]);
    }
}
