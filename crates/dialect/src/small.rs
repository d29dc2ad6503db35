//! Finished answers of embeddings, rerank and moderations: what the meter needs of them.

use crate::event::UpstreamMessage;
use crate::json::{JsonError, Kind, Reader, whole_number};
use crate::openai_chat::error;
use crate::openai_chat::usage::{Report, UsageRule, read};
use ledger::Usage;

/// What an answer says.
#[derive(Debug, Default)]
pub struct Small {
    /// What it used, where it says so.
    pub report: Option<Report>,
    /// What went wrong, when it is an error under a 200.
    pub failure: Option<Box<UpstreamMessage>>,
    /// It is no JSON object.
    pub malformed: bool,
}

/// Reads a finished answer: OpenAI's `usage`, Google's `usageMetadata`, or Cohere's `meta` (`billed_units`,
/// else `tokens`).
#[must_use]
pub fn see(body: &[u8]) -> Small {
    let mut small = Small::default();
    let mut error = false;
    let mut answered = false;
    let read = Reader::of_bytes(body).ok_or(()).and_then(|mut reader| {
        let members = reader.object(|reader, member| match member.key {
            b"usage" => {
                small.report = read(reader, UsageRule::default())?.or(small.report);
                Ok(())
            }
            b"meta" => {
                small.report = small.report.or(meta(reader)?);
                Ok(())
            }
            b"usageMetadata" => {
                small.report = google(reader)?.or(small.report);
                Ok(())
            }
            b"error" => {
                error = reader.kind()? != Kind::Null;
                reader.ignore()
            }
            key => {
                answered |= matches!(key, b"data" | b"results" | b"embeddings" | b"embedding");
                reader.ignore()
            }
        });
        members.and_then(|()| reader.end()).map_err(|_: JsonError| ())
    });
    small.malformed = read.is_err();
    if small.malformed || error && !answered {
        small.failure = Some(Box::new(error::parse(200, body)));
    }
    small
}

/// Google's count.
fn google(reader: &mut Reader<'_>) -> Result<Option<Report>, JsonError> {
    let mut found = None;
    if reader.kind()? != Kind::Object {
        return reader.ignore().map(|()| None);
    }
    reader.object(|reader, member| match member.key {
        b"promptTokenCount" => {
            let usage =
                whole_number(reader.raw()?).map(|count| Usage { in_uncached: count, ..Usage::default() });
            found = usage.map(|usage| Report { usage, ..Report::default() });
            Ok(())
        }
        _ => reader.ignore(),
    })?;
    Ok(found)
}

/// Cohere's count.
fn meta(reader: &mut Reader<'_>) -> Result<Option<Report>, JsonError> {
    let (mut billed, mut tokens) = (None, None);
    if reader.kind()? != Kind::Object {
        return reader.ignore().map(|()| None);
    }
    reader.object(|reader, member| match member.key {
        b"billed_units" => counts(reader).map(|read| billed = read),
        b"tokens" => counts(reader).map(|read| tokens = read),
        _ => reader.ignore(),
    })?;
    Ok(billed.or(tokens))
}

fn counts(reader: &mut Reader<'_>) -> Result<Option<Report>, JsonError> {
    if reader.kind()? != Kind::Object {
        return reader.ignore().map(|()| None);
    }
    let mut usage = None::<Usage>;
    reader.object(|reader, member| {
        let slot = |usage: &mut Usage, key: &[u8], count| match key {
            b"input_tokens" => usage.in_uncached = count,
            b"search_units" => usage.units = count,
            _ => usage.out_text = count,
        };
        match member.key {
            key @ (b"input_tokens" | b"output_tokens" | b"search_units") => {
                if let Some(count) = whole_number(reader.raw()?) {
                    slot(usage.get_or_insert_default(), key, count);
                }
                Ok(())
            }
            _ => reader.ignore(),
        }
    })?;
    Ok(usage.map(|usage| Report { usage, ..Report::default() }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn usage_wherever_it_stands() {
        let table = [
            (r#"{"data":[],"usage":{"prompt_tokens":7,"total_tokens":7}}"#, Some(7)),
            (r#"{"results":[],"meta":{"billed_units":{"search_units":1}}}"#, Some(0)),
            (r#"{"embeddings":[],"usageMetadata":{"promptTokenCount":6}}"#, Some(6)),
            (r#"{"data":[],"usage":{"total_tokens":8}}"#, Some(8)),
            (
                r#"{"results":[],"meta":{"billed_units":{"input_tokens":5},"tokens":{"input_tokens":9}}}"#,
                Some(5),
            ),
            (r#"{"results":[],"meta":{"tokens":{"input_tokens":9}}}"#, Some(9)),
            (r#"{"results":[],"meta":null,"usage":null}"#, None),
            (r#"{"results":[{"error":1}]}"#, None),
        ];
        for (body, input) in table {
            let small = see(body.as_bytes());
            assert_eq!(small.report.map(|report| report.usage.input()), input, "{body}");
            assert!(!small.malformed && small.failure.is_none(), "{body}");
        }
    }

    #[test]
    fn what_is_no_answer() {
        assert!(see(br#"{"error":{"message":"no"}}"#).failure.is_some_and(|said| said.message == "no"));
        assert!(see(br#"{"error":null,"data":[]}"#).failure.is_none());
        for bad in ["", "[]", "{", "<html>", "{}x"] {
            assert!(see(bad.as_bytes()).malformed, "{bad}");
        }
    }
}
