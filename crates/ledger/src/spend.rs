//! What journal records say of money: which accounts a request draws on, what it reserved of them, and
//! what they were charged. One amount each: a request costs every account it draws on the same.

use crate::NanoUsd;

/// Accounts that one request draws on at most: budgets that count it, and a balance.
pub const ACCOUNTS_PER_REQUEST_MAX: usize = 16;

/// What an account is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum AccountKind {
    /// A budget, by its ULID.
    Budget,
    /// An organisation's balance, by the organisation's ULID.
    Credit,
}

/// An account.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct AccountId {
    /// What it is.
    pub kind: AccountKind,
    /// Whose.
    pub ulid: [u8; 16],
}

/// A window of an account that a request draws on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct AccountRef {
    /// The account.
    pub account: AccountId,
    /// Start of the window that admitted the request, unix milliseconds; whole seconds from 1970 to 2106.
    pub window_start_ms: i64,
    /// It was reserved of a lease; else it is only counted, and refuses nothing.
    pub leased: bool,
}

/// What a finished request was charged.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Spend {
    /// What each of `accounts` is charged: the sell price, or what was reserved if that is less.
    pub charge: NanoUsd,
    /// Sell price above what was reserved: not charged to anybody.
    pub absorbed: NanoUsd,
    /// Whom it is charged to: at most [`ACCOUNTS_PER_REQUEST_MAX`].
    pub accounts: Vec<AccountRef>,
}

/// What a request reserves before it is sent, for when nobody settles it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Reserved {
    /// Of each account.
    pub amount: NanoUsd,
    /// What is added to the provider's price, in millionths ([`crate::reserve::Markup`]).
    pub markup: u32,
}

/// How far a running request has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Progress {
    /// The request.
    pub request: [u8; 16],
    /// Tokens of its answer counted so far.
    pub output_tokens: u64,
    /// What it has reserved of each account by now.
    pub reserved: NanoUsd,
}

impl Progress {
    /// Appends what a PROGRESS record carries.
    pub(crate) fn put(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(&self.request);
        out.extend_from_slice(&self.output_tokens.to_le_bytes());
        out.extend_from_slice(&self.reserved.0.to_le_bytes());
    }

    /// Reads what [`Self::put`] writes.
    pub(crate) fn take(bytes: &[u8]) -> Option<Self> {
        let (request, rest) = bytes.split_first_chunk::<16>()?;
        let (tokens, reserved) = rest.split_first_chunk::<8>()?;
        let reserved = NanoUsd(i64::from_le_bytes(reserved.try_into().ok()?));
        Some(Self { request: *request, output_tokens: u64::from_le_bytes(*tokens), reserved })
    }
}

/// Bytes of a reference in a record.
const REF_BYTES: usize = 21;
const CREDIT: u8 = 1;
const LEASED: u8 = 2;

/// Appends sell price, charge, what was absorbed, and the accounts.
pub(crate) fn put(out: &mut Vec<u8>, sell: NanoUsd, spend: &Spend) {
    let Spend { charge, absorbed, accounts } = spend;
    let accounts = accounts.get(..ACCOUNTS_PER_REQUEST_MAX).unwrap_or(accounts);
    for amount in [sell, *charge, *absorbed] {
        out.extend_from_slice(&amount.0.to_le_bytes());
    }
    out.push(accounts.len() as u8);
    for account in accounts {
        put_ref(out, account);
    }
}

/// Reads what [`put`] writes, and answers what follows it.
pub(crate) fn take(bytes: &[u8]) -> Option<(NanoUsd, Spend, &[u8])> {
    let (amounts, rest) = bytes.split_at_checked(24)?;
    let (amounts, _) = amounts.as_chunks::<8>();
    let amount = |place: usize| amounts.get(place).map(|bytes| NanoUsd(i64::from_le_bytes(*bytes)));
    let (count, rest) = rest.split_first()?;
    let (refs, rest) = rest.split_at_checked(REF_BYTES * usize::from(*count))?;
    if usize::from(*count) > ACCOUNTS_PER_REQUEST_MAX {
        return None;
    }
    let (refs, _) = refs.as_chunks::<REF_BYTES>();
    let accounts = refs.iter().map(take_ref).collect::<Option<_>>()?;
    Some((amount(0)?, Spend { charge: amount(1)?, absorbed: amount(2)?, accounts }, rest))
}

/// Appends a reference: flags, ULID, the window's start in seconds (u32).
fn put_ref(out: &mut Vec<u8>, of: &AccountRef) {
    let credit = if of.account.kind == AccountKind::Credit { CREDIT } else { 0 };
    let leased = if of.leased { LEASED } else { 0 };
    let seconds = u32::try_from(of.window_start_ms.div_euclid(1_000).max(0)).unwrap_or(u32::MAX);
    out.push(credit | leased);
    out.extend_from_slice(&of.account.ulid);
    out.extend_from_slice(&seconds.to_le_bytes());
}

/// Reads what [`put_ref`] writes.
fn take_ref(bytes: &[u8; REF_BYTES]) -> Option<AccountRef> {
    let [flags, rest @ ..] = bytes;
    let (ulid, seconds) = rest.split_first_chunk::<16>()?;
    if flags & !(CREDIT | LEASED) != 0 {
        return None;
    }
    let kind = if flags & CREDIT != 0 { AccountKind::Credit } else { AccountKind::Budget };
    Some(AccountRef {
        account: AccountId { kind, ulid: *ulid },
        window_start_ms: i64::from(u32::from_le_bytes(seconds.try_into().ok()?)) * 1_000,
        leased: flags & LEASED != 0,
    })
}
