//! Images, speech and transcriptions: what is counted of them besides tokens, before they are sent and where
//! their provider says nothing.

use super::exchange::Inbound;
use super::story::Story;
use crate::catalog::{Dialect, ModelKind, Target};
use dialect::form::Form;
use dialect::json::Reader;
use dialect::{Peek, PeekError};
use ledger::{Price, Usage};

/// Tokens of sound that a character is spoken in, about: a second has 15 characters, and 20 tokens.
const AUDIO_TOKENS_PER_CHARACTER: u64 = 2;
/// Tokens that a second of sound is heard in, about.
const AUDIO_TOKENS_PER_SECOND: u64 = 17;
/// Tokens of text that a second of speech has, about.
const TEXT_TOKENS_PER_SECOND: u64 = 4;
/// Bytes of a second of sound, about: 64 kbit/s.
const SECOND_BYTES: u64 = 8_000;
/// Bytes of a second of sound at the least: 6 kbit/s, the least that the Opus codec makes.
const SECOND_BYTES_MIN: u64 = 750;

/// How much a request asks for: images, characters, seconds.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Units {
    /// As far as can be seen.
    pub likely: u64,
    /// At the most.
    pub most: u64,
}

/// What a request for or of a medium says about its size.
pub struct Asked {
    /// Images, characters or seconds.
    pub units: Units,
    /// Bytes of text in it.
    pub text_bytes: u64,
    /// Its answer comes as events.
    pub stream: bool,
}

/// The form that a dialect's requests come in; `None` where they come as JSON.
///
/// # Errors
/// What is wrong with it.
pub fn form(dialect: Dialect, inbound: &Inbound) -> Result<Option<Form>, PeekError> {
    if dialect != Dialect::OpenaiTranscriptions {
        return Ok(None);
    }
    let content_type = inbound.header("content-type").unwrap_or_default();
    dialect::form::read(content_type, &inbound.body).map(Some)
}

/// Sizes a request.
#[must_use]
pub fn sized(dialect: Dialect, inbound: &Inbound, peek: &Peek<'_>, form: Option<&Form>) -> Asked {
    let exactly = |units| Units { likely: units, most: units };
    let bytes = inbound.body.len() as u64;
    match (dialect, form) {
        (Dialect::OpenaiImages, _) => {
            Asked { units: exactly(u64::from(peek.n)), text_bytes: bytes, stream: peek.stream }
        }
        (_, Some(form)) => Asked {
            units: seconds(inbound.body.get(form.file.clone()).unwrap_or_default()),
            text_bytes: form.text_bytes(&inbound.body) as u64,
            stream: form.stream,
        },
        _ => {
            let (characters, stream) = spoken(&inbound.body);
            Asked { units: exactly(characters), text_bytes: bytes, stream }
        }
    }
}

/// Characters that are to be spoken, and whether they are to come as events.
fn spoken(body: &[u8]) -> (u64, bool) {
    let (mut characters, mut events) = (0, false);
    if let Some(mut reader) = Reader::of_bytes(body) {
        // What is not JSON has been refused.
        let _ = reader.object(|reader, member| match member.key {
            b"input" => {
                let text = reader.text_or_skip()?.and_then(|text| text.exact());
                characters = text.map_or(0, |text| text.chars().count() as u64);
                Ok(())
            }
            b"stream_format" => {
                events = reader.text_or_skip()?.is_some_and(|format| format.raw() == b"sse");
                Ok(())
            }
            _ => reader.ignore(),
        });
    }
    (characters, events)
}

/// How long a recording is. A WAV file says its rate; of others there is what a codec makes.
fn seconds(file: &[u8]) -> Units {
    let bytes = file.len() as u64;
    let number = |at: usize| file.get(at..at + 4)?.try_into().ok().map(u32::from_le_bytes);
    let is_wav = file.starts_with(b"RIFF") && file.get(8..16) == Some(b"WAVEfmt ");
    match number(28).filter(|rate| is_wav && *rate > 0) {
        // A rate that is a lie makes it no longer than any codec could.
        Some(rate) => {
            let units = bytes.div_ceil(u64::from(rate).max(SECOND_BYTES_MIN));
            Units { likely: units, most: units }
        }
        None => Units { likely: bytes.div_ceil(SECOND_BYTES), most: bytes.div_ceil(SECOND_BYTES_MIN) },
    }
}

/// The price by which a target's answer of a dialect is counted: what has no rate for the medium is unpriced.
#[must_use]
pub fn price(dialect: Dialect, target: &Target, at_ms: i64) -> Option<&Price> {
    let model = target.model.as_ref()?;
    let price = model.prices.at(at_ms)?;
    let counts = match dialect {
        Dialect::OpenaiImages => model.kind == ModelKind::Image,
        Dialect::OpenaiSpeech => model.kind == ModelKind::Speech,
        Dialect::OpenaiTranscriptions => model.kind == ModelKind::Transcription,
        _ => true,
    };
    counts.then_some(price)
}

/// What a request used, by what it asked for.
#[must_use]
pub fn estimate(story: &Story, text_tokens: u64) -> Usage {
    let units = story.units.likely;
    let price = story.target().and_then(|target| price(story.dialect, target, story.started_ms));
    if price.is_some_and(|price| price.dearest_unit().is_some()) {
        // Who bills by the piece counts no tokens.
        return Usage { units, ..Usage::default() };
    }
    let used = Usage { in_uncached: text_tokens, units, ..Usage::default() };
    match story.dialect {
        Dialect::OpenaiImages => {
            let model = story.target().and_then(|target| target.model.as_ref());
            let tokens = model.and_then(|model| model.output_tokens_max).unwrap_or(0);
            Usage { out_text: tokens.saturating_mul(units), ..used }
        }
        Dialect::OpenaiSpeech => {
            Usage { out_audio: units.saturating_mul(AUDIO_TOKENS_PER_CHARACTER), ..used }
        }
        _ => Usage {
            in_audio: units.saturating_mul(AUDIO_TOKENS_PER_SECOND),
            out_text: units.saturating_mul(TEXT_TOKENS_PER_SECOND),
            ..used
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_to_be_spoken() {
        for (body, expected) in [
            (r#"{"model":"m","input":"gr\u00fc\u00df dich"}"#, (9, false)),
            (r#"{"input":"a","stream_format":"sse"}"#, (1, true)),
            (r#"{"input":["a"],"stream_format":"audio"}"#, (0, false)),
            ("{}", (0, false)),
        ] {
            assert_eq!(spoken(body.as_bytes()), expected, "{body}");
        }
    }

    #[test]
    fn how_long_a_recording_is() {
        let mut wav =
            b"RIFF\0\0\0\0WAVEfmt \x10\0\0\0\x01\0\x01\0\x80\x3e\0\0\0\x7d\0\0\x02\0\x10\0data".to_vec();
        wav.resize(3 * 32_000, 0);
        assert_eq!(seconds(&wav), Units { likely: 3, most: 3 });
        wav[28..32].copy_from_slice(&u32::MAX.to_le_bytes());
        assert_eq!(seconds(&wav).most, 1);
        wav[28..32].copy_from_slice(&1_u32.to_le_bytes());
        assert_eq!(seconds(&wav).most, 128);
        assert_eq!(seconds(&[0; 16_000]), Units { likely: 2, most: 22 });
        assert_eq!(seconds(b""), Units::default());
    }
}
