//! The objects of the API, one line of fields each: `name: type`, `name*: type` where it is always there.
//! A type is `string`, `integer`, `number`, `boolean`, `object`, `any`, words of a choice apart by `|`,
//! another object, `[type]` for a list; `?` behind it says that it may be null.

use super::{objects, watched};
use serde_json::{Map, Value, json};

/// A field as it is written.
#[derive(Debug)]
pub struct Field<'a> {
    /// Its name.
    pub name: &'a str,
    /// Whether it is always there.
    pub required: bool,
    /// Its type.
    pub of: &'a str,
}

/// Objects that are lists: name, and what is in them.
const LISTS: &[(&str, &str)] = &[
    ("KeyList", "Key"),
    ("ListedModelList", "ListedModel"),
    ("PriceList", "Price"),
    ("ProviderList", "Provider"),
    ("ProviderCredentialList", "ProviderCredential"),
    ("SecretList", "Secret"),
    ("OrganizationList", "Organization"),
    ("ProjectList", "Project"),
    ("RateLimitList", "RateLimit"),
    ("BudgetList", "Budget"),
    ("ModelRouteList", "ModelRoute"),
    ("CreditGrantList", "CreditGrant"),
    ("TierList", "Tier"),
    ("VerificationRequestList", "VerificationRequest"),
    ("LimitIncreaseRequestList", "LimitIncreaseRequest"),
    ("UserList", "User"),
    ("ProjectGroupList", "ProjectGroup"),
    ("GroupList", "Group"),
    ("RoleList", "Role"),
    ("InviteList", "Invite"),
    ("ServiceAccountList", "ServiceAccount"),
    ("RequestList", "Request"),
    ("NodeList", "Node"),
    ("AuditLogList", "AuditLog"),
    ("ReviewList", "Review"),
];

/// Objects whose fields are not all ours to name: those of OpenAI's chat API, and a record of the audit
/// log, which has a field that is called like its event.
const OPEN: &[(&str, &str)] = &[
    ("ChatRequest", "model*: string, messages*: [any], stream: boolean"),
    ("ModelRequest", "model*: string, stream: boolean"),
    ("MessagesRequest", "model*: string, messages*: [any], max_tokens: integer, stream: boolean"),
    ("ResponsesRequest", "model*: string, input: any, stream: boolean"),
    ("GenerateRequest", "contents*: [any]"),
    ("ContentCount", "totalTokens: integer"),
    ("TokenCount", "object: string, input_tokens: integer"),
    ("GoogleModels", "models*: [GoogleModel]"),
    (
        "GoogleModel",
        "name*: string, version*: string, displayName*: string, inputTokenLimit: integer, \
        outputTokenLimit: integer, supportedGenerationMethods*: [string]",
    ),
    ("AnthropicError", "type*: string, error*: object"),
    ("GoogleError", "error*: object"),
    ("ModerationRequest", "model: string, input*: any"),
    ("EmbedRequest", "content*: object, taskType: string, outputDimensionality: integer"),
    ("EmbedRequests", "requests*: [any]"),
    ("ImageRequest", "model*: string, prompt*: string, n: integer, stream: boolean"),
    ("SpeechRequest", "model*: string, input*: string, voice: any, stream_format: string"),
    ("TranscriptionForm", "model*: string, file*: string, stream: boolean"),
    ("ModelAnswer", "model: string, usage: any"),
    ("ChatAnswer", "id: string, object: string, model: string, choices: [any], usage: any"),
    (
        "AuditLog",
        "object*: string, id*: string, type*: string, effective_at*: integer, project*: AuditProject?, \
        actor*: object, sequence*: integer, hash*: string",
    ),
];

/// Every object.
///
/// # Errors
/// What of it cannot be read.
pub fn all() -> Result<Value, String> {
    let mut all = Map::new();
    for (name, text) in objects::OBJECTS.iter().chain(watched::OBJECTS) {
        all.insert((*name).to_owned(), object(text, false)?);
    }
    for (name, text) in OPEN {
        all.insert((*name).to_owned(), object(text, true)?);
    }
    for (name, of) in LISTS.iter().chain(watched::LISTS) {
        let text = format!(
            "object*: string, data*: [{of}], first_id*: string?, last_id*: string?, has_more*: boolean, next: string?"
        );
        all.insert((*name).to_owned(), object(&text, false)?);
    }
    Ok(Value::Object(all))
}

fn object(text: &str, open: bool) -> Result<Value, String> {
    let mut properties = Map::new();
    let mut required = Vec::new();
    for field in fields(text)? {
        if field.required {
            required.push(field.name);
        }
        properties.insert(field.name.to_owned(), of_type(field.of)?);
    }
    Ok(json!({
        "type": "object", "properties": properties, "required": required, "additionalProperties": open,
    }))
}

/// The fields of a line.
///
/// # Errors
/// Which part cannot be read.
pub fn fields(text: &str) -> Result<Vec<Field<'_>>, String> {
    let parts = text.split(',').map(str::trim).filter(|part| !part.is_empty());
    parts
        .map(|part| {
            let (name, of) = part.split_once(": ").ok_or_else(|| format!("`{part}`"))?;
            let bare = name.strip_suffix('*');
            Ok(Field { name: bare.unwrap_or(name), required: bare.is_some(), of })
        })
        .collect()
}

/// The schema of a type.
///
/// # Errors
/// When there is no such type.
pub fn of_type(text: &str) -> Result<Value, String> {
    if let Some(text) = text.strip_suffix('?') {
        let mut schema = of_type(text)?;
        match schema.get("type").cloned() {
            Some(Value::String(kind)) if schema.get("enum").is_none() => {
                schema["type"] = json!([kind, "null"])
            }
            _ => schema = json!({ "anyOf": [schema, { "type": "null" }] }),
        }
        return Ok(schema);
    }
    if let Some(of) = text.strip_prefix('[').and_then(|text| text.strip_suffix(']')) {
        return Ok(json!({ "type": "array", "items": of_type(of)? }));
    }
    match text {
        "string" | "integer" | "number" | "boolean" | "object" => Ok(json!({ "type": text })),
        "any" => Ok(json!({})),
        _ if text.contains('|') => {
            Ok(json!({ "type": "string", "enum": text.split('|').collect::<Vec<_>>() }))
        }
        _ if text.starts_with(|first: char| first.is_ascii_uppercase()) => {
            Ok(json!({ "$ref": format!("#/components/schemas/{text}") }))
        }
        _ => Err(format!("`{text}` is no type")),
    }
}
