//! `/v1/organization/projects/{project}/users`

mod post;
