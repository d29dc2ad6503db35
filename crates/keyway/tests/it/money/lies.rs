//! Providers that lie about usage: nobody is charged more than was reserved, and the line says so.

use super::{INPUT, OUTPUT, asking, chat, key_with, posted, scene};
use crate::stage;
use testkit::upstream::UsageAt;
use testkit::{Answer, Upstream, Usage, eventually, json};

#[test]
fn whatever_is_reported_nobody_pays_more_than_was_reserved() {
    let upstream = Upstream::start();
    let scene = scene(&upstream);
    let whole = |usage: testkit::Value| {
        let body = json!({"id": "c", "object": "chat.completion", "created": 1, "model": "m", "usage": usage,
            "choices": [{"index": 0, "message": {"role": "assistant", "content": "four words of text"},
            "finish_reason": "stop"}]});
        Answer::json(200, &body)
    };
    let table = [
        ("nothing", Answer::ok().usage_at(UsageAt::Nowhere), "estimated"),
        ("twice", Answer::ok().usage_at(UsageAt::Twice).usage(Usage::new(9, 5)), "reported"),
        ("too much", Answer::ok().usage(Usage::new(90_000, 90_000)), "reported"),
        ("negative", whole(json!({"prompt_tokens": -9, "completion_tokens": -9})), "estimated"),
        (
            "10^12",
            whole(json!({"prompt_tokens": 1_000_000_000_000_u64, "completion_tokens": 5})),
            "estimated",
        ),
        (
            "10^12",
            whole(json!({"prompt_tokens": 9, "completion_tokens": 1_000_000_000_000_u64})),
            "estimated",
        ),
        ("no number", whole(json!({"prompt_tokens": "9", "completion_tokens": null})), "estimated"),
    ];
    for (what, answer, origin) in table {
        for stream in [false, true] {
            let (budget, key) = key_with(&scene, 1_000_000_000, &json!({}));
            let known = scene.requests().len();
            upstream.push(answer.clone());
            let body = asking(100, stream, "a");
            let reserved = body.to_string().len() as i64 * INPUT + 100 * OUTPUT;
            chat(&scene.keyway, &key, &body).expect_status(200);
            let rows =
                eventually("one line more", || Some(scene.requests()).filter(|rows| rows.len() > known));
            assert_eq!(rows.len(), known + 1, "{what}: one line");
            let row = &rows[0];
            assert_eq!(row["usage_origin"], origin, "{what}, stream {stream}: {row}");
            let cost = stage::nanousd(&row["cost_usd"]);
            let charge = cost.min(reserved);
            assert!(charge > 0, "{what}: {row}");
            posted(&scene.keyway, &budget, charge);
            if what == "too much" {
                assert!(cost > reserved, "{row}");
                let absorbed = crate::database::one(
                    &scene.keyway,
                    "SELECT CAST(SUM(absorbed_nanousd) AS TEXT) FROM usage_rollup WHERE width = 'd'",
                );
                assert!(
                    absorbed.parse::<i64>().is_ok_and(|absorbed| absorbed >= cost - charge),
                    "{absorbed}"
                );
            }
        }
    }
}
