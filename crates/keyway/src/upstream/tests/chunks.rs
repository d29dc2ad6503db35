//! The chunked decoder by itself: any division of the same bytes gives the same body.

use crate::upstream::chunked::Chunked;
use crate::upstream::limits::{CHUNK_EXTENSION_BYTES_MAX, TRAILER_BYTES_MAX};
use proptest::prelude::*;

/// Feeds `input` in pieces; the body, and the bytes left over after its end (`None` when it has not ended).
fn decode(input: &[u8], cuts: &[usize]) -> Result<(Vec<u8>, Option<usize>), &'static str> {
    let (mut decoder, mut body, mut from) = (Chunked::new(), Vec::new(), 0);
    for to in cuts.iter().copied().chain([input.len()]) {
        let mut piece = input[from..to].to_vec();
        let fed = decoder.feed(&mut piece)?;
        body.extend_from_slice(&piece[fed.data.clone()]);
        assert!(fed.data.end <= fed.consumed && fed.consumed <= piece.len());
        if decoder.is_ended() {
            return Ok((body, Some(input.len() - from - fed.consumed)));
        }
        assert_eq!(fed.consumed, piece.len());
        from = to;
    }
    Ok((body, None))
}

#[test]
fn several_chunks_of_one_read_come_out_as_one_piece() {
    let mut input = *b"1\r\na\r\n3\r\nbcd\r\n2\r\nef\r\n0\r\n\r\nHTTP";
    let mut decoder = Chunked::new();
    let fed = decoder.feed(&mut input).unwrap();
    assert_eq!(&input[fed.data], b"abcdef");
    assert_eq!(&input[fed.consumed..], b"HTTP");
}

#[test]
fn malformed_chunks_are_refused() {
    for input in [
        "\r\n",
        "g\r\n",
        "-1\r\n",
        "0x1\r\n",
        " 1\r\na\r\n",
        "1\na\r\n",
        "1\r\nab\r\n",
        "1\r\na\n0\r\n\r\n",
        "1\r\na0\r\n",
        "1\rX",
        ";x\r\n",
        "1 2\r\n",
        "1000000000000000\r\n",
        "1;a\0\r\n",
        "1;a\n\r\n",
        "0\r\n\n",
        "0\r\nx: y\n\r\n",
        "0\r\nx\0: y\r\n",
        "0\r\n\rX",
    ] {
        assert!(decode(input.as_bytes(), &[]).is_err(), "{input:?}");
    }
}

#[test]
fn extensions_and_trailers_are_bounded_over_the_whole_body() {
    let extended = |count: u32| "1;xxxxxxx\r\na\r\n".repeat(count as usize);
    assert!(decode(extended(CHUNK_EXTENSION_BYTES_MAX / 8).as_bytes(), &[]).is_ok());
    assert!(decode(extended(CHUNK_EXTENSION_BYTES_MAX / 8 + 1).as_bytes(), &[]).is_err());
    let trailed = |count: u32| format!("0\r\n{}", "x: y\r\n".repeat(count as usize));
    assert!(decode(trailed(TRAILER_BYTES_MAX / 4).as_bytes(), &[]).is_ok());
    assert!(decode(trailed(TRAILER_BYTES_MAX / 4 + 1).as_bytes(), &[]).is_err());
}

proptest! {
    #[test]
    fn any_division_gives_the_same_body(
        chunks in prop::collection::vec(prop::collection::vec(any::<u8>(), 1..40), 0..8),
        surplus in 0_usize..5,
        cuts in prop::collection::vec(any::<prop::sample::Index>(), 0..12),
    ) {
        let mut input = Vec::new();
        for chunk in &chunks {
            input.extend_from_slice(format!("{:X} ;e=\"1\"\r\n", chunk.len()).as_bytes());
            input.extend_from_slice(chunk);
            input.extend_from_slice(b"\r\n");
        }
        input.extend_from_slice(b"0\r\nt: v\r\n\r\n");
        let end = input.len();
        input.extend(vec![b'Z'; surplus]);
        let mut cuts: Vec<_> = cuts.iter().map(|cut| cut.index(end)).collect();
        cuts.sort_unstable();
        prop_assert_eq!(decode(&input, &cuts), Ok((chunks.concat(), Some(surplus))));
    }

    #[test]
    fn no_input_upsets_the_decoder(input in prop::collection::vec(any::<u8>(), 0..64)) {
        let _ = decode(&input, &[]);
    }
}
