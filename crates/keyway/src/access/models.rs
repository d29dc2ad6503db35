//! Model allow-lists: canonical names, bare names, and patterns with `*`.

/// Which models a key may call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ModelRules {
    /// Every model.
    All,
    /// What one of these matches; an empty list is no model at all.
    Only(Vec<String>),
}

impl ModelRules {
    /// From the JSON list a key's row keeps; absent means every model.
    #[must_use]
    pub fn from_row(list: Option<&str>) -> Self {
        match list {
            None => Self::All,
            // A list that cannot be read allows nothing.
            Some(text) => Self::Only(serde_json::from_str(text).unwrap_or_default()),
        }
    }

    /// Whether a model (`provider/name`) may be called.
    #[must_use]
    pub fn allow(&self, canonical: &str) -> bool {
        let Self::Only(rules) = self else { return true };
        let bare = canonical.split_once('/').map_or(canonical, |(_, name)| name);
        rules.iter().any(|rule| matches(rule, canonical) || (!rule.contains('/') && matches(rule, bare)))
    }
}

/// Whether `text` is what `pattern` says, `*` standing for any run of characters.
fn matches(pattern: &str, text: &str) -> bool {
    let mut parts = pattern.split('*');
    let Some(mut rest) = parts.next().and_then(|first| text.strip_prefix(first)) else {
        return false;
    };
    let mut parts: Vec<&str> = parts.collect();
    let Some(last) = parts.pop() else {
        return rest.is_empty();
    };
    for part in parts {
        match rest.find(part) {
            Some(at) => rest = &rest[at + part.len()..],
            None => return false,
        }
    }
    rest.ends_with(last)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rules_match_as_documented() {
        let table = [
            ("mine/small", "mine/small", true),
            ("mine/small", "mine/small-2", false),
            ("small", "mine/small", true),
            ("mine/*", "mine/a/b", true),
            ("mine/*", "other/a", false),
            ("gpt-*", "openai/gpt-6", true),
            ("*-mini", "openai/gpt-6-mini", true),
            ("a*b*c", "p/aXbYc", true),
            ("a*b*c", "p/aXcYb", false),
            ("*", "p/any", true),
            ("aa*aa", "p/aaa", false),
            ("", "p/any", false),
        ];
        for (rule, model, allowed) in table {
            let rules = ModelRules::Only(vec![rule.to_owned()]);
            assert_eq!(rules.allow(model), allowed, "{rule} on {model}");
        }
        assert!(!ModelRules::Only(vec![]).allow("p/any"));
        assert!(!ModelRules::from_row(Some("broken")).allow("p/any"));
        assert!(ModelRules::from_row(None).allow("p/any"));
    }
}
