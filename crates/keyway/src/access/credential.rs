//! The one credential of a request, wherever the client's SDK puts it.

use crate::base::{Code, Fields, Refusal};

/// Header fields other than `Authorization` that carry a key as it is.
const KEY_FIELDS: [&str; 2] = ["x-api-key", "x-goog-api-key"];

/// The request's credential, never from the query string.
///
/// # Errors
/// `ambiguous_credentials` for two different ones or a repeated field, `invalid_api_key` for none.
pub fn of(headers: &Fields) -> Result<&str, Refusal> {
    let mut found: Option<&str> = None;
    let bearer = one(headers, "authorization")?.map(bearer).transpose()?;
    let keys = KEY_FIELDS.iter().map(|field| one(headers, field));
    for key in std::iter::once(Ok(bearer)).chain(keys) {
        match (key?, found) {
            (Some(key), Some(other)) if key != other => return Err(ambiguous()),
            (Some(key), _) => found = Some(key),
            (None, _) => {}
        }
    }
    found.ok_or_else(invalid)
}

fn one<'a>(headers: &'a Fields, field: &'static str) -> Result<Option<&'a str>, Refusal> {
    let mut values = headers.all(field);
    let Some(value) = values.next() else {
        return Ok(None);
    };
    if values.next().is_some() {
        return Err(ambiguous());
    }
    // A key is ASCII; what is not text is no key.
    std::str::from_utf8(value.trim_ascii()).map(Some).map_err(|_| invalid())
}

fn bearer(value: &str) -> Result<&str, Refusal> {
    const SCHEME: &str = "bearer ";
    let (scheme, key) = value.split_at_checked(SCHEME.len()).ok_or_else(invalid)?;
    scheme.eq_ignore_ascii_case(SCHEME).then(|| key.trim_ascii()).ok_or_else(invalid)
}

fn ambiguous() -> Refusal {
    Refusal::new(
        Code::AmbiguousCredentials,
        "The request carries more than one credential. Send the API key once, \
         for example as `Authorization: Bearer sk-kw-...`.",
    )
}

/// The one answer for a key that is absent, malformed, unknown or wrong.
#[must_use]
pub fn invalid() -> Refusal {
    Refusal::new(
        Code::InvalidApiKey,
        "No valid API key was sent. Send one as `Authorization: Bearer sk-kw-...`; \
         `keyway key create` makes one.",
    )
}

/// The one answer for a session that is not there, has ended, or was never begun.
#[must_use]
pub fn signed_out() -> Refusal {
    Refusal::new(Code::InvalidApiKey, "You are signed out. Sign in again.")
}

/// Whether a request carries a credential in its header.
#[must_use]
pub fn is_there(headers: &Fields) -> bool {
    headers.get("authorization").is_some() || KEY_FIELDS.iter().any(|field| headers.get(field).is_some())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_credential_wherever_it_stands() {
        type Case<'a> = (&'a [(&'a str, &'a str)], Result<&'a str, Code>);
        let table: [Case<'_>; 11] = [
            (&[("authorization", "Bearer k1")], Ok("k1")),
            (&[("authorization", "bearer  k1 ")], Ok("k1")),
            (&[("x-api-key", "k1")], Ok("k1")),
            (&[("x-goog-api-key", "k1")], Ok("k1")),
            (&[("authorization", "Bearer k1"), ("x-api-key", "k1")], Ok("k1")),
            (&[("authorization", "Bearer k1"), ("x-api-key", "k2")], Err(Code::AmbiguousCredentials)),
            (&[("x-api-key", "k1"), ("x-goog-api-key", "k2")], Err(Code::AmbiguousCredentials)),
            (
                &[("authorization", "Bearer k1"), ("authorization", "Bearer k1")],
                Err(Code::AmbiguousCredentials),
            ),
            (&[("authorization", "Basic abc")], Err(Code::InvalidApiKey)),
            (&[("authorization", "k1")], Err(Code::InvalidApiKey)),
            (&[], Err(Code::InvalidApiKey)),
        ];
        for (fields, expected) in table {
            let headers = Fields::of(fields.iter().map(|(name, value)| (*name, value.as_bytes())));
            assert_eq!(of(&headers).map_err(|refusal| refusal.code), expected, "{fields:?}");
        }
    }
}
