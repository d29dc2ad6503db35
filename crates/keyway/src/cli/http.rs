//! Calls to a running server, over the same lanes that go to providers.

use super::failure::{FAILED, Failure, NOT_FOUND, PERMISSION, UNREACHABLE, USAGE};
use crate::app::tls::Files;
use crate::base::{Clock, Secret};
use crate::config::Settings;
use crate::upstream::{AuthStyle, Endpoint, Failure as Lost, Lanes, Limits, Request, Response, Tls};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::Arc;

/// Bytes of an error answer that are read.
pub const ERROR_BYTES_MAX: usize = 64 * 1024;

/// A server to call.
pub struct Server {
    lanes: Lanes,
    endpoint: Endpoint,
}

impl Server {
    /// A server at a base URL, without version segment, and the key to call it with.
    ///
    /// # Errors
    /// When the URL or the key cannot be used.
    pub fn new(base_url: &str, key: Option<Secret>, limits: Limits, tls: Tls) -> Result<Self, Failure> {
        let endpoint = Endpoint::new(base_url, AuthStyle::Bearer, key)
            .map_err(|fault| Failure::new(USAGE, fault.to_string()))?;
        Ok(Self { lanes: Lanes::new(limits, Clock::system(), Arc::new(tls)), endpoint })
    }

    /// Sends a request.
    ///
    /// # Errors
    /// "Unreachable" when no answer comes.
    pub async fn send(&self, request: Request<'_>) -> Result<Response, Failure> {
        self.lanes.send(&self.endpoint, &request).await.map_err(|lost| self.lost(lost))
    }

    /// What a lost connection ends the command with.
    #[must_use]
    pub fn lost(&self, lost: Lost) -> Failure {
        let hint = if lost.may_have_been_sent() { "" } else { "; is `keyway serve` running there?" };
        Failure::new(UNREACHABLE, format!("no answer from {} ({lost}){hint}", self.endpoint.origin()))
    }
}

/// What an error answer ends the command with.
#[must_use]
pub fn refused(status: u16, body: &[u8]) -> Failure {
    let code = match status {
        401 | 403 => PERMISSION,
        404 => NOT_FOUND,
        400 => USAGE,
        _ => FAILED,
    };
    let message = serde_json::from_slice::<serde_json::Value>(body)
        .ok()
        .and_then(|value| Some(value.get("error")?.get("message")?.as_str()?.to_owned()))
        .unwrap_or_else(|| "the server gave no reason".to_owned());
    Failure::new(code, format!("{message} (HTTP {status})"))
}

/// A base URL as people paste it, without its version segment.
#[must_use]
pub fn without_version(url: &str) -> &str {
    let url = url.trim_end_matches('/');
    let url = url.strip_suffix("/v1").unwrap_or(url);
    url.strip_suffix("/openai").unwrap_or(url)
}

/// Where this machine's server is called, and whose certificate it is expected to show there: the one
/// in the file, for addresses of this machine stand in no certificate.
///
/// # Errors
/// When the certificate cannot be read.
pub fn own(settings: &Settings) -> Result<(String, Tls), Failure> {
    let Some(files) = Files::of(settings) else {
        return Ok((url_of(settings.listen, "http"), Tls::new(None)));
    };
    let certificate = files.chain()?.into_iter().next();
    let tls = certificate.map_or_else(|| Tls::new(None), Tls::only);
    Ok((url_of(settings.listen, "https"), tls))
}

fn url_of(listen: SocketAddr, scheme: &str) -> String {
    let ip = match listen.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => IpAddr::from(Ipv4Addr::LOCALHOST),
        IpAddr::V6(ip) if ip.is_unspecified() => IpAddr::from(Ipv6Addr::LOCALHOST),
        ip => ip,
    };
    format!("{scheme}://{}", SocketAddr::new(ip, listen.port()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn urls() {
        for url in ["http://h:1", "http://h:1/", "http://h:1/v1", "http://h:1/v1/", "http://h:1/openai/v1"] {
            assert_eq!(without_version(url), "http://h:1", "{url}");
        }
        let table = [
            ("0.0.0.0:8080", "http://127.0.0.1:8080"),
            ("[::]:80", "http://[::1]:80"),
            ("10.0.0.1:1", "http://10.0.0.1:1"),
        ];
        for (listen, url) in table {
            assert_eq!(url_of(listen.parse().unwrap(), "http"), url);
        }
    }

    #[test]
    fn error_answers_become_exit_codes() {
        let body = br#"{"error":{"message":"No such model.","code":"model_not_found"}}"#;
        assert_eq!(refused(404, body), Failure::new(NOT_FOUND, "No such model. (HTTP 404)"));
        assert_eq!(refused(401, b"").code, PERMISSION);
        assert_eq!(refused(502, b"<html>").code, FAILED);
    }
}
