//! Where a provider tells what is left on an account: an address, and where in its answer the amounts stand.

use super::fields::BALANCE_FIELDS;
use super::written::{Fields, Reader};

/// Bytes of an address or a pointer.
const TEXT_BYTES_MAX: usize = 128;

/// Where a provider tells what is left on an account. Pointers are JSON pointers (RFC 6901) through objects.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BalanceAt {
    /// Below the base URL that is written first.
    pub path: String,
    /// Whether requests are still served.
    pub usable: Option<String>,
    /// Pointer to a list with one entry per currency; `None`: the answer is the one entry.
    pub list: Option<String>,
    /// A currency's code, or a pointer to it.
    pub currency: String,
    /// Pointer to what is left.
    pub total: String,
    /// Pointer to what of it was given.
    pub granted: Option<String>,
    /// Pointer to what of it was paid.
    pub topped_up: Option<String>,
}

/// Reads `balance` of a provider's row.
pub fn read(reader: &mut Reader, fields: &Fields<'_>) -> Option<BalanceAt> {
    let fields = reader.table(fields, "balance")?;
    reader.check_known(&fields, BALANCE_FIELDS);
    let path = pointer(reader, &fields, "path");
    let [usable, list, total, granted, topped_up] =
        ["usable", "list", "total", "granted", "topped_up"].map(|name| pointer(reader, &fields, name));
    let currency = reader.string(&fields, "currency").map(str::to_owned);
    let is_currency = |text: &str| is_code(text) || is_pointer(text);
    if currency.as_deref().is_some_and(|text| !is_currency(text)) {
        let fix = "write a code such as \"USD\", or where it stands, such as \"/currency\"";
        reader.wrong(&fields, "currency", "is no currency", fix);
    }
    for name in ["path", "currency", "total"] {
        if !fields.table.contains_key(name) {
            reader.wrong(&fields, name, "is missing", "write balance = { path, currency, total }");
        }
    }
    let currency = currency.filter(|text| is_currency(text))?;
    Some(BalanceAt { path: path?, usable, list, currency, total: total?, granted, topped_up })
}

/// Whether a text is a currency's code.
#[must_use]
pub fn is_code(text: &str) -> bool {
    text.len() == 3 && text.bytes().all(|byte| byte.is_ascii_uppercase())
}

fn pointer(reader: &mut Reader, fields: &Fields<'_>, name: &str) -> Option<String> {
    let text = reader.string(fields, name)?;
    if !is_pointer(text) {
        reader.wrong(fields, name, "is no path", "write one such as \"/user/balance\"");
        return None;
    }
    Some(text.to_owned())
}

/// What can stand in a path and in a pointer, and climbs nowhere.
fn is_pointer(text: &str) -> bool {
    let sane = |part: &str| {
        !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte))
    };
    text.len() <= TEXT_BYTES_MAX && text.strip_prefix('/').is_some_and(|rest| rest.split('/').all(sane))
}
