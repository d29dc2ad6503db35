//! Sources of what an answer says. Every dialect can name a web page; what else there is
//! (places in documents) only its home dialect can say.

use crate::json::{Node, Out};
use std::borrow::Cow;

/// A web page as the source of a piece of text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Citation<'a> {
    /// Its address.
    pub url: Cow<'a, str>,
    /// Its title.
    pub title: Option<Cow<'a, str>>,
    /// What is cited of it.
    pub cited: Option<Cow<'a, str>>,
    /// Where the piece begins and ends in the answer's text, in characters.
    pub span: Option<(u64, u64)>,
}

impl<'a> Citation<'a> {
    /// Reads OpenAI's (nested or flat) and Anthropic's shape; `None` when it is about no page.
    #[must_use]
    pub fn read(json: &'a str) -> Option<Self> {
        let mut outer = Node::parse(json.as_bytes()).ok()?.members();
        let mut inner = match outer.take("url_citation") {
            Some(node) => node.members(),
            None => outer,
        };
        let mut place = |name| inner.take(name).and_then(Node::whole);
        let span = place("start_index").zip(place("end_index"));
        Some(Self {
            url: inner.take_text("url")?,
            title: inner.take_text("title"),
            cited: inner.take_text("cited_text"),
            span,
        })
    }

    /// Writes the members OpenAI's dialects have for it.
    pub fn openai(&self, out: &mut Out) {
        let (start, end) = self.span.unwrap_or_default();
        out.key("start_index").whole(start);
        out.key("end_index").whole(end);
        out.member("title", self.title.as_deref().unwrap_or(&self.url));
        out.member("url", &self.url);
    }
}
