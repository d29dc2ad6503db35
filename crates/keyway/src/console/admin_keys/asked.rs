//! What a form wants an admin key to be.

use super::gives::{ROWS, said};
use crate::access::edit::Edit;
use crate::access::keys::{NewKey, scopes_of};
use crate::base::Refusal;
use crate::console::form::Form;
use crate::console::here::Here;
use crate::console::keys::asked::{AS_IT_IS, end, some};
use crate::console::parts::matrix;
use crate::store::keys::KeyRow;

/// The key that a form wants.
///
/// # Errors
/// A refusal that names the field.
pub fn new(here: &Here<'_>, form: &Form) -> Result<NewKey, Refusal> {
    let of_organization = form.text("reach") != "installation";
    let projects = some(form.all("projects"));
    let owner = form.text("owner").to_owned();
    if !of_organization && (projects.is_some() || !owner.is_empty()) {
        let message =
            "A key of the whole installation is bound to no project, and belongs to nobody in particular.";
        return Err(Refusal::field("reach", message));
    }
    Ok(NewKey {
        name: form.text("name").to_owned(),
        description: form.text("description").to_owned(),
        owner,
        scopes: Some(scopes(form)?),
        projects,
        ip_allowlist: some(form.list("ip_allowlist")),
        of_organization,
        expires_in_seconds: end(&here.when(), form)?,
        ..NewKey::default()
    })
}

/// What a form wants to be different of a key.
///
/// # Errors
/// A refusal that names the field.
pub fn edit(here: &Here<'_>, form: &Form, row: &KeyRow) -> Result<Edit, Refusal> {
    let chosen = scopes(form)?;
    // What the table cannot say stays as long as nothing in the table is changed.
    let shown = matrix::fields(ROWS, &said(scopes_of(row).unwrap_or_default()));
    let same = matrix::chosen(ROWS, &Form::of(shown)) == chosen;
    Ok(Edit {
        name: Some(form.text("name").to_owned()),
        description: Some(form.text("description").to_owned()),
        scopes: (!same).then_some(Some(chosen)),
        projects: Some(some(form.all("projects"))),
        ip_allowlist: Some(some(form.list("ip_allowlist"))),
        expires_in_seconds: match form.text("expires") {
            AS_IT_IS => None,
            _ => Some(end(&here.when(), form)?),
        },
        ..Edit::default()
    })
}

fn scopes(form: &Form) -> Result<Vec<String>, Refusal> {
    let chosen = matrix::chosen(ROWS, form);
    if chosen.is_empty() {
        return Err(Refusal::field("scopes", "A key that may nothing is of no use. Choose what it may."));
    }
    Ok(chosen)
}
