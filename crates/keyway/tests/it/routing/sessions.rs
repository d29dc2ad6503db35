//! Requests of one session stay with one provider, whose prompt cache has its beginning.

use super::Providers;
use testkit::{Answer, json};

const ROUTES: &str = "[routes.spread]\nstrategy = \"weight\"\n\
    targets = [{ model = \"p0/m\" }, { model = \"p1/m\" }, { model = \"p2/m\" }]\n\
    [routes.loose]\nstrategy = \"weight\"\naffinity = false\n\
    targets = [{ model = \"p0/m\" }, { model = \"p1/m\" }, { model = \"p2/m\" }]\n";

fn of(it: &Providers, route: &str, fields: &[(&str, &str)], more: &testkit::Value) -> String {
    let answer = it.ask_with(route, fields, more);
    answer.header("x-keyway-provider").expect("an answer").to_owned()
}

#[test]
fn a_session_stays_and_moves_when_its_provider_fails() {
    let it = Providers::start(3, ROUTES);
    for session in ["a", "b", "c", "d"] {
        let asked = |_| of(&it, "spread", &[("x-session-id", session)], &json!({}));
        let all: Vec<String> = (0..8).map(asked).collect();
        assert!(all.iter().all(|provider| *provider == all[0]), "{session}: {all:?}");
        let by_key = |_| of(&it, "spread", &[], &json!({"prompt_cache_key": format!("key {session}")}));
        let all: Vec<String> = (0..8).map(by_key).collect();
        assert!(all.iter().all(|provider| *provider == all[0]), "{session}: {all:?}");
    }
    let first = of(&it, "spread", &[("x-session-id", "a")], &json!({}));
    let number: usize = first.trim_start_matches('p').parse().expect("a number");
    it.upstreams[number].push(Answer::rate_limited(60));
    let next = of(&it, "spread", &[("x-session-id", "a")], &json!({}));
    assert_ne!(next, first);
    for _ in 0..5 {
        assert_eq!(of(&it, "spread", &[("x-session-id", "a")], &json!({})), next);
    }
}

#[test]
fn without_a_session_or_affinity_requests_spread() {
    let it = Providers::start(3, ROUTES);
    for (route, fields) in [("spread", &[][..]), ("loose", &[("x-session-id", "a")][..])] {
        let mut seen: Vec<String> = (0..60).map(|_| of(&it, route, fields, &json!({}))).collect();
        seen.sort();
        seen.dedup();
        assert_eq!(seen, ["p0", "p1", "p2"], "{route}");
    }
}
