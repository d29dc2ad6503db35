//! AWS signature version 4, as a function of bytes
//! (<https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html>).

use super::aws::Keys;
use aws_lc_rs::{digest, hmac};
use std::fmt::Write as _;

const ALGORITHM: &str = "AWS4-HMAC-SHA256";

/// What is signed of a request.
pub(super) struct Signed<'a> {
    pub method: &'a str,
    /// As on the wire. It is escaped once more, as every service but S3 wants it.
    pub path: [&'a str; 2],
    /// As on the wire, without the question mark.
    pub query: &'a str,
    /// Names in lower case and in order, values without space around them.
    pub headers: &'a [(&'a str, &'a str)],
    pub body: &'a [u8],
}

/// Where and when a signature is good.
pub(super) struct Scope<'a> {
    pub region: &'a str,
    pub service: &'a str,
    /// `20150830T123600Z`
    pub instant: &'a str,
}

/// The value of `authorization`.
pub(super) fn authorization(keys: &Keys, scope: &Scope<'_>, signed: &Signed<'_>) -> String {
    let names: Vec<&str> = signed.headers.iter().map(|(name, _)| *name).collect();
    let names = names.join(";");
    let day = scope.instant.get(..8).unwrap_or_default();
    let credential = format!("{day}/{}/{}/aws4_request", scope.region, scope.service);
    let canonical = canonical(signed, &names);
    let digest = hex(digest::digest(&digest::SHA256, canonical.as_bytes()).as_ref());
    let text = format!("{ALGORITHM}\n{}\n{credential}\n{digest}", scope.instant);
    let first = zeroize::Zeroizing::new(format!("AWS4{}", keys.secret.reveal()));
    let steps = [day, scope.region, scope.service, "aws4_request", text.as_str()];
    let signature = steps.iter().fold(first.as_bytes().to_vec(), |key, step| {
        let key = zeroize::Zeroizing::new(key);
        hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, &key), step.as_bytes()).as_ref().to_vec()
    });
    let id = &keys.id;
    format!("{ALGORITHM} Credential={id}/{credential}, SignedHeaders={names}, Signature={}", hex(&signature))
}

fn canonical(signed: &Signed<'_>, names: &str) -> String {
    let mut text = format!("{}\n", signed.method);
    let empty = signed.path.iter().all(|part| part.is_empty());
    for byte in signed.path.iter().flat_map(|part| part.bytes()).chain(empty.then_some(b'/')) {
        if byte == b'/' || is_unreserved(byte) {
            text.push(char::from(byte));
        } else {
            let _ = write!(text, "%{byte:02X}");
        }
    }
    let mut pairs: Vec<(&str, &str)> = signed
        .query
        .split('&')
        .filter(|pair| !pair.is_empty())
        .map(|pair| pair.split_once('=').unwrap_or((pair, "")))
        .collect();
    pairs.sort_unstable();
    let pairs: Vec<String> = pairs.iter().map(|(name, value)| format!("{name}={value}")).collect();
    let _ = writeln!(text, "\n{}", pairs.join("&"));
    for (name, value) in signed.headers {
        let _ = writeln!(text, "{name}:{value}");
    }
    let body = hex(digest::digest(&digest::SHA256, signed.body).as_ref());
    let _ = write!(text, "\n{names}\n{body}");
    text
}

/// Whether a byte stands for itself in a URL (RFC 3986).
pub(super) fn is_unreserved(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"-._~".contains(&byte)
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::with_capacity(2 * bytes.len()), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}
