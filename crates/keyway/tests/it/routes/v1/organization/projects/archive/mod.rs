//! `/v1/organization/projects/{project}/archive`

mod post;
