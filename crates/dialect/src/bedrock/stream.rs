//! A stream of Converse told as Anthropic's server-sent events.

use super::frame::{Broken, Frame, Splitter};
use super::{counts, stop};
use crate::json::{Node, Out};

/// Kinds of failure: what Bedrock calls them within a stream, and Anthropic.
const FAILURES: [(&str, &str); 5] = [
    ("throttlingException", "rate_limit_error"),
    ("validationException", "invalid_request_error"),
    ("serviceUnavailableException", "overloaded_error"),
    ("modelTimeoutException", "timeout_error"),
    ("accessDeniedException", "permission_error"),
];

/// One stream on its way.
#[derive(Debug)]
pub struct Stream {
    id: String,
    model: String,
    frames: Splitter,
    /// Blocks that have been opened and not closed: Bedrock opens those of tools alone.
    open: Vec<u64>,
    stop: Option<String>,
    ended: bool,
}

impl Stream {
    /// A stream of an answer that is called `id`.
    #[must_use]
    pub fn new(id: &str, model: &str) -> Self {
        Self {
            id: id.to_owned(),
            model: model.to_owned(),
            frames: Splitter::default(),
            open: Vec::new(),
            stop: None,
            ended: false,
        }
    }

    /// More of the provider's bytes; adds the events that are whole to `out`.
    ///
    /// # Errors
    /// [`Broken`]: it is no stream of frames.
    pub fn push(&mut self, bytes: &[u8], out: &mut Vec<u8>) -> Result<(), Broken> {
        self.frames.push(bytes);
        while let Some(frame) = self.frames.next_frame()? {
            self.frame(&frame, out);
        }
        Ok(())
    }

    /// Nothing more comes. An answer whose stop is known and whose usage is not is whole all the same.
    ///
    /// # Errors
    /// [`Broken`]: it ended within a frame.
    pub fn finish(&mut self, out: &mut Vec<u8>) -> Result<(), Broken> {
        if self.stop.is_some() && !self.ended {
            self.end(None, out);
        }
        if self.frames.is_empty() { Ok(()) } else { Err(Broken) }
    }

    fn frame(&mut self, frame: &Frame, out: &mut Vec<u8>) {
        if self.ended {
            return;
        }
        let members = Node::parse(&frame.payload).map(Node::members).unwrap_or_default();
        if frame.message != "event" {
            self.ended = true;
            return failed(&frame.kind, members.get("message").and_then(Node::text).as_deref(), out);
        }
        let index = members.get("contentBlockIndex").and_then(Node::whole).unwrap_or(0);
        match frame.kind.as_str() {
            "messageStart" => self.start(out),
            "contentBlockStart" => {
                let start = members.get("start").map(Node::members).unwrap_or_default();
                if let Some(call) = start.get("toolUse") {
                    self.open(index, out, |out| {
                        let mut call = call.members();
                        out.member("type", "tool_use");
                        out.member("id", &call.take_text("toolUseId").unwrap_or_default());
                        out.member("name", &call.take_text("name").unwrap_or_default());
                        out.key("input").object(|_| {});
                    });
                }
            }
            "contentBlockDelta" => self.delta(index, members.get("delta"), out),
            "contentBlockStop" => self.close(index, out),
            "messageStop" => {
                self.stop = members.get("stopReason").and_then(Node::text).map(|word| stop(&word).to_owned());
            }
            "metadata" => self.end(members.get("usage"), out),
            _ => {}
        }
    }

    fn start(&self, out: &mut Vec<u8>) {
        event("message_start", out, |out| {
            out.key("message").object(|out| {
                out.member("id", &self.id);
                out.member("type", "message");
                out.member("role", "assistant");
                out.member("model", &self.model);
                out.key("content").array(|_| {});
                out.key("stop_reason").null();
                out.key("stop_sequence").null();
                out.key("usage").object(|out| {
                    out.key("input_tokens").whole(0);
                    out.key("output_tokens").whole(0);
                });
            });
        });
    }

    fn open(&mut self, index: u64, out: &mut Vec<u8>, block: impl FnOnce(&mut Out)) {
        if self.open.contains(&index) {
            return;
        }
        self.open.push(index);
        event("content_block_start", out, |out| {
            out.key("index").whole(index);
            out.key("content_block").object(block);
        });
    }

    fn close(&mut self, index: u64, out: &mut Vec<u8>) {
        if let Some(at) = self.open.iter().position(|open| *open == index) {
            self.open.remove(at);
            event("content_block_stop", out, |out| out.key("index").whole(index));
        }
    }

    fn delta(&mut self, index: u64, delta: Option<Node<'_>>, out: &mut Vec<u8>) {
        let delta = delta.map(Node::members).unwrap_or_default();
        let said = |kind: &str, member: &str, text: &str, out: &mut Vec<u8>| {
            event("content_block_delta", out, |out| {
                out.key("index").whole(index);
                out.key("delta").object(|out| {
                    out.member("type", kind);
                    out.member(member, text);
                });
            });
        };
        if let Some(text) = delta.get("text").and_then(Node::text) {
            self.open(index, out, |out| {
                out.member("type", "text");
                out.member("text", "");
            });
            return said("text_delta", "text", &text, out);
        }
        if let Some(input) = delta.get("toolUse").and_then(|call| call.members().take_text("input")) {
            return said("input_json_delta", "partial_json", &input, out);
        }
        let Some(reasoning) = delta.get("reasoningContent").map(Node::members) else { return };
        if let Some(data) = reasoning.get("redactedContent").and_then(Node::text) {
            return self.open(index, out, |out| {
                out.member("type", "redacted_thinking");
                out.member("data", &data);
            });
        }
        self.open(index, out, |out| {
            out.member("type", "thinking");
            out.member("thinking", "");
            out.member("signature", "");
        });
        if let Some(text) = reasoning.get("text").and_then(Node::text) {
            said("thinking_delta", "thinking", &text, out);
        }
        if let Some(signature) = reasoning.get("signature").and_then(Node::text) {
            said("signature_delta", "signature", &signature, out);
        }
    }

    /// The stop and the usage, which come behind each other, are one event at Anthropic.
    fn end(&mut self, usage: Option<Node<'_>>, out: &mut Vec<u8>) {
        self.ended = true;
        for index in std::mem::take(&mut self.open) {
            event("content_block_stop", out, |out| out.key("index").whole(index));
        }
        event("message_delta", out, |out| {
            out.key("delta").object(|out| {
                out.or_null("stop_reason", self.stop.as_deref());
                out.key("stop_sequence").null();
            });
            if usage.is_some() {
                counts(usage, out);
            }
        });
        event("message_stop", out, |_| {});
    }
}

fn failed(kind: &str, message: Option<&str>, out: &mut Vec<u8>) {
    let known = FAILURES.iter().find(|(theirs, _)| *theirs == kind).map(|(_, ours)| *ours);
    event("error", out, |out| {
        out.key("error").object(|out| {
            out.member("type", known.unwrap_or("api_error"));
            out.member("message", message.unwrap_or(kind));
        });
    });
}

/// An event of Anthropic's: its name stands in its data too.
fn event(name: &str, out: &mut Vec<u8>, write: impl FnOnce(&mut Out)) {
    let mut data = Out::with_room(256);
    data.object(|out| {
        out.member("type", name);
        write(out);
    });
    out.extend_from_slice(format!("event: {name}\ndata: ").as_bytes());
    out.extend_from_slice(&data.into_bytes());
    out.extend_from_slice(b"\n\n");
}
