//! What somebody says of a route, and its fields as the configuration file writes them.

use crate::catalog::{RouteRow, TargetRow};
use serde::Deserialize;
use serde_json::Value;

/// What is said of a route; what is not said has the value it has in the configuration file.
#[derive(Debug, Default)]
pub struct SaidRoute {
    /// Who may be asked.
    pub targets: Vec<SaidTarget>,
    /// How they are put in order.
    pub strategy: Option<String>,
    /// Only providers of these regions.
    pub regions: Option<Vec<String>>,
    /// Only providers that keep nothing of requests.
    pub zero_retention: Option<bool>,
    /// Requests of one session stay with one target.
    pub affinity: Option<bool>,
}

/// What is said of a target.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SaidTarget {
    /// `provider/name`, or a name that several providers serve.
    pub model: String,
    /// Its share.
    pub weight: Option<u64>,
    /// Only for requests with all of these.
    pub labels: Option<Vec<String>>,
    /// Only for requests that need one of these.
    pub needs: Option<Vec<String>>,
    /// Only for prompts of so many tokens at most.
    pub prompt_tokens_max: Option<u64>,
}

impl SaidRoute {
    /// As the configuration file writes it. Whether it makes a route is not looked at.
    #[must_use]
    pub fn fields(self) -> String {
        let targets: Vec<String> = self.targets.into_iter().map(SaidTarget::fields).collect();
        written([
            Some(("targets", format!("[{}]", targets.join(", ")))),
            self.strategy.map(|strategy| ("strategy", Value::from(strategy).to_string())),
            self.regions.map(|regions| ("regions", Value::from(regions).to_string())),
            self.zero_retention.map(|flag| ("zero_retention", flag.to_string())),
            self.affinity.map(|flag| ("affinity", flag.to_string())),
        ])
    }
}

impl SaidTarget {
    fn fields(self) -> String {
        let fields = written([
            Some(("model", Value::from(self.model).to_string())),
            self.weight.map(|weight| ("weight", weight.to_string())),
            self.labels.map(|labels| ("labels", Value::from(labels).to_string())),
            self.needs.map(|needs| ("needs", Value::from(needs).to_string())),
            self.prompt_tokens_max.map(|most| ("prompt_tokens_max", most.to_string())),
        ]);
        format!("{{ {fields} }}")
    }
}

impl From<&RouteRow> for SaidRoute {
    fn from(row: &RouteRow) -> Self {
        Self {
            targets: row.targets.iter().map(SaidTarget::from).collect(),
            strategy: Some(row.strategy.word().to_owned()),
            regions: Some(row.regions.clone()),
            zero_retention: Some(row.zero_retention),
            affinity: Some(row.affinity),
        }
    }
}

impl From<&TargetRow> for SaidTarget {
    fn from(row: &TargetRow) -> Self {
        Self {
            model: row.model.clone(),
            weight: Some(u64::from(row.weight)),
            labels: Some(row.labels.clone()),
            needs: Some(row.needs.iter().map(|need| need.word().to_owned()).collect()),
            prompt_tokens_max: row.prompt_tokens_max,
        }
    }
}

/// Fields as TOML has them: texts, numbers and lists are written there as in JSON.
fn written<const N: usize>(fields: [Option<(&str, String)>; N]) -> String {
    let fields = fields.into_iter().flatten().map(|(name, value)| format!("{name} = {value}"));
    fields.collect::<Vec<_>>().join(", ")
}
