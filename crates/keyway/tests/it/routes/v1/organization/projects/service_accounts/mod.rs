//! `/v1/organization/projects/{project}/service_accounts`

mod post;
