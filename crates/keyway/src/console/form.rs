//! A form that came back: its fields by name, and the refusal of a field beside it.

use crate::access::session::csrf;
use crate::base::{Refusal, Secret, Trouble};
use crate::relay::exchange::decode_form;
use crate::sealing::MasterKey;
use maud::{Markup, html};

/// The field that says which page a form was shown on.
pub const TOKEN: &str = "form_token";
/// Fields of a form at most.
const FIELDS_MAX: usize = 200;

/// The fields that came.
pub struct Form(Vec<(String, String)>);

impl Form {
    /// Reads a form and checks that it was shown under a session's or a visit's handle.
    ///
    /// # Errors
    /// `cross_site` when it was not.
    pub fn read(master: &MasterKey, body: &[u8], bound_to: &str) -> Result<Self, Trouble> {
        let form = Self::loose(body);
        csrf::check_form(master, bound_to, form.text(TOKEN))?;
        Ok(form)
    }

    /// Reads a form whoever showed it: for what changes nothing of anybody's.
    #[must_use]
    pub fn loose(body: &[u8]) -> Self {
        let text = String::from_utf8_lossy(body);
        let pairs = text.split('&').filter(|pair| !pair.is_empty()).take(FIELDS_MAX);
        let decoded = pairs.map(|pair| {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            // No text of ours holds a zero byte, and no database takes one.
            (decode_form(name), decode_form(value).replace('\0', ""))
        });
        Self(decoded.collect())
    }

    /// A form with nothing in it: what a page shows first.
    #[must_use]
    pub fn empty() -> Self {
        Self(Vec::new())
    }

    /// A form with something in it: what a page shows of a thing that is there.
    #[must_use]
    pub fn of<N: Into<String>>(fields: impl IntoIterator<Item = (N, String)>) -> Self {
        Self(fields.into_iter().map(|(name, value)| (name.into(), value)).collect())
    }

    /// A field's text without space around it; empty when it did not come.
    #[must_use]
    pub fn text(&self, name: &str) -> &str {
        self.raw(name).trim()
    }

    fn raw(&self, name: &str) -> &str {
        self.0.iter().find(|(known, _)| known == name).map_or("", |(_, value)| value)
    }

    /// A field's text, or what stands there when the form is shown first.
    #[must_use]
    pub fn text_or<'a>(&'a self, name: &str, otherwise: &'a str) -> &'a str {
        if self.0.is_empty() { otherwise } else { self.text(name) }
    }

    /// Every value of a field that may come several times.
    #[must_use]
    pub fn all(&self, name: &str) -> Vec<String> {
        let found = self.0.iter().filter(|(known, value)| known == name && !value.trim().is_empty());
        found.map(|(_, value)| value.trim().to_owned()).collect()
    }

    /// What a field lists, apart by commas, space or lines.
    #[must_use]
    pub fn list(&self, name: &str) -> Vec<String> {
        let parts = self.text(name).split([',', '\n', ' ', '\r']).map(str::trim);
        parts.filter(|part| !part.is_empty()).map(str::to_owned).collect()
    }

    /// Whether a box was ticked; `first` when the form is shown first.
    #[must_use]
    pub fn ticked(&self, name: &str, first: bool) -> bool {
        if self.0.is_empty() { first } else { self.0.iter().any(|(known, _)| known == name) }
    }

    /// A password, exactly as it was typed.
    #[must_use]
    pub fn password(&self, name: &str) -> Secret {
        Secret::new(self.raw(name).to_owned())
    }
}

/// The hidden field of a form's token.
#[must_use]
pub fn token_field(token: &str) -> Markup {
    html! { input type="hidden" name=(TOKEN) value=(token); }
}

/// What is wrong with a form: one refusal, beside its field where the form has it, else above.
#[derive(Default)]
pub struct Wrong(Option<Refusal>);

impl Wrong {
    /// Nothing.
    #[must_use]
    pub fn nothing() -> Self {
        Self(None)
    }

    /// A refusal; a fault is none and goes on.
    ///
    /// # Errors
    /// The fault.
    pub fn of(trouble: Trouble) -> Result<Self, Trouble> {
        match trouble {
            Trouble::Refusal(refusal) => Ok(Self(Some(refusal))),
            fault => Err(fault),
        }
    }

    /// The same, where the form has a field under another name than the API.
    #[must_use]
    pub fn called(mut self, name: &str, field: &'static str) -> Self {
        let refusal = self.0.as_mut().filter(|refusal| refusal.param.as_deref() == Some(name));
        if let Some(refusal) = refusal {
            refusal.param = Some(field.into());
        }
        self
    }

    /// What is wrong with a field.
    #[must_use]
    pub fn with(&self, field: &str) -> Option<&str> {
        let refusal = self.0.as_ref()?;
        (refusal.param.as_deref() == Some(field)).then_some(&*refusal.message)
    }

    /// What is wrong with none of the fields that the form has.
    #[must_use]
    pub fn above(&self, fields: &[&str]) -> Markup {
        let refusal = self.0.as_ref();
        let loose =
            refusal.filter(|refusal| refusal.param.as_deref().is_none_or(|param| !fields.contains(&param)));
        html! { @if let Some(refusal) = loose { p .notice.bad role="alert" { (refusal.message) } } }
    }

    /// The status of the page that shows it.
    #[must_use]
    pub fn status(&self) -> http::StatusCode {
        let status = self.0.as_ref().map_or(200, Refusal::status);
        http::StatusCode::from_u16(status).unwrap_or(http::StatusCode::OK)
    }
}

impl From<Refusal> for Wrong {
    fn from(refusal: Refusal) -> Self {
        Self(Some(refusal))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_are_read_as_browsers_write_them() {
        let form = Form::loose(b"name=a+b%26c&scopes=x&scopes=y&password=+p+&empty=&on&nul=a%00b");
        assert_eq!((form.text("name"), form.text("none")), ("a b&c", ""));
        assert_eq!(form.all("scopes"), ["x", "y"]);
        assert_eq!(form.password("password").reveal(), " p ");
        assert!(form.ticked("on", false) && !form.ticked("off", true));
        assert!(Form::empty().ticked("off", true));
        assert_eq!((form.text_or("empty", "d"), Form::empty().text_or("empty", "d")), ("", "d"));
        assert_eq!(form.text("nul"), "ab");
        let form = Form::of([("models", "a/*, b\r\nc ".to_owned())]);
        assert_eq!((form.list("models").join("|"), form.list("none").len()), ("a/*|b|c".to_owned(), 0));
    }
}
