//! The one change made to a pass-through answer: a usage chunk gains what it cost.

use crate::json::{JsonError, Reader};
use bytes::Bytes;
use std::ops::Range;

/// Renders a chunk as a frame with `"keyway":{"cost_usd":...}` in it. `cost_usd` is a decimal
/// number; anything else is written as null. Data that is no JSON object is rendered as it is.
#[must_use]
pub fn with_cost(data: &[u8], cost_usd: &str) -> Bytes {
    let mut chunk = Vec::with_capacity(data.len() + cost_usd.len() + 48);
    match place(data) {
        Some(place) => {
            chunk.extend_from_slice(data.get(..place.at.start).unwrap_or_default());
            if place.comma {
                chunk.push(b',');
            }
            chunk.extend_from_slice(br#""keyway":{"cost_usd":"#);
            let cost = if is_number(cost_usd) { cost_usd } else { "null" };
            chunk.extend_from_slice(cost.as_bytes());
            chunk.push(b'}');
            chunk.extend_from_slice(data.get(place.at.end..).unwrap_or_default());
        }
        None => chunk.extend_from_slice(data),
    }
    frame(&chunk)
}

struct Place {
    at: Range<usize>,
    comma: bool,
}

/// Where the member goes: in the place of one that is there (a gateway behind this one),
/// else before the closing brace.
fn place(data: &[u8]) -> Option<Place> {
    let mut reader = Reader::of_bytes(data)?;
    let mut known = None;
    let mut any = false;
    let read = reader.object(|reader, member| {
        any = true;
        let value = reader.skip()?;
        if member.key == b"keyway" {
            known = Some(Place { at: member.at..value.end, comma: false });
        }
        Ok::<(), JsonError>(())
    });
    read.ok()?;
    let brace = reader.at().checked_sub(1)?;
    Some(known.unwrap_or(Place { at: brace..brace, comma: any }))
}

pub(super) fn is_number(text: &str) -> bool {
    let decimal = text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.' || byte == b'-');
    let mut reader = Reader::new(text);
    decimal && reader.skip().is_ok() && reader.at() == text.len()
}

/// One event; a line end within the data begins another `data` line.
pub(super) fn frame(data: &[u8]) -> Bytes {
    let mut out = Vec::with_capacity(data.len() + 8);
    for line in data.split(|byte| *byte == b'\n') {
        out.extend_from_slice(b"data: ");
        out.extend_from_slice(line);
        out.push(b'\n');
    }
    out.push(b'\n');
    Bytes::from(out)
}

#[cfg(test)]
mod tests;
