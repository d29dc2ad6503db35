//! What a periodic review finds in a key: pure rules over its row and what it was used for.

use super::narrow;
use crate::base::Fault;
use crate::store::Conn;
use crate::store::review::{self as rows, Reviewed, Use, UsedFrom};
use serde::Serialize;
use serde_json::{Value, json};

const DAY_MS: i64 = 86_400_000;
/// Without use for so long, a key is asked about.
pub const UNUSED_MS: i64 = 30 * DAY_MS;
/// Without use for so long, a key, a scope or a model is not needed; a secret this old is due.
pub const LONG_MS: i64 = 90 * DAY_MS;
/// The finding that a key may more than it needs.
pub const OVER_BROAD: &str = "over_broad";
/// The finding that a key has no end.
pub const NEVER_EXPIRES: &str = "never_expires";
/// The findings that a key rests.
pub const UNUSED: [&str; 2] = ["unused_30_days", "unused_90_days"];
/// The life that a key without an end is proposed, seconds.
pub const LIFE_SECONDS: u64 = 90 * 86_400;

/// Something to look at, and the command that settles it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// Its name.
    pub finding: &'static str,
    /// What was seen.
    pub detail: String,
    /// What to run.
    pub command: String,
    /// What is not possible any more when it is settled, one phrase each.
    pub closes: Vec<String>,
    /// The call of the management API that settles it.
    pub apply: Apply,
}

/// A call of the management API.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Apply {
    /// Its method.
    pub method: &'static str,
    /// Its path.
    pub path: String,
    /// Its body; absent where it takes none.
    #[serde(skip_serializing_if = "Value::is_null")]
    pub body: Value,
}

/// What a review finds in a key. `known`: what it was used for in the last [`LONG_MS`], and from where; absent
/// when that is not known.
#[must_use]
pub fn findings(key: &Reviewed, known: Option<(&[&Use], &[&UsedFrom])>, now_ms: i64) -> Vec<Finding> {
    let rules: [Option<Finding>; 7] = [
        owner_gone(key),
        exposed(key),
        unused(key, now_ms),
        never_rotated(key, now_ms),
        never_expires(key),
        no_budget(key),
        known.and_then(|(uses, from)| over_broad(key, uses, from, now_ms)),
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
    /// This key alone; empty: all.
    pub only: &'a str,
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
    let wanted = rows::Wanted {
        org: asked.org,
        operators: asked.operators,
        now_ms: asked.now_ms,
        after,
        only: asked.only,
    };
    let mut keys = rows::keys(conn, &wanted, limit + 1).await?;
    let more = i64::try_from(keys.len()).is_ok_and(|count| count > limit);
    keys.truncate(usize::try_from(limit).unwrap_or(usize::MAX));
    let ids: Vec<&str> = keys.iter().map(|key| key.id.as_str()).collect();
    let since_ms = asked.now_ms - LONG_MS;
    let uses = rows::uses(conn, asked.org, &ids, since_ms).await?;
    let from = rows::networks(conn, &ids, since_ms).await?;
    let next = keys.last().filter(|_| more).map(|key| key.id.clone());
    let mut found = Vec::new();
    for key in keys {
        let known = uses.as_ref().zip(from.as_ref()).map(|(uses, from)| {
            let uses: Vec<&Use> = uses.iter().filter(|it| it.key == key.id).collect();
            let from: Vec<&UsedFrom> = from.iter().filter(|it| it.key == key.id).collect();
            (uses, from)
        });
        let known = known.as_ref().map(|(uses, from)| (&uses[..], &from[..]));
        let findings = findings(&key, known, asked.now_ms);
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

/// The call that settles it: on the key itself, or on what is below it.
fn apply(method: &'static str, key: &Reviewed, below: &str, body: Value) -> Apply {
    let path = match &key.project_id {
        Some(project) => format!("/v1/organization/projects/{project}/api_keys/{}{below}", key.id),
        None => format!("/v1/organization/admin_api_keys/{}{below}", key.id),
    };
    Apply { method, path, body }
}

fn owner_gone(key: &Reviewed) -> Option<Finding> {
    key.owner_gone.then(|| Finding {
        finding: "owner_gone",
        detail: format!("Its owner {} is not in the organisation any more.", key.owner_id),
        command: command(key, "revoke {}"),
        closes: vec!["use that nobody answers for".to_owned()],
        apply: apply("DELETE", key, "", Value::Null),
    })
}

fn exposed(key: &Reviewed) -> Option<Finding> {
    key.exposed_origin.as_ref().map(|origin| Finding {
        finding: "exposed_in_browser",
        detail: format!("It is used in a page of `{origin}`, where everybody can take it."),
        command: command(key, "rotate {} --overlap 0"),
        closes: vec![format!("use by everybody who has opened a page of {origin}")],
        apply: apply("POST", key, "/rotate", json!({ "overlap_seconds": 0 })),
    })
}

fn unused(key: &Reviewed, now_ms: i64) -> Option<Finding> {
    let rested_ms = now_ms - key.last_used_ms.unwrap_or(key.created_ms);
    if rested_ms < UNUSED_MS {
        return None;
    }
    let days = rested_ms / DAY_MS;
    let detail = match key.last_used_ms {
        Some(_) => format!("It was last used {days} days ago."),
        None => format!("It was made {days} days ago and never used."),
    };
    let long = rested_ms >= LONG_MS;
    // An admin key cannot rest: it is there or it is not.
    let ends = long || key.kind == "admin";
    Some(Finding {
        finding: UNUSED[usize::from(long)],
        detail,
        command: command(key, if ends { "revoke {}" } else { "disable {}" }),
        closes: vec!["use of a secret that nobody watches".to_owned()],
        apply: match ends {
            true => apply("DELETE", key, "", Value::Null),
            false => apply("POST", key, "/disable", json!({})),
        },
    })
}

fn never_rotated(key: &Reviewed, now_ms: i64) -> Option<Finding> {
    let same = key.secret_created_ms <= key.created_ms;
    let days = (now_ms - key.created_ms) / DAY_MS;
    (same && now_ms - key.created_ms >= LONG_MS).then(|| Finding {
        finding: "never_rotated",
        detail: format!("Its secret is {days} days old."),
        command: command(key, "rotate {} --overlap 24h"),
        closes: vec![format!("use by whoever has seen its secret in {days} days")],
        apply: apply("POST", key, "/rotate", json!({ "overlap_seconds": 86_400 })),
    })
}

fn never_expires(key: &Reviewed) -> Option<Finding> {
    key.expires_ms.is_none().then(|| Finding {
        finding: NEVER_EXPIRES,
        detail: "It works until somebody revokes it.".to_owned(),
        command: command(key, "edit {} --expires 90d"),
        closes: vec!["use after 90 days".to_owned()],
        apply: apply("POST", key, "", json!({ "expires_in_seconds": LIFE_SECONDS })),
    })
}

fn no_budget(key: &Reviewed) -> Option<Finding> {
    let body = json!({ "name": key.id, "limit_usd": 10, "window": "month", "selector": { "key": key.id } });
    key.unbounded.then(|| Finding {
        finding: "no_budget",
        detail: "No budget counts what it spends.".to_owned(),
        command: format!("keyway budget create --name {0} --limit 10usd/month --key {0}", key.id),
        closes: vec!["spending without an end".to_owned()],
        apply: Apply { method: "POST", path: "/v1/organization/budgets".to_owned(), body },
    })
}

/// What a key old enough did not need, while it was used for something else.
fn over_broad(key: &Reviewed, uses: &[&Use], from: &[&UsedFrom], now_ms: i64) -> Option<Finding> {
    if key.kind == "admin" || uses.is_empty() || now_ms - key.created_ms < LONG_MS {
        return None;
    }
    let narrower = narrow::of(key, uses, from, now_ms - LONG_MS);
    (!narrower.closes.is_empty()).then(|| Finding {
        finding: OVER_BROAD,
        detail: format!("Not used in 90 days: {}.", narrower.closes.join("; ")),
        command: command(key, &format!("edit {{}}{}", narrower.arguments())),
        apply: apply("POST", key, "", narrower.body()),
        closes: narrower.closes,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: i64 = 400 * DAY_MS;

    fn key(days: i64) -> Reviewed {
        Reviewed {
            id: "key_1".to_owned(),
            kind: "project".to_owned(),
            project_id: Some("proj_1".to_owned()),
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
        findings(key, uses.map(|uses| (uses, &[][..])), NOW)
            .into_iter()
            .map(|it| (it.finding, it.command))
            .collect()
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
        let listed = "--scope create:chat_completions read:models --model mine/small";
        assert!(default[0].1.ends_with(listed), "{default:?}");
        let calls = findings(&broad, Some((&[&used], &[])), NOW);
        assert_eq!(calls[0].apply.path, "/v1/organization/projects/proj_1/api_keys/key_1");
        assert_eq!(calls[0].closes, ["scope create:images", "model other/x y"]);
        // Too young, not used at all, not known: nothing is said.
        assert_eq!(found(&rotated(89), Some(&[&used])), []);
        assert_eq!(found(&broad, Some(&[])), []);
        assert_eq!(found(&broad, None), []);
    }
}
