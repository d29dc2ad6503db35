//! Journal segments: whatever lies on the disk, reading gives records in sequence, a cut takes records
//! from the end alone, and what was read can be written, to be read the same for good.

use ledger::record::{
    Found, Record, Scanner, Tail, encode_progress, encode_sent, encode_settle, encode_void,
};

/// The first byte says whether the rest is a segment as it lies, or records still without checksums:
/// two bytes of length, a type and a payload each. The second says where it is cut.
pub fn check(data: &[u8]) {
    let [form, cut, input @ ..] = data else {
        return;
    };
    let segment = if form % 2 == 0 { input.to_vec() } else { framed(input) };
    let found: Vec<Found<'_>> = Scanner::new(&segment, None).collect();
    let end = Scanner::new(&segment, None).end();
    let mut offset = 0;
    for (number, one) in found.iter().enumerate() {
        assert_eq!(one.offset, offset, "a gap between records");
        assert!(one.next_offset > one.offset && one.next_offset <= segment.len());
        assert_eq!(one.seq, found[0].seq.wrapping_add(number as u64), "out of sequence");
        offset = one.next_offset;
        written_again(one);
    }
    assert_eq!(end.valid_bytes, offset);
    assert_eq!(end.next_seq, found.last().map(|last| last.seq.wrapping_add(1)));
    if end.tail == Tail::Clean {
        assert!(segment[offset..].iter().all(|byte| *byte == 0), "something is left unread");
    }
    cut_short(&segment, &found, usize::from(*cut) * segment.len() / 255);
    settled(&segment, &found);
    let mut longer = segment.clone();
    longer.resize(segment.len() + usize::from(*cut), 0);
    if end.tail == Tail::Clean {
        assert!(Scanner::new(&longer, None).eq(found.iter().cloned()), "zeros change what was read");
    }
    let other = end.next_seq.map(|next| next.wrapping_add(7));
    assert!(
        found.is_empty() || other == Some(found[0].seq) || Scanner::new(&segment, other).next().is_none()
    );
}

fn cut_short(segment: &[u8], found: &[Found<'_>], at: usize) {
    let whole = found.iter().take_while(|one| one.next_offset <= at);
    let left: Vec<Found<'_>> = Scanner::new(&segment[..at], None).collect();
    assert!(left.iter().eq(whole), "a cut changes what lies before it");
}

/// Passing over what is not settled loses nothing that is.
fn settled(segment: &[u8], found: &[Found<'_>]) {
    let all: Vec<Found<'_>> = Scanner::new(segment, None).settled_only().collect();
    let wanted: Vec<&Found<'_>> =
        found.iter().filter(|one| matches!(one.record, Record::Settle(_))).collect();
    assert!(all.len() >= wanted.len() && all.iter().zip(wanted).all(|(one, wanted)| one == wanted));
}

/// Writing cuts what is longer than an entry's bounds; what has been written once is then the same for good.
fn written_again(one: &Found<'_>) {
    let once = written(one);
    let read = Scanner::new(&once, Some(one.seq)).next().expect("what was written can be read");
    assert_eq!((read.record.request(), read.next_offset), (one.record.request(), once.len()));
    assert_eq!(written(&read), once, "written again it is something else");
}

fn written(one: &Found<'_>) -> Vec<u8> {
    let mut bytes = Vec::new();
    match &one.record {
        Record::Sent(sent) => encode_sent(&mut bytes, one.seq, sent),
        Record::Settle(entry) => encode_settle(&mut bytes, one.seq, entry),
        Record::Void(request) => encode_void(&mut bytes, one.seq, request),
        Record::Progress(progress) => encode_progress(&mut bytes, one.seq, progress),
    }
    .expect("bounded, it fits");
    bytes
}

/// Puts length, checksum and sequence number before each record, so that a search gets past them.
fn framed(mut input: &[u8]) -> Vec<u8> {
    let (mut segment, mut seq) = (Vec::new(), 1_u64);
    while let [low, high, kind, rest @ ..] = input {
        let length = usize::from(u16::from_le_bytes([*low, *high])) % 4096;
        let (payload, after) = rest.split_at(length.min(rest.len()));
        input = after;
        let mut body = seq.to_le_bytes().to_vec();
        // The version is 1 or 2; a number is left out now and then.
        body.extend_from_slice(&[kind & 0x0f, 1 + (kind >> 7)]);
        body.extend_from_slice(payload);
        seq += 1 + u64::from(kind & 0x70 == 0x70);
        segment.extend_from_slice(&u32::try_from(body.len()).expect("at most a page").to_le_bytes());
        segment.extend_from_slice(&crc32c(&body).to_le_bytes());
        segment.extend_from_slice(&body);
    }
    segment
}

/// CRC-32C bit by bit (RFC 3720, appendix B.4): a second opinion on the one the journal uses.
fn crc32c(bytes: &[u8]) -> u32 {
    let mut crc = u32::MAX;
    for byte in bytes {
        crc ^= u32::from(*byte);
        for _ in 0..8 {
            crc = (crc >> 1) ^ (0x82f6_3b78 & (crc & 1).wrapping_neg());
        }
    }
    !crc
}
