//! What a form wants a key to be.

use super::gives::ROWS;
use crate::access::budgets::NewBudget;
use crate::access::details::{Details, Texts};
use crate::access::edit::Edit;
use crate::access::keys::{NewKey, scopes_of};
use crate::accounts::Scopes;
use crate::base::Refusal;
use crate::console::form::Form;
use crate::console::here::Here;
use crate::console::money::amount;
use crate::console::money::limits::asked as limits;
use crate::console::parts::matrix;
use crate::console::when::When;
use crate::store::keys::KeyRow;
use ledger::limit::{Kind, Limits};
use ledger::window::Rule;

pub(super) const DAY_SECONDS: u64 = 86_400;
const DAY_MS: i64 = 86_400_000;
/// The choice of an end by its day.
pub const ON_A_DAY: &str = "day";
/// The choice of the end that a key has.
pub const AS_IT_IS: &str = "keep";

/// Whole days of a span of milliseconds, as a form has them.
#[must_use]
pub fn days(span_ms: i64) -> String {
    (span_ms / DAY_MS).max(1).to_string()
}

/// The key that a form wants.
///
/// # Errors
/// A refusal that names the field.
pub fn new(here: &Here<'_>, form: &Form) -> Result<NewKey, Refusal> {
    let scopes = scopes(form)?;
    let asked = Scopes::parse(&scopes, false).unwrap_or_default();
    let mut held = Limits::default();
    for (kind, limit) in Kind::ALL.into_iter().zip(limits(form)?) {
        held.set(kind, limit.flatten());
    }
    let owner = match form.text("owner") {
        "me" => here.person.id.clone(),
        other => other.to_owned(),
    };
    Ok(NewKey {
        project: Some(form.text("project").to_owned()),
        test: form.text("mode") == "test",
        name: form.text("name").to_owned(),
        description: form.text("description").to_owned(),
        owner,
        // What is ordinary stays so when the ordinary becomes more.
        scopes: (asked != Scopes::ordinary()).then_some(scopes),
        models: some(form.list("models")),
        ip_allowlist: some(form.list("ip_allowlist")),
        expires_in_seconds: end(&here.when(), form)?,
        details: Details {
            endpoints: some(form.all("endpoints")),
            not_before: beginning(&here.when(), form)?,
            idle_expires_in_seconds: idle(form)?,
            labels: labels(form)?,
            metadata: None,
        },
        limits: held,
        budget: budget(form)?,
        ..NewKey::default()
    })
}

/// What a form wants to be different of a key.
///
/// # Errors
/// A refusal that names the field.
pub fn edit(here: &Here<'_>, form: &Form, row: &KeyRow) -> Result<Edit, Refusal> {
    let when = here.when();
    let scopes = scopes(form)?;
    let asked = Scopes::parse(&scopes, false).unwrap_or_default();
    let same = scopes_of(row).is_ok_and(|was| was == asked);
    // Days say less than the instants and spans that are kept: what a form shows unchanged stays exactly.
    let begins = form.text("not_before") != row.not_before_ms.map(|at| when.date(at)).unwrap_or_default();
    let idles = form.text("idle_days") != row.idle_expires_ms.map(days).unwrap_or_default();
    Ok(Edit {
        name: Some(form.text("name").to_owned()),
        description: Some(form.text("description").to_owned()),
        scopes: (!same).then_some(Some(scopes)),
        models: Some(some(form.list("models"))),
        endpoints: Some(some(form.all("endpoints"))),
        ip_allowlist: Some(some(form.list("ip_allowlist"))),
        expires_in_seconds: match form.text("expires") {
            AS_IT_IS => None,
            _ => Some(end(&when, form)?),
        },
        not_before: if begins { Some(beginning(&when, form)?) } else { None },
        idle_expires_in_seconds: if idles { Some(idle(form)?) } else { None },
        labels: Some(labels(form)?),
        limits: Some(limits(form)?),
        ..Edit::default()
    })
}

/// A list, or nothing where it is empty.
#[must_use]
pub fn some(list: Vec<String>) -> Option<Vec<String>> {
    Some(list).filter(|list| !list.is_empty())
}

fn scopes(form: &Form) -> Result<Vec<String>, Refusal> {
    let chosen = matrix::chosen(ROWS, form);
    if chosen.is_empty() {
        return Err(Refusal::field("scopes", "A key that may nothing is of no use. Choose what it may."));
    }
    Ok(chosen)
}

/// Seconds until the key ends; `None`: it never does.
///
/// # Errors
/// A refusal of `expires_on`.
pub fn end(when: &When, form: &Form) -> Result<Option<u64>, Refusal> {
    if form.text("expires") != ON_A_DAY {
        return Ok(form.text("expires").parse::<u64>().ok().map(|days| days.saturating_mul(DAY_SECONDS)));
    }
    let day = when.begins_ms(form.text("expires_on")).map(|at_ms| (at_ms - when.now_ms) / 1000);
    let seconds = day.and_then(|seconds| u64::try_from(seconds).ok()).filter(|seconds| *seconds > 0);
    let message = "Name a day to come, as in 2027-01-31: the key ends as it begins.";
    seconds.map(Some).ok_or_else(|| Refusal::field("expires_on", message))
}

fn beginning(when: &When, form: &Form) -> Result<Option<i64>, Refusal> {
    match form.text("not_before") {
        "" => Ok(None),
        day => match when.begins_ms(day) {
            Some(at_ms) => Ok(Some(at_ms.div_euclid(1000))),
            None => Err(Refusal::field("not_before", "Name a day, as in 2027-01-31.")),
        },
    }
}

fn idle(form: &Form) -> Result<Option<u64>, Refusal> {
    match form.text("idle_days") {
        "" => Ok(None),
        text => match text.parse::<u64>() {
            Ok(days @ 1..=3650) => Ok(Some(days * DAY_SECONDS)),
            _ => Err(Refusal::field("idle_days", "This is a whole number of days from 1 to 3650, or empty.")),
        },
    }
}

fn labels(form: &Form) -> Result<Option<Texts>, Refusal> {
    let pair = |text: &String| {
        let (name, value) = text.split_once('=')?;
        Some((name.to_owned(), value.to_owned()))
    };
    let read: Option<Texts> = form.list("labels").iter().map(pair).collect();
    let read = read.ok_or_else(|| {
        Refusal::field("labels", "Each label is a name and a value, as in team=search, apart by commas.")
    })?;
    Ok(Some(read).filter(|labels| !labels.is_empty()))
}

fn budget(form: &Form) -> Result<Option<NewBudget>, Refusal> {
    let text = form.text("budget.limit_usd");
    if text.is_empty() {
        return Ok(None);
    }
    let limit = amount("budget.limit_usd", text)?;
    let window = Rule::named(form.text("budget.window")).unwrap_or(Rule::Month);
    Ok(Some(NewBudget::hard(limit, window, None)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ends_labels_and_budgets_are_read_as_they_are_typed() {
        let form = |fields: &[(&str, &str)]| {
            Form::of(fields.iter().map(|(name, value)| (*name, (*value).to_owned())).collect::<Vec<_>>())
        };
        // 2026-11-22 06:00 UTC.
        let when = When::new(1_795_327_200_000, "UTC");
        let in_seconds = |fields: &[(&str, &str)]| end(&when, &form(fields)).map_err(|wrong| wrong.param);
        assert_eq!(in_seconds(&[("expires", "")]), Ok(None));
        assert_eq!(in_seconds(&[("expires", "2")]), Ok(Some(2 * DAY_SECONDS)));
        assert_eq!(in_seconds(&[("expires", "day"), ("expires_on", "2026-11-23")]), Ok(Some(18 * 3600)));
        for day in ["2026-11-22", "soon", ""] {
            let wrong = in_seconds(&[("expires", "day"), ("expires_on", day)]);
            assert_eq!(wrong, Err(Some("expires_on".into())), "{day}");
        }
        let read = labels(&form(&[("labels", "team=search, env=prod")])).ok().flatten().unwrap_or_default();
        assert_eq!(read.get("env").map(String::as_str), Some("prod"));
        assert!(labels(&form(&[("labels", "search")])).is_err());
        assert!(budget(&form(&[])).is_ok_and(|none| none.is_none()));
        assert!(budget(&form(&[("budget.limit_usd", "ten")])).is_err());
        assert!(scopes(&form(&[("may-chat", "")])).is_err());
    }
}
