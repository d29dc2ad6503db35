//! The hub: any dialect's request to any other's, and any answer back.
//!
//! ```text
//! client's body --read_request--> Request --write_request--> provider's body
//! provider's frame --Decoder--> events --Encoder--> client's frames, or write_whole
//! ```
//!
//! Each dialect is six functions in a module of its own; here they are only chosen. Nothing is lost
//! in silence: what a target cannot say is in [`Losses`], is done another way and named there too,
//! or is refused ([`Invalid`]).

pub mod citation;
pub mod error;
pub mod fit;
pub mod knobs;
pub mod losses;
pub mod media;
pub mod names;
pub mod reasoning;
pub mod reply;
pub mod request;
pub mod restore;
pub mod schema;
pub mod sequence;
pub mod target;
pub mod whole;

pub use error::{Failure, Invalid, status_of, write_error};
pub use knobs::{Knob, Knobs};
pub use losses::{Loss, Losses, Reason};
pub use reasoning::{Effort, Mode, Reasoning};
pub use reply::{Notice, Reply};
pub use request::Request;
pub use restore::Restore;
pub use target::{Abilities, ReasoningControl, Target};
pub use whole::Whole;

use crate::event::{Event, UpstreamMessage};
use crate::json::Node;
use crate::meter::{Ending, Seen};
use crate::openai_chat::usage::{Report, UsageRule};
use crate::{anthropic, gemini, meter, openai_chat, openai_responses};
use std::borrow::Cow;

/// A wire format.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Dialect {
    /// `POST /chat/completions` of OpenAI and its many imitators.
    OpenAiChat,
    /// `POST /responses` of OpenAI.
    OpenAiResponses,
    /// `POST /messages` of Anthropic.
    Anthropic,
    /// `:generateContent` of Google.
    Gemini,
}

impl Dialect {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::OpenAiChat, Self::OpenAiResponses, Self::Anthropic, Self::Gemini];

    /// Its name in the configuration (`speaks`).
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::OpenAiChat => "openai-chat",
            Self::OpenAiResponses => "openai-responses",
            Self::Anthropic => "anthropic-messages",
            Self::Gemini => "gemini",
        }
    }

    /// Path of a request below a provider's base URL.
    #[must_use]
    pub fn path(self, model: &str, stream: bool) -> Cow<'static, str> {
        match (self, stream) {
            (Self::OpenAiChat, _) => Cow::Borrowed("/chat/completions"),
            (Self::OpenAiResponses, _) => Cow::Borrowed("/responses"),
            (Self::Anthropic, _) => Cow::Borrowed("/messages"),
            (Self::Gemini, false) => Cow::Owned(format!("/models/{model}:generateContent")),
            (Self::Gemini, true) => Cow::Owned(format!("/models/{model}:streamGenerateContent?alt=sse")),
        }
    }

    /// Header fields that a request of our own making needs.
    #[must_use]
    pub fn headers(self) -> &'static [(&'static str, &'static str)] {
        match self {
            Self::Anthropic => &[("anthropic-version", anthropic::VERSION)],
            _ => &[],
        }
    }

    /// Header fields of a client that a provider of the same dialect must see.
    #[must_use]
    pub fn passed_on(self) -> &'static [&'static str] {
        match self {
            Self::Anthropic => &["anthropic-version", "anthropic-beta"],
            _ => &[],
        }
    }

    /// The member a provider reads the output cap from; chat has a second name for it
    /// ([`Abilities::completion_cap`]).
    #[must_use]
    pub fn cap_name(self) -> &'static str {
        match self {
            Self::OpenAiChat | Self::Anthropic => "max_tokens",
            Self::OpenAiResponses => "max_output_tokens",
            Self::Gemini => "maxOutputTokens",
        }
    }

    /// Bytes that say nothing, for a client that would take silence for death.
    #[must_use]
    pub fn keep_alive(self) -> &'static [u8] {
        match self {
            Self::Anthropic => b"event: ping\ndata: {\"type\":\"ping\"}\n\n",
            _ => b": keep-alive\n\n",
        }
    }

    /// By its name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|dialect| dialect.name() == name)
    }
}

/// What the path of a request says instead of its body (Gemini's).
#[derive(Debug, Clone, Copy, Default)]
pub struct Asked<'a> {
    /// The model.
    pub model: Option<&'a str>,
    /// A stream is asked for.
    pub stream: bool,
}

/// A request as it goes to a provider.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Written {
    /// The body.
    pub body: Vec<u8>,
    /// What the answer must have back.
    pub restore: Restore,
}

/// Reads a client's request.
///
/// # Errors
/// What cannot be read without guessing.
pub fn read_request<'a>(dialect: Dialect, body: &'a [u8], asked: Asked<'a>) -> Result<Request<'a>, Invalid> {
    let body = Node::parse(body)?;
    match dialect {
        Dialect::OpenAiChat => openai_chat::read(body),
        Dialect::OpenAiResponses => openai_responses::read(body),
        Dialect::Anthropic => anthropic::read(body),
        Dialect::Gemini => gemini::read(body, asked),
    }
}

/// Writes a request for `target`, as much as can be said there.
///
/// # Errors
/// What the caller relies on and the target cannot do.
pub fn write_request(
    request: &Request<'_>,
    target: &Target<'_>,
    losses: &mut Losses,
) -> Result<Written, Invalid> {
    let mut request = request.clone();
    let restore = fit::fit(&mut request, target, losses)?;
    let body = match target.dialect {
        Dialect::OpenAiChat => openai_chat::write(&request, target, losses),
        Dialect::OpenAiResponses => openai_responses::write(&request, target, losses),
        Dialect::Anthropic => anthropic::write(&request, target, losses),
        Dialect::Gemini => gemini::write(&request, target, losses),
    }?;
    Ok(Written { body, restore })
}

/// Reads a provider's answer, frame by frame or whole, into events.
#[derive(Debug)]
#[allow(clippy::large_enum_variant, reason = "there is one for each answer, and it stays where it is")]
pub enum Decoder {
    /// OpenAI chat.
    OpenAiChat(openai_chat::Decoder),
    /// OpenAI Responses.
    OpenAiResponses(meter::Decoder<openai_responses::Frames>),
    /// Anthropic.
    Anthropic(meter::Decoder<anthropic::Frames>),
    /// Gemini.
    Gemini(meter::Decoder<gemini::Frames>),
}

/// The same call on whichever decoder it is.
macro_rules! each {
    ($self:expr, $decoder:ident => $call:expr) => {
        match $self {
            Decoder::OpenAiChat($decoder) => $call,
            Decoder::OpenAiResponses($decoder) => $call,
            Decoder::Anthropic($decoder) => $call,
            Decoder::Gemini($decoder) => $call,
        }
    };
}

impl Decoder {
    /// A decoder for one answer of a provider that speaks `dialect` and counts by `rule`.
    #[must_use]
    pub fn new(dialect: Dialect, rule: UsageRule) -> Self {
        match dialect {
            Dialect::OpenAiChat => Self::OpenAiChat(openai_chat::Decoder::new(rule)),
            Dialect::OpenAiResponses => Self::OpenAiResponses(meter::Decoder::new(rule)),
            Dialect::Anthropic => Self::Anthropic(meter::Decoder::new(rule)),
            Dialect::Gemini => Self::Gemini(meter::Decoder::new(rule)),
        }
    }

    /// Reads the data of one stream event into canonical events.
    pub fn event<'a>(&mut self, data: &'a [u8], out: &mut Vec<Event<'a>>) -> Seen {
        each!(self, decoder => decoder.event(data, out))
    }

    /// As [`Decoder::event`] for a pass-through, where nobody needs the events.
    #[inline]
    pub fn see(&mut self, data: &[u8]) -> Seen {
        each!(self, decoder => decoder.see(data))
    }

    /// Reads a finished answer into the events of the stream it could have been.
    pub fn whole<'a>(&mut self, body: &'a [u8], out: &mut Vec<Event<'a>>) -> Seen {
        each!(self, decoder => decoder.whole(body, out))
    }

    /// As [`Decoder::whole`] for a pass-through.
    #[inline]
    pub fn see_whole(&mut self, body: &[u8]) -> Seen {
        each!(self, decoder => decoder.see_whole(body))
    }

    /// Says that nothing more comes, and gives the events that were held back for it.
    pub fn finish(&mut self, out: &mut Vec<Event<'_>>) -> Ending {
        each!(self, decoder => decoder.finish(out))
    }

    /// How the answer stands.
    #[must_use]
    pub fn ending(&self) -> Ending {
        each!(self, decoder => decoder.ending())
    }

    /// The last usage report that counted anything.
    #[must_use]
    pub fn report(&self) -> Option<&Report> {
        each!(self, decoder => decoder.report())
    }

    /// What the provider said when it failed.
    #[must_use]
    pub fn failure(&self) -> Option<&UpstreamMessage> {
        each!(self, decoder => decoder.failure())
    }
}

/// Tells an answer to a client as a stream.
#[derive(Debug)]
pub struct Encoder {
    /// What the answer is told with. The cost may be set until the answer's usage is told.
    pub reply: Reply,
    /// What of the answer could not be told.
    pub losses: Losses,
    kind: EncoderKind,
}

#[derive(Debug)]
enum EncoderKind {
    OpenAiChat(openai_chat::Encoder),
    OpenAiResponses(openai_responses::Encoder),
    Anthropic(anthropic::Encoder),
    Gemini(gemini::Encoder),
}

/// The same call on whichever encoder it is.
macro_rules! tell {
    ($kind:expr, $encoder:ident => $call:expr) => {
        match $kind {
            EncoderKind::OpenAiChat($encoder) => $call,
            EncoderKind::OpenAiResponses($encoder) => $call,
            EncoderKind::Anthropic($encoder) => $call,
            EncoderKind::Gemini($encoder) => $call,
        }
    };
}

impl Encoder {
    /// An encoder for one answer to a client that speaks `dialect`.
    #[must_use]
    pub fn new(dialect: Dialect, reply: Reply) -> Self {
        let kind = match dialect {
            Dialect::OpenAiChat => EncoderKind::OpenAiChat(openai_chat::Encoder::default()),
            Dialect::OpenAiResponses => EncoderKind::OpenAiResponses(openai_responses::Encoder::default()),
            Dialect::Anthropic => EncoderKind::Anthropic(anthropic::Encoder::default()),
            Dialect::Gemini => EncoderKind::Gemini(gemini::Encoder::default()),
        };
        Self { reply, losses: Losses::default(), kind }
    }

    /// Adds the frames that tell `event` to `out`, server-sent events each of them.
    pub fn event(&mut self, event: Event<'_>, out: &mut Vec<u8>) {
        let mut restore = std::mem::take(&mut self.reply.restore);
        let (reply, losses) = (&self.reply, &mut self.losses);
        restore
            .pass(event, |event| tell!(&mut self.kind, encoder => encoder.event(event, reply, losses, out)));
        self.reply.restore = restore;
    }

    /// Ends the stream with a failure of the gateway's own; nothing may follow.
    pub fn fail(&mut self, failure: &Failure<'_>, out: &mut Vec<u8>) {
        let reply = &self.reply;
        tell!(&mut self.kind, encoder => encoder.fail(failure, reply, out));
    }

    /// Ends the stream when all events have been told; says nothing behind a failure.
    pub fn end(&mut self, out: &mut Vec<u8>) {
        let reply = &self.reply;
        tell!(&mut self.kind, encoder => encoder.end(reply, out));
    }
}

/// An answer as one body for a client that speaks `dialect`. A failed one is an error's body.
pub fn write_whole<'a>(
    dialect: Dialect,
    events: impl IntoIterator<Item = Event<'a>>,
    reply: &Reply,
    losses: &mut Losses,
) -> Vec<u8> {
    let mut restore = reply.restore.clone();
    let mut whole = Whole::default();
    for event in events {
        restore.pass(event, |event| whole.push(&event));
    }
    if let Some(said) = &whole.failed {
        return write_error(dialect, &Failure::of(said));
    }
    match dialect {
        Dialect::OpenAiChat => openai_chat::whole(&whole, reply, losses),
        Dialect::OpenAiResponses => openai_responses::whole(&whole, reply, losses),
        Dialect::Anthropic => anthropic::whole(&whole, reply, losses),
        Dialect::Gemini => gemini::whole(&whole, reply, losses),
    }
}
