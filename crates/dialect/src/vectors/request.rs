//! Requests for vectors: read in a client's shape, written in a provider's.

use super::answer::Retold;
use super::{COHERE_USUAL, Purpose, Shape, TEXTS_MAX, Texts, too_many};
use crate::hub::Invalid;
use crate::hub::losses::{Losses, Reason};
use crate::json::{Kind, Members, Node, Out};
use std::borrow::Cow;

/// How a request is to be written.
#[derive(Debug, Clone, Copy)]
pub struct Wanted<'a> {
    /// The client's shape.
    pub from: Shape,
    /// The provider's.
    pub to: Shape,
    /// The model as the provider names it.
    pub model: &'a str,
}

/// Writes a request for a provider. Answers with what its answer is to be retold by.
///
/// # Errors
/// What cannot be read, or cannot be asked there: lists of tokens have no meaning to another model.
pub fn write(body: &[u8], wanted: Wanted<'_>, losses: &mut Losses) -> Result<(Vec<u8>, Retold), Invalid> {
    let root = Node::parse(body)?;
    let mut members = root.members();
    let asked = match wanted.from {
        Shape::Gemini => batch(&mut members, losses)?,
        Shape::GeminiOne => {
            let mut asked = Texts::default();
            one(members.camel(), &mut asked, losses)?;
            members = Node::parse(b"{}")?.members();
            asked
        }
        _ => flat(&mut members)?,
    };
    for (name, _) in members.rest().filter(|(name, _)| name != "model" && name != "keyway") {
        losses.note(name.into_owned(), Reason::Unsupported);
    }
    if asked.texts.is_empty() {
        return Err(Invalid::wrong("input", "one text or several"));
    }
    let retold = Retold { from: wanted.to, to: wanted.from, base64: asked.base64 };
    Ok((written(&asked, wanted, losses), retold))
}

/// OpenAI's shape, with the words of others for what it is for.
fn flat<'a>(members: &mut Members<'a>) -> Result<Texts<'a>, Invalid> {
    let mut asked =
        Texts { dimensions: dimensions(members, &["dimensions", "output_dimension"])?, ..Texts::default() };
    let purpose = members.take_any(&["input_type", "task"]).and_then(Node::text);
    asked.purpose = purpose.map(|word| known(&word)).transpose()?;
    asked.base64 = match members.take_text("encoding_format").as_deref() {
        None | Some("float") => false,
        Some("base64") => true,
        Some(_) => return Err(Invalid::wrong("encoding_format", "`float` or `base64`")),
    };
    let Some(input) = members.take("input") else {
        return Err(Invalid::wrong("input", "a text or a list of texts"));
    };
    match input.kind() {
        Kind::Text => asked.texts.extend(input.text()),
        Kind::Array => {
            for item in input.items() {
                let Some(text) = item.text() else {
                    return Err(Invalid::unsupported("input", "it takes texts, not lists of tokens"));
                };
                asked.texts.push(text);
            }
        }
        _ => return Err(Invalid::wrong("input", "a text or a list of texts")),
    }
    if asked.texts.len() > TEXTS_MAX { Err(too_many()) } else { Ok(asked) }
}

fn batch<'a>(members: &mut Members<'a>, losses: &mut Losses) -> Result<Texts<'a>, Invalid> {
    let mut asked = Texts::default();
    let requests = members.take("requests").map(Node::items).unwrap_or_default();
    if requests.len() > TEXTS_MAX {
        return Err(too_many());
    }
    for request in requests {
        let mut this = Texts::default();
        one(request.members().camel(), &mut this, losses)?;
        let differs = (this.dimensions, this.purpose) != (asked.dimensions, asked.purpose);
        if !asked.texts.is_empty() && differs {
            return Err(Invalid::unsupported("requests", "it takes one size and one purpose for all texts"));
        }
        (asked.dimensions, asked.purpose) = (this.dimensions, this.purpose);
        asked.texts.append(&mut this.texts);
    }
    Ok(asked)
}

/// A request of Google's for one text.
fn one<'a>(mut members: Members<'a>, asked: &mut Texts<'a>, losses: &mut Losses) -> Result<(), Invalid> {
    asked.dimensions = dimensions(&mut members, &["outputDimensionality"])?;
    if let Some(word) = members.take_text("taskType") {
        // Tasks that nobody else tells apart are what texts are usually for.
        asked.purpose = Purpose::named(&word);
        if asked.purpose.is_none() {
            losses.note("taskType", Reason::Adjusted);
        }
    }
    let Some(content) = members.take("content") else {
        return Err(Invalid::wrong("content", "an object with parts"));
    };
    let parts = content.members().take("parts").map(Node::items).unwrap_or_default();
    let mut text = String::new();
    for part in parts {
        let Some(piece) = part.members().take_text("text") else {
            return Err(Invalid::unsupported("content", "it takes text alone"));
        };
        text.push_str(&piece);
    }
    asked.texts.push(Cow::Owned(text));
    for (name, _) in members.rest().filter(|(name, _)| name != "model" && name != "keyway") {
        losses.note(name.into_owned(), Reason::Unsupported);
    }
    Ok(())
}

fn dimensions(members: &mut Members<'_>, names: &[&'static str]) -> Result<Option<u64>, Invalid> {
    let Some(node) = members.take_any(names) else { return Ok(None) };
    let param = names.first().copied().unwrap_or("dimensions");
    let number = node.whole().filter(|number| *number > 0);
    number.map(Some).ok_or_else(|| Invalid::wrong(param, "a whole number above 0"))
}

fn known(word: &str) -> Result<&'static Purpose, Invalid> {
    Purpose::named(word).ok_or_else(|| {
        Invalid::wrong("input_type", "`search_query`, `search_document`, `classification` or `clustering`")
    })
}

fn written(asked: &Texts<'_>, wanted: Wanted<'_>, losses: &mut Losses) -> Vec<u8> {
    let mut out = Out::with_room(asked.texts.iter().map(|text| text.len() + 8).sum::<usize>() + 256);
    out.object(|out| match wanted.to {
        Shape::Gemini | Shape::GeminiOne => {
            out.key("requests")
                .array(|out| asked.texts.iter().for_each(|text| gemini(out, text, asked, wanted.model)));
        }
        _ => {
            out.member("model", wanted.model);
            let name = if wanted.to == Shape::Cohere { "texts" } else { "input" };
            out.key(name).array(|out| asked.texts.iter().for_each(|text| out.text(text)));
            rest(out, asked, wanted.to, losses);
        }
    });
    out.into_bytes()
}

fn gemini(out: &mut Out, text: &str, asked: &Texts<'_>, model: &str) {
    out.object(|out| {
        out.member("model", &format!("models/{model}"));
        out.key("content").object(|out| {
            out.key("parts").array(|out| out.object(|out| out.member("text", text)));
        });
        out.maybe("taskType", asked.purpose.map(|purpose| purpose.gemini));
        if let Some(size) = asked.dimensions {
            out.key("outputDimensionality").whole(size);
        }
    });
}

/// What stands beside the texts.
fn rest(out: &mut Out, asked: &Texts<'_>, to: Shape, losses: &mut Losses) {
    let (size, purpose) = match to {
        Shape::Cohere | Shape::Voyage => ("output_dimension", Some("input_type")),
        Shape::Jina => ("dimensions", Some("task")),
        _ => ("dimensions", None),
    };
    if let Some(number) = asked.dimensions {
        out.key(size).whole(number);
    }
    let word = match to {
        Shape::Cohere => Some(asked.purpose.map_or(COHERE_USUAL, |purpose| purpose.cohere)),
        Shape::Voyage => asked.purpose.and_then(|purpose| purpose.voyage),
        Shape::Jina => asked.purpose.and_then(|purpose| purpose.jina),
        _ => None,
    };
    match (purpose, word) {
        (Some(name), Some(word)) => out.member(name, word),
        _ if asked.purpose.is_some() => losses.note("input_type", Reason::Unsupported),
        _ => {}
    }
    match to {
        Shape::Cohere => out.key("embedding_types").array(|out| out.text("float")),
        Shape::OpenAi => out.member("encoding_format", "float"),
        _ => {}
    }
}

/// A request of a client of Google's for Google itself: what it says stays, under the name that the model
/// has there, as one of several.
///
/// # Errors
/// What cannot be read.
pub fn named(body: &[u8], one: bool, model: &str) -> Result<Vec<u8>, Invalid> {
    let root = Node::parse(body)?;
    let mut members = root.members();
    let requests = match one {
        true => vec![root],
        false => members.take("requests").map(Node::items).unwrap_or_default(),
    };
    if requests.is_empty() || requests.len() > TEXTS_MAX {
        return Err(too_many());
    }
    let mut out = Out::with_room(body.len() + 64);
    out.object(|out| {
        out.key("requests").array(|out| {
            for request in requests {
                out.object(|out| {
                    out.member("model", &format!("models/{model}"));
                    for (name, value) in
                        request.members().rest().filter(|(name, _)| name != "model" && name != "keyway")
                    {
                        out.key(&name).raw(value.raw());
                    }
                });
            }
        });
    });
    Ok(out.into_bytes())
}
