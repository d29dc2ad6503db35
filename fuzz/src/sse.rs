//! Event streams: any cutting gives the same frames, their raws are the input, and their events are
//! those of the simplest parser of the standard (WHATWG HTML, section 9.2).

use bytes::Bytes;
use dialect::sse::{Frame, FrameKind, SseSplitter};

/// A name, if it has one, and data.
type Event = (Option<Vec<u8>>, Vec<u8>);

/// The first two bytes say how the rest is cut, and whether events are bounded tightly.
pub fn check(data: &[u8]) {
    let [cut, bound, input @ ..] = data else {
        return;
    };
    let bound = if bound % 4 == 0 { usize::from(*bound) + 1 } else { 1 << 20 };
    let (whole, fits) = split(input, input.len().max(1), 1, bound);
    for (step, grow) in [(usize::from(cut % 31) + 1, 0), (1, 0), (1, 1)] {
        let (pieces, also) = split(input, step, grow, bound);
        assert_eq!((&whole, fits), (&pieces, also), "how a stream is cut makes a difference");
    }
    let joined: Vec<u8> = whole.iter().flat_map(|frame| frame.raw.to_vec()).collect();
    if fits {
        assert_eq!(joined, input, "a byte is lost or added");
        assert_eq!(events(&whole), naive(input));
    } else {
        assert!(input.starts_with(&joined));
    }
    for frame in &whole {
        assert!(!frame.raw.is_empty() && frame.raw.len() <= bound);
    }
}

/// The frames, and whether the stream could be split to its end.
fn split(input: &[u8], mut step: usize, grow: usize, bound: usize) -> (Vec<Frame>, bool) {
    let (mut splitter, mut frames, mut rest) = (SseSplitter::new(bound), Vec::new(), input);
    while !rest.is_empty() {
        let (piece, after) = rest.split_at(step.min(rest.len()));
        splitter.push(Bytes::copy_from_slice(piece));
        (rest, step) = (after, step + grow);
        loop {
            match splitter.next_frame() {
                Ok(Some(frame)) => frames.push(frame),
                Ok(None) => break,
                Err(_) => return (frames, false),
            }
        }
    }
    frames.extend(splitter.finish());
    (frames, true)
}

fn events(frames: &[Frame]) -> Vec<Event> {
    let event = |frame: &Frame| match &frame.kind {
        FrameKind::Event { event, data } => Some((event.as_ref().map(|name| name.to_vec()), data.to_vec())),
        FrameKind::Comment | FrameKind::Blank => None,
    };
    frames.iter().filter_map(event).collect()
}

/// A stream that ends within an event gives it out, as clients of providers do.
fn naive(input: &[u8]) -> Vec<Event> {
    let input = input.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(input);
    let (mut found, mut name, mut data) = (Vec::new(), Vec::new(), None::<Vec<u8>>);
    let mut rest = input;
    while !rest.is_empty() {
        let end = rest.iter().position(|byte| matches!(byte, b'\r' | b'\n')).unwrap_or(rest.len());
        let (line, after) = rest.split_at(end);
        rest = after.strip_prefix(b"\r\n").or_else(|| after.get(1..)).unwrap_or_default();
        let colon = line.iter().position(|byte| *byte == b':');
        let (field, value) = colon.map_or((line, &b""[..]), |at| (&line[..at], &line[at + 1..]));
        let value = value.strip_prefix(b" ").unwrap_or(value);
        match field {
            b"" if colon.is_none() => {
                let name = std::mem::take(&mut name);
                found.extend(data.take().map(|data| (Some(name).filter(|name| !name.is_empty()), data)));
            }
            b"data" => match &mut data {
                Some(data) => {
                    data.push(b'\n');
                    data.extend_from_slice(value);
                }
                None => data = Some(value.to_vec()),
            },
            b"event" => name = value.to_vec(),
            _ => {}
        }
    }
    found.extend(data.map(|data| (Some(name).filter(|name| !name.is_empty()), data)));
    found
}
