//! `/v1/organization/projects/{project}/policy`

mod post;
