//! Every provider row in every dialect it speaks besides chat, against a host that refuses what the real one
//! refuses: another path, another credential, a missing version, members of another vendor's shape. Made from
//! the rows.

use super::contract::{base_path_of, builtin_rows, secret, shown};
use keyway::catalog::{AuthStyle, Dialect, ProviderRow};
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::sync::Arc;
use testkit::upstream::Request;
use testkit::{Answer, Keyway, Response, Upstream, Value, json};

/// A dialect: the kind of model that is asked in it, the path below the base URL, the members that its hosts
/// know (empty: they take more than can be listed), those that must be there, and an answer.
struct Spoken {
    dialect: Dialect,
    kind: &'static str,
    path: &'static str,
    known: &'static [&'static str],
    needed: &'static [&'static str],
    answer: fn() -> Value,
}

const SPOKEN: &[Spoken] = &[
    Spoken {
        dialect: Dialect::AnthropicMessages,
        kind: "chat",
        path: "/messages",
        known: &[
            "model",
            "max_tokens",
            "messages",
            "system",
            "tools",
            "tool_choice",
            "stream",
            "metadata",
            "thinking",
        ],
        needed: &["model", "max_tokens", "messages"],
        answer: || {
            json!({"id": "m", "type": "message", "role": "assistant", "model": "contract",
            "content": [{"type": "text", "text": "hi"}], "stop_reason": "end_turn",
            "usage": {"input_tokens": 3, "output_tokens": 2}})
        },
    },
    Spoken {
        dialect: Dialect::BedrockConverse,
        kind: "chat",
        path: "/model/contract-converse/converse",
        known: &["messages", "system", "inferenceConfig", "toolConfig", "additionalModelRequestFields"],
        needed: &["messages", "inferenceConfig"],
        answer: || {
            json!({"output": {"message": {"role": "assistant", "content": [{"text": "hi"}]}},
            "stopReason": "end_turn", "usage": {"inputTokens": 3, "outputTokens": 2, "totalTokens": 5}})
        },
    },
    Spoken {
        dialect: Dialect::Gemini,
        kind: "chat",
        path: "/models/contract:generateContent",
        known: &["contents", "systemInstruction", "tools", "toolConfig", "generationConfig"],
        needed: &["contents"],
        answer: || {
            json!({"candidates": [{"content": {"role": "model", "parts": [{"text": "hi"}]},
            "finishReason": "STOP", "index": 0}], "usageMetadata": {"promptTokenCount": 3, "candidatesTokenCount": 2, "totalTokenCount": 5}})
        },
    },
    Spoken {
        dialect: Dialect::OpenaiResponses,
        kind: "chat",
        path: "/responses",
        known: &[],
        needed: &["model", "input"],
        answer: || {
            json!({"id": "r", "object": "response", "created_at": 1, "status": "completed", "model": "contract",
            "output": [{"type": "message", "id": "i", "role": "assistant", "status": "completed",
                "content": [{"type": "output_text", "text": "hi", "annotations": []}]}],
            "usage": {"input_tokens": 3, "output_tokens": 2, "total_tokens": 5}})
        },
    },
    Spoken {
        dialect: Dialect::OpenaiCompletions,
        kind: "chat",
        path: "/completions",
        known: &[],
        needed: &["model", "prompt"],
        answer: || {
            json!({"id": "c", "object": "text_completion", "created": 1, "model": "contract",
            "choices": [{"index": 0, "text": "hi", "finish_reason": "stop"}],
            "usage": {"prompt_tokens": 3, "completion_tokens": 2, "total_tokens": 5}})
        },
    },
    Spoken {
        dialect: Dialect::OpenaiEmbeddings,
        kind: "embedding",
        path: "/embeddings",
        known: &["model", "input", "dimensions", "encoding_format", "user"],
        needed: &["model", "input"],
        answer: || {
            json!({"object": "list", "model": "contract", "usage": {"prompt_tokens": 3, "total_tokens": 3},
            "data": [{"object": "embedding", "index": 0, "embedding": "AACAPgAAAL8="}]})
        },
    },
    Spoken {
        dialect: Dialect::CohereEmbed,
        kind: "embedding",
        path: "/embed",
        known: &["model", "texts", "input_type", "embedding_types", "output_dimension"],
        needed: &["model", "texts", "input_type", "embedding_types"],
        answer: || json!({"id": "e", "embeddings": {"float": [[0.25, -0.5]]}, "meta": {"billed_units": {"input_tokens": 3}}}),
    },
    Spoken {
        dialect: Dialect::VoyageEmbeddings,
        kind: "embedding",
        path: "/embeddings",
        known: &[
            "model",
            "input",
            "input_type",
            "output_dimension",
            "output_dtype",
            "truncation",
            "encoding_format",
        ],
        needed: &["model", "input"],
        answer: || {
            json!({"object": "list", "data": [{"object": "embedding", "embedding": [0.25, -0.5], "index": 0}],
            "model": "contract", "usage": {"total_tokens": 3}})
        },
    },
    Spoken {
        dialect: Dialect::JinaEmbeddings,
        kind: "embedding",
        path: "/embeddings",
        known: &["model", "input", "task", "dimensions", "embedding_type", "normalized"],
        needed: &["model", "input"],
        answer: || {
            json!({"object": "list", "model": "contract", "usage": {"total_tokens": 3, "prompt_tokens": 3},
            "data": [{"object": "embedding", "index": 0, "embedding": [0.25, -0.5]}]})
        },
    },
    Spoken {
        dialect: Dialect::GeminiEmbeddings,
        kind: "embedding",
        path: "/models/contract-embedding:batchEmbedContents",
        known: &["requests"],
        needed: &["requests"],
        answer: || json!({"embeddings": [{"values": [0.25, -0.5]}]}),
    },
    Spoken {
        dialect: Dialect::CohereRerank,
        kind: "rerank",
        path: "/rerank",
        known: &["model", "query", "documents", "top_n", "return_documents", "max_tokens_per_doc"],
        needed: &["model", "query", "documents"],
        answer: || json!({"results": [{"index": 1, "relevance_score": 0.9}], "meta": {"billed_units": {"search_units": 1}}}),
    },
    Spoken {
        dialect: Dialect::VoyageRerank,
        kind: "rerank",
        path: "/rerank",
        known: &["model", "query", "documents", "top_k", "return_documents", "truncation"],
        needed: &["model", "query", "documents"],
        answer: || json!({"object": "list", "data": [{"index": 1, "relevance_score": 0.9}], "model": "contract", "usage": {"total_tokens": 3}}),
    },
    Spoken {
        dialect: Dialect::OpenaiImages,
        kind: "image",
        path: "/images/generations",
        known: &["model", "prompt", "n", "size", "quality"],
        needed: &["model", "prompt"],
        answer: || json!({"created": 1, "data": [{"b64_json": "aGk="}]}),
    },
    Spoken {
        dialect: Dialect::OpenaiSpeech,
        kind: "speech",
        path: "/audio/speech",
        known: &["model", "input", "voice", "response_format", "speed"],
        needed: &["model", "input", "voice"],
        answer: || json!("sound"),
    },
    Spoken {
        dialect: Dialect::OpenaiTranscriptions,
        kind: "transcription",
        path: "/audio/transcriptions",
        known: &[],
        needed: &[],
        answer: || json!({"text": "hi"}),
    },
];

const FORM: &str = "multipart/form-data; boundary=X";

fn form(model: &str) -> String {
    let part = |name: &str, value: &str| {
        format!("--X\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n")
    };
    part("file", "sound") + &part("model", model) + "--X--\r\n"
}

/// What clients send: where, and what.
fn asked(spoken: &Spoken, model: &str) -> Vec<(String, String)> {
    let of = |path: &str, body: Value| (path.to_owned(), body.to_string());
    let tool = json!({"name": "f", "description": "d", "input_schema": {"type": "object"}});
    match spoken.kind {
        "chat" => match spoken.dialect {
            Dialect::AnthropicMessages | Dialect::BedrockConverse => vec![of(
                "/v1/messages",
                json!({"model": model, "max_tokens": 64, "system": "be brief", "tools": [tool],
                    "tool_choice": {"type": "tool", "name": "f"}, "messages": [{"role": "user", "content": "hi"}]}),
            )],
            Dialect::Gemini => {
                let body = json!({"contents": [{"role": "user", "parts": [{"text": "hi"}]}],
                    "generationConfig": {"maxOutputTokens": 64}});
                vec![of(&format!("/v1beta/models/{model}:generateContent"), body)]
            }
            Dialect::OpenaiResponses => vec![of(
                "/v1/responses",
                json!({"model": model, "input": "hi", "instructions": "be brief", "max_output_tokens": 64}),
            )],
            _ => vec![of("/v1/completions", json!({"model": model, "prompt": "hi", "max_tokens": 64}))],
        },
        "embedding" => {
            let openai =
                json!({"model": model, "input": ["hi"], "dimensions": 2, "encoding_format": "base64"});
            let content = json!({"content": {"parts": [{"text": "hi"}]}, "outputDimensionality": 2});
            vec![
                of("/v1/embeddings", openai),
                of(&format!("/v1beta/models/{model}:embedContent"), content.clone()),
                of(&format!("/v1beta/models/{model}:batchEmbedContents"), json!({"requests": [content]})),
            ]
        }
        "rerank" => {
            vec![of("/v1/rerank", json!({"model": model, "query": "q", "documents": ["a", "b"], "top_n": 1}))]
        }
        "image" => vec![of("/v1/images/generations", json!({"model": model, "prompt": "a cat", "n": 1}))],
        "speech" => vec![of("/v1/audio/speech", json!({"model": model, "input": "hi", "voice": "alloy"}))],
        _ => vec![("/v1/audio/transcriptions".to_owned(), form(model))],
    }
}

fn model(spoken: &Spoken) -> String {
    match spoken.kind {
        "chat" if spoken.dialect == Dialect::BedrockConverse => "contract-converse".to_owned(),
        "chat" => "contract".to_owned(),
        kind => format!("contract-{kind}"),
    }
}

fn auth(row: &ProviderRow, dialect: Dialect) -> AuthStyle {
    let by = row.auth_by.iter().flatten().find(|(of, _)| *of == dialect);
    by.map_or(row.auth.unwrap_or(AuthStyle::Bearer), |(_, auth)| *auth)
}

fn spoken(dialect: Dialect) -> Option<&'static Spoken> {
    SPOKEN.iter().find(|spoken| spoken.dialect == dialect)
}

/// `/{row}/{dialect}/...` is that row's host for the dialect.
fn judged(rows: &BTreeMap<String, ProviderRow>, request: &Request) -> Result<&'static Spoken, String> {
    let mut parts = request.path.splitn(4, '/').skip(1);
    let (name, word) = (parts.next().unwrap_or_default(), parts.next().unwrap_or_default());
    let row = rows.get(name).ok_or_else(|| format!("no such host: {}", request.path))?;
    let dialect = Dialect::from_word(word).ok_or("no such dialect")?;
    let of = spoken(dialect).ok_or("a dialect that is not spoken")?;
    let path = format!("/{name}/{word}{}{}", base_path_of(row, dialect).unwrap_or_default(), of.path);
    if request.path != path || request.method != "POST" {
        return Err(format!("404: {} {}", request.method, request.path));
    }
    let fields = ["authorization", "x-api-key", "x-goog-api-key", "api-key"];
    let seen: Vec<(&str, String)> =
        fields.iter().filter_map(|name| Some((*name, request.header(name)?.to_owned()))).collect();
    if Some(&seen[..]) != shown(auth(row, dialect), &secret(name)).as_ref().map(std::slice::from_ref) {
        return Err(format!("401: {:?}", seen.iter().map(|(name, _)| name).collect::<Vec<_>>()));
    }
    if dialect == Dialect::AnthropicMessages && request.header("anthropic-version").is_none() {
        return Err("anthropic-version: header is required".to_owned());
    }
    if dialect == Dialect::OpenaiTranscriptions {
        let whole = request.header("content-type") == Some(FORM) && request.text() == form(&model(of));
        return if whole { Ok(of) } else { Err(format!("no such form: {}", request.text())) };
    }
    body_of(of, &request.json()).map(|()| of)
}

fn body_of(of: &Spoken, body: &Value) -> Result<(), String> {
    let members = body.as_object().ok_or("no object")?;
    if let Some(name) = members.keys().find(|name| !of.known.is_empty() && !of.known.contains(&name.as_str()))
    {
        return Err(format!("Unrecognized request argument supplied: {name}"));
    }
    if let Some(name) = of.needed.iter().find(|name| !members.contains_key(**name)) {
        return Err(format!("Missing required parameter: {name}"));
    }
    let named = match of.dialect {
        Dialect::Gemini | Dialect::BedrockConverse => return Ok(()),
        Dialect::GeminiEmbeddings => {
            body["requests"][0]["model"].as_str().and_then(|name| name.strip_prefix("models/"))
        }
        _ => body["model"].as_str(),
    };
    if named != Some(model(of).as_str()) {
        return Err(format!("no such model: {named:?}"));
    }
    if body["store"] == true {
        return Err("this host keeps nothing".to_owned());
    }
    Ok(())
}

fn host(rows: Vec<ProviderRow>) -> Upstream {
    let rows: Arc<BTreeMap<String, ProviderRow>> =
        Arc::new(rows.into_iter().map(|row| (row.name.clone(), row)).collect());
    Upstream::scripted(move |request| match judged(&rows, request) {
        Ok(of) if of.dialect == Dialect::OpenaiSpeech => Answer::bytes(200, "audio/mpeg", "sound"),
        Ok(of) => Answer::json(200, &(of.answer)()),
        Err(why) => Answer::error(422, "invalid_request_error", "contract", &why),
    })
}

fn send(keyway: &Keyway, key: &str, path: &str, body: &str) -> Response {
    let bearer = format!("Bearer {key}");
    let kind = if path.ends_with("/transcriptions") { FORM } else { "application/json" };
    keyway.request("POST", path, &[("authorization", &bearer), ("content-type", kind)], body.as_bytes())
}

#[test]
fn every_row_passes_in_every_dialect_it_speaks() {
    let rows: Vec<ProviderRow> = builtin_rows();
    let upstream = host(rows.clone());
    let mut text = String::new();
    let mut builder = Keyway::builder(env!("CARGO_BIN_EXE_keyway")).env("KEYWAY_WORKERS", "1");
    let mut walks = Vec::new();
    for row in &rows {
        let speaks: Vec<&Spoken> =
            row.speaks.iter().flatten().filter_map(|dialect| spoken(*dialect)).collect();
        let speaks: Vec<&Spoken> =
            speaks.into_iter().filter(|of| shown(auth(row, of.dialect), "").is_some()).collect();
        if speaks.is_empty() {
            continue;
        }
        let name = &row.name;
        let variable = format!("CONTRACT_{}", name.to_uppercase().replace('-', "_"));
        let urls: Vec<String> = speaks
            .iter()
            .map(|of| {
                let (word, base) = (of.dialect.word(), base_path_of(row, of.dialect).unwrap_or_default());
                format!("{word} = \"http://{}/{name}/{word}{base}\"", upstream.address())
            })
            .collect();
        let _ = write!(
            text,
            "[providers.{name}]\nbase_url = {{ {} }}\ncredential = \"env:{variable}\"\n",
            urls.join(", ")
        );
        let mut models = BTreeMap::new();
        for of in speaks {
            models.insert(model(of), of.kind);
            walks.push((row.name.clone(), of));
        }
        for (model, kind) in models {
            let _ = writeln!(text, "[models.\"{name}/{model}\"]\nkind = \"{kind}\"");
            if model.ends_with("converse") {
                text.push_str("speaks = [\"bedrock-converse\"]\n");
            }
        }
        builder = builder.env(&variable, &secret(name));
    }
    let keyway = builder.config(&text).start();
    let scopes = ["chat_completions", "completions", "embeddings", "rerank", "images", "audio"];
    let scopes: Vec<String> = scopes.iter().map(|scope| format!("create:{scope}")).collect();
    let arguments: Vec<&str> = scopes.iter().flat_map(|scope| ["--scope", scope.as_str()]).collect();
    let key = keyway.make_key_with("contract", &arguments);
    let mut seen: BTreeMap<&str, u32> = BTreeMap::new();
    for (name, of) in walks {
        for (path, body) in asked(of, &format!("{name}/{}", model(of))) {
            let answer = send(&keyway, &key, &path, &body);
            assert_eq!(answer.status, 200, "{name} {}: {}\n{body}", of.dialect.word(), answer.text());
        }
        *seen.entry(of.dialect.word()).or_default() += 1;
    }
    for of in SPOKEN {
        assert!(seen.contains_key(of.dialect.word()), "no row speaks {}", of.dialect.word());
    }
}

/// The host of this test would see each deviation.
#[test]
fn a_request_of_another_shape_would_be_refused() {
    for of in SPOKEN.iter().filter(|of| !of.known.is_empty()) {
        for other in SPOKEN.iter().filter(|other| other.kind == of.kind && other.known != of.known) {
            let mut body = json!({});
            other.needed.iter().for_each(|name| body[*name] = json!("x"));
            let known = other.needed.iter().all(|name| of.known.contains(name));
            assert!(
                known || body_of(of, &body).is_err(),
                "{} at {}",
                other.dialect.word(),
                of.dialect.word()
            );
        }
    }
}
