use super::*;
use proptest::prelude::*;

fn split(chunks: &[&[u8]], max: usize) -> Result<Vec<Frame>, SseError> {
    let mut splitter = SseSplitter::new(max);
    let mut frames = Vec::new();
    for chunk in chunks {
        splitter.push(Bytes::copy_from_slice(chunk));
        while let Some(frame) = splitter.next_frame()? {
            frames.push(frame);
        }
    }
    frames.extend(splitter.finish());
    Ok(frames)
}

fn shown(input: &str) -> Vec<String> {
    let frames = split(&[input.as_bytes()], 1 << 20).unwrap();
    let show = |frame: Frame| match frame.kind {
        FrameKind::Comment => "comment".to_owned(),
        FrameKind::Blank => "blank".to_owned(),
        FrameKind::Event { event, data } => {
            let name =
                event.map(|name| String::from_utf8_lossy(&name).into_owned() + "=").unwrap_or_default();
            name + &String::from_utf8_lossy(&data)
        }
    };
    frames.into_iter().map(show).collect()
}

#[test]
fn documented_streams() {
    for (input, expected) in [
        ("data: {}\n\ndata: [DONE]\n\n", vec!["{}", "[DONE]"]),
        ("data: a\r\n\r\ndata: b\r\n\r\n", vec!["a", "b"]),
        ("data: a\r\rdata: b\r\r", vec!["a", "b"]),
        (": keep-alive\n\ndata:a\n\n", vec!["comment", "blank", "a"]),
        ("\n\n\r\n", vec!["blank", "blank", "blank"]),
        ("event: x\ndata: a\ndata: b\nid: 1\n\n", vec!["x=a\nb"]),
        ("data: a\n: note\ndata:  b\n\n", vec!["a\n b"]),
        ("data\n\n", vec![""]),
        ("event: ping\n\n", vec!["comment"]),
        ("database: 1\n\n", vec!["comment"]),
        ("\u{feff}data: a\n\n\u{feff}data: b\n\n", vec!["a", "comment"]),
        ("data: a\n\ndata: cut", vec!["a", "cut"]),
        ("data: cut\r", vec!["cut"]),
        ("data: a\n\r", vec!["a"]),
        ("\r", vec!["blank"]),
        (": x\r", vec!["comment"]),
        ("", vec![]),
    ] {
        assert_eq!(shown(input), expected, "{input:?}");
    }
}

#[test]
fn an_event_in_one_chunk_is_not_copied() {
    let chunk = Bytes::from_static(b"data: one\n\ndata: two\n\n");
    let mut splitter = SseSplitter::new(64);
    splitter.push(chunk.clone());
    let frame = splitter.next_frame().unwrap().unwrap();
    assert_eq!(frame.raw.as_ptr(), chunk.as_ptr());
    let FrameKind::Event { data, .. } = frame.kind else { panic!("{frame:?}") };
    assert_eq!(data.as_ptr(), chunk[6..].as_ptr());
}

#[test]
fn events_are_bounded_however_they_come() {
    let event = b"data: 3456789\n\n";
    assert!(split(&[event], event.len()).is_ok());
    assert_eq!(split(&[event], event.len() - 1), Err(SseError::TooLong(14)));
    let halves = event.split_at(7);
    assert_eq!(split(&[halves.0, halves.1], 14), Err(SseError::TooLong(14)));
    let mut splitter = SseSplitter::new(10);
    splitter.push(Bytes::from_static(b"data: never ends"));
    assert!(splitter.next_frame().is_err());
}

proptest! {
    #[test]
    fn any_chunking_gives_the_same_frames(
        lines in proptest::collection::vec(
            prop_oneof![
                Just(""), Just(""), Just(": c"), Just("data: {\"a\":1}"), Just("data:x"), Just("data"), Just("event: e"),
                Just("id: 7"), Just("\u{feff}data: b"), Just("junk"), Just("data: \u{4e2d}"),
            ],
            0..24,
        ),
        ends in proptest::collection::vec(prop_oneof![Just("\n"), Just("\r\n"), Just("\r")], 24),
        cuts in proptest::collection::vec(any::<proptest::sample::Index>(), 0..8),
        max in prop_oneof![Just(1_usize << 16), 8_usize..40],
        tail in prop_oneof![Just(""), Just("data: t")],
    ) {
        let mut input: String = lines.iter().zip(&ends).map(|(line, end)| format!("{line}{end}")).collect();
        input.push_str(tail);
        let bytes = input.as_bytes();
        let whole = split(&[bytes], max);
        let mut at: Vec<usize> = cuts.iter().map(|cut| cut.index(bytes.len() + 1)).collect();
        at.extend([0, bytes.len()]);
        at.sort_unstable();
        let pieces: Vec<&[u8]> = at.windows(2).map(|pair| &bytes[pair[0]..pair[1]]).collect();
        prop_assert_eq!(&split(&pieces, max), &whole);
        let single: Vec<&[u8]> = bytes.chunks(1).collect();
        prop_assert_eq!(&split(&single, max), &whole);
        if let Ok(frames) = whole {
            let joined: Vec<u8> = frames.iter().flat_map(|frame| frame.raw.to_vec()).collect();
            prop_assert_eq!(joined, bytes);
        }
    }
}
