//! What most tests begin with: a scripted provider, a server before it, an admin key, and words for
//! what is then asked of them.

use testkit::keyway::Builder;
use testkit::{Keyway, Response, Upstream, Value, json};

/// The credential the server sends to the scripted provider.
pub const CREDENTIAL: &str = "sk-upstream-credential-0123456789abcdef";
/// The one model of the provider `mine`, at prices that make every cost exact.
pub const MODEL: &str = "mine/small";
/// Its row.
pub const MODEL_ROW: &str = "[models.\"mine/small\"]\nupstream = \"small-v2\"\ncontext_tokens = 128000\n\
    output_tokens_max = 8192\nprice = { input = 0.50, output = 1.50, cache_read = 0.05 }\n";

/// The program with the provider `mine`, not yet started.
pub fn builder(upstream: &Upstream) -> Builder {
    bare().provider("mine", &upstream.base_url(), CREDENTIAL).config(MODEL_ROW)
}

/// The program with the sandbox alone, not yet started.
pub fn bare() -> Builder {
    Keyway::builder(env!("CARGO_BIN_EXE_keyway"))
}

/// A server, and an admin key to it.
pub struct Scene {
    /// The server.
    pub keyway: Keyway,
    /// Its admin key.
    pub admin: String,
    /// `/v1/organization/projects/{default project}`
    pub project_path: String,
    /// The default project's id.
    pub project: String,
}

impl Scene {
    /// Starts the server, makes the admin key.
    pub fn start(builder: Builder) -> Self {
        let keyway = builder.start();
        let (_, admin) = keyway.make_admin_key("root");
        let list = keyway.get("/v1/organization/projects", &admin).expect_status(200).json();
        let project = text(&list["data"][0]["id"]);
        let project_path = format!("/v1/organization/projects/{project}");
        Self { keyway, admin, project_path, project }
    }

    /// Makes a key through the API: its whole answer.
    pub fn create_key(&self, body: &Value) -> Value {
        self.keyway.post_json(&self.keys_path(), &self.admin, body).expect_status(200).json()
    }

    /// Makes a live key through the API: its id and its secret.
    pub fn make_key(&self) -> (String, String) {
        let made = self.create_key(&json!({"name": "one"}));
        (text(&made["id"]), text(&made["value"]))
    }

    /// Where the default project's keys are.
    pub fn keys_path(&self) -> String {
        format!("{}/api_keys", self.project_path)
    }

    /// Where a key is.
    pub fn key_path(&self, id: &str) -> String {
        format!("{}/{id}", self.keys_path())
    }

    /// Asks the management API.
    pub fn get(&self, path: &str) -> Response {
        self.keyway.get(path, &self.admin)
    }

    /// Asks the management API for an object.
    pub fn get_json(&self, path: &str) -> Value {
        self.get(path).expect_status(200).json()
    }

    /// POST to the management API.
    pub fn post(&self, path: &str, body: &Value) -> Response {
        self.keyway.post_json(path, &self.admin, body)
    }

    /// DELETE at the management API.
    pub fn delete(&self, path: &str) -> Response {
        self.keyway.delete(path, &self.admin)
    }

    /// A whole answer from the provider.
    pub fn chat(&self, key: &str) -> Response {
        self.keyway.post_json("/v1/chat/completions", key, &hello(false))
    }

    /// Every line of the request log, page by page, newest first.
    pub fn requests(&self) -> Vec<Value> {
        let mut all = Vec::new();
        let mut after = String::new();
        loop {
            let page = self.get_json(&format!("/v1/organization/requests?limit=100{after}"));
            all.extend(page["data"].as_array().cloned().unwrap_or_default());
            if page["has_more"] != true {
                return all;
            }
            after = format!("&after={}", text(&page["last_id"]));
        }
    }

    /// The line of a request, as soon as it is there.
    pub fn request(&self, id: &str) -> Value {
        testkit::eventually(&format!("the line of {id}"), || {
            let answer = self.get(&format!("/v1/organization/requests/{id}"));
            (answer.status == 200).then(|| answer.json())
        })
    }

    /// The sum of everything used since yesterday.
    pub fn usage(&self) -> Value {
        let page = self.get_json(&format!("/v1/organization/usage/completions?start_time={}", yesterday()));
        total(&page)
    }
}

/// A JSON text without when and how often keys were used: that is written now and then, behind the answers.
pub fn unused(text: &str) -> String {
    ["last_used_at", "last_used_ip", "use_count"].iter().fold(text.to_owned(), |text, name| {
        let member = format!("\"{name}\":");
        let mut parts = text.split(&member);
        let first = parts.next().unwrap_or_default().to_owned();
        parts.fold(first, |whole, part| {
            let end = part.find([',', '}']).unwrap_or(part.len());
            whole + &part[end..]
        })
    })
}

/// One result out of all of a page's, added up.
pub fn total(page: &Value) -> Value {
    let mut sum = json!({"num_model_requests": 0, "num_failed_requests": 0, "num_estimated_requests": 0,
        "input_tokens": 0, "output_tokens": 0, "cost_nanousd": 0});
    for bucket in page["data"].as_array().into_iter().flatten() {
        for result in bucket["results"].as_array().into_iter().flatten() {
            for (name, value) in sum.as_object_mut().into_iter().flatten() {
                let more = match name.as_str() {
                    "cost_nanousd" => nanousd(&result["cost_usd"]),
                    name => result[name].as_i64().unwrap_or_default(),
                };
                *value = json!(value.as_i64().unwrap_or_default() + more);
            }
        }
    }
    sum
}

/// An amount in USD as nano-USD; null is none. Amounts here are far below what a double holds exactly.
pub fn nanousd(amount: &Value) -> i64 {
    (amount.as_f64().unwrap_or_default() * 1e9).round() as i64
}

/// Unix seconds, a day ago.
pub fn yesterday() -> u64 {
    now_seconds() - 86_400
}

/// Unix seconds.
pub fn now_seconds() -> u64 {
    std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).map_or(0, |since| since.as_secs())
}

/// A request to the model.
pub fn hello(stream: bool) -> Value {
    json!({"model": MODEL, "stream": stream, "messages": [{"role": "user", "content": "Hello"}]})
}

/// A JSON string's text.
pub fn text(value: &Value) -> String {
    value.as_str().unwrap_or_else(|| panic!("not a string: {value}")).to_owned()
}

/// Names of an object's fields, in the order of the text.
pub fn fields(object: &str) -> Vec<String> {
    let mut names = Vec::new();
    let (mut depth, mut in_string, mut escaped, mut start) = (0, false, false, 0);
    for (at, letter) in object.char_indices() {
        if in_string {
            match letter {
                _ if escaped => escaped = false,
                '\\' => escaped = true,
                '"' => {
                    in_string = false;
                    let is_name = object[at + 1..].trim_start().starts_with(':');
                    if depth == 1 && is_name {
                        names.push(object[start + 1..at].to_owned());
                    }
                }
                _ => {}
            }
            continue;
        }
        match letter {
            '"' => (in_string, start) = (true, at),
            '{' | '[' => depth += 1,
            '}' | ']' => depth -= 1,
            _ => {}
        }
    }
    names
}

/// The rest of an event stream: its blocks.
pub fn events(connection: &mut testkit::Connection) -> Vec<String> {
    let mut all = Vec::new();
    while let Ok(Some(event)) = connection.event() {
        all.push(event);
    }
    all
}
