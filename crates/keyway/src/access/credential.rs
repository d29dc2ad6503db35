//! The one credential of a request, wherever the client's SDK puts it.

use crate::base::{Code, Refusal};
use http::header::AUTHORIZATION;
use http::{HeaderMap, HeaderName};

/// Header fields other than `Authorization` that carry a key as it is.
static KEY_FIELDS: [HeaderName; 2] =
    [HeaderName::from_static("x-api-key"), HeaderName::from_static("x-goog-api-key")];

/// The request's credential, never from the query string.
///
/// # Errors
/// `ambiguous_credentials` for two different ones or a repeated field, `invalid_api_key` for none.
pub fn of(headers: &HeaderMap) -> Result<&str, Refusal> {
    let mut found: Option<&str> = None;
    let bearer = one(headers, &AUTHORIZATION)?.map(bearer).transpose()?;
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

fn one<'a>(headers: &'a HeaderMap, field: &HeaderName) -> Result<Option<&'a str>, Refusal> {
    let mut values = headers.get_all(field).iter();
    let Some(value) = values.next() else {
        return Ok(None);
    };
    if values.next().is_some() {
        return Err(ambiguous());
    }
    value.to_str().map(|text| Some(text.trim())).map_err(|_| invalid())
}

fn bearer(value: &str) -> Result<&str, Refusal> {
    let (scheme, key) = value.split_once(' ').ok_or_else(invalid)?;
    scheme.eq_ignore_ascii_case("bearer").then(|| key.trim()).ok_or_else(invalid)
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

#[cfg(test)]
mod tests {
    use super::*;
    use http::HeaderValue;

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
            let mut headers = HeaderMap::new();
            for (name, value) in fields {
                headers.append(
                    HeaderName::from_bytes(name.as_bytes()).unwrap(),
                    HeaderValue::from_str(value).unwrap(),
                );
            }
            assert_eq!(of(&headers).map_err(|refusal| refusal.code), expected, "{fields:?}");
        }
    }
}
