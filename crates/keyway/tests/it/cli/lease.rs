//! `keyway db lease`

use super::failed;
use crate::database;
use crate::stage::{self, Scene, nanousd, text};
use testkit::{Answer, Upstream, Usage, Value, eventually, json};

/// What a request costs, nano-USD.
const COST: i64 = 20 * 500 + 10 * 1_500;

fn standing(scene: &Scene, budget: &str) -> Value {
    scene.get_json(&format!("/v1/organization/budgets/{budget}"))
}

/// Left and spent of what a start had leased whose disk is gone.
#[test]
fn what_a_lost_disk_holds_is_written_off_and_comes_back_to_nobody() {
    let upstream = Upstream::scripted(|_| Answer::ok().usage(Usage::new(20, 10)));
    let mut scene = Scene::start(stage::builder(&upstream).env("KEYWAY_WORKERS", "1"));
    for charge in ["nobody", "customer"] {
        let lines = scene.requests().len();
        let made = scene.create_key(&json!({"name": "k", "budget": {"limit_usd": 1, "window": "total"}}));
        let (id, key) = (text(&made["id"]), text(&made["value"]));
        let query = format!("SELECT id FROM budgets WHERE key_id = '{id}'");
        let budget = database::one(&scene.keyway, &query);
        // Who hears of a budget's change gives back what is free of it: that must be over.
        let head = database::one(&scene.keyway, "SELECT CAST(seq AS TEXT) FROM change_head");
        let heard = format!("SELECT CAST(COUNT(*) AS TEXT) FROM nodes WHERE seen_seq >= {head}");
        eventually("a server that knows of the budget", || {
            (database::one(&scene.keyway, &heard) == "1").then_some(())
        });
        for _ in 0..3 {
            scene.chat(&key).expect_status(200);
        }
        let boot = eventually("a lease", || {
            let leases = scene.keyway.json(&["db", "lease", "list"]);
            let found =
                leases["data"].as_array()?.iter().find(|lease| lease["account"] == budget.as_str())?;
            Some(text(&found["boot"]))
        });
        let write_off = ["db", "lease", "write-off", &boot, "--charge", charge];
        failed(&scene.keyway.cli(&write_off), 2, &["start the server here"]);
        scene.keyway.kill9();
        // The disk is gone, but comes back too late.
        let journal = scene.keyway.data_dir().join("journal");
        let away = scene.keyway.data_dir().join("away");
        std::fs::rename(&journal, &away).expect("the journal");
        database::execute(&scene.keyway, "UPDATE nodes SET seen_ms = seen_ms - 600000;");
        let before = database::one(
            &scene.keyway,
            &format!("SELECT CAST(leased_nanousd AS TEXT) FROM budget_windows WHERE account_id = '{budget}'"),
        );
        let left: i64 = before.parse().expect("a number");
        assert!(left > 0, "nothing was leased");
        let known = nanousd_posted(&scene, &budget);
        let told = scene.keyway.json(&write_off);
        assert_eq!(told["data"][0]["boot"], boot.as_str(), "{told}");
        let posted = if charge == "customer" { known + left } else { known };
        assert_eq!(nanousd_posted(&scene, &budget), posted, "{charge}");
        let _ = scene.keyway.cli(&["db", "verify-ledger"]).expect_code(0);
        failed(&scene.keyway.cli(&write_off), 3, &["no such lease"]);
        std::fs::rename(&away, &journal).expect("the journal");
        scene.keyway.start();
        // Its lines are there, and nobody is charged for them a second time.
        eventually("every line", || (scene.requests().len() == lines + 3).then_some(()));
        let after = standing(&scene, &budget);
        assert_eq!(nanousd(&after["spent_usd"]), posted, "{charge}: {after}");
        assert_eq!(nanousd(&after["held_usd"]), 0, "{charge}: {after}");
        assert!(known <= 3 * COST, "{known}");
        let _ = scene.keyway.cli(&["db", "verify-ledger"]).expect_code(0);
        // The next start leases as ever.
        scene.chat(&key).expect_status(200);
        eventually("a charge", || {
            (nanousd(&standing(&scene, &budget)["spent_usd"]) == posted + COST).then_some(())
        });
        let events = scene.get_json("/v1/organization/audit_logs?limit=20").to_string();
        assert!(events.contains("lease.written_off"), "{events}");
        // Every line of this round is stored before the next one counts.
        scene.keyway.restart();
    }
}

fn nanousd_posted(scene: &Scene, budget: &str) -> i64 {
    let query = format!(
        "SELECT CAST(COALESCE(SUM(posted_nanousd), 0) AS TEXT) FROM budget_windows WHERE account_id = '{budget}'"
    );
    database::one(&scene.keyway, &query).parse().expect("a number")
}
