//! What is done to budgets: list, make, edit, remove. Console, API and CLI all come here.

use super::keys::{Which, find, not_there};
use super::models;
use crate::accounts::check::{check_name, check_text};
use crate::accounts::{Acting, Deed, Scope, Subject};
use crate::base::{Code, Refusal, Trouble, id};
use crate::store::budgets::{self as rows, Budget, Enforcement, Reserve, Selector};
use crate::store::changes::BUDGET_CHANGED;
use crate::store::keys::KeyRow;
use crate::store::{people, service_accounts, tenants};
use ledger::NanoUsd;
use ledger::window::Rule;
use serde_json::{Value, json};

/// Percents at which events are recorded when nothing is said.
pub const THRESHOLDS: [u16; 3] = [50, 80, 100];
/// Thresholds of a budget at most.
pub const THRESHOLDS_MAX: usize = 10;
/// Highest threshold, percent: a soft budget can be passed many times over.
pub const THRESHOLD_MAX: u16 = 1_000;
/// Where windows begin when nothing is said.
pub const TIME_ZONE: &str = "UTC";
/// Characters of a model's name or of an end user at most.
const TEXT_CHARS_MAX: usize = 256;

/// A budget about to be made, as somebody asked for it.
#[derive(Debug, Clone)]
pub struct NewBudget {
    /// Its name; of a key's budget that is made with it, the key's.
    pub name: String,
    /// What may be spent in a window.
    pub limit: NanoUsd,
    /// How long a window is.
    pub window: Rule,
    /// IANA name; absent: UTC.
    pub time_zone: Option<String>,
    /// Whether it refuses.
    pub enforcement: Enforcement,
    /// How much requests hold.
    pub reserve: Reserve,
    /// Percents; absent: [`THRESHOLDS`].
    pub thresholds: Option<Vec<u16>>,
    /// What it counts.
    pub selector: Selector,
}

impl NewBudget {
    /// A hard budget of everything.
    #[must_use]
    pub fn hard(limit: NanoUsd, window: Rule, time_zone: Option<String>) -> Self {
        Self {
            name: String::new(),
            limit,
            window,
            time_zone,
            enforcement: Enforcement::Hard,
            reserve: Reserve::Sliding,
            thresholds: None,
            selector: Selector::default(),
        }
    }
}

/// What is to be different; absent fields stay. Window and selector never change: what was spent was
/// counted by them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[expect(missing_docs, reason = "field for field the budget, which says what they are")]
pub struct Edit {
    pub name: Option<String>,
    pub limit: Option<NanoUsd>,
    pub enforcement: Option<Enforcement>,
    pub reserve: Option<Reserve>,
    pub thresholds: Option<Vec<u16>>,
}

/// Makes a budget in the organisation acted in.
///
/// # Errors
/// A refusal that names the field, `not_found` for a project that is not the actor's, `conflict` for too
/// many.
pub async fn create(acting: &mut Acting<'_>, new: &NewBudget) -> Result<Budget, Trouble> {
    check_name("name", &new.name)?;
    let mut selector = new.selector.clone();
    place(acting, &mut selector).await?;
    may(acting, Scope::CREATE_BUDGETS, &selector)?;
    fits(acting, &selector).await?;
    write(acting, Budget { selector, ..made(acting, new, "api")? }).await
}

/// Makes the budget that a key comes with, in the key's transaction. Who may make the key may hold it to
/// something.
///
/// # Errors
/// A refusal that names the field.
pub async fn of_key(acting: &mut Acting<'_>, new: &NewBudget, key: &KeyRow) -> Result<Budget, Trouble> {
    let selector =
        Selector { project: key.project_id.clone(), key: Some(key.id.clone()), ..Selector::default() };
    let made = made(acting, new, "key").map_err(|refusal| {
        let field = refusal.param.as_deref().map(|field| format!("budget.{field}").into());
        Refusal { param: field, ..refusal }
    })?;
    write(acting, Budget { name: key.name.clone(), selector, ..made }).await
}

fn made(acting: &Acting<'_>, new: &NewBudget, source: &str) -> Result<Budget, Refusal> {
    let time_zone = new.time_zone.clone().unwrap_or_else(|| TIME_ZONE.to_owned());
    check_zone(&time_zone)?;
    check_limit(new.limit)?;
    Ok(Budget {
        id: id::new("bud", &acting.at.clock),
        org: acting.org.clone(),
        name: new.name.clone(),
        limit: new.limit,
        window: new.window,
        time_zone,
        enforcement: new.enforcement,
        reserve: new.reserve,
        thresholds: thresholds(new.thresholds.as_deref().unwrap_or(&THRESHOLDS))?,
        selector: Selector::default(),
        source: source.to_owned(),
        epoch: 1,
        created_ms: acting.now_ms,
        archived_ms: None,
    })
}

async fn write(acting: &mut Acting<'_>, budget: Budget) -> Result<Budget, Trouble> {
    let (key, most) = match &budget.selector.key {
        Some(key) => (key.as_str(), rows::OF_KEY_MAX),
        None => ("", rows::WIDE_MAX),
    };
    if rows::count(&mut acting.tx, &budget.org, key, most).await? >= most {
        let whose = if key.is_empty() { "An organisation has at most" } else { "A key has at most" };
        let message = format!("{whose} {most} budgets of its own. Remove one that is not needed.");
        return Err(Refusal::new(Code::Conflict, message).into());
    }
    rows::insert(&mut acting.tx, &budget).await?;
    record(acting, "budget.created", &budget, shown(&budget)).await?;
    Ok(budget)
}

/// Edits a budget. What was spent of it stays spent.
///
/// # Errors
/// `not_found`, a refusal that names the field.
pub async fn edit(acting: &mut Acting<'_>, id: &str, edit: &Edit) -> Result<Budget, Trouble> {
    let mut budget = touch(acting, id, Scope::UPDATE_BUDGETS).await?;
    let was = shown(&budget);
    if let Some(name) = &edit.name {
        check_name("name", name)?;
        budget.name.clone_from(name);
    }
    if let Some(limit) = edit.limit {
        check_limit(limit)?;
        budget.limit = limit;
    }
    if let Some(list) = &edit.thresholds {
        budget.thresholds = thresholds(list)?;
    }
    budget.enforcement = edit.enforcement.unwrap_or(budget.enforcement);
    budget.reserve = edit.reserve.unwrap_or(budget.reserve);
    rows::update(&mut acting.tx, &mut budget).await?;
    let detail = json!({ "was": was, "is": shown(&budget) });
    record(acting, "budget.updated", &budget, detail).await?;
    Ok(budget)
}

/// Ends a budget: it counts and refuses nothing from then on.
///
/// # Errors
/// `not_found`.
pub async fn remove(acting: &mut Acting<'_>, id: &str) -> Result<Budget, Trouble> {
    let mut budget = touch(acting, id, Scope::DELETE_BUDGETS).await?;
    budget.archived_ms = Some(acting.now_ms);
    rows::update(&mut acting.tx, &mut budget).await?;
    record(acting, "budget.deleted", &budget, shown(&budget)).await?;
    Ok(budget)
}

async fn touch(acting: &mut Acting<'_>, id: &str, scope: Scope) -> Result<Budget, Trouble> {
    let org = acting.org.clone();
    let budget = rows::live(&mut acting.tx, &org, id).await?.filter(is_listed);
    let budget = budget.ok_or_else(|| not_there("budget"))?;
    // Who may know nothing of the project hears of no budget in it.
    if !sees(&acting.actor.rights, &budget) {
        return Err(not_there("budget").into());
    }
    may(acting, scope, &budget.selector)?;
    Ok(budget)
}

/// Whether lists show it: a token's ends with its token.
#[must_use]
pub fn is_listed(budget: &Budget) -> bool {
    budget.selector.token.is_none()
}

/// Whether somebody may see a budget.
#[must_use]
pub fn sees(rights: &crate::accounts::Rights, budget: &Budget) -> bool {
    let among = rights.places(Scope::READ_BUDGETS);
    among.is_none_or(|among| budget.selector.project.as_ref().is_some_and(|id| among.contains(id)))
}

fn may(acting: &Acting<'_>, scope: Scope, selector: &Selector) -> Result<(), Refusal> {
    match &selector.project {
        Some(project) => acting.may(scope, Subject::Project(project)),
        None => acting.may(scope, Subject::Organization),
    }
}

/// Finds what a selector names; a key brings its project along.
async fn place(acting: &mut Acting<'_>, selector: &mut Selector) -> Result<(), Trouble> {
    let org = acting.org.clone();
    let nobody = |field: &'static str, what: &str| {
        Refusal::field(field, format!("`{field}` names no {what} of this organisation."))
    };
    if let Some(key) = &selector.key {
        let which = Which { admin: false, project: selector.project.as_deref(), id: key };
        let found = find(&mut acting.tx, &org, &which).await;
        let row = found.map_err(|_| nobody("selector.key", "project key"))?;
        selector.project = row.project_id;
    } else if let Some(project) = &selector.project
        && tenants::project(&mut acting.tx, &org, project).await?.is_none()
    {
        return Err(nobody("selector.project", "project").into());
    }
    Ok(())
}

/// Checks the rest of a selector, behind the permission.
async fn fits(acting: &mut Acting<'_>, selector: &Selector) -> Result<(), Trouble> {
    let org = acting.org.clone();
    if let Some(user) = &selector.user {
        let there = people::member(&mut acting.tx, &org, user).await?.is_some()
            || service_accounts::one(&mut acting.tx, &org, user).await?.is_some();
        if !there {
            let message = "`selector.user` names no user and no service account of this organisation.";
            return Err(Refusal::field("selector.user", message).into());
        }
    }
    for (field, text) in [("selector.model", &selector.model), ("selector.end_user", &selector.end_user)] {
        let Some(text) = text else { continue };
        check_text(field, text, TEXT_CHARS_MAX)?;
        if text.trim().is_empty() {
            return Err(Refusal::field(field, format!("`{field}` must not be empty.")).into());
        }
    }
    if let Some(label) = &selector.label {
        let (name, value) = label.split_once('=').unwrap_or((label, ""));
        super::labels::label(name, value)
            .map_err(|refusal| Refusal { param: Some("selector.label".into()), ..refusal })?;
    }
    Ok(())
}

fn check_limit(limit: NanoUsd) -> Result<(), Refusal> {
    if limit.0 > 0 {
        return Ok(());
    }
    Err(Refusal::field("limit_usd", "`limit_usd` must be above zero. To stop spending, disable keys."))
}

fn check_zone(name: &str) -> Result<(), Refusal> {
    let known = name.is_ascii() && jiff::tz::TimeZone::get(name).is_ok();
    if known {
        return Ok(());
    }
    Err(Refusal::field("time_zone", "`time_zone` must be an IANA name, as in UTC or Europe/Berlin."))
}

fn thresholds(list: &[u16]) -> Result<Vec<u16>, Refusal> {
    let sane =
        list.len() <= THRESHOLDS_MAX && list.iter().all(|percent| (1..=THRESHOLD_MAX).contains(percent));
    if !sane {
        let message =
            format!("`alert_thresholds` takes at most {THRESHOLDS_MAX} percents from 1 to {THRESHOLD_MAX}.");
        return Err(Refusal::field("alert_thresholds", message));
    }
    let mut list = list.to_vec();
    list.sort_unstable();
    list.dedup();
    Ok(list)
}

/// Whether a budget that came with a grant counts a request: by its model (`provider/name`), its labels
/// (`name=value`) and its end user (empty: none named).
#[must_use]
pub fn counts(budget: &Budget, model: &str, labels: &[String], end_user: &str) -> bool {
    let selector = &budget.selector;
    selector.model.as_deref().is_none_or(|rule| models::is(rule, model))
        && selector.label.as_ref().is_none_or(|label| labels.contains(label))
        && selector.end_user.as_deref().is_none_or(|user| user == end_user)
}

fn shown(budget: &Budget) -> Value {
    let selector = &budget.selector;
    json!({ "name": budget.name, "limit_nanousd": budget.limit.0, "window": budget.window.name(),
            "time_zone": budget.time_zone, "enforcement": budget.enforcement.name(),
            "reserve": budget.reserve.name(), "alert_thresholds": budget.thresholds, "source": budget.source,
            "project": selector.project, "key": selector.key, "user": selector.user, "model": selector.model,
            "label": selector.label, "end_user": selector.end_user })
}

/// Whose grants are to be read again when a budget is made, edited or ended.
fn touched(budget: &Budget) -> &str {
    let selector = &budget.selector;
    selector.key.as_deref().or(selector.project.as_deref()).unwrap_or(&budget.org)
}

async fn record(
    acting: &mut Acting<'_>,
    name: &'static str,
    budget: &Budget,
    detail: Value,
) -> Result<(), Trouble> {
    let project = budget.selector.project.as_deref();
    let deed = Deed { name, kind: BUDGET_CHANGED, project, object: &budget.id, detail };
    Ok(acting.record_for(deed, touched(budget)).await?)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn budget(selector: Selector) -> Budget {
        Budget {
            id: "bud_1".into(),
            org: "org_1".into(),
            name: "one".into(),
            limit: NanoUsd(1),
            window: Rule::Total,
            time_zone: TIME_ZONE.into(),
            enforcement: Enforcement::Hard,
            reserve: Reserve::Sliding,
            thresholds: Vec::new(),
            selector,
            source: "api".into(),
            epoch: 1,
            created_ms: 0,
            archived_ms: None,
        }
    }

    #[test]
    fn everything_named_must_fit() {
        let labels = ["team=a".to_owned(), "run=7".to_owned()];
        let some = |text: &str| Some(text.to_owned());
        let table = [
            (Selector::default(), true),
            (Selector { model: some("mine/*"), ..Selector::default() }, true),
            (Selector { model: some("small"), ..Selector::default() }, true),
            (Selector { model: some("mine/large"), ..Selector::default() }, false),
            (Selector { label: some("team=a"), ..Selector::default() }, true),
            (Selector { label: some("team=b"), ..Selector::default() }, false),
            (Selector { end_user: some("ada"), ..Selector::default() }, true),
            (Selector { end_user: some("bob"), ..Selector::default() }, false),
            (Selector { model: some("small"), label: some("team=b"), ..Selector::default() }, false),
        ];
        for (selector, expected) in table {
            assert_eq!(
                counts(&budget(selector.clone()), "mine/small", &labels, "ada"),
                expected,
                "{selector:?}"
            );
        }
    }

    #[test]
    fn zones_and_thresholds() {
        for zone in ["UTC", "Europe/Berlin", "America/St_Johns", "Asia/Kathmandu"] {
            check_zone(zone).unwrap();
        }
        for zone in ["", "Nowhere/Land", "../../etc/passwd", "+02:00", "Europe/Berl\u{ed}n"] {
            assert!(check_zone(zone).is_err(), "{zone}");
        }
        assert_eq!(thresholds(&[100, 50, 100]).unwrap(), [50, 100]);
        assert!(thresholds(&[0]).is_err() && thresholds(&[1001]).is_err() && thresholds(&[1; 11]).is_err());
    }
}
