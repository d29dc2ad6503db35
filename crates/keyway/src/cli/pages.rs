//! A list of the management API from its first page to its last.

use crate::admin::json::List;

/// Every entry. `page` answers those after an entry, the first ones after none (an empty text).
///
/// # Errors
/// Those of `page`.
pub async fn every<T, E>(mut page: impl AsyncFnMut(&str) -> Result<List<T>, E>) -> Result<Vec<T>, E> {
    let (mut all, mut after) = (Vec::new(), String::new());
    loop {
        let found = page(&after).await?;
        let (more, last) = (found.has_more, found.last_id().map(str::to_owned));
        all.extend(found.data);
        match last {
            Some(last) if more => after = last,
            _ => return Ok(all),
        }
    }
}
