//! Whether a request is text alone, told without reading it: by how its strings begin. What makes something a
//! medium is a member's name or a value, and both are strings.

/// Bytes in which the next quote is looked for one by one: most names and values are shorter, and to begin a
/// search of many bytes at a time takes longer.
const NEAR_BYTES: usize = 16;

/// Whether nothing in a body can be but text. `false` says nothing: it has to be read.
pub(super) fn is_text(body: &[u8]) -> bool {
    let mut rest = body;
    while let Some(at) = next_mark(rest) {
        let is_harmless = match rest.get(at..).unwrap_or_default() {
            [b'"', string @ ..] => !says_more(string),
            // An escape may stand for any letter of a name.
            [_, b'u', ..] => false,
            _ => true,
        };
        if !is_harmless {
            return false;
        }
        rest = rest.get(at + 1..).unwrap_or_default();
    }
    true
}

/// The next quote or backslash.
fn next_mark(bytes: &[u8]) -> Option<usize> {
    let is_mark = |byte: &u8| matches!(byte, b'"' | b'\\');
    let near = bytes.iter().take(NEAR_BYTES).position(is_mark);
    near.or_else(|| Some(NEAR_BYTES + memchr::memchr2(b'"', b'\\', bytes.get(NEAR_BYTES..)?)?))
}

/// Whether a string that begins so may make something else of what it stands in: a medium, what a provider
/// keeps or finds itself, an answer that is heard. A test holds this against the tables of what is read.
fn says_more(string: &[u8]) -> bool {
    let begins = |word: &[u8]| string.starts_with(word);
    match string.first() {
        Some(b'a') => begins(b"audio"),
        Some(b'c') => begins(b"conta") || begins(b"conversation\"") || begins(b"cached") || begins(b"code"),
        Some(b'd') => begins(b"data:") || begins(b"document"),
        Some(b'f') => begins(b"file"),
        Some(b'g') => begins(b"googleSearch") || begins(b"google_search") || begins(b"googleMaps"),
        Some(b'i') => begins(b"image") || begins(b"input_") || begins(b"inline"),
        Some(b'm') => begins(b"mime") || begins(b"media") || begins(b"modal") || begins(b"mcp"),
        Some(b'p') => begins(b"previous_response_id"),
        Some(b'r') => begins(b"responseModal") || begins(b"response_modal"),
        Some(b't') => begins(b"tool_search") || string.strip_prefix(b"type\"").is_some_and(is_media_type),
        Some(b'u') => begins(b"urlContext") || begins(b"url_context"),
        Some(b'v') => begins(b"video"),
        Some(b'w') => begins(b"web_"),
        _ => false,
    }
}

/// Whether the value behind a member's name is a string with a slash, as media types have.
fn is_media_type(behind: &[u8]) -> bool {
    let value = behind.trim_ascii_start().strip_prefix(b":").map(<[u8]>::trim_ascii_start);
    let Some(text) = value.and_then(|value| value.strip_prefix(b"\"")) else { return false };
    text.iter().take_while(|byte| **byte != b'"').any(|byte| matches!(byte, b'/' | b'\\'))
}

#[cfg(test)]
mod tests {
    use super::super::{Content, HOSTED, HOSTED_MEMBERS, TYPES, content};
    use super::*;

    /// What is read besides the tables.
    const OTHERS: [&[u8]; 17] = [
        b"inlineData",
        b"inline_data",
        b"fileData",
        b"file_data",
        b"file_id",
        b"data:image/png;",
        b"previous_response_id",
        b"conversation",
        b"cachedContent",
        b"cached_content",
        b"container",
        b"mimeType",
        b"mime_type",
        b"media_type",
        b"modalities",
        b"responseModalities",
        b"response_modalities",
    ];

    #[test]
    fn text_is_known_by_how_its_strings_begin() {
        let table = [
            (r#"{"model":"m","messages":[{"role":"user","content":"an image, a file and a video"}]}"#, true),
            (
                r#"{"messages":[{"role":"user","content":[{"type":"text","text":"a/b"}]}],"stream":true}"#,
                true,
            ),
            (r#"{"tools":[{"type":"function","function":{"name":"f"}}],"tool_choice":"auto"}"#, true),
            (r#"{"messages":[{"content":[{"type":"image_url","image_url":{"url":"https://x"}}]}]}"#, false),
            (r#"{"messages":[{"content":[{"type" : "application/pdf"}]}]}"#, false),
            (r#"{"messages":[{"content":[{"typ\u0065":"image"}]}]}"#, false),
            (r#"{"messages":[{"content":"say \"image\""}]}"#, false),
            (r#"{"input":"x","previous_response_id":"resp_1"}"#, false),
            (r#"{"url":"data:image/png;base64,AA"}"#, false),
        ];
        for (body, expected) in table {
            assert_eq!(is_text(body.as_bytes()), expected, "{body}");
        }
    }

    /// Whatever the tables have, in every place that a string can have.
    #[test]
    fn nothing_that_is_text_has_anything_else_in_it() {
        let words = TYPES.iter().map(|(word, _)| *word).chain(HOSTED).map(str::as_bytes);
        let words: Vec<&[u8]> = words.chain(HOSTED_MEMBERS).chain(OTHERS).collect();
        let members = ["url", "data", "type", "file_id", "container", "conversation", "mimeType", "x"];
        for word in words.into_iter().map(String::from_utf8_lossy) {
            for member in members {
                for body in [
                    format!(r#"{{"{member}":"{word}AA"}}"#),
                    format!(r#"{{"a":[{{"{member}":"{word}","data":"AA"}}]}}"#),
                    format!(r#"{{"{word}":{{"{member}":"AA"}}}}"#),
                    format!(r#"{{"{word}":"AA"}}"#),
                    format!(r#"{{"tools":[{{"{member}":"{word}"}},{{"{word}":{{}}}}]}}"#),
                    format!(r#"{{"{word}":["audio"],"generationConfig":{{"{word}":["AUDIO"]}}}}"#),
                ] {
                    let Content { media_bytes, sound_bytes, images, unknown, speaks, .. } =
                        content(body.as_bytes());
                    let other = media_bytes + sound_bytes + images + unknown > 0 || speaks;
                    assert!(!(other && is_text(body.as_bytes())), "{body}");
                }
            }
        }
    }
}
