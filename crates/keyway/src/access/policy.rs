//! What a project or a key wants done with its requests: what is written, what both come to together, and
//! what is done to it. Console, API and CLI all come here.

use super::keys::{Which, find, not_there};
use super::rules::Rules;
use crate::accounts::check::check_text;
use crate::accounts::{Acting, Deed, Scope, Subject};
use crate::base::fault::Doing;
use crate::base::{Fault, Refusal, Trouble};
use crate::store::changes::POLICY_CHANGED;
use crate::store::{Conn, policies as rows, tenants};
use dialect::shape;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// Longest life of a kept answer, seconds: a week.
pub const CACHE_TTL_SECONDS_MAX: u64 = 7 * 86_400;
/// Percent of a budget from which another model is asked, where nothing is said.
pub const FALLBACK_AT_PERCENT: u64 = 80;
/// Characters of a model's name at most.
const MODEL_CHARS_MAX: usize = 128;
/// Largest weight.
pub const WEIGHT_MAX: u64 = 1_000;
/// Largest limit of tokens: far above any context window.
const TOKENS_MAX: u64 = 1_000_000_000;
/// Names of forbidden parameters at most.
const NAMES_MAX: usize = 50;
/// Texts of the parameter `stop` at most.
const STOPS_MAX: usize = 4;
/// Bytes of a name, or of a text of `stop`, at most.
const TEXT_BYTES_MAX: usize = 64;

/// Which answers are kept and given again.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum CacheMode {
    /// None.
    #[default]
    Off,
    /// Those to requests that ask for the same answer each time: temperature 0, a seed, embeddings.
    Deterministic,
    /// Every one.
    All,
}

impl CacheMode {
    /// Every one.
    pub const EVERY: [Self; 3] = [Self::Off, Self::Deterministic, Self::All];

    /// Its word.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Off => "off",
            Self::Deterministic => "deterministic",
            Self::All => "all",
        }
    }
}

/// Which of a project's waiting requests go first.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Priority {
    /// After the others.
    Low,
    /// As they came.
    #[default]
    Normal,
    /// Before the others.
    High,
}

impl Priority {
    /// Every one, the least first.
    pub const EVERY: [Self; 3] = [Self::Low, Self::Normal, Self::High];

    /// Its word.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Low => "low",
            Self::Normal => "normal",
            Self::High => "high",
        }
    }
}

/// What becomes of a request that is longer, or asks for more, than it may.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum OverLimit {
    /// It is refused.
    #[default]
    Refuse,
    /// Its answer is capped, its oldest turns are left out.
    Clamp,
}

impl OverLimit {
    /// Every one.
    pub const EVERY: [Self; 2] = [Self::Refuse, Self::Clamp];

    /// Its word.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Refuse => "refuse",
            Self::Clamp => "clamp",
        }
    }
}

/// Values of parameters, as JSON, by name.
pub type Parameters = BTreeMap<String, Value>;

/// A policy. What is absent is not decided.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Policy {
    /// Which answers are kept; absent: none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cache: Option<CacheMode>,
    /// How long, seconds; absent: as long as the server's setting says.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cache_ttl_seconds: Option<u64>,
    /// Share of an account that is full: of a project among the projects, of a key among its project's;
    /// absent: 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub weight: Option<u64>,
    /// Which of the project's waiting requests go first; absent: normal.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub priority: Option<Priority>,
    /// Longest prompt, tokens, as estimated here.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub input_tokens_max: Option<u64>,
    /// Longest answer, tokens.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub output_tokens_max: Option<u64>,
    /// What becomes of what is longer; absent: it is refused.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub over_limit: Option<OverLimit>,
    /// Parameters that requests get where they say nothing.
    #[serde(skip_serializing_if = "Parameters::is_empty")]
    pub default_parameters: Parameters,
    /// Parameters that requests may not have, in any dialect's words.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub forbidden_parameters: Vec<String>,
    /// Model that is asked instead when a budget that counts the key has reached a mark.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fallback_model: Option<String>,
    /// The mark, percent of the budget's limit; absent: [`FALLBACK_AT_PERCENT`].
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fallback_at_percent: Option<u64>,
}

/// What is to be different: the outer `None` leaves a field, the inner one takes it away.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[expect(missing_docs, reason = "field for field the policy, which says what they are")]
pub struct Edit {
    pub cache: Option<Option<CacheMode>>,
    pub cache_ttl_seconds: Option<Option<u64>>,
    pub weight: Option<Option<u64>>,
    pub priority: Option<Option<Priority>>,
    pub input_tokens_max: Option<Option<u64>>,
    pub output_tokens_max: Option<Option<u64>>,
    pub over_limit: Option<Option<OverLimit>>,
    pub default_parameters: Option<Option<Parameters>>,
    pub forbidden_parameters: Option<Option<Vec<String>>>,
    pub fallback_model: Option<Option<String>>,
    pub fallback_at_percent: Option<Option<u64>>,
}

impl Policy {
    /// Whether nothing is decided.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    fn apply(&mut self, edit: &Edit) -> Result<(), Refusal> {
        set(&mut self.cache, &edit.cache);
        set(&mut self.cache_ttl_seconds, &edit.cache_ttl_seconds);
        set(&mut self.weight, &edit.weight);
        set(&mut self.priority, &edit.priority);
        set(&mut self.input_tokens_max, &edit.input_tokens_max);
        set(&mut self.output_tokens_max, &edit.output_tokens_max);
        set(&mut self.over_limit, &edit.over_limit);
        if let Some(parameters) = &edit.default_parameters {
            self.default_parameters = parameters.clone().unwrap_or_default();
        }
        if let Some(names) = &edit.forbidden_parameters {
            self.forbidden_parameters = names.clone().unwrap_or_default();
        }
        set(&mut self.fallback_model, &edit.fallback_model);
        set(&mut self.fallback_at_percent, &edit.fallback_at_percent);
        if let Some(model) = &self.fallback_model {
            check_text("fallback_model", model, MODEL_CHARS_MAX)?;
            if model.trim().is_empty() {
                return Err(Refusal::field(
                    "fallback_model",
                    "`fallback_model` is empty: null takes it away.",
                ));
            }
        }
        check("fallback_at_percent", self.fallback_at_percent, 1..=100)?;
        check("cache_ttl_seconds", self.cache_ttl_seconds, 1..=CACHE_TTL_SECONDS_MAX)?;
        check("weight", self.weight, 1..=WEIGHT_MAX)?;
        check("input_tokens_max", self.input_tokens_max, 1..=TOKENS_MAX)?;
        check("output_tokens_max", self.output_tokens_max, 1..=TOKENS_MAX)?;
        check_parameters(&self.default_parameters)?;
        check_names(&self.forbidden_parameters)
    }
}

fn set<T: Clone>(field: &mut Option<T>, edit: &Option<Option<T>>) {
    if let Some(value) = edit {
        field.clone_from(value);
    }
}

fn check(
    field: &'static str,
    value: Option<u64>,
    range: std::ops::RangeInclusive<u64>,
) -> Result<(), Refusal> {
    match value {
        Some(value) if !range.contains(&value) => {
            let (from, to) = range.into_inner();
            Err(Refusal::field(field, format!("`{field}` must be a whole number from {from} to {to}.")))
        }
        _ => Ok(()),
    }
}

fn check_parameters(parameters: &Parameters) -> Result<(), Refusal> {
    const FIELD: &str = "default_parameters";
    for (name, value) in parameters {
        if !shape::defaults().any(|known| known == name) {
            let known: Vec<_> = shape::defaults().map(|name| format!("`{name}`")).collect();
            let message = format!("`{FIELD}` takes {}.", known.join(", "));
            return Err(Refusal::field(FIELD, message));
        }
        let is_text = |value: &Value| value.as_str().is_some_and(|text| text.len() <= TEXT_BYTES_MAX);
        let list = |values: &Vec<Value>| values.len() <= STOPS_MAX && values.iter().all(is_text);
        let fits = match name.as_str() {
            "stop" => value.as_array().is_some_and(list),
            "seed" | "top_k" => value.is_i64(),
            _ => value.is_number(),
        };
        if !fits {
            let kind = if name == "stop" { "a list of a few short strings" } else { "a number" };
            return Err(Refusal::field(
                format!("{FIELD}.{name}"),
                format!("`{FIELD}.{name}` must be {kind}."),
            ));
        }
    }
    Ok(())
}

fn check_names(names: &[String]) -> Result<(), Refusal> {
    const FIELD: &str = "forbidden_parameters";
    let is_name = |name: &String| {
        let sane = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
        (1..=TEXT_BYTES_MAX).contains(&name.len()) && name.bytes().all(sane)
    };
    if names.len() > NAMES_MAX || !names.iter().all(is_name) {
        let message = format!("`{FIELD}` takes at most {NAMES_MAX} names such as `tools` or `top_p`.");
        return Err(Refusal::field(FIELD, message));
    }
    match names
        .iter()
        .find(|name| ["model", "messages", "input", "contents", "stream"].contains(&name.as_str()))
    {
        Some(_) => Err(Refusal::field(FIELD, format!("`{FIELD}` cannot name what every request has."))),
        None => Ok(()),
    }
}

/// Whose policy is meant.
#[derive(Debug, Clone, Copy)]
pub struct Whose<'a> {
    /// The project.
    pub project: &'a str,
    /// Its key; absent: the project itself.
    pub key: Option<&'a str>,
}

impl<'a> Whose<'a> {
    /// `proj_...` or `key_...`.
    #[must_use]
    pub fn id(&self) -> &'a str {
        self.key.unwrap_or(self.project)
    }
}

/// What a row says.
///
/// # Errors
/// When this version does not know what it says: better refused than guessed.
pub fn read(body: Option<&str>) -> Result<Option<Policy>, Fault> {
    body.map(serde_json::from_str).transpose().doing("reading a policy")
}

/// What the requests of a key are held to, read with its grant; `None`: nothing.
///
/// # Errors
/// When the database cannot be used, or its rows not be understood.
pub async fn load(conn: &mut Conn, project: &str, key: &str) -> Result<Option<Box<Rules>>, Fault> {
    let (of_project, of_key) = rows::of(conn, project, key).await?;
    Ok(Rules::of(read(of_project.as_deref())?, read(of_key.as_deref())?).map(Box::new))
}

/// The policy of a project or a key as it is written.
///
/// # Errors
/// `not_found`.
pub async fn show(conn: &mut Conn, org: &str, whose: &Whose<'_>) -> Result<Policy, Trouble> {
    if tenants::project(conn, org, whose.project).await?.is_none() {
        return Err(not_there("project").into());
    }
    if let Some(id) = whose.key {
        find(conn, org, &Which { admin: false, project: Some(whose.project), id }).await?;
    }
    Ok(read(rows::one(conn, whose.id()).await?.as_deref())?.unwrap_or_default())
}

/// Edits the policy of a project or a key. Who may change the project may.
///
/// # Errors
/// `not_found`, a refusal that names the field.
pub async fn edit(acting: &mut Acting<'_>, whose: &Whose<'_>, edit: &Edit) -> Result<Policy, Trouble> {
    acting.may(Scope::UPDATE_PROJECTS, Subject::Project(whose.project))?;
    let org = acting.org.clone();
    let was = show(&mut acting.tx, &org, whose).await?;
    let mut policy = was.clone();
    policy.apply(edit)?;
    let body = json!(policy).to_string();
    let body = Some(body.as_str()).filter(|_| !policy.is_empty());
    rows::put(&mut acting.tx, whose.id(), body).await?;
    let deed = Deed {
        name: "policy.updated",
        kind: POLICY_CHANGED,
        project: Some(whose.project),
        object: whose.id(),
        detail: json!({ "was": was, "is": policy }),
    };
    acting.record(deed).await?;
    Ok(policy)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_reads_as_it_was_written_and_nothing_is_guessed() {
        let policy = Policy { cache: Some(CacheMode::Deterministic), ..Policy::default() };
        let body = json!(policy).to_string();
        assert_eq!(body, r#"{"cache":"deterministic"}"#);
        assert_eq!(read(Some(&body)).unwrap(), Some(policy));
        assert!(read(Some(r#"{"colour":1}"#)).is_err() && read(Some(r#"{"cache":"maybe"}"#)).is_err());
    }

    #[test]
    fn an_edit_names_the_field_at_fault_and_null_takes_away() {
        let mut policy = Policy { cache_ttl_seconds: Some(9), ..Policy::default() };
        let all =
            Edit { cache: Some(Some(CacheMode::All)), cache_ttl_seconds: Some(None), ..Edit::default() };
        policy.apply(&all).unwrap();
        assert_eq!(policy, Policy { cache: Some(CacheMode::All), ..Policy::default() });
        let parameter = |name: &str, value: Value| Edit {
            default_parameters: Some(Some(BTreeMap::from([(name.to_owned(), value)]))),
            ..Edit::default()
        };
        let names = |names: &[&str]| Edit {
            forbidden_parameters: Some(Some(names.iter().map(|name| (*name).to_owned()).collect())),
            ..Edit::default()
        };
        let bad = [
            (Edit { cache_ttl_seconds: Some(Some(0)), ..Edit::default() }, "cache_ttl_seconds"),
            (Edit { weight: Some(Some(WEIGHT_MAX + 1)), ..Edit::default() }, "weight"),
            (Edit { output_tokens_max: Some(Some(0)), ..Edit::default() }, "output_tokens_max"),
            (parameter("model", json!("x")), "default_parameters"),
            (parameter("seed", json!(1.5)), "default_parameters.seed"),
            (parameter("temperature", json!("0")), "default_parameters.temperature"),
            (parameter("stop", json!(["a", "b", "c", "d", "e"])), "default_parameters.stop"),
            (names(&["a b"]), "forbidden_parameters"),
            (names(&["messages"]), "forbidden_parameters"),
        ];
        for (edit, field) in bad {
            assert_eq!(policy.clone().apply(&edit).unwrap_err().param.as_deref(), Some(field));
        }
        policy.apply(&parameter("stop", json!(["END"]))).unwrap();
        policy.apply(&names(&["tools", "topK"])).unwrap();
    }
}
