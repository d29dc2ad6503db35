//! Keys that only look. `read_only` is a way to say which scopes a key has, so that there is one rule for
//! what a key may: a project key then sees models and itself, and an admin key what its `read:` scopes say.

use super::keys;
use crate::accounts::Scopes;
use crate::base::Refusal;
use crate::store::keys::KeyRow;

/// The scopes to write into a key: what was asked for, or only what looks.
///
/// # Errors
/// A refusal that names `scopes` for one that does more.
pub fn scopes(
    read_only: bool,
    asked: Option<Vec<String>>,
    admin: bool,
) -> Result<Option<Vec<String>>, Refusal> {
    if !read_only {
        return Ok(asked);
    }
    let Some(names) = asked else {
        let all = if admin { Scopes::administration() } else { Scopes::ordinary() };
        return Ok(Some(all.and(Scopes::READS).names().into_iter().map(str::to_owned).collect()));
    };
    match names.iter().find(|name| !name.starts_with("read:")) {
        None => Ok(Some(names)),
        Some(more) => {
            let shown: String = more.chars().take(64).collect();
            let message =
                format!("`{shown}` in `scopes` does more than look, and the key is to be `read_only`.");
            Err(Refusal::field("scopes", message))
        }
    }
}

/// Whether a key only looks.
#[must_use]
pub fn is(row: &KeyRow) -> bool {
    keys::scopes_of(row).is_ok_and(|scopes| Scopes::READS.covers(scopes))
}

/// The scopes of a key after an edit that says `read_only`; `asked`: what the same edit says of `scopes`.
///
/// # Errors
/// A refusal that names the field: for a scope that does more, and for a key that is to do more and is not
/// told what.
pub fn edited(
    row: &KeyRow,
    read_only: bool,
    asked: Option<Vec<String>>,
) -> Result<Option<Vec<String>>, Refusal> {
    match asked {
        Some(_) => scopes(read_only, asked, row.kind == "admin"),
        None if read_only => {
            let looks = keys::scopes_of(row)?.and(Scopes::READS).names();
            Ok(Some(looks.into_iter().map(str::to_owned).collect()))
        }
        None if is(row) => {
            Err(Refusal::field("read_only", "This key only looks: name the `scopes` that it is to have."))
        }
        None => Ok(row.scopes.as_deref().map(|list| serde_json::from_str(list).unwrap_or_default())),
    }
}
