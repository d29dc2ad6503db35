//! What a request asks for, in one form: the same question of the same tenant has the same digest, however
//! its members are ordered and spaced.

use super::keep::Keeping;
use super::replay::Kept;
use super::{Again, Key, Reply, Tenant};
use crate::access::policy::CacheMode;
use crate::access::rules::Rules;
use crate::base::Trouble;
use crate::catalog::Dialect;
use crate::relay::crossing::Source;
use crate::relay::extension::{BudgetMode, CacheWish, X_KEYWAY_ON_LOSS};
use crate::relay::run::X_KEYWAY_ROUTE;
use crate::relay::story::Story;
use crate::routing::Plan;
use dialect::json::{JsonError, Kind, Reader};
use sha2::{Digest as _, Sha256};
use std::ops::Range;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::Ordering;

/// Longest request whose answer is kept, bytes.
const ASKED_BYTES_MAX: usize = 1024 * 1024;

/// Header fields of a client's that decide the answer.
const DECIDING: [&str; 4] = ["anthropic-version", "anthropic-beta", X_KEYWAY_ON_LOSS, X_KEYWAY_ROUTE];

/// A question whose answer may be kept.
pub struct Asked {
    pub(super) key: Key,
    ttl_ms: i64,
}

impl Story {
    /// The kept answer to the request, if it may be given one and there is one; else notes that the answer
    /// is to be kept, if it may be.
    ///
    /// # Errors
    /// The key's end; where kept answers are charged, why it cannot be paid for.
    pub async fn recall(
        &mut self,
        source: &Source<'_>,
        plan: &Plan,
        wish: CacheWish,
    ) -> Result<Option<Arc<Reply>>, Trouble> {
        let worker = Rc::clone(&self.worker);
        let replies = &worker.shared.replies;
        let Some(asked) = self.asked(source, wish) else { return Ok(None) };
        self.still_good()?;
        // Names may mean other models by now, and keys may call others.
        let may = |reply: &Arc<Reply>| plan.candidates().any(|target| target.id == reply.model);
        let found = replies.find(&asked.key, asked.ttl_ms).filter(may);
        replies.count(found.is_some());
        let Some(reply) = found else {
            self.again = Again::Keeps(Box::new(Keeping::new(asked)));
            return Ok(None);
        };
        let charged = replies.charged.load(Ordering::Relaxed);
        if charged && let Some(target) = plan.candidates().find(|target| target.id == reply.model) {
            self.choose(target);
            self.admit()?;
            self.pay(target, source).await?;
        }
        self.again = Again::Kept(Box::new(Kept::new(&reply, charged)));
        Ok(Some(reply))
    }

    fn asked(&self, source: &Source<'_>, wish: CacheWish) -> Option<Asked> {
        let rules = self.grant.policy.as_deref()?;
        if rules.cache == CacheMode::Off || wish == CacheWish::Off {
            return None;
        }
        // An answer that the money has shortened is nobody else's.
        if source.budget_mode == BudgetMode::Clamp {
            return None;
        }
        let body = &source.inbound.body;
        let members =
            Some(body).filter(|body| body.len() <= ASKED_BYTES_MAX).and_then(|body| members(body))?;
        let every = rules.cache == CacheMode::All || wish == CacheWish::On;
        if !every && !is_deterministic(self.dialect, &members, body) {
            return None;
        }
        let mut digest = Sha256::new();
        put(&mut digest, self.dialect.word().as_bytes());
        put(&mut digest, source.peek.model.as_bytes());
        put(&mut digest, &[u8::from(self.stream), source.on_loss as u8]);
        // Google's clients say there how a stream is to come.
        put(&mut digest, source.inbound.query.as_deref().unwrap_or_default().as_bytes());
        for name in DECIDING {
            put(&mut digest, source.inbound.headers.get(name).unwrap_or_default());
        }
        for (name, value) in &members {
            put(&mut digest, name);
            put(&mut digest, &compact(body.get(value.clone()).unwrap_or_default()));
        }
        let key = Key { tenant: Tenant::of(&self.grant), digest: digest.finalize().into() };
        Some(Asked { key, ttl_ms: self.ttl_ms(rules) })
    }

    fn ttl_ms(&self, rules: &Rules) -> i64 {
        let said = rules.cache_ttl_seconds.and_then(|seconds| i64::try_from(seconds).ok());
        said.map_or(self.worker.shared.replies.ttl_ms.load(Ordering::Relaxed), |seconds| {
            seconds.saturating_mul(1_000)
        })
    }
}

/// With its length, so that no two rows of parts are one.
fn put(digest: &mut Sha256, part: &[u8]) {
    digest.update((part.len() as u64).to_le_bytes());
    digest.update(part);
}

/// The members of a request but for ours, by name; `None` when it is no JSON object.
fn members(body: &[u8]) -> Option<Vec<(Vec<u8>, Range<usize>)>> {
    let mut found = Vec::new();
    let mut reader = Reader::of_bytes(body)?;
    let read = reader.object(|reader, member| {
        let name = member.key.to_vec();
        let at = reader.skip()?;
        if name != b"keyway" {
            found.push((name, at));
        }
        Ok::<(), JsonError>(())
    });
    read.ok()?;
    // In the order of their names; of those that stand twice, the order stays.
    found.sort_by(|one, other| one.0.cmp(&other.0));
    Some(found)
}

/// JSON without the white space between its parts.
fn compact(json: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(json.len());
    let (mut in_text, mut escaped) = (false, false);
    for byte in json {
        if in_text {
            in_text = escaped || *byte != b'"';
            escaped = !escaped && *byte == b'\\';
        } else if byte.is_ascii_whitespace() {
            continue;
        } else {
            in_text = *byte == b'"';
        }
        out.push(*byte);
    }
    out
}

/// Whether a request asks for the same answer each time: by its kind, by temperature 0, or by a seed.
fn is_deterministic(dialect: Dialect, members: &[(Vec<u8>, Range<usize>)], body: &[u8]) -> bool {
    match dialect {
        Dialect::OpenaiEmbeddings | Dialect::CohereRerank | Dialect::OpenaiModerations => true,
        Dialect::Gemini => {
            let config = members.iter().find(|(name, _)| name == b"generationConfig");
            let config = config.and_then(|(_, at)| body.get(at.clone()));
            let within = config.and_then(|config| Some((config, self::members(config)?)));
            within.is_some_and(|(config, within)| says_so(&within, config))
        }
        _ => says_so(members, body),
    }
}

fn says_so(members: &[(Vec<u8>, Range<usize>)], body: &[u8]) -> bool {
    members.iter().any(|(name, at)| {
        let value = body.get(at.clone()).unwrap_or_default();
        match name.as_slice() {
            b"temperature" => is_zero(value),
            b"seed" => kind(value) == Some(Kind::Number),
            _ => false,
        }
    })
}

fn kind(value: &[u8]) -> Option<Kind> {
    Reader::of_bytes(value)?.kind().ok()
}

/// Whether a JSON number is nought, however it is written.
fn is_zero(value: &[u8]) -> bool {
    let digits = value.iter().take_while(|byte| !matches!(byte, b'e' | b'E'));
    kind(value) == Some(Kind::Number) && digits.copied().all(|byte| matches!(byte, b'-' | b'0' | b'.'))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(body: &str) -> Vec<(String, String)> {
        let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
        let members = members(body.as_bytes()).unwrap();
        members.iter().map(|(name, at)| (text(name), text(&compact(&body.as_bytes()[at.clone()])))).collect()
    }

    #[test]
    fn the_same_question_has_one_form() {
        let one = r#"{"model":"a","messages":[{"role":"user","content":"a \" b\\"}],"seed":1}"#;
        let same = "{ \"seed\" : 1,\n\"keyway\":{\"labels\":{\"a\":\"b\"}},\t\"messages\": [ {\"role\" : \"user\", \"content\":\"a \\\" b\\\\\"} ] , \"model\":\"a\" }";
        assert_eq!(written(one), written(same));
        for other in [
            r#"{"model":"a","messages":[{"role":"user","content":"a \" b\\ "}],"seed":1}"#,
            r#"{"model":"a","messages":[{"content":"a \" b\\","role":"user"}],"seed":1}"#,
            r#"{"model":"a","messages":[{"role":"user","content":"a \" b\\"}],"seed":1,"seed":1}"#,
            r#"{"model":"a","messages":[{"role":"user","content":"a \" b\\"}],"seed":1.0}"#,
        ] {
            assert_ne!(written(one), written(other), "{other}");
        }
        assert!(members(b"[]").is_none() && members(b"{").is_none());
    }

    #[test]
    fn what_asks_for_the_same_answer_each_time() {
        let chat = [
            (r#"{"temperature":0}"#, true),
            (r#"{"temperature": 0.0 }"#, true),
            (r#"{"temperature":-0e5}"#, true),
            (r#"{"temperature":0.01}"#, false),
            (r#"{"temperature":null}"#, false),
            (r#"{"temperature":"0"}"#, false),
            (r#"{"seed":7}"#, true),
            (r#"{"seed":null}"#, false),
            (r#"{"messages":[{"temperature":0}]}"#, false),
            ("{}", false),
        ];
        let says = |dialect, body: &str| {
            is_deterministic(dialect, &members(body.as_bytes()).unwrap(), body.as_bytes())
        };
        for (body, expected) in chat {
            assert_eq!(says(Dialect::OpenaiChat, body), expected, "{body}");
            let config = format!(r#"{{"contents":[],"generationConfig":{body}}}"#);
            assert_eq!(says(Dialect::Gemini, &config), expected, "{config}");
        }
        assert!(says(Dialect::OpenaiEmbeddings, "{}") && !says(Dialect::Gemini, "{}"));
    }
}
