//! `/v1/organization/projects/{project}/model_permissions`

mod post;
