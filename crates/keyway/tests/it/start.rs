//! The first start and all that keeps a start from going wrong in silence.

use crate::stage::{self, Scene, bare, text};
use std::collections::HashSet;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Command, Stdio};
use testkit::keyway::Output;
use testkit::postgres::{self, Database};
use testkit::{Keyway, Port, Upstream, Value};

fn run(command: &mut Command) -> Output {
    let output = command.stdin(Stdio::null()).output().expect("the program runs");
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    Output { code: output.status.code(), stdout: text(&output.stdout), stderr: text(&output.stderr) }
}

fn mode(path: &Path) -> u32 {
    let data = std::fs::metadata(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    data.permissions().mode() & 0o777
}

/// What a start has printed to its end, `from` bytes being those of earlier starts.
fn printed(keyway: &Keyway, from: usize) -> String {
    testkit::eventually("the end of what a start prints", || {
        let text = keyway.stdout();
        text[from..]
            .contains("keyway key create")
            .then_some(text.clone())
            .or_else(|| text[from..].contains("keyway admin-key create").then_some(text))
    })
}

/// The printed line, taken apart: URL, header fields, body.
fn taken_apart(line: &str) -> (String, Vec<(String, String)>, String) {
    let mut words = Vec::new();
    for (number, part) in line.split('\'').enumerate() {
        if number % 2 == 1 {
            words.push(part.to_owned());
        } else {
            words.extend(part.split_whitespace().map(str::to_owned));
        }
    }
    let after = |flag: &str| -> Vec<String> {
        let pairs = words.windows(2).filter(|pair| pair[0] == flag);
        pairs.map(|pair| pair[1].clone()).collect()
    };
    let fields = after("-H").into_iter().map(|field| {
        let (name, value) = field.split_once(": ").expect("a field");
        (name.to_owned(), value.to_owned())
    });
    (words[1].clone(), fields.collect(), after("-d").concat())
}

#[test]
fn the_first_start_prints_a_line_that_works_and_later_ones_print_no_secret() {
    let mut keyway = bare().from_nothing().start();
    let banner = printed(&keyway, 0);
    assert!(banner.contains(&format!("{}/v1", keyway.base_url())), "{banner}");
    let curl = banner
        .lines()
        .find(|line| line.starts_with("curl "))
        .unwrap_or_else(|| panic!("no curl line in:\n{banner}"));
    assert!(!banner.contains("sk-kw-live-") && !banner.contains("sk-kw-admin-"), "{banner}");
    let key = banner
        .lines()
        .map(str::trim)
        .find(|line| line.starts_with("sk-kw-test-"))
        .expect("a test key on a line of its own");
    assert!(curl.contains(key));

    let (url, fields, body) = taken_apart(curl);
    let path = url.strip_prefix(&keyway.base_url()).expect("the server's own URL");
    let fields: Vec<(&str, &str)> = fields.iter().map(|(name, value)| (&**name, &**value)).collect();
    let answer = keyway.request("POST", path, &fields, body.as_bytes()).expect_status(200);
    assert_eq!(answer.json()["choices"][0]["message"]["content"], "Hello");

    if Command::new("curl").arg("--version").output().is_ok() {
        let shell = Command::new("sh").arg("-c").arg(curl).output().expect("a shell");
        let said = String::from_utf8_lossy(&shell.stdout).into_owned();
        let answer: Value = serde_json::from_str(&said).unwrap_or_else(|error| panic!("{error}: {said}"));
        assert_eq!(answer["choices"][0]["message"]["content"], "Hello");
    }

    keyway.restart();
    let later = &printed(&keyway, banner.len())[banner.len()..];
    assert!(later.contains(&keyway.base_url()), "{later}");
    assert!(!later.contains("sk-kw-"), "{later}");
    assert!(later.contains("keyway key create"), "{later}");
    assert!(!keyway.stderr().contains(key), "the key is on stderr");
    keyway.get("/v1/models", key).expect_status(200);
}

#[test]
fn a_new_folder_and_its_secret_belong_to_their_owner() {
    let keyway = bare().from_nothing().start();
    assert_eq!(mode(&keyway.data_dir()), 0o700);
    assert_eq!(mode(&keyway.data_dir().join("master.key")), 0o600);

    let by_command = bare().prepare();
    let _ = by_command.make_key("first");
    assert_eq!(mode(&by_command.data_dir()), 0o700);
    assert_eq!(mode(&by_command.data_dir().join("master.key")), 0o600);
}

#[test]
fn a_folder_has_one_server() {
    let keyway = bare().start();
    let port = Port::claim();
    let other = port.address().to_string();
    let second = run(&mut keyway.command(&["serve", "--listen", &other])).expect_code(78);
    assert!(second.stderr.contains("another server"), "{}", second.stderr);
    assert!(!second.stdout.contains("sk-kw-"), "{}", second.stdout);
    // The first one has not noticed.
    assert!(keyway.is_ready());
}

#[test]
fn a_port_has_one_server() {
    let keyway = bare().start();
    let folder = tempfile::tempdir().expect("a folder");
    let mut command = Command::new(env!("CARGO_BIN_EXE_keyway"));
    command
        .args(["serve", "--listen", &keyway.address().to_string(), "--data-dir"])
        .arg(folder.path().join("data"))
        .env_clear()
        .current_dir(folder.path());
    let second = run(&mut command);
    assert!(matches!(second.code, Some(1 | 78)), "{second:?}");
    let port = keyway.address().port().to_string();
    assert!(second.stderr.contains(&port), "{}", second.stderr);
    assert!(second.stdout.is_empty(), "{}", second.stdout);
    assert!(keyway.is_ready());
}

#[test]
fn another_master_key_is_refused_everywhere() {
    let mut keyway = bare().start();
    let _ = keyway.make_key("before");
    assert!(keyway.terminate().success());
    let file = keyway.data_dir().join("master.key");
    let right = std::fs::read(&file).expect("the master key");
    let other = "ab".repeat(32);

    std::fs::write(&file, &other).expect("another key");
    let address = keyway.address().to_string();
    for arguments in
        [&["serve", "--listen", &address][..], &["key", "list"], &["key", "create", "--name", "x"]]
    {
        let refused = run(&mut keyway.command(arguments)).expect_code(78);
        assert!(refused.stderr.contains("master key"), "{}", refused.stderr);
        assert!(!refused.stderr.contains(&other), "{}", refused.stderr);
    }

    // A lost one is not made anew: it would open nothing.
    std::fs::remove_file(&file).expect("gone");
    let refused = run(&mut keyway.command(&["key", "list"])).expect_code(78);
    assert!(refused.stderr.contains("master"), "{}", refused.stderr);
    assert!(!file.exists(), "a new master key was made for an old database");

    let both = run(keyway
        .command(&["key", "list"])
        .env("KEYWAY_MASTER_KEY", &other)
        .env("KEYWAY_MASTER_KEY_FILE", &file))
    .expect_code(78);
    assert!(!both.stderr.contains(&other), "{}", both.stderr);

    std::fs::write(&file, right).expect("the right one back");
    assert_eq!(keyway.json(&["key", "list"])["data"][1]["name"], "before");
}

#[test]
fn beyond_loopback_needs_an_admin_key_first() {
    let mut keyway = bare().prepare();
    let address = format!("0.0.0.0:{}", keyway.address().port());
    let plain = run(&mut keyway.command(&["serve", "--listen", &address])).expect_code(78);
    assert!(plain.stderr.contains("insecure_http"), "{}", plain.stderr);

    let owned_by_nobody = ["serve", "--listen", &address, "--set", "insecure_http=true"];
    let refused = run(&mut keyway.command(&owned_by_nobody)).expect_code(78);
    assert!(refused.stderr.contains("keyway admin-key create"), "{}", refused.stderr);
    assert!(refused.stdout.is_empty(), "{}", refused.stdout);

    // A project key owns nothing; a revoked admin key owns nothing any more.
    let _ = keyway.make_key("project key");
    let (id, _) = keyway.make_admin_key("gone");
    let _ = keyway.json(&["admin-key", "revoke", &id, "--yes"]);
    let _ = run(&mut keyway.command(&owned_by_nobody)).expect_code(78);

    let _ = keyway.make_admin_key("owner");
    let mut child = keyway
        .command(&owned_by_nobody)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .expect("the program runs");
    let ready = testkit::within(std::time::Duration::from_secs(30), || keyway.is_ready().then_some(()));
    let _ = child.kill();
    let _ = child.wait();
    assert!(ready.is_some(), "it does not listen though an admin key exists");
    keyway.kill9();
}

#[test]
fn every_configuration_mistake_is_named_at_once() {
    let keyway = bare().prepare();
    let mistakes = "listen = \"nowhere\"\ncolour = \"red\"\nworkers = -1\n\n[providers.mine]\nauth = \"magic\"\n\
        credential = \"sk-pasted-secret-0123456789\"\n\n[routes.fast]\nstrategy = \"latency\"\n";
    std::fs::write(keyway.config_file(), mistakes).expect("the file");
    let serve = run(&mut keyway.command(&["serve"])).expect_code(78);
    let create = run(&mut keyway.command(&["key", "create", "--name", "x"])).expect_code(78);
    let check = run(&mut keyway.command(&["config", "check"])).expect_code(78);
    for (said, what) in [(&serve.stderr, "serve"), (&create.stderr, "key"), (&check.stdout, "check")] {
        for (line, word) in
            [(1, "listen"), (2, "colour"), (3, "workers"), (6, "auth"), (7, "credential"), (9, "routes")]
        {
            let named = said
                .lines()
                .any(|text| text.contains(&format!("keyway.toml:{line}:")) && text.contains(word));
            assert!(named, "{what} does not name {word} at line {line}:\n{said}");
        }
        assert!(!said.contains("pasted-secret"), "{what} repeats a secret");
    }
    assert!(serve.stdout.is_empty() && create.stdout.is_empty());
    assert!(!keyway.data_dir().exists(), "a folder was made from a broken configuration");

    let listed = run(&mut keyway.command(&["config", "check", "--json"])).expect_code(78).json();
    assert_eq!(listed["ok"], false);
    assert!(listed["mistakes"].as_array().is_some_and(|all| all.len() >= 6), "{listed}");
    assert!(!listed.to_string().contains("pasted-secret"));

    let missing = keyway.config_file().with_file_name("absent.toml");
    let mut command = Command::new(env!("CARGO_BIN_EXE_keyway"));
    command.args(["config", "check", "--config"]).arg(&missing).env_clear();
    let absent = run(&mut command).expect_code(78);
    assert!(absent.stdout.contains("absent.toml") || absent.stderr.contains("absent.toml"), "{absent:?}");
}

/// Commands started together on something that does not exist yet.
fn first_starts(commands: Vec<Command>) -> Vec<Value> {
    let children: Vec<_> = commands
        .into_iter()
        .map(|mut command| {
            command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
            command.spawn().expect("the program runs")
        })
        .collect();
    let answers = children.into_iter().map(|child| {
        let output = child.wait_with_output().expect("its output");
        let errors = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(output.status.success(), "{}: {errors}", output.status);
        serde_json::from_slice(&output.stdout).unwrap_or_else(|error| panic!("{error}: {errors}"))
    });
    answers.collect()
}

fn create_commands(keyway: &Keyway) -> Vec<Command> {
    let create = |number: usize| {
        let name = format!("first {number}");
        keyway.command(&["key", "create", "--name", &name, "--json"])
    };
    (0..6).map(create).collect()
}

#[test]
fn six_first_commands_at_once_make_one_installation() {
    let keyway = bare().prepare();
    let made = first_starts(create_commands(&keyway));
    let projects: HashSet<String> = made.iter().map(|key| text(&key["project_id"])).collect();
    assert_eq!(projects.len(), 1, "{made:?}");
    let ids: HashSet<String> = made.iter().map(|key| text(&key["id"])).collect();
    let listed = keyway.json(&["key", "list"]);
    let listed: HashSet<String> =
        listed["data"].as_array().into_iter().flatten().map(|key| text(&key["id"])).collect();
    assert_eq!(listed, ids);
}

#[test]
fn six_nodes_of_one_new_database_make_one_installation() {
    let Some(server) = postgres::server() else { return };
    let database = Database::create(&server);
    let nodes: Vec<Keyway> = (0..6).map(|_| bare().sqlite().prepare()).collect();
    let master = "5c".repeat(32);
    let commands = nodes.iter().map(|node| {
        let mut command = node.command(&["key", "create", "--name", "first", "--json"]);
        command.env("KEYWAY_DATABASE", database.url()).env("KEYWAY_MASTER_KEY", &master);
        command
    });
    let made = first_starts(commands.collect());
    let projects: HashSet<String> = made.iter().map(|key| text(&key["project_id"])).collect();
    assert_eq!(projects.len(), 1, "{made:?}");
}

#[test]
fn a_credential_that_is_not_there_stops_the_start() {
    let upstream = Upstream::start();
    let keyway = stage::builder(&upstream).prepare();
    let file = format!(
        "[providers.mine]\nbase_url = \"{}\"\ncredential = \"env:NOT_SET_ANYWHERE\"\n{}",
        upstream.base_url(),
        stage::MODEL_ROW
    );
    std::fs::write(keyway.config_file(), file).expect("the file");
    let refused =
        run(&mut keyway.command(&["serve", "--listen", &keyway.address().to_string()])).expect_code(78);
    assert!(refused.stderr.contains("NOT_SET_ANYWHERE"), "{}", refused.stderr);
}

#[test]
fn what_was_made_by_command_is_served() {
    let keyway = bare().prepare();
    let (id, secret) = keyway.make_key("by command");
    let mut keyway = keyway;
    keyway.start();
    let own = keyway.get("/v1/key", &secret).expect_status(200).json();
    assert_eq!(own["id"], id.as_str());
    // Somebody has set the installation up already: nothing is printed that was not asked for.
    assert!(!keyway.stdout().contains("sk-kw-"), "{}", keyway.stdout());
    let scene = Scene::start(bare());
    scene.keyway.get("/v1/key", &secret).expect_status(401);
}
