//! Gemini's requests: the model and whether it is a stream stand in the path, the cap in an object.

use super::{CHOICES_MAX, Config, Found, OUTPUT_CAP_MAX, Peek, PeekError, empty, integer, lists_some, walk};
use super::{Cap, wrong};
use crate::hub::Asked;
use crate::json::{Kind, Reader};
use std::borrow::Cow;

/// The cap's two spellings, of which the one the body has is told.
const CAPS: [&str; 2] = ["maxOutputTokens", "max_output_tokens"];

pub(super) fn peek<'a>(body: &'a [u8], asked: Asked<'a>) -> Result<Peek<'a>, PeekError> {
    let Some(model) = asked.model.filter(|model| !model.is_empty()) else {
        return wrong("model", "in the path");
    };
    let mut found = Found { body, seen: 0, model: None, peek: empty() };
    let mut members = 0;
    let mut inside = 0;
    walk(body, |reader| {
        inside = reader.at() + 1;
        reader.object(|reader, member| {
            members += 1;
            match member.key {
                b"generationConfig" | b"generation_config" => config(reader, &mut found.peek),
                b"tools" => {
                    found.peek.has_tools |= lists_some(reader.raw()?);
                    Ok(())
                }
                b"keyway" => {
                    found.once(INTERPRETED_KEYWAY)?;
                    found.keyway(reader, member.at)
                }
                _ => Ok(reader.ignore()?),
            }
        })
    })?;
    let mut peek = found.peek;
    peek.model = Cow::Borrowed(model);
    peek.stream = asked.stream;
    peek.spans.config.get_or_insert_with(|| Box::new(Config { inside, empty: members == 0, missing: true }));
    Ok(peek)
}

/// The place of `keyway` among what is interpreted.
const INTERPRETED_KEYWAY: usize = super::Name::Keyway as usize;

fn config(reader: &mut Reader<'_>, peek: &mut Peek<'_>) -> Result<(), PeekError> {
    if peek.spans.config.is_some() {
        return Err(super::twice(Some("generationConfig")));
    }
    if reader.kind()? != Kind::Object {
        return wrong("generationConfig", "an object");
    }
    let inside = reader.at() + 1;
    let mut empty = true;
    reader.object(|reader, member| {
        empty = false;
        if let Some(name) = CAPS.into_iter().find(|name| name.as_bytes() == member.key) {
            let (tokens, at) = integer(reader, name, OUTPUT_CAP_MAX)?;
            let key = member.at;
            if peek.spans.caps.first().is_some_and(Option::is_some) {
                return Err(super::twice(Some(name)));
            }
            peek.output_cap = tokens;
            peek.spans.caps = [Some(Cap { name, key, at, tokens }), None];
            return Ok(());
        }
        if matches!(member.key, b"candidateCount" | b"candidate_count") {
            let (n, _) = integer(reader, "candidateCount", u64::from(CHOICES_MAX))?;
            peek.n = n.and_then(|n| u32::try_from(n).ok()).unwrap_or(1);
            return Ok(());
        }
        Ok::<(), PeekError>(reader.ignore()?)
    })?;
    peek.spans.config = Some(Box::new(Config { inside, empty, missing: false }));
    Ok(())
}
