//! A row of the route table: dispatch and authorisation read the same row.

use super::context::{Shared, Worker};
use super::exchange::{Inbound, Outbound};
use super::running::Caller;
use crate::access::Grant;
use crate::access::verify::Needs;
use crate::base::Trouble;
use crate::catalog::Dialect;
use http::Method;
use std::future::Future;
use std::pin::Pin;
use std::rc::Rc;
use std::sync::Arc;

/// An answer in the making, on a worker's thread.
pub type Local = Pin<Box<dyn Future<Output = Result<Outbound, Trouble>>>>;
/// An answer in the making, on the control runtime.
pub type Sendable = Pin<Box<dyn Future<Output = Result<Outbound, Trouble>> + Send>>;

/// An answer that needs nobody.
pub type FromMemory = fn(&Worker, &Inbound, Option<&Arc<Grant>>) -> Result<Outbound, Trouble>;

/// An answer that needs the database.
pub type FromDatabase = fn(Arc<Shared>, Inbound, Option<Arc<Grant>>) -> Sendable;

/// Who answers.
#[derive(Clone, Copy)]
pub enum Handler {
    /// The worker, at once, from memory.
    Memory(FromMemory),
    /// The worker, with a provider.
    Inference(fn(Rc<Worker>, Inbound, Caller) -> Local),
    /// The control runtime, with the database.
    Control(FromDatabase),
}

/// Which error object the route's clients read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shape {
    /// `{"error":{"message","type","param","code"}}`
    OpenAi,
    /// A page for people.
    Page,
    /// The same; within a stream, events of the Responses API.
    Responses,
    /// `{"type":"error","error":{"type","message","details":{"error_code"}}}`
    Anthropic,
    /// `{"error":{"code","message","status","details":[{"reason"}]}}`
    Google,
}

/// What a request of the route is booked as.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Billing {
    /// Nothing is used.
    Free,
    /// Tokens of a conversation, whatever the dialect it is held in.
    ChatCompletions,
    /// Nothing but the question how many tokens a prompt has.
    Count,
    /// Tokens of a text that is gone on with.
    Completions,
    /// Tokens of texts that become vectors.
    Embeddings,
    /// Tokens of texts that are put in order.
    Rerank,
    /// Tokens of texts that are judged.
    Moderations,
    /// Images that are made.
    Images,
    /// Characters that are spoken.
    Speeches,
    /// Seconds that are heard.
    Transcriptions,
}

impl Billing {
    /// The name in the ledger.
    #[must_use]
    pub fn kind(self) -> &'static str {
        match self {
            Self::Free => "",
            Self::ChatCompletions => "chat_completions",
            Self::Count => "count_tokens",
            Self::Completions => "completions",
            Self::Embeddings => "embeddings",
            Self::Rerank => "rerank",
            Self::Moderations => "moderations",
            Self::Images => "images",
            Self::Speeches => "audio_speeches",
            Self::Transcriptions => "audio_transcriptions",
        }
    }
}

/// How large a body may be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BodyLimit {
    /// No body.
    None,
    /// A small JSON object of the management API.
    Management,
    /// What the setting `request_body_bytes_max` says.
    Inference,
}

/// Largest body of a management call.
pub const MANAGEMENT_BODY_BYTES_MAX: usize = 64 * 1024;

/// One route.
pub struct Route {
    /// Its name in metrics and logs.
    pub name: &'static str,
    /// Its method.
    pub method: Method,
    /// Its path; `{x}` is one segment, `{*x}` the rest. `/openai` before it works as well where
    /// it begins with `/v1/`.
    pub path: &'static str,
    /// Other paths that are the same route.
    pub also: &'static [&'static str],
    /// What it asks of the key.
    pub needs: Needs,
    /// How large a body it takes.
    pub body: BodyLimit,
    /// Which error object its clients read.
    pub shape: Shape,
    /// What its requests are booked as.
    pub billing: Billing,
    /// Who answers.
    pub handler: Handler,
}

impl Route {
    /// The dialect of its requests; `None` where they call no model.
    #[must_use]
    pub fn dialect(&self) -> Option<Dialect> {
        match (self.billing, self.shape) {
            (Billing::Free | Billing::Count, _) => None,
            (Billing::ChatCompletions, Shape::OpenAi | Shape::Page) => Some(Dialect::OpenaiChat),
            (Billing::ChatCompletions, Shape::Responses) => Some(Dialect::OpenaiResponses),
            (Billing::ChatCompletions, Shape::Anthropic) => Some(Dialect::AnthropicMessages),
            (Billing::ChatCompletions, Shape::Google) => Some(Dialect::Gemini),
            (Billing::Completions, _) => Some(Dialect::OpenaiCompletions),
            (Billing::Embeddings, Shape::Google) => Some(Dialect::GeminiEmbeddings),
            (Billing::Embeddings, _) => Some(Dialect::OpenaiEmbeddings),
            (Billing::Rerank, _) => Some(Dialect::CohereRerank),
            (Billing::Moderations, _) => Some(Dialect::OpenaiModerations),
            (Billing::Images, _) => Some(Dialect::OpenaiImages),
            (Billing::Speeches, _) => Some(Dialect::OpenaiSpeech),
            (Billing::Transcriptions, _) => Some(Dialect::OpenaiTranscriptions),
        }
    }

    /// Whether pages of other sites may call it: a token made for a browser is a project's credential,
    /// so these are the routes that take one.
    #[must_use]
    pub fn is_for_browsers(&self) -> bool {
        matches!(self.needs, Needs::AnyKey | Needs::OwnKey | Needs::Key(_))
    }
}
