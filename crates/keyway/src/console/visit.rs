//! Pages for people who are not signed in: their forms are bound to a cookie of the visit.

use super::form::Form;
use crate::access::session::{cookie, csrf};
use crate::base::fault::Doing;
use crate::base::{Fault, Trouble};
use crate::relay::{Inbound, Outbound, Shared};
use crate::sealing::master::hex;
use rand::TryRng;
use rand::rngs::SysRng;

/// Bytes of a visit's secret.
const VISIT_BYTES: usize = 18;

/// One request of a visit.
pub struct Visit<'a> {
    /// The process.
    pub shared: &'a Shared,
    /// The request.
    pub inbound: &'a Inbound,
    secret: String,
    new: bool,
}

impl<'a> Visit<'a> {
    /// The visit of a request; a new one where it has none.
    ///
    /// # Errors
    /// When the operating system gives no randomness.
    pub fn of(shared: &'a Shared, inbound: &'a Inbound) -> Result<Self, Fault> {
        let known = cookie::visit(&inbound.headers, inbound.https);
        let known = known.filter(|text| text.len() == VISIT_BYTES * 2 && text.is_ascii());
        let secret = match known {
            Some(text) => text.to_owned(),
            None => {
                let mut bytes = [0; VISIT_BYTES];
                SysRng.try_fill_bytes(&mut bytes).doing("reading the system's randomness")?;
                hex(&bytes)
            }
        };
        Ok(Self { shared, inbound, secret, new: known.is_none() })
    }

    /// What forms of this visit carry.
    #[must_use]
    pub fn token(&self) -> String {
        csrf::form_token(&self.shared.at.master, &self.secret)
    }

    /// What is kept of the visit where it has to be known again.
    #[must_use]
    pub fn digest(&self) -> String {
        self.shared.at.master.digest(&format!("visit\n{}", self.secret)).hex()
    }

    /// The form that came, from a page of this visit.
    ///
    /// # Errors
    /// `cross_site` for one that was shown to somebody else.
    pub fn form(&self) -> Result<Form, Trouble> {
        Form::read(&self.shared.at.master, &self.inbound.body, &self.secret)
    }

    /// The answer with the visit's cookie, where the browser has none.
    #[must_use]
    pub fn answered(&self, mut answer: Outbound) -> Outbound {
        if self.new {
            answer.set("set-cookie", &cookie::set_visit(&self.secret, self.inbound.https));
        }
        answer
    }

    /// A parameter of the query string.
    #[must_use]
    pub fn asked(&self, name: &str) -> String {
        let pairs = self.inbound.query_pairs();
        pairs.into_iter().find(|(known, _)| known == name).map_or(String::new(), |(_, value)| value)
    }
}
