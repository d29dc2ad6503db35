//! What the tier of a key's organisation lets requests need besides a model.

use crate::access::Grant;
use crate::access::told::{Told, skip, tell};
use crate::accounts::capability::{Capabilities, Capability};
use crate::base::{Code, Refusal};
use dialect::Needs;

/// Checks what a request's body needs. Who may need everything is not looked at.
///
/// # Errors
/// `missing_scope` that names what is lacking, `invalid_request` for a body that cannot be read.
pub fn check(grant: &Grant, body: &[u8]) -> Result<(), Refusal> {
    if grant.capabilities.is_every() {
        return Ok(());
    }
    let needs = dialect::needs(body).map_err(|error| {
        Refusal::new(Code::InvalidRequest, format!("The body is not valid JSON: {error}."))
    })?;
    check_needs(grant, needs)
}

/// Checks what a request needs whose body is not looked at.
///
/// # Errors
/// `missing_scope` that names what is lacking.
pub fn check_needs(grant: &Grant, needs: Needs) -> Result<(), Refusal> {
    decide(grant, capabilities(needs))
}

/// What the rule says of a request that needs these.
#[must_use]
pub fn told(grant: &Grant, needed: Capabilities) -> Told {
    const RULE: &str = "capabilities";
    if grant.capabilities.is_every() {
        return skip(RULE, "The organisation's tier leaves nothing out.");
    }
    tell(RULE, decide(grant, needed), Some("The organisation's tier has all that is needed.".to_owned()))
}

fn decide(grant: &Grant, needed: Capabilities) -> Result<(), Refusal> {
    let lacking: Vec<&str> = needed.lacking(grant.capabilities).map(Capability::name).collect();
    if lacking.is_empty() {
        return Ok(());
    }
    Err(Refusal::new(
        Code::MissingScope,
        format!(
            "This organisation's tier does not have {}. Leave it out, or ask the operator for another tier.",
            lacking.join(", ")
        ),
    ))
}

fn capabilities(needs: Needs) -> Capabilities {
    let named = [
        (needs.image_input, Capability::ImageInput),
        (needs.audio_input, Capability::AudioInput),
        (needs.file_input, Capability::FileInput),
        (needs.audio_output, Capability::AudioOutput),
        (needs.tools, Capability::Tools),
    ];
    named.into_iter().filter(|(needed, _)| *needed).map(|(_, one)| one).collect()
}
