//! Requests as the policy of their project and key wants them: refused, or edited on their own bytes, before
//! anything else is known of them. What was changed is told to the client.

use super::count::likely;
use super::exchange::Inbound;
use super::run::{looked_at, refused};
use crate::access::policy::OverLimit;
use crate::access::rules::Rules;
use crate::base::{Code, Refusal};
use crate::catalog::Dialect;
use dialect::shape::{forbidden, with_cap, with_defaults, without_oldest};

/// Bytes of text that the estimate takes for a token.
const TOKEN_BYTES: usize = 4;

/// Makes a request as its policy wants it. Answers what the client is told of it, if it was shortened.
///
/// # Errors
/// `unsupported_parameter`, `context_length_exceeded`, `invalid_request`, naming what is at fault.
pub fn shape(rules: &Rules, dialect: Dialect, inbound: &mut Inbound) -> Result<Option<String>, Refusal> {
    // What cannot be read is refused before it is edited.
    looked_at(dialect, inbound).map_err(refused)?;
    let spoken = dialect.conversation();
    if let Some(name) = forbidden(spoken, &inbound.body, &rules.forbidden_parameters) {
        let message =
            format!("`{name}` may not be used here: the project's policy forbids it. Leave it out.");
        return Err(Refusal { code: Code::UnsupportedParameter, ..Refusal::field(name, message) });
    }
    if let Some(spoken) = spoken {
        inbound.body = with_defaults(spoken, &inbound.body, &rules.default_parameters);
    }
    let shorter = input(rules, dialect, inbound)?;
    let capped = output(rules, dialect, inbound)?;
    let told: Vec<String> = [shorter, capped].into_iter().flatten().collect();
    Ok((!told.is_empty()).then(|| told.join("; ")))
}

/// Holds a prompt to its limit.
fn input(rules: &Rules, dialect: Dialect, inbound: &mut Inbound) -> Result<Option<String>, Refusal> {
    let Some(max) = rules.input_tokens_max else { return Ok(None) };
    let first = likely(&dialect::content(&inbound.body));
    let mut tokens = first;
    while tokens > max {
        let clamps = rules.over_limit == OverLimit::Clamp;
        let over = usize::try_from(tokens - max).unwrap_or(usize::MAX).saturating_mul(TOKEN_BYTES);
        let spoken = dialect.conversation().filter(|_| clamps);
        let Some(shorter) = spoken.and_then(|spoken| without_oldest(spoken, &inbound.body, over)) else {
            let message = format!(
                "The prompt has about {tokens} tokens, and the project's policy allows {max}. Shorten it."
            );
            return Err(Refusal::new(Code::ContextLengthExceeded, message));
        };
        inbound.body = shorter;
        tokens = likely(&dialect::content(&inbound.body));
    }
    let told = format!("policy: the oldest turns were left out, about {} tokens", first - tokens);
    Ok((tokens < first).then_some(told))
}

/// Holds an answer to its limit: one that asks for no limit gets it.
fn output(rules: &Rules, dialect: Dialect, inbound: &mut Inbound) -> Result<Option<String>, Refusal> {
    let answers_in_tokens = dialect.conversation().is_some() || dialect == Dialect::OpenaiCompletions;
    let Some(max) = rules.output_tokens_max.filter(|_| answers_in_tokens) else { return Ok(None) };
    let body = inbound.body.clone();
    let peek = looked_at(dialect, inbound).map_err(refused)?;
    let asked = peek.output_cap.filter(|asked| *asked > max);
    if let Some(asked) = asked.filter(|_| rules.over_limit == OverLimit::Refuse) {
        let name = peek.spans.caps.iter().flatten().next().map_or("max_tokens", |cap| cap.name);
        let message = format!("`{name}` is {asked}, and the project's policy allows {max}. Lower it.");
        return Err(Refusal::field(name, message));
    }
    let capped = with_cap(dialect.conversation(), &body, &peek, max);
    drop(peek);
    inbound.body = capped;
    Ok(asked.map(|_| format!("policy: the answer is cut at {max} tokens")))
}
