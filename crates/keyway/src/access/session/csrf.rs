//! What is asked of a change that comes with a cookie: that a page of ours sent it. A browser says so
//! itself (`Sec-Fetch-Site`, Fetch Metadata), or an old one by `Origin`; a form says it by a token too.

use crate::base::{Code, Fields, Refusal};
use crate::sealing::MasterKey;
use subtle::ConstantTimeEq;

/// Characters of a form's token.
const TOKEN_CHARS: usize = 43;

/// Refuses what another site's page sends, and what does not say whose page sends it.
///
/// # Errors
/// `cross_site`.
pub fn same_origin(headers: &Fields) -> Result<(), Refusal> {
    let here = match headers.text("sec-fetch-site") {
        Some(site) => site == "same-origin",
        None => match (headers.text("origin"), headers.text("host")) {
            (Some(origin), Some(host)) => {
                origin.split_once("://").is_some_and(|(_, theirs)| theirs.eq_ignore_ascii_case(host))
            }
            _ => false,
        },
    };
    if here { Ok(()) } else { Err(cross_site()) }
}

/// Refuses a body of another type than its route reads: forms of other sites cannot send this one.
///
/// # Errors
/// `invalid_request`.
pub fn content_type(headers: &Fields, wanted: &'static str) -> Result<(), Refusal> {
    let given = headers.text("content-type").unwrap_or_default();
    let given = given.split(';').next().unwrap_or_default().trim();
    if given.eq_ignore_ascii_case(wanted) {
        return Ok(());
    }
    Err(Refusal::new(Code::InvalidRequest, format!("With a session, this takes `Content-Type: {wanted}`.")))
}

/// The token of forms shown under a session's or a visit's secret handle.
#[must_use]
pub fn form_token(master: &MasterKey, bound_to: &str) -> String {
    let mut token = master.digest(&format!("form\n{bound_to}")).hex();
    token.truncate(TOKEN_CHARS);
    token
}

/// Refuses a form that was not shown under the same session or visit.
///
/// # Errors
/// `cross_site`.
pub fn check_form(master: &MasterKey, bound_to: &str, given: &str) -> Result<(), Refusal> {
    let wanted = form_token(master, bound_to);
    if bool::from(wanted.as_bytes().ct_eq(given.as_bytes())) { Ok(()) } else { Err(cross_site()) }
}

fn cross_site() -> Refusal {
    Refusal::new(
        Code::CrossSite,
        "This did not come from a page of this server, or the page is too old. Open the page again and \
         repeat it there.",
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::Secret;

    #[test]
    fn only_pages_of_this_origin() {
        let allowed = |pairs: &[(&str, &str)]| {
            let pairs = pairs.iter().map(|(name, value)| (*name, value.as_bytes()));
            same_origin(&Fields::of(pairs)).is_ok()
        };
        let host = ("host", "keys.example:8443");
        assert!(allowed(&[host, ("sec-fetch-site", "same-origin")]));
        assert!(allowed(&[host, ("origin", "https://keys.example:8443")]));
        for other in [
            &[host][..],
            &[host, ("sec-fetch-site", "cross-site"), ("origin", "https://keys.example:8443")],
            &[host, ("sec-fetch-site", "same-site")],
            &[host, ("sec-fetch-site", "none")],
            &[host, ("origin", "https://keys.example")],
            &[host, ("origin", "https://evil.example")],
            &[host, ("origin", "null")],
            &[("origin", "https://keys.example")],
        ] {
            assert!(!allowed(other), "{other:?}");
        }
    }

    #[test]
    fn a_token_is_of_one_session() {
        let master = MasterKey::from_text(&Secret::new("3".repeat(64))).unwrap();
        let token = form_token(&master, "one");
        assert_eq!(token.len(), TOKEN_CHARS);
        assert!(check_form(&master, "one", &token).is_ok());
        for (bound_to, given) in [("two", token.as_str()), ("one", ""), ("one", &token[1..])] {
            assert_eq!(check_form(&master, bound_to, given).unwrap_err().code, Code::CrossSite);
        }
    }
}
