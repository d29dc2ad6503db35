//! What a key's requests are paid from: budgets that may count them, and the organisation's balance, each
//! with what this process holds of it. The state belongs to the account itself, so that every key and every
//! secret meet in it, and no grant that is read again refills anything.

use crate::base::{Fault, id};
use crate::store::budgets::{Budget, Enforcement};
use ledger::account::Account;
use ledger::reserve::Markup;
use ledger::{AccountId, AccountKind};
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

/// Accounts kept at most: those of every cached grant. Beyond it no further key with budgets can be looked
/// up until some have rested.
pub const ACCOUNTS_MAX: usize = 500_000;
/// Accounts below which nobody looks for those that can go.
const ACCOUNTS_SWEPT_MIN: usize = 1_024;

/// What a grant is paid from.
#[derive(Debug, Default)]
pub struct Purse {
    /// Those of the grant's budgets, in their order.
    pub accounts: Box<[Arc<Account>]>,
    /// The balance, where the organisation is prepaid.
    pub credit: Option<Arc<Account>>,
    /// What is added to the cost.
    pub markup: Markup,
    /// Whose it is, where several draw on an account: the key.
    pub who: u128,
}

impl Purse {
    /// Whether nothing has to be asked and nothing is charged to anything.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.accounts.is_empty() && self.credit.is_none()
    }
}

/// The text of an account's id.
#[must_use]
pub fn text(account: AccountId) -> String {
    let prefix = match account.kind {
        AccountKind::Budget => "bud",
        AccountKind::Credit => "org",
    };
    id::text(prefix, account.ulid)
}

/// The account of an id's text.
#[must_use]
pub fn account(text: &str) -> Option<AccountId> {
    let budget = id::parse("bud", text).map(|ulid| AccountId { kind: AccountKind::Budget, ulid });
    budget.or_else(|| Some(AccountId { kind: AccountKind::Credit, ulid: id::parse("org", text)? }))
}

/// Whether a budget refuses anything.
#[must_use]
pub fn is_hard(budget: &Budget) -> bool {
    budget.enforcement == Enforcement::Hard
}

struct Known {
    account: Arc<Account>,
    /// Id of what is told by the change feed when the budget or the balance is changed.
    told: Box<str>,
}

struct Table {
    accounts: HashMap<AccountId, Known>,
    sweep_at: usize,
}

/// The state of every account that a cached grant is paid from. Only the control runtime asks here; requests
/// find their accounts in the grant.
pub struct Accounts(Mutex<Table>);

impl Default for Accounts {
    fn default() -> Self {
        Self(Mutex::new(Table { accounts: HashMap::new(), sweep_at: ACCOUNTS_SWEPT_MIN }))
    }
}

impl Accounts {
    /// The purse of a grant in an organisation.
    ///
    /// # Errors
    /// An id that is none, or too many accounts.
    pub fn purse(
        &self,
        (org, key): (&str, &str),
        budgets: &[Arc<Budget>],
        prepaid: bool,
        markup: Markup,
    ) -> Result<Purse, Fault> {
        let accounts = budgets.iter().map(|budget| {
            let selector = &budget.selector;
            let told = selector.key.as_deref().or(selector.project.as_deref()).unwrap_or(&budget.org);
            let alone = selector.key.is_some() || selector.token.is_some();
            self.account((AccountKind::Budget, !alone), "bud", &budget.id, told)
        });
        let accounts = accounts.collect::<Result<_, Fault>>()?;
        let credit =
            prepaid.then(|| self.account((AccountKind::Credit, true), "org", org, org)).transpose()?;
        let who = id::parse("key", key).map_or(0, u128::from_be_bytes);
        Ok(Purse { accounts, credit, markup, who })
    }

    fn account(
        &self,
        (kind, shared): (AccountKind, bool),
        prefix: &str,
        text: &str,
        told: &str,
    ) -> Result<Arc<Account>, Fault> {
        let ulid = id::parse(prefix, text).ok_or_else(|| Fault::plain(format!("{text} is no id")))?;
        let id = AccountId { kind, ulid };
        let mut table = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = table.accounts.get_mut(&id) {
            // A key's budget can be handed to another key.
            if *known.told != *told {
                known.told = told.into();
            }
            return Ok(Arc::clone(&known.account));
        }
        if table.accounts.len() >= table.sweep_at {
            // One that nobody holds and of which nothing is held is the same as a new one.
            table.accounts.retain(|_, known| {
                Arc::strong_count(&known.account) > 1 || !known.account.holdings().is_empty()
            });
            table.sweep_at = (table.accounts.len() * 2).clamp(ACCOUNTS_SWEPT_MIN, ACCOUNTS_MAX);
        }
        if table.accounts.len() >= ACCOUNTS_MAX {
            return Err(Fault::plain("too many budgets are in use at the same time"));
        }
        let account = Arc::new(if shared { Account::shared(id) } else { Account::new(id) });
        table.accounts.insert(id, Known { account: Arc::clone(&account), told: told.into() });
        Ok(account)
    }

    /// Something of these ids was changed: what is leased under it is to be leased anew. Answers whether
    /// anything was.
    pub fn recall(&self, changed: &HashMap<String, i64>) -> bool {
        let table = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let mut any = false;
        for known in table.accounts.values().filter(|known| changed.contains_key(&*known.told)) {
            known.account.recall();
            any = true;
        }
        any
    }
}
