//! `/projects`

use super::ask::{self, Caller, Page, Query, handlers};
use super::body::Body;
use super::json::{self, List, seconds};
use super::write::begin;
use crate::access::keys::not_there;
use crate::accounts::Scope;
use crate::accounts::projects::{self as service, Wanted};
use crate::base::{Refusal, Trouble};
use crate::relay::{Inbound, Outbound, Shared};
use crate::store::tenants::{self, Project, ProjectFilter};
use serde::Serialize;

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
    ip_allowlist: Option<Vec<String>>,
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
            ip_allowlist: row.ip_allowlist.as_deref().map(json::names),
        }
    }
}

handlers! {
    /// GET `/projects`
    list = list_of();
    /// GET `/projects/{project}`
    get = get_one();
    /// POST `/projects`
    create = create_one();
    /// POST `/projects/{project}`
    update = update_one();
    /// POST `/projects/{project}/archive`
    archive = archive_one();
}

async fn create_one(shared: &Shared, inbound: &Inbound, caller: &Caller) -> Result<Outbound, Trouble> {
    Query::of(inbound).finish()?;
    let wanted = wanted(Body::parse(&inbound.body)?)?;
    let mut write = begin!(shared, inbound, caller);
    let project = service::create(&mut write.acting, &wanted).await?;
    write.finish(&ProjectObject::new(&project)).await
}

async fn update_one(shared: &Shared, inbound: &Inbound, caller: &Caller) -> Result<Outbound, Trouble> {
    Query::of(inbound).finish()?;
    let wanted = wanted(Body::parse(&inbound.body)?)?;
    let mut write = begin!(shared, inbound, caller);
    let project = service::update(&mut write.acting, ask::path_param(inbound, 0)?, &wanted).await?;
    write.finish(&ProjectObject::new(&project)).await
}

async fn archive_one(shared: &Shared, inbound: &Inbound, caller: &Caller) -> Result<Outbound, Trouble> {
    Query::of(inbound).finish()?;
    Body::parse(&inbound.body)?.finish(&[])?;
    let mut write = begin!(shared, inbound, caller);
    let project = service::archive(&mut write.acting, ask::path_param(inbound, 0)?).await?;
    write.finish(&ProjectObject::new(&project)).await
}

fn wanted(mut body: Body) -> Result<Wanted, Refusal> {
    let wanted = Wanted {
        name: body.text("name")?,
        environment: body.text("environment")?,
        ip_allowlist: body.texts_or_null("ip_allowlist")?,
    };
    body.finish(&["residency", "external_key_id"])?;
    Ok(wanted)
}

async fn get_one(shared: &Shared, inbound: &Inbound, caller: &Caller) -> Result<Outbound, Trouble> {
    Query::of(inbound).finish()?;
    let mut conn = shared.at.db.connection().await?;
    let found = tenants::project(&mut conn, &caller.org, ask::path_param(inbound, 0)?).await?;
    json::answer(&ProjectObject::new(&found.ok_or_else(|| not_there("project"))?))
}

async fn list_of(shared: &Shared, inbound: &Inbound, caller: &Caller) -> Result<Outbound, Trouble> {
    let mut query = Query::of(inbound);
    let page = Page::read(&mut query, "proj")?;
    let archived = query.word("include_archived", &[("true", true), ("false", false)])?.unwrap_or(false);
    query.finish()?;
    let among = caller.actor().rights.places(Scope::READ_PROJECTS);
    let filter = ProjectFilter {
        org: &caller.org,
        archived,
        newest_first: page.newest_first,
        among: among.as_deref(),
    };
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
            ..Project::default()
        };
        assert_eq!(
            json::text(&ProjectObject::new(&row)).unwrap(),
            r#"{"object":"organization.project","id":"proj_1","name":"Default","environment":"development","created_at":1700000000,"archived_at":null,"status":"active","ip_allowlist":null}"#
        );
    }
}
