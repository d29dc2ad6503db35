//! A request's own labels: header `x-keyway-labels` or the body's `keyway` member.

use super::extension::Extension;
use crate::access::details::Texts;
use crate::access::labels::label;
use crate::base::Refusal;
use ledger::bound::LABELS_MAX;
use std::collections::BTreeMap;

/// Reads labels as `name=value`, sorted. The key's stand before the body's, the body's before the
/// header's: nobody books on another's account.
///
/// # Errors
/// `invalid_request` for what cannot be a label, naming where it stood.
pub fn read(of_key: &Texts, header: Option<&str>, extension: Extension) -> Result<Vec<String>, Refusal> {
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
    labels.extend(extension.labels);
    labels.extend(of_key.iter().map(|(name, value)| (name.clone(), value.clone())));
    if labels.len() > LABELS_MAX {
        return Err(Refusal::field("labels", format!("A request takes at most {LABELS_MAX} labels.")));
    }
    labels.into_iter().map(|(name, value)| label(&name, &value)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read_both(of_key: &Texts, header: Option<&str>, body: Option<&[u8]>) -> Result<Vec<String>, Refusal> {
        read(of_key, header, Extension::read(body)?)
    }

    #[test]
    fn labels_of_header_and_body() {
        let both =
            read_both(&Texts::new(), Some("team=a, run=7"), Some(br#"{"labels":{"team":"b"}}"#)).unwrap();
        assert_eq!(both, ["run=7", "team=b"]);
        assert!(read_both(&Texts::new(), None, None).unwrap().is_empty());
        let of_key = Texts::from([("team".to_owned(), "c".to_owned())]);
        let all = read_both(&of_key, Some("team=a, run=7"), Some(br#"{"labels":{"team":"b"}}"#)).unwrap();
        assert_eq!(all, ["run=7", "team=c"]);
        for bad in ["team", "=a", "a=", "a=b=c", &format!("a={}", "x".repeat(80))] {
            assert!(read_both(&Texts::new(), Some(bad), None).is_err(), "{bad}");
        }
        for bad in [&b"{\"label\":{}}"[..], br#"{"labels":{"a":1}}"#, br#"{"labels":{"a":"\n"}}"#] {
            assert!(read_both(&Texts::new(), None, Some(bad)).is_err());
        }
        let many: Vec<String> = (0..=LABELS_MAX).map(|n| format!("n{n}=1")).collect();
        assert!(read_both(&Texts::new(), Some(&many.join(",")), None).is_err());
    }
}
