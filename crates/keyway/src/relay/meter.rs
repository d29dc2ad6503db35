//! What the books need of an answer on its way through, whatever the dialect it is in.

use crate::catalog::Dialect;
use dialect::hub::{self, Decoder};
use dialect::media::Media;
use dialect::meter::{Ending, Seen};
use dialect::openai_chat::{Report, UsageRule};
use dialect::small::{self, Small};
use dialect::{Event, UpstreamMessage};

/// Reads one answer. Most are whole, and their meter lives on the stack for as long as it takes to read them.
#[expect(clippy::large_enum_variant, reason = "the large one is the usual one")]
pub enum Meter {
    /// Conversations; legacy completions differ from chat in a member.
    Talk(Decoder),
    /// Vectors, orders, judgements: finished answers only.
    Small(Small),
    /// Images, speech, what was heard.
    Media(Box<Media>),
}

impl Meter {
    /// A meter for one answer in `dialect`.
    #[must_use]
    pub fn new(dialect: Dialect, rule: UsageRule) -> Self {
        match dialect {
            Dialect::OpenaiModerations => Self::Small(Small::default()),
            dialect if dialect.is_vectors() || dialect.is_order() => Self::Small(Small::default()),
            dialect if dialect.is_media() => Self::Media(Box::default()),
            dialect => {
                let dialect = dialect.conversation().unwrap_or(hub::Dialect::OpenAiChat);
                Self::Talk(Decoder::new(dialect, rule))
            }
        }
    }

    /// Looks at the data of one event of a stream.
    pub fn see(&mut self, data: &[u8]) -> Seen {
        match self {
            Self::Talk(decoder) => decoder.see(data),
            Self::Small(_) => Seen::default(),
            Self::Media(media) => media.see(data),
        }
    }

    /// Reads one event of a stream into what it says.
    pub fn event<'a>(&mut self, data: &'a [u8], out: &mut Vec<Event<'a>>) -> Seen {
        match self {
            Self::Talk(decoder) => decoder.event(data, out),
            Self::Small(_) => Seen::default(),
            Self::Media(media) => media.see(data),
        }
    }

    /// Reads a finished answer into what it says.
    pub fn whole<'a>(&mut self, body: &'a [u8], out: &mut Vec<Event<'a>>) -> Seen {
        match self {
            Self::Talk(decoder) => decoder.whole(body, out),
            Self::Small(_) | Self::Media(_) => self.see_whole(body),
        }
    }

    /// What was held back for the end; nothing more comes.
    pub fn finish(&mut self, out: &mut Vec<Event<'_>>) -> Ending {
        match self {
            Self::Talk(decoder) => decoder.finish(out),
            Self::Small(_) => Ending::Complete,
            Self::Media(media) => media.ending(),
        }
    }

    /// Looks at a finished answer.
    pub fn see_whole(&mut self, body: &[u8]) -> Seen {
        match self {
            Self::Talk(decoder) => decoder.see_whole(body),
            Self::Media(media) => media.see_whole(body),
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
            Self::Talk(decoder) => decoder.report(),
            Self::Small(small) => small.report.as_ref(),
            Self::Media(media) => media.report.as_ref(),
        }
    }

    /// What the provider said when it failed.
    #[must_use]
    pub fn failure(&self) -> Option<&UpstreamMessage> {
        match self {
            Self::Talk(decoder) => decoder.failure(),
            Self::Small(small) => small.failure.as_deref(),
            Self::Media(media) => media.failure.as_deref(),
        }
    }

    /// Whether the answer would be complete if nothing more came.
    #[must_use]
    pub fn ending(&self) -> Ending {
        match self {
            Self::Talk(decoder) => decoder.ending(),
            Self::Small(_) => Ending::Complete,
            Self::Media(media) => media.ending(),
        }
    }
}
