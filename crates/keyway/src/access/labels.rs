//! Labels: `name=value`, by which usage is told apart.

use crate::base::Refusal;
use ledger::bound::LABEL_BYTES_MAX;

/// A label as it is booked.
///
/// # Errors
/// A refusal for what cannot be one.
pub fn label(name: &str, value: &str) -> Result<String, Refusal> {
    let sane = |text: &str| !text.is_empty() && !text.chars().any(|c| c.is_control() || c == ',' || c == '=');
    let label = format!("{name}={value}");
    if !sane(name) || !sane(value) || label.len() > LABEL_BYTES_MAX {
        let message = format!(
            "A label is `name=value` of at most {LABEL_BYTES_MAX} bytes, without commas or further `=`."
        );
        return Err(Refusal::field("labels", message));
    }
    Ok(label)
}
