//! Where requests may go, checked once at start-up, and the credential that may go only there.

use super::Failure;
use crate::base::{Fault, Secret};
use dialect::openai_chat::redact::MASK;
use http::Uri;
use std::fmt;
use std::sync::Arc;
use zeroize::Zeroizing;

/// Shortest credential that is looked for in a provider's text, bytes.
const MASKED_BYTES_MIN: usize = 8;
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

/// How a provider wants to be shown its credential.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AuthStyle {
    /// `authorization: Bearer ...`
    Bearer,
    /// `x-api-key: ...`
    XApiKey,
    /// `x-goog-api-key: ...`
    XGoogApiKey,
    /// `api-key: ...`
    Azure,
    /// No credential at all.
    None,
}

/// Style, its name in settings, and what stands before the credential on the wire.
const AUTH_STYLES: &[(AuthStyle, &str, &str)] = &[
    (AuthStyle::Bearer, "bearer", "authorization: Bearer "),
    (AuthStyle::XApiKey, "x-api-key", "x-api-key: "),
    (AuthStyle::XGoogApiKey, "x-goog-api-key", "x-goog-api-key: "),
    (AuthStyle::Azure, "azure", "api-key: "),
    (AuthStyle::None, "none", ""),
];

impl AuthStyle {
    /// The style of that name in settings.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        AUTH_STYLES.iter().find(|row| row.1 == name).map(|row| row.0)
    }

    fn lead(self) -> &'static str {
        AUTH_STYLES.iter().find(|row| row.0 == self).map_or("", |row| row.2)
    }
}

/// A credential as it goes on the wire, and the only origin it may go to.
struct BoundCredential {
    origin: Arc<Origin>,
    /// The header line and the empty line that ends the head.
    line: Zeroizing<Vec<u8>>,
    /// Where in it the credential begins.
    value_at: usize,
}

/// A provider's base URL with everything each request to it has in common.
pub struct Endpoint {
    origin: Arc<Origin>,
    /// Connections of one lane are never used for another.
    lane: Box<str>,
    base_path: Box<str>,
    /// Header lines without secrets, beginning with `host`.
    fixed: Vec<u8>,
    credential: Option<BoundCredential>,
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
        let (origin, authority, base_path) =
            parse(base_url).map_err(|why| Fault::plain(format!("base URL {why}")))?;
        let origin = Arc::new(origin);
        let credential = match (auth, credential) {
            (_, None) => None,
            (AuthStyle::None, Some(_)) => {
                return Err(Fault::plain("a credential is set, but the auth style is none"));
            }
            (style, Some(secret)) => Some(BoundCredential::new(&origin, style, &secret)?),
        };
        let fixed = format!("host: {authority}\r\nuser-agent: {USER_AGENT}\r\naccept-encoding: identity\r\n");
        let (base_path, lane) = (base_path.into(), Box::default());
        Ok(Self { origin, lane, base_path, fixed: fixed.into_bytes(), credential })
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
        match self.credential.as_ref().and_then(BoundCredential::value) {
            Some(value) if value.len() >= MASKED_BYTES_MIN => text.replace(value, MASK),
            _ => text,
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

    /// The end of a request head on a connection to `connected`: the credential's line, if there is one,
    /// and the empty line. A credential never goes anywhere but to the origin it is bound to.
    pub(super) fn tail(&self, connected: &Origin) -> Result<&[u8], Failure> {
        match &self.credential {
            None => Ok(b"\r\n"),
            Some(bound) if *bound.origin == *connected => Ok(&bound.line),
            Some(_) => Err(Failure::Unsendable("the credential is bound to another origin")),
        }
    }
}

impl BoundCredential {
    fn new(origin: &Arc<Origin>, style: AuthStyle, secret: &Secret) -> Result<Self, Fault> {
        let value = secret.reveal().as_bytes();
        if value.is_empty() || !value.iter().all(u8::is_ascii_graphic) {
            return Err(Fault::plain(
                "the credential is empty or holds spaces or characters that no header takes",
            ));
        }
        // Allocated once at full length: growing would leave copies of the secret behind.
        let parts = [style.lead().as_bytes(), value, b"\r\n\r\n"];
        let mut line = Zeroizing::new(Vec::with_capacity(parts.iter().map(|part| part.len()).sum()));
        parts.iter().for_each(|part| line.extend_from_slice(part));
        Ok(Self { origin: Arc::clone(origin), line, value_at: style.lead().len() })
    }

    fn value(&self) -> Option<&str> {
        let value = self.line.get(self.value_at..self.line.len().checked_sub(4)?)?;
        std::str::from_utf8(value).ok()
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
