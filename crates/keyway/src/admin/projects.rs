//! `/projects`, to be read.

use super::ask::{self, Page, Query};
use super::json::{self, List, seconds};
use crate::access::Grant;
use crate::access::keys::not_there;
use crate::base::Trouble;
use crate::relay::route::Sendable;
use crate::relay::{Inbound, Outbound, Shared};
use crate::store::tenants::{self, Project, ProjectFilter};
use serde::Serialize;
use std::sync::Arc;

/// A project.
#[derive(Debug, Serialize)]
pub struct ProjectObject<'a> {
    object: &'static str,
    /// `proj_...`
    pub id: &'a str,
    name: &'a str,
    environment: &'a str,
    created_at: i64,
    archived_at: Option<i64>,
    status: &'static str,
}

impl<'a> ProjectObject<'a> {
    /// The object of a row.
    #[must_use]
    pub fn new(row: &'a Project) -> Self {
        Self {
            object: "organization.project",
            id: &row.id,
            name: &row.name,
            environment: &row.environment,
            created_at: seconds(row.created_ms),
            archived_at: row.archived_ms.map(seconds),
            status: if row.archived_ms.is_some() { "archived" } else { "active" },
        }
    }
}

/// GET `/projects`
#[must_use]
pub fn list(shared: Arc<Shared>, inbound: Inbound, grant: Option<Arc<Grant>>) -> Sendable {
    Box::pin(async move { list_of(&shared, &inbound, &*ask::grant(grant)?).await })
}

/// GET `/projects/{project}`
#[must_use]
pub fn get(shared: Arc<Shared>, inbound: Inbound, grant: Option<Arc<Grant>>) -> Sendable {
    Box::pin(async move {
        Query::of(&inbound).finish()?;
        let id = ask::path_param(&inbound, 0)?;
        let found = tenants::project(&shared.at.db, &ask::grant(grant)?.org, id).await?;
        json::answer(&ProjectObject::new(&found.ok_or_else(|| not_there("project"))?))
    })
}

async fn list_of(shared: &Shared, inbound: &Inbound, grant: &Grant) -> Result<Outbound, Trouble> {
    let mut query = Query::of(inbound);
    let page = Page::read(&mut query, "proj")?;
    let archived = query.word("include_archived", &[("true", true), ("false", false)])?.unwrap_or(false);
    query.finish()?;
    let filter = ProjectFilter { org: &grant.org, archived, newest_first: page.newest_first };
    let mut found = tenants::projects(&shared.at.db, &filter, &page.after, page.limit + 1).await?;
    let more = json::cut(&mut found, &page);
    let objects = found.iter().map(ProjectObject::new).collect();
    json::answer(&List::new(objects, more, |object: &ProjectObject<'_>| object.id))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_project_as_documented() {
        let row = Project {
            id: "proj_1".to_owned(),
            org_id: "org_1".to_owned(),
            name: "Default".to_owned(),
            environment: "development".to_owned(),
            created_ms: 1_700_000_000_000,
            archived_ms: None,
        };
        assert_eq!(
            json::text(&ProjectObject::new(&row)).unwrap(),
            r#"{"object":"organization.project","id":"proj_1","name":"Default","environment":"development","created_at":1700000000,"archived_at":null,"status":"active"}"#
        );
    }
}
