//! What a tool's settings file is to say, laid over what it says already.

use serde_json::{Map, Value};
use toml_edit::DocumentMut;

/// Lays one JSON object over another: objects are merged member by member, whatever else is replaced.
///
/// # Errors
/// When what is there is no JSON object.
pub fn json(before: &str, over: &str) -> Result<String, String> {
    let read = |text: &str| -> Result<Map<String, Value>, String> {
        if text.trim().is_empty() {
            return Ok(Map::new());
        }
        serde_json::from_str(text).map_err(|error| format!("is no JSON object ({error})"))
    };
    let mut value = Value::Object(read(before)?);
    lay(&mut value, Value::Object(read(over)?));
    let text = serde_json::to_string_pretty(&value).map_err(|error| error.to_string())?;
    Ok(text + "\n")
}

fn lay(under: &mut Value, over: Value) {
    match (under, over) {
        (Value::Object(under), Value::Object(over)) => {
            for (name, value) in over {
                lay(under.entry(name).or_insert(Value::Null), value);
            }
        }
        (under, over) => *under = over,
    }
}

/// Lays one TOML document over another, table by table; comments and order of what was there stay.
///
/// # Errors
/// When what is there is no TOML.
pub fn toml(before: &str, over: &str) -> Result<String, String> {
    let read = |text: &str| text.parse::<DocumentMut>().map_err(|error| format!("is no TOML ({error})"));
    let (mut under, over) = (read(before)?, read(over)?);
    lay_table(under.as_table_mut(), over.as_table());
    Ok(under.to_string())
}

fn lay_table(under: &mut toml_edit::Table, over: &toml_edit::Table) {
    for (name, item) in over {
        match (under.get_mut(name).and_then(toml_edit::Item::as_table_mut), item.as_table()) {
            (Some(under), Some(over)) => lay_table(under, over),
            // In its place: the comment above it is its key's.
            _ => match under.get_mut(name) {
                Some(there) => *there = item.clone(),
                None => {
                    under.insert(name, item.clone());
                }
            },
        }
    }
}

/// The lines that differ, `-` before those that go and `+` before those that come.
#[must_use]
pub fn diff(before: &str, after: &str) -> String {
    let (old, new): (Vec<&str>, Vec<&str>) = (before.lines().collect(), after.lines().collect());
    let head = old.iter().zip(&new).take_while(|(a, b)| a == b).count();
    let most = old.len().min(new.len()) - head;
    let tail = old.iter().rev().zip(new.iter().rev()).take(most).take_while(|(a, b)| a == b).count();
    let part = |lines: &[&str], sign: char| -> String {
        let changed = lines.get(head..lines.len() - tail).unwrap_or_default();
        changed.iter().map(|line| format!("{sign} {line}\n")).collect()
    };
    part(&old, '-') + &part(&new, '+')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_there_stays() {
        let after = json(r#"{"theme":"dark","env":{"A":"1"}}"#, r#"{"env":{"B":"2"},"model":"m"}"#).unwrap();
        let value: Value = serde_json::from_str(&after).unwrap();
        let expected: Value =
            serde_json::from_str(r#"{"theme":"dark","env":{"A":"1","B":"2"},"model":"m"}"#).unwrap();
        assert_eq!(value, expected);
        assert_eq!(json(&after, r#"{"model":"m"}"#).unwrap(), after, "once more changes nothing");
        assert!(json("[1]", "{}").is_err() && json("{", "{}").is_err());

        let before = "# mine\nmodel = \"old\"\n\n[model_providers.other]\nname = \"Other\" # kept\n";
        let after = toml(before, "model = \"m\"\n[model_providers.keyway]\nname = \"Keyway\"\n").unwrap();
        assert!(
            after.contains("# mine") && after.contains("# kept") && after.contains("name = \"Keyway\""),
            "{after}"
        );
        assert!(after.contains("model = \"m\"") && !after.contains("old"), "{after}");
        assert!(toml("= x", "").is_err());
    }

    #[test]
    fn a_diff_has_what_differs_alone() {
        assert_eq!(diff("a\nb\nc\n", "a\nx\ny\nc\n"), "- b\n+ x\n+ y\n");
        assert_eq!(diff("", "a\n"), "+ a\n");
        assert_eq!(diff("a\na\n", "a\n"), "- a\n");
        assert_eq!(diff("a\n", "a\n"), "");
    }
}
