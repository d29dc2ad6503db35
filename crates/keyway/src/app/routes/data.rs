//! The data plane, health and metrics.

use super::{google, inference, managed, memory};
use crate::access::verify::About::Installation;
use crate::access::verify::Needs;
use crate::accounts::Scope;
use crate::admin::{credit, own_key, tokens};
use crate::app::openapi;
use crate::relay::route::{Billing, BodyLimit, Handler, Route, Shape};
use crate::wire::{health, infer, jwks, models};
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
    inference(
        "chat_completions",
        ("/v1/chat/completions", &["/chat/completions", "/beta/chat/completions"]),
        (Scope::CHAT, Billing::ChatCompletions, Shape::OpenAi),
        infer::chat,
    ),
    inference(
        "messages",
        ("/v1/messages", &["/anthropic/v1/messages"]),
        (Scope::CHAT, Billing::ChatCompletions, Shape::Anthropic),
        infer::messages,
    ),
    inference(
        "count_tokens",
        ("/v1/messages/count_tokens", &["/anthropic/v1/messages/count_tokens"]),
        (Scope::CHAT, Billing::Count, Shape::Anthropic),
        infer::count_messages,
    ),
    inference(
        "responses",
        ("/v1/responses", &["/responses"]),
        (Scope::CHAT, Billing::ChatCompletions, Shape::Responses),
        infer::responses,
    ),
    inference(
        "input_tokens",
        ("/v1/responses/input_tokens", &["/responses/input_tokens"]),
        (Scope::CHAT, Billing::Count, Shape::Responses),
        infer::count_responses,
    ),
    inference(
        "generate_content",
        ("/v1beta/models/{*id}:generateContent", &["/v1/models/{*id}:generateContent"]),
        (Scope::CHAT, Billing::ChatCompletions, Shape::Google),
        infer::generate,
    ),
    inference(
        "stream_generate_content",
        ("/v1beta/models/{*id}:streamGenerateContent", &["/v1/models/{*id}:streamGenerateContent"]),
        (Scope::CHAT, Billing::ChatCompletions, Shape::Google),
        infer::generate,
    ),
    inference(
        "count_content",
        ("/v1beta/models/{*id}:countTokens", &["/v1/models/{*id}:countTokens"]),
        (Scope::CHAT, Billing::Count, Shape::Google),
        infer::count_content,
    ),
    inference(
        "completions",
        ("/v1/completions", &["/completions", "/beta/completions"]),
        (Scope::COMPLETIONS, Billing::Completions, Shape::OpenAi),
        infer::completions,
    ),
    inference(
        "embeddings",
        ("/v1/embeddings", &["/embeddings"]),
        (Scope::EMBEDDINGS, Billing::Embeddings, Shape::OpenAi),
        infer::embeddings,
    ),
    inference(
        "embed_content",
        ("/v1beta/models/{*id}:embedContent", &["/v1/models/{*id}:embedContent"]),
        (Scope::EMBEDDINGS, Billing::Embeddings, Shape::Google),
        infer::embed_content,
    ),
    inference(
        "batch_embed_contents",
        ("/v1beta/models/{*id}:batchEmbedContents", &["/v1/models/{*id}:batchEmbedContents"]),
        (Scope::EMBEDDINGS, Billing::Embeddings, Shape::Google),
        infer::embed_content,
    ),
    inference(
        "rerank",
        ("/v1/rerank", &["/rerank"]),
        (Scope::RERANK, Billing::Rerank, Shape::OpenAi),
        infer::rerank,
    ),
    inference(
        "moderations",
        ("/v1/moderations", &["/moderations"]),
        (Scope::MODERATIONS, Billing::Moderations, Shape::OpenAi),
        infer::moderations,
    ),
    inference(
        "images_generations",
        ("/v1/images/generations", &[]),
        (Scope::IMAGES, Billing::Images, Shape::OpenAi),
        infer::images,
    ),
    inference(
        "audio_speech",
        ("/v1/audio/speech", &[]),
        (Scope::AUDIO, Billing::Speeches, Shape::OpenAi),
        infer::speech,
    ),
    inference(
        "audio_transcriptions",
        ("/v1/audio/transcriptions", &[]),
        (Scope::AUDIO, Billing::Transcriptions, Shape::OpenAi),
        infer::transcriptions,
    ),
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
    google("google_models", "/v1beta/models", Handler::Memory(models::list)),
    google("google_model", "/v1beta/models/{*id}", Handler::Memory(models::show)),
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
    managed("own_key", Method::GET, "/v1/key", Needs::AnyKey, own_key::show),
];
