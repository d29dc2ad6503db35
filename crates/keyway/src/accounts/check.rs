//! What is asked of every name, address and list that somebody gives.

use crate::base::{Code, Refusal, network as net};
use crate::store::requests::FILTER_VALUES_MAX;

/// Characters of a name at most.
pub const NAME_CHARS_MAX: usize = 128;
/// Characters of an e-mail address at most (RFC 5321 section 4.5.3.1.3).
pub const EMAIL_CHARS_MAX: usize = 254;
/// Networks of an allow-list at most.
pub const NETWORKS_MAX: usize = 100;

/// Checks a name: something, and nothing that steers a terminal.
///
/// # Errors
/// A refusal that names the field.
pub fn check_name(field: &'static str, name: &str) -> Result<(), Refusal> {
    check_text(field, name, NAME_CHARS_MAX)?;
    if name.trim().is_empty() {
        return Err(Refusal::field(field, format!("`{field}` must not be empty.")));
    }
    Ok(())
}

/// Checks a text: its length, and that nothing in it steers a terminal.
///
/// # Errors
/// A refusal that names the field.
pub fn check_text(field: &'static str, text: &str, chars_max: usize) -> Result<(), Refusal> {
    if text.chars().count() > chars_max {
        return Err(Refusal::field(field, format!("`{field}` is longer than {chars_max} characters.")));
    }
    if text.chars().any(char::is_control) {
        return Err(Refusal::field(field, format!("`{field}` has a control character.")));
    }
    Ok(())
}

/// An e-mail address as it is kept: lower case. Whether somebody reads it only a message can tell.
///
/// # Errors
/// A refusal when it is none.
pub fn email(text: &str) -> Result<String, Refusal> {
    check_text("email", text, EMAIL_CHARS_MAX)?;
    let plausible = text.split_once('@').is_some_and(|(local, domain)| {
        !local.is_empty()
            && !domain.contains('@')
            && domain.split('.').all(|label| !label.is_empty() && label.chars().all(is_of_host))
            && !text.chars().any(char::is_whitespace)
    });
    if !plausible {
        return Err(Refusal::field("email", "`email` must be an address, as in ada@example.com."));
    }
    Ok(text.to_lowercase())
}

/// Letters of a host's name, of whatever script.
fn is_of_host(letter: char) -> bool {
    letter.is_alphanumeric() || letter == '-'
}

/// Checks an allow-list of networks.
///
/// # Errors
/// What is wrong with which entry.
pub fn check_networks(networks: &[String]) -> Result<(), Refusal> {
    if networks.len() > NETWORKS_MAX {
        let message = format!("`ip_allowlist` takes at most {NETWORKS_MAX} entries.");
        return Err(Refusal::field("ip_allowlist", message));
    }
    for network in networks {
        let wrong = |what: &str| {
            let shown: String = network.chars().take(64).collect();
            let fix = "write an address or a network, as in 192.0.2.7 or 10.0.0.0/8";
            Refusal::field("ip_allowlist", format!("`{shown}` in `ip_allowlist` {what}: {fix}."))
        };
        let read = net::parse(network).map_err(wrong)?;
        if read.trunc() != read {
            return Err(wrong("has bits beyond its length"));
        }
    }
    Ok(())
}

/// The one answer for what is not there and what is not yours.
#[must_use]
pub fn not_there(what: &str) -> Refusal {
    Refusal::new(Code::NotFound, format!("There is no such {what}."))
}

/// Narrows a filter of projects to those that may be seen; false when none is left. What may not be
/// seen is filtered like what is not there.
///
/// # Errors
/// A refusal when so many are left that the caller must choose.
pub fn narrow(asked: &mut Vec<String>, among: Vec<String>) -> Result<bool, Refusal> {
    if asked.is_empty() {
        *asked = among;
    } else {
        asked.retain(|id| among.contains(id));
    }
    if asked.len() > FILTER_VALUES_MAX {
        let message =
            format!("You see more than {FILTER_VALUES_MAX} projects: name some with `project_ids`.");
        return Err(Refusal::field("project_ids", message));
    }
    Ok(!asked.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses() {
        assert_eq!(email("Ada@Example.COM").unwrap(), "ada@example.com");
        let long = format!("{}@example.com", "x".repeat(250));
        for text in [
            "",
            "ada",
            "@example.com",
            "ada@",
            "a@b@c.d",
            "a b@c.d",
            "a@c..d",
            "a@.d",
            "a\n@c.d",
            "a@%",
            "a@c_d",
            &long,
        ] {
            assert_eq!(email(text).unwrap_err().param.as_deref(), Some("email"), "{text:?}");
        }
    }
}
