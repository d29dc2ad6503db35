//! Answers that are images, speech or what was heard: what the meter needs of them. Sound itself is not
//! looked at.

use crate::event::UpstreamMessage;
use crate::json::{JsonError, Kind, Reader};
use crate::meter::{Ending, Seen};
use crate::openai_chat::error;
use crate::openai_chat::usage::{Report, UsageRule, read};

/// Reads one answer.
#[derive(Debug, Default)]
pub struct Media {
    /// What it used, where it says so: tokens, images in it, seconds heard.
    pub report: Option<Report>,
    /// What the provider said when it failed.
    pub failure: Option<Box<UpstreamMessage>>,
    /// Its last word was read.
    complete: bool,
}

/// What one object says.
#[derive(Default)]
struct Said {
    report: Option<Report>,
    units: u64,
    error: bool,
    ends: bool,
}

impl Media {
    /// Reads a finished answer. One that is not JSON is text.
    pub fn see_whole(&mut self, body: &[u8]) -> Seen {
        self.complete = true;
        let Ok(said) = object(body) else {
            return Seen { malformed: true, ..Seen::default() };
        };
        self.take(&said);
        if said.error {
            self.failure = Some(Box::new(error::parse(200, body)));
        }
        Seen { usage: said.report.is_some(), failed: said.error, ..Seen::default() }
    }

    /// Reads the data of one event of a stream.
    pub fn see(&mut self, data: &[u8]) -> Seen {
        if data.trim_ascii() == b"[DONE]" {
            self.complete = true;
            return Seen { done: true, ..Seen::default() };
        }
        let Ok(said) = object(data) else {
            return Seen { malformed: true, ..Seen::default() };
        };
        if said.error {
            self.failure = Some(Box::new(error::parse(200, data)));
            return Seen { failed: true, ..Seen::default() };
        }
        self.take(&said);
        self.complete |= said.ends;
        Seen { progress: true, usage: said.report.is_some(), ..Seen::default() }
    }

    /// Each image of a stream has its own report.
    fn take(&mut self, said: &Said) {
        if said.report.is_none() && said.units == 0 {
            return;
        }
        let report = self.report.get_or_insert_default();
        if let Some(said) = &said.report {
            let (old, new) = (report.usage.by_class(), said.usage.by_class());
            let sums = std::array::from_fn(|at| old[at].saturating_add(new[at]));
            report.usage = ledger::Usage::from_classes(sums);
            report.anomaly = report.anomaly.or(said.anomaly);
        }
        report.usage.units = report.usage.units.saturating_add(said.units);
    }

    /// Whether the answer would be complete if nothing more came.
    #[must_use]
    pub fn ending(&self) -> Ending {
        match (&self.failure, self.complete) {
            (Some(_), _) => Ending::Failed,
            (None, true) => Ending::Complete,
            (None, false) => Ending::Cut,
        }
    }
}

fn object(body: &[u8]) -> Result<Said, JsonError> {
    let mut said = Said::default();
    let mut reader = Reader::of_bytes(body).unwrap_or_else(|| Reader::new(""));
    reader.object(|reader, member| match member.key {
        b"usage" => {
            let units = seconds_of(*reader)?;
            said.units = if units > 0 { units } else { said.units };
            said.report = read(reader, UsageRule::default())?;
            Ok(())
        }
        // What was heard, in the verbose form.
        b"duration" if said.units == 0 => whole_up(reader).map(|seconds| said.units = seconds),
        b"data" if reader.kind()? == Kind::Array => {
            let mut images = 0;
            reader.array(|reader| {
                images += 1;
                reader.ignore()
            })?;
            said.units = images;
            Ok(())
        }
        b"type" => {
            let kind = reader.text_or_skip()?.and_then(|kind| kind.exact()).unwrap_or_default();
            said.ends = kind.ends_with(".done") || kind.ends_with(".completed");
            said.units += u64::from(kind == "image_generation.completed");
            said.error |= kind == "error";
            Ok(())
        }
        b"error" => {
            said.error |= reader.kind()? != Kind::Null;
            reader.ignore()
        }
        _ => reader.ignore(),
    })?;
    reader.end().map(|()| said)
}

/// `seconds` of a usage that is billed by time.
fn seconds_of(mut reader: Reader<'_>) -> Result<u64, JsonError> {
    let mut seconds = 0;
    if reader.kind()? == Kind::Object {
        reader.object(|reader, member| match member.key {
            b"seconds" => whole_up(reader).map(|found| seconds = found),
            _ => reader.ignore(),
        })?;
    }
    Ok(seconds)
}

/// A number, or one in quotes, rounded up to a whole one; 0 for what is none.
fn whole_up(reader: &mut Reader<'_>) -> Result<u64, JsonError> {
    let raw = reader.raw()?;
    let text = std::str::from_utf8(raw).unwrap_or_default().trim_matches('"');
    let (whole, rest) = text.split_once('.').unwrap_or((text, ""));
    let digits = rest.bytes().all(|byte| byte.is_ascii_digit());
    let up = u64::from(rest.bytes().any(|byte| byte != b'0'));
    Ok(whole.parse::<u64>().ok().filter(|_| digits).map_or(0, |whole| whole.saturating_add(up)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use ledger::Usage;

    #[test]
    fn finished_answers() {
        let none = Usage::default();
        for (body, expected) in [
            (r#"{"created":1,"data":[{"b64_json":"x"},{"b64_json":"y"}]}"#, Some(Usage { units: 2, ..none })),
            (
                r#"{"data":[{}],"usage":{"input_tokens":50,"output_tokens":40,"total_tokens":90,"input_tokens_details":{"text_tokens":10,"image_tokens":40}}}"#,
                Some(Usage { in_uncached: 10, in_image: 40, out_text: 40, units: 1, ..none }),
            ),
            (r#"{"text":"hi","usage":{"type":"duration","seconds":9}}"#, Some(Usage { units: 9, ..none })),
            (r#"{"text":"hi","duration":"8.470000267"}"#, Some(Usage { units: 9, ..none })),
            (r#"{"text":"hi","duration":8.0}"#, Some(Usage { units: 8, ..none })),
            (
                r#"{"text":"hi","usage":{"type":"tokens","input_tokens":14,"input_token_details":{"text_tokens":4,"audio_tokens":10},"output_tokens":5,"total_tokens":19}}"#,
                Some(Usage { in_uncached: 4, in_audio: 10, out_text: 5, ..none }),
            ),
            (r#"{"text":"hi"}"#, None),
        ] {
            let mut media = Media::default();
            let seen = media.see_whole(body.as_bytes());
            assert_eq!(media.report.map(|report| report.usage), expected, "{body}");
            assert!(!seen.malformed && !seen.failed && media.ending() == Ending::Complete, "{body}");
        }
        let mut failed = Media::default();
        assert!(failed.see_whole(br#"{"error":{"message":"no"}}"#).failed);
        assert_eq!((failed.ending(), failed.failure.unwrap().message.as_str()), (Ending::Failed, "no"));
        assert!(Media::default().see_whole(b"1\n00:00:00,000 --> 00:00:01,000\nhi\n").malformed);
    }

    #[test]
    fn streams() {
        let mut heard = Media::default();
        assert!(heard.see(br#"{"type":"transcript.text.delta","delta":"hi"}"#).progress);
        assert_eq!(heard.ending(), Ending::Cut);
        let last = br#"{"type":"transcript.text.done","text":"hi","usage":{"input_tokens":3,"output_tokens":2,"total_tokens":5}}"#;
        assert!(heard.see(last).usage && heard.ending() == Ending::Complete);
        assert_eq!(heard.report.unwrap().usage.output(), 2);
        let mut images = Media::default();
        let one = br#"{"type":"image_generation.completed","b64_json":"x","usage":{"input_tokens":3,"output_tokens":20,"total_tokens":23}}"#;
        images.see(br#"{"type":"image_generation.partial_image","b64_json":"x"}"#);
        images.see(one);
        images.see(one);
        let usage = images.report.unwrap().usage;
        assert_eq!((usage.units, usage.input(), usage.output()), (2, 6, 40));
        let mut failed = Media::default();
        assert!(failed.see(br#"{"type":"error","error":{"message":"no"}}"#).failed);
        assert_eq!(failed.ending(), Ending::Failed);
        assert!(Media::default().see(b"[DONE]").done && Media::default().see(b"x").malformed);
    }
}
