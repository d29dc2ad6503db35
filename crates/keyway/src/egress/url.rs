//! URLs of callers, read once: what is parsed here is what is connected to, so no second reading can differ.

use super::URL_BYTES_MAX;
use crate::base::Secret;
use crate::upstream::{AuthStyle, Endpoint};
use http::Uri;

/// A URL, taken apart.
pub(super) struct Url {
    /// `https`, else `http`.
    pub tls: bool,
    /// Lowercase name or address, without brackets.
    pub host: String,
    /// TCP port.
    pub port: u16,
    /// Begins with `/`.
    pub path: String,
    /// Without the question mark.
    pub query: Option<String>,
    /// Scheme, host and port as written.
    pub origin: String,
}

impl Url {
    /// Reads a URL; a fragment is nobody's but the reader's, and left out.
    pub fn parse(text: &str) -> Result<Self, &'static str> {
        if text.len() > URL_BYTES_MAX {
            return Err("is too long");
        }
        // What one parser skips and another does not: spaces, controls, backslashes.
        if !text.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'\\') {
            return Err("holds a character that no URL takes");
        }
        let text = text.split('#').next().unwrap_or_default();
        let uri: Uri = text.parse().map_err(|_| "is not a URL")?;
        let scheme = uri.scheme_str().unwrap_or_default();
        let tls = match scheme {
            "https" => true,
            "http" => false,
            _ => return Err("must begin with https://"),
        };
        let authority = uri.authority().ok_or("has no host")?.as_str();
        if authority.contains('@') {
            return Err("must not hold a user or password");
        }
        let endpoint = Endpoint::new(&format!("{scheme}://{authority}"), AuthStyle::None, None)
            .map_err(|_| "has no host, or one that is neither a name nor an address")?;
        let origin = endpoint.origin();
        Ok(Self {
            tls,
            host: origin.host.to_string(),
            port: origin.port,
            path: uri.path().to_owned(),
            query: uri.query().map(str::to_owned),
            origin: format!("{scheme}://{authority}"),
        })
    }

    /// Where requests for it go, and with what.
    pub fn endpoint(&self, credential: Option<(AuthStyle, &Secret)>) -> Result<Endpoint, &'static str> {
        let (style, secret) = credential.unzip();
        let style = style.unwrap_or(AuthStyle::None);
        Endpoint::new(&self.origin, style, secret.cloned())
            .map_err(|_| "cannot be asked with this credential")
    }
}
