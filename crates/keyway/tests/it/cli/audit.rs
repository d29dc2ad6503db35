//! `keyway audit`

use super::{cells, failed};
use crate::stage::{Scene, bare, text};
use testkit::json;

#[test]
fn records_are_those_of_the_api() {
    let scene = Scene::start(bare());
    let (id, _) = scene.make_key();
    let _ = scene.keyway.make_key("by command");
    let listed = scene.keyway.cli(&["audit", "list", "--json"]).expect_code(0);
    assert_eq!(listed.stdout.trim_end(), scene.get("/v1/organization/audit_logs").text());
    let verified = scene.keyway.cli(&["audit", "verify", "--json"]).expect_code(0);
    assert_eq!(verified.stdout.trim_end(), scene.get("/v1/organization/audit_logs/verify").text());
    let lines = cells(&scene.keyway.cli(&["audit", "list", "--resource", &id]).expect_code(0).stdout);
    assert_eq!(
        (lines.len(), lines[0][2].as_str(), lines[0][3].as_str()),
        (1, "api_key.created", id.as_str())
    );
    for (arguments, count) in [
        (&["--event", "project.created"][..], 1),
        (&["--actor", "first start"], 2),
        (&["--project", &scene.project], 4),
        (&["--limit", "2"], 2),
        (&["--since", "1h"], 5),
    ] {
        let mut whole = vec!["audit", "list"];
        whole.extend(arguments);
        assert_eq!(cells(&scene.keyway.cli(&whole).expect_code(0).stdout).len(), count, "{arguments:?}");
    }
    let page = scene.keyway.json(&["audit", "list", "--limit", "1"]);
    let rest = scene.keyway.json(&["audit", "list", "--after", &text(&page["last_id"])]);
    assert_eq!(rest["data"].as_array().map(Vec::len), Some(4));
    failed(&scene.keyway.cli(&["audit", "list", "--after", "key_1"]), 2, &["audit_"]);
}

#[test]
fn an_export_is_recorded_and_verified_anywhere() {
    let scene = Scene::start(bare());
    for _ in 0..4 {
        scene.make_key();
    }
    let file = scene.keyway.data_dir().join("export.jsonl");
    let name = file.to_str().unwrap();
    let written = scene.keyway.json(&["audit", "list", "--export", name]);
    let whole = std::fs::read_to_string(&file).unwrap();
    let lines: Vec<&str> = whole.lines().collect();
    assert_eq!(written["records"], json!(lines.len() - 1));
    assert!(lines[lines.len() - 2].contains("audit_log.exported"), "{whole}");
    assert!(!whole.contains("sk-kw-"), "{whole}");
    let newest = &scene.get_json("/v1/organization/audit_logs?limit=1")["data"][0];
    assert_eq!((&newest["type"], &newest["actor"]["type"]), (&json!("audit_log.exported"), &json!("cli")));
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        assert_eq!(std::fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
    }
    // What is there is not written over.
    failed(&scene.keyway.cli(&["audit", "list", "--export", name]), 2, &["there already"]);

    // Anywhere: another folder, no installation, no configuration.
    let elsewhere = bare().prepare();
    let verify = |text: &str| {
        let path = scene.keyway.data_dir().join("copy.jsonl");
        std::fs::write(&path, text).unwrap();
        elsewhere.cli(&["audit", "verify", "--file", path.to_str().unwrap(), "--json"])
    };
    let good = verify(&whole).expect_code(0).json();
    assert_eq!((&good["valid"], &good["records"]), (&json!(true), &json!(lines.len() - 1)));
    assert!(!elsewhere.data_dir().exists());
    for (what, spoiled) in [
        ("an edit", whole.replacen("api_key.created", "api_key.updated", 1)),
        ("a line removed", [&lines[..2], &lines[3..]].concat().join("\n")),
        ("two swapped", [&lines[..2], &[lines[3], lines[2]], &lines[4..]].concat().join("\n")),
        ("no end", lines[..lines.len() - 1].join("\n")),
        ("a cut", [&lines[..2], &lines[lines.len() - 1..]].concat().join("\n")),
        ("nothing", String::new()),
    ] {
        let output = verify(&spoiled).expect_code(1);
        assert_eq!(output.json()["valid"], false, "{what}");
        assert!(output.stderr.contains("does not add up"), "{what}: {output:?}");
    }
    failed(&elsewhere.cli(&["audit", "verify", "--file", "/no/such/file"]), 3, &["/no/such/file"]);
}
