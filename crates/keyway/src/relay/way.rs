//! How a target is asked: in which dialect, at which address. The client's own dialect first, for then
//! nothing needs to be translated.

use crate::catalog::{Dialect, Target};
use std::borrow::Cow;

/// How a target is asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Way {
    /// The dialect it is asked in.
    pub dialect: Dialect,
    /// Whose base URL it is asked at.
    pub place: Dialect,
    /// Path below that.
    pub path: Cow<'static, str>,
    /// Query without the question mark.
    pub query: Option<&'static str>,
}

/// Paths below a base URL.
const PATHS: &[(Dialect, &str)] = &[
    (Dialect::OpenaiChat, "/chat/completions"),
    (Dialect::OpenaiResponses, "/responses"),
    (Dialect::AnthropicMessages, "/messages"),
    (Dialect::OpenaiCompletions, "/completions"),
    (Dialect::OpenaiEmbeddings, "/embeddings"),
    (Dialect::CohereRerank, "/rerank"),
    (Dialect::OpenaiModerations, "/moderations"),
];

/// How `target` is asked by a client of `dialect`; `None` when it speaks nothing that would do.
#[must_use]
pub fn way(target: &Target, dialect: Dialect, stream: bool) -> Option<Way> {
    let (dialect, place) = spoken(target, dialect)?;
    let (path, query) = match dialect {
        Dialect::Gemini if stream => {
            (format!("/models/{}:streamGenerateContent", target.upstream).into(), Some("alt=sse"))
        }
        Dialect::Gemini => (format!("/models/{}:generateContent", target.upstream).into(), None),
        dialect => (Cow::Borrowed(PATHS.iter().find(|(of, _)| *of == dialect)?.1), None),
    };
    Some(Way { dialect, place, path, query })
}

/// How `target` is asked how many tokens a request in `dialect` has; `None` when it speaks another one, or has
/// no way to be asked.
#[must_use]
pub fn counting(target: &Target, dialect: Dialect) -> Option<Way> {
    if target.provider.is_sandbox() || !target.speaks().contains(&dialect) {
        return None;
    }
    let path = match dialect {
        Dialect::AnthropicMessages => Cow::Borrowed("/messages/count_tokens"),
        Dialect::OpenaiResponses => Cow::Borrowed("/responses/input_tokens"),
        Dialect::Gemini => format!("/models/{}:countTokens", target.upstream).into(),
        _ => return None,
    };
    Some(Way { dialect, place: dialect, path, query: None })
}

/// The dialect that is spoken to a target, and whose base URL is used. Hosts of OpenAI's chat dialect
/// that do not say where their smaller services are have them at the same address.
fn spoken(target: &Target, client: Dialect) -> Option<(Dialect, Dialect)> {
    let speaks = target.speaks();
    if speaks.contains(&client) {
        return Some((client, client));
    }
    if client.conversation().is_some() {
        let known = |dialect: &&Dialect| dialect.is_built() && dialect.conversation().is_some();
        return speaks.iter().find(known).map(|dialect| (*dialect, *dialect));
    }
    let by_chat = speaks.contains(&Dialect::OpenaiChat) && !target.provider.is_sandbox();
    by_chat.then_some((client, Dialect::OpenaiChat))
}
