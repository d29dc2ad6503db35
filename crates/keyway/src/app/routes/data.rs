//! The data plane, health and metrics.

use super::{managed, memory};
use crate::access::verify::About::Installation;
use crate::access::verify::Needs;
use crate::accounts::Scope;
use crate::admin::{credit, tokens};
use crate::app::openapi;
use crate::relay::route::{Billing, BodyLimit, Handler, Route, Shape};
use crate::wire::{chat, health, jwks, models, own_key};
use http::Method;

pub(super) static ROUTES: &[Route] = &[
    memory("healthz", ("/healthz", &[]), Needs::Nothing, Handler::Memory(health::alive)),
    memory("readyz", ("/readyz", &[]), Needs::Nothing, Handler::Memory(health::ready)),
    memory("openapi", ("/openapi.json", &[]), Needs::Nothing, Handler::Memory(openapi::show)),
    memory(
        "metrics",
        ("/metrics", &[]),
        Needs::Admin(Scope::READ_METRICS, Installation),
        Handler::Memory(health::metrics),
    ),
    Route {
        name: "chat_completions",
        method: Method::POST,
        path: "/v1/chat/completions",
        also: &["/chat/completions", "/beta/chat/completions"],
        needs: Needs::Key(Scope::CHAT),
        body: BodyLimit::Inference,
        shape: Shape::OpenAi,
        billing: Billing::ChatCompletions,
        handler: Handler::Inference(chat::create),
    },
    memory(
        "models",
        ("/v1/models", &["/models"]),
        Needs::Key(Scope::READ_MODELS),
        Handler::Memory(models::list),
    ),
    memory(
        "model",
        ("/v1/models/{*id}", &["/models/{*id}"]),
        Needs::Key(Scope::READ_MODELS),
        Handler::Memory(models::show),
    ),
    managed("token_create", Method::POST, "/v1/tokens", Needs::OwnKey, tokens::create),
    memory("jwks", ("/.well-known/jwks.json", &[]), Needs::Nothing, Handler::Memory(jwks::show)),
    Route {
        name: "own_balance",
        method: Method::GET,
        path: "/user/balance",
        also: &["/v1/user/balance"],
        needs: Needs::AnyKey,
        body: BodyLimit::None,
        shape: Shape::OpenAi,
        billing: Billing::Free,
        handler: Handler::Control(credit::own_balance),
    },
    memory("own_key", ("/v1/key", &[]), Needs::AnyKey, Handler::Memory(own_key::show)),
];
