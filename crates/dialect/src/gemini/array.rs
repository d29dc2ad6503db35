//! A stream as one JSON array, which is what this dialect's streams are without `alt=sse`.

/// Turns server-sent events, each of one line of data, into elements of an array.
#[derive(Debug, Default)]
pub struct Array {
    begun: bool,
}

impl Array {
    /// Adds whole events to `out`. What is no data, such as a sign of life, becomes white space.
    pub fn push(&mut self, events: &[u8], out: &mut Vec<u8>) {
        for line in events.split(|byte| *byte == b'\n').filter(|line| !line.trim_ascii().is_empty()) {
            match line.strip_prefix(b"data:") {
                Some(data) => {
                    out.extend_from_slice(if std::mem::replace(&mut self.begun, true) {
                        b",\n"
                    } else {
                        b"["
                    });
                    out.extend_from_slice(data.trim_ascii());
                }
                None => out.push(b'\n'),
            }
        }
    }

    /// Ends the array; nothing may follow.
    pub fn end(&mut self, out: &mut Vec<u8>) {
        out.extend_from_slice(if std::mem::replace(&mut self.begun, true) { b"]" } else { b"[]" });
    }
}
