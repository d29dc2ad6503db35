//! What of a configuration takes effect while the server runs, and what differs between two of them.

use super::kind::{Value, shown};
use super::settings::TABLE;
use super::{Config, On};
use crate::catalog::{Place, ProviderRow, Rows};
use std::collections::BTreeSet;
use std::fmt;

/// Settings that take effect when the file is read again; the others need a restart.
pub const RELOADS: &[&str] = &[
    "log",
    "connections_max",
    "connections_per_address_max",
    "requests_running_max",
    "request_bodies_bytes_max",
    "account_wait_ms_max",
    "response_cache_ttl_seconds",
    "response_cache_charged",
];

/// One thing that is different.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Difference {
    /// The setting, or the row.
    pub path: String,
    /// What it was and what it is, for a setting; secrets masked.
    pub values: Option<(String, String)>,
    /// It takes effect without a restart.
    pub reloads: bool,
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.path)?;
        match &self.values {
            Some((was, is)) => write!(f, ": {was} -> {is}"),
            None => f.write_str(": changed"),
        }
    }
}

/// What is different between two configurations, settings first.
#[must_use]
pub fn differences(was: &Config, is: &Config) -> Vec<Difference> {
    let mut found = Vec::new();
    for (setting, ((old, _), (new, _))) in TABLE.iter().zip(was.values.iter().zip(&is.values)) {
        if !same(old, new) {
            let values = Some((shown(setting.kind, old), shown(setting.kind, new)));
            let reloads = RELOADS.contains(&setting.path);
            found.push(Difference { path: setting.path.to_owned(), values, reloads });
        }
    }
    found.extend(of_providers(was, is));
    let models =
        |rows: &Rows| rows.models.iter().map(|row| (row.id.clone(), text(row, &row.place))).collect();
    let aliases =
        |rows: &Rows| rows.aliases.iter().map(|row| (row.name.clone(), text(row, &row.place))).collect();
    let sign_in = |config: &Config| {
        config.sign_in.iter().map(|row| (row.name.clone(), text(row, &row.place))).collect()
    };
    let changed = of_rows("sign_in", &sign_in(was), &sign_in(is));
    found.extend(changed.into_iter().map(|one| Difference { reloads: false, ..one }));
    found.extend(of_rows("models", &models(&was.rows), &models(&is.rows)));
    found.extend(of_rows("aliases", &aliases(&was.rows), &aliases(&is.rows)));
    found
}

fn same(one: &Value, other: &Value) -> bool {
    match (one, other) {
        (Value::Secret(one), Value::Secret(other)) => {
            one.as_ref().map(|secret| secret.reveal()) == other.as_ref().map(|secret| secret.reveal())
        }
        (one, other) => shown(super::kind::Kind::Line, one) == shown(super::kind::Kind::Line, other),
    }
}

/// A row without the place where it was written, which moves with every line above it.
fn text(row: &impl fmt::Debug, place: &Place) -> String {
    format!("{row:?}").replace(&format!("{place:?}"), "")
}

/// Name and text of each row.
type Texts = BTreeSet<(String, String)>;

fn of_rows(table: &str, was: &Texts, is: &Texts) -> Vec<Difference> {
    let names: BTreeSet<&String> = was.symmetric_difference(is).map(|(name, _)| name).collect();
    let named = |name: &String| Difference { path: format!("{table}.{name}"), values: None, reloads: true };
    names.into_iter().map(named).collect()
}

/// Of a provider that stays on, `concurrency_max` takes effect; anything else of it needs a restart.
fn of_providers(was: &Config, is: &Config) -> Vec<Difference> {
    let names: BTreeSet<&str> = was.on.iter().chain(&is.on).map(|on| on.provider.as_str()).collect();
    let on = |config: &'_ Config, name: &str| -> Option<On> {
        config.on.iter().find(|on| on.provider == name).map(|on| On { by: Place::Nowhere, ..on.clone() })
    };
    let row = |config: &Config, name: &str| {
        let row = config.rows.providers.iter().find(|row| row.name == name)?;
        let bare = ProviderRow { place: Place::Nowhere, concurrency_max: None, ..row.clone() };
        Some(format!("{bare:?}"))
    };
    let cap = |config: &Config, name: &str| config.catalog.provider(name)?.concurrency_max;
    let mut found = Vec::new();
    for name in names {
        let path = format!("providers.{name}");
        if on(was, name) != on(is, name) || row(was, name) != row(is, name) {
            found.push(Difference { path, values: None, reloads: false });
            continue;
        }
        let (old, new) = (cap(was, name), cap(is, name));
        if old != new {
            let shown = |cap: Option<u32>| cap.map_or_else(|| "none".to_owned(), |cap| cap.to_string());
            let path = format!("{path}.concurrency_max");
            found.push(Difference { path, values: Some((shown(old), shown(new))), reloads: true });
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{Sources, load};

    fn config(text: &str) -> Config {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("keyway.toml");
        std::fs::write(&path, text).unwrap();
        let mut sources =
            Sources { config_file: Some(path), cwd: folder.path().into(), ..Sources::default() };
        sources.env.insert("MINE_KEY".into(), "sk-mine".into());
        sources.flags.push(("data_dir".into(), "/nowhere/data".into()));
        load(&sources).unwrap_or_else(|mistakes| panic!("{mistakes:?}"))
    }

    const ROWS: &str = "\n[providers.mine]\nbase_url = \"http://127.0.0.1:9/v1\"\ncredential = \"env:MINE_KEY\"\n\
        concurrency_max = 5\n[models.\"mine/small\"]\nupstream = \"small\"\n";

    #[test]
    fn what_differs_is_named_and_whether_it_takes_effect() {
        let was = config(&format!("requests_running_max = 5\nworkers = 1{ROWS}"));
        let told = |text: &str| -> Vec<(String, bool)> {
            let found = differences(&was, &config(text));
            found.into_iter().map(|difference| (difference.to_string(), difference.reloads)).collect()
        };
        assert!(told(&format!("\n\nworkers = 1\nrequests_running_max = 5{ROWS}")).is_empty(), "moved lines");
        assert_eq!(
            told(&format!("requests_running_max = 6\nworkers = 2{ROWS}")),
            [("workers: 1 -> 2".to_owned(), false), ("requests_running_max: 5 -> 6".to_owned(), true)]
        );
        let rows = format!("requests_running_max = 5\nworkers = 1{ROWS}");
        assert_eq!(
            told(&rows.replace("concurrency_max = 5", "concurrency_max = 7")),
            [("providers.mine.concurrency_max: 5 -> 7".to_owned(), true)]
        );
        assert_eq!(
            told(&rows.replace("127.0.0.1:9/", "127.0.0.1:10/")),
            [("providers.mine: changed".to_owned(), false)]
        );
        assert_eq!(
            told(&format!("{rows}\n[models.\"mine/large\"]\nupstream = \"large\"\n")),
            [("models.mine/large: changed".to_owned(), true)]
        );
    }

    #[test]
    fn a_secret_that_changes_is_not_told() {
        let was = config("mail_smtp = \"smtps://user:one@mail.example.com\"");
        let is = config("mail_smtp = \"smtps://user:two@mail.example.com\"");
        let found = differences(&was, &is);
        assert_eq!(found.len(), 1, "{found:?}");
        assert!(!found[0].to_string().contains("one") && !found[0].to_string().contains("two"));
    }

    #[test]
    fn what_takes_effect_are_settings() {
        for path in RELOADS {
            assert!(TABLE.iter().any(|setting| setting.path == *path), "{path}");
        }
    }
}
