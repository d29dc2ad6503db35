//! Images and documents that a request names by address, for providers that want their bytes.

use crate::base::{Code, Refusal};
use crate::egress::{Call, Egress};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use dialect::hub::{Request, Target, media};
use http::Method;

/// Addresses fetched for one request.
pub const MEDIA_MAX: usize = 16;
/// Bytes of one of them.
pub const MEDIA_BYTES_MAX: usize = 20 * 1024 * 1024;
/// Bytes of all of them.
pub const MEDIA_TOTAL_BYTES_MAX: usize = 40 * 1024 * 1024;
/// Time for one of them, milliseconds.
const MEDIA_MS: u64 = 15_000;

/// Fetches what `target` must be given in bytes, and puts it in.
///
/// # Errors
/// `invalid_request` for an address that is not fetched, or does not hold what it should.
pub async fn media(egress: &Egress, request: &mut Request<'_>, target: &Target<'_>) -> Result<(), Refusal> {
    let urls = media::to_fetch(request, target);
    if urls.len() > MEDIA_MAX {
        return Err(wrong(&format!("a request takes at most {MEDIA_MAX} addresses of images and files")));
    }
    let mut total = 0;
    for url in urls {
        let answer_bytes_max = MEDIA_BYTES_MAX.min(MEDIA_TOTAL_BYTES_MAX - total);
        let call = Call {
            method: Method::GET,
            url: &url,
            headers: &[],
            accept: "*/*",
            credential: None,
            content_type: "",
            body: Bytes::new(),
            answer_bytes_max,
            time_ms: MEDIA_MS,
        };
        let answer = egress.call(call).await.map_err(|denied| wrong(&denied.to_string()))?;
        if answer.status != 200 {
            return Err(wrong(&format!("the host of the URL answers with status {}", answer.status)));
        }
        total += answer.body.len();
        let said = answer.headers.text("content-type").and_then(|kind| kind.split(';').next());
        let kind = kind_of(&answer.body).or(said).unwrap_or_default().trim();
        if kind.is_empty() {
            return Err(wrong("the host does not say what kind of file it is"));
        }
        media::put_bytes(request, &url, kind, &STANDARD.encode(&answer.body));
    }
    Ok(())
}

fn wrong(why: &str) -> Refusal {
    Refusal {
        param: Some("url".into()),
        ..Refusal::new(
            Code::InvalidRequest,
            format!("An image or file cannot be fetched for this model: {why}. Send its bytes in base64."),
        )
    }
}

/// The kind of a file by how it begins: hosts often say nothing of use.
const BEGINNINGS: &[(&[u8], &str)] = &[
    (b"\x89PNG\r\n\x1a\n", "image/png"),
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"GIF8", "image/gif"),
    (b"%PDF-", "application/pdf"),
];

fn kind_of(bytes: &[u8]) -> Option<&'static str> {
    if bytes.starts_with(b"RIFF") && bytes.get(8..12) == Some(b"WEBP") {
        return Some("image/webp");
    }
    BEGINNINGS.iter().find(|(begin, _)| bytes.starts_with(begin)).map(|(_, kind)| *kind)
}
