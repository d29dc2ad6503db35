//! GET: whether the log is whole.

use crate::database;
use crate::stage::{Scene, bare};
use testkit::{Value, json};

const VERIFY: &str = "/v1/organization/audit_logs/verify";

fn problems(finding: &Value) -> Vec<i64> {
    finding["breaks"].as_array().into_iter().flatten().filter_map(|it| it["sequence"].as_i64()).collect()
}

#[test]
fn an_edit_a_deletion_a_swap_and_a_cut_are_found() {
    let scene = Scene::start(bare());
    for _ in 0..6 {
        scene.make_key();
    }
    let good = scene.get_json(VERIFY);
    let last = good["sequence"].as_i64().unwrap();
    assert_eq!((&good["valid"], &good["records"], problems(&good).len()), (&json!(true), &json!(last), 0));
    let head = database::one(&scene.keyway, "SELECT audit_hash FROM change_head");
    assert_eq!(good["head"], json!(head));

    let spoil = |statement: &str, undo: &str, broken: &[i64]| {
        database::execute(&scene.keyway, statement);
        let finding = scene.get_json(VERIFY);
        assert_eq!((&finding["valid"], problems(&finding)), (&json!(false), broken.to_vec()), "{statement}");
        let output = scene.keyway.cli(&["audit", "verify", "--json"]).expect_code(1);
        assert_eq!(output.json(), finding, "{statement}");
        database::execute(&scene.keyway, undo);
        assert_eq!(scene.get_json(VERIFY), good, "{undo}");
    };
    for column in ["event", "actor_id", "object_id", "detail", "org_id", "actor_kind"] {
        spoil(
            &format!("UPDATE audit_log SET {column} = {column} || 'x' WHERE seq = 4"),
            &format!(
                "UPDATE audit_log SET {column} = SUBSTR({column}, 1, LENGTH({column}) - 1) WHERE seq = 4"
            ),
            &[4],
        );
    }
    spoil(
        "UPDATE audit_log SET at_ms = at_ms + 1 WHERE seq = 4",
        "UPDATE audit_log SET at_ms = at_ms - 1 WHERE seq = 4",
        &[4],
    );
    spoil(
        "UPDATE audit_log SET seq = -4 WHERE seq = 4",
        "UPDATE audit_log SET seq = 4 WHERE seq = -4",
        &[-4, 4],
    );
    let swap = "UPDATE audit_log SET seq = -1 WHERE seq = 3; UPDATE audit_log SET seq = 3 WHERE seq = 5; \
                UPDATE audit_log SET seq = 5 WHERE seq = -1;";
    spoil(swap, swap, &[3, 4, 5, 6]);
    let cut = format!("UPDATE audit_log SET seq = seq + 1000 WHERE seq >= {}", last - 1);
    spoil(&cut, "UPDATE audit_log SET seq = seq - 1000 WHERE seq > 1000", &[last - 1]);
    database::execute(&scene.keyway, "DELETE FROM audit_log WHERE seq = 4");
    assert_eq!(problems(&scene.get_json(VERIFY)), [4]);
}
