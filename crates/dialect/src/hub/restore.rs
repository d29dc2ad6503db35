//! What must be put back in the answer because the request could not say it as it was: names of
//! tools the target would not take, free-text tools told as functions, structured output as a tool.

use super::names::fitted;
use crate::event::{Event, Part, ToolForm};
use crate::json::{Node, Out};
use std::borrow::Cow;

/// Member of the arguments that carries the text of a custom tool told as a function.
const INPUT: &str = "input";

/// What one request changed and its answer must have back.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Restore {
    /// Names as they were sent and as the caller has them.
    names: Vec<(String, String)>,
    /// Custom tools (the caller's names) that were sent as functions with one string.
    custom: Vec<String>,
    /// Calls are told as the deprecated `function_call`.
    pub legacy: bool,
    /// Arguments of calls of custom tools so far: choice, block, text.
    held: Vec<(u32, u32, String)>,
}

impl Restore {
    /// Nothing so far; `legacy` when calls are to be told as `function_call`.
    #[must_use]
    pub fn new(legacy: bool) -> Self {
        Self { legacy, ..Self::default() }
    }

    /// The name to send for the caller's `name`: at most `bytes_max` bytes, each of them
    /// one of `A-Za-z0-9_-`; the same each time, another for another name.
    pub fn name<'a>(&mut self, name: Cow<'a, str>, bytes_max: usize) -> Cow<'a, str> {
        let sent = fitted(name.clone(), bytes_max);
        if sent != name && !self.names.iter().any(|(known, _)| *known == *sent) {
            self.names.push((sent.clone().into_owned(), name.into_owned()));
        }
        sent
    }

    /// Notes that a custom tool is sent as a function.
    pub fn custom(&mut self, name: &str) {
        self.custom.push(name.to_owned());
    }

    /// Whether any name was changed.
    #[must_use]
    pub fn renames(&self) -> bool {
        !self.names.is_empty()
    }

    /// The schema of a custom tool as a function.
    pub const CUSTOM_SCHEMA: &'static str = r#"{"type":"object","properties":{"input":{"type":"string"}},"required":["input"],"additionalProperties":false}"#;

    /// Arguments of a call of a custom tool as those of a function.
    #[must_use]
    pub fn custom_arguments(text: &str) -> String {
        let mut out = Out::default();
        out.object(|out| out.member(INPUT, text));
        String::from_utf8(out.into_bytes()).unwrap_or_default()
    }

    /// Gives an event on as the caller is to have it. Arguments of custom tools are held back
    /// until they are complete.
    pub fn pass<'a>(&mut self, event: Event<'a>, mut give: impl FnMut(Event<'a>)) {
        match event {
            Event::Open { choice, block, part: Part::ToolCall { id, name, form } } => {
                let known = self.names.iter().find(|(sent, _)| *sent == name);
                let name = known.map_or(name, |(_, original)| Cow::Owned(original.clone()));
                let custom = form == ToolForm::Function && self.custom.iter().any(|known| *known == name);
                let form = match form {
                    _ if custom => ToolForm::Custom,
                    ToolForm::Function if self.legacy => ToolForm::Legacy,
                    form => form,
                };
                if custom {
                    self.held.push((choice, block, String::new()));
                }
                give(Event::Open { choice, block, part: Part::ToolCall { id, name, form } });
            }
            Event::Delta { choice, block, text } => match self.held_of(choice, block) {
                Some(held) => held.push_str(&text),
                None => give(Event::Delta { choice, block, text }),
            },
            Event::Close { choice, block } => {
                if let Some(text) = self.take_held(choice, block)
                    && !text.is_empty()
                {
                    give(Event::Delta { choice, block, text: Cow::Owned(text) });
                }
                give(Event::Close { choice, block });
            }
            event => give(event),
        }
    }

    fn held_of(&mut self, choice: u32, block: u32) -> Option<&mut String> {
        let found = self.held.iter_mut().find(|held| (held.0, held.1) == (choice, block));
        found.map(|(.., text)| text)
    }

    /// The text within the arguments; arguments of another shape are given as they are.
    fn take_held(&mut self, choice: u32, block: u32) -> Option<String> {
        let at = self.held.iter().position(|held| (held.0, held.1) == (choice, block))?;
        let (.., arguments) = self.held.swap_remove(at);
        let text = Node::parse(arguments.as_bytes()).ok();
        let text = text.and_then(|node| node.members().take_text(INPUT).map(Cow::into_owned));
        Some(text.unwrap_or(arguments))
    }
}
