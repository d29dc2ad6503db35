//! What keys are to be called. A bad name is no reason to refuse a key, and one to say so.

use super::models::matches;
use crate::accounts::acting::Deed;
use crate::accounts::check::check_name;
use crate::accounts::{Acting, Scope, Subject};
use crate::base::Trouble;
use crate::store::changes::NOTHING_CHANGED;
use crate::store::settings as rows;
use serde_json::json;

/// Names that say nothing of what a key is for, digits and punctuation at their ends left out.
const SAYS_NOTHING: &[&str] = &[
    "",
    "a",
    "abc",
    "api",
    "api key",
    "apikey",
    "asdf",
    "bar",
    "default",
    "demo",
    "example",
    "foo",
    "key",
    "my api key",
    "my key",
    "mykey",
    "new",
    "new key",
    "newkey",
    "secret",
    "secret key",
    "temp",
    "test",
    "test key",
    "testing",
    "testkey",
    "tmp",
    "token",
    "untitled",
    "xxx",
];

/// What is to be said of a key's name, the organisation's pattern taken into account.
#[must_use]
pub fn warnings(name: &str, pattern: Option<&str>) -> Vec<String> {
    let mut warnings = Vec::new();
    let bare = name.to_lowercase().replace(['-', '_'], " ");
    let bare =
        bare.trim_matches(|c: char| c.is_ascii_digit() || c.is_whitespace() || c.is_ascii_punctuation());
    if SAYS_NOTHING.contains(&bare) {
        warnings.push(format!(
            "`{name}` says nothing of what this key is for; name it for who uses it and where, as in \
             billing-worker-production."
        ));
    }
    if let Some(pattern) = pattern.filter(|pattern| !matches(pattern, name)) {
        warnings.push(format!("`{name}` is not as this organisation names its keys: `{pattern}`."));
    }
    warnings
}

/// How the organisation acted in names its keys.
///
/// # Errors
/// When the database cannot be used.
pub async fn of_name(acting: &mut Acting<'_>, name: &str) -> Result<Vec<String>, Trouble> {
    let org = acting.org.clone();
    let pattern = rows::key_name_pattern(&mut acting.tx, &org).await?;
    Ok(warnings(name, pattern.as_deref()))
}

/// Says how the organisation names its keys, `*` standing for any run of characters; `None`: freely.
///
/// # Errors
/// `missing_scope`, or a refusal for what is no pattern.
pub async fn set_pattern(acting: &mut Acting<'_>, pattern: Option<&str>) -> Result<(), Trouble> {
    acting.may(Scope::UPDATE_SETTINGS, Subject::Organization)?;
    if let Some(pattern) = pattern {
        check_name("key_name_pattern", pattern)?;
    }
    let org = acting.org.clone();
    rows::set_key_name_pattern(&mut acting.tx, &org, pattern).await?;
    let detail = json!({ "key_name_pattern": pattern });
    let deed =
        Deed { name: "organization.updated", kind: NOTHING_CHANGED, project: None, object: &org, detail };
    Ok(acting.record(deed).await?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_say_nothing_and_names_off_the_pattern_are_remarked_on() {
        for name in ["key1", "test", "Test-2", "my_key", "New Key 17", "---", "42", "API key"] {
            assert_eq!(warnings(name, None).len(), 1, "{name}");
        }
        for name in ["billing-worker-production", "testbed", "keynote", "abc-shop"] {
            assert!(warnings(name, None).is_empty(), "{name}");
        }
        assert!(warnings("shop-worker-prod", Some("shop-*-prod")).is_empty());
        assert!(warnings("shop-worker-dev", Some("shop-*-prod"))[0].contains("shop-*-prod"));
        assert_eq!(warnings("test", Some("shop-*")).len(), 2);
    }
}
