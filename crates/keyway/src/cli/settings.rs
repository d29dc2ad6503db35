//! `keyway settings show|edit` and `keyway settings addresses`: what an organisation says about itself.

use super::args::Global;
use super::failure::Failure;
use super::output::Out;
use super::session::{self, Missing, Session};
use crate::access::naming;
use crate::accounts::check::not_there;
use crate::accounts::organizations as service;
use crate::admin::organizations::AllowList;
use crate::admin::settings::SettingsObject;
use crate::store::{organizations, settings as rows};
use clap::{ArgGroup, Args, Subcommand};

/// What an organisation says about itself
#[derive(Debug, Subcommand)]
pub enum Settings {
    /// Show the settings
    Show,
    /// Change the settings
    Edit(Edit),
    /// Show or change where the organisation's keys work from
    Addresses(Addresses),
}

/// Change the settings
#[derive(Debug, Args)]
#[command(group = ArgGroup::new("change").required(true))]
pub struct Edit {
    /// How its keys are to be called, with * for any run of letters
    #[arg(long, value_name = "PATTERN", group = "change")]
    key_names: Option<String>,
    /// Its keys are called anything
    #[arg(long, group = "change")]
    any_key_name: bool,
}

/// Show or change where the organisation's keys work from
#[derive(Debug, Args)]
pub struct Addresses {
    /// From these addresses or networks
    #[arg(long = "ip", value_name = "CIDR", num_args = 1.., conflicts_with = "any_ip")]
    ip_allowlist: Option<Vec<String>>,
    /// From anywhere
    #[arg(long)]
    any_ip: bool,
}

/// Runs it.
///
/// # Errors
/// What the command ends with.
pub fn run(global: &Global, command: &Settings, out: &Out) -> Result<(), Failure> {
    let config = session::configuration(global, &[])?;
    Session::with(global, &config, Missing::NotFound, async |session| match command {
        Settings::Show => {
            let pattern =
                rows::key_name_pattern(&mut *session.at.db.connection().await?, &session.org).await?;
            show(pattern, out)
        }
        Settings::Edit(edit) => {
            let mut acting = session.act().await?;
            naming::set_pattern(&mut acting, edit.key_names.as_deref()).await?;
            session::done(acting).await?;
            show(edit.key_names.clone(), out)
        }
        Settings::Addresses(asked) => addresses(session, asked, out).await,
    })
}

fn show(pattern: Option<String>, out: &Out) -> Result<(), Failure> {
    if out.json {
        return out.json(&SettingsObject::new(pattern));
    }
    out.fields(&[("key names", pattern.unwrap_or_else(|| "any".to_owned()))])
}

async fn addresses(session: &Session, asked: &Addresses, out: &Out) -> Result<(), Failure> {
    let organization = if asked.ip_allowlist.is_some() || asked.any_ip {
        let mut acting = session.act().await?;
        let changed = service::set_networks(&mut acting, asked.ip_allowlist.as_deref()).await?;
        session::done(acting).await?;
        changed
    } else {
        let mut conn = session.at.db.connection().await?;
        let found = organizations::organization(&mut conn, &session.org).await?;
        found.ok_or_else(|| not_there("organization"))?
    };
    if out.json {
        return out.json(&AllowList::new(&organization));
    }
    out.fields(&[("addresses", organization.ip_allowlist.unwrap_or_else(|| "any".to_owned()))])
}
