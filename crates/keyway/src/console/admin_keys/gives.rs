//! What an admin key can be given: the rows of its matrix, and the scopes of a key in their words.

use crate::accounts::Scopes;
use crate::console::parts::matrix::Row;

const fn managed(name: &'static str, label: &'static str, read: &'static str, write: &'static str) -> Row {
    Row { name, label, hint: "", read, write }
}

const fn seen(name: &'static str, label: &'static str, hint: &'static str, read: &'static str) -> Row {
    Row { name, label, hint, read, write: "" }
}

/// The rows, in the order of the scopes' table.
pub const ROWS: &[Row] = &[
    managed("keys", "API keys", "read:keys", "manage:keys"),
    managed("projects", "Projects, routes and limits", "read:projects", "manage:projects"),
    managed("members", "Members", "read:members", "manage:members"),
    managed("providers", "Providers", "read:providers", "manage:providers"),
    managed("budgets", "Budgets, alerts and webhooks", "read:budgets", "manage:budgets"),
    managed("billing", "Credit", "read:billing", "manage:billing"),
    seen("usage", "Usage", "Sums, and the log of requests behind them", "read:usage"),
    seen("audit", "Audit log", "", "read:audit_logs"),
    managed("settings", "Settings and roles", "read:settings", "manage:settings"),
    seen("metrics", "Metrics", "", "read:metrics"),
];
/// Verbs that nothing can be done with: what they are about is only looked at.
const IDLE: &[&str] = &["manage:usage", "manage:audit_logs", "manage:metrics"];

fn one(scope: &str) -> Scopes {
    Scopes::parse(&[scope], true).unwrap_or_default()
}

fn has(held: Scopes, scope: &str) -> bool {
    !scope.is_empty() && held.covers(one(scope))
}

/// The rows' scopes that a set holds.
#[must_use]
pub fn said(held: Scopes) -> Vec<String> {
    let scopes = ROWS.iter().flat_map(|row| [row.read, row.write]);
    scopes.filter(|scope| has(held, scope)).map(str::to_owned).collect()
}

/// What a set holds that no row says: single verbs.
#[must_use]
pub fn unsaid(held: Scopes) -> Vec<&'static str> {
    let idle = IDLE.iter().fold(Scopes::NONE, |all, scope| all.or(one(scope)));
    let known = said(held).iter().fold(idle, |all, scope| all.or(one(scope)));
    held.without(known).names()
}

/// What a set may, in the rows' words.
#[must_use]
pub fn words(held: Scopes) -> String {
    let each = ROWS.iter().filter_map(|row| match (has(held, row.write), has(held, row.read)) {
        (true, _) => Some(format!("{}: write", row.label)),
        (false, true) => Some(format!("{}: read", row.label)),
        _ => None,
    });
    let single = unsaid(held).into_iter().map(str::to_owned);
    each.chain(single).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::console::form::Form;
    use crate::console::parts::matrix;

    #[test]
    fn every_resource_has_its_row_and_every_scope_its_words() {
        let all = said(Scopes::administration());
        assert!(unsaid(Scopes::administration()).is_empty(), "{:?}", unsaid(Scopes::administration()));
        assert_eq!(matrix::chosen(ROWS, &Form::of(matrix::fields(ROWS, &all))).len(), ROWS.len());
        let reads = Scopes::parse(&["read:keys", "manage:budgets"], true).unwrap_or_default();
        assert_eq!(words(reads), "API keys: read, Budgets, alerts and webhooks: write");
        let single = Scopes::parse(&["create:keys", "read:members"], true).unwrap_or_default();
        assert_eq!(
            (unsaid(single), words(single)),
            (vec!["create:keys"], "Members: read, create:keys".to_owned())
        );
    }
}
