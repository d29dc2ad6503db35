//! Makes a request fit what its target can do, before the target's dialect writes it.

use super::{Invalid, Losses, Request, Restore, Target};

/// Changes `request` until `target` can take it. What is given up is noted.
///
/// # Errors
/// What the caller relies on and the target cannot do.
pub fn fit(
    _request: &mut Request<'_>,
    _target: &Target<'_>,
    _losses: &mut Losses,
) -> Result<Restore, Invalid> {
    Ok(Restore::default())
}
