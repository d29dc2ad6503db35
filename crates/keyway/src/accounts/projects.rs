//! What is done to projects: make, change, archive, say which models they may call.

use super::acting::{Acting, Deed};
use super::check::{check_name, check_networks, check_text, not_there};
use super::may::Subject;
use super::scope::Scope;
use crate::base::{Code, Refusal, Trouble, id};
use crate::store::changes::{PROJECT_CHANGED, PROJECT_STOPPED};
use crate::store::tenants::{self, Project};
use serde_json::json;

/// What a project is for.
pub const ENVIRONMENTS: [&str; 3] = ["development", "staging", "production"];
/// Models of a project's list at most, and characters of each.
pub const MODELS_MAX: usize = 200;
const MODEL_CHARS_MAX: usize = 128;

/// What somebody wants a project to be; what is absent stays.
#[derive(Debug, Clone, Default)]
pub struct Wanted {
    /// Its name.
    pub name: Option<String>,
    /// One of [`ENVIRONMENTS`].
    pub environment: Option<String>,
    /// Networks its keys work from; inside absent: any.
    pub ip_allowlist: Option<Option<Vec<String>>>,
}

/// Which models a project may call.
#[derive(Debug, Clone)]
pub struct Models {
    /// `allow_list` or `deny_list`.
    pub mode: String,
    /// Models and patterns.
    pub ids: Vec<String>,
}

/// Makes a project.
///
/// # Errors
/// A refusal that names the field.
pub async fn create(acting: &mut Acting<'_>, wanted: &Wanted) -> Result<Project, Trouble> {
    acting.may(Scope::CREATE_PROJECTS, Subject::Organization)?;
    let mut project = Project {
        id: id::new("proj", &acting.at.clock),
        org_id: acting.org.clone(),
        environment: "development".to_owned(),
        created_ms: acting.now_ms,
        ..Project::default()
    };
    if wanted.name.is_none() {
        return Err(Refusal::field("name", "`name` is missing: every project has one.").into());
    }
    apply(&mut project, wanted)?;
    tenants::insert_project(&mut acting.tx, &project).await?;
    record(acting, "project.created", PROJECT_CHANGED, &project).await?;
    Ok(project)
}

/// Changes a project.
///
/// # Errors
/// `not_found`, a refusal that names the field, `project_archived` for one that is.
pub async fn update(acting: &mut Acting<'_>, id: &str, wanted: &Wanted) -> Result<Project, Trouble> {
    let mut project = open(acting, Scope::UPDATE_PROJECTS, id).await?;
    apply(&mut project, wanted)?;
    tenants::update_project(&mut acting.tx, &project).await?;
    record(acting, "project.updated", PROJECT_CHANGED, &project).await?;
    Ok(project)
}

/// Archives a project: its keys are refused from then on. One that is archived stays so.
///
/// # Errors
/// `not_found`.
pub async fn archive(acting: &mut Acting<'_>, id: &str) -> Result<Project, Trouble> {
    acting.may(Scope::DELETE_PROJECTS, Subject::Project(id))?;
    let mut project = find(acting, id).await?;
    if project.archived_ms.is_none() {
        project.archived_ms = Some(acting.now_ms);
        tenants::update_project(&mut acting.tx, &project).await?;
        record(acting, "project.archived", PROJECT_STOPPED, &project).await?;
    }
    Ok(project)
}

/// Says which models a project may call; `None`: every model.
///
/// # Errors
/// `not_found`, a refusal that names the field, `project_archived` for one that is.
pub async fn set_models(
    acting: &mut Acting<'_>,
    id: &str,
    models: Option<&Models>,
) -> Result<Project, Trouble> {
    let mut project = open(acting, Scope::UPDATE_PROJECTS, id).await?;
    if let Some(models) = models {
        check_models(models)?;
    }
    project.model_mode = models.map(|models| models.mode.clone());
    project.model_ids = models.map(|models| json!(models.ids).to_string());
    tenants::update_project(&mut acting.tx, &project).await?;
    record(acting, "project.updated", PROJECT_CHANGED, &project).await?;
    Ok(project)
}

fn check_models(models: &Models) -> Result<(), Refusal> {
    if !["allow_list", "deny_list"].contains(&models.mode.as_str()) {
        return Err(Refusal::field("mode", "`mode` must be `allow_list` or `deny_list`."));
    }
    if models.ids.len() > MODELS_MAX {
        return Err(Refusal::field("model_ids", format!("`model_ids` takes at most {MODELS_MAX} entries.")));
    }
    for id in &models.ids {
        check_text("model_ids", id, MODEL_CHARS_MAX)?;
        if id.trim().is_empty() {
            return Err(Refusal::field("model_ids", "An entry of `model_ids` is empty."));
        }
    }
    Ok(())
}

/// The project of the organisation acted in.
///
/// # Errors
/// `not_found`: not there and not yours are one answer.
pub async fn find(acting: &mut Acting<'_>, id: &str) -> Result<Project, Trouble> {
    let org = acting.org.clone();
    let found = tenants::project(&mut acting.tx, &org, id).await?;
    found.ok_or_else(|| not_there("project").into())
}

/// A project in use that the actor may do something to.
///
/// # Errors
/// `not_found`, `missing_scope`, `project_archived`.
pub async fn open(acting: &mut Acting<'_>, action: Scope, id: &str) -> Result<Project, Trouble> {
    acting.may(action, Subject::Project(id))?;
    let project = find(acting, id).await?;
    if project.archived_ms.is_some() {
        return Err(Refusal::new(
            Code::ProjectArchived,
            "This project is archived: nothing in it can be changed.",
        )
        .into());
    }
    Ok(project)
}

fn apply(project: &mut Project, wanted: &Wanted) -> Result<(), Refusal> {
    if let Some(name) = &wanted.name {
        check_name("name", name)?;
        project.name.clone_from(name);
    }
    if let Some(environment) = &wanted.environment {
        if !ENVIRONMENTS.contains(&environment.as_str()) {
            let message = "`environment` must be `development`, `staging` or `production`.";
            return Err(Refusal::field("environment", message));
        }
        project.environment.clone_from(environment);
    }
    if let Some(networks) = &wanted.ip_allowlist {
        check_networks(networks.as_deref().unwrap_or_default())?;
        project.ip_allowlist = networks.as_ref().map(|networks| json!(networks).to_string());
    }
    Ok(())
}

async fn record(
    acting: &mut Acting<'_>,
    name: &'static str,
    kind: &'static str,
    project: &Project,
) -> Result<(), Trouble> {
    let detail = json!({ "name": project.name, "environment": project.environment,
        "ip_allowlist": project.ip_allowlist, "model_mode": project.model_mode,
        "model_ids": project.model_ids, "archived_ms": project.archived_ms });
    let deed = Deed { name, kind, project: Some(&project.id), object: &project.id, detail };
    Ok(acting.record(deed).await?)
}
