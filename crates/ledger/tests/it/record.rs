//! Framing, bounds and round trips of journal records.

use crate::samples;
use ledger::record::{
    Damage, End, RECORD_BYTES_MAX, RECORD_VERSION, Record, Scanner, Tail, encode_progress, encode_sent,
    encode_settle, encode_void,
};
use ledger::spend::ACCOUNTS_PER_REQUEST_MAX;
use ledger::{AccountKind, Attempt, Entry, NanoUsd, Progress, Reserved, Sent, Spend, Usage, bound, codec};
use proptest::collection::vec;
use proptest::prelude::*;

pub fn any_record() -> impl Strategy<Value = Record<'static>> {
    prop_oneof![
        (samples::any_entry(), any::<u64>(), any::<(i64, u32)>()).prop_map(|(entry, prompt_bytes, of)| {
            let reserved = Reserved { amount: NanoUsd(of.0), markup: of.1 };
            Record::Sent(Sent { entry, prompt_bytes, reserved })
        }),
        samples::any_entry().prop_map(Record::Settle),
        any::<[u8; 16]>().prop_map(Record::Void),
        any::<([u8; 16], u64, i64)>().prop_map(|(request, output_tokens, reserved)| {
            Record::Progress(Progress { request, output_tokens, reserved: NanoUsd(reserved) })
        }),
    ]
}

/// Encodes the records from `first_seq` on; also answers where each one starts, and the end.
pub fn segment(first_seq: u64, records: &[Record<'_>]) -> (Vec<u8>, Vec<usize>) {
    let (mut out, mut starts) = (Vec::new(), vec![0]);
    for (seq, record) in (first_seq..).zip(records) {
        match record {
            Record::Sent(sent) => encode_sent(&mut out, seq, sent),
            Record::Settle(entry) => encode_settle(&mut out, seq, entry),
            Record::Void(request) => encode_void(&mut out, seq, request),
            Record::Progress(progress) => encode_progress(&mut out, seq, progress),
        }
        .expect("within bounds");
        starts.push(out.len());
    }
    (out, starts)
}

fn bounded<'a>(record: &Record<'a>) -> Record<'a> {
    match record {
        Record::Sent(sent) => Record::Sent(Sent { entry: samples::bounded(&sent.entry), ..sent.clone() }),
        Record::Settle(entry) => Record::Settle(samples::bounded(entry)),
        Record::Void(request) => Record::Void(*request),
        Record::Progress(progress) => Record::Progress(*progress),
    }
}

#[test]
fn the_frame_is_as_documented() {
    let mut out = Vec::new();
    encode_void(&mut out, 0x0102, &[0xAB; 16]).expect("short");
    let crc = crc32c::crc32c(&out[8..]);
    let mut expected = vec![26, 0, 0, 0];
    expected.extend_from_slice(&crc.to_le_bytes());
    expected.extend_from_slice(&[2, 1, 0, 0, 0, 0, 0, 0, 3, 2]);
    expected.extend_from_slice(&[0xAB; 16]);
    assert_eq!(out, expected);
}

/// A change of this number is a change of the format: it needs a new record version.
#[test]
fn version_2_of_an_entry_does_not_change() {
    let (bytes, _) = segment(1, &[Record::Settle(samples::charged()), Record::Sent(samples::sent())]);
    assert_eq!((bytes.len(), crc32c::crc32c(&bytes)), (733, 850_516_395));
}

/// What the release wrote that knew no accounts.
#[test]
fn version_1_is_read() {
    let records = [Record::Settle(samples::entry()), Record::Sent(samples::sent())];
    let (new, starts) = segment(1, &records);
    let (first, second) = new.split_at(starts[1]);
    // A SENT went from the bytes of its prompt, behind 18 of the frame, to its entry.
    let mut old = as_version_1(first.to_vec());
    old.extend(as_version_1([&second[..26], &second[38..]].concat()));
    assert_eq!((old.len(), crc32c::crc32c(&old)), (633, 1_766_775_615), "as it was written then");
    let mut scanner = Scanner::new(&old, None);
    assert_eq!(scanner.by_ref().map(|found| found.record).collect::<Vec<_>>(), records);
    assert_eq!(scanner.end().tail, Tail::Clean);
    let (charged, _) = segment(1, &[Record::Settle(samples::charged())]);
    let tail = Scanner::new(&as_version_1(charged), None).end().tail;
    assert_eq!(tail, Tail::Damaged { offset: 0, damage: Damage::BadPayload }, "it knew no such flag");
}

fn as_version_1(mut record: Vec<u8>) -> Vec<u8> {
    record[17] = 1;
    let length = record.len() as u32 - 8;
    record[..4].copy_from_slice(&length.to_le_bytes());
    let crc = crc32c::crc32c(&record[8..]);
    record[4..8].copy_from_slice(&crc.to_le_bytes());
    record
}

#[test]
fn the_longest_entry_fits_with_room_to_spare() {
    let long = "x".repeat(10_000);
    let attempt = Attempt { provider: &long, model: &long, status: u16::MAX, ms: u32::MAX, outcome: &long };
    let max = u64::MAX;
    let entry = Entry {
        started_ms: i64::MIN,
        org: &long,
        project: &long,
        key: &long,
        user: &long,
        kind: &long,
        model_asked: &long,
        model_served: &long,
        provider: &long,
        labels: vec![&long; 1_000],
        client_request: &long,
        attempts: vec![attempt; 1_000],
        status: u16::MAX,
        error: &long,
        usage: Usage {
            in_uncached: max,
            cache_read: max,
            cache_write_5m: max,
            cache_write_1h: max,
            in_audio: max,
            in_image: max,
            out_text: max,
            out_reasoning: max,
            out_audio: max,
            units: max,
        },
        price_version: &long,
        cost: Some(NanoUsd(i64::MIN)),
        sell: Some(NanoUsd(i64::MAX)),
        spend: Spend {
            charge: NanoUsd(i64::MAX),
            absorbed: NanoUsd(i64::MAX),
            accounts: vec![samples::account(1, AccountKind::Credit); ACCOUNTS_PER_REQUEST_MAX + 1],
        },
        latency_ms: u32::MAX,
        first_token_ms: Some(u32::MAX),
        ..samples::entry()
    };
    let reserved = Reserved { amount: NanoUsd::MAX, markup: u32::MAX };
    let sent = Record::Sent(Sent { entry, prompt_bytes: max, reserved });
    let (bytes, _) = segment(u64::MAX - 2, std::slice::from_ref(&sent));
    assert!(bytes.len() <= RECORD_BYTES_MAX - 32, "{} bytes", bytes.len());
    let found: Vec<_> = Scanner::new(&bytes, None).map(|found| found.record).collect();
    assert_eq!(found, [bounded(&sent)]);
}

#[test]
fn the_last_attempts_and_the_first_labels_are_kept() {
    let mut entry = samples::entry();
    let tried = entry.attempts[0].clone();
    entry.attempts = (0..20).map(|ms| Attempt { ms, ..tried.clone() }).collect();
    entry.labels = vec!["a=1"; 16];
    entry.labels.push("b=2");
    let (bytes, _) = segment(1, &[Record::Settle(entry)]);
    let Some(Record::Settle(read)) = Scanner::new(&bytes, None).next().map(|f| f.record) else {
        panic!("a settle record was written");
    };
    let kept: Vec<u32> = read.attempts.iter().map(|attempt| attempt.ms).collect();
    assert_eq!(kept, [14, 15, 16, 17, 18, 19]);
    assert_eq!(read.labels, vec!["a=1"; bound::LABELS_MAX]);
}

#[test]
fn an_empty_segment_is_clean() {
    for (bytes, expected) in [(vec![], None), (vec![], Some(9)), (vec![0; 5_000], Some(9))] {
        let end = Scanner::new(&bytes, expected).end();
        assert_eq!(end, End { valid_bytes: 0, next_seq: expected, tail: Tail::Clean });
    }
}

#[test]
fn a_sequence_gap_is_damage() {
    let settle = Record::Settle(samples::entry());
    let (mut bytes, _) = segment(5, std::slice::from_ref(&settle));
    let valid_bytes = bytes.len();
    bytes.extend(segment(7, &[settle]).0);
    let gap =
        |offset, expected, found| Tail::Damaged { offset, damage: Damage::SequenceGap { expected, found } };
    let end = Scanner::new(&bytes, Some(5)).end();
    assert_eq!(end, End { valid_bytes, next_seq: Some(6), tail: gap(valid_bytes, 6, 7) });
    let end = Scanner::new(&bytes, Some(4)).end();
    assert_eq!(end, End { valid_bytes: 0, next_seq: Some(4), tail: gap(0, 4, 5) });
}

/// Replaces a byte of the only record and makes its checksum right again.
fn forged(record: &Record<'_>, at: usize, byte: u8) -> Tail {
    let (mut bytes, _) = segment(1, std::slice::from_ref(record));
    bytes[at] = byte;
    let crc = crc32c::crc32c(&bytes[8..]);
    bytes[4..8].copy_from_slice(&crc.to_le_bytes());
    Scanner::new(&bytes, Some(1)).end().tail
}

#[test]
fn what_a_newer_release_wrote_is_never_skipped() {
    let settle = Record::Settle(samples::entry());
    let damaged = |damage| Tail::Damaged { offset: 0, damage };
    assert_eq!(forged(&settle, 16, 5), damaged(Damage::UnknownType(5)));
    assert_eq!(forged(&settle, 16, 0), damaged(Damage::UnknownType(0)));
    assert_eq!(forged(&settle, 17, 3), damaged(Damage::UnknownVersion(3)));
    assert_eq!(forged(&Record::Void([1; 16]), 16, 2), damaged(Damage::BadPayload));
    for kind in [3, 4] {
        assert_eq!(forged(&settle, 16, kind), damaged(Damage::BadPayload));
    }
    assert!(Damage::UnknownType(4).to_string().contains("unknown type 4"));
}

/// Bytes that decode are the bytes of what they decode to, so nothing has two encodings.
fn holds_one_encoding(bytes: &[u8]) {
    if let Ok(entry) = codec::take_entry(RECORD_VERSION, bytes) {
        let mut again = Vec::new();
        codec::put_entry(&mut again, &entry);
        assert!(again == bytes || samples::bounded(&entry) != entry);
    }
}

#[test]
fn a_payload_changed_anywhere_is_read_or_refused() {
    let mut bytes = Vec::new();
    codec::put_entry(&mut bytes, &samples::charged());
    assert_eq!(codec::take_entry(RECORD_VERSION, &bytes), Ok(samples::charged()));
    for at in 0..bytes.len() {
        assert!(codec::take_entry(RECORD_VERSION, &bytes[..at]).is_err(), "cut at {at}");
        for bit in 0..8 {
            let mut changed = bytes.clone();
            changed[at] ^= 1 << bit;
            holds_one_encoding(&changed);
        }
    }
    let flags = |flags: u8| [&[bytes[0] & 0x0F | flags], &bytes[1..]].concat();
    for unknown in [0x30, 0x80] {
        assert!(codec::take_entry(RECORD_VERSION, &flags(unknown)).is_err(), "{unknown:x}");
    }
    assert!(codec::take_entry(RECORD_VERSION, &flags(0)).is_err(), "nothing told of its money");
    let mut class = bytes.clone();
    class[4] |= 0x80;
    assert!(codec::take_entry(RECORD_VERSION, &class).is_err(), "an unknown usage class");
    bytes.push(b'x');
    assert!(codec::take_entry(RECORD_VERSION, &bytes).is_err(), "a byte left over");
}

#[test]
fn numbers_have_one_form() {
    // Nothing but a count of one class, whose varint stands at byte 51.
    let entry = Entry {
        usage: Usage { in_uncached: u64::MAX, ..Usage::default() },
        cost: None,
        sell: None,
        first_token_ms: None,
        ..samples::entry()
    };
    let mut bytes = Vec::new();
    codec::put_entry(&mut bytes, &entry);
    let with = |varint: &[u8]| [&bytes[..51], varint, &bytes[61..]].concat();
    let tokens = |varint: &[u8]| {
        let bytes = with(varint);
        codec::take_entry(RECORD_VERSION, &bytes).map(|entry| entry.usage.in_uncached)
    };
    assert_eq!(tokens(&bytes[51..61]), Ok(u64::MAX));
    assert_eq!(tokens(&[1]), Ok(1));
    assert_eq!(tokens(&[0x80, 1]), Ok(128));
    let too_much = [&[0xFF; 9][..], &[2]].concat();
    let too_long = [&[0xFF; 10][..], &[1]].concat();
    for wrong in [&[0][..], &[0x81, 0], &too_much, &too_long] {
        assert!(tokens(wrong).is_err(), "{wrong:?}");
    }
}

#[test]
fn texts_are_whole_characters() {
    let entry = Entry { org: "é", project: "aé", ..samples::entry() };
    let mut bytes = Vec::new();
    codec::put_entry(&mut bytes, &entry);
    let at = bytes.windows(5).position(|part| part == "éaé".as_bytes());
    let at = at.expect("one after the other");
    let mut broken = bytes.clone();
    broken[at] = b'a';
    assert!(codec::take_entry(RECORD_VERSION, &broken).is_err(), "no UTF-8");
    // The same text, cut within a character: the lengths of org and project moved by one.
    let lengths = bytes.windows(2).position(|part| part == [2, 3]);
    let lengths = lengths.expect("one after the other");
    bytes[lengths..lengths + 2].copy_from_slice(&[1, 4]);
    assert!(codec::take_entry(RECORD_VERSION, &bytes).is_err());
}

#[test]
fn settled_requests_alone_can_be_read() {
    let (sent, settle) = (Record::Sent(samples::sent()), Record::Settle(samples::entry()));
    let void = Record::Void([1; 16]);
    let progress = Progress { request: [7; 16], output_tokens: 256, reserved: NanoUsd(9) };
    let records = [sent.clone(), settle.clone(), void, settle, sent, Record::Progress(progress)];
    let (bytes, starts) = segment(7, &records);
    let mut scanner = Scanner::new(&bytes, None).settled_only();
    let found: Vec<_> = scanner.by_ref().map(|found| (found.seq, found.offset, found.next_offset)).collect();
    assert_eq!(found, [(8, starts[1], starts[2]), (10, starts[3], starts[4])]);
    let end = scanner.end();
    assert_eq!((end.valid_bytes, end.next_seq, end.tail), (bytes.len(), Some(13), Tail::Clean));
}

proptest! {
    #[test]
    fn an_entry_has_one_encoding(bytes in vec(any::<u8>(), 0..200), entry in samples::any_entry(), at in any::<proptest::sample::Index>()) {
        holds_one_encoding(&bytes);
        let mut encoded = Vec::new();
        codec::put_entry(&mut encoded, &entry);
        holds_one_encoding(&encoded);
        let at = at.index(encoded.len());
        for (byte, new) in encoded[at..].iter_mut().zip(&bytes) {
            *byte = *new;
        }
        holds_one_encoding(&encoded);
    }

    #[test]
    fn any_records_come_back(
        records in vec(any_record(), 0..12),
        first_seq in 0..u64::MAX - 100,
        zeros in prop_oneof![Just(0), 1..40_usize, Just(4_096)],
    ) {
        let (mut bytes, starts) = segment(first_seq, &records);
        let valid_bytes = bytes.len();
        bytes.resize(valid_bytes + zeros, 0);
        let mut scanner = Scanner::new(&bytes, Some(first_seq));
        for (i, (found, record)) in scanner.by_ref().zip(&records).enumerate() {
            prop_assert_eq!((found.offset, found.next_offset), (starts[i], starts[i + 1]));
            prop_assert_eq!(found.seq, first_seq + i as u64);
            prop_assert_eq!(found.record.request(), record.request());
            prop_assert_eq!(found.record, bounded(record));
            prop_assert!(found.next_offset - found.offset <= RECORD_BYTES_MAX);
        }
        let next_seq = Some(first_seq + records.len() as u64);
        prop_assert_eq!(scanner.end(), End { valid_bytes, next_seq, tail: Tail::Clean });
    }
}
