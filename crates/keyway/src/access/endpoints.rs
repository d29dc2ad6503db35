//! Endpoint allow-lists: canonical paths of the data plane. The route table's test keeps the list whole.

/// Paths a key can be kept to. `/v1/models` is the list and each model.
pub const ENDPOINTS: &[&str] = &[
    "/v1/chat/completions",
    "/v1/completions",
    "/v1/embeddings",
    "/v1/models",
    "/v1/moderations",
    "/v1/rerank",
];

/// The name in [`ENDPOINTS`] of a route's path: what comes before its first placeholder.
#[must_use]
pub fn canonical(path: &str) -> &str {
    path.split_once("/{").map_or(path, |(before, _)| before)
}

/// Whether a list, if there is one, has a route's path.
#[must_use]
pub fn allow(list: Option<&[String]>, path: &str) -> bool {
    list.is_none_or(|list| list.iter().any(|allowed| allowed == canonical(path)))
}
