//! Sources of what an answer says, as citations in OpenAI's shape.

use crate::hub::citation::Citation;
use crate::json::{JsonError, Members, Node, Out, Reader};
use std::borrow::Cow;

/// Reads `groundingMetadata` or `citationMetadata`. Their places are told in bytes: where the text is `wide`,
/// with characters of several, they are left out.
pub(super) fn read(mut reader: Reader<'_>, wide: bool) -> Result<Vec<String>, JsonError> {
    let mut members = Node::checked(reader.raw()?).members();
    let mut out = Vec::new();
    for node in members.take_any(&["citationSources", "citations"]).map(Node::items).unwrap_or_default() {
        let mut source = node.members();
        let (url, title) = (source.take_text("uri"), source.take_text("title"));
        cite(url, title, None, source, wide, &mut out);
    }
    let chunks = members.take("groundingChunks").map(Node::items).unwrap_or_default();
    for node in members.take("groundingSupports").map(Node::items).unwrap_or_default() {
        let mut support = node.members();
        let segment = support.take("segment").map(Node::members).unwrap_or_default();
        for index in support.take("groundingChunkIndices").map(Node::items).unwrap_or_default() {
            let chunk = index.whole().and_then(|index| chunks.get(usize::try_from(index).ok()?));
            let mut chunk = chunk.map(|chunk| chunk.members()).unwrap_or_default();
            let mut place =
                chunk.take_any(&["web", "maps", "retrievedContext"]).map(Node::members).unwrap_or_default();
            let mut segment = segment.clone();
            let cited = segment.take_text("text");
            cite(place.take_text("uri"), place.take_text("title"), cited, segment, wide, &mut out);
        }
    }
    Ok(out)
}

fn cite<'a>(
    url: Option<Cow<'a, str>>,
    title: Option<Cow<'a, str>>,
    cited: Option<Cow<'a, str>>,
    mut place: Members<'a>,
    wide: bool,
    to: &mut Vec<String>,
) {
    let end = place.take("endIndex").and_then(Node::whole);
    let span =
        end.filter(|_| !wide).map(|end| (place.take("startIndex").and_then(Node::whole).unwrap_or(0), end));
    let Some(url) = url else {
        return;
    };
    let citation = Citation { url, title, cited, span };
    let mut out = Out::with_room(128);
    out.object(|out| {
        out.member("type", "url_citation");
        out.maybe("cited_text", citation.cited.as_deref());
        citation.openai(out);
    });
    to.extend(String::from_utf8(out.into_bytes()));
}
