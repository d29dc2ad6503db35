//! What `serve` prints: where it is, and on the first start a key and a line that work at once.

use crate::access::keys::{self, NewKey};
use crate::access::session::once::{self, Purpose};
use crate::accounts::{Acting, Installation};
use crate::audit::Author;
use crate::base::{Fault, Secret, Trouble};
use crate::config::Config;
use crate::relay::Shared;
use crate::store::tenants::ProjectFilter;
use crate::store::{Engine, persons, tenants};
use std::fmt::Write;
use std::net::SocketAddr;

/// The text for stdout. On the first start it holds a new test key, which reaches the sandbox alone.
///
/// # Errors
/// When the key cannot be made.
pub async fn text(
    config: &Config,
    shared: &Shared,
    address: SocketAddr,
    first: bool,
) -> Result<String, Fault> {
    let scheme = if config.settings.tls_key_file.is_some() { "https" } else { "http" };
    let url = format!("{scheme}://{address}");
    let engine = match shared.at.db.engine {
        Engine::Sqlite => "SQLite",
        Engine::Postgres => "PostgreSQL",
    };
    let catalog = shared.catalog.load();
    let providers: Vec<&str> = catalog.providers().iter().map(|row| &*row.name).collect();
    let mut text = String::new();
    let _ = writeln!(
        text,
        "keyway {} is ready in {} ms",
        env!("CARGO_PKG_VERSION"),
        shared.at.clock.monotonic_ms()
    );
    let _ = writeln!(text, "  API        {url}/v1");
    let _ = writeln!(text, "  Data       {} ({engine})", config.settings.data_dir.display());
    let _ = writeln!(text, "  Providers  {}", providers.join(", "));
    for note in &config.notes {
        let _ = writeln!(text, "  Note       {note}");
    }
    if first {
        let link = setup_link(&shared.at, "first start").await?;
        let _ = writeln!(text, "  Console    {}/setup?token={}", shared.desk.public_url, link.reveal());
        let _ = writeln!(text, "             makes the first account; works once, for 30 minutes");
        let key = first_test_key(shared).await?;
        let _ =
            writeln!(text, "\nTest key, shown once; it reaches the sandbox models only:\n  {}", key.reveal());
        let _ = writeln!(text, "\nTry it:\n{}", curl(&url, key.reveal()));
        let _ = writeln!(text, "\nAn admin key for the management API: keyway admin-key create --name first");
    } else {
        let _ = writeln!(text, "  Keys       keyway key create --name NAME [--test]");
        if persons::any_operator(&shared.at.db).await? {
            let _ = writeln!(text, "  Console    {}/", shared.desk.public_url);
        } else {
            let _ =
                writeln!(text, "  Console    keyway member setup-link makes a link for the first account");
        }
    }
    Ok(text)
}

fn curl(url: &str, key: &str) -> String {
    format!(
        "curl {url}/v1/chat/completions -H 'Authorization: Bearer {key}' -H 'Content-Type: application/json' \
         -d '{{\"model\":\"sandbox/echo\",\"messages\":[{{\"role\":\"user\",\"content\":\"Hello\"}}]}}'"
    )
}

/// A link that makes the first account.
///
/// # Errors
/// When the database cannot be used.
pub async fn setup_link(at: &Installation, author: &str) -> Result<Secret, Fault> {
    let org = tenants::default_org(&at.db).await?;
    let author = Author { kind: "system", id: author.to_owned(), ip: None };
    let mut acting = Acting::of_operator(at, author, &org).await?;
    let link = once::make(&mut acting, Purpose::Setup, "", "").await?;
    acting.commit().await?;
    Ok(link)
}

async fn first_test_key(shared: &Shared) -> Result<Secret, Fault> {
    let org = tenants::default_org(&shared.at.db).await?;
    let filter = ProjectFilter { org: &org, archived: false, newest_first: false, among: None };
    let project = tenants::projects(&shared.at.db, &filter, "", 1).await?.into_iter().next();
    let new = NewKey {
        project: project.map(|project| project.id),
        test: true,
        name: "First test key".to_owned(),
        ..NewKey::default()
    };
    let author = Author { kind: "system", id: "first start".to_owned(), ip: None };
    let mut acting = Acting::of_operator(&shared.at, author, &org).await?;
    match keys::create(&mut acting, &new).await {
        Ok(created) => {
            acting.commit().await?;
            Ok(created.secret)
        }
        Err(Trouble::Fault(fault)) => Err(fault),
        Err(Trouble::Refusal(refusal)) => Err(Fault::plain(refusal.message)),
    }
}
