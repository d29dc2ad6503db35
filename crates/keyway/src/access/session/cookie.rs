//! Cookies of the console. Over https their names bind them to this host (RFC 6265bis section 4.1.3.2);
//! on plain http, which is loopback or was asked for, a browser would not keep such a cookie.

use crate::base::{Fields, Secret};

/// Cookies of a request that are looked at, at most.
const COOKIES_MAX: usize = 50;
const SESSION: &str = "keyway-session";
const VISIT: &str = "keyway-visit";
const THEME: &str = "keyway-theme";
const BEGUN: &str = "keyway-begun";
/// Seconds a theme is remembered: a year.
const THEME_SECONDS: i64 = 365 * 24 * 3600;

/// The session's secret that a request carries.
#[must_use]
pub fn session(headers: &Fields, https: bool) -> Option<&str> {
    value(headers, &named(SESSION, https))
}

/// The visit's secret: what forms are bound to before anybody has signed in.
#[must_use]
pub fn visit(headers: &Fields, https: bool) -> Option<&str> {
    value(headers, &named(VISIT, https))
}

/// `light`, `dark`, or `None` for what the system says.
#[must_use]
pub fn theme(headers: &Fields) -> Option<&'static str> {
    match value(headers, THEME)? {
        "light" => Some("light"),
        "dark" => Some("dark"),
        _ => None,
    }
}

/// The field that gives a browser its session's secret, for so many seconds.
#[must_use]
pub fn set_session(secret: &Secret, seconds: i64, https: bool) -> Secret {
    Secret::new(written(SESSION, secret.reveal(), Some(seconds), https))
}

/// The field that takes the session's secret from a browser.
#[must_use]
pub fn clear_session(https: bool) -> String {
    written(SESSION, "", Some(0), https)
}

/// The field that gives a browser its visit's secret, until it is closed.
#[must_use]
pub fn set_visit(secret: &str, https: bool) -> String {
    written(VISIT, secret, None, https)
}

/// The field that remembers a theme; empty: what the system says.
#[must_use]
pub fn set_theme(theme: &str) -> String {
    let seconds = if theme.is_empty() { 0 } else { THEME_SECONDS };
    format!("{THEME}={theme}; Path=/; Max-Age={seconds}; SameSite=Lax")
}

/// Whether somebody has put the first steps away.
#[must_use]
pub fn begun(headers: &Fields) -> bool {
    value(headers, BEGUN) == Some("1")
}

/// The cookie that says so: a look, as the theme is.
#[must_use]
pub fn set_begun() -> String {
    format!("{BEGUN}=1; Path=/; Max-Age={THEME_SECONDS}; SameSite=Lax")
}

fn named(name: &str, https: bool) -> String {
    if https { format!("__Host-{name}") } else { name.to_owned() }
}

fn written(name: &str, value: &str, seconds: Option<i64>, https: bool) -> String {
    let name = named(name, https);
    let age = seconds.map_or(String::new(), |seconds| format!("; Max-Age={seconds}"));
    let secure = if https { "; Secure" } else { "" };
    format!("{name}={value}; Path=/; HttpOnly; SameSite=Lax{age}{secure}")
}

/// A cookie's value; one that stands twice is none.
fn value<'a>(headers: &'a Fields, name: &str) -> Option<&'a str> {
    let fields = headers.all("cookie").filter_map(|field| std::str::from_utf8(field).ok());
    let pairs = fields.flat_map(|field| field.split(';')).take(COOKIES_MAX);
    let mut found = pairs.filter_map(|pair| pair.trim().split_once('=')).filter(|(known, _)| *known == name);
    let (_, value) = found.next()?;
    found.next().is_none().then_some(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(cookie: &str) -> Fields {
        Fields::of([("cookie", cookie.as_bytes())])
    }

    #[test]
    fn a_cookie_is_read_under_its_own_name_only() {
        let both = of("a=1; keyway-session=plain; __Host-keyway-session=bound; keyway-theme=dark");
        assert_eq!((session(&both, true), session(&both, false)), (Some("bound"), Some("plain")));
        assert_eq!(theme(&both), Some("dark"));
        assert_eq!(session(&of("keyway-session=a; keyway-session=b"), false), None);
        assert_eq!(session(&of("xkeyway-session=a"), false), None);
        assert_eq!(theme(&of("keyway-theme=\"><script>")), None);
        assert_eq!(session(&Fields::of([]), false), None);
    }

    #[test]
    fn a_session_is_bound_to_its_host_over_https() {
        let secret = Secret::new("s".to_owned());
        assert_eq!(
            set_session(&secret, 60, true).reveal(),
            "__Host-keyway-session=s; Path=/; HttpOnly; SameSite=Lax; Max-Age=60; Secure"
        );
        assert_eq!(clear_session(false), "keyway-session=; Path=/; HttpOnly; SameSite=Lax; Max-Age=0");
    }
}
