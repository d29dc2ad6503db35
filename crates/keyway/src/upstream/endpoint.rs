//! Where requests may go, checked once at start-up, and the credential that may go only there.

use super::auth::{Account, AuthStyle, Credential, Proof, Terms};
use super::{Failure, Request};
use crate::base::{Clock, Fault, Secret};
use dialect::openai_chat::redact::MASK;
use http::Uri;
use std::fmt;
use std::ptr;
use std::sync::Arc;

const USER_AGENT: &str = concat!("keyway/", env!("CARGO_PKG_VERSION"));

/// Scheme, host and port: what a connection is made to and what a credential is bound to.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Origin {
    /// `https`, else `http`.
    pub tls: bool,
    /// Lowercase name or address, without brackets.
    pub host: Box<str>,
    /// TCP port.
    pub port: u16,
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.tls { "https://" } else { "http://" })?;
        let brackets = self.host.contains(':');
        if brackets {
            write!(f, "[{}]:{}", self.host, self.port)
        } else {
            write!(f, "{}:{}", self.host, self.port)
        }
    }
}

/// A credential, and the only origin it may go to.
struct Bound {
    origin: Arc<Origin>,
    credential: Credential,
}

/// A provider's base URL with everything each request to it has in common.
pub struct Endpoint {
    origin: Arc<Origin>,
    authority: Box<str>,
    /// Connections of one lane are never used for another.
    lane: Box<str>,
    base_path: Box<str>,
    /// Header lines without secrets, beginning with `host`.
    fixed: Vec<u8>,
    credential: Option<Bound>,
}

impl fmt::Debug for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Endpoint({}{})", self.origin, self.base_path)
    }
}

impl Endpoint {
    /// Checks `base_url` (`http` or `https`, no user, query or fragment) and binds the credential to its
    /// origin. A style without a credential sends none, as local servers like it.
    ///
    /// # Errors
    /// A fault that says what is wrong with the URL or the credential; the credential is not in it.
    pub fn new(base_url: &str, auth: AuthStyle, credential: Option<Secret>) -> Result<Self, Fault> {
        Self::on(base_url, auth, credential, Terms::default())
    }

    /// The same on the terms of a provider's row.
    ///
    /// # Errors
    /// As [`Self::new`].
    pub fn on(
        base_url: &str,
        auth: AuthStyle,
        credential: Option<Secret>,
        terms: Terms<'_>,
    ) -> Result<Self, Fault> {
        let (origin, authority, base_path) =
            parse(base_url).map_err(|why| Fault::plain(format!("base URL {why}")))?;
        let origin = Arc::new(origin);
        let credential = match credential {
            None => None,
            Some(secret) => {
                let credential = Credential::new(auth, &secret, &origin.host, terms)?;
                Some(Bound { origin: Arc::clone(&origin), credential })
            }
        };
        let fixed = format!("host: {authority}\r\nuser-agent: {USER_AGENT}\r\naccept-encoding: identity\r\n");
        let (authority, base_path, lane) = (authority.into(), base_path.into(), Box::default());
        Ok(Self { origin, authority, lane, base_path, fixed: fixed.into_bytes(), credential })
    }

    /// Adds a header that every request carries, such as `anthropic-version`.
    ///
    /// # Errors
    /// A fault when name or value cannot be a header, or the name is one that this module sets itself.
    pub fn with_header(mut self, name: &str, value: &str) -> Result<Self, Fault> {
        super::request::push_header(&mut self.fixed, name, value)
            .map_err(|why| Fault::plain(format!("header {name:?}: {why}")))?;
        Ok(self)
    }

    /// The same in a lane of its own: its connections are shared with nobody of another lane, be it at the
    /// same host. One lane for each credential, so that no account at a provider is seen beside another.
    #[must_use]
    pub fn in_lane(self, lane: &str) -> Self {
        Self { lane: lane.into(), ..self }
    }

    /// Where connections for this endpoint go.
    #[must_use]
    pub fn origin(&self) -> &Origin {
        &self.origin
    }

    /// What every request path begins with; empty or `/...` without a final slash.
    #[must_use]
    pub fn base_path(&self) -> &str {
        &self.base_path
    }

    /// `text` without the credential: providers echo it in their errors, and not every credential looks
    /// like one. One shorter than a word is left, for it would be found in every text.
    #[must_use]
    pub fn masked(&self, text: String) -> String {
        match &self.credential {
            Some(bound) => bound.credential.masked(text, MASK),
            None => text,
        }
    }

    pub(super) fn lane(&self) -> &str {
        &self.lane
    }

    pub(super) fn shared_origin(&self) -> &Arc<Origin> {
        &self.origin
    }

    pub(super) fn fixed(&self) -> &[u8] {
        &self.fixed
    }

    /// A credential that must be fetched before it can be shown.
    pub(super) fn account(&self) -> Option<&Account> {
        match &self.credential.as_ref()?.credential {
            Credential::Google(account) => Some(account),
            _ => None,
        }
    }

    /// What shows a request's sender, on a connection to `connected`. A credential never goes anywhere but
    /// to the origin it is bound to.
    pub(super) fn proof(
        &self,
        connected: &Origin,
        request: &Request<'_>,
        clock: &Clock,
    ) -> Result<Proof<'_>, Failure> {
        match &self.credential {
            None => Ok(Proof::nothing()),
            Some(bound) if ptr::eq(&*bound.origin, connected) || *bound.origin == *connected => {
                bound.credential.proof(request, (&self.authority, &self.base_path), clock)
            }
            Some(_) => Err(Failure::Unsendable("the credential is bound to another origin")),
        }
    }
}

/// Origin, authority as written in `host`, and base path.
fn parse(base_url: &str) -> Result<(Origin, String, String), &'static str> {
    if base_url.contains('#') {
        return Err("must not have a fragment");
    }
    let uri: Uri = base_url.parse().map_err(|_| "is not a URL")?;
    let tls = match uri.scheme_str() {
        Some("https") => true,
        Some("http") => false,
        _ => return Err("must begin with https:// or http://"),
    };
    let authority = uri.authority().ok_or("has no host")?;
    if authority.as_str().contains('@') {
        return Err("must not hold a user or password");
    }
    if uri.query().is_some() {
        return Err("must not have a query");
    }
    let host = authority.host().to_ascii_lowercase();
    let bare = host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(&host);
    let is_name =
        !bare.is_empty() && bare.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-._".contains(&byte));
    if !is_name && bare.parse::<std::net::Ipv6Addr>().is_err() {
        return Err("has no host, or one that is neither a name nor an address");
    }
    let default_port = if tls { 443 } else { 80 };
    let port = match authority.as_str().get(host.len()..).unwrap_or_default() {
        "" => default_port,
        rest => match rest.strip_prefix(':').and_then(|port| port.parse().ok()) {
            None | Some(0) => return Err("has a port that is none"),
            Some(port) => port,
        },
    };
    let base_path = uri.path().trim_end_matches('/').to_owned();
    super::request::check_path(&base_path)?;
    let shown = if port == default_port { host.clone() } else { format!("{host}:{port}") };
    Ok((Origin { tls, host: bare.into(), port }, shown, base_path))
}
