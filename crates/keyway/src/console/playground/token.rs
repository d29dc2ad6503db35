//! POST `/console/playground/token`: a token of ten minutes, of a key of one's own that nobody knows.

use crate::access::ephemeral::Narrowed;
use crate::access::ephemeral::mint::{Asked, Format, mint};
use crate::access::keys::{self as service, NewKey};
use crate::accounts::{Scope, Subject, may};
use crate::base::fault::Doing;
use crate::base::{Fault, Refusal, Trouble};
use crate::console::account::confirm;
use crate::console::here::{Here, pages};
use crate::console::page::json;
use crate::relay::Outbound;
use crate::store::keys::search::{Search, search};
use http::StatusCode;
use serde_json::json as value;

/// The key's name, and how requests of the playground are found in the log.
const NAME: &str = "playground";
/// A token lives ten minutes: the page asks for another when it needs one.
const TOKEN_SECONDS: u64 = 600;
/// The key lives thirty days; then another is made.
const KEY_SECONDS: u64 = 30 * 86_400;
/// Keys looked through for the one.
const LOOKED_AT_MAX: i64 = 50;

pages! {
    /// A token for the page.
    token = make;
}

async fn make(here: &Here<'_>) -> Result<Outbound, Trouble> {
    let form = here.form()?;
    let (project, test) = (form.text("project").to_owned(), form.text("mode") != "live");
    may(&here.grant.actor, Scope::CREATE_KEYS, Subject::OwnIn(&project)).map_err(Refusal::from)?;
    // What spends takes more than a session that was left open.
    if !test && confirm::needed(here, "/console/playground").await?.is_some() {
        let body = value!({ "confirm": "/console/confirm?next=/console/playground" });
        return Ok(json(StatusCode::FORBIDDEN, body.to_string()));
    }
    let kid = match known(here, &project, test).await? {
        Some(kid) => kid,
        None => new(here, &project, test).await?,
    };
    let mut conn = here.shared.at.db.connection().await?;
    let grant = here.shared.cache.now(&mut conn, &kid).await?;
    drop(conn);
    let grant = grant.ok_or_else(|| Fault::plain("the playground's key is gone"))?;
    let asked = Asked {
        expires_in_seconds: Some(TOKEN_SECONDS),
        narrowed: Narrowed {
            scopes: Some(vec!["create:chat_completions".to_owned()]),
            models: None,
            ip: None,
        },
        format: Format::Opaque,
        budget: None,
    };
    let at = &here.shared.at;
    let mut tx = at.db.begin_write().await?;
    let minted = mint(&mut tx, (&at.master, &at.clock), &grant, &asked).await?;
    tx.commit().await.doing("making a token")?;
    let body = value!({ "token": minted.secret.reveal(), "expires_ms": minted.expires_ms });
    Ok(json(StatusCode::OK, body.to_string()))
}

/// Whose the key is: the person's, where they are a member; else the project's.
fn owner<'a>(here: &'a Here<'_>) -> &'a str {
    let member = here.places.iter().any(|place| place.org == here.org());
    if member { &here.person.id } else { "" }
}

/// The key that is there already.
async fn known(here: &Here<'_>, project: &str, test: bool) -> Result<Option<String>, Fault> {
    let among = [project.to_owned()];
    let wanted = Search {
        org: here.org(),
        among: Some(&among),
        owner: owner(here),
        status: "active",
        text: NAME,
        now_ms: here.shared.at.clock.now_ms() + i64::try_from(TOKEN_SECONDS * 1000).unwrap_or(0),
        ..Search::default()
    };
    let mut conn = here.shared.at.db.connection().await?;
    let found = search(&mut conn, &wanted, "", LOOKED_AT_MAX).await?;
    let own = found.into_iter().find(|row| {
        row.name == NAME
            && (row.mode == "test") == test
            && row.owner_id == owner(here)
            && row.models.is_none()
    });
    Ok(own.map(|row| row.kid))
}

/// Makes it. Its secret is dropped here: nobody ever knows it.
async fn new(here: &Here<'_>, project: &str, test: bool) -> Result<String, Trouble> {
    let new = NewKey {
        project: Some(project.to_owned()),
        test,
        name: NAME.to_owned(),
        description: "Made by the playground; nobody knows its secret.".to_owned(),
        owner: owner(here).to_owned(),
        scopes: Some(vec!["create:chat_completions".to_owned()]),
        expires_in_seconds: Some(KEY_SECONDS),
        ..NewKey::default()
    };
    let mut acting = here.act().await?;
    let made = service::create(&mut acting, &new).await?;
    here.finish(acting).await?;
    Ok(made.row.kid)
}
