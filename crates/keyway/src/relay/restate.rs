//! Vectors and orders for clients of one vendor's shape from providers of another's: the request is written
//! anew, and the answer told anew when it has been read whole.

use super::crossing::{Source, told};
use super::exchange::Inbound;
use super::way::Way;
use crate::base::Refusal;
use crate::catalog::{Dialect, Target};
use bytes::Bytes;
use dialect::hub::Losses;
use dialect::vectors::{self, Retold, Shape, Wanted};
use dialect::{hub::Invalid, rerank};

/// What an answer must go through.
pub enum Restating {
    /// Vectors in another shape.
    Vectors(Retold),
    /// An order in another shape.
    Order,
}

/// A request as its provider is asked it, and what of it the provider is not told.
pub type Written = Result<(Bytes, Option<Restating>, Losses), Refusal>;

/// The shape in which vectors are asked for in a dialect.
fn shape(dialect: Dialect) -> Option<Shape> {
    Some(match dialect {
        Dialect::OpenaiEmbeddings => Shape::OpenAi,
        Dialect::CohereEmbed => Shape::Cohere,
        Dialect::VoyageEmbeddings => Shape::Voyage,
        Dialect::JinaEmbeddings => Shape::Jina,
        Dialect::GeminiEmbeddings => Shape::Gemini,
        _ => return None,
    })
}

/// Whether a client of Google's asks for one vector.
fn is_one(inbound: &Inbound) -> bool {
    inbound.params.last().is_some_and(|named| named.ends_with(":embedContent"))
}

/// The request in the provider's shape; `None` where it goes as it came.
pub fn write(client: Dialect, way: &Way, source: &Source<'_>, target: &Target) -> Option<Written> {
    let google = client == Dialect::GeminiEmbeddings;
    if client == way.dialect && !google {
        return None;
    }
    let one = google && is_one(source.inbound);
    if google && way.dialect == Dialect::GeminiEmbeddings {
        let body = vectors::named(source.body(), one, &target.upstream).map_err(|invalid| told(&invalid));
        let retold = Retold { from: Shape::Gemini, to: Shape::GeminiOne, base64: false };
        let restating = one.then_some(Restating::Vectors(retold));
        return Some(body.map(|body| (body.into(), restating, Losses::default())));
    }
    let mut losses = Losses::default();
    let written: Result<(Vec<u8>, Restating), Invalid> = match (shape(client), shape(way.dialect)) {
        (Some(from), Some(to)) => {
            let from = if one { Shape::GeminiOne } else { from };
            let wanted = Wanted { from, to, model: &target.upstream };
            vectors::write(source.body(), wanted, &mut losses)
                .map(|(body, retold)| (body, Restating::Vectors(retold)))
        }
        _ if way.dialect == Dialect::VoyageRerank => {
            rerank::to_voyage(source.body(), &target.upstream, &mut losses)
                .map(|body| (body, Restating::Order))
        }
        _ => return None,
    };
    Some(written.map_err(|invalid| told(&invalid)).and_then(|(body, how)| {
        source.take_losses(&losses, target)?;
        Ok((body.into(), Some(how), losses))
    }))
}

impl Restating {
    /// The answer as the client's shape has it; `None` when it is none.
    #[must_use]
    pub fn tell(&self, body: &[u8], model: &str, tokens: u64) -> Option<Bytes> {
        match self {
            Self::Vectors(retold) => retold.tell(body, model, tokens).ok(),
            Self::Order => rerank::from_voyage(body, tokens),
        }
        .map(Bytes::from)
    }
}
