//! `keyway credit show|list|grant|set`

use super::args::Global;
use super::failure::Failure;
use super::key::when;
use super::money::usd;
use super::output::Out;
use super::session::{self, Missing, Session};
use crate::access::prepaid::Standing;
use crate::accounts::credit::{self as service, NewEntry};
use crate::admin::credit_object::{CreditObject, EntryObject};
use crate::admin::json::List;
use crate::store::credit::{self as rows, Entry, Source};
use crate::store::spent;
use clap::{Subcommand, ValueEnum};
use ledger::NanoUsd;

/// An organisation's balance
#[derive(Debug, Subcommand)]
pub enum Credit {
    /// Show the balance
    Show,
    /// List what was put into it, oldest first
    List,
    /// Put something into it; the organisation is prepaid from then on
    Grant {
        /// How much, as in 10usd; below zero it is taken back
        #[arg(value_parser = usd, allow_negative_numbers = true)]
        amount: NanoUsd,
        /// Where it is from: what is granted is used first
        #[arg(long, default_value = "granted")]
        kind: From,
        /// What for
        #[arg(long, default_value = "")]
        note: String,
    },
    /// Say whether the organisation spends no more than its balance
    Set {
        /// Whether it does
        #[arg(long, action = clap::ArgAction::Set)]
        prepaid: bool,
    },
}

/// Where money is from
#[derive(Debug, Clone, Copy, ValueEnum)]
pub enum From {
    /// Given
    Granted,
    /// Paid
    #[value(name = "topped_up")]
    ToppedUp,
}

/// Runs it.
///
/// # Errors
/// What the command ends with.
pub fn run(global: &Global, command: &Credit, out: &Out) -> Result<(), Failure> {
    let config = session::configuration(global, &[])?;
    Session::with(global, &config, Missing::NotFound, async |session| match command {
        Credit::Show => show(session, out).await,
        Credit::List => {
            let found = rows::entries(&mut *session.at.db.connection().await?, &session.org).await?;
            if out.json {
                let objects = found.iter().map(EntryObject::new).collect();
                return out.json(&List::new(objects, false, |object: &EntryObject<'_>| object.id));
            }
            table(&found, out)
        }
        Credit::Grant { amount, kind, note } => {
            let source = match kind {
                From::Granted => Source::Granted,
                From::ToppedUp => Source::ToppedUp,
            };
            let new = NewEntry { amount: *amount, source, note: note.clone() };
            let mut acting = session.act().await?;
            let charged = spent::of_balance(&mut acting.tx, &session.org).await?.charged;
            let entry = service::put(&mut acting, &new, charged).await?;
            session::done(acting).await?;
            if out.json {
                return out.json(&EntryObject::new(&entry));
            }
            table(&[entry], out)
        }
        Credit::Set { prepaid } => {
            let mut acting = session.act().await?;
            service::set_prepaid(&mut acting, *prepaid).await?;
            session::done(acting).await?;
            show(session, out).await
        }
    })
}

fn table(entries: &[Entry], out: &Out) -> Result<(), Failure> {
    let cells = |entry: &Entry| {
        vec![
            entry.id.clone(),
            when(Some(entry.created_ms)),
            entry.source.name().to_owned(),
            entry.amount.to_decimal(),
            entry.note.clone(),
        ]
    };
    out.table(&["id", "when", "kind", "usd", "note"], &entries.iter().map(cells).collect::<Vec<_>>())
}

async fn show(session: &Session, out: &Out) -> Result<(), Failure> {
    let standing = Standing::read(&mut *session.at.db.connection().await?, &session.org).await?;
    if out.json {
        return out.json(&CreditObject::new(&standing));
    }
    out.fields(&[
        ("prepaid", if standing.prepaid { "yes" } else { "no" }.to_owned()),
        ("balance", standing.balance.total().to_decimal()),
        ("granted", standing.balance.granted.to_decimal()),
        ("topped up", standing.balance.topped_up.to_decimal()),
        ("held", standing.spent.held.to_decimal()),
        ("remaining", standing.remaining().to_decimal()),
        ("credited in all", standing.put.to_decimal()),
        ("charged in all", standing.spent.charged.to_decimal()),
    ])
}
