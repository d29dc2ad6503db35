//! `keyway model import`: a public price list held against the catalogue, and taken over.

use super::args::Global;
use super::failure::{FAILED, Failure, USAGE};
use super::model::day;
use super::output::Out;
use super::session::{Missing, Session};
use crate::catalog::builtin;
use crate::config::Config;
use crate::pricing::import::{self, Finding, LIST_BYTES_MAX, Verdict};
use crate::pricing::{self, Source, edit as service};
use crate::sealing::master::hex;
use clap::Args;
use ledger::{NanoUsd, Price};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use std::io::Read as _;
use std::path::{Path, PathBuf};

/// Take over prices of models.dev's api.json or of LiteLLM's price file
#[derive(Debug, Args)]
pub struct Import {
    /// The file
    file: PathBuf,
    /// Take over models that the catalogue does not have, too
    #[arg(long)]
    new: bool,
    /// Believe prices that differ by more than four times
    #[arg(long)]
    accept_outliers: bool,
    /// First day the prices hold, UTC (YYYY-MM-DD); untold: from now on
    #[arg(long, value_name = "DAY", value_parser = day)]
    from: Option<i64>,
    /// Only say what differs
    #[arg(long)]
    dry_run: bool,
}

/// Runs it.
///
/// # Errors
/// When the file is no price list or the database cannot be used.
pub fn run(global: &Global, config: &Config, asked: &Import, out: &Out) -> Result<(), Failure> {
    let text = text_of(&asked.file)?;
    let rows =
        builtin::providers().map_err(|_| Failure::new(FAILED, "the catalogue's own rows are broken"))?;
    let providers = [rows.providers.as_slice(), config.rows.providers.as_slice()].concat();
    let list = import::read(&text, &providers)
        .map_err(|why| Failure::new(USAGE, format!("{}: {why}", asked.file.display())))?;
    Session::with(global, config, Missing::Make, async |session| {
        // Every provider there is: one that is turned on tomorrow has its prices then.
        let on = providers.iter().map(|row| row.name.clone()).collect();
        let stored = pricing::stored(&mut *session.at.db.connection().await?).await?;
        let catalog = pricing::snapshot(&Source { own: config.rows.clone(), on }, &stored)?;
        let now_ms = session.at.clock.now_ms();
        let mut found = import::compare(&list.models, &catalog, now_ms, asked.new, asked.accept_outliers);
        for finding in &mut found {
            if let Some(price) = &mut finding.theirs {
                list.form.name().clone_into(&mut price.source);
            }
        }
        let mut written = 0;
        if !asked.dry_run {
            let mut acting = session.act().await?;
            let from_ms = asked.from.unwrap_or(acting.now_ms).max(acting.now_ms);
            let source = json!({ "list": list.form.name(), "sha256": hex(&Sha256::digest(text.as_bytes())) });
            written = service::take_over(&mut acting, &found, from_ms, &source).await?;
            acting.commit().await?;
        }
        report(&found, list.passed_over, written, asked.dry_run, out)
    })
}

fn text_of(path: &Path) -> Result<String, Failure> {
    let wrong = |error: std::io::Error| Failure::new(FAILED, format!("reading {}: {error}", path.display()));
    let mut text = String::new();
    let file = std::fs::File::open(path).map_err(wrong)?;
    file.take(LIST_BYTES_MAX + 1).read_to_string(&mut text).map_err(wrong)?;
    if text.len() as u64 > LIST_BYTES_MAX {
        let text = format!("{} is larger than {} MiB", path.display(), LIST_BYTES_MAX >> 20);
        return Err(Failure::new(USAGE, text));
    }
    Ok(text)
}

fn report(
    found: &[Finding],
    passed_over: usize,
    written: usize,
    dry_run: bool,
    out: &Out,
) -> Result<(), Failure> {
    let count = |verdict: Verdict| found.iter().filter(|finding| finding.verdict == verdict).count();
    let told: Vec<&Finding> = found.iter().filter(|finding| finding.verdict != Verdict::Same).collect();
    if out.json {
        let counts: serde_json::Map<String, Value> = Verdict::ALL
            .iter()
            .map(|verdict| (verdict.word().to_owned(), json!(count(*verdict))))
            .chain([("passed_over".to_owned(), json!(passed_over))])
            .collect();
        let data: Vec<Value> = told
            .iter()
            .map(|it| json!({ "model": it.model, "verdict": it.verdict.word(), "ours": rates(it.ours.as_ref()), "theirs": rates(it.theirs.as_ref()) }))
            .collect();
        return out.json(&json!({
            "object": "price_import", "dry_run": dry_run, "written": written, "counts": counts, "data": data,
        }));
    }
    let cells: Vec<Vec<String>> = told
        .iter()
        .map(|it| {
            let [ours, theirs] = [&it.ours, &it.theirs].map(|price| shown(price.as_ref()));
            vec![it.verdict.word().to_owned(), it.model.clone(), ours, theirs]
        })
        .collect();
    out.table(&["", "model", "ours in/out/read $/M", "the list's"], &cells)?;
    let all: Vec<String> =
        Verdict::ALL.iter().map(|verdict| format!("{} {}", count(*verdict), verdict.word())).collect();
    let done = if dry_run { "nothing was written".to_owned() } else { format!("{written} prices written") };
    out.note(&format!("{}; {passed_over} entries passed over; {done}", all.join(", ")));
    Ok(())
}

fn rates(price: Option<&Price>) -> Value {
    let usd = |nanousd: u64| decimal(nanousd);
    price.map_or(Value::Null, |price| {
        json!({ "input": usd(price.base.input), "output": usd(price.base.output),
            "cache_read": price.base.cache_read.map(usd), "tiers": price.context_tiers.len(), "hours": price.hours.len() })
    })
}

fn shown(price: Option<&Price>) -> String {
    price.map_or_else(
        || "-".to_owned(),
        |price| {
            let base = price.base;
            let read = base.cache_read.map_or_else(|| "-".to_owned(), decimal);
            format!("{}/{}/{read}", decimal(base.input), decimal(base.output))
        },
    )
}

fn decimal(nanousd: u64) -> String {
    NanoUsd(i64::try_from(nanousd).unwrap_or(i64::MAX)).to_decimal()
}
