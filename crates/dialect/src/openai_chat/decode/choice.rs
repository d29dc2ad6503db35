//! One choice of an answer: its blocks and how it ended.

use super::Sink;
use super::calls::Call;
use crate::event::{Event, Part, StopReason};
use crate::hub::Dialect;
use crate::json::Text;
use std::borrow::Cow;

/// Running text of one of three kinds; a change of kind begins a new block.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Prose {
    Text,
    Reasoning,
    Refusal,
}

/// State of one choice.
#[derive(Debug, Default)]
pub(super) struct Choice {
    /// Its index as the provider counts.
    pub(super) index: u32,
    /// Number of the next block.
    pub(super) next_block: u32,
    /// The block of running text that is open.
    prose: Option<(Prose, u32)>,
    /// Tool calls so far, open until the end.
    pub(super) calls: Vec<Call>,
    /// Bytes kept for them.
    pub(super) kept_bytes: usize,
    /// The last finish reason that was not empty.
    finish: Cow<'static, str>,
}

impl Choice {
    pub(super) fn new(index: u32) -> Self {
        Self { index, ..Self::default() }
    }

    pub(super) fn block(&mut self) -> u32 {
        let block = self.next_block;
        self.next_block = block.saturating_add(1);
        block
    }

    /// More running text.
    pub(super) fn say<'a>(&mut self, prose: Prose, text: Text<'a>, sink: &mut Sink<'_, 'a>) {
        if text.is_empty() {
            return;
        }
        sink.seen.progress = true;
        sink.seen.output_bytes += text.bytes();
        sink.say(text);
        let block = self.prose_block(prose, sink);
        let choice = self.index;
        sink.put(|| Event::Delta { choice, block, text: text.cow() });
    }

    /// State that goes with the reasoning.
    pub(super) fn sign<'a>(&mut self, data: Text<'a>, sink: &mut Sink<'_, 'a>) {
        if data.is_empty() {
            return;
        }
        sink.touch();
        let block = self.prose_block(Prose::Reasoning, sink);
        let choice = self.index;
        sink.put(|| Event::Signature { choice, block, data: data.cow() });
    }

    /// A source of the text that is being said.
    pub(super) fn cite<'a>(&mut self, json: Text<'a>, sink: &mut Sink<'_, 'a>) {
        let block = self.prose_block(Prose::Text, sink);
        let choice = self.index;
        sink.put(|| Event::Citation { choice, block, json: json.cow() });
    }

    /// A thing of this dialect alone, given on as it was written.
    pub(super) fn opaque<'a>(&mut self, kind: Cow<'a, str>, raw: &'a [u8], sink: &mut Sink<'_, 'a>) {
        sink.seen.progress = true;
        sink.touch();
        self.close_prose(sink);
        let (choice, block) = (self.index, self.block());
        sink.put(|| Event::Open { choice, block, part: Part::Opaque { home: Dialect::OpenAiChat, kind } });
        sink.put(|| Event::Delta { choice, block, text: Text::plain(raw).cow() });
        sink.put(|| Event::Close { choice, block });
    }

    fn prose_block(&mut self, prose: Prose, sink: &mut Sink<'_, '_>) -> u32 {
        if let Some((open, block)) = self.prose
            && open == prose
        {
            return block;
        }
        self.close_prose(sink);
        let (choice, block) = (self.index, self.block());
        self.prose = Some((prose, block));
        let part = match prose {
            Prose::Text => Part::Text,
            Prose::Reasoning => Part::Reasoning,
            Prose::Refusal => Part::Refusal,
        };
        sink.put(|| Event::Open { choice, block, part });
        block
    }

    pub(super) fn close_prose(&mut self, sink: &mut Sink<'_, '_>) {
        if let Some((_, block)) = self.prose.take() {
            let choice = self.index;
            sink.put(|| Event::Close { choice, block });
        }
    }

    /// Closes every block that is open, in the order they were opened.
    pub(super) fn close_all(&mut self, sink: &mut Sink<'_, '_>) {
        self.close_calls(sink);
        self.close_prose(sink);
    }

    /// Notes why it ended; true when that word means failure.
    pub(super) fn finish(&mut self, native: Cow<'_, str>) -> bool {
        if let Some((known, _)) = STOPS.iter().find(|(known, _)| *known == native) {
            self.finish = Cow::Borrowed(known);
            return false;
        }
        let failed = FAILURES.contains(&&*native);
        self.finish = Cow::Owned(native.into_owned());
        failed
    }

    /// Whether a finish reason has been given.
    pub(super) fn stopped(&self) -> bool {
        !self.finish.is_empty()
    }

    /// Why it ended, in canonical terms and in the provider's word.
    pub(super) fn stop(&self) -> (StopReason, &str) {
        let known = STOPS.iter().find(|(native, _)| *native == self.finish).map(|(_, reason)| *reason);
        let reason = match known {
            Some(StopReason::End) | None if !self.calls.is_empty() => StopReason::ToolUse,
            known => known.unwrap_or(StopReason::Other),
        };
        (reason, &self.finish)
    }
}

/// Finish reasons that say the answer failed (DeepSeek, GLM, Mistral, OpenRouter, vLLM).
const FAILURES: [&str; 7] =
    ["error", "network_error", "insufficient_system_resource", "aborted", "abort", "failed", "timeout"];

/// Finish reasons of OpenAI and the words others have for them.
const STOPS: [(&str, StopReason); 17] = [
    ("stop", StopReason::End),
    ("eos", StopReason::End),
    ("eos_token", StopReason::End),
    ("end_turn", StopReason::End),
    ("stop_sequence", StopReason::Sequence),
    ("length", StopReason::Length),
    ("max_tokens", StopReason::Length),
    ("model_length", StopReason::ContextFull),
    ("model_context_window_exceeded", StopReason::ContextFull),
    ("tool_calls", StopReason::ToolUse),
    ("function_call", StopReason::ToolUse),
    ("tool_use", StopReason::ToolUse),
    ("content_filter", StopReason::Filtered),
    ("sensitive", StopReason::Filtered),
    ("refusal", StopReason::Filtered),
    ("safety", StopReason::Filtered),
    ("guardrail_intervened", StopReason::Filtered),
];
