//! The trace a caller is in: `traceparent` (W3C Trace Context, section 3.2).

/// A caller's trace and span.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Context {
    /// The trace; never all zero.
    pub trace: [u8; 16],
    /// The caller's span; never all zero.
    pub span: [u8; 8],
    /// Whether the caller keeps it.
    pub sampled: bool,
}

impl Context {
    /// Reads a header; `None` when it is none. Versions to come are read as far as this one goes.
    #[must_use]
    pub fn read(text: &str) -> Option<Self> {
        let mut parts = text.split('-');
        let (version, trace, span, flags) = (parts.next()?, parts.next()?, parts.next()?, parts.next()?);
        let version: [u8; 1] = bytes(version)?;
        if version == [0xff] || (version == [0] && parts.next().is_some()) {
            return None;
        }
        let (trace, span, [flags]): ([u8; 16], [u8; 8], [u8; 1]) =
            (bytes(trace)?, bytes(span)?, bytes(flags)?);
        let zero = trace == [0; 16] || span == [0; 8];
        (!zero).then_some(Self { trace, span, sampled: flags & 1 == 1 })
    }
}

/// Lowercase hex, which is all that the header takes.
fn bytes<const N: usize>(text: &str) -> Option<[u8; N]> {
    let digit = |byte: u8| match byte {
        b'0'..=b'9' => Some(byte - b'0'),
        b'a'..=b'f' => Some(byte - b'a' + 10),
        _ => None,
    };
    if text.len() != 2 * N {
        return None;
    }
    let mut read = [0; N];
    for (byte, pair) in read.iter_mut().zip(text.as_bytes().chunks_exact(2)) {
        *byte = digit(pair[0])? << 4 | digit(pair[1])?;
    }
    Some(read)
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: &str = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";

    #[test]
    fn what_is_one_and_what_is_none() {
        let read = Context::read(GOOD).unwrap();
        assert_eq!((read.trace[0], read.span[7], read.sampled), (0x0a, 0x31, true));
        assert!(!Context::read(&GOOD.replace("-01", "-00")).unwrap().sampled);
        // A version to come, with more behind it.
        assert!(Context::read(&format!("01{}-more", &GOOD[2..])).is_some());
        for bad in [
            "",
            "00",
            &GOOD[..54],
            &format!("{GOOD}-more"),
            &format!("ff{}", &GOOD[2..]),
            &GOOD.to_uppercase(),
            &GOOD.replace("0af7651916cd43dd8448eb211c80319c", "00000000000000000000000000000000"),
            &GOOD.replace("b7ad6b7169203331", "0000000000000000"),
            &GOOD.replace("b7ad", "xyzü"),
        ] {
            assert_eq!(Context::read(bad), None, "{bad}");
        }
    }
}
