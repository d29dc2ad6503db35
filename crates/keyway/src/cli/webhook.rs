//! `keyway webhook list|create|show|edit|remove|test|replay`

use super::args::Global;
use super::failure::{Failure, USAGE};
use super::key::{confirmed, when};
use super::org::{READ_ROWS, asks};
use super::output::Out;
use super::session::{self, Missing, Session, every};
use crate::accounts::check::not_there;
use crate::admin::json::Deleted;
use crate::admin::notifications::NotificationObject;
use crate::admin::webhooks::{WEBHOOK_DELETED, WebhookObject, list_object};
use crate::store::outbox::Message;
use crate::store::webhooks::{self as rows, Webhook as Row};
use crate::watch::webhooks::{self as service, Edit, FORMS, NewWebhook};
use clap::{Args, Subcommand, ValueEnum};

/// Programs that are told what happens
#[derive(Debug, Subcommand)]
pub enum Webhook {
    /// List webhooks, oldest first
    List,
    /// Tell a program what happens; prints the secret that signs, once. The URL is read from stdin
    Create {
        /// What it is called
        #[arg(long)]
        name: String,
        /// What is sent: events of standard-webhooks, or a text for Slack
        #[arg(long, default_value = "standard")]
        format: Form,
    },
    /// Show one webhook
    Show {
        /// wh_...
        id: String,
    },
    /// Change a webhook; what is not named stays
    Edit(Change),
    /// Remove a webhook; what waits for it is given up
    Remove {
        /// wh_...
        id: String,
        /// Do not ask
        #[arg(long)]
        yes: bool,
    },
    /// Send a message, to see that it arrives
    Test {
        /// wh_...
        id: String,
    },
    /// Try a message anew that was given up (`keyway audit notifications --failed` lists them)
    Replay {
        /// msg_...
        id: String,
    },
}

/// What is sent
#[derive(Debug, Clone, Copy, ValueEnum)]
pub enum Form {
    /// Signed events of standard-webhooks
    Standard,
    /// A text for Slack, or for who reads the same
    Slack,
}

/// Change a webhook; what is not named stays
#[derive(Debug, Args)]
pub struct Change {
    /// wh_...
    id: String,
    /// What it is called from now on
    #[arg(long)]
    name: Option<String>,
    /// Where it leads from now on: read the URL from stdin
    #[arg(long)]
    url: bool,
    /// Send to it again
    #[arg(long, conflicts_with = "disable")]
    enable: bool,
    /// Send nothing to it
    #[arg(long)]
    disable: bool,
    /// Sign with a new secret, which is printed once
    #[arg(long)]
    rotate_secret: bool,
}

impl Change {
    fn edit(&self) -> Result<Edit, Failure> {
        let edit = Edit {
            name: self.name.clone(),
            url: if self.url { Some(url()?) } else { None },
            enabled: (self.enable || self.disable).then_some(self.enable),
            rotate_secret: self.rotate_secret,
        };
        if edit == Edit::default() {
            return Err(Failure::new(USAGE, "name what to change, as in --disable"));
        }
        Ok(edit)
    }
}

/// The URL on stdin: it is often a secret, and arguments can be seen by everybody on the machine.
fn url() -> Result<String, Failure> {
    let mut line = String::new();
    std::io::stdin()
        .read_line(&mut line)
        .map_err(|error| Failure::new(USAGE, format!("reading the URL from stdin: {error}")))?;
    Ok(line.trim().to_owned())
}

/// Runs it.
///
/// # Errors
/// What the command ends with.
pub fn run(global: &Global, command: &Webhook, out: &Out) -> Result<(), Failure> {
    let config = session::configuration(global, &[])?;
    Session::with(global, &config, Missing::NotFound, async |session| match command {
        Webhook::List => list(session, out).await,
        Webhook::Show { id } => {
            let found = rows::one(&mut *session.at.db.connection().await?, &session.org, id).await?;
            show(&found.ok_or_else(|| not_there("webhook"))?, None, out)
        }
        Webhook::Create { name, format } => {
            let form = match format {
                Form::Standard => FORMS[0],
                Form::Slack => FORMS[1],
            };
            let new = NewWebhook { name: name.clone(), url: url()?, form };
            let mut acting = session.act().await?;
            let (row, secret) = service::create(&mut acting, &new).await?;
            session::done(acting).await?;
            show(&row, Some(secret.reveal()), out)
        }
        Webhook::Edit(change) => {
            let edit = change.edit()?;
            let mut acting = session.act().await?;
            let (row, secret) = service::edit(&mut acting, &change.id, &edit).await?;
            session::done(acting).await?;
            show(&row, secret.as_ref().map(|secret| secret.reveal()), out)
        }
        Webhook::Remove { id, yes } => {
            if asks(*yes, global) && !confirmed(&format!("Remove the webhook `{id}`?"), out)? {
                out.note("nothing was changed");
                return Ok(());
            }
            let mut acting = session.act().await?;
            service::remove(&mut acting, id).await?;
            session::done(acting).await?;
            out.deleted(&Deleted::new(id, WEBHOOK_DELETED), id, "removed")
        }
        Webhook::Test { id } => {
            let mut acting = session.act().await?;
            let message = service::test(&mut acting, id).await?;
            session::done(acting).await?;
            written(&message, out)
        }
        Webhook::Replay { id } => {
            let mut acting = session.act().await?;
            let message = service::replay(&mut acting, id).await?;
            session::done(acting).await?;
            written(&message, out)
        }
    })
}

async fn list(session: &Session, out: &Out) -> Result<(), Failure> {
    let mut conn = session.at.db.connection().await?;
    let found = every(
        READ_ROWS,
        |row: &Row| row.id.clone(),
        async |after| rows::list(&mut conn, &session.org, false, &after, READ_ROWS).await,
    )
    .await?;
    if out.json {
        return out.json(&list_object(&found, false));
    }
    let cells = |row: &Row| {
        let state = if row.disabled_ms.is_none() { "enabled" } else { "disabled" };
        vec![row.id.clone(), row.name.clone(), row.url_shown.clone(), row.form.clone(), state.to_owned()]
    };
    out.table(&["id", "name", "to", "format", "status"], &found.iter().map(cells).collect::<Vec<_>>())
}

fn show(row: &Row, secret: Option<&str>, out: &Out) -> Result<(), Failure> {
    if out.json {
        return match secret {
            Some(secret) => out.json(&WebhookObject::with(row, secret)),
            None => out.json(&WebhookObject::new(row)),
        };
    }
    let mut fields = vec![
        ("id", row.id.clone()),
        ("name", row.name.clone()),
        ("to", row.url_shown.clone()),
        ("format", row.form.clone()),
        ("disabled", when(row.disabled_ms)),
        ("created", when(Some(row.created_ms))),
    ];
    fields.extend(secret.map(|secret| ("secret", secret.to_owned())));
    out.fields(&fields)
}

fn written(message: &Message, out: &Out) -> Result<(), Failure> {
    if out.json {
        return out.json(&NotificationObject::new(message));
    }
    out.fields(&[("message", message.id.clone()), ("to", message.recipient.clone())])
}
