//! Requests whose address names the model (Gemini), or that may leave it out: the body says the rest.

use super::{CHOICES_MAX, Found, OUTPUT_CAP_MAX, Peek, PeekError, empty, integer, twice};
use crate::json::{Kind, Reader};
use std::borrow::Cow;

/// Reads the top level of a request for `model` that its body does not name; `stream` is said by the
/// address too. Of Gemini's `generationConfig`, cap and number of answers are read, in both spellings.
///
/// # Errors
/// A body that is not one strict JSON object in UTF-8, nested too deeply, or whose cap, number of answers
/// or `keyway` is doubled or of the wrong type.
pub fn peek_in_path<'a>(body: &'a [u8], model: &'a str, stream: bool) -> Result<Peek<'a>, PeekError> {
    let Some(mut reader) = Reader::of_bytes(body) else {
        return Err(PeekError { param: None, message: "The body is not valid UTF-8.".into() });
    };
    if reader.kind()? != Kind::Object {
        return Err(PeekError { param: None, message: "The body must be a JSON object.".into() });
    }
    let mut found = Found { body, seen: 0, model: None, peek: empty() };
    let (mut keyway, mut config) = (false, false);
    reader.object(|reader, member| match member.key {
        b"keyway" if std::mem::replace(&mut keyway, true) => Err(twice(Some("keyway"))),
        b"keyway" => found.keyway(reader, member.at),
        b"generationConfig" | b"generation_config" if std::mem::replace(&mut config, true) => {
            Err(twice(Some("generationConfig")))
        }
        b"generationConfig" | b"generation_config" => generation(reader, &mut found.peek),
        b"tools" => {
            let list = reader.raw()?;
            found.peek.has_tools = list.len() > 2;
            Ok(())
        }
        _ => Ok(reader.ignore()?),
    })?;
    reader.end()?;
    Ok(Peek { model: Cow::Borrowed(model), stream, ..found.peek })
}

fn generation(reader: &mut Reader<'_>, peek: &mut Peek<'_>) -> Result<(), PeekError> {
    if reader.kind()? != Kind::Object {
        return Ok(reader.ignore()?);
    }
    reader.object(|reader, member| match member.key {
        b"maxOutputTokens" | b"max_output_tokens" => {
            let (cap, _) = integer(reader, "maxOutputTokens", OUTPUT_CAP_MAX)?;
            peek.output_cap = peek.output_cap.max(cap);
            Ok(())
        }
        b"candidateCount" | b"candidate_count" => {
            let (n, _) = integer(reader, "candidateCount", u64::from(CHOICES_MAX))?;
            peek.n = n.and_then(|n| u32::try_from(n).ok()).unwrap_or(1);
            Ok(())
        }
        _ => Ok(reader.ignore()?),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_address_does_not_say() {
        let body =
            br#"{"contents":[],"generationConfig":{"maxOutputTokens":9,"candidateCount":2},"keyway":{}}"#;
        let peek = peek_in_path(body, "m", true).unwrap();
        assert_eq!((&*peek.model, peek.stream, peek.output_cap, peek.n), ("m", true, Some(9), 2));
        assert!(peek.keyway.is_some() && peek.spans.model.is_empty());
        let snake = br#"{"generation_config":{"max_output_tokens":7},"model":"ignored"}"#;
        assert_eq!(peek_in_path(snake, "m", false).unwrap().output_cap, Some(7));
        for bad in [
            &b"[]"[..],
            b"{",
            b"{}x",
            b"\xff",
            br#"{"generationConfig":{"maxOutputTokens":0}}"#,
            br#"{"generationConfig":{},"generation_config":{}}"#,
            br#"{"keyway":{},"keyway":{}}"#,
        ] {
            assert!(peek_in_path(bad, "m", false).is_err(), "{}", String::from_utf8_lossy(bad));
        }
    }
}
