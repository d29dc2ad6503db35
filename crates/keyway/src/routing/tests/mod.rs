//! Strategies as tables: who is asked in which order.

mod plans;
mod strategies;

use super::order::{Candidate, Seen, Why};
use crate::catalog::rows::Defaults;
use crate::catalog::written::Fields;
use crate::catalog::{Catalog, Reader, read};
use crate::providers::health::{Cause, Standing};
use ledger::NanoUsd;
use std::fmt::Write as _;
use toml_edit::Document;

/// The catalogue of a settings file; every provider in it is on.
fn catalog(text: &str) -> Catalog {
    let mut reader = Reader::new("test", text, false);
    let document = Document::parse(text).unwrap_or_else(|error| panic!("{error}: {text}"));
    let root = Fields { table: document.as_table(), path: String::new(), span: None };
    let rows = read(&mut reader, &root, &Defaults::default());
    assert!(reader.mistakes.is_empty(), "{:?}", reader.mistakes);
    let on: Vec<&str> = rows.providers.iter().map(|row| row.name.as_str()).collect();
    Catalog::build(&rows, &on).unwrap_or_else(|mistakes| panic!("{mistakes:?}"))
}

/// Candidates written as `name=number`, `-` for unknown. The number is weight, milliseconds, cost in
/// micro-dollars or score, as the strategy has it. Behind it: `!7` out since 7, `~7` cooling for 7 ms,
/// `?` to be tried, `+3` three wait there.
fn candidates(written: &str) -> Vec<Candidate> {
    let mut text = "[providers.p]\nbase_url = \"http://127.0.0.1:1/v1\"\nauth = \"none\"\n".to_owned();
    let parts: Vec<(&str, Option<u64>, &str)> = written.split_whitespace().map(part).collect();
    for (name, number, _) in &parts {
        let _ = writeln!(text, "[models.\"p/{name}\"]");
        if let Some(score) = number {
            let _ =
                writeln!(text, "quality = {{ score = {score}, as_of = \"2026-11-01\", source = \"us\" }}");
        }
    }
    let catalog = catalog(&text);
    let made = parts.iter().enumerate().map(|(rank, (name, number, state))| {
        let mut seen = Seen { expected_ms: number.map(|ms| ms as f64), ..Seen::UNKNOWN };
        let value = || state.get(1..).and_then(|text| text.parse().ok()).unwrap_or(0);
        match state.chars().next() {
            Some('!') => seen.standing = Standing::Out(Cause::Failing, value()),
            Some('~') => seen.standing = Standing::Cooling(value()),
            Some('?') => seen.standing = Standing::Due(Cause::Failing),
            Some('+') => seen.waiting = u32::try_from(value()).unwrap(),
            _ => {}
        }
        Candidate {
            target: catalog.target(&format!("p/{name}")).unwrap(),
            rank,
            weight: u32::try_from(number.unwrap_or(1)).unwrap(),
            cost: number.map(|micro| NanoUsd(i64::try_from(micro * 1_000).unwrap())),
            seen,
            why: Why::Only,
        }
    });
    made.collect()
}

fn part(written: &str) -> (&str, Option<u64>, &str) {
    let (name, rest) = written.split_once('=').unwrap_or((written, "1"));
    let end = rest.find(['!', '~', '?', '+']).unwrap_or(rest.len());
    let (number, state) = rest.split_at(end);
    (name, number.parse().ok(), state)
}
