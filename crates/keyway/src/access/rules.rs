//! What the policies of a project and of its key come to together.

use super::policy::{CacheMode, FALLBACK_AT_PERCENT, OverLimit, Parameters, Policy, Priority};
use std::collections::BTreeSet;

/// What holds for a key's requests: its own policy within its project's.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Rules {
    /// Which answers are kept.
    pub cache: CacheMode,
    /// How long, seconds, where it is said.
    pub cache_ttl_seconds: Option<u64>,
    /// The project's share of an account.
    pub project_weight: u64,
    /// The key's share of its project.
    pub key_weight: u64,
    /// Which of the project's go first.
    pub priority: Priority,
    /// Longest prompt, tokens.
    pub input_tokens_max: Option<u64>,
    /// Longest answer, tokens.
    pub output_tokens_max: Option<u64>,
    /// What becomes of what is longer.
    pub over_limit: OverLimit,
    /// Name and JSON of the parameters that requests get where they say nothing.
    pub default_parameters: Vec<(String, String)>,
    /// Parameters that requests may not have.
    pub forbidden_parameters: Vec<String>,
    /// Percent of a budget's limit, and the model that is asked instead from there on.
    pub fallback: Option<(u64, String)>,
}

impl Rules {
    /// What holds for a key: the tighter limit, everything that either forbids, and of the rest its own word
    /// where it has one, else its project's.
    #[must_use]
    pub fn of(project: Option<Policy>, key: Option<Policy>) -> Option<Self> {
        if project.is_none() && key.is_none() {
            return None;
        }
        let (project, key) = (project.unwrap_or_default(), key.unwrap_or_default());
        let tighter = |one: Option<u64>, other: Option<u64>| [one, other].into_iter().flatten().min();
        let parameters: Parameters =
            project.default_parameters.into_iter().chain(key.default_parameters).collect();
        let forbidden: BTreeSet<String> =
            project.forbidden_parameters.into_iter().chain(key.forbidden_parameters).collect();
        let at_percent = key.fallback_at_percent.or(project.fallback_at_percent);
        let fallback = key.fallback_model.or(project.fallback_model);
        Some(Self {
            fallback: fallback.map(|model| (at_percent.unwrap_or(FALLBACK_AT_PERCENT), model)),
            cache: key.cache.or(project.cache).unwrap_or_default(),
            cache_ttl_seconds: key.cache_ttl_seconds.or(project.cache_ttl_seconds),
            project_weight: project.weight.unwrap_or(1),
            key_weight: key.weight.unwrap_or(1),
            priority: key.priority.or(project.priority).unwrap_or_default(),
            input_tokens_max: tighter(project.input_tokens_max, key.input_tokens_max),
            output_tokens_max: tighter(project.output_tokens_max, key.output_tokens_max),
            over_limit: key.over_limit.or(project.over_limit).unwrap_or_default(),
            default_parameters: parameters
                .into_iter()
                .map(|(name, value)| (name, value.to_string()))
                .collect(),
            forbidden_parameters: forbidden.into_iter().collect(),
        })
    }

    /// Whether a request is looked at before anything else.
    #[must_use]
    pub fn shapes(&self) -> bool {
        self.input_tokens_max.is_some()
            || self.output_tokens_max.is_some()
            || !self.default_parameters.is_empty()
            || !self.forbidden_parameters.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;
    use std::collections::BTreeMap;

    #[test]
    fn a_key_is_held_to_its_projects_limits_and_has_its_own_word_in_the_rest() {
        let project = Policy {
            cache: Some(CacheMode::All),
            cache_ttl_seconds: Some(5),
            weight: Some(3),
            output_tokens_max: Some(100),
            over_limit: Some(OverLimit::Clamp),
            default_parameters: BTreeMap::from([("seed".into(), json!(1)), ("top_p".into(), json!(0.5))]),
            forbidden_parameters: vec!["tools".into()],
            fallback_model: Some("mine/small".into()),
            ..Policy::default()
        };
        let key = Policy {
            cache: Some(CacheMode::Off),
            weight: Some(2),
            priority: Some(Priority::High),
            output_tokens_max: Some(1_000),
            input_tokens_max: Some(7),
            default_parameters: BTreeMap::from([("seed".into(), json!(2))]),
            forbidden_parameters: vec!["seed".into(), "tools".into()],
            ..Policy::default()
        };
        let rules = Rules::of(Some(project), Some(key)).unwrap();
        assert_eq!(
            rules,
            Rules {
                cache: CacheMode::Off,
                cache_ttl_seconds: Some(5),
                project_weight: 3,
                key_weight: 2,
                priority: Priority::High,
                input_tokens_max: Some(7),
                output_tokens_max: Some(100),
                over_limit: OverLimit::Clamp,
                default_parameters: vec![("seed".into(), "2".into()), ("top_p".into(), "0.5".into())],
                forbidden_parameters: vec!["seed".into(), "tools".into()],
                fallback: Some((FALLBACK_AT_PERCENT, "mine/small".into())),
            }
        );
        assert!(rules.shapes() && Rules::of(None, None).is_none());
        assert!(!Rules::of(Some(Policy::default()), None).unwrap().shapes());
    }
}
