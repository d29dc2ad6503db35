//! How many tokens a prompt has, for clients that ask before they send it. Nobody is asked: it is the
//! estimate that limits are held by too, and the answer says so.

use super::Worker;
use super::exchange::{Inbound, Outbound};
use super::run::looked_at;
use super::running::Caller;
use super::story::{Ended, Story};
use crate::base::{Refusal, Trouble};
use crate::catalog::Dialect;
use crate::routing::plan::found;
use dialect::json::{JsonError, Kind, Reader};
use http::StatusCode;
use ledger::Usage;
use ledger::entry::UsageOrigin;
use serde_json::{Value, json};
use std::rc::Rc;

/// Bytes of text that count as one token.
const TOKEN_BYTES: u64 = 4;
/// Tokens that an image, a document or a recording counts as.
const MEDIUM_TOKENS: u64 = 1_500;
/// What is said of the count.
const NOTICE: &str = "estimated: four bytes of text are a token, an image or file is 1500";

/// Answers a question for the tokens of a request in `dialect`.
///
/// # Errors
/// None: whatever goes wrong is told in the answer.
pub async fn count(
    worker: Rc<Worker>,
    inbound: Inbound,
    caller: Caller,
    dialect: Dialect,
) -> Result<Outbound, Trouble> {
    let mut story = Box::new(Story::begin(worker, &inbound, caller, dialect));
    Ok(match tokens(&mut story, &inbound) {
        Ok(tokens) => {
            let nothing =
                Ended { status: 200, code: "", usage: Usage::default(), origin: UsageOrigin::Nothing };
            story.end(&nothing);
            let mut answer = Outbound::json(StatusCode::OK, &told(dialect, tokens));
            answer.set("x-keyway-notice", NOTICE);
            answer
        }
        Err(refusal) => story.refuse(refusal.into()),
    })
}

fn tokens(story: &mut Story, inbound: &Inbound) -> Result<u64, Refusal> {
    let peek = looked_at(story.dialect, inbound)?;
    story.model_asked = peek.model.clone().into_owned();
    found(&story.worker.shared.catalog.load(), &story.grant, &peek.model)?;
    let mut sum = Sum::default();
    if let Some(mut reader) = Reader::of_bytes(&inbound.body) {
        // What is not JSON has been refused.
        let _ = sum.value(&mut reader, b"");
    }
    Ok(sum.text_bytes.div_ceil(TOKEN_BYTES).saturating_add(sum.media.saturating_mul(MEDIUM_TOKENS)))
}

fn told(dialect: Dialect, tokens: u64) -> Value {
    match dialect {
        Dialect::Gemini => json!({ "totalTokens": tokens }),
        Dialect::OpenaiResponses => json!({ "object": "response.input_tokens", "input_tokens": tokens }),
        _ => json!({ "input_tokens": tokens }),
    }
}

/// What a request holds.
#[derive(Default)]
struct Sum {
    /// Of keys and strings, in UTF-8.
    text_bytes: u64,
    /// Bytes of images and files that stand in it.
    media: u64,
}

impl Sum {
    fn value(&mut self, reader: &mut Reader<'_>, key: &[u8]) -> Result<(), JsonError> {
        match reader.kind()? {
            Kind::Object => reader.object(|reader, member| {
                self.text_bytes += member.key.len() as u64;
                self.value(reader, member.key)
            }),
            Kind::Array => reader.array(|reader| self.value(reader, key)),
            Kind::Text => {
                let text = reader.text()?;
                let is_medium = matches!(key, b"data" | b"file_data") || text.raw().starts_with(b"data:");
                match is_medium {
                    true => self.media += 1,
                    false => self.text_bytes += text.bytes() as u64,
                }
                Ok(())
            }
            _ => reader.ignore(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_counted_and_files_are_not() {
        let table = [
            ("{}", 0, 0),
            (r#"{"messages":[{"role":"user","content":"hello"}]}"#, 8 + 4 + 4 + 7 + 5, 0),
            (r#"{"source":{"type":"base64","data":"AAAA"}}"#, 6 + 4 + 6 + 4, 1),
            (r#"{"url":"data:image/png;base64,AAAA"}"#, 3, 1),
            (r#"{"n":1,"b":true,"x":null}"#, 3, 0),
        ];
        for (body, text_bytes, media) in table {
            let mut sum = Sum::default();
            sum.value(&mut Reader::new(body), b"").unwrap();
            assert_eq!((sum.text_bytes, sum.media), (text_bytes, media), "{body}");
        }
    }
}
