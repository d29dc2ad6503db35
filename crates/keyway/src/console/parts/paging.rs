//! From page to page of a list: by its last entry, never by a count.

pub use crate::base::query::encoded;
use crate::console::form::TOKEN;
use maud::{Markup, html};

/// The ways on and back to the start, with everything else of the query as it is. `after`: the last
/// entry shown, when there is more; `begun`: this page is not the first.
#[must_use]
pub fn paging(
    path: &str,
    query: &[(String, String)],
    shown: usize,
    after: Option<&str>,
    begun: bool,
) -> Markup {
    let to = |more: Option<&str>| address(path, query, &[("after", more.unwrap_or_default())]);
    html! {
        nav .paging aria-label="Pages" {
            span .faint { (shown) @if after.is_some() { " shown, more follow" } @else { " shown" } }
            @if begun { a .button href=(to(None)) { "First page" } }
            @if let Some(id) = after { a .button href=(to(Some(id))) rel="next" { "Next page" } }
        }
    }
}

/// The address of a page with its query as it is, but for some parameters; an empty one is left out. Where
/// a page of a list begins, what was just done, and that only a part was asked for, is not carried along.
#[must_use]
pub fn address(path: &str, query: &[(String, String)], changes: &[(&str, &str)]) -> String {
    let gone = |name: &str| ["after", "done", "part", TOKEN].contains(&name);
    let kept = query.iter().map(|(name, value)| (name.as_str(), value.as_str()));
    let kept = kept.filter(|(name, _)| !gone(name) && changes.iter().all(|(changed, _)| changed != name));
    let all = kept.chain(changes.iter().copied()).filter(|(_, value)| !value.is_empty());
    let parts: Vec<String> =
        all.map(|(name, value)| format!("{}={}", encoded(name), encoded(value))).collect();
    if parts.is_empty() { path.to_owned() } else { format!("{path}?{}", parts.join("&")) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_filtered_stays_filtered() {
        let pairs = |list: &[(&str, &str)]| -> Vec<(String, String)> {
            list.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
        };
        let query = pairs(&[("status", "active"), ("after", "key_1"), ("q", "a&b"), ("empty", "")]);
        let text = paging("/console/keys", &query, 50, Some("key_2"), true).into_string();
        assert!(text.contains("href=\"/console/keys?status=active&amp;q=a%26b&amp;after=key_2\""), "{text}");
        assert!(text.contains("href=\"/console/keys?status=active&amp;q=a%26b\""), "{text}");
        assert!(!paging("/x", &[], 1, None, false).into_string().contains("href"));
    }
}
