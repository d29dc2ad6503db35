//! The exchange of the master key, while servers run: what is sealed is sealed anew under the new one, in one
//! transaction, and the root that digests and tokens are derived from stays, sealed as well.

use super::source::place;
use crate::accounts::{Acting, Deed, Scope, Subject};
use crate::base::{Code, Refusal, Trouble};
use crate::sealing::MasterKey;
use crate::store::changes::MASTER_KEY_CHANGED;
use crate::store::{providers as rows, tenants};
use serde_json::json;

/// Puts a new master key in the place of the one that is in use; answers how many credentials were sealed
/// anew. What did not open before is left as it is, and opens as little afterwards.
///
/// # Errors
/// `conflict` when the new key is the one in use, or somebody else has exchanged it meanwhile.
pub async fn exchange(acting: &mut Acting<'_>, new: &MasterKey) -> Result<usize, Trouble> {
    acting.may(Scope::UPDATE_SETTINGS, Subject::Installation)?;
    let old = &acting.at.master;
    if old.check() == new.check() {
        return Err(Refusal::new(Code::Conflict, "This is the master key that is in use.").into());
    }
    let root = old.root_for(new)?;
    if !tenants::exchange_master(&mut acting.tx, &old.check(), &new.check(), &root).await? {
        let message = "The master key has been exchanged meanwhile. Start again with the one in use.";
        return Err(Refusal::new(Code::Conflict, message).into());
    }
    let mut sealed = 0;
    for row in rows::every(&mut acting.tx).await? {
        if let Ok(text) = old.rewrap(&place(&row), &row.sealed, new) {
            rows::reseal(&mut acting.tx, &row.id, &text).await?;
            sealed += 1;
        }
    }
    let deed = Deed {
        name: "master_key.rotated",
        kind: MASTER_KEY_CHANGED,
        project: None,
        object: "installation",
        detail: json!({ "credentials": sealed }),
    };
    acting.record(deed).await?;
    Ok(sealed)
}
