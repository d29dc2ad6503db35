//! What a provider's row says its host wants said differently: one line, and one small function, each.
//!
//! The functions are `dialect::openai_chat::quirks`; those of [`Quirk`] that are not here are about
//! reading (`attempt::usage_rule`), about what is asked for (`NoStreamUsage`) or about more than one
//! request (`replay`).

use crate::catalog::{Provider, Quirk};
use crate::sealing::MasterKey;
use bytes::Bytes;
use dialect::openai_chat::quirks::{Chat, Whose};

/// Who a request is for.
pub struct Tenant<'a> {
    /// The keys of this installation.
    pub master: &'a MasterKey,
    /// The organisation.
    pub organization: &'a str,
}

type Edit = fn(&mut Chat<'_>, &Tenant<'_>);

/// The edits, in the order in which they are made.
const EDITS: &[(Quirk, Edit)] = &[
    (Quirk::MaxTokensOnly, |chat, _| chat.rename("max_completion_tokens", "max_tokens")),
    (Quirk::MaxCompletionTokensOnly, |chat, _| chat.rename("max_tokens", "max_completion_tokens")),
    (Quirk::OneOutputCap, |chat, _| chat.not_beside("max_tokens", "max_completion_tokens")),
    (Quirk::NoDeveloperRole, |chat, _| chat.developer_is_system()),
    (Quirk::ForcedToolsEndThinking, |chat, _| {
        chat.end_thinking_where_forced("thinking", r#"{"type":"disabled"}"#);
    }),
    (Quirk::ForcedToolsEndEnableThinking, |chat, _| {
        chat.end_thinking_where_forced("enable_thinking", "false");
    }),
    (Quirk::TenantUserId, |chat, tenant| {
        let id = tenant.master.tenant(tenant.organization, &chat.text("user_id"));
        chat.set("user_id", &format!("\"{id}\""));
    }),
    (Quirk::RandomSeed, |chat, _| chat.rename("seed", "random_seed")),
    (Quirk::PlainTextContent, |chat, _| chat.plain_text(Whose::Everybody)),
    (Quirk::PlainTextToolResults, |chat, _| chat.plain_text(Whose::Tools)),
    (Quirk::StoreFalse, |chat, _| chat.set("store", "false")),
    (Quirk::ToolCallsSwitch, |chat, _| chat.switch_on_with_tools("tool_calls_switch")),
];

/// Path of a chat request at a host whose newest features are elsewhere.
const BETA_CHAT_PATH: &str = "/beta/chat/completions";

/// A chat request as this provider wants it, and the path it goes to below the base URL where that is not
/// the usual one.
#[must_use]
pub fn chat(provider: &Provider, body: Bytes, tenant: &Tenant<'_>) -> (Option<&'static str>, Bytes) {
    if provider.quirks.is_empty() {
        return (None, body);
    }
    let Some(mut chat) = Chat::read(&body) else { return (None, body) };
    let beta = provider.has(Quirk::BetaPath) && chat.is_beta();
    for (_, edit) in EDITS.iter().filter(|(quirk, _)| provider.has(*quirk)) {
        edit(&mut chat, tenant);
    }
    (beta.then_some(BETA_CHAT_PATH), chat.finish())
}

/// The version of Anthropic's API at Vertex.
const RAW_PREDICT_VERSION: &str = "\"vertex-2023-10-16\"";

/// A request in Anthropic's dialect as this provider wants it.
#[must_use]
pub fn messages(provider: &Provider, body: Bytes) -> Bytes {
    if !provider.has(Quirk::RawPredict) {
        return body;
    }
    let Some(mut chat) = Chat::read(&body) else { return body };
    chat.replace("model", ("anthropic_version", RAW_PREDICT_VERSION));
    chat.finish()
}

#[cfg(test)]
mod tests {
    use super::EDITS;
    use crate::catalog::Quirk;

    /// Those that are read elsewhere, and where.
    const ELSEWHERE: &[Quirk] = &[
        Quirk::NoStreamUsage,
        Quirk::ReasoningExcludedFromCompletion,
        Quirk::BetaPath,
        Quirk::RawPredict,
        Quirk::ReasoningReplayed,
    ];

    #[test]
    fn every_quirk_has_its_one_place() {
        for quirk in Quirk::ALL {
            let places = EDITS.iter().filter(|(of, _)| of == quirk).count();
            let elsewhere = usize::from(ELSEWHERE.contains(quirk));
            assert_eq!(places + elsewhere, 1, "{}", quirk.word());
        }
    }
}
