//! How much of what stands in a request: text, pictures, sound, and what only points to something. One walk
//! reads every dialect, as [`crate::needs`] does, for all of them name their parts by a `type` or by the member
//! that holds them.

mod plain;

use crate::json::{JsonError, Kind, Reader};

/// What a request holds.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Content {
    /// Bytes of its text and of the names of its members, in UTF-8.
    pub text_bytes: u64,
    /// Bytes of media that stand in it, as they are written (base64).
    pub media_bytes: u64,
    /// Of these, bytes of sound.
    pub sound_bytes: u64,
    /// Pictures, in it or by address.
    pub images: u64,
    /// What nothing here tells the size of: documents, films, what a provider keeps, and what its own tools
    /// will find.
    pub unknown: u64,
    /// Sound is wanted in the answer.
    pub speaks: bool,
}

/// What a part is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Medium {
    Text,
    Image,
    Sound,
    Unknown,
}

/// What has been read.
#[derive(Default)]
struct Read {
    content: Content,
    /// Bytes of data of which nothing has said yet what they are.
    loose_bytes: u64,
}

/// Types of parts that are not text.
const TYPES: [(&str, Medium); 14] = [
    ("image", Medium::Image),
    ("image_url", Medium::Image),
    ("input_image", Medium::Image),
    ("image_file", Medium::Image),
    ("input_audio", Medium::Sound),
    ("audio", Medium::Sound),
    ("audio_url", Medium::Unknown),
    ("video", Medium::Unknown),
    ("video_url", Medium::Unknown),
    ("input_video", Medium::Unknown),
    ("file", Medium::Unknown),
    ("input_file", Medium::Unknown),
    ("document", Medium::Unknown),
    ("container_upload", Medium::Unknown),
];

/// Members whose value is data of a media type told beside it.
fn is_data(member: &[u8]) -> bool {
    matches!(member, b"inlineData" | b"inline_data" | b"fileData" | b"file_data")
}

/// Members in which a `data:` address is a medium.
fn is_address(member: &[u8]) -> bool {
    matches!(
        member,
        b"url" | b"image_url" | b"file_url" | b"video_url" | b"audio_url" | b"file_data" | b"data"
    )
}

/// Members that name what a provider keeps.
fn is_kept(member: &[u8]) -> bool {
    matches!(
        member,
        b"file_id"
            | b"previous_response_id"
            | b"conversation"
            | b"cachedContent"
            | b"cached_content"
            | b"container"
    )
}

/// Beginnings of the types of tools that a provider runs itself, whose findings are billed as prompt.
const HOSTED: [&str; 8] = [
    "web_search",
    "web_fetch",
    "file_search",
    "code_interpreter",
    "code_execution",
    "mcp",
    "tool_search",
    "image_generation",
];
/// The same in Google's words, which are members.
const HOSTED_MEMBERS: [&[u8]; 7] = [
    b"googleSearch",
    b"google_search",
    b"urlContext",
    b"url_context",
    b"codeExecution",
    b"fileSearch",
    b"googleMaps",
];

/// Reads what a request's body holds. What is no JSON is text.
#[must_use]
pub fn content(body: &[u8]) -> Content {
    let mut all = Read::default();
    let read = Reader::of_bytes(body).is_some_and(|mut reader| walk(&mut reader, &mut all).is_ok());
    if !read {
        return Content { text_bytes: body.len() as u64, ..Content::default() };
    }
    all.content.text_bytes += all.loose_bytes;
    all.content
}

/// As [`content`], for who asks how much it can be at most: what is text as far as its strings begin is not
/// read, and all of it counts.
#[must_use]
pub fn content_at_most(body: &[u8]) -> Content {
    if plain::is_text(body) {
        return Content { text_bytes: body.len() as u64, ..Content::default() };
    }
    content(body)
}

fn walk(reader: &mut Reader<'_>, all: &mut Read) -> Result<(), JsonError> {
    reader.object(|reader, member| {
        all.content.text_bytes += member.key.len() as u64;
        match member.key {
            b"tools" => tools(reader, all),
            b"modalities" => speaks(reader, &mut all.content),
            b"generationConfig" | b"generation_config" => config(reader, all),
            key => value(reader, key, all),
        }
    })
}

/// Any value; what stands in it is added.
fn value(reader: &mut Reader<'_>, key: &[u8], all: &mut Read) -> Result<(), JsonError> {
    match reader.kind()? {
        Kind::Array => reader.array(|reader| value(reader, key, all)),
        Kind::Object => object(reader, key, all),
        Kind::Text => {
            let text = reader.text()?;
            let bytes = text.bytes() as u64;
            let content = &mut all.content;
            let address = is_address(key).then(|| text.cow());
            match address.as_deref().and_then(|address| address.strip_prefix("data:")) {
                Some(inline) => content.add(medium_of(inline), bytes),
                None => {
                    content.text_bytes += bytes;
                    content.unknown += u64::from(is_kept(key) && !text.is_empty());
                }
            }
            Ok(())
        }
        _ => reader.ignore(),
    }
}

/// An object: if it is a medium, all that stands in it is one.
fn object(reader: &mut Reader<'_>, key: &[u8], all: &mut Read) -> Result<(), JsonError> {
    let mut own = Read::default();
    let mut told = None;
    reader.object(|reader, member| -> Result<(), JsonError> {
        own.content.text_bytes += member.key.len() as u64;
        match member.key {
            b"type" | b"mimeType" | b"mime_type" | b"media_type" => {
                if let Some(text) = reader.text_or_skip()? {
                    own.content.text_bytes += text.bytes() as u64;
                    told = said(&text.cow()).or(told);
                }
                Ok(())
            }
            b"data" | b"bytes" if reader.kind()? == Kind::Text => {
                own.loose_bytes += reader.text()?.bytes() as u64;
                Ok(())
            }
            key => value(reader, key, &mut own),
        }
    })?;
    let Read { mut content, loose_bytes } = own;
    match told.or(is_data(key).then_some(Medium::Unknown)) {
        // What it holds says more exactly what it is.
        Some(_) if content.has_media() => content.media_bytes += loose_bytes,
        Some(medium) => content.add(medium, loose_bytes),
        None => all.loose_bytes += loose_bytes,
    }
    all.content.take(&content);
    Ok(())
}

/// What a type or a media type says that something is.
fn said(name: &str) -> Option<Medium> {
    if name.contains('/') {
        return Some(medium_of(name));
    }
    TYPES.iter().find(|(known, _)| *known == name).map(|(_, medium)| *medium)
}

/// The medium of a media type.
fn medium_of(media_type: &str) -> Medium {
    match media_type.split('/').next() {
        Some("image") => Medium::Image,
        Some("audio") => Medium::Sound,
        Some("text") => Medium::Text,
        _ => Medium::Unknown,
    }
}

impl Content {
    fn has_media(&self) -> bool {
        self.images + self.unknown + self.sound_bytes > 0
    }

    fn add(&mut self, medium: Medium, bytes: u64) {
        if medium == Medium::Text {
            self.text_bytes += bytes;
            return;
        }
        self.media_bytes += bytes;
        match medium {
            Medium::Image => self.images += 1,
            Medium::Sound => self.sound_bytes += bytes,
            Medium::Text | Medium::Unknown => self.unknown += 1,
        }
    }

    fn take(&mut self, other: &Self) {
        self.text_bytes += other.text_bytes;
        self.media_bytes += other.media_bytes;
        self.sound_bytes += other.sound_bytes;
        self.images += other.images;
        self.unknown += other.unknown;
        self.speaks |= other.speaks;
    }
}

/// Tools: text of their descriptions, and whether the provider runs some itself.
fn tools(reader: &mut Reader<'_>, all: &mut Read) -> Result<(), JsonError> {
    if reader.kind()? != Kind::Array {
        return value(reader, b"", all);
    }
    reader.array(|reader| {
        if reader.kind()? != Kind::Object {
            return value(reader, b"", all);
        }
        let content = &mut all.content;
        reader.object(|reader, member| -> Result<(), JsonError> {
            content.text_bytes += member.key.len() as u64;
            content.unknown += u64::from(HOSTED_MEMBERS.contains(&member.key));
            if member.key == b"type"
                && let Some(text) = reader.text_or_skip()?
            {
                let name = text.cow();
                content.unknown += u64::from(HOSTED.iter().any(|hosted| name.starts_with(hosted)));
                content.text_bytes += text.bytes() as u64;
            } else if member.key != b"type" {
                // Descriptions and schemas: nothing but text can stand there.
                content.text_bytes += reader.raw()?.len() as u64;
            }
            Ok(())
        })
    })
}

fn config(reader: &mut Reader<'_>, all: &mut Read) -> Result<(), JsonError> {
    if reader.kind()? != Kind::Object {
        return reader.ignore();
    }
    reader.object(|reader, member| match member.key {
        b"responseModalities" | b"response_modalities" => speaks(reader, &mut all.content),
        key => value(reader, key, all),
    })
}

fn speaks(reader: &mut Reader<'_>, all: &mut Content) -> Result<(), JsonError> {
    if reader.kind()? != Kind::Array {
        return reader.ignore();
    }
    reader.array(|reader| {
        let text = reader.text_or_skip()?;
        all.speaks |= text.is_some_and(|text| text.cow().eq_ignore_ascii_case("audio"));
        Ok(())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Images, bytes of media, bytes of sound, unknown.
    fn told(body: &str) -> (u64, u64, u64, u64) {
        let found = content(body.as_bytes());
        (found.images, found.media_bytes, found.sound_bytes, found.unknown)
    }

    #[test]
    fn parts_of_every_dialect() {
        let table = [
            (
                r#"{"messages":[{"role":"user","content":"an \"image_url\", data:image/png;base64,AA"}]}"#,
                (0, 0, 0, 0),
            ),
            (
                r#"{"messages":[{"content":[{"type":"image_url","image_url":{"url":"data:image/png;base64,AAAA"}}]}]}"#,
                (1, 26, 0, 0),
            ),
            (
                r#"{"messages":[{"content":[{"type":"image_url","image_url":{"url":"https://x/y.png","detail":"high"}}]}]}"#,
                (1, 0, 0, 0),
            ),
            (
                r#"{"input":[{"content":[{"type":"input_image","image_url":"data:image/png;base64,AAAA"}]}]}"#,
                (1, 26, 0, 0),
            ),
            (
                r#"{"messages":[{"content":[{"type":"image","source":{"type":"base64","media_type":"image/png","data":"AAAA"}}]}]}"#,
                (1, 4, 0, 0),
            ),
            (
                r#"{"messages":[{"content":[{"source":{"data":"AAAA","media_type":"image/png","type":"base64"},"type":"image"}]}]}"#,
                (1, 4, 0, 0),
            ),
            (
                r#"{"messages":[{"content":[{"type":"image","source":{"type":"url","url":"https://x"}}]}]}"#,
                (1, 0, 0, 0),
            ),
            (
                r#"{"messages":[{"content":[{"type":"tool_result","content":[{"type":"image","source":{"data":"AA","media_type":"image/png"}},{"type":"image","source":{"data":"AA","media_type":"image/png"}}]}]}]}"#,
                (2, 4, 0, 0),
            ),
            (
                r#"{"messages":[{"content":[{"type":"document","source":{"type":"base64","media_type":"application/pdf","data":"AAAA"}}]}]}"#,
                (0, 4, 0, 1),
            ),
            (
                r#"{"messages":[{"content":[{"type":"input_audio","input_audio":{"data":"AAAAAA","format":"wav"}}]}]}"#,
                (0, 6, 6, 0),
            ),
            (
                r#"{"contents":[{"parts":[{"inlineData":{"mimeType":"image/png","data":"AAAA"}},{"text":"x"}]}]}"#,
                (1, 4, 0, 0),
            ),
            (
                r#"{"contents":[{"parts":[{"inline_data":{"data":"AAAA","mime_type":"audio/wav"}}]}]}"#,
                (0, 4, 4, 0),
            ),
            (
                r#"{"contents":[{"parts":[{"inlineData":{"mimeType":"video/mp4","data":"AAAA"}}]}]}"#,
                (0, 4, 0, 1),
            ),
            (
                r#"{"contents":[{"parts":[{"fileData":{"mimeType":"image/png","fileUri":"gs://x"}}]}]}"#,
                (1, 0, 0, 0),
            ),
            (r#"{"contents":[{"parts":[{"fileData":{"fileUri":"gs://x"}}]}]}"#, (0, 0, 0, 1)),
            (r#"{"messages":[{"content":[{"type":"file","file":{"file_id":"f"}}]}]}"#, (0, 0, 0, 1)),
            (
                r#"{"messages":[{"content":[{"type":"file","file":{"file_data":"data:application/pdf;base64,AA"}}]}]}"#,
                (0, 30, 0, 1),
            ),
            (r#"{"previous_response_id":"resp_1"}"#, (0, 0, 0, 1)),
            (
                r#"{"tools":[{"type":"function","function":{"name":"web_search","parameters":{"type":"file"}}}]}"#,
                (0, 0, 0, 0),
            ),
            (r#"{"tools":[{"type":"web_search_20250305","name":"web_search"}]}"#, (0, 0, 0, 1)),
            (r#"{"tools":[{"googleSearch":{}}]}"#, (0, 0, 0, 1)),
            (
                r#"{"messages":[{"content":[{"type":"tool_use","input":{"data":"AAAA","type":"x"}}]}]}"#,
                (0, 0, 0, 0),
            ),
        ];
        for (body, expected) in table {
            assert_eq!(told(body), expected, "{body}");
        }
    }

    #[test]
    fn text_is_counted_and_media_are_not() {
        let table = [
            ("{}", 0),
            (r#"{"messages":[{"role":"user","content":"hello"}]}"#, 8 + 4 + 4 + 7 + 5),
            (r#"{"n":1,"b":true,"x":null}"#, 3),
            ("no json", 7),
        ];
        for (body, text_bytes) in table {
            assert_eq!(content(body.as_bytes()).text_bytes, text_bytes, "{body}");
        }
    }

    #[test]
    fn who_wants_to_hear_it() {
        for body in [
            r#"{"modalities":["text","audio"],"audio":{"voice":"alloy"}}"#,
            r#"{"generationConfig":{"responseModalities":["AUDIO"]}}"#,
        ] {
            assert!(content(body.as_bytes()).speaks, "{body}");
        }
        assert!(!content(br#"{"modalities":["text"],"messages":"audio"}"#).speaks);
    }
}
