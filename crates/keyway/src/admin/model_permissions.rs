//! `/projects/{project}/model_permissions`: which models a project may call.

use super::ask::{self, Caller, Query, handlers};
use super::body::Body;
use super::json::{self, Deleted, names};
use super::write::begin;
use crate::access::keys::not_there;
use crate::accounts::projects::{self as service, Models};
use crate::base::{Refusal, Trouble};
use crate::relay::{Inbound, Outbound, Shared};
use crate::store::tenants::{self, Project};
use serde::Serialize;

/// What it is called that a project may call every model.
pub const MODEL_PERMISSIONS_DELETED: &str = "organization.project.model_permissions.deleted";

/// Which models a project may call; without rules every model.
#[derive(Debug, Serialize)]
pub struct ModelPermissions<'a> {
    object: &'static str,
    project_id: &'a str,
    mode: Option<&'a str>,
    model_ids: Vec<String>,
}

impl<'a> ModelPermissions<'a> {
    /// The rules of a project.
    #[must_use]
    pub fn new(project: &'a Project) -> Self {
        Self {
            object: "organization.project.model_permissions",
            project_id: &project.id,
            mode: project.model_mode.as_deref(),
            model_ids: project.model_ids.as_deref().map(names).unwrap_or_default(),
        }
    }
}

handlers! {
    /// GET
    get = get_rules();
    /// POST
    set = set_rules();
    /// DELETE
    remove = remove_rules();
}

async fn get_rules(shared: &Shared, inbound: &Inbound, caller: &Caller) -> Result<Outbound, Trouble> {
    Query::of(inbound).finish()?;
    let mut conn = shared.at.db.connection().await?;
    let found = tenants::project(&mut conn, &caller.org, ask::path_param(inbound, 0)?).await?;
    json::answer(&ModelPermissions::new(&found.ok_or_else(|| not_there("project"))?))
}

async fn set_rules(shared: &Shared, inbound: &Inbound, caller: &Caller) -> Result<Outbound, Trouble> {
    Query::of(inbound).finish()?;
    let mut body = Body::parse(&inbound.body)?;
    let mode = body.needed("mode")?;
    let ids = body.texts("model_ids")?;
    body.finish(&[])?;
    let ids = ids.ok_or_else(|| Refusal::field("model_ids", "`model_ids` is missing."))?;
    let mut write = begin!(shared, inbound, caller);
    let models = Models { mode, ids };
    let project = service::set_models(&mut write.acting, ask::path_param(inbound, 0)?, Some(&models)).await?;
    write.finish(&ModelPermissions::new(&project)).await
}

async fn remove_rules(shared: &Shared, inbound: &Inbound, caller: &Caller) -> Result<Outbound, Trouble> {
    Query::of(inbound).finish()?;
    let mut write = begin!(shared, inbound, caller);
    let project = service::set_models(&mut write.acting, ask::path_param(inbound, 0)?, None).await?;
    write.finish(&Deleted::new(&project.id, MODEL_PERMISSIONS_DELETED)).await
}
