//! `keyway invite list|create|show|remove|accept`

use super::args::Global;
use super::failure::{FAILED, Failure};
use super::key::{confirmed, when};
use super::org::{READ_ROWS, asks};
use super::output::Out;
use super::session::{self, Missing, Session, every};
use crate::access::format::{self, Prefix};
use crate::accounts::check::not_there;
use crate::accounts::invites::{self as service, Place};
use crate::admin::invites::{INVITE_DELETED, InviteObject, take_up};
use crate::admin::json::{Deleted, List};
use crate::admin::people::UserObject;
use crate::base::Clock;
use crate::store::invites::{self as rows, Invite as Row};
use clap::Subcommand;
use std::io::Read;

/// Bytes of a token on standard input at most.
const TOKEN_BYTES_MAX: u64 = 1024;

/// Invitations to an organisation
#[derive(Debug, Subcommand)]
pub enum Invite {
    /// List invitations, oldest first
    List,
    /// Invite somebody; the token that takes it up is printed once
    Create {
        /// Their e-mail address
        #[arg(long)]
        email: String,
        /// owner, admin, developer, billing, auditor, viewer or a custom role's id
        #[arg(long)]
        role: String,
        /// Put them into this project too, as in proj_...=member
        #[arg(long = "project", value_name = "PROJECT=ROLE", value_parser = place)]
        places: Vec<Place>,
    },
    /// Show one invitation
    Show {
        /// invite_...
        id: String,
    },
    /// Take an invitation back
    Remove {
        /// invite_...
        id: String,
        /// Do not ask
        #[arg(long)]
        yes: bool,
    },
    /// Take an invitation up; its token is read from standard input
    Accept {
        /// What whoever takes it up is called
        #[arg(long)]
        name: String,
    },
}

fn place(text: &str) -> Result<Place, String> {
    match text.split_once('=') {
        Some((id, role)) if !id.is_empty() => Ok(Place { id: id.to_owned(), role: role.to_owned() }),
        _ => Err("write it as project=role".to_owned()),
    }
}

/// Runs it.
///
/// # Errors
/// What the command ends with.
pub fn run(global: &Global, command: &Invite, out: &Out) -> Result<(), Failure> {
    let config = session::configuration(global, &[])?;
    Session::with(global, &config, Missing::NotFound, async |session| match command {
        Invite::List => list(session, out).await,
        Invite::Show { id } => {
            let mut conn = session.at.db.connection().await?;
            let found = rows::one(&mut conn, &session.org, id).await?.ok_or_else(|| not_there("invite"))?;
            if out.json {
                return out.json(&InviteObject::new(&found, now_ms()));
            }
            out.table(&HEAD, &[cells(&found)])
        }
        Invite::Create { email, role, places } => {
            let (_, token) = format::mint(Prefix::Invite)?;
            let digest = session.at.master.digest(token.reveal()).hex();
            let mut acting = session.act().await?;
            let made = service::create(&mut acting, email, role, places, &digest).await?;
            session::done(acting).await?;
            if out.json {
                return out.json(&InviteObject::made(&made, Some(token.reveal())));
            }
            out.line(token.reveal())?;
            out.note(&format!(
                "{} for {}. The token is shown this once: send it to them.",
                made.id, made.email
            ));
            Ok(())
        }
        Invite::Remove { id, yes } => {
            if asks(*yes, global) && !confirmed(&format!("Take `{id}` back?"), out)? {
                out.note("nothing was changed");
                return Ok(());
            }
            let mut acting = session.act().await?;
            service::remove(&mut acting, id).await?;
            session::done(acting).await?;
            out.deleted(&Deleted::new(id, INVITE_DELETED), id, "removed")
        }
        Invite::Accept { name } => {
            let mut token = String::new();
            let mut input = std::io::stdin().take(TOKEN_BYTES_MAX);
            input
                .read_to_string(&mut token)
                .map_err(|error| Failure::new(FAILED, format!("reading the token: {error}")))?;
            let (member, _) = take_up(&session.at, token.trim(), name, None).await?;
            if out.json {
                return out.json(&UserObject::new(&member));
            }
            out.table(
                &["id", "name", "email", "role"],
                &[vec![member.id, member.name, member.email, member.role]],
            )
        }
    })
}

const HEAD: [&str; 5] = ["id", "email", "role", "expires", "accepted"];

async fn list(session: &Session, out: &Out) -> Result<(), Failure> {
    let mut conn = session.at.db.connection().await?;
    let found = every(
        READ_ROWS,
        |row: &Row| row.id.clone(),
        async |after| rows::list(&mut conn, &session.org, false, &after, READ_ROWS).await,
    )
    .await?;
    if out.json {
        let objects = found.iter().map(|row| InviteObject::new(row, now_ms())).collect();
        return out.json(&List::new(objects, false, |object: &InviteObject<'_>| object.id));
    }
    out.table(&HEAD, &found.iter().map(cells).collect::<Vec<_>>())
}

fn cells(row: &Row) -> Vec<String> {
    vec![
        row.id.clone(),
        row.email.clone(),
        row.role.clone(),
        when(Some(row.expires_ms)),
        when(row.accepted_ms),
    ]
}

fn now_ms() -> i64 {
    Clock::system().now_ms()
}
