//! Requests that come as `multipart/form-data` (RFC 7578): audio to be written down. The file passes as it
//! came; what is read are the few fields that a gateway must know, and the model's name is what it changes.

use crate::peek::{MODEL_BYTES_MAX, Peek, PeekError, empty};
use bytes::Bytes;
use memchr::memmem;
use std::borrow::Cow;
use std::ops::Range;

/// Parts of a form.
pub const PARTS_MAX: usize = 64;
/// The header fields of a part, bytes.
pub const PART_HEAD_BYTES_MAX: usize = 8 * 1024;
/// Longest boundary (RFC 2046, section 5.1.1), bytes.
const BOUNDARY_BYTES_MAX: usize = 70;
/// The field with the recording.
const FILE: &str = "file";

/// What a form says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Form {
    /// The model as the client named it; never empty.
    pub model: String,
    /// Asked as a stream.
    pub stream: bool,
    /// Where the file's bytes are.
    pub file: Range<usize>,
    model_at: Range<usize>,
}

/// Reads a form.
///
/// # Errors
/// A body that is no form, or a form without one `model` and one `file`. Two parsers must not read it
/// differently, so a field that counts stands there once.
pub fn read(content_type: &str, body: &[u8]) -> Result<Form, PeekError> {
    let boundary = boundary(content_type).ok_or_else(|| {
        wrong(
            "`content-type` must be `multipart/form-data` with a boundary of 1 to 70 characters.".to_owned(),
        )
    })?;
    let (mut model, mut stream, mut file) = (None, None, None);
    for part in parts(body, boundary)? {
        let (name, at) = part?;
        let place = match name {
            "model" => &mut model,
            "stream" => &mut stream,
            FILE => &mut file,
            _ => continue,
        };
        if place.replace(at).is_some() {
            return Err(of(known(name), format!("`{name}` is given more than once.")));
        }
    }
    let text = |at: &Range<usize>| std::str::from_utf8(body.get(at.clone()).unwrap_or_default());
    let model_at =
        model.ok_or_else(|| of("model", "`model` is required: the name of the model to use.".into()))?;
    let model = text(&model_at).ok().filter(|model| !model.is_empty() && model.len() <= MODEL_BYTES_MAX);
    let model =
        model.ok_or_else(|| of("model", format!("`model` must be 1 to {MODEL_BYTES_MAX} bytes long.")))?;
    let stream = match stream.as_ref().map(text) {
        None | Some(Ok("false" | "False" | "0" | "")) => false,
        Some(Ok("true" | "True" | "1")) => true,
        Some(_) => return Err(of("stream", "`stream` must be true or false.".into())),
    };
    let file = file.ok_or_else(|| of(FILE, "`file` is required: the recording.".into()))?;
    Ok(Form { model: model.to_owned(), stream, file, model_at })
}

impl Form {
    /// The form for a provider that calls the model otherwise. `body` must be the form's own.
    #[must_use]
    pub fn renamed(&self, body: &Bytes, model: &str) -> Bytes {
        if self.model == model {
            return body.clone();
        }
        let (before, after) = (body.get(..self.model_at.start), body.get(self.model_at.end..));
        [before.unwrap_or_default(), model.as_bytes(), after.unwrap_or_default()].concat().into()
    }

    /// What it says, as other requests say it.
    #[must_use]
    pub fn peek(&self) -> Peek<'_> {
        Peek { model: Cow::Borrowed(&self.model), stream: self.stream, ..empty() }
    }

    /// Bytes of everything but the file.
    #[must_use]
    pub fn text_bytes(&self, body: &[u8]) -> usize {
        body.len().saturating_sub(self.file.len())
    }
}

fn known(name: &str) -> &'static str {
    match name {
        "model" => "model",
        "stream" => "stream",
        _ => FILE,
    }
}

fn of(param: &'static str, message: String) -> PeekError {
    PeekError { param: Some(param), message }
}

fn wrong(message: String) -> PeekError {
    PeekError { param: None, message }
}

fn broken(what: &str) -> PeekError {
    wrong(format!("The body is not valid multipart/form-data: {what}."))
}

/// The boundary that a content type names.
fn boundary(content_type: &str) -> Option<&str> {
    let mut parts = content_type.split(';').map(str::trim);
    if !parts.next()?.eq_ignore_ascii_case("multipart/form-data") {
        return None;
    }
    let value = parts.find_map(|part| {
        let (name, value) = part.split_once('=')?;
        name.eq_ignore_ascii_case("boundary").then_some(value)
    })?;
    let value = value.strip_prefix('"').and_then(|value| value.strip_suffix('"')).unwrap_or(value);
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"'()+_,-./:=? ".contains(&byte);
    let fits = (1..=BOUNDARY_BYTES_MAX).contains(&value.len()) && value.bytes().all(allowed);
    (fits && !value.ends_with(' ')).then_some(value)
}

type Part<'a> = Result<(&'a str, Range<usize>), PeekError>;

/// Name and place of the content of every part.
fn parts<'a>(body: &'a [u8], boundary: &str) -> Result<Vec<Part<'a>>, PeekError> {
    let first = format!("--{boundary}");
    let between = format!("\r\n--{boundary}");
    let finder = memmem::Finder::new(between.as_bytes());
    if !body.starts_with(first.as_bytes()) {
        return Err(broken("it does not begin with its boundary"));
    }
    let mut at = first.len();
    let mut parts = Vec::new();
    loop {
        let rest = body.get(at..).unwrap_or_default();
        if rest.starts_with(b"--") {
            return Ok(parts);
        }
        if !rest.starts_with(b"\r\n") {
            return Err(broken("a boundary is not the end of its line"));
        }
        if parts.len() == PARTS_MAX {
            return Err(broken("it has too many parts"));
        }
        let head_at = at + 2;
        let window = body.get(head_at..).unwrap_or_default();
        let window = window.get(..window.len().min(PART_HEAD_BYTES_MAX)).unwrap_or_default();
        let head =
            memmem::find(window, b"\r\n\r\n").ok_or_else(|| broken("a part has no end of its head"))?;
        let content_at = head_at + head + 4;
        let content = body.get(content_at..).unwrap_or_default();
        let length = finder.find(content).ok_or_else(|| broken("its last boundary is missing"))?;
        let name = name(window.get(..head).unwrap_or_default());
        parts.push(name.map(|name| (name, content_at..content_at + length)));
        at = content_at + length + between.len();
    }
}

/// The name of a part, from its header fields.
fn name(head: &[u8]) -> Result<&str, PeekError> {
    let head = std::str::from_utf8(head).map_err(|_| broken("a part's head is not UTF-8"))?;
    let mut found = head.split("\r\n").filter_map(|line| {
        let (name, value) = line.split_once(':')?;
        name.eq_ignore_ascii_case("content-disposition").then_some(value)
    });
    let (Some(value), None) = (found.next(), found.next()) else {
        return Err(broken("a part does not have one content-disposition"));
    };
    let mut named = value.split(';').skip(1).filter_map(|part| {
        let (name, value) = part.split_once('=')?;
        name.trim().eq_ignore_ascii_case("name").then_some(value.trim())
    });
    let (Some(value), None) = (named.next(), named.next()) else {
        return Err(broken("a part does not have one name"));
    };
    let name = value.strip_prefix('"').and_then(|value| value.strip_suffix('"')).unwrap_or(value);
    if name.contains(['"', '\\', '%']) {
        return Err(broken("a part's name is written in escapes"));
    }
    Ok(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    const TYPE: &str = "multipart/form-data; boundary=X";

    fn form(parts: &[(&str, &str)]) -> String {
        let parts = parts.iter().map(|(name, value)| {
            format!("--X\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n")
        });
        parts.collect::<String>() + "--X--\r\n"
    }

    #[test]
    fn fields_are_read_and_the_model_alone_is_changed() {
        let text = form(&[
            ("file", "RIFF\r\n--Y\r\n"),
            ("model", "mine/whisper"),
            ("language", "en"),
            ("stream", "true"),
        ])
        .replace("name=\"file\"", "name=\"file\"; filename=\"a;b.wav\"\r\nContent-Type: audio/wav");
        let read = read(TYPE, text.as_bytes()).unwrap();
        assert_eq!((read.model.as_str(), read.stream), ("mine/whisper", true));
        assert_eq!(&text[read.file.clone()], "RIFF\r\n--Y\r\n");
        let body = Bytes::from(text.clone());
        assert_eq!(read.renamed(&body, "whisper-1"), text.replace("mine/whisper", "whisper-1"));
        assert_eq!(read.renamed(&body, "mine/whisper"), text);
        assert_eq!(read.text_bytes(&body), text.len() - 11);
    }

    #[test]
    fn boundaries() {
        for (content_type, expected) in [
            ("multipart/form-data; boundary=abc", Some("abc")),
            ("Multipart/Form-Data; charset=x; Boundary=\"a b\"", Some("a b")),
            ("multipart/form-data; boundary=\"a \"", None),
            ("multipart/form-data; boundary=", None),
            ("multipart/form-data; boundary=a\u{e9}", None),
            ("multipart/form-data", None),
            ("application/json; boundary=abc", None),
        ] {
            assert_eq!(boundary(content_type), expected, "{content_type}");
        }
        assert_eq!(boundary(&format!("multipart/form-data; boundary={}", "a".repeat(71))), None);
    }

    #[test]
    fn what_is_no_form_is_told() {
        let whole = form(&[("model", "m"), ("file", "f")]);
        assert!(read(TYPE, whole.as_bytes()).is_ok());
        let many: Vec<(&str, &str)> = vec![("x", ""); PARTS_MAX + 1];
        for (text, param, said) in [
            (String::new(), None, "does not begin"),
            (whole.replace("--X--", "--Y--"), None, "last boundary"),
            (whole.replace("--X\r\n", "--X \r\n"), None, "end of its line"),
            (whole.replace("; name=\"model\"", ""), None, "one name"),
            (whole.replace("\"model\"", "\"model\"; name=\"x\""), None, "one name"),
            (whole.replace("\"model\"", "\"mo%64el\""), None, "escapes"),
            (whole.replace("Content-Disposition", "X"), None, "one content-disposition"),
            (form(&many), None, "too many parts"),
            (form(&[("file", "f")]), Some("model"), "required"),
            (form(&[("model", "m")]), Some("file"), "required"),
            (form(&[("model", ""), ("file", "f")]), Some("model"), "1 to 256"),
            (form(&[("model", "m"), ("model", "n"), ("file", "f")]), Some("model"), "more than once"),
            (form(&[("model", "m"), ("file", "f"), ("file", "g")]), Some("file"), "more than once"),
            (form(&[("model", "m"), ("file", "f"), ("stream", "maybe")]), Some("stream"), "true or false"),
        ] {
            let error = read(TYPE, text.as_bytes()).unwrap_err();
            assert_eq!((error.param, error.message.contains(said)), (param, true), "{error}");
        }
    }

    #[test]
    fn no_cut_of_a_form_is_taken_for_one() {
        let whole = form(&[("model", "m"), ("file", "some bytes")]);
        let end = whole.find("--X--").unwrap() + "--X--".len();
        for cut in 0..end {
            assert!(read(TYPE, &whole.as_bytes()[..cut]).is_err(), "{cut}");
        }
    }
}
