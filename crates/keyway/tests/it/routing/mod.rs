//! Who is asked, and what becomes of a request when providers have a bad day.

mod attempts;
mod auto;
mod health;
mod sessions;

use crate::scene::PROVIDER_SECRET;
use testkit::{Keyway, Response, Upstream, Value, eventually, json};

/// Several scripted providers `p0`, `p1`, ... with a model `m` each, and a live key.
pub struct Providers {
    pub upstreams: Vec<Upstream>,
    pub keyway: Keyway,
    pub key: String,
}

impl Providers {
    /// As many as asked for, and more of the settings file.
    pub fn start(count: usize, settings: &str) -> Self {
        let upstreams: Vec<Upstream> = (0..count).map(|_| Upstream::start()).collect();
        let urls: Vec<String> = upstreams.iter().map(Upstream::base_url).collect();
        Self::at(upstreams, &urls, settings)
    }

    /// With providers at these addresses.
    pub fn at(upstreams: Vec<Upstream>, urls: &[String], settings: &str) -> Self {
        let mut builder = Keyway::builder(env!("CARGO_BIN_EXE_keyway")).env("KEYWAY_WORKERS", "1");
        for (number, url) in urls.iter().enumerate() {
            builder = builder.provider(&format!("p{number}"), url, PROVIDER_SECRET).config(&format!(
                "[models.\"p{number}/m\"]\ncontext_tokens = 128000\ntools = true\n\
                 price = {{ input = 1.0, output = 2.0 }}\n"
            ));
        }
        let keyway = builder.config(settings).start();
        let (_, key) = keyway.make_key("test");
        Self { upstreams, keyway, key }
    }

    /// The answer to a short request for a model.
    pub fn ask(&self, model: &str) -> Response {
        self.ask_with(model, &[], &json!({}))
    }

    /// The same with header fields and members of the body.
    pub fn ask_with(&self, model: &str, fields: &[(&str, &str)], more: &Value) -> Response {
        let mut body = json!({"model": model, "messages": [{"role": "user", "content": "hi"}]});
        for (name, value) in more.as_object().into_iter().flatten() {
            body[name] = value.clone();
        }
        let bearer = format!("Bearer {}", self.key);
        let mut headers = vec![("authorization", bearer.as_str()), ("content-type", "application/json")];
        headers.extend(fields);
        self.keyway.request("POST", "/v1/chat/completions", &headers, body.to_string().as_bytes())
    }

    /// The request log, newest first, as soon as it holds `count` entries.
    pub fn log(&self, count: usize) -> Vec<Value> {
        let (_, admin) = self.keyway.make_admin_key("reader");
        eventually(&format!("{count} entries in the request log"), || {
            let list = self.keyway.get("/v1/organization/requests?limit=100", &admin);
            let list = list.expect_status(200).json()["data"].as_array()?.clone();
            (list.len() >= count).then_some(list)
        })
    }

    /// How many requests each provider got.
    pub fn counts(&self) -> Vec<u64> {
        self.upstreams.iter().map(Upstream::count).collect()
    }
}

/// Who answered, and after how many attempts.
pub fn answered(answer: &Response) -> (String, String) {
    let field = |name: &str| answer.header(name).unwrap_or_default().to_owned();
    (field("x-keyway-provider"), field("x-keyway-attempts"))
}

/// A URL on which nobody listens.
pub fn nobody() -> String {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = listener.local_addr().expect("its address");
    drop(listener);
    format!("http://{address}/v1")
}
