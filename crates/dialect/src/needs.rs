//! What a request needs of a model besides text: pictures, sound, files, tools. Asked only for who may not
//! use all of them.
//!
//! Every dialect names the parts of a prompt by a `type`, or by the member that holds them; so one walk
//! reads them all. What it does not know, a provider may; a tier is no wall against its own provider.

use crate::json::{JsonError, Kind, Reader};

/// What a request needs.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Needs {
    /// Pictures, still or moving, in the prompt.
    pub image_input: bool,
    /// Sound in the prompt.
    pub audio_input: bool,
    /// Files in the prompt.
    pub file_input: bool,
    /// Sound in the answer.
    pub audio_output: bool,
    /// Tools that the model may call.
    pub tools: bool,
    /// An answer by a JSON schema.
    pub structured_output: bool,
}

/// Members of a request that hold no prompt, whatever stands in them.
const NO_PROMPT: [&[u8]; 5] = [b"metadata", b"keyway", b"tool_choice", b"toolConfig", b"labels"];
/// Types of parts with pictures.
const IMAGES: [&str; 7] =
    ["image_url", "input_image", "image", "image_file", "video_url", "input_video", "video"];
/// Types of parts with sound.
const SOUNDS: [&str; 3] = ["input_audio", "audio", "audio_url"];
/// Types of parts with files.
const FILES: [&str; 5] = ["file", "input_file", "document", "file_url", "container_upload"];
/// Members whose value is data of a media type told beside it.
const DATA: [&[u8]; 4] = [b"inlineData", b"inline_data", b"fileData", b"file_data"];

/// Reads what a request body needs.
///
/// # Errors
/// A body that is not one strict JSON object in UTF-8.
pub fn needs(body: &[u8]) -> Result<Needs, JsonError> {
    let mut needs = Needs::default();
    let Some(mut reader) = Reader::of_bytes(body) else {
        // What is no text cannot be read here, and is refused where bodies are read.
        return Ok(needs);
    };
    reader.object(|reader, member| -> Result<(), JsonError> {
        match member.key {
            b"tools" | b"functions" => {
                needs.tools |= !is_empty(reader)?;
                Ok(())
            }
            b"modalities" | b"responseModalities" => has_audio(reader, &mut needs),
            b"generationConfig" => walk_config(reader, &mut needs),
            b"response_format" | b"text" | b"output_config" => has_schema(reader, &mut needs),
            key if NO_PROMPT.contains(&key) => reader.ignore(),
            _ => walk(reader, &mut needs),
        }
    })?;
    Ok(needs)
}

fn walk(reader: &mut Reader<'_>, needs: &mut Needs) -> Result<(), JsonError> {
    match reader.kind()? {
        Kind::Array => reader.array(|reader| walk(reader, needs)),
        Kind::Object => reader.object(|reader, member| match member.key {
            b"type" => {
                if let Some(text) = reader.text_or_skip()? {
                    note_type(&text.cow(), needs);
                }
                Ok(())
            }
            key if DATA.contains(&key) => walk_data(reader, needs),
            _ => walk(reader, needs),
        }),
        _ => reader.ignore(),
    }
}

fn note_type(name: &str, needs: &mut Needs) {
    needs.image_input |= IMAGES.contains(&name);
    needs.audio_input |= SOUNDS.contains(&name);
    needs.file_input |= FILES.contains(&name);
}

/// Data with its media type; without one it is a file.
fn walk_data(reader: &mut Reader<'_>, needs: &mut Needs) -> Result<(), JsonError> {
    if reader.kind()? != Kind::Object {
        needs.file_input = true;
        return reader.ignore();
    }
    let mut media = String::new();
    reader.object(|reader, member| -> Result<(), JsonError> {
        if matches!(member.key, b"mimeType" | b"mime_type") {
            media = reader.text_or_skip()?.map(|text| text.cow().into_owned()).unwrap_or_default();
            return Ok(());
        }
        reader.ignore()
    })?;
    match media.split('/').next() {
        Some("image" | "video") => needs.image_input = true,
        Some("audio") => needs.audio_input = true,
        _ => needs.file_input = true,
    }
    Ok(())
}

fn walk_config(reader: &mut Reader<'_>, needs: &mut Needs) -> Result<(), JsonError> {
    if reader.kind()? != Kind::Object {
        return reader.ignore();
    }
    reader.object(|reader, member| match member.key {
        b"responseModalities" => has_audio(reader, needs),
        b"responseSchema" | b"responseJsonSchema" => {
            needs.structured_output |= reader.kind()? == Kind::Object;
            reader.ignore()
        }
        _ => reader.ignore(),
    })
}

/// `{"type":"json_schema"}`, there or in its member `format`.
fn has_schema(reader: &mut Reader<'_>, needs: &mut Needs) -> Result<(), JsonError> {
    if reader.kind()? != Kind::Object {
        return reader.ignore();
    }
    reader.object(|reader, member| match member.key {
        b"type" => {
            let text = reader.text_or_skip()?;
            needs.structured_output |= text.is_some_and(|text| text.cow() == "json_schema");
            Ok(())
        }
        b"format" => has_schema(reader, needs),
        _ => reader.ignore(),
    })
}

fn has_audio(reader: &mut Reader<'_>, needs: &mut Needs) -> Result<(), JsonError> {
    if reader.kind()? != Kind::Array {
        return reader.ignore();
    }
    reader.array(|reader| {
        let text = reader.text_or_skip()?;
        needs.audio_output |= text.is_some_and(|text| text.cow().eq_ignore_ascii_case("audio"));
        Ok(())
    })
}

fn is_empty(reader: &mut Reader<'_>) -> Result<bool, JsonError> {
    let kind = reader.kind()?;
    let raw = reader.raw()?;
    Ok(kind == Kind::Null
        || kind == Kind::Array && raw.iter().filter(|byte| !byte.is_ascii_whitespace()).count() == 2)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_of_every_dialect() {
        let nothing = Needs::default();
        let image = Needs { image_input: true, ..nothing };
        let audio = Needs { audio_input: true, ..nothing };
        let file = Needs { file_input: true, ..nothing };
        let speaks = Needs { audio_output: true, ..nothing };
        let tools = Needs { tools: true, ..nothing };
        let schema = Needs { structured_output: true, ..nothing };
        let table = [
            (
                r#"{"messages":[{"role":"user","content":"an \"image_url\" and {\"type\":\"image\"}"}]}"#,
                nothing,
            ),
            (
                r#"{"messages":[{"content":[{"type":"text","text":"image_url"}]}],"tools":[],"functions":null}"#,
                nothing,
            ),
            (r#"{"messages":[{"content":[{"type":"image_url","image_url":{"url":"x"}}]}]}"#, image),
            (r#"{"messages":[{"content":[{"t\u0079pe":"image\u005furl"}]}]}"#, image),
            (r#"{"input":[{"content":[{"type":"input_image"}]}]}"#, image),
            (r#"{"messages":[{"content":[{"type":"tool_result","content":[{"type":"image"}]}]}]}"#, image),
            (r#"{"contents":[{"parts":[{"inlineData":{"data":"","mimeType":"image/png"}}]}]}"#, image),
            (r#"{"contents":[{"parts":[{"inline_data":{"mime_type":"audio/wav"}}]}]}"#, audio),
            (r#"{"contents":[{"parts":[{"fileData":{"fileUri":"x"}}]}]}"#, file),
            (r#"{"messages":[{"content":[{"type":"input_audio"}]}]}"#, audio),
            (r#"{"messages":[{"content":[{"type":"document"}]}]}"#, file),
            (r#"{"modalities":["text","audio"]}"#, speaks),
            (r#"{"generationConfig":{"responseModalities":["AUDIO"]}}"#, speaks),
            (r#"{"tools":[{"type":"file"}]}"#, tools),
            (r#"{"tools":[ ]}"#, nothing),
            (r#"{"response_format":{"type":"json_schema","json_schema":{"type":"image"}}}"#, schema),
            (r#"{"response_format":{"type":"json_object"}}"#, nothing),
            (r#"{"text":{"format":{"type":"json_schema","schema":{}},"verbosity":"low"}}"#, schema),
            (r#"{"output_config":{"format":{"type":"json_schema"},"effort":"low"}}"#, schema),
            (r#"{"generationConfig":{"responseSchema":{"type":"OBJECT"}}}"#, schema),
            (r#"{"response_format":{"type":"image"},"metadata":{"type":"file"}}"#, nothing),
        ];
        for (body, expected) in table {
            assert_eq!(needs(body.as_bytes()).unwrap(), expected, "{body}");
        }
        assert!(needs(b"{").is_err());
        assert_eq!(needs(b"\xff").unwrap(), nothing);
    }
}
