//! A checked configuration as text, with secrets masked.

use super::kind::{quoted, shown};
use super::settings::TABLE;
use super::{Config, On};
use crate::catalog::{Model, Origin, Place, Provider};
use serde_json::{Map, Value as Json, json};
use std::fmt::Write;

/// Settings and providers as they hold, in the form of the settings file; with `origin`, where
/// each comes from.
#[must_use]
pub fn show(config: &Config, origin: bool) -> String {
    let mut text = String::new();
    for (setting, (value, place)) in TABLE.iter().zip(&config.values) {
        line(
            &mut text,
            &format!("{} = {}", setting.path, shown(setting.kind, value)),
            origin.then_some(place),
        );
    }
    for on in &config.on {
        let Some(provider) = config.catalog.provider(&on.provider) else {
            continue;
        };
        let _ = writeln!(text, "\n[providers.{}]", on.provider);
        for (name, value) in provider_fields(provider, on) {
            line(&mut text, &format!("{name} = {value}"), None);
        }
        if origin {
            let _ = writeln!(text, "# on by {}", on.by);
        }
    }
    for model in own_models(config) {
        let _ = writeln!(text, "\n[models.{}]\nupstream = {}", quoted(&model.id), quoted(&model.upstream));
        if origin {
            let _ = writeln!(text, "# {}", model.place);
        }
    }
    text
}

/// A setting as it holds.
#[derive(Debug, Clone)]
pub struct Shown {
    /// Its name in the file.
    pub path: &'static str,
    /// Its environment variable.
    pub env: String,
    /// What it is for.
    pub doc: &'static str,
    /// Its value, secrets masked.
    pub value: String,
    /// Where it was written; `default` where nowhere.
    pub origin: String,
}

/// Every setting, in the order of the documentation.
#[must_use]
pub fn each(config: &Config) -> Vec<Shown> {
    let one = |(setting, (value, place)): (&super::settings::Setting, &(_, Place))| Shown {
        path: setting.path,
        env: setting.env(),
        doc: setting.doc,
        value: shown(setting.kind, value),
        origin: origin_of(place),
    };
    TABLE.iter().zip(&config.values).map(one).collect()
}

/// The same as JSON: `{"settings": {path: {"value", "origin"}}, "providers": [...], "models": [...]}`.
#[must_use]
pub fn show_json(config: &Config) -> Json {
    let settings: Map<String, Json> = TABLE
        .iter()
        .zip(&config.values)
        .map(|(setting, (value, place))| {
            let value = shown(setting.kind, value);
            let value = value.parse::<toml_edit::Value>().map_or(Json::Null, |value| json_of(&value));
            (setting.path.to_owned(), json!({ "value": value, "origin": origin_of(place) }))
        })
        .collect();
    let providers: Vec<Json> = config
        .on
        .iter()
        .filter_map(|on| {
            let provider = config.catalog.provider(&on.provider)?;
            Some(json!({
                "name": on.provider,
                "display_name": provider.display_name,
                "base_url": provider.base_urls.first().map(|(_, url)| url),
                "auth": provider.auth.word(),
                "credential": on.credential.as_ref().map(ToString::to_string),
                "origin": origin_of(&on.by),
            }))
        })
        .collect();
    let models: Vec<Json> = own_models(config)
        .map(|model| json!({ "id": &*model.id, "upstream": &*model.upstream, "origin": origin_of(&model.place) }))
        .collect();
    json!({ "settings": settings, "providers": providers, "models": models })
}

fn line(text: &mut String, statement: &str, place: Option<&Place>) {
    let _ = match place {
        Some(place) => writeln!(text, "{statement:<44}  # {}", origin_of(place)),
        None => writeln!(text, "{statement}"),
    };
}

fn origin_of(place: &Place) -> String {
    if *place == Place::Nowhere { "default".to_owned() } else { place.to_string() }
}

fn own_models(config: &Config) -> impl Iterator<Item = &Model> {
    config.catalog.models().iter().map(AsRef::as_ref).filter(|model| model.origin == Origin::Config)
}

/// The fields of a provider that say where requests go and as whom.
fn provider_fields(provider: &Provider, on: &On) -> Vec<(&'static str, String)> {
    let mut fields = Vec::new();
    match provider.base_urls.as_slice() {
        [(_, url)] => fields.push(("base_url", quoted(url))),
        several => {
            let each: Vec<String> = several
                .iter()
                .map(|(dialect, url)| format!("{} = {}", dialect.word(), quoted(url)))
                .collect();
            fields.push(("base_url", format!("{{ {} }}", each.join(", "))));
        }
    }
    fields.push(("auth", quoted(provider.auth.word())));
    if let Some(credential) = &on.credential {
        fields.push(("credential", quoted(&credential.to_string())));
    }
    fields.push(("priority", provider.priority.to_string()));
    if let Some(max) = provider.concurrency_max {
        fields.push(("concurrency_max", max.to_string()));
    }
    if provider.models_any {
        fields.push(("models_any", "true".to_owned()));
    }
    fields
}

fn json_of(value: &toml_edit::Value) -> Json {
    match value {
        toml_edit::Value::String(text) => Json::from(text.value().as_str()),
        toml_edit::Value::Integer(number) => Json::from(*number.value()),
        toml_edit::Value::Boolean(flag) => Json::from(*flag.value()),
        toml_edit::Value::Array(values) => values.iter().map(json_of).collect(),
        _ => Json::Null,
    }
}
