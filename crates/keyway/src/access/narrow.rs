//! The narrowest key that would have done all that a key did: what it did not need in 90 days, taken away.

use super::models::ModelRules;
use crate::accounts::Scopes;
use crate::base::network;
use crate::store::review::{Reviewed, Use, UsedFrom};
use serde_json::json;

/// Models that a list is proposed of at most, where a key has none: beyond it, it is used for everything.
const MODELS_MAX: usize = 10;
/// Networks that a list is proposed of at most, where a key has none: beyond it, it comes from everywhere.
const NETWORKS_MAX: usize = 5;

/// A key with less: absent lists stay as they are.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Narrower {
    /// Scopes it keeps.
    pub scopes: Option<Vec<String>>,
    /// Models it keeps.
    pub models: Option<Vec<String>>,
    /// Networks it keeps.
    pub ip_allowlist: Option<Vec<String>>,
    /// What it may no more, one phrase each.
    pub closes: Vec<String>,
}

impl Narrower {
    /// The body of the call that makes a key so.
    #[must_use]
    pub fn body(&self) -> serde_json::Value {
        let lists =
            [("scopes", &self.scopes), ("models", &self.models), ("ip_allowlist", &self.ip_allowlist)];
        lists.into_iter().filter_map(|(name, list)| Some((name.to_owned(), json!(list.as_ref()?)))).collect()
    }

    /// The arguments of the command that makes a key so.
    #[must_use]
    pub fn arguments(&self) -> String {
        let lists = [("--scope", &self.scopes), ("--model", &self.models), ("--ip", &self.ip_allowlist)];
        let said = lists.into_iter().filter_map(|(flag, list)| {
            let words: Vec<String> = list.as_ref()?.iter().map(|word| quoted(word)).collect();
            Some(format!(" {flag} {}", words.join(" ")))
        });
        said.collect()
    }
}

/// What a key can do without, given what it was used for and from where since `since_ms` (unix milliseconds).
#[must_use]
pub fn of(key: &Reviewed, uses: &[&Use], from: &[&UsedFrom], since_ms: i64) -> Narrower {
    let mut narrower = Narrower::default();
    let held = list(&key.scopes)
        .unwrap_or_else(|| Scopes::ordinary().names().into_iter().map(str::to_owned).collect());
    // What only reads leaves no trace in usage.
    let (unused, kept): (Vec<String>, Vec<String>) = held.into_iter().partition(|scope| {
        scope.strip_prefix("create:").is_some_and(|kind| !uses.iter().any(|it| it.kind == kind))
    });
    narrower.scopes = less(kept, &unused, "scope", &mut narrower.closes);
    narrower.models = match list(&key.models) {
        Some(models) => {
            let (kept, unused): (Vec<_>, Vec<_>) = models.into_iter().partition(|rule| is_needed(rule, uses));
            less(kept, &unused, "model", &mut narrower.closes)
        }
        None => few(models_of(uses), MODELS_MAX, "every model but", &mut narrower.closes),
    };
    // A key of many moves is known by where it is used when one of its networks is as old as the look back.
    if !from.iter().any(|network| network.first_ms <= since_ms) {
        return narrower;
    }
    narrower.ip_allowlist = match list(&key.ip_allowlist) {
        Some(networks) => {
            let used = |network: &String| from.iter().any(|it| overlap(network, &it.network));
            let (kept, unused): (Vec<_>, Vec<_>) = networks.into_iter().partition(used);
            less(kept, &unused, "address", &mut narrower.closes)
        }
        None => {
            let networks = from.iter().map(|it| it.network.clone()).collect();
            few(networks, NETWORKS_MAX, "every address but", &mut narrower.closes)
        }
    };
    narrower
}

fn list(text: &Option<String>) -> Option<Vec<String>> {
    text.as_deref().map(|text| serde_json::from_str::<Vec<String>>(text).unwrap_or_default())
}

/// A list without what was not used. Without anything kept there is nothing to write: the key is unused, not
/// too broad.
fn less(kept: Vec<String>, unused: &[String], what: &str, closes: &mut Vec<String>) -> Option<Vec<String>> {
    if kept.is_empty() || unused.is_empty() {
        return None;
    }
    closes.extend(unused.iter().map(|name| format!("{what} {name}")));
    Some(kept)
}

/// A list where there was none.
fn few(mut kept: Vec<String>, most: usize, what: &str, closes: &mut Vec<String>) -> Option<Vec<String>> {
    kept.sort();
    kept.dedup();
    if kept.is_empty() || kept.len() > most {
        return None;
    }
    closes.push(format!("{what} {}", kept.join(", ")));
    Some(kept)
}

fn is_needed(rule: &str, uses: &[&Use]) -> bool {
    let alone = ModelRules::from_row(Some(&json!([rule]).to_string()));
    uses.iter().any(|it| alone.allow(&it.model_served) || alone.allow(&it.model_asked))
}

/// The models that answered. One that was asked for by its bare name is kept so: another provider may serve it
/// when its own is down.
fn models_of(uses: &[&Use]) -> Vec<String> {
    let served = uses.iter().filter(|it| !it.model_served.is_empty());
    let rule = |it: &&&Use| match it.model_served.split_once('/') {
        Some((_, bare)) if bare == it.model_asked => it.model_asked.clone(),
        _ => it.model_served.clone(),
    };
    served.map(|it| rule(&it)).collect()
}

fn overlap(listed: &str, used: &str) -> bool {
    let (Ok(listed), Ok(used)) = (network::parse(listed), network::parse(used)) else { return true };
    listed.contains(&used) || used.contains(&listed)
}

/// A word for a shell, whatever stands in it.
fn quoted(word: &str) -> String {
    let plain = |letter: char| letter.is_ascii_alphanumeric() || "-_./:".contains(letter);
    if !word.is_empty() && word.chars().all(plain) {
        return word.to_owned();
    }
    format!("'{}'", word.replace('\'', r"'\''"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn used(kind: &str, asked: &str, served: &str) -> Use {
        let [kind, model_asked, model_served] = [kind, asked, served].map(str::to_owned);
        Use { key: "key_1".to_owned(), kind, model_asked, model_served }
    }

    fn network(network: &str, first_ms: i64) -> UsedFrom {
        UsedFrom { key: "key_1".to_owned(), network: network.to_owned(), first_ms }
    }

    #[test]
    fn everything_that_was_not_used_goes() {
        let key = Reviewed {
            scopes: Some(r#"["create:chat_completions","create:images","read:models"]"#.to_owned()),
            models: Some(r#"["mine/*","other/x y"]"#.to_owned()),
            ip_allowlist: Some(r#"["10.0.0.0/8","192.0.2.7"]"#.to_owned()),
            ..Reviewed::default()
        };
        let chat = used("chat_completions", "small", "mine/small");
        let home = network("10.1.2.0/24", 5);
        let narrower = of(&key, &[&chat], &[&home], 5);
        assert_eq!(
            narrower.arguments(),
            " --scope create:chat_completions read:models --model 'mine/*' --ip 10.0.0.0/8"
        );
        assert_eq!(narrower.closes, ["scope create:images", "model other/x y", "address 192.0.2.7"]);
        let body = json!({"scopes": ["create:chat_completions", "read:models"], "models": ["mine/*"],
                          "ip_allowlist": ["10.0.0.0/8"]});
        assert_eq!(narrower.body(), body);
        // Not known for long enough by its addresses.
        assert_eq!(of(&key, &[&chat], &[&home], 4).ip_allowlist, None);
    }

    #[test]
    fn a_list_is_proposed_where_there_was_none_and_little_was_used() {
        let key = Reviewed { scopes: Some("[]".to_owned()), ..Reviewed::default() };
        let (bare, whole) = (used("x", "small", "mine/small"), used("x", "fast", "mine/large"));
        let failed = used("x", "nonsense", "");
        let networks = [network("10.0.0.0/24", 0), network("10.0.1.0/24", 9)];
        let from: Vec<&UsedFrom> = networks.iter().collect();
        let narrower = of(&key, &[&bare, &whole, &failed], &from, 0);
        assert_eq!(narrower.models, Some(vec!["mine/large".to_owned(), "small".to_owned()]));
        let closed = ["every model but mine/large, small", "every address but 10.0.0.0/24, 10.0.1.0/24"];
        assert_eq!(narrower.closes, closed);
        let many: Vec<Use> = (0..11).map(|number| used("x", "a", &format!("mine/{number}"))).collect();
        let everywhere: Vec<UsedFrom> =
            (0..6).map(|number| network(&format!("10.0.{number}.0/24"), 0)).collect();
        let all = of(&key, &many.iter().collect::<Vec<_>>(), &everywhere.iter().collect::<Vec<_>>(), 0);
        assert_eq!(all, Narrower::default());
    }
}
