//! What a periodic review finds in a key: pure rules over its row and what it was used for.

use super::models::ModelRules;
use crate::accounts::Scopes;
use crate::base::Fault;
use crate::store::Conn;
use crate::store::review::{self as rows, Reviewed, Use};
use serde::Serialize;

const DAY_MS: i64 = 86_400_000;
/// Without use for so long, a key is asked about.
pub const UNUSED_MS: i64 = 30 * DAY_MS;
/// Without use for so long, a key, a scope or a model is not needed; a secret this old is due.
pub const LONG_MS: i64 = 90 * DAY_MS;

/// Something to look at, and the command that settles it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// Its name.
    pub finding: &'static str,
    /// What was seen.
    pub detail: String,
    /// What to run.
    pub command: String,
}

/// What a review finds in a key. `uses`: what it was used for in the last [`LONG_MS`]; absent when that
/// is not known.
#[must_use]
pub fn findings(key: &Reviewed, uses: Option<&[&Use]>, now_ms: i64) -> Vec<Finding> {
    let rules: [Option<Finding>; 7] = [
        owner_gone(key),
        exposed(key),
        unused(key, now_ms),
        never_rotated(key, now_ms),
        never_expires(key),
        no_budget(key),
        uses.and_then(|uses| over_broad(key, uses, now_ms)),
    ];
    rules.into_iter().flatten().collect()
}

/// Whose keys are reviewed, and when.
pub struct Asked<'a> {
    /// The organisation.
    pub org: &'a str,
    /// Keys of the operator too.
    pub operators: bool,
    /// Unix milliseconds.
    pub now_ms: i64,
}

/// A stretch of a review.
pub struct Looked {
    /// Keys with findings.
    pub found: Vec<(Reviewed, Vec<Finding>)>,
    /// The last key looked at, when there are more behind it.
    pub next: Option<String>,
}

/// Looks at the next `limit` keys after an id, oldest first. Those without findings are left out.
///
/// # Errors
/// When the database cannot be used.
pub async fn look(conn: &mut Conn, asked: &Asked<'_>, after: &str, limit: i64) -> Result<Looked, Fault> {
    let mut keys = rows::keys(conn, asked.org, asked.operators, asked.now_ms, after, limit + 1).await?;
    let more = i64::try_from(keys.len()).is_ok_and(|count| count > limit);
    keys.truncate(usize::try_from(limit).unwrap_or(usize::MAX));
    let ids: Vec<&str> = keys.iter().map(|key| key.id.as_str()).collect();
    let uses = rows::uses(conn, asked.org, &ids, asked.now_ms - LONG_MS).await?;
    let next = keys.last().filter(|_| more).map(|key| key.id.clone());
    let mut found = Vec::new();
    for key in keys {
        let of_key: Option<Vec<&Use>> =
            uses.as_ref().map(|uses| uses.iter().filter(|it| it.key == key.id).collect());
        let findings = findings(&key, of_key.as_deref(), asked.now_ms);
        if !findings.is_empty() {
            found.push((key, findings));
        }
    }
    Ok(Looked { found, next })
}

fn command(key: &Reviewed, verb: &str) -> String {
    let kind = if key.kind == "admin" { "admin-key" } else { "key" };
    format!("keyway {kind} {verb}").replace("{}", &key.id)
}

fn owner_gone(key: &Reviewed) -> Option<Finding> {
    key.owner_gone.then(|| Finding {
        finding: "owner_gone",
        detail: format!("Its owner {} is not in the organisation any more.", key.owner_id),
        command: command(key, "revoke {}"),
    })
}

fn exposed(key: &Reviewed) -> Option<Finding> {
    key.exposed_origin.as_ref().map(|origin| Finding {
        finding: "exposed_in_browser",
        detail: format!("It is used in a page of `{origin}`, where everybody can take it."),
        command: command(key, "rotate {} --overlap 0"),
    })
}

fn unused(key: &Reviewed, now_ms: i64) -> Option<Finding> {
    let rested_ms = now_ms - key.last_used_ms.unwrap_or(key.created_ms);
    let days = rested_ms / DAY_MS;
    let detail = match key.last_used_ms {
        Some(_) => format!("It was last used {days} days ago."),
        None => format!("It was made {days} days ago and never used."),
    };
    let revoke = || command(key, "revoke {}");
    if rested_ms >= LONG_MS {
        return Some(Finding { finding: "unused_90_days", detail, command: revoke() });
    }
    // An admin key cannot rest: it is there or it is not.
    let rest = if key.kind == "admin" { revoke() } else { command(key, "disable {}") };
    (rested_ms >= UNUSED_MS).then_some(Finding { finding: "unused_30_days", detail, command: rest })
}

fn never_rotated(key: &Reviewed, now_ms: i64) -> Option<Finding> {
    let same = key.secret_created_ms <= key.created_ms;
    let days = (now_ms - key.created_ms) / DAY_MS;
    (same && now_ms - key.created_ms >= LONG_MS).then(|| Finding {
        finding: "never_rotated",
        detail: format!("Its secret is {days} days old."),
        command: command(key, "rotate {} --overlap 24h"),
    })
}

fn never_expires(key: &Reviewed) -> Option<Finding> {
    key.expires_ms.is_none().then(|| Finding {
        finding: "never_expires",
        detail: "It works until somebody revokes it.".to_owned(),
        command: command(key, "edit {} --expires 90d"),
    })
}

fn no_budget(key: &Reviewed) -> Option<Finding> {
    key.unbounded.then(|| Finding {
        finding: "no_budget",
        detail: "No budget counts what it spends.".to_owned(),
        command: format!("keyway budget create --name {0} --limit 10usd/month --key {0}", key.id),
    })
}

/// Scopes and listed models that a key old enough did not need, while it was used for something else.
fn over_broad(key: &Reviewed, uses: &[&Use], now_ms: i64) -> Option<Finding> {
    if key.kind == "admin" || uses.is_empty() || now_ms - key.created_ms < LONG_MS {
        return None;
    }
    let list = |text: &Option<String>| {
        text.as_deref().map(|text| serde_json::from_str::<Vec<String>>(text).unwrap_or_default())
    };
    let held = list(&key.scopes)
        .unwrap_or_else(|| Scopes::ordinary().names().into_iter().map(str::to_owned).collect());
    // What only reads leaves no trace in usage.
    let (unused_scopes, kept_scopes): (Vec<String>, Vec<String>) = held.into_iter().partition(|scope| {
        scope.strip_prefix("create:").is_some_and(|kind| !uses.iter().any(|it| it.kind == kind))
    });
    let needed = |rule: &String| {
        let alone = ModelRules::from_row(Some(&serde_json::json!([rule]).to_string()));
        uses.iter().any(|it| alone.allow(&it.model_served) || alone.allow(&it.model_asked))
    };
    let (kept_models, unused_models): (Vec<String>, Vec<String>) =
        list(&key.models).unwrap_or_default().into_iter().partition(needed);
    let (mut verb, mut seen) = ("edit {}".to_owned(), Vec::new());
    for (flag, what, unused, kept) in [
        ("--scope", "scopes", &unused_scopes, &kept_scopes),
        ("--model", "models", &unused_models, &kept_models),
    ] {
        // Without anything kept there is nothing to write: the key is unused, not too broad.
        if !unused.is_empty() && !kept.is_empty() {
            let kept: Vec<String> = kept.iter().map(|name| quoted(name)).collect();
            verb.push_str(&format!(" {flag} {}", kept.join(" ")));
            seen.push(format!("{what} {}", unused.join(", ")));
        }
    }
    (!seen.is_empty()).then(|| Finding {
        finding: "over_broad",
        detail: format!("Not used in 90 days: {}.", seen.join("; ")),
        command: command(key, &verb),
    })
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

    const NOW: i64 = 400 * DAY_MS;

    fn key(days: i64) -> Reviewed {
        Reviewed {
            id: "key_1".to_owned(),
            kind: "project".to_owned(),
            created_ms: NOW - days * DAY_MS,
            secret_created_ms: NOW - days * DAY_MS,
            expires_ms: Some(NOW + DAY_MS),
            last_used_ms: Some(NOW),
            ..Reviewed::default()
        }
    }

    fn chat(model: &str) -> Use {
        Use {
            key: "key_1".to_owned(),
            kind: "chat_completions".to_owned(),
            model_asked: model.to_owned(),
            model_served: model.to_owned(),
        }
    }

    fn found(key: &Reviewed, uses: Option<&[&Use]>) -> Vec<(&'static str, String)> {
        findings(key, uses, NOW).into_iter().map(|it| (it.finding, it.command)).collect()
    }

    #[test]
    fn age_and_use() {
        let expected = |names: &[(&'static str, &str)]| -> Vec<(&'static str, String)> {
            names.iter().map(|(name, command)| (*name, (*command).to_owned())).collect()
        };
        assert_eq!(found(&key(10), None), []);
        let eternal = Reviewed { expires_ms: None, ..key(10) };
        assert_eq!(
            found(&eternal, None),
            expected(&[("never_expires", "keyway key edit key_1 --expires 90d")])
        );
        let resting = Reviewed { last_used_ms: Some(NOW - 30 * DAY_MS), ..key(40) };
        assert_eq!(found(&resting, None), expected(&[("unused_30_days", "keyway key disable key_1")]));
        let awake = Reviewed { last_used_ms: Some(NOW - 30 * DAY_MS + 1), ..key(40) };
        assert_eq!(found(&awake, None), []);
        let never = Reviewed { last_used_ms: None, ..key(90) };
        let both = [
            ("unused_90_days", "keyway key revoke key_1"),
            ("never_rotated", "keyway key rotate key_1 --overlap 24h"),
        ];
        assert_eq!(found(&never, None), expected(&both));
        let rotated = Reviewed { secret_created_ms: NOW - DAY_MS, ..key(200) };
        assert_eq!(found(&rotated, None), []);
        let gone = Reviewed { owner_gone: true, kind: "admin".to_owned(), ..key(10) };
        assert_eq!(found(&gone, None), expected(&[("owner_gone", "keyway admin-key revoke key_1")]));
    }

    #[test]
    fn what_a_key_does_not_need() {
        let used = chat("mine/small");
        let rotated = |days| Reviewed { secret_created_ms: NOW, ..key(days) };
        let lists = |scopes: &str, models: &str| Reviewed {
            scopes: Some(scopes.to_owned()),
            models: Some(models.to_owned()),
            ..rotated(90)
        };
        let broad = lists(
            r#"["create:chat_completions","create:images","read:models"]"#,
            r#"["mine/*","other/x y"]"#,
        );
        assert_eq!(
            found(&broad, Some(&[&used])),
            [(
                "over_broad",
                "keyway key edit key_1 --scope create:chat_completions read:models --model 'mine/*'"
                    .to_owned()
            )]
        );
        let narrow = lists(r#"["create:chat_completions"]"#, r#"["small"]"#);
        assert_eq!(found(&narrow, Some(&[&used])), []);
        let default = found(&rotated(90), Some(&[&used]));
        assert!(default[0].1.ends_with("--scope create:chat_completions read:models"), "{default:?}");
        // Too young, not used at all, not known: nothing is said.
        assert_eq!(found(&rotated(89), Some(&[&used])), []);
        assert_eq!(found(&broad, Some(&[])), []);
        assert_eq!(found(&broad, None), []);
    }
}
