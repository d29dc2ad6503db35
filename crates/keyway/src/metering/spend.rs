//! Money of one request: what it reserves before it is sent, of which budgets, and what it is told when
//! there is not enough. A key without budgets and balance never comes here.

use super::keeper::{Answer, Denied, Keeper, Wanted, Why};
use crate::access::Grant;
use crate::access::budgets::counts;
use crate::access::purse::is_hard;
use crate::base::{Clock, Code, Refusal};
use crate::store::budgets::{Budget, Reserve};
use ledger::account::{Account, Reservation, admit};
use ledger::reserve::{Markup, Mode, Quote, Size};
use ledger::spend::ACCOUNTS_PER_REQUEST_MAX;
use ledger::{NanoUsd, Price};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::oneshot::Receiver;

/// How long a worker waits for the keeper: a little longer than the keeper lets anybody wait.
const KEEPER_WAIT: Duration = Duration::from_millis(700);
/// When a request is to come again whose money is reserved by others, milliseconds.
const RESERVED_RETRY_MS: u64 = 1_000;

/// A request about to be sent to a target.
pub struct Purchase<'a> {
    /// `provider/name`.
    pub model: &'a str,
    /// `name=value`.
    pub labels: &'a [String],
    /// Whom the request names as its end user; empty: nobody.
    pub end_user: &'a str,
    /// The price that holds; `None`: the target is unpriced.
    pub price: Option<&'a Price>,
    /// When the request began, unix milliseconds.
    pub started_ms: i64,
    /// How large it can become. The cap is the client's.
    pub size: Size,
    /// The size of its prompt is known: all of it stands in the request, or its model's window bounds it.
    pub measured: bool,
    /// The model's longest answer, tokens, where that is known.
    pub longest: Option<u64>,
    /// The answer comes as a stream of all that is billed.
    pub streamed: bool,
    /// It takes less answer rather than a refusal.
    pub clamp: bool,
    /// The organisation pays the provider itself: its balance is not asked.
    pub own: bool,
    /// What is added to the price.
    pub markup: Markup,
}

/// What a request has reserved.
pub struct Spending {
    /// Of what.
    pub reservation: Reservation,
    /// What it can cost.
    pub quote: Quote,
    /// Tokens of answer that are reserved.
    pub covered: u64,
    /// Longest answer that the provider is to be told, tokens.
    pub output_cap: Option<u64>,
    /// Whose each part of the reservation is; absent: the organisation's balance.
    pub names: Vec<Option<Arc<Budget>>>,
}

/// What pays for a request, in the one order in which accounts are asked.
struct Payers {
    accounts: Vec<Arc<Account>>,
    names: Vec<Option<Arc<Budget>>>,
    /// One of them refuses.
    hard: bool,
    full: bool,
}

impl Payers {
    fn of(grant: &Grant, what: &Purchase<'_>) -> Result<Self, Refusal> {
        let budgets = grant.budgets.iter().zip(&grant.purse.accounts);
        let counting = budgets.filter(|(budget, _)| counts(budget, what.model, what.labels, what.end_user));
        let most = grant.budgets.len() + 1;
        let (mut names, mut accounts) = (Vec::with_capacity(most), Vec::with_capacity(most));
        for (budget, account) in counting {
            names.push(Some(Arc::clone(budget)));
            accounts.push(Arc::clone(account));
        }
        let budgets = names.iter().flatten();
        let credit = grant.purse.credit.as_ref().filter(|_| !what.own);
        let hard = budgets.clone().any(|budget| is_hard(budget)) || credit.is_some();
        let full = budgets.clone().any(|budget| budget.reserve == Reserve::Full);
        // Ids of balances come after those of budgets.
        if let Some(credit) = credit {
            names.push(None);
            accounts.push(Arc::clone(credit));
        }
        if accounts.len() > ACCOUNTS_PER_REQUEST_MAX {
            let message = format!(
                "More than {ACCOUNTS_PER_REQUEST_MAX} budgets count this request. Remove some, or make them narrower."
            );
            return Err(Refusal::new(Code::InvalidRequest, message));
        }
        Ok(Self { accounts, names, hard, full })
    }
}

/// Reserves what a request may cost; `None` when nobody pays for it.
///
/// # Errors
/// `insufficient_quota`, `insufficient_balance`, `budget_reserved`, `unpriceable_for_hard_budget`,
/// `metering_unavailable`.
pub async fn reserve(
    keeper: &Keeper,
    clock: &Clock,
    grant: &Grant,
    what: &Purchase<'_>,
) -> Result<Option<Box<Spending>>, Refusal> {
    let payers = Payers::of(grant, what)?;
    if payers.accounts.is_empty() {
        return Ok(None);
    }
    let Some(price) = what.price else {
        // What has no price is counted nowhere, and what cannot be bounded is not begun.
        return if payers.hard { Err(unpriced(what.model)) } else { Ok(None) };
    };
    if payers.hard && !what.measured {
        return Err(unmeasured(what.model));
    }
    let mode = if payers.full || !what.streamed { Mode::Full } else { Mode::Sliding };
    let mode = if payers.hard { mode } else { Mode::Sliding };
    let quote = |size: Size| {
        Quote::new(price, what.started_ms, size, mode, what.markup).map_err(|_| unbounded(what.model))
    };
    // What slides needs no bound, and is not cut by what a catalogue believes.
    let size = if mode == Mode::Full { within(what.size, what.longest) } else { what.size };
    let mut quoted = quote(size)?;
    let mut told = (mode == Mode::Full).then_some(size.output_cap).flatten();
    if quoted.amount(quoted.cap()) == NanoUsd::ZERO {
        return Ok(None);
    }
    let reserved = match take(keeper, clock, (&payers, grant.purse.who), &quoted).await {
        Err(denied) if what.clamp && denied.why == Why::Exhausted => {
            let answers = u64::from(what.size.answers.max(1));
            let cap = quoted.affordable(denied.left).map_or(0, |tokens| tokens / answers);
            if cap == 0 {
                return Err(refusal(&denied, &payers.names, &quoted, what.size.answers));
            }
            quoted = quote(Size { output_cap: Some(cap), ..size })?;
            told = Some(cap);
            take(keeper, clock, (&payers, grant.purse.who), &quoted).await
        }
        other => other,
    };
    let reservation =
        reserved.map_err(|denied| refusal(&denied, &payers.names, &quoted, what.size.answers))?;
    let covered = quoted.first();
    let names = payers.names;
    Ok(Some(Box::new(Spending { reservation, quote: quoted, covered, output_cap: told, names })))
}

/// A size whose answers are no longer than the model's.
fn within(size: Size, longest: Option<u64>) -> Size {
    let output_cap = match (size.output_cap, longest) {
        (Some(cap), Some(longest)) => Some(cap.min(longest)),
        (cap, longest) => cap.or(longest),
    };
    Size { output_cap, ..size }
}

async fn take(keeper: &Keeper, clock: &Clock, (payers, who): (&Payers, u128), quote: &Quote) -> Answer {
    let amount = quote.amount(quote.first());
    // Who waits for what others have reserved is not passed by those who come later.
    if !payers.accounts.iter().any(|account| account.is_waited_for())
        && let Ok(reserved) = admit(&payers.accounts, amount, clock.monotonic_ms())
    {
        return Ok(reserved.of(who));
    }
    let wanted = Wanted::Admit(payers.accounts.clone(), who);
    answer(keeper.ask(wanted, amount, NanoUsd::ZERO)?).await
}

/// Waits for the keeper, but not for ever.
async fn answer(receiver: Receiver<Answer>) -> Answer {
    let unavailable = Denied { account: 0, why: Why::Unavailable, left: NanoUsd::ZERO };
    match tokio::time::timeout(KEEPER_WAIT, receiver).await {
        Ok(Ok(answer)) => answer,
        _ => Err(unavailable),
    }
}

/// What a denial is told as.
pub(super) fn refusal(
    denied: &Denied,
    names: &[Option<Arc<Budget>>],
    quote: &Quote,
    answers: u32,
) -> Refusal {
    let budget = names.get(denied.account).and_then(Option::as_deref);
    match denied.why {
        Why::Unavailable => super::admit::unavailable(),
        Why::Reserved => Refusal {
            retry_after_ms: Some(RESERVED_RETRY_MS),
            ..Refusal::new(Code::BudgetReserved, reserved(budget))
        },
        Why::Exhausted => {
            let code = if budget.is_some() { Code::InsufficientQuota } else { Code::InsufficientBalance };
            let affordable = quote.affordable(denied.left).map(|tokens| tokens / u64::from(answers.max(1)));
            Refusal {
                affordable_tokens: affordable.filter(|tokens| *tokens > 0),
                ..Refusal::new(code, exhausted(budget, denied.left, quote))
            }
        }
    }
}

fn exhausted(budget: Option<&Budget>, left: NanoUsd, quote: &Quote) -> String {
    let needed = quote.amount(quote.first());
    let what = match budget {
        None => "The organization's balance".to_owned(),
        Some(budget) => format!(
            "The budget \"{}\" ({}) of {} USD per {}",
            budget.name,
            budget.id,
            budget.limit,
            budget.window.name()
        )
        .replace(" per total", " in total"),
    };
    let next = if budget.is_some() { "Raise it, or wait for its next window." } else { "Top it up." };
    format!("{what} is spent: {left} USD are left, and this request may cost {needed} USD. {next}")
}

fn reserved(budget: Option<&Budget>) -> String {
    let what = budget.map_or_else(
        || "organization's balance".to_owned(),
        |budget| format!("budget \"{}\" ({})", budget.name, budget.id),
    );
    format!("What is left of the {what} is reserved by requests that are running. Try again shortly.")
}

fn unpriced(model: &str) -> Refusal {
    let message = format!(
        "`{model}` has no price, so it cannot be held to a budget. Set a price for it, or use another model."
    );
    Refusal::new(Code::UnpriceableForHardBudget, message)
}

fn unmeasured(model: &str) -> Refusal {
    let message = format!(
        "How much `{model}` reads for this request cannot be told (a file, an address, a tool of its provider's), \
         so it cannot be held to a budget. Send what it shall read, or set `context_tokens` of the model."
    );
    Refusal::new(Code::UnpriceableForHardBudget, message)
}

fn unbounded(model: &str) -> Refusal {
    let message = format!(
        "Nothing bounds the answer of `{model}`, so it cannot be held to a budget. Set `max_completion_tokens`."
    );
    Refusal::new(Code::UnpriceableForHardBudget, message)
}
