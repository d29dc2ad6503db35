//! A form that is sent again makes nothing again: a page that was loaded once more, a button pressed twice.

use super::form::Form;
use super::here::Here;
use crate::accounts::Acting;
use crate::base::fault::Doing;
use crate::base::{Code, Fault, Refusal, Trouble};
use crate::sealing::master::hex;
use crate::store::db::is_unique_violation;
use crate::store::idempotency::{self, Call};
use maud::{Markup, html};
use rand::TryRng;
use rand::rngs::SysRng;

/// Bytes of what makes a form the same form when it is sent again.
const ONCE_BYTES: usize = 12;

/// The hidden field that makes a form the same form: the one it came with, or a new one.
///
/// # Errors
/// When the operating system gives no randomness.
pub fn once_field(form: &Form) -> Result<Markup, Fault> {
    let once = match form.text("once") {
        "" => {
            let mut bytes = [0; ONCE_BYTES];
            SysRng.try_fill_bytes(&mut bytes).doing("reading the system's randomness")?;
            hex(&bytes)
        }
        given => given.to_owned(),
    };
    Ok(html! { input type="hidden" name="once" value=(once); })
}

fn call<'a>(here: &'a Here<'_>, path: &'a str, form: &'a Form) -> Call<'a> {
    Call { actor_id: &here.grant.key, path, key: form.text("once"), body_hash: "" }
}

/// The id of what a form has made before, if it has.
///
/// # Errors
/// When the database cannot be used.
pub async fn made_before(here: &Here<'_>, path: &str, form: &Form) -> Result<Option<String>, Fault> {
    if form.text("once").is_empty() {
        return Ok(None);
    }
    let call = call(here, path, form);
    let found = idempotency::find(&here.shared.at.db, &call, here.shared.at.clock.now_ms()).await?;
    Ok(found.map(|(_, id)| id))
}

/// Notes what a form makes, in the same transaction.
///
/// # Errors
/// `conflict` for a form that is being sent at the same time.
pub async fn keep(
    here: &Here<'_>,
    acting: &mut Acting<'_>,
    (path, form): (&str, &Form),
    id: &str,
) -> Result<(), Trouble> {
    let now_ms = acting.now_ms;
    match idempotency::keep(&mut acting.tx, &call(here, path, form), id, now_ms).await {
        Err(error) if is_unique_violation(&error) => {
            let message = "This form is being sent already. Look at the list of what there is.";
            Err(Refusal::new(Code::Conflict, message).into())
        }
        kept => Ok(kept.doing("keeping the form from making another one")?),
    }
}
