//! Usage, cost, the request log, nodes.

use super::managed;
use crate::access::verify::About::{Anywhere, Installation};
use crate::access::verify::Needs::Admin;
use crate::accounts::Scope;
use crate::admin::{nodes, requests, usage, usage_export};
use crate::relay::Route;
use http::Method;

pub(super) static ROUTES: &[Route] = &[
    managed(
        "usage_completions",
        Method::GET,
        "/v1/organization/usage/completions",
        Admin(Scope::READ_USAGE, Anywhere),
        usage::completions,
    ),
    managed(
        "usage_embeddings",
        Method::GET,
        "/v1/organization/usage/embeddings",
        Admin(Scope::READ_USAGE, Anywhere),
        usage::embeddings,
    ),
    managed(
        "usage_rerank",
        Method::GET,
        "/v1/organization/usage/rerank",
        Admin(Scope::READ_USAGE, Anywhere),
        usage::rerank,
    ),
    managed(
        "usage_moderations",
        Method::GET,
        "/v1/organization/usage/moderations",
        Admin(Scope::READ_USAGE, Anywhere),
        usage::moderations,
    ),
    managed(
        "usage_images",
        Method::GET,
        "/v1/organization/usage/images",
        Admin(Scope::READ_USAGE, Anywhere),
        usage::images,
    ),
    managed(
        "usage_audio_speeches",
        Method::GET,
        "/v1/organization/usage/audio_speeches",
        Admin(Scope::READ_USAGE, Anywhere),
        usage::audio_speeches,
    ),
    managed(
        "usage_audio_transcriptions",
        Method::GET,
        "/v1/organization/usage/audio_transcriptions",
        Admin(Scope::READ_USAGE, Anywhere),
        usage::audio_transcriptions,
    ),
    managed(
        "usage_export",
        Method::GET,
        "/v1/organization/usage/export",
        Admin(Scope::READ_USAGE, Anywhere),
        usage_export::export,
    ),
    managed("costs", Method::GET, "/v1/organization/costs", Admin(Scope::READ_USAGE, Anywhere), usage::costs),
    managed(
        "request_list",
        Method::GET,
        "/v1/organization/requests",
        Admin(Scope::READ_REQUESTS, Anywhere),
        requests::list,
    ),
    managed(
        "request_get",
        Method::GET,
        "/v1/organization/requests/{request}",
        Admin(Scope::READ_REQUESTS, Anywhere),
        requests::get,
    ),
    managed(
        "nodes",
        Method::GET,
        "/v1/organization/nodes",
        Admin(Scope::READ_SETTINGS, Installation),
        nodes::list,
    ),
];
