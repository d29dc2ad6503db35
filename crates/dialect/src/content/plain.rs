//! Whether a request is text alone, told without reading it: by how its strings begin. What makes something a
//! medium is a member's name or a value, and both are strings.

use super::{HOSTED, HOSTED_MEMBERS, TYPES};

/// Beginnings of strings that make something else of what they stand in, besides those of the tables: members
/// that hold data or name what a provider keeps, addresses, what is wanted in the answer.
const OTHERS: [&[u8]; 14] = [
    b"inlineData",
    b"inline_data",
    b"data:",
    b"previous_response_id",
    b"conversation\"",
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

/// First letters of all of them; `t` is `type`'s as well.
const FIRST: [bool; 256] = {
    let mut first = [false; 256];
    let mut at = 0;
    while at < TYPES.len() {
        first[TYPES[at].0.as_bytes()[0] as usize] = true;
        at += 1;
    }
    at = 0;
    while at < HOSTED.len() {
        first[HOSTED[at].as_bytes()[0] as usize] = true;
        at += 1;
    }
    at = 0;
    while at < HOSTED_MEMBERS.len() {
        first[HOSTED_MEMBERS[at][0] as usize] = true;
        at += 1;
    }
    at = 0;
    while at < OTHERS.len() {
        first[OTHERS[at][0] as usize] = true;
        at += 1;
    }
    first[b't' as usize] = true;
    first
};

/// Whether nothing in a body can be but text. `false` says nothing: it has to be read.
pub(super) fn is_text(body: &[u8]) -> bool {
    // An escape may stand for any letter of a name.
    if memchr::memmem::find(body, b"\\u").is_some() {
        return false;
    }
    memchr::memchr_iter(b'"', body).all(|quote| {
        let string = body.get(quote + 1..).unwrap_or_default();
        !string.first().is_some_and(|first| FIRST[usize::from(*first)]) || is_usual(string)
    })
}

/// Whether a string, of which this is the beginning and what follows it, says nothing of media.
fn is_usual(string: &[u8]) -> bool {
    let begins = |word: &[u8]| string.starts_with(word);
    if let Some(behind) = string.strip_prefix(b"type\"") {
        return !is_media_type(behind);
    }
    !TYPES.iter().any(|(word, _)| begins(word.as_bytes()))
        && !HOSTED.iter().any(|word| begins(word.as_bytes()))
        && !HOSTED_MEMBERS.iter().any(|word| begins(word))
        && !OTHERS.iter().any(|word| begins(word))
}

/// Whether the value behind a member's name is a string with a slash, as media types have.
fn is_media_type(behind: &[u8]) -> bool {
    let value = behind.trim_ascii_start().strip_prefix(b":").map(<[u8]>::trim_ascii_start);
    let Some(text) = value.and_then(|value| value.strip_prefix(b"\"")) else { return false };
    text.iter().take_while(|byte| **byte != b'"').any(|byte| matches!(byte, b'/' | b'\\'))
}

#[cfg(test)]
mod tests {
    use super::super::{Content, content};
    use super::*;

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
        for word in words.into_iter().map(|word| String::from_utf8_lossy(word).replace('"', "")) {
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
