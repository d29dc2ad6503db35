//! The runner on a stand-in program: a shell script that starts a small Python server.

use super::Keyway;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;

const STAND_IN: &str = r#"#!/bin/sh
if [ "$1" = serve ]; then
  shift; echo "stand-in up"; echo "environment: $(env | cut -d= -f1 | sort | tr '\n' ' ')" >&2
  exec python3 -c '
import http.server, sys
class H(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200); self.send_header("content-length", "2"); self.end_headers()
        self.wfile.write(b"ok")
    def log_message(self, *a): pass
host, port = sys.argv[1].split(":")
http.server.HTTPServer((host, int(port)), H).serve_forever()' "$2"
fi
cat >/dev/null
printf '{"id":"key_1","value":"secret","args":"%s"}' "$*"
exit 0
"#;

fn stand_in(folder: &tempfile::TempDir) -> PathBuf {
    let path = folder.path().join("stand-in");
    std::fs::write(&path, STAND_IN).unwrap();
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).unwrap();
    path
}

#[test]
fn starts_answers_survives_a_kill_and_ends() {
    let folder = tempfile::tempdir().unwrap();
    let mut keyway = Keyway::builder(stand_in(&folder)).sqlite().config("x = 1").env("EXTRA", "1").start();
    assert_eq!(keyway.get("/healthz", "").expect_status(200).text(), "ok");
    assert!(keyway.stdout().contains("stand-in up"));
    assert!(keyway.stderr().contains("EXTRA") && !keyway.stderr().contains("CARGO"), "{}", keyway.stderr());
    keyway.kill9();
    assert!(keyway.try_request("GET", "/", &[], b"").is_err());
    keyway.restart();
    assert_eq!(keyway.get("/", "k").status, 200);
    assert!(!keyway.terminate().success());
}

#[test]
fn commands_get_the_same_folder() {
    let folder = tempfile::tempdir().unwrap();
    let keyway = Keyway::builder(stand_in(&folder)).prepare();
    assert_eq!(keyway.make_key("n"), ("key_1".to_owned(), "secret".to_owned()));
    let arguments = keyway.json(&["key", "list"])["args"].as_str().unwrap().to_owned();
    let expected = format!("key list --json --data-dir {}", keyway.data_dir().display());
    assert_eq!(arguments, expected);
}
