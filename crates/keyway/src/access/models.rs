//! Model allow-lists: canonical names, bare names, and patterns with `*`.

/// Which models a key may call: what its own list says, within what its project and its organisation's tier
/// say.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ModelRules {
    /// The key's own list; absent: every model, empty: none.
    pub own: Option<Vec<String>>,
    /// What the project allows; absent: every model.
    allowed: Option<Vec<String>>,
    /// What the project denies.
    denied: Vec<String>,
    /// What the tier of the organisation allows; absent: every model.
    of_tier: Option<Vec<String>>,
    /// What a token of the key is narrowed to; absent: nothing.
    narrowed: Option<Vec<String>>,
}

impl ModelRules {
    /// From the JSON list a key's row keeps; absent means every model. A list that cannot be read
    /// allows nothing.
    #[must_use]
    pub fn from_row(list: Option<&str>) -> Self {
        Self { own: list.map(names), ..Self::default() }
    }

    /// With the rules of the key's project. What cannot be read allows nothing.
    #[must_use]
    pub fn of_project(self, mode: Option<&str>, list: Option<&str>) -> Self {
        let list = list.map(names);
        match (mode, list) {
            (None, _) => self,
            (Some("deny_list"), Some(denied)) => Self { denied, ..self },
            (Some(_), allowed) => Self { allowed: Some(allowed.unwrap_or_default()), ..self },
        }
    }

    /// Within the JSON list of the organisation's tier; absent: every model.
    #[must_use]
    pub fn of_tier(self, list: Option<&str>) -> Self {
        Self { of_tier: list.map(names), ..self }
    }

    /// Whether every model may be called.
    #[must_use]
    pub fn is_every(&self) -> bool {
        self.own.is_none() && self.allowed.is_none() && self.of_tier.is_none() && self.denied.is_empty()
    }

    /// Allows only what is in this list too.
    pub fn narrow(&mut self, list: Vec<String>) {
        self.narrowed = Some(list);
    }

    /// Whether a model (`provider/name`) may be called.
    #[must_use]
    pub fn allow(&self, canonical: &str) -> bool {
        let is_in = |rules: &[String]| rules.iter().any(|rule| is(rule, canonical));
        self.own.as_deref().is_none_or(is_in)
            && self.allowed.as_deref().is_none_or(is_in)
            && self.of_tier.as_deref().is_none_or(is_in)
            && self.narrowed.as_deref().is_none_or(is_in)
            && !is_in(&self.denied)
    }
}

fn names(list: &str) -> Vec<String> {
    serde_json::from_str(list).unwrap_or_default()
}

/// Whether a rule is about a model (`provider/name`): by its whole name or, without a slash, by what
/// follows the provider's.
pub(super) fn is(rule: &str, canonical: &str) -> bool {
    let bare = canonical.split_once('/').map_or(canonical, |(_, name)| name);
    matches(rule, canonical) || (!rule.contains('/') && matches(rule, bare))
}

/// Whether `text` is what `pattern` says, `*` standing for any run of characters.
pub(super) fn matches(pattern: &str, text: &str) -> bool {
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
            let rules = ModelRules { own: Some(vec![rule.to_owned()]), ..ModelRules::default() };
            assert_eq!(rules.allow(model), allowed, "{rule} on {model}");
        }
        assert!(!ModelRules::from_row(Some("[]")).allow("p/any"));
        assert!(!ModelRules::from_row(Some("broken")).allow("p/any"));
        assert!(ModelRules::from_row(None).allow("p/any"));
    }

    #[test]
    fn a_project_narrows_what_a_key_may_call() {
        let key = || ModelRules::from_row(Some(r#"["mine/*"]"#));
        let allow = key().of_project(Some("allow_list"), Some(r#"["mine/a","other/b"]"#));
        assert!(allow.allow("mine/a") && !allow.allow("mine/c") && !allow.allow("other/b"));
        let deny = key().of_project(Some("deny_list"), Some(r#"["mine/a"]"#));
        assert!(!deny.allow("mine/a") && deny.allow("mine/c") && !deny.allow("other/b"));
        assert!(!key().of_project(Some("allow_list"), None).allow("mine/a"));
        assert!(!key().of_project(Some("what"), Some("[]")).allow("mine/a"));
        assert!(key().of_project(None, None).allow("mine/a"));
        let tier = key().of_tier(Some(r#"["mine/a","other/b"]"#));
        assert!(tier.allow("mine/a") && !tier.allow("mine/c") && !tier.allow("other/b") && !tier.is_every());
        assert!(key().of_tier(None).allow("mine/c") && !key().of_tier(Some("broken")).allow("mine/c"));
    }
}
