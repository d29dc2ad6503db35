//! A page's request by somebody who is signed in: who they are, where they are, what they may.

use super::form::{Form, Wrong};
use super::page::see;
use super::parts::paging::encoded;
use super::when::When;
use crate::access::{Grant, act};
use crate::accounts::{Acting, Scope};
use crate::base::{Fault, Trouble};
use crate::relay::obey::obey;
use crate::relay::{Inbound, Outbound, Shared};
use crate::store::persons::{self, Person, Place};
use std::sync::Arc;

/// Organisations of the switcher at most.
const PLACES_MAX: i64 = 50;

/// What a page is made from.
pub struct Here<'a> {
    /// The process.
    pub shared: &'a Shared,
    /// The request.
    pub inbound: &'a Inbound,
    /// The session.
    pub grant: Arc<Grant>,
    /// Whose it is.
    pub person: Person,
    /// Organisations they are in.
    pub places: Vec<Place>,
}

impl<'a> Here<'a> {
    /// Reads whose session it is.
    ///
    /// # Errors
    /// When the database cannot be used, or the route table let somebody through without a session.
    pub async fn enter(
        shared: &'a Shared,
        inbound: &'a Inbound,
        grant: Option<Arc<Grant>>,
    ) -> Result<Self, Trouble> {
        let grant = grant.ok_or_else(|| Fault::plain("a page was reached without a session"))?;
        let mut conn = shared.at.db.connection().await?;
        let person = persons::by_id(&mut conn, &grant.owner).await?;
        let person = person.ok_or_else(crate::access::credential::signed_out)?;
        let places = persons::places(&mut conn, &person.id, PLACES_MAX).await?;
        Ok(Self { shared, inbound, grant, person, places })
    }

    /// Where somebody has to go before anything else: to the terms they have not accepted.
    #[must_use]
    pub fn detour(&self) -> Option<Outbound> {
        const SPARED: [&str; 2] = ["/console/terms", "/sign-out"];
        let wanted = &self.shared.desk.terms_version;
        let accepted = wanted.is_empty() || *wanted == self.person.terms_version || self.person.operator;
        let spared = SPARED.contains(&self.inbound.route.path);
        (!accepted && !spared).then(|| see("/console/terms"))
    }

    /// The organisation looked at.
    #[must_use]
    pub fn org(&self) -> &str {
        &self.grant.org
    }

    /// Whether something may be done anywhere, over anything: what a page shows a way to.
    #[must_use]
    pub fn may(&self, scope: Scope) -> bool {
        self.grant.actor.rights.anywhere(scope)
    }

    /// The form that came, from a page of this session.
    ///
    /// # Errors
    /// `cross_site` for one that was shown to somebody else.
    pub fn form(&self) -> Result<Form, Trouble> {
        Form::read(&self.shared.at.master, &self.inbound.body, &self.grant.kid)
    }

    /// What forms of this session carry.
    #[must_use]
    pub fn token(&self) -> String {
        crate::access::session::csrf::form_token(&self.shared.at.master, &self.grant.kid)
    }

    /// Begins a change in the organisation looked at.
    ///
    /// # Errors
    /// When the session has ended meanwhile.
    pub async fn act(&self) -> Result<Acting<'a>, Trouble> {
        act::begin(&self.shared.at, &self.grant, self.org(), self.inbound.peer).await
    }

    /// Makes a change so, here first.
    ///
    /// # Errors
    /// When the database cannot be used: then nothing has happened.
    pub async fn finish(&self, acting: Acting<'_>) -> Result<(), Trouble> {
        let changes = acting.commit().await?;
        obey(self.shared, &changes).await;
        Ok(())
    }

    /// Ends an act: what was done holds, here first. What was refused comes back, and nothing has happened.
    ///
    /// # Errors
    /// The fault of what was done, or when the database cannot be used.
    pub async fn settle<T>(
        &self,
        acting: Acting<'_>,
        done: Result<T, Trouble>,
    ) -> Result<Result<T, Wrong>, Trouble> {
        match done {
            Ok(done) => {
                self.finish(acting).await?;
                Ok(Ok(done))
            }
            // Taken back before a page is read: one who writes keeps the others out.
            Err(trouble) => {
                drop(acting);
                Ok(Err(Wrong::of(trouble)?))
            }
        }
    }

    /// A parameter of the query string; the first, if it stands twice.
    #[must_use]
    pub fn asked(&self, name: &str) -> Option<String> {
        let pairs = self.inbound.query_pairs();
        let found = pairs.into_iter().find(|(known, _)| known == name);
        found.map(|(_, value)| value).filter(|value| !value.is_empty())
    }

    /// Path and query of the page.
    #[must_use]
    pub fn address(&self) -> String {
        let mut params = self.inbound.params.iter();
        let parts = self.inbound.route.path.split('/').map(|part| match part.starts_with('{') {
            true => params.next().map_or(String::new(), |param| encoded(param)),
            false => part.to_owned(),
        });
        let path = parts.collect::<Vec<_>>().join("/");
        match &self.inbound.query {
            Some(query) => format!("{path}?{query}"),
            None => path,
        }
    }

    /// Now, where the person is.
    #[must_use]
    pub fn when(&self) -> When {
        When::new(self.shared.at.clock.now_ms(), &self.person.time_zone)
    }

    /// A placeholder of the path; empty when the route has none there.
    #[must_use]
    pub fn param(&self, place: usize) -> &str {
        self.inbound.params.get(place).map_or("", String::as_str)
    }

    /// What the change before this page did, as its redirect says by a word of this list.
    #[must_use]
    pub fn done(&self) -> Option<&'static str> {
        const DONE: &[(&str, &str)] = &[
            ("revoked", "The key is revoked. Nothing accepts it any longer."),
            ("disabled", "The key is disabled."),
            ("enabled", "The key works again."),
            ("saved", "Saved."),
            ("settled", "Done. The key has it from now on."),
            ("ended", "The session is ended."),
            ("all-ended", "Every other session is ended."),
            ("secret-ended", "The secret is ended. The key goes on with the others."),
            ("sent", "The message is on its way."),
            ("made", "Made."),
            ("removed", "Removed."),
            ("asked", "Sent: whoever runs this installation decides."),
            ("decided", "Decided."),
            ("linked", "Linked: it is a way into your account now."),
            ("unlinked", "Unlinked: it is no way into your account any more."),
            ("archived", "The project is archived. Its keys work no more."),
            ("organization-archived", "The organisation is archived. Its keys work no more."),
            ("handed-over", "Removed. The keys go on, and belong to somebody else now."),
        ];
        let asked = self.asked("done")?;
        DONE.iter().find(|(word, _)| *word == asked).map(|(_, text)| *text)
    }

    /// Where people reach this server: what was set, or else what this browser reached.
    #[must_use]
    pub fn base_url(&self) -> String {
        let scheme = if self.inbound.https { "https" } else { "http" };
        match self.inbound.header("host") {
            Some(host) => format!("{scheme}://{host}"),
            None => self.shared.desk.public_url.clone(),
        }
    }
}

/// Handlers of pages for people who are signed in, each around an async function of a [`Here`].
macro_rules! pages {
    ($( $(#[$doc:meta])* $name:ident = $run:path; )*) => { $(
        $(#[$doc])*
        #[must_use]
        pub fn $name(
            shared: std::sync::Arc<$crate::relay::Shared>,
            inbound: $crate::relay::Inbound,
            grant: Option<std::sync::Arc<$crate::access::Grant>>,
        ) -> $crate::relay::route::Sendable {
            Box::pin(async move {
                let here = $crate::console::here::Here::enter(&shared, &inbound, grant).await?;
                if let Some(elsewhere) = here.detour() {
                    return Ok(elsewhere);
                }
                $run(&here).await
            })
        }
    )* };
}
pub(crate) use pages;
