//! What is left on an account at a provider, where the provider tells it.

use super::upstream::Upstream;
use crate::accounts::Installation;
use crate::base::Fault;
use crate::base::fault::Doing;
use crate::catalog::balance::{BalanceAt, is_code};
use crate::store::db;
use crate::store::provider_accounts::{self, AccountRow};
use crate::upstream::{Lanes, Request};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use std::collections::BTreeMap;

/// Bytes of an answer that are read.
const ANSWER_BYTES_MAX: usize = 64 * 1024;
/// Currencies of one account.
const CURRENCIES_MAX: usize = 16;
/// Characters of an amount.
const AMOUNT_CHARS_MAX: usize = 32;

/// An account at a provider, as the provider tells it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Account {
    /// Whether requests are still served; `None`: not told.
    pub usable: Option<bool>,
    /// What is left, by currency.
    pub balances: Vec<Balance>,
}

/// What is left in one currency: decimals as the provider writes them, in the currency's unit.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Balance {
    /// ISO 4217.
    pub currency: String,
    /// What is left.
    pub total: String,
    /// What of it was given.
    pub granted: Option<String>,
    /// What of it was paid.
    pub topped_up: Option<String>,
}

/// Asks a provider what is left on the account of a credential, which costs nothing; `None` where its row does
/// not say that it tells, or where it does not tell now.
pub async fn ask(upstream: &Upstream, lanes: &Lanes) -> Option<Account> {
    let at = upstream.balance.as_ref()?;
    let (_, endpoint) = upstream.places.first()?;
    let response = lanes.send(endpoint, &Request::get(&at.path)).await.ok()?;
    if response.status != 200 {
        return None;
    }
    read(at, &response.body.whole(ANSWER_BYTES_MAX).await.ok()?)
}

/// Keeps what was told of a credential's account.
///
/// # Errors
/// When the database cannot be used.
pub async fn keep(at: &Installation, upstream: &Upstream, account: &Account) -> Result<(), Fault> {
    let row = AccountRow {
        provider: upstream.provider.to_string(),
        credential: upstream.credential.to_string(),
        told: serde_json::to_string(account).doing("writing an account")?,
        told_ms: at.clock.now_ms(),
    };
    let mut tx = at.db.begin_write().await?;
    provider_accounts::put(&mut tx, &row).await?;
    db::commit(tx).await
}

/// The account in an answer.
fn read(at: &BalanceAt, answer: &[u8]) -> Option<Account> {
    let answer: Box<RawValue> = serde_json::from_slice(answer).ok()?;
    let entries: Vec<Box<RawValue>> = match &at.list {
        Some(list) => serde_json::from_str(find(&answer, list)?.get()).ok()?,
        None => vec![answer.clone()],
    };
    let balances: Option<Vec<Balance>> =
        entries.iter().take(CURRENCIES_MAX).map(|entry| balance(at, entry)).collect();
    let usable =
        at.usable.as_ref().and_then(|usable| serde_json::from_str(find(&answer, usable)?.get()).ok());
    Some(Account { usable, balances: balances? })
}

fn balance(at: &BalanceAt, entry: &RawValue) -> Option<Balance> {
    let told = |pointer: &Option<String>| pointer.as_ref().and_then(|pointer| amount(&find(entry, pointer)?));
    let currency = match at.currency.starts_with('/') {
        true => serde_json::from_str(find(entry, &at.currency)?.get()).ok()?,
        false => at.currency.clone(),
    };
    let total = amount(&find(entry, &at.total)?)?;
    let balance = Balance { currency, total, granted: told(&at.granted), topped_up: told(&at.topped_up) };
    is_code(&balance.currency).then_some(balance)
}

/// What a JSON pointer leads to, through objects.
fn find(raw: &RawValue, pointer: &str) -> Option<Box<RawValue>> {
    let mut at = raw.to_owned();
    for name in pointer.split('/').skip(1) {
        at = serde_json::from_str::<BTreeMap<String, Box<RawValue>>>(at.get()).ok()?.remove(name)?;
    }
    Some(at)
}

/// A decimal, written as a number or as a string. Whatever else stands there is not repeated.
fn amount(raw: &RawValue) -> Option<String> {
    let text: String = serde_json::from_str(raw.get()).unwrap_or_else(|_| raw.get().to_owned());
    let digits = text.strip_prefix('-').unwrap_or(&text);
    let (whole, places) = digits.split_once('.').unwrap_or((digits, "0"));
    let is_digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    (text.len() <= AMOUNT_CHARS_MAX && is_digits(whole) && is_digits(places)).then_some(text)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalog::builtin;

    fn at(provider: &str) -> BalanceAt {
        let rows = builtin::providers().unwrap().providers;
        rows.into_iter().find(|row| row.name == provider).and_then(|row| row.balance).unwrap()
    }

    fn one(currency: &str, total: &str, granted: &str, topped_up: &str) -> Balance {
        let text = |text: &str| Some(text.to_owned());
        Balance {
            currency: currency.to_owned(),
            total: total.to_owned(),
            granted: text(granted),
            topped_up: text(topped_up),
        }
    }

    /// api-docs.deepseek.com/api/get-user-balance, 2026-09-10.
    #[test]
    fn a_list_of_currencies() {
        let answer = r#"{"is_available": true, "balance_infos": [
            {"currency": "CNY", "total_balance": "110.00", "granted_balance": "10.00", "topped_up_balance": "100.00"},
            {"currency": "USD", "total_balance": "0.50", "granted_balance": "0.50", "topped_up_balance": "0.00"}]}"#;
        let account = read(&at("deepseek"), answer.as_bytes()).unwrap();
        assert_eq!(account.usable, Some(true));
        assert_eq!(
            account.balances,
            [one("CNY", "110.00", "10.00", "100.00"), one("USD", "0.50", "0.50", "0.00")]
        );
        let empty = read(&at("deepseek"), br#"{"is_available": false, "balance_infos": []}"#).unwrap();
        assert_eq!(empty, Account { usable: Some(false), balances: Vec::new() });
    }

    /// platform.moonshot.cn/docs/api/balance.
    #[test]
    fn numbers_in_one_currency() {
        let answer = r#"{"code":0,"data":{"available_balance":49.58894,"voucher_balance":46.58893,
            "cash_balance":-3.00001},"scode":"0x0","status":true}"#;
        for (provider, currency) in [("moonshot", "USD"), ("moonshot-cn", "CNY")] {
            let account = read(&at(provider), answer.as_bytes()).unwrap();
            assert_eq!(account.balances, [one(currency, "49.58894", "46.58893", "-3.00001")]);
        }
    }

    #[test]
    fn what_is_no_amount_is_not_repeated() {
        for total in [r#""sk-secret""#, "1e9", "null", "{}", r#""""#, r#""-""#, r#""1.""#, r#""1.2.3""#] {
            let answer = format!(r#"{{"balance_infos":[{{"currency":"USD","total_balance":{total}}}]}}"#);
            assert_eq!(read(&at("deepseek"), answer.as_bytes()), None, "{total}");
        }
        for answer in ["", "[]", "{}", r#"{"balance_infos":[{"currency":"sk-","total_balance":"1"}]}"#] {
            assert_eq!(read(&at("deepseek"), answer.as_bytes()), None, "{answer}");
        }
    }
}
