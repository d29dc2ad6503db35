//! A budget as the API writes it.

use super::body::Body;
use super::json::{Usd, seconds};
use crate::access::budgets::{Edit, NewBudget};
use crate::access::standing::Standing;
use crate::base::Refusal;
use crate::store::budgets::{Budget, Enforcement, Reserve, Selector};
use ledger::window::Rule;
use serde::Serialize;

/// What the deletion of a budget is called.
pub const BUDGET_DELETED: &str = "organization.budget.deleted";

/// A budget, and how it stands.
#[derive(Debug, Serialize)]
pub struct BudgetObject<'a> {
    object: &'static str,
    /// `bud_...`
    pub id: &'a str,
    name: &'a str,
    limit_usd: Usd,
    window: &'static str,
    time_zone: &'a str,
    selector: SelectorObject<'a>,
    enforcement: &'static str,
    reserve: &'static str,
    alert_thresholds: &'a [u16],
    source: &'a str,
    created_at: i64,
    spent_usd: Usd,
    held_usd: Usd,
    remaining_usd: Usd,
    window_start: i64,
    resets_at: Option<i64>,
}

/// What is selected; a key stands for its project, nothing at all for the organisation.
#[derive(Debug, Serialize)]
struct SelectorObject<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    organization: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    project: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    key: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    user: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    model: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    label: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    end_user: Option<&'a str>,
}

impl<'a> BudgetObject<'a> {
    /// The object of a budget as it stands.
    #[must_use]
    pub fn new(budget: &'a Budget, standing: &Standing) -> Self {
        let selector = &budget.selector;
        let whole = Selector::default() == *selector;
        Self {
            object: "organization.budget",
            id: &budget.id,
            name: &budget.name,
            limit_usd: Usd(budget.limit),
            window: budget.window.name(),
            time_zone: &budget.time_zone,
            selector: SelectorObject {
                organization: whole.then_some(&budget.org),
                project: selector.project.as_deref().filter(|_| selector.key.is_none()),
                key: selector.key.as_deref(),
                user: selector.user.as_deref(),
                model: selector.model.as_deref(),
                label: selector.label.as_deref(),
                end_user: selector.end_user.as_deref(),
            },
            enforcement: budget.enforcement.name(),
            reserve: budget.reserve.name(),
            alert_thresholds: &budget.thresholds,
            source: &budget.source,
            created_at: seconds(budget.created_ms),
            spent_usd: Usd(standing.spent),
            held_usd: Usd(standing.held),
            remaining_usd: Usd(standing.remaining(budget.limit)),
            window_start: seconds(standing.from_ms),
            resets_at: standing.until_ms.map(seconds),
        }
    }
}

/// Reads a budget about to be made in an organisation.
///
/// # Errors
/// A refusal that names the field.
pub fn new(mut body: Body, org: &str) -> Result<NewBudget, Refusal> {
    let name = body.needed("name")?;
    let budget = amount(&mut body, "")?;
    let budget = NewBudget {
        name,
        enforcement: enforcement(&mut body)?.unwrap_or(Enforcement::Hard),
        reserve: reserve(&mut body)?.unwrap_or(Reserve::Sliding),
        thresholds: thresholds(&mut body)?,
        selector: selector(&mut body, org)?,
        ..budget
    };
    body.finish(&[])?;
    Ok(budget)
}

/// Reads the field `budget` of a key about to be made.
///
/// # Errors
/// A refusal that names the field.
pub fn of_key(body: &mut Body) -> Result<Option<NewBudget>, Refusal> {
    let Some(mut given) = body.object("budget")?.flatten() else { return Ok(None) };
    let budget = amount(&mut given, "budget.")?;
    given.finish(&[]).map_err(|refusal| within("budget", refusal))?;
    Ok(Some(budget))
}

/// Reads the edit of a budget.
///
/// # Errors
/// A refusal that names the field.
pub fn edit(mut body: Body) -> Result<Edit, Refusal> {
    const FIXED: &str = "This stays as it is: what was spent was counted by it. Make another budget instead.";
    for name in ["window", "time_zone", "selector"] {
        body.is_fixed(name, FIXED)?;
    }
    let edit = Edit {
        name: body.text("name")?,
        limit: body.usd("limit_usd", "")?,
        enforcement: enforcement(&mut body)?,
        reserve: reserve(&mut body)?,
        thresholds: thresholds(&mut body)?,
    };
    body.finish(&[])?;
    Ok(edit)
}

fn amount(body: &mut Body, before: &str) -> Result<NewBudget, Refusal> {
    let missing =
        |name: &str| Refusal::field(format!("{before}{name}"), format!("`{before}{name}` is missing."));
    let limit = body.usd("limit_usd", before)?.ok_or_else(|| missing("limit_usd"))?;
    let window = body.word("window", before, &Rule::ALL, Rule::name)?.ok_or_else(|| missing("window"))?;
    let zone = body.text("time_zone").map_err(|refusal| match before {
        "" => refusal,
        _ => within("budget", refusal),
    })?;
    Ok(NewBudget::hard(limit, window, zone))
}

fn enforcement(body: &mut Body) -> Result<Option<Enforcement>, Refusal> {
    body.word("enforcement", "", Enforcement::ALL, Enforcement::name)
}

fn reserve(body: &mut Body) -> Result<Option<Reserve>, Refusal> {
    body.word("reserve", "", Reserve::ALL, Reserve::name)
}

fn thresholds(body: &mut Body) -> Result<Option<Vec<u16>>, Refusal> {
    body.field("alert_thresholds", "a list of whole percents")
}

fn selector(body: &mut Body, org: &str) -> Result<Selector, Refusal> {
    const NAME: &str = "selector";
    let Some(mut given) = body.object(NAME)?.flatten() else { return Ok(Selector::default()) };
    let mut read = |name: &'static str| given.text(name).map_err(|refusal| within(NAME, refusal));
    if read("organization")?.is_some_and(|named| named != org) {
        let message = "`selector.organization` is another organisation than the one this is about.";
        return Err(Refusal::field("selector.organization", message));
    }
    let selector = Selector {
        project: read("project")?,
        key: read("key")?,
        token: None,
        user: read("user")?,
        model: read("model")?,
        label: read("label")?,
        end_user: read("end_user")?,
    };
    given.finish(&[]).map_err(|refusal| within(NAME, refusal))?;
    Ok(selector)
}

fn within(name: &str, refusal: Refusal) -> Refusal {
    let param = refusal.param.as_deref().map(|field| format!("{name}.{field}").into());
    Refusal { param, ..refusal }
}
