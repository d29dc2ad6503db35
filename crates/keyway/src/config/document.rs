//! What is made from the table of settings: the commented file, the JSON Schema, the page.

use super::kind::{Kind, quoted, size};
use super::reload::RELOADS;
use super::settings::{Setting, TABLE};
use super::sign_in::SIGN_IN_FIELDS;
use crate::catalog::fields::{ALIAS_FIELDS, MODEL_FIELDS, PRICE_FIELDS, PROVIDER_FIELDS, ROUTE_FIELDS};
use crate::catalog::{Dialect, Field, FieldKind};
use serde_json::{Map, Value as Json, json};
use std::fmt::Write;

const INTRODUCTION: &str = "\
# Settings of Keyway. A value here gives way to the setting's environment variable, and that to its
# flag. Every setting is shown with its default; take the # away and change it. What is not known
# is an error: `keyway config check` finds all of them.
";

const ROWS: &str = r##"
# --- Providers ---------------------------------------------------------------------------------
# A provider that Keyway knows is on when its usual variable is set (OPENAI_API_KEY,
# DEEPSEEK_API_KEY, ...), or when it has a row here. A credential is a reference, never the secret.

#[providers.deepseek]
#credential = "env:DEEPSEEK_API_KEY"     # env:NAME or file:/path
#priority = 50                           # lower is asked first; default 100

# Any other host is the same row in full.

#[providers.mine]
#base_url = "http://127.0.0.1:9000/v1"   # with the version segment
#auth = "bearer"                         # bearer, x-api-key, x-goog-api-key or none
#credential = "env:MINE_KEY"
#concurrency_max = 500                   # of the account
#models_any = false                      # true: pass on models that are not listed, unpriced

#[models."mine/small"]
#upstream = "small-v2"                   # the name sent to the host
#context_tokens = 128000
#output_tokens_max = 8192
#price = { input = 0.50, output = 1.50, cache_read = 0.05 }   # USD per million tokens

# Another name for a model.

#[aliases.quick]
#target = "mine/small"

# A name for several models, of which the best is asked, and another where that fails.

#[routes.fast]
#strategy = "latency"                    # priority, weight, latency, cost or quality
#targets = [{ model = "mine/small" }, { model = "deepseek/deepseek-flash", weight = 2 }]
#zero_retention = false                  # true: only providers that keep nothing of requests

# --- Sign-in -----------------------------------------------------------------------------------
# Who else vouches for people: any provider of OpenID Connect, and GitHub. Give it
# {public_url}/sign-in/back/NAME as the address it leads back to.

#[sign_in.google]
#label = "Google"
#issuer = "https://accounts.google.com"
#client_id = "1234.apps.googleusercontent.com"
#credential = "env:GOOGLE_SIGN_IN_SECRET" # env:NAME or file:/path

#[sign_in.github]
#kind = "github"
#client_id = "Iv1.0123456789abcdef"
#credential = "env:GITHUB_SIGN_IN_SECRET"
"##;

/// A commented settings file: every setting with its default, and an example of each kind of row.
#[must_use]
pub fn init_text() -> String {
    let mut text = INTRODUCTION.to_owned();
    for setting in TABLE {
        let _ = writeln!(text, "\n# {}", setting.doc);
        if setting.kind == Kind::Secret {
            let _ = writeln!(text, "# Only as {}.", setting.env());
            continue;
        }
        let flag = setting.flag.map(|flag| format!(", {flag}")).unwrap_or_default();
        let _ = writeln!(text, "# {}{flag}", setting.env());
        let value = if setting.default.is_empty() { setting.example } else { setting.default };
        let _ = writeln!(text, "#{} = {}", setting.path, literal(setting.kind, value));
    }
    text.push_str(ROWS);
    text
}

/// A default as it stands in the file.
fn literal(kind: Kind, text: &str) -> String {
    match kind {
        Kind::Flag | Kind::Number(..) => text.to_owned(),
        Kind::Networks => format!("[{}]", quoted(text)),
        _ => quoted(text),
    }
}

/// The settings as a Markdown table.
#[must_use]
pub fn settings_markdown() -> String {
    let mut text =
        "| setting | default | may be | variable, flag | takes effect | what it is for |\n|---|---|---|---|---|---|\n"
            .to_owned();
    for setting in TABLE {
        let default =
            if setting.default.is_empty() { String::new() } else { format!("`{}`", setting.default) };
        let flag = match (setting.flag, setting.kind) {
            (Some(flag), _) => format!("`{}`, `{flag}`", setting.env()),
            (None, Kind::Secret) => format!("`{}` only", setting.env()),
            (None, _) => format!("`{}`", setting.env()),
        };
        let _ = writeln!(
            text,
            "| `{}` | {default} | {} | {flag} | {} | {} |",
            setting.path,
            range(setting.kind),
            if RELOADS.contains(&setting.path) { "at once" } else { "at a restart" },
            setting.doc
        );
    }
    text
}

fn range(kind: Kind) -> String {
    match kind {
        Kind::Address | Kind::AddressOptional => "address:port".to_owned(),
        Kind::Path | Kind::PathOptional => "path".to_owned(),
        Kind::DatabaseUrl => "URL".to_owned(),
        Kind::Secret => "secret".to_owned(),
        Kind::LogFilter => "levels".to_owned(),
        Kind::MailUrl => "URL".to_owned(),
        Kind::Word(words) => words.join(", "),
        Kind::Line => "text".to_owned(),
        Kind::Origin => "https://host".to_owned(),
        Kind::Networks => "networks".to_owned(),
        Kind::Flag => "true, false".to_owned(),
        Kind::Number(min, max) => format!("{min} to {max}"),
        Kind::Bytes(min, max) => format!("{} to {}", size(min), size(max)),
    }
}

/// A JSON Schema (2020-12) of the settings file, for editors.
#[must_use]
pub fn schema() -> Json {
    let mut properties: Map<String, Json> = TABLE
        .iter()
        .filter(|setting| setting.kind != Kind::Secret)
        .map(|setting| (setting.path.to_owned(), setting_schema(setting)))
        .collect();
    for (name, fields, doc) in [
        ("providers", PROVIDER_FIELDS, "Hosts that serve models, by name."),
        ("models", MODEL_FIELDS, "Models by provider/name."),
        ("aliases", ALIAS_FIELDS, "Other names for models."),
        ("routes", ROUTE_FIELDS, "Names for several models, of which the best is asked."),
        ("sign_in", SIGN_IN_FIELDS, "Who else vouches for people, by name."),
    ] {
        let rows =
            json!({ "type": "object", "description": doc, "additionalProperties": table_schema(fields) });
        properties.insert(name.to_owned(), rows);
    }
    json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "keyway.toml",
        "type": "object",
        "properties": properties,
        "additionalProperties": false,
    })
}

fn setting_schema(setting: &Setting) -> Json {
    let mut schema = match setting.kind {
        Kind::Flag => json!({ "type": "boolean" }),
        Kind::Networks => json!({ "type": "array", "items": { "type": "string" } }),
        Kind::Number(min, max) => json!({ "type": "integer", "minimum": min, "maximum": max }),
        Kind::Bytes(min, max) => json!({ "anyOf": [
            { "type": "integer", "minimum": min, "maximum": max },
            { "type": "string", "pattern": "^[0-9]+ *([KMG]i)?B?$" },
        ] }),
        _ => json!({ "type": "string" }),
    };
    let default = match setting.kind {
        Kind::Flag => Json::from(setting.default == "true"),
        Kind::Number(..) => setting.default.parse::<u64>().map_or(Json::Null, Json::from),
        _ => Json::from(setting.default),
    };
    if let Some(schema) = schema.as_object_mut() {
        schema.insert("description".to_owned(), setting.doc.into());
        if !setting.default.is_empty() {
            schema.insert("default".to_owned(), default);
        }
    }
    schema
}

fn table_schema(fields: &[Field]) -> Json {
    let properties: Map<String, Json> = fields
        .iter()
        .map(|field| {
            let mut schema = field_schema(field.kind);
            if let Some(schema) = schema.as_object_mut() {
                schema.insert("description".to_owned(), field.doc.into());
            }
            (field.name.to_owned(), schema)
        })
        .collect();
    json!({ "type": "object", "properties": properties, "additionalProperties": false })
}

fn field_schema(kind: FieldKind) -> Json {
    match kind {
        FieldKind::Text => json!({ "type": "string" }),
        FieldKind::Word(words) => json!({ "enum": words }),
        FieldKind::Words(words) => json!({ "type": "array", "items": { "enum": words } }),
        FieldKind::Texts => json!({ "type": "array", "items": { "type": "string" } }),
        FieldKind::Flag => json!({ "type": "boolean" }),
        FieldKind::Number(min, max) => json!({ "type": "integer", "minimum": min, "maximum": max }),
        FieldKind::Usd => json!({ "anyOf": [{ "type": "number", "minimum": 0 }, { "type": "string" }] }),
        FieldKind::TextByDialect => {
            let urls: Map<String, Json> =
                Dialect::WORDS.iter().map(|word| ((*word).to_owned(), json!({ "type": "string" }))).collect();
            json!({ "anyOf": [
                { "type": "string" },
                { "type": "object", "properties": urls, "additionalProperties": false },
            ] })
        }
        FieldKind::WordByDialect(words) => {
            let by: Map<String, Json> =
                Dialect::WORDS.iter().map(|word| ((*word).to_owned(), json!({ "enum": words }))).collect();
            json!({ "anyOf": [
                { "enum": words },
                { "type": "object", "properties": by, "additionalProperties": false },
            ] })
        }
        FieldKind::Weekdays => {
            json!({ "type": "array", "minItems": 1, "items": { "type": "integer", "minimum": 1, "maximum": 7 } })
        }
        FieldKind::Date => json!({ "type": "string", "pattern": "^[0-9]{4}-[0-9]{2}-[0-9]{2}$" }),
        FieldKind::Price => table_schema(PRICE_FIELDS),
        FieldKind::Prices => json!({ "type": "array", "items": table_schema(PRICE_FIELDS) }),
        FieldKind::Table(fields) => table_schema(fields),
        FieldKind::Tables(fields) => json!({ "type": "array", "items": table_schema(fields) }),
    }
}
