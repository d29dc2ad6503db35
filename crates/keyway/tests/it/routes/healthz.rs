//! `GET /healthz`

use testkit::{Keyway, json};

#[test]
fn it_is_alive_and_says_nothing_more() {
    let keyway = Keyway::builder(env!("CARGO_BIN_EXE_keyway")).start();
    let answer = keyway.get("/healthz", "").expect_status(200);
    assert_eq!(answer.json(), json!({"status": "ok"}));
    assert!(answer.header("x-request-id").is_some_and(|id| id.starts_with("req_")));
    // A key changes nothing, not even a wrong one.
    assert_eq!(keyway.get("/healthz", "nonsense").status, 200);
}
