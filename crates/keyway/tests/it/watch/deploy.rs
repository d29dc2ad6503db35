//! What stands in `deploy/` speaks of metrics that there are.

use crate::scene::{HI, Scene};
use crate::tidy::repository;
use std::collections::BTreeSet;
use std::process::Command;

/// Everything in a text that is called like a metric of ours.
fn metrics_in(text: &str) -> BTreeSet<String> {
    let of_name = |letter: char| letter.is_ascii_alphanumeric() || letter == '_';
    let words = text.split(|letter: char| !of_name(letter));
    let ours = |word: &&str| word.starts_with("keyway_") || word.starts_with("process_");
    let bare = |word: &str| {
        let base = ["_bucket", "_sum", "_count"].iter().find_map(|end| word.strip_suffix(end));
        base.unwrap_or(word).to_owned()
    };
    words.filter(ours).map(bare).collect()
}

fn told(scene: &Scene) -> BTreeSet<String> {
    let (_, admin) = scene.keyway.make_admin_key("reader");
    let text = scene.keyway.get("/metrics", &admin).expect_status(200).text();
    let names = text.lines().filter_map(|line| line.strip_prefix("# TYPE ")?.split(' ').next());
    names.map(str::to_owned).collect()
}

#[test]
fn the_dashboard_and_the_rules_name_metrics_that_there_are() {
    let scene = Scene::start();
    scene.chat(HI).expect_status(200);
    let told = told(&scene);
    for file in ["deploy/grafana/keyway.json", "deploy/prometheus/keyway.rules.yml"] {
        let text = std::fs::read_to_string(repository().join(file)).unwrap();
        let named = metrics_in(&text);
        assert!(named.len() >= 8, "{file}: {named:?}");
        let unknown: Vec<_> = named.difference(&told).collect();
        assert!(unknown.is_empty(), "{file} names what is not there: {unknown:?}");
    }
    let dashboard = std::fs::read_to_string(repository().join("deploy/grafana/keyway.json")).unwrap();
    let dashboard: testkit::Value = serde_json::from_str(&dashboard).unwrap();
    assert!(dashboard["panels"].as_array().is_some_and(|panels| panels.len() > 10));
}

#[test]
fn a_prometheus_loads_the_rules_where_there_is_one() {
    let rules = repository().join("deploy/prometheus/keyway.rules.yml");
    let checked = Command::new("promtool").args(["check", "rules"]).arg(&rules).output();
    // Not every machine has one.
    let Ok(checked) = checked else { return };
    assert!(checked.status.success(), "{}", String::from_utf8_lossy(&checked.stderr));
}
