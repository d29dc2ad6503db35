//! Where media are: addresses, data URLs, bytes.

use super::request::{Block, Content, MediaKind, Request, Source};
use super::target::Target;
use std::borrow::Cow;

impl<'a> Source<'a> {
    /// Of an address, which may carry the bytes itself (`data:`, RFC 2397).
    #[must_use]
    pub fn of_url(url: Cow<'a, str>) -> Self {
        let Some((head, data)) = url.strip_prefix("data:").and_then(|rest| rest.split_once(',')) else {
            return Self::Url(url);
        };
        let Some(media_type) = head.strip_suffix(";base64") else {
            return Self::Url(url);
        };
        let media_type = media_type.split(';').next().unwrap_or_default().to_owned();
        Self::Base64 { media_type: media_type.into(), data: data.to_owned().into() }
    }

    /// As an address, where one can say it.
    #[must_use]
    pub fn to_url(&self) -> Option<Cow<'_, str>> {
        match self {
            Self::Url(url) => Some(Cow::Borrowed(url)),
            Self::Base64 { media_type, data } => Some(format!("data:{media_type};base64,{data}").into()),
            Self::File(_) | Self::Text(_) => None,
        }
    }
}

impl MediaKind {
    /// By a media type.
    #[must_use]
    pub fn of_type(media_type: &str) -> Self {
        match media_type.split('/').next() {
            Some("image") => Self::Image,
            Some("audio") => Self::Audio,
            Some("video") => Self::Video,
            _ => Self::Document,
        }
    }
}

/// Addresses whose bytes `target` must be given, each once. To be fetched by a client that is
/// guarded against what callers may write there, and put in by [`put_bytes`].
#[must_use]
pub fn to_fetch(request: &Request<'_>, target: &Target<'_>) -> Vec<String> {
    let mut urls: Vec<String> = Vec::new();
    if target.can.media_by_url {
        return urls;
    }
    for block in request.blocks() {
        if let Content::Media(media) = &block.content
            && let Source::Url(url) = &media.source
            && !urls.iter().any(|known| known == url)
        {
            urls.push(url.clone().into_owned());
        }
    }
    urls
}

/// Puts the bytes of an address in, wherever it stands. `data` is standard base64.
pub fn put_bytes(request: &mut Request<'_>, url: &str, media_type: &str, data: &str) {
    let put = |block: &mut Block<'_>| {
        if let Content::Media(media) = &mut block.content
            && matches!(&media.source, Source::Url(known) if known == url)
        {
            media.source =
                Source::Base64 { media_type: media_type.to_owned().into(), data: data.to_owned().into() };
        }
    };
    for block in request.turns.iter_mut().flat_map(|turn| &mut turn.blocks) {
        put(block);
        if let Content::ToolResult { content, .. } = &mut block.content {
            content.iter_mut().for_each(put);
        }
    }
}
