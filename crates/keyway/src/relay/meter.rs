//! What the books need of an answer on its way through, whatever the dialect it is in.

use crate::catalog::Dialect;
use dialect::UpstreamMessage;
use dialect::openai_chat::decode::Ending;
use dialect::openai_chat::{Decoder, Report, Seen, UsageRule};
use dialect::small::{self, Small};

/// Reads one answer.
pub enum Meter {
    /// Chat completions, and the legacy ones: their chunks differ in a member.
    Chat(Box<Decoder>),
    /// Vectors, orders, judgements: finished answers only.
    Small(Small),
}

impl Meter {
    /// A meter for one answer in `dialect`.
    #[must_use]
    pub fn new(dialect: Dialect, rule: UsageRule) -> Self {
        match dialect {
            Dialect::OpenaiEmbeddings | Dialect::CohereRerank | Dialect::OpenaiModerations => {
                Self::Small(Small::default())
            }
            _ => Self::Chat(Box::new(Decoder::new(rule))),
        }
    }

    /// Looks at the data of one event of a stream.
    pub fn see(&mut self, data: &[u8]) -> Seen {
        match self {
            Self::Chat(decoder) => decoder.see(data),
            Self::Small(_) => Seen::default(),
        }
    }

    /// Looks at a finished answer.
    pub fn see_whole(&mut self, body: &[u8]) -> Seen {
        match self {
            Self::Chat(decoder) => decoder.see_whole(body),
            Self::Small(small) => {
                *small = small::see(body);
                Seen { malformed: small.malformed, failed: small.failure.is_some(), ..Seen::default() }
            }
        }
    }

    /// What the provider reports of usage.
    #[must_use]
    pub fn report(&self) -> Option<&Report> {
        match self {
            Self::Chat(decoder) => decoder.report(),
            Self::Small(small) => small.report.as_ref(),
        }
    }

    /// What the provider said when it failed.
    #[must_use]
    pub fn failure(&self) -> Option<&UpstreamMessage> {
        match self {
            Self::Chat(decoder) => decoder.failure(),
            Self::Small(small) => small.failure.as_deref(),
        }
    }

    /// Whether the answer would be complete if nothing more came.
    #[must_use]
    pub fn ending(&self) -> Ending {
        match self {
            Self::Chat(decoder) => decoder.ending(),
            Self::Small(_) => Ending::Complete,
        }
    }
}
