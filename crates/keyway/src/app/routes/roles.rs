//! Roles of single projects, and who has them there. OpenAI has these without `/organization`.

use super::{also, managed};
use crate::access::verify::About::Project;
use crate::access::verify::Needs::Admin;
use crate::accounts::Scope;
use crate::admin::roles;
use crate::relay::Route;
use http::Method;

pub(super) static ROUTES: &[Route] = &[
    also(
        &["/v1/projects/{project}/roles"],
        managed(
            "project_role_list",
            Method::GET,
            "/v1/organization/projects/{project}/roles",
            Admin(Scope::READ_MEMBERS, Project),
            roles::list_in_project,
        ),
    ),
    also(
        &["/v1/projects/{project}/roles"],
        managed(
            "project_role_create",
            Method::POST,
            "/v1/organization/projects/{project}/roles",
            Admin(Scope::CREATE_SETTINGS, Project),
            roles::create_in_project,
        ),
    ),
    also(
        &["/v1/projects/{project}/roles/{role}"],
        managed(
            "project_role_get",
            Method::GET,
            "/v1/organization/projects/{project}/roles/{role}",
            Admin(Scope::READ_MEMBERS, Project),
            roles::get_in_project,
        ),
    ),
    also(
        &["/v1/projects/{project}/roles/{role}"],
        managed(
            "project_role_update",
            Method::POST,
            "/v1/organization/projects/{project}/roles/{role}",
            Admin(Scope::UPDATE_SETTINGS, Project),
            roles::update_in_project,
        ),
    ),
    also(
        &["/v1/projects/{project}/roles/{role}"],
        managed(
            "project_role_remove",
            Method::DELETE,
            "/v1/organization/projects/{project}/roles/{role}",
            Admin(Scope::DELETE_SETTINGS, Project),
            roles::remove_in_project,
        ),
    ),
    also(
        &["/v1/projects/{project}/users/{user}/roles"],
        managed(
            "project_user_roles",
            Method::GET,
            "/v1/organization/projects/{project}/users/{user}/roles",
            Admin(Scope::READ_MEMBERS, Project),
            roles::list_of_project_user,
        ),
    ),
    also(
        &["/v1/projects/{project}/users/{user}/roles"],
        managed(
            "project_user_role_give",
            Method::POST,
            "/v1/organization/projects/{project}/users/{user}/roles",
            Admin(Scope::UPDATE_MEMBERS, Project),
            roles::give_project_user,
        ),
    ),
    also(
        &["/v1/projects/{project}/users/{user}/roles/{role}"],
        managed(
            "project_user_role",
            Method::GET,
            "/v1/organization/projects/{project}/users/{user}/roles/{role}",
            Admin(Scope::READ_MEMBERS, Project),
            roles::get_of_project_user,
        ),
    ),
    also(
        &["/v1/projects/{project}/users/{user}/roles/{role}"],
        managed(
            "project_user_role_take",
            Method::DELETE,
            "/v1/organization/projects/{project}/users/{user}/roles/{role}",
            Admin(Scope::UPDATE_MEMBERS, Project),
            roles::take_from_project_user,
        ),
    ),
    also(
        &["/v1/projects/{project}/groups/{group}/roles"],
        managed(
            "project_group_roles",
            Method::GET,
            "/v1/organization/projects/{project}/groups/{group}/roles",
            Admin(Scope::READ_MEMBERS, Project),
            roles::list_of_project_group,
        ),
    ),
    also(
        &["/v1/projects/{project}/groups/{group}/roles"],
        managed(
            "project_group_role_give",
            Method::POST,
            "/v1/organization/projects/{project}/groups/{group}/roles",
            Admin(Scope::UPDATE_MEMBERS, Project),
            roles::give_project_group,
        ),
    ),
    also(
        &["/v1/projects/{project}/groups/{group}/roles/{role}"],
        managed(
            "project_group_role",
            Method::GET,
            "/v1/organization/projects/{project}/groups/{group}/roles/{role}",
            Admin(Scope::READ_MEMBERS, Project),
            roles::get_of_project_group,
        ),
    ),
    also(
        &["/v1/projects/{project}/groups/{group}/roles/{role}"],
        managed(
            "project_group_role_take",
            Method::DELETE,
            "/v1/organization/projects/{project}/groups/{group}/roles/{role}",
            Admin(Scope::UPDATE_MEMBERS, Project),
            roles::take_from_project_group,
        ),
    ),
];
