//! From a name to attempts: routes and their conditions, `auto`, and what is never picked.

use super::catalog;
use crate::access::Grant;
use crate::access::models::ModelRules;
use crate::base::Code;
use crate::catalog::{Catalog, Strategy};
use crate::routing::order::Seen;
use crate::routing::plan::{Plan, plan};
use crate::routing::{Asked, Facts};
use dialect::Needs;

const ROWS: &str = r#"
[providers.one]
base_url = "http://127.0.0.1:1/v1"
auth = "none"
region = "eu"
zero_retention = true
[providers.two]
base_url = "http://127.0.0.1:2/v1"
auth = "none"
region = "us"
priority = 50
[providers.three]
base_url = "http://127.0.0.1:3/v1"
auth = "none"
[models."one/small"]
context_tokens = 8000
tools = true
vision = false
price = { input = 1, output = 2 }
[models."one/big"]
context_tokens = 1000000
tools = true
vision = true
structured_output = true
price = { input = 10, output = 50 }
[models."two/small"]
context_tokens = 128000
tools = true
price = { input = 2, output = 1, hours = [{ from = "00:00", to = "12:00", input = 0.5, output = 0.5 }] }
[models."two/plain"]
context_tokens = 4000
tools = false
vision = false
price = { input = 0.1, output = 0.1 }
[models."three/eyes"]
vision = true
quality = { score = 7.5, as_of = "2026-11-01", source = "our own tests" }
[models."three/vectors"]
kind = "embedding"
price = { input = 0.01 }
[routes.both]
targets = [{ model = "one/small" }, { model = "two/small" }]
[routes.cheap]
strategy = "cost"
targets = [{ model = "one/small" }, { model = "two/small" }, { model = "one/big" }]
[routes.here]
regions = ["eu"]
targets = [{ model = "small" }, { model = "one/big" }]
[routes.silent]
zero_retention = true
targets = [{ model = "two/small" }, { model = "one/small" }]
[routes.teams]
targets = [{ model = "one/big", labels = ["team=a"] }, { model = "one/small" }]
[routes.eyes]
targets = [{ model = "three/eyes", needs = ["vision", "documents"] }, { model = "one/big" }]
[routes.short]
targets = [{ model = "two/plain", prompt_tokens_max = 100 }, { model = "one/small" }]
[routes."one/big"]
targets = [{ model = "one/small" }]
"#;

const NOON_MS: i64 = 12 * 3_600_000;

struct Request<'a> {
    needs: Needs,
    tokens: u64,
    cap: Option<u64>,
    labels: &'a [String],
    now_ms: i64,
    models: Option<&'a str>,
    wish: Option<Strategy>,
}

impl Default for Request<'_> {
    fn default() -> Self {
        Self {
            needs: Needs::default(),
            tokens: 10,
            cap: None,
            labels: &[],
            now_ms: NOON_MS,
            models: None,
            wish: None,
        }
    }
}

fn planned(catalog: &Catalog, name: &str, request: &Request<'_>) -> Result<String, Code> {
    let mut grant = Grant::of_anybody("org_1", 0).unwrap();
    if let Some(models) = request.models {
        grant.models = ModelRules::from_row(Some(&format!("[\"{models}\"]")));
    }
    let facts = Facts {
        wish: request.wish,
        asked: Asked::known(request.needs, Some(request.tokens)),
        output_cap: request.cap,
        answers: 1,
        labels: request.labels,
        session: "",
        now_ms: request.now_ms,
        seed: 1,
        serves: &|target| !target.id.ends_with("vectors"),
        look: &|_, _| Seen::UNKNOWN,
        pinned: &|_| None,
    };
    let text = |plan: Plan| {
        let ids: Vec<String> = plan.candidates().map(|target| target.id.to_string()).collect();
        ids.join(" ")
    };
    plan(catalog, &grant, name, &facts).map(text).map_err(|refusal| refusal.code)
}

#[test]
fn routes_and_their_conditions() {
    let catalog = catalog(ROWS);
    let plain = Request::default();
    let with = |needs: Needs| Request { needs, ..Request::default() };
    let eyes = || with(Needs { image_input: true, ..Needs::default() });
    let tools = || with(Needs { tools: true, ..Needs::default() });
    let schema = || with(Needs { structured_output: true, ..Needs::default() });
    let team = ["run=7".to_owned(), "team=a".to_owned()];
    let long = Request { tokens: 9_000, ..Request::default() };
    let table = [
        ("both", &plain, Ok("one/small two/small")),
        ("both", &long, Ok("two/small")),
        ("both", &Request { tokens: 7_000, cap: Some(2_000), ..Request::default() }, Ok("two/small")),
        ("both", &Request { tokens: 900_000, ..Request::default() }, Err(Code::ContextLengthExceeded)),
        // What is not known is no reason to pass somebody over in a route.
        ("both", &eyes(), Ok("two/small")),
        ("both", &schema(), Ok("one/small two/small")),
        ("both", &Request { models: Some("two/*"), ..Request::default() }, Ok("two/small")),
        ("both", &Request { models: Some("three/*"), ..Request::default() }, Err(Code::ModelNotAllowed)),
        // The route's own strategy counts, whatever the client wishes.
        ("both", &Request { wish: Some(Strategy::Cost), ..Request::default() }, Ok("one/small two/small")),
        ("cheap", &Request { now_ms: 0, ..Request::default() }, Ok("two/small one/small one/big")),
        (
            "cheap",
            &Request { now_ms: NOON_MS, tokens: 4_000, ..Request::default() },
            Ok("one/small two/small one/big"),
        ),
        // Mostly answer: two's answers are cheaper at any hour.
        (
            "cheap",
            &Request { now_ms: NOON_MS, tokens: 1, ..Request::default() },
            Ok("two/small one/small one/big"),
        ),
        ("here", &plain, Ok("one/small one/big")),
        ("here", &eyes(), Ok("one/big")),
        ("silent", &plain, Ok("one/small")),
        ("teams", &plain, Ok("one/small")),
        ("teams", &Request { labels: &team, ..Request::default() }, Ok("one/big one/small")),
        ("eyes", &plain, Ok("one/big")),
        ("eyes", &eyes(), Ok("three/eyes one/big")),
        ("short", &plain, Ok("two/plain one/small")),
        ("short", &Request { tokens: 101, ..Request::default() }, Ok("one/small")),
        ("short", &tools(), Ok("one/small")),
        // A route's name goes before a model's.
        ("one/big", &plain, Ok("one/small")),
        // A plain name means its model: where all lack something, their providers decide.
        ("small", &plain, Ok("two/small one/small")),
        ("small", &long, Ok("two/small")),
        ("small", &Request { tokens: 900_000, ..Request::default() }, Ok("two/small one/small")),
        (
            "small",
            &Request { wish: Some(Strategy::Cost), tokens: 4_000, ..Request::default() },
            Ok("one/small two/small"),
        ),
        ("two/plain", &tools(), Ok("two/plain")),
        ("nothing", &plain, Err(Code::ModelNotFound)),
        ("auto:fast", &plain, Err(Code::ModelNotFound)),
    ];
    for (name, request, expected) in table {
        assert_eq!(planned(&catalog, name, request).as_deref(), expected.as_ref().map(|it| *it), "{name}");
    }
}

#[test]
fn auto_takes_what_is_known_to_do() {
    let catalog = catalog(ROWS);
    let plain = Request::default();
    let with = |needs: Needs| Request { needs, ..Request::default() };
    let eyes = || with(Needs { image_input: true, ..Needs::default() });
    let tools = || with(Needs { tools: true, ..Needs::default() });
    let schema = || with(Needs { structured_output: true, ..Needs::default() });
    let table = [
        // Scored first, then by price; one of each provider before any second.
        ("auto", &plain, Ok("three/eyes two/plain one/small two/small one/big")),
        ("auto:cost", &plain, Ok("two/plain one/small three/eyes two/small one/big")),
        (
            "auto",
            &Request { wish: Some(Strategy::Cost), ..Request::default() },
            Ok("two/plain one/small three/eyes two/small one/big"),
        ),
        (
            "auto:cost",
            &Request { now_ms: 0, tokens: 4_100, ..Request::default() },
            Ok("two/small one/small three/eyes one/big"),
        ),
        // Without a score, by price, the dearest first.
        ("auto:quality", &plain, Ok("three/eyes one/big two/small one/small two/plain")),
        ("auto", &tools(), Ok("two/small one/small one/big")),
        ("auto", &eyes(), Ok("three/eyes one/big")),
        ("auto", &schema(), Ok("one/big")),
        ("auto:cost", &Request { tokens: 200_000, ..Request::default() }, Ok("one/big three/eyes")),
        ("auto:cost", &Request { models: Some("two/*"), ..Request::default() }, Ok("two/plain two/small")),
        ("auto", &Request { models: Some("nobody/*"), ..Request::default() }, Err(Code::ModelNotAllowed)),
        ("auto", &Request { models: Some("two/*"), ..eyes() }, Err(Code::InvalidRequest)),
    ];
    for (name, request, expected) in table {
        assert_eq!(planned(&catalog, name, request).as_deref(), expected.as_ref().map(|it| *it), "{name}");
    }
}

/// Who is nearly as good as the best and costs less goes before the best; others stand by their scores.
#[test]
fn auto_takes_the_cheapest_of_those_that_are_nearly_as_good() {
    let row = |(place, (score, price)): (usize, (f64, f64))| {
        format!(
            "[providers.p{place}]\nbase_url = \"https://p{place}.example\"\nauth = \"none\"\n\
             [models.\"p{place}/m\"]\ncontext_tokens = 9000\nprice = {{ input = {price}, output = {price} }}\n\
             quality = {{ score = {score}, as_of = \"2026-11-01\", source = \"us\" }}\n"
        )
    };
    let order = |rows: &[(f64, f64)]| {
        let text: String = rows.iter().copied().enumerate().map(row).collect();
        planned(&catalog(&text), "auto", &Request::default()).unwrap()
    };
    assert_eq!(order(&[(1500.0, 9.0), (1470.0, 1.0), (1400.0, 0.1)]), "p1/m p0/m p2/m");
    assert_eq!(order(&[(1500.0, 9.0), (1462.5, 1.0)]), "p1/m p0/m");
    assert_eq!(order(&[(1500.0, 9.0), (1462.4, 1.0)]), "p0/m p1/m");
    assert_eq!(order(&[(1200.0, 0.1), (1300.0, 0.2), (1500.0, 9.0)]), "p2/m p1/m p0/m");
    assert_eq!(order(&[(1200.0, 0.2), (1200.0, 0.1), (1500.0, 9.0)]), "p2/m p1/m p0/m");
}

/// The cheaper of two at each hour of a day, where one of them has hours.
#[test]
fn cost_picks_the_cheaper_at_each_hour_of_a_day() {
    let catalog = catalog(ROWS);
    for hour in 0..24 {
        let request = Request { now_ms: hour * 3_600_000, tokens: 4_000, ..Request::default() };
        let first = planned(&catalog, "cheap", &request).unwrap();
        let expected = if hour < 12 { "two/small" } else { "one/small" };
        assert!(first.starts_with(expected), "{hour}: {first}");
    }
}
