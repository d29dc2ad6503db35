//! Light or dark: a cookie, so that the server draws it and nothing flashes.

use super::form::Form;
use super::page::see;
use crate::access::Grant;
use crate::access::session::cookie;
use crate::relay::route::Sendable;
use crate::relay::{Inbound, Shared};
use std::sync::Arc;

/// POST `/theme`. It changes nothing but a look, so its form needs no token.
#[must_use]
pub fn set(_: Arc<Shared>, inbound: Inbound, _: Option<Arc<Grant>>) -> Sendable {
    Box::pin(async move {
        let form = Form::loose(&inbound.body);
        let theme = ["light", "dark"].into_iter().find(|known| *known == form.text("theme"));
        let mut answer = see(local(form.text("back")));
        answer.set("set-cookie", &cookie::set_theme(theme.unwrap_or_default()));
        Ok(answer)
    })
}

/// A path of this server; the console's for anything else.
#[must_use]
pub fn local(path: &str) -> &str {
    let plain = path.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'\\');
    if path.starts_with('/') && !path.starts_with("//") && plain { path } else { "/console" }
}

#[cfg(test)]
mod tests {
    use super::local;

    #[test]
    fn nobody_is_led_elsewhere() {
        assert_eq!(local("/console/keys?a=b"), "/console/keys?a=b");
        for other in
            ["//evil.example", "https://evil.example", "/\\evil.example", "", "/a\r\nb", "javascript:1"]
        {
            assert_eq!(local(other), "/console", "{other}");
        }
    }
}
