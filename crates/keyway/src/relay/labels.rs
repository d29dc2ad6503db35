//! A request's own labels: header `x-keyway-labels` or the body's `keyway` member.

use crate::base::Refusal;
use ledger::bound::{LABEL_BYTES_MAX, LABELS_MAX};
use serde::Deserialize;
use std::collections::BTreeMap;

/// The body's `keyway` member.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Extension {
    #[serde(default)]
    labels: BTreeMap<String, String>,
}

/// Reads labels as `name=value`, sorted, the body's first.
///
/// # Errors
/// `invalid_request` for what cannot be a label, naming where it stood.
pub fn read(header: Option<&str>, extension: Option<&[u8]>) -> Result<Vec<String>, Refusal> {
    let mut labels = BTreeMap::new();
    for pair in header.unwrap_or("").split(',').map(str::trim).filter(|pair| !pair.is_empty()) {
        let (name, value) = pair.split_once('=').ok_or_else(|| {
            Refusal::field(
                "x-keyway-labels",
                "`x-keyway-labels` is a list of `name=value`, separated by commas.",
            )
        })?;
        labels.insert(name.trim().to_owned(), value.trim().to_owned());
    }
    if let Some(bytes) = extension {
        let extension: Extension = serde_json::from_slice(bytes).map_err(|error| {
            Refusal::field("keyway", format!("`keyway` takes `labels`, an object of strings: {error}."))
        })?;
        labels.extend(extension.labels);
    }
    if labels.len() > LABELS_MAX {
        return Err(Refusal::field("labels", format!("A request takes at most {LABELS_MAX} labels.")));
    }
    labels.into_iter().map(|(name, value)| label(&name, &value)).collect()
}

fn label(name: &str, value: &str) -> Result<String, Refusal> {
    let sane = |text: &str| !text.is_empty() && !text.chars().any(|c| c.is_control() || c == ',' || c == '=');
    let label = format!("{name}={value}");
    if !sane(name) || !sane(value) || label.len() > LABEL_BYTES_MAX {
        return Err(Refusal::field(
            "labels",
            format!(
                "A label is `name=value` of at most {LABEL_BYTES_MAX} bytes, without commas or further `=`."
            ),
        ));
    }
    Ok(label)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_of_header_and_body() {
        let both = read(Some("team=a, run=7"), Some(br#"{"labels":{"team":"b"}}"#)).unwrap();
        assert_eq!(both, ["run=7", "team=b"]);
        assert!(read(None, None).unwrap().is_empty());
        for bad in ["team", "=a", "a=", "a=b=c", &format!("a={}", "x".repeat(80))] {
            assert!(read(Some(bad), None).is_err(), "{bad}");
        }
        for bad in [&b"{\"label\":{}}"[..], br#"{"labels":{"a":1}}"#, br#"{"labels":{"a":"\n"}}"#] {
            assert!(read(None, Some(bad)).is_err());
        }
        let many: Vec<String> = (0..=LABELS_MAX).map(|n| format!("n{n}=1")).collect();
        assert!(read(Some(&many.join(",")), None).is_err());
    }
}
