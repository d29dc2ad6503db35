//! Endpoint allow-lists: canonical paths of the data plane. The route table's test keeps the list whole.

use std::borrow::Cow;

/// Paths a key can be kept to. `/v1/models` is the list and each model.
pub const ENDPOINTS: &[&str] = &[
    "/v1/audio/speech",
    "/v1/audio/transcriptions",
    "/v1/chat/completions",
    "/v1/completions",
    "/v1/embeddings",
    "/v1/images/generations",
    "/v1/messages",
    "/v1/messages/count_tokens",
    "/v1/models",
    "/v1/moderations",
    "/v1/rerank",
    "/v1/responses",
    "/v1/responses/input_tokens",
    "/v1beta/models",
    "/v1beta/models:batchEmbedContents",
    "/v1beta/models:countTokens",
    "/v1beta/models:embedContent",
    "/v1beta/models:generateContent",
    "/v1beta/models:streamGenerateContent",
];

/// The name in [`ENDPOINTS`] of a route's path: what comes before its first placeholder, and the verb of
/// Google's behind it.
#[must_use]
pub fn canonical(path: &str) -> Cow<'_, str> {
    match path.split_once("/{") {
        None => Cow::Borrowed(path),
        Some((before, rest)) => match rest.rsplit_once("}:") {
            None => Cow::Borrowed(before),
            Some((_, verb)) => Cow::Owned(format!("{before}:{verb}")),
        },
    }
}

/// Whether a list, if there is one, has a route's path.
#[must_use]
pub fn allow(list: Option<&[String]>, path: &str) -> bool {
    list.is_none_or(|list| list.iter().any(|allowed| *allowed == canonical(path)))
}
