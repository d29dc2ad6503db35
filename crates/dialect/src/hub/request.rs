//! The canonical request: what a caller asks for, whichever dialect it asked in.
//!
//! Content is ordered blocks, because that is the most any dialect can say. Arguments of tools,
//! schemas and numbers are kept as the JSON text they were written in and never written anew.
//! `null` and absent are the same. What only the dialect of the caller knows is kept as
//! [`Extra`]: it goes back where it came from, and anywhere else it is a named loss.

use super::Dialect;
use super::knobs::Knobs;
use super::reasoning::Reasoning;
use crate::event::ToolForm;
use std::borrow::Cow;

/// A request for an answer of a chat model.
#[derive(Debug, Clone, PartialEq)]
pub struct Request<'a> {
    /// The dialect it was read from.
    pub home: Dialect,
    /// Model as the caller named it.
    pub model: Cow<'a, str>,
    /// What stands before the conversation: text blocks as a rule.
    pub system: Vec<Block<'a>>,
    /// The conversation in its order.
    pub turns: Vec<Turn<'a>>,
    /// Tools the model may call.
    pub tools: Vec<Tool<'a>>,
    /// They were given as the deprecated `functions`, and calls are told as `function_call`.
    pub legacy_functions: bool,
    /// Which of them; `None` leaves it to the provider.
    pub tool_choice: Option<ToolChoice<'a>>,
    /// Whether several may be called at once.
    pub parallel_tools: Option<bool>,
    /// The shape the answer's text must have.
    pub format: Option<Format<'a>>,
    /// How much to think, and whether to tell.
    pub reasoning: Reasoning,
    /// Most tokens of output, those of reasoning included; at least 1.
    pub output_cap: Option<u64>,
    /// Words that end the answer.
    pub stop: Vec<Cow<'a, str>>,
    /// Who asks, as the caller calls its own users.
    pub user: Option<Cow<'a, str>>,
    /// Sampling and everything else that is one value.
    pub knobs: Knobs<'a>,
    /// A cache mark for the request as a whole.
    pub cache: Option<CacheMark>,
    /// The answer is wanted as a stream.
    pub stream: bool,
    /// The stream shall tell what it used, in dialects where that is a choice.
    pub include_usage: bool,
    /// What only the home dialect knows.
    pub extra: Vec<Extra<'a>>,
}

/// Who speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// Instructions within the conversation.
    System,
    /// The caller; results of tools are spoken by it too.
    User,
    /// The model.
    Assistant,
}

/// One turn of the conversation.
#[derive(Debug, Clone, PartialEq)]
pub struct Turn<'a> {
    /// Who speaks.
    pub role: Role,
    /// What is said, in order.
    pub blocks: Vec<Block<'a>>,
    /// Name of the participant, where a dialect has such.
    pub name: Option<Cow<'a, str>>,
}

/// One piece of content and what is attached to it.
#[derive(Debug, Clone, PartialEq)]
pub struct Block<'a> {
    /// The piece.
    pub content: Content<'a>,
    /// The prompt up to here shall be cached.
    pub cache: Option<CacheMark>,
    /// State of the provider that made it, to be given back to that provider and no other.
    pub state: Option<State<'a>>,
}

/// What a block holds.
#[derive(Debug, Clone, PartialEq)]
pub enum Content<'a> {
    /// Text.
    Text(Cow<'a, str>),
    /// Why the model declined, in its own words.
    Refusal(Cow<'a, str>),
    /// The model's reasoning; empty when only its state is known.
    Reasoning(Cow<'a, str>),
    /// An image, a document or a recording.
    Media(Media<'a>),
    /// A call the model made.
    ToolCall {
        /// Its id; may be empty where the dialect gives none.
        id: Cow<'a, str>,
        /// Name of the tool.
        name: Cow<'a, str>,
        /// JSON text, or free text of a custom tool.
        arguments: Cow<'a, str>,
        /// Kind of call.
        form: ToolForm,
    },
    /// What came of a call.
    ToolResult {
        /// Id of the call; may be empty where the dialect matches by name and order.
        id: Cow<'a, str>,
        /// Name of the tool, where it was given.
        name: Option<Cow<'a, str>>,
        /// Text, media, or opaque blocks.
        content: Vec<Block<'a>>,
        /// The tool failed.
        error: bool,
    },
    /// Something only its home dialect can express.
    Opaque {
        /// The dialect it goes back to and no other.
        home: Dialect,
        /// Kind of thing there.
        kind: Cow<'a, str>,
        /// The block as it was written.
        json: Cow<'a, str>,
    },
}

/// State that only the provider that made it can read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct State<'a> {
    /// Whose it is, see [`super::Target::origin`].
    pub origin: Cow<'a, str>,
    /// As it came; empty when the provider wants the reasoning itself back and nothing else.
    pub data: Cow<'a, str>,
}

/// Kinds of media.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MediaKind {
    /// A picture.
    Image,
    /// A file with text in it, such as PDF.
    Document,
    /// A recording.
    Audio,
    /// A film.
    Video,
}

/// An image, a document or a recording.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Media<'a> {
    /// What kind.
    pub kind: MediaKind,
    /// Where its bytes are.
    pub source: Source<'a>,
    /// How closely to look (`low`, `high`, `auto`).
    pub detail: Option<Cow<'a, str>>,
    /// File name or title.
    pub name: Option<Cow<'a, str>>,
}

/// Where the bytes of a medium are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Source<'a> {
    /// To be fetched.
    Url(Cow<'a, str>),
    /// Here, in base64.
    Base64 {
        /// `image/png`, for example.
        media_type: Cow<'a, str>,
        /// Standard base64.
        data: Cow<'a, str>,
    },
    /// Uploaded before, to the provider the id is from.
    File(Cow<'a, str>),
    /// Plain text.
    Text(Cow<'a, str>),
}

/// The prompt up to here shall be kept by the provider.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CacheMark {
    /// For how long; 0 is the provider's default.
    pub minutes: u32,
}

/// A tool the model may call.
#[derive(Debug, Clone, PartialEq)]
pub struct Tool<'a> {
    /// Its name.
    pub name: Cow<'a, str>,
    /// What it does.
    pub description: Option<Cow<'a, str>>,
    /// What it takes.
    pub kind: ToolKind<'a>,
    /// The prompt up to here shall be cached.
    pub cache: Option<CacheMark>,
}

/// Kinds of tool.
#[derive(Debug, Clone, PartialEq)]
pub enum ToolKind<'a> {
    /// Arguments by a JSON schema.
    Function {
        /// The schema as it was written; `None` for a function without parameters.
        schema: Option<Cow<'a, str>>,
        /// Arguments must follow it.
        strict: Option<bool>,
    },
    /// Free text.
    Custom {
        /// The format as it was written.
        format: Option<Cow<'a, str>>,
    },
    /// A tool of the provider's own, or of a kind only the home dialect has.
    Opaque {
        /// The dialect it belongs to.
        home: Dialect,
        /// The definition as it was written.
        json: Cow<'a, str>,
    },
}

/// Which tools are to be called.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ToolChoice<'a> {
    /// As the model likes.
    Auto,
    /// None at all.
    None,
    /// At least one.
    Required,
    /// This one.
    Named(Cow<'a, str>),
    /// Of these only; at least one when `required`.
    Allowed {
        /// Their names.
        names: Vec<Cow<'a, str>>,
        /// One must be called.
        required: bool,
    },
}

/// The shape of the answer's text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Format<'a> {
    /// Any JSON object.
    Json,
    /// JSON by a schema.
    Schema {
        /// Name of it; may be empty.
        name: Cow<'a, str>,
        /// What it is for.
        description: Option<Cow<'a, str>>,
        /// The schema as it was written.
        schema: Cow<'a, str>,
        /// The answer must follow it.
        strict: Option<bool>,
    },
}

/// A member that only the home dialect knows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Extra<'a> {
    /// Where it stood, `messages.content.foo`; a plain name stands at the top level.
    pub path: Cow<'a, str>,
    /// Its value as it was written.
    pub json: &'a str,
}

impl<'a> Request<'a> {
    /// A request of `home` for `model` that says nothing else.
    #[must_use]
    pub fn new(home: Dialect, model: Cow<'a, str>) -> Self {
        Self {
            home,
            model,
            system: Vec::new(),
            turns: Vec::new(),
            tools: Vec::new(),
            legacy_functions: false,
            tool_choice: None,
            parallel_tools: None,
            format: None,
            reasoning: Reasoning::default(),
            output_cap: None,
            stop: Vec::new(),
            user: None,
            knobs: Knobs::default(),
            cache: None,
            stream: false,
            include_usage: false,
            extra: Vec::new(),
        }
    }

    /// Every block there is, those within tool results included.
    pub fn blocks(&self) -> impl Iterator<Item = &Block<'a>> {
        let top = self.system.iter().chain(self.turns.iter().flat_map(|turn| &turn.blocks));
        top.flat_map(|block| {
            let inner: &[Block<'a>] = match &block.content {
                Content::ToolResult { content, .. } => content,
                _ => &[],
            };
            std::iter::once(block).chain(inner)
        })
    }

    /// Name of the tool a call of this id was for.
    #[must_use]
    pub fn name_of_call(&self, wanted: &str) -> Option<&str> {
        self.blocks().find_map(|block| match &block.content {
            Content::ToolCall { id, name, .. } if id == wanted => Some(&**name),
            _ => None,
        })
    }
}

impl<'a> Block<'a> {
    /// A block with nothing attached.
    #[must_use]
    pub fn new(content: Content<'a>) -> Self {
        Self { content, cache: None, state: None }
    }

    /// A text block.
    #[must_use]
    pub fn text(text: impl Into<Cow<'a, str>>) -> Self {
        Self::new(Content::Text(text.into()))
    }

    /// Its text, of a text block.
    #[must_use]
    pub fn as_text(&self) -> Option<&str> {
        match &self.content {
            Content::Text(text) => Some(text),
            _ => None,
        }
    }
}

/// The texts of `blocks`, joined by `between`.
#[must_use]
pub fn joined(blocks: &[Block<'_>], between: &str) -> String {
    let texts: Vec<&str> = blocks.iter().filter_map(Block::as_text).collect();
    texts.join(between)
}
