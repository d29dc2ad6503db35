//! The smallest JSON value that satisfies a JSON schema, as far as common schemas go:
//! required properties, enums, constants, numeric ranges, local references.

use serde_json::{Map, Value, json};

/// Values made for one schema; what is beyond is null.
const NODES_MAX: usize = 256;

/// Depth of a value, references included.
const DEPTH_MAX: usize = 16;

/// Every string is the caller's text, cut at this many bytes: a schema may ask for many.
const STRING_BYTES_MAX: usize = 1024;

/// Tool arguments: as [`minimal`], and an object whatever the schema says.
pub(super) fn arguments(schema: &Value, text: &str) -> Value {
    match minimal(schema, text) {
        Value::Object(object) => Value::Object(object),
        _ => json!({}),
    }
}

/// A value that satisfies `schema`: strings are `text`, numbers 1, booleans true, enums their
/// first value, arrays and objects as empty as they may be.
pub(super) fn minimal(schema: &Value, text: &str) -> Value {
    let text = &text[..text.floor_char_boundary(STRING_BYTES_MAX)];
    let mut maker = Maker { root: schema, text, nodes_left: NODES_MAX };
    maker.value(schema, DEPTH_MAX)
}

struct Maker<'a> {
    root: &'a Value,
    text: &'a str,
    nodes_left: usize,
}

impl<'a> Maker<'a> {
    fn value(&mut self, schema: &'a Value, depth_left: usize) -> Value {
        if self.nodes_left == 0 || depth_left == 0 {
            return Value::Null;
        }
        self.nodes_left -= 1;
        if let Some(fixed) = fixed(schema) {
            return fixed;
        }
        if let Some(reference) = schema.get("$ref").and_then(Value::as_str) {
            let target = reference.strip_prefix('#').and_then(|path| self.root.pointer(path));
            return target.map_or(Value::Null, |target| self.value(target, depth_left - 1));
        }
        if let Some(parts) = schema.get("allOf").and_then(Value::as_array) {
            return self.all(schema, parts, depth_left);
        }
        for union in ["anyOf", "oneOf"] {
            let options = schema.get(union).and_then(Value::as_array);
            if let Some(option) = options.and_then(|options| first_not_null(options)) {
                return self.value(option, depth_left - 1);
            }
        }
        self.typed(schema, depth_left)
    }

    fn typed(&mut self, schema: &'a Value, depth_left: usize) -> Value {
        match kind(schema) {
            "object" => Value::Object(self.object(schema, depth_left)),
            "array" => Value::Array(self.array(schema, depth_left)),
            "integer" | "number" => number(schema),
            "boolean" => Value::Bool(true),
            "null" => Value::Null,
            _ => Value::String(self.string(schema)),
        }
    }

    fn object(&mut self, schema: &'a Value, depth_left: usize) -> Map<String, Value> {
        let required = schema.get("required").and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
        let mut object = Map::new();
        for name in required.iter().filter_map(Value::as_str).take(NODES_MAX) {
            let property = schema.get("properties").and_then(|properties| properties.get(name));
            let value = self.value(property.unwrap_or(&Value::Null), depth_left - 1);
            object.insert(name.to_owned(), value);
        }
        object
    }

    fn array(&mut self, schema: &'a Value, depth_left: usize) -> Vec<Value> {
        let least = schema.get("minItems").and_then(Value::as_u64).unwrap_or(0);
        let least = usize::try_from(least).unwrap_or(NODES_MAX).min(self.nodes_left);
        let items = schema.get("items").unwrap_or(&Value::Null);
        (0..least).map(|_| self.value(items, depth_left - 1)).collect()
    }

    /// The objects of every part in one, together with what stands beside `allOf`.
    fn all(&mut self, schema: &'a Value, parts: &'a [Value], depth_left: usize) -> Value {
        let mut merged = self.object(schema, depth_left);
        let mut other = None;
        for part in parts.iter().take(NODES_MAX) {
            match self.value(part, depth_left - 1) {
                Value::Object(object) => merged.extend(object),
                value => other = other.or(Some(value)),
            }
        }
        match other {
            Some(value) if merged.is_empty() => value,
            _ => Value::Object(merged),
        }
    }

    fn string(&self, schema: &Value) -> String {
        let most = schema.get("maxLength").and_then(Value::as_u64);
        let most = most.and_then(|most| usize::try_from(most).ok()).unwrap_or(usize::MAX);
        self.text.chars().take(most).collect()
    }
}

/// The constant or first enum value; null for one that is too large to repeat.
fn fixed(schema: &Value) -> Option<Value> {
    let first = schema.get("enum").and_then(Value::as_array).and_then(|values| values.first());
    let value = schema.get("const").or(first)?;
    let small = match value {
        Value::String(text) => text.len() <= STRING_BYTES_MAX,
        Value::Array(_) | Value::Object(_) => false,
        _ => true,
    };
    Some(if small { value.clone() } else { Value::Null })
}

fn first_not_null(options: &[Value]) -> Option<&Value> {
    let is_null = |option: &&Value| option.get("type").and_then(Value::as_str) == Some("null");
    options.iter().find(|option| !is_null(option)).or(options.first())
}

/// The schema's type; of several the first that is not null. Without one, what its keywords imply.
fn kind(schema: &Value) -> &str {
    match schema.get("type") {
        Some(Value::String(kind)) => kind,
        Some(Value::Array(kinds)) => {
            let mut names = kinds.iter().filter_map(Value::as_str);
            names.find(|name| *name != "null").unwrap_or("null")
        }
        _ if schema.get("properties").is_some() || schema.get("required").is_some() => "object",
        _ if schema.get("items").is_some() => "array",
        _ => "string",
    }
}

/// 1, or the end of the allowed range that is nearest to it.
fn number(schema: &Value) -> Value {
    let bound = |name: &str| schema.get(name).and_then(Value::as_i64);
    let step = |name: &str, by: i64| bound(name).map(|edge| edge.saturating_add(by));
    let least = bound("minimum").max(step("exclusiveMinimum", 1));
    let most = match (bound("maximum"), step("exclusiveMaximum", -1)) {
        (Some(one), Some(other)) => Some(one.min(other)),
        (one, other) => one.or(other),
    };
    let number = least.map_or(1, |least| least.max(1));
    json!(most.map_or(number, |most| most.min(number)))
}
