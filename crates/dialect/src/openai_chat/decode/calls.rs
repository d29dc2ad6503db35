//! Tool calls that arrive in fragments.
//!
//! A fragment belongs to the call of its `index`; vendors leave the index out, repeat id
//! and name in every fragment, or give whole parallel calls all at index 0.

use super::Sink;
use super::choice::Choice;
use super::top::number;
use crate::event::{Event, Part, ToolForm};
use crate::json::{JsonError, Kind, Known, Reader, Text, known};
use std::borrow::Cow;

/// Most tool calls followed in one choice.
const CALLS_MAX: usize = 1024;
/// Most bytes kept for the calls of one choice: ids, and arguments whose name has not come yet.
const KEPT_BYTES_MAX: usize = 256 * 1024;

/// One call so far.
#[derive(Debug, Default)]
pub(super) struct Call {
    index: Option<u32>,
    id: String,
    named: bool,
    /// Its block, once the name is known.
    block: Option<u32>,
    /// Arguments that came before the name.
    held: String,
    form: Option<ToolForm>,
}

/// Members of a call, and of what is called in it.
#[derive(Clone, Copy)]
enum Key {
    Index,
    Id,
    Function,
    Custom,
    Name,
    Arguments,
    Other,
}

const CALL: &[Known<Key>] = known![
    "index" => Key::Index,
    "id" => Key::Id,
    "type" => Key::Other,
    "function" => Key::Function,
    "custom" => Key::Custom,
    "index" => Key::Index,
];

const FUNCTION: &[Known<Key>] = known![
    "name" => Key::Name,
    "arguments" => Key::Arguments,
    "name" => Key::Name,
    "input" => Key::Arguments,
];

/// What one fragment says.
#[derive(Default)]
struct Fragment<'a> {
    index: Option<u32>,
    id: Option<Text<'a>>,
    name: Option<Text<'a>>,
    arguments: Option<Text<'a>>,
    /// The arguments are a string, as they should be.
    quoted: bool,
    form: Option<ToolForm>,
}

impl<'a> Fragment<'a> {
    /// Reads `{name, arguments}`. Arguments that are not a string are taken as written.
    fn function(&mut self, reader: &mut Reader<'a>) -> Result<(), JsonError> {
        if !reader.at_object() {
            return reader.ignore();
        }
        reader.known_object(FUNCTION, |reader, member, _| {
            match member {
                Some(Key::Name) => self.name = reader.text_or_skip()?,
                Some(Key::Arguments) => {
                    let kind = reader.kind()?;
                    self.quoted = kind == Kind::Text;
                    self.arguments = match kind {
                        Kind::Text => Some(reader.text()?),
                        Kind::Null => reader.skip().map(|_| None)?,
                        _ => Some(Text::plain(reader.raw()?)),
                    }
                }
                _ => reader.ignore()?,
            }
            Ok::<(), JsonError>(())
        })
    }
}

impl Choice {
    /// Reads one element of `tool_calls`.
    pub(super) fn tool_call<'a>(
        &mut self,
        reader: &mut Reader<'a>,
        sink: &mut Sink<'_, 'a>,
    ) -> Result<(), JsonError> {
        if !reader.at_object() {
            return reader.ignore();
        }
        let mut fragment = Fragment { form: Some(ToolForm::Function), ..Fragment::default() };
        reader.known_object(CALL, |reader, member, _| {
            match member {
                Some(Key::Index) => fragment.index = number(reader)?,
                Some(Key::Id) => fragment.id = reader.text_or_skip()?.filter(|id| !id.is_empty()),
                Some(Key::Function) => fragment.function(reader)?,
                Some(Key::Custom) if reader.kind()? == Kind::Object => {
                    fragment.form = Some(ToolForm::Custom);
                    fragment.function(reader)?;
                }
                _ => reader.ignore()?,
            }
            Ok::<(), JsonError>(())
        })?;
        self.fragment(&fragment, sink);
        Ok(())
    }

    /// Reads the deprecated `function_call`, of which a message has one.
    pub(super) fn function_call<'a>(
        &mut self,
        reader: &mut Reader<'a>,
        sink: &mut Sink<'_, 'a>,
    ) -> Result<(), JsonError> {
        let mut fragment =
            Fragment { index: Some(u32::MAX), form: Some(ToolForm::Legacy), ..Fragment::default() };
        fragment.function(reader)?;
        self.fragment(&fragment, sink);
        Ok(())
    }

    fn fragment<'a>(&mut self, fragment: &Fragment<'a>, sink: &mut Sink<'_, 'a>) {
        let name = fragment.name.filter(|name| !name.is_empty());
        let arguments = fragment.arguments.filter(|arguments| !arguments.is_empty());
        sink.seen.progress |= name.is_some() || arguments.is_some() || fragment.id.is_some();
        sink.seen.output_bytes += arguments.map_or(0, |arguments| arguments.bytes());
        let calls = self.calls.len();
        let Some(at) = self.call_of(fragment, name.is_some()) else {
            sink.touch();
            return;
        };
        let known = calls == self.calls.len() && self.calls.get(at).is_some_and(|call| call.block.is_some());
        match arguments {
            Some(text) if known && fragment.quoted && fragment.id.is_none() && name.is_none() => {
                sink.say(text);
            }
            _ => sink.touch(),
        }
        let choice = self.index;
        let unnamed = self.calls.get(at).is_some_and(|call| !call.named);
        let opens = unnamed.then_some(name).flatten();
        if opens.is_some() {
            self.close_prose(sink);
        }
        let new_block = self.next_block;
        let Some(call) = self.calls.get_mut(at) else {
            return;
        };
        if let Some(id) = fragment.id
            && call.id.is_empty()
        {
            keep(&mut self.kept_bytes, &mut call.id, id);
        }
        if let Some(name) = opens {
            sink.seen.output_bytes += name.bytes();
            call.named = true;
            call.block = Some(new_block);
            self.next_block += 1;
            call.open(choice, new_block, name.cow(), sink);
        }
        let Some(arguments) = arguments else {
            return;
        };
        match call.block {
            Some(block) => sink.put(|| Event::Delta { choice, block, text: arguments.cow() }),
            None => keep(&mut self.kept_bytes, &mut call.held, arguments),
        }
    }

    /// The call a fragment belongs to, made when it is new.
    fn call_of(&mut self, fragment: &Fragment<'_>, named: bool) -> Option<usize> {
        let other_id = |call: &Call| fragment.id.is_some_and(|id| !call.id.is_empty() && !id.is(&call.id));
        let last = self.calls.len().checked_sub(1);
        let known = match (fragment.index, fragment.id) {
            (Some(index), _) => {
                let at = self.calls.iter().rposition(|call| call.index == Some(index));
                // Whole calls all numbered 0: another id with a name is another call.
                at.filter(|at| !(named && self.calls.get(*at).is_some_and(other_id)))
            }
            (None, Some(id)) => self.calls.iter().rposition(|call| id.is(&call.id)),
            (None, None) if named => None,
            (None, None) => last,
        };
        if known.is_some() || self.calls.len() >= CALLS_MAX {
            return known;
        }
        self.calls.push(Call { index: fragment.index, form: fragment.form, ..Call::default() });
        Some(self.calls.len() - 1)
    }

    /// Opens calls that never got a name, and closes all.
    pub(super) fn close_calls(&mut self, sink: &mut Sink<'_, '_>) {
        let choice = self.index;
        for call in &mut self.calls {
            let block = match call.block {
                Some(block) => block,
                None => {
                    let block = self.next_block;
                    self.next_block += 1;
                    call.open(choice, block, Cow::Borrowed(""), sink);
                    block
                }
            };
            sink.put(|| Event::Close { choice, block });
        }
    }
}

/// Adds `text` to what is kept, as long as the choice has room for it.
fn keep(kept_bytes: &mut usize, into: &mut String, text: Text<'_>) {
    let sum = kept_bytes.saturating_add(text.raw().len());
    if sum <= KEPT_BYTES_MAX {
        *kept_bytes = sum;
        into.push_str(&text.cow());
    }
}

impl Call {
    fn open<'a>(&mut self, choice: u32, block: u32, name: Cow<'a, str>, sink: &mut Sink<'_, 'a>) {
        let form = self.form.unwrap_or(ToolForm::Function);
        let (id, held) = (self.id.clone(), std::mem::take(&mut self.held));
        let part = Part::ToolCall { id: Cow::Owned(id), name, form };
        sink.put(|| Event::Open { choice, block, part });
        if !held.is_empty() {
            sink.put(|| Event::Delta { choice, block, text: Cow::Owned(held) });
        }
    }
}
