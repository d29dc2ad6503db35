//! How many tokens a prompt has, for clients that ask before they send it. A provider that speaks the client's
//! dialect is asked; without its answer it is the estimate that limits are held by too, and the answer says so.

use super::Worker;
use super::attempt::headers;
use super::exchange::{Inbound, Outbound};
use super::failures;
use super::run::looked_at;
use super::running::Caller;
use super::source::{self, Asked};
use super::stateless::stateless;
use super::story::{Ended, Story};
use super::way::{Way, counting};
use crate::base::{Fault, Trouble};
use crate::catalog::{Dialect, Target};
use crate::routing::plan::found;
use dialect::edit::{AskUsage, Wanted, rewrite_to};
use dialect::json::{JsonError, Kind, Reader};
use dialect::peek::Peek;
use http::StatusCode;
use ledger::Usage;
use ledger::entry::UsageOrigin;
use serde_json::{Value, json};
use std::pin::pin;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

/// Bytes of text that count as one token.
const TOKEN_BYTES: u64 = 4;
/// Tokens that an image, a document or a recording counts as.
const MEDIUM_TOKENS: u64 = 1_500;
/// How long a provider may take to count.
const WAIT: Duration = Duration::from_secs(10);
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
    Ok(match tokens(&mut story, &inbound).await {
        Ok((tokens, counted)) => {
            let nothing =
                Ended { status: 200, code: "", usage: Usage::default(), origin: UsageOrigin::Nothing };
            story.end(&nothing);
            let mut answer = Outbound::json(StatusCode::OK, &told(dialect, tokens));
            if !counted {
                answer.set("x-keyway-notice", NOTICE);
            }
            answer
        }
        Err(trouble) => story.refuse(trouble),
    })
}

/// The tokens, and whether the provider has counted them.
async fn tokens(story: &mut Story, inbound: &Inbound) -> Result<(u64, bool), Trouble> {
    let peek = looked_at(story.dialect, inbound)?;
    story.model_asked = peek.model.clone().into_owned();
    let target = found(&story.worker.shared.catalog.load(), &story.grant, &peek.model)?;
    if let Some(way) = counting(&target, story.dialect)
        && let Some(tokens) = Box::pin(asked(story, (inbound, &peek), &target, way)).await?
    {
        return Ok((tokens, true));
    }
    Ok((estimate(inbound), false))
}

/// What the provider counts; `None` when it does not say.
async fn asked(
    story: &mut Story,
    (inbound, peek): (&Inbound, &Peek<'_>),
    target: &Arc<Target>,
    way: Way,
) -> Result<Option<u64>, Trouble> {
    let wanted = Wanted { model: &target.upstream, usage: AskUsage::Leave, output_cap: None, set: &[] };
    let mut body = rewrite_to(&inbound.body, peek, &wanted);
    if way.dialect == Dialect::OpenaiResponses {
        body = stateless(&body)?;
    }
    if !story.choose(target) {
        return Ok(None);
    }
    story.admit()?;
    story.way = Some(way.clone());
    story.send_to(target).await?;
    let began = story.now_mono_ms();
    let Some(upstream) = story.upstream() else { return Ok(None) };
    let shared = &story.worker.shared;
    let headers = headers(&way, inbound, true);
    let ask = Asked {
        way: &way,
        headers: &headers,
        body,
        stream: false,
        request: inbound.request,
        left_ms: u64::MAX,
    };
    let lanes = &story.worker.lanes;
    let (status, said) = {
        let asking = async {
            let mut answer =
                source::ask(story.permission()?, lanes, upstream, ask, &shared.at.clock).await.ok();
            let said = match &mut answer {
                Some(answer) if answer.status == 200 => failures::read_some(&mut answer.bytes).await,
                _ => Vec::new(),
            };
            Ok::<_, Fault>((answer.map_or(0, |answer| answer.status), said))
        };
        let asking = pin!(tokio::time::timeout(WAIT, asking));
        story.unless_cut(asking).await?.unwrap_or(Ok((0, Vec::new())))?
    };
    let count = counted(&said);
    story.tried(began, status, if count.is_some() { "ok" } else { "status" }, true);
    Ok(count)
}

/// The figure in an answer of any of the dialects.
fn counted(body: &[u8]) -> Option<u64> {
    let said: Value = serde_json::from_slice(body).ok()?;
    said.get("input_tokens").or_else(|| said.get("totalTokens"))?.as_u64()
}

fn estimate(inbound: &Inbound) -> u64 {
    let mut sum = Sum::default();
    if let Some(mut reader) = Reader::of_bytes(&inbound.body) {
        // What is not JSON has been refused.
        let _ = sum.value(&mut reader, b"");
    }
    sum.text_bytes.div_ceil(TOKEN_BYTES).saturating_add(sum.media.saturating_mul(MEDIUM_TOKENS))
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
