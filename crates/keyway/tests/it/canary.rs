//! A run full of secrets at the most talkative log level; afterwards they are nowhere but where they
//! were shown or set.

use crate::database;
use crate::stage::{self, CREDENTIAL, Scene, events, hello, text};
use std::io::{Read, Write};
use testkit::keyway::Builder;
use testkit::postgres::{self, Database};
use testkit::upstream::Step;
use testkit::{Answer, Canary, Keyway, Upstream, json};

const MASTER: &str = "7f3c9e0a51d84b26a7c8e94f1032bd657f3c9e0a51d84b26a7c8e94f1032bd65";
const IN_FILE: &str = "sk-upstream-in-a-file-fedcba9876543210";
const PASTED: &str = "sk-pasted-into-the-settings-5566778899";
const STORED: &str = "sk-stored-at-run-time-1618033988749894";
const EXCHANGED: &str = "sk-stored-in-its-place-5772156649015328";
const PASSWORD: &str = "database-Password-31415926535";

/// Everything that was said to clients and by commands, and where.
#[derive(Default)]
struct Said(Vec<(String, String)>);

impl Said {
    fn note(&mut self, place: &str, text: impl Into<String>) {
        self.0.push((place.to_owned(), text.into()));
    }

    fn command(&mut self, keyway: &Keyway, arguments: &[&str]) {
        let output = keyway.cli(arguments);
        self.note(&arguments.join(" "), output.stdout + &output.stderr);
    }
}

/// A key, whole and without its public part.
fn register(canary: &mut Canary, name: &str, key: &str) {
    canary.add(name, key);
    let body = key.rsplit('-').next().unwrap_or_default();
    canary.add(&format!("{name}, its secret part"), &body[12..55]);
}

fn builder(upstream: &Upstream, database: Option<&Database>) -> Builder {
    let folder = tempfile::tempdir().expect("a folder").keep();
    let file = folder.join("credential");
    std::fs::write(&file, format!("{IN_FILE}\n")).expect("the credential's file");
    let row = format!(
        "[providers.filed]\nbase_url = \"{1}\"\ncredential = \"file:{0}\"\nmodels_any = true\n\
         [providers.gone]\nbase_url = \"http://127.0.0.1:9/v1\"\ncredential = \"file:{0}\"\nmodels_any = true\n",
        file.display(),
        upstream.base_url(),
    );
    let builder = stage::builder(upstream)
        .config(&row)
        .sqlite()
        .env("KEYWAY_LOG", "trace")
        .env("KEYWAY_MASTER_KEY", MASTER)
        .env("RUST_BACKTRACE", "1")
        .env("KEYWAY_JOURNAL_SEGMENT_BYTES", "64 KiB");
    match database {
        Some(database) => builder.env("KEYWAY_DATABASE", &with_password(&database.url())),
        None => builder,
    }
}

/// The server of the tests trusts everybody, so that any password will do.
fn with_password(url: &str) -> String {
    let (scheme, rest) = url.split_once("://").expect("a URL");
    let (user, host) = rest.split_once('@').unwrap_or(("keyway", rest));
    let user = user.split(':').next().unwrap_or(user);
    format!("{scheme}://{user}:{PASSWORD}@{host}")
}

#[test]
fn secrets_are_nowhere_but_where_they_were_shown() {
    let database = postgres::server().map(|server| Database::create(&server));
    let upstream = Upstream::start();
    let mut scene = Scene::start(builder(&upstream, database.as_ref()));
    let (mut canary, mut said) = (Canary::new(), Said::default());
    for (name, secret) in [
        ("the provider's credential", CREDENTIAL),
        ("the credential in a file", IN_FILE),
        ("a stored credential", STORED),
        ("a credential in its place", EXCHANGED),
        ("the master key", MASTER),
        ("the database's password", PASSWORD),
        ("a secret pasted into the settings", PASTED),
    ] {
        canary.add(name, secret);
    }
    let keys = make_keys(&scene, &mut canary);
    use_them(&scene, &upstream, &keys, &mut said);
    misuse(&scene, &keys, &mut said);
    store(&scene, &upstream, &keys[2], &mut said);
    commands(&scene, &keys, &mut said);
    let pid = scene.keyway.pid();
    let arguments = std::fs::read(format!("/proc/{pid}/cmdline")).expect("the command line");
    canary.assert_absent("the command line", &arguments);
    look(&scene, &canary, &said, database.as_ref());
    // Once more when the journal has been taken in, and by a new process that says nothing new.
    scene.keyway.restart();
    scene.chat(&keys[0]).expect_status(401);
    scene.chat(&keys[2]).expect_status(200);
    assert!(scene.keyway.terminate().success());
    look(&scene, &canary, &said, database.as_ref());
}

/// A live, a test and two admin keys; by the API and by command.
fn make_keys(scene: &Scene, canary: &mut Canary) -> Vec<String> {
    let admin = json!({"name": "second"});
    let admin = scene.post("/v1/organization/admin_api_keys", &admin).expect_status(200).json();
    let keys = vec![
        scene.make_key().1,
        text(&scene.create_key(&json!({"name": "t", "mode": "test"}))["value"]),
        scene.keyway.make_key("by command").1,
        text(&admin["value"]),
        scene.admin.clone(),
    ];
    for (number, key) in keys.iter().enumerate() {
        register(canary, &format!("key {number}"), key);
    }
    rotate_and_mint(scene, canary);
    keys
}

/// A second secret, a replacement, and tokens of both kinds, each used once.
fn rotate_and_mint(scene: &Scene, canary: &mut Canary) {
    let (id, key) = scene.make_key();
    register(canary, "a rotated key", &key);
    let path = scene.key_path(&id);
    let rotated = scene.post(&format!("{path}/rotate"), &json!({"overlap_seconds": 600})).expect_status(200);
    let second = text(&rotated.json()["value"]);
    register(canary, "its second secret", &second);
    for format in ["opaque", "jwt"] {
        let body = json!({"expires_in_seconds": 600, "format": format});
        let token = scene.keyway.post_json("/v1/tokens", &second, &body).expect_status(200).json();
        let token = text(&token["value"]);
        match token.rsplit_once('.') {
            Some((_, signature)) => canary.add("a signed token's signature", signature),
            None => register(canary, "an opaque token", &token),
        }
        scene.chat(&token).expect_status(200);
    }
    let leaked = scene.post(&format!("{path}/compromised"), &json!({"replace": true})).expect_status(200);
    register(canary, "a replacement", &text(&leaked.json()["replacement"]["value"]));
}

fn use_them(scene: &Scene, upstream: &Upstream, keys: &[String], said: &mut Said) {
    for status in [200, 400, 401, 403, 404, 422, 429, 500, 503] {
        upstream.push(Answer::echoes_credential(status));
        said.note("an echoing provider", scene.chat(&keys[0]).text());
    }
    for credential in [CREDENTIAL, IN_FILE] {
        let error =
            json!({"error": {"message": format!("Incorrect API key: Bearer {credential}."), "code": null}});
        upstream.push(Answer::events(vec![
            Step::Send(b"data: {\"choices\":[{\"index\":0,\"delta\":{\"content\":\"x\"}}]}\n\n".to_vec()),
            Step::Send(format!("data: {error}\n\n").into_bytes()),
        ]));
        let mut body = hello(true);
        if credential == IN_FILE {
            body["model"] = json!("filed/any");
        }
        let (_, mut connection) = scene.keyway.stream("/v1/chat/completions", &keys[0], &body);
        said.note("an echoing stream", events(&mut connection).concat());
        upstream.push(Answer::html(502).header("x-echo", credential));
        said.note("an echoing head", scene.keyway.post_json("/v1/chat/completions", &keys[0], &body).text());
    }
    let (_, mut connection) = scene.keyway.stream("/v1/chat/completions", &keys[2], &hello(true));
    assert!(!events(&mut connection).is_empty());
    let mut nowhere = hello(false);
    nowhere["model"] = json!("gone/any");
    said.note(
        "a provider that is not there",
        scene.keyway.post_json("/v1/chat/completions", &keys[0], &nowhere).text(),
    );
    said.note("own key", scene.keyway.get("/v1/key", &keys[0]).text());
    for path in [
        "/v1/organization/requests?limit=100".to_owned(),
        "/v1/organization/nodes".to_owned(),
        "/v1/organization/admin_api_keys".to_owned(),
        "/metrics".to_owned(),
        scene.keys_path(),
    ] {
        said.note(&path, scene.get(&path).expect_status(200).text());
    }
}

/// Keys in all the places where people put them by mistake.
fn misuse(scene: &Scene, keys: &[String], said: &mut Said) {
    for key in keys {
        let (bearer, basic) = (format!("Bearer {key}"), format!("Basic {key}"));
        let cut = format!("Bearer {}", &key[..key.len() - 1]);
        let twice = format!("Bearer {key}{key}");
        for headers in [
            vec![("authorization", key.as_str())],
            vec![("authorization", basic.as_str())],
            vec![("authorization", cut.as_str())],
            vec![("authorization", twice.as_str())],
            vec![("authorization", bearer.as_str()), ("x-api-key", "sk-other")],
            vec![("x-api-key", key.as_str()), ("x-goog-api-key", "sk-other")],
            vec![("cookie", key.as_str())],
        ] {
            let answer = scene.keyway.request("GET", "/v1/models", &headers, b"");
            said.note("a misplaced key", answer.text());
        }
        for path in [
            format!("/v1/models?key={key}"),
            format!("/v1/organization/projects?api_key={key}"),
            format!("/{key}"),
        ] {
            said.note("a key in the path", scene.keyway.get(&path, "").text());
        }
        for body in
            [format!("{{\"api_key\": \"{key}\""), format!("{{\"name\": {{\"x\": \"{key}\"}}}}"), key.clone()]
        {
            let answer = scene.keyway.post_bytes("/v1/chat/completions", key, body.as_bytes());
            said.note("a key in a broken body", answer.text());
            let answer = scene.keyway.post_bytes(&scene.keys_path(), &scene.admin, body.as_bytes());
            said.note("a key in a broken call", answer.text());
        }
        broken_head(scene, key, said);
    }
}

/// A head that no parser takes, with a key in it.
fn broken_head(scene: &Scene, key: &str, said: &mut Said) {
    for head in [
        format!("GET /v1/models HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {key}\r\nno colon here\r\n\r\n"),
        format!("GET /v1/models?k={key} HTTP/9.9\r\nhost: x\r\n\r\n"),
        format!("{key} / HTTP/1.1\r\n\r\n"),
    ] {
        let mut connection = scene.keyway.connect();
        let _ = connection.raw().write_all(head.as_bytes());
        let _ = connection.raw().shutdown(std::net::Shutdown::Write);
        let mut answer = Vec::new();
        let _ = connection.raw().read_to_end(&mut answer);
        said.note("an answer to a broken head", String::from_utf8_lossy(&answer));
    }
}

/// Credentials that are stored, used, echoed and exchanged.
fn store(scene: &Scene, upstream: &Upstream, key: &str, said: &mut Said) {
    let row = json!({"id": "far", "base_url": upstream.base_url(), "models_any": true});
    scene.post("/v1/organization/providers", &row).expect_status(200);
    let path = "/v1/organization/providers/far/credentials";
    let made = scene.post(path, &json!({"value": STORED})).expect_status(200);
    let one = format!("{path}/{}", text(&made.json()["id"]));
    said.note("a stored credential", made.text());
    let mut asked = hello(false);
    asked["model"] = json!("far/any");
    for value in [STORED, EXCHANGED] {
        said.note("an exchange", scene.post(&one, &json!({"value": value})).expect_status(200).text());
        for status in [200, 400, 401, 500] {
            upstream.push(Answer::echoes_credential(status));
            said.note("an echo", scene.keyway.post_json("/v1/chat/completions", key, &asked).text());
        }
        upstream.push(Answer::echoes_credential(401));
        said.note("a test", scene.post("/v1/organization/providers/far/test", &json!({})).text());
    }
    for path in [path, &one, "/v1/organization/providers", "/v1/organization/audit_logs?limit=100"] {
        said.note(path, scene.get(path).text());
    }
}

fn commands(scene: &Scene, keys: &[String], said: &mut Said) {
    let keyway = &scene.keyway;
    let listed = scene.get_json(&format!("{}?limit=100", scene.keys_path()));
    let first = listed["data"]
        .as_array()
        .into_iter()
        .flatten()
        .find(|key| keys[0].starts_with(text(&key["redacted_value"]).trim_end_matches('.')))
        .map(|key| text(&key["id"]))
        .expect("the first key");
    for arguments in [
        &["key", "list"][..],
        &["key", "list", "--json"],
        &["key", "show", &first],
        &["admin-key", "list", "--json"],
        &["config", "show", "--origin"],
        &["config", "show", "--json"],
        &["config", "check", "--json"],
        &["model", "list", "--json"],
        &["usage", "--json"],
        &["log", "list", "--json"],
        &["provider", "list", "--json"],
        &["provider", "credential", "list", "far", "--json"],
        &["audit", "list", "--json"],
        &["doctor", "--json"],
        &["doctor"],
        &["key", "revoke", &first, "--yes"],
    ] {
        said.command(keyway, arguments);
    }
    let bundle = keyway.data_dir().join("bundle.json");
    said.command(keyway, &["doctor", "--bundle", &bundle.display().to_string()]);
    said.note("the bundle", std::fs::read_to_string(&bundle).expect("the bundle"));
    pasted(keyway, said);
}

/// A secret in the settings where a reference belongs, in every place that could repeat it.
fn pasted(keyway: &Keyway, said: &mut Said) {
    let file = keyway.config_file();
    let good = std::fs::read(&file).expect("the settings");
    for bad in [
        format!("[providers.mine]\nbase_url = \"http://127.0.0.1:9/v1\"\ncredential = \"{PASTED}\"\n"),
        format!(
            "[providers.mine]\nbase_url = \"http://user:{PASTED}@127.0.0.1:9/v1\"\ncredential = \"env:X\"\n"
        ),
        format!("master_key = \"{PASTED}\"\n"),
        format!("database = \"{PASTED}\"\n"),
        format!("listen = \"{PASTED}\"\n"),
        format!("{PASTED} = 1\n"),
        format!("listen = {PASTED}\n"),
        format!("[providers.\"{PASTED}\"]\nauth = 1\n"),
    ] {
        std::fs::write(&file, &bad).expect("bad settings");
        for arguments in [
            &["config", "check"][..],
            &["config", "check", "--json"],
            &["key", "list"],
            &["serve"],
            &["doctor"],
        ] {
            let output = keyway.cli(arguments);
            assert_ne!(output.code, Some(0), "{arguments:?} took: {bad}");
            said.note(
                &format!("{arguments:?} of {bad}").replace(PASTED, "(pasted)"),
                output.stdout + &output.stderr,
            );
        }
    }
    std::fs::write(&file, good).expect("the settings back");
}

fn look(scene: &Scene, canary: &Canary, said: &Said, database: Option<&Database>) {
    let mut finds = canary.search_path(&scene.keyway.data_dir());
    for file in [scene.keyway.stdout_file(), scene.keyway.stderr_file()] {
        finds.extend(canary.search_path(&file));
    }
    for (place, text) in &said.0 {
        finds.extend(canary.search(place, text.as_bytes()));
    }
    if let Some(database) = database {
        for (table, content) in tables(&database.url()) {
            finds.extend(canary.search(&table, content.as_bytes()));
        }
    }
    let finds: Vec<String> = finds.iter().map(ToString::to_string).collect();
    assert!(finds.is_empty(), "found:\n{}", finds.join("\n"));
    // It did talk: a provider that is not there is told of at this level and no higher.
    assert!(scene.keyway.stderr().contains("\"DEBUG\""), "it does not say much");
}

fn tables(url: &str) -> Vec<(String, String)> {
    let names =
        "SELECT CAST(table_name AS TEXT) FROM information_schema.tables WHERE table_schema = 'public'";
    let names: Vec<String> = database::rows_at(url, names).into_iter().flatten().flatten().collect();
    assert!(names.len() > 5, "{names:?}");
    let content = names.iter().map(|name| {
        let rows = database::rows_at(url, &format!("SELECT CAST(t AS TEXT) FROM {name} t"));
        let lines: Vec<String> = rows.into_iter().flatten().flatten().collect();
        (format!("table {name}"), lines.join("\n"))
    });
    content.collect()
}
