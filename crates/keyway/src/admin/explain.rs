//! POST `/v1/organization/explain`

use super::ask::{Caller, Query, handlers};
use super::body::Body;
use super::json;
use crate::accounts::capability::{Capabilities, Capability};
use crate::accounts::check::check_text;
use crate::base::{Refusal, Trouble};
use crate::catalog::Strategy;
use crate::relay::explain::{PROMPT_BYTES_MAX, Place, Question, TOKENS_MAX, explain, key_of};
use crate::relay::{Inbound, Outbound, Shared};
use crate::routing::auto;
use http::Method;

/// Characters of a path at most.
const PATH_CHARS_MAX: usize = 2_048;
/// Characters of a model's name at most.
const MODEL_CHARS_MAX: usize = 256;

handlers! {
    /// POST `/explain`: changes nothing.
    create = answer();
}

async fn answer(shared: &Shared, inbound: &Inbound, caller: &Caller) -> Result<Outbound, Trouble> {
    Query::of(inbound).finish()?;
    let mut body = Body::parse(&inbound.body)?;
    let (id, path) = (body.needed("api_key_id")?, body.needed("path")?);
    let (model, method, ip) = (body.text("model")?, body.text("method")?, body.text("ip")?);
    let max_tokens = body.count("max_tokens")?;
    let needed = body.texts("capabilities")?.unwrap_or_default();
    let labels = body.texts("labels")?.unwrap_or_default();
    let (wish, prompt_bytes) = (body.text("route")?, body.count("prompt_bytes")?);
    body.finish(&[])?;
    check_text("path", &path, PATH_CHARS_MAX)?;
    check_text("model", model.as_deref().unwrap_or_default(), MODEL_CHARS_MAX)?;
    let question = Question {
        path: &path,
        method: method.map(|method| read_method(&method)).transpose()?,
        model: model.as_deref().unwrap_or_default(),
        ip: match ip {
            Some(ip) => Some(ip.parse().map_err(|_| Refusal::field("ip", "`ip` must be an IP address."))?),
            None => None,
        },
        max_tokens: at_most("max_tokens", max_tokens, TOKENS_MAX)?,
        labels: &labels,
        wish: wish_of(wish.as_deref())?,
        prompt_bytes: at_most("prompt_bytes", prompt_bytes, PROMPT_BYTES_MAX)?,
        capabilities: Capabilities::named(&needed).map_err(|_| {
            let known = Capability::ALL.map(Capability::name).join(", ");
            Refusal::field("capabilities", format!("`capabilities` takes {known}."))
        })?,
    };
    let mut conn = shared.at.db.connection().await?;
    let key = key_of(&mut conn, caller.actor(), &caller.org, &id).await?;
    let place = Place {
        table: &shared.table,
        catalog: &shared.catalog.load(),
        cache: &shared.cache,
        now_ms: shared.at.clock.now_ms(),
        serving: Some(shared),
    };
    json::answer(&explain(&place, &mut conn, &key, &question).await?)
}

fn read_method(text: &str) -> Result<Method, Refusal> {
    [Method::GET, Method::POST, Method::DELETE]
        .into_iter()
        .find(|method| method.as_str() == text)
        .ok_or_else(|| Refusal::field("method", "`method` must be `GET` or `POST` or `DELETE`."))
}

fn wish_of(word: Option<&str>) -> Result<Option<Strategy>, Refusal> {
    auto::wish(word).map_err(|refusal| Refusal { param: Some("route".into()), ..refusal })
}

fn at_most(field: &'static str, said: Option<u64>, most: u64) -> Result<Option<u64>, Refusal> {
    match said {
        Some(said) if said > most => Err(Refusal::field(field, format!("`{field}` is at most {most}."))),
        said => Ok(said),
    }
}
