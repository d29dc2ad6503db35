//! Floor 7: commands. Data goes to stdout, everything else to stderr; the exit code says how it
//! ended (see [`failure`]).

pub mod admin_key;
pub mod admin_key_edit;
pub mod advise;
pub mod alert;
pub mod application;
pub mod args;
pub mod audit;
pub mod budget;
pub mod chat;
pub mod client;
pub mod completion;
pub mod config;
pub mod credit;
pub mod db;
mod db_copy;
mod db_lease;
mod db_restore;
pub mod doctor;
pub mod explain;
pub mod failure;
pub mod group;
pub mod http;
pub mod incident;
pub mod init;
pub mod invite;
pub mod key;
pub mod key_details;
pub mod key_edit;
pub mod limit;
pub mod log;
pub mod master_key;
pub mod member;
pub mod model;
pub mod model_import;
pub mod money;
pub mod node;
pub mod org;
pub mod output;
mod pages;
pub mod place;
pub mod policy;
pub mod project;
pub mod provider;
pub mod provider_credential;
pub mod review;
pub mod role;
pub mod route;
pub mod sandbox;
pub mod secret;
pub mod serve;
pub mod service_account;
pub mod session;
pub mod settings;
pub mod span;
pub mod tier;
pub mod timeline;
pub mod usage;
pub mod webhook;

use crate::accounts::applications::Kind;
use crate::sealing::memory;
use crate::telemetry::panic_hook;
use args::{Args, Command};
use clap::{ColorChoice, CommandFactory, FromArgMatches};
use failure::Failure;
use output::Out;
use std::ffi::OsString;
use std::process::ExitCode;

/// Runs the command that the process was started with.
#[must_use]
pub fn main() -> ExitCode {
    memory::keep_private();
    panic_hook::install();
    ExitCode::from(run(std::env::args_os().collect()))
}

fn run(arguments: Vec<OsString>) -> u8 {
    let args = match parse(arguments) {
        Ok(args) => args,
        Err(error) => {
            // Help and version go to stdout, mistakes to stderr; a closed pipe is nobody's loss.
            let _ = error.print();
            return u8::try_from(error.exit_code()).unwrap_or(failure::USAGE);
        }
    };
    let out = Out::new(args.global.json);
    match dispatch(&args, &out) {
        Ok(()) => failure::FINE,
        Err(failure) => {
            if !failure.text.is_empty() {
                out.note(&format!("error: {}", failure.text));
            }
            failure.code
        }
    }
}

/// Reads the command line. `--no-color` counts before clap writes anything.
fn parse(arguments: Vec<OsString>) -> Result<Args, clap::Error> {
    let plain =
        arguments.iter().skip(1).take_while(|argument| *argument != "--").any(|it| it == "--no-color");
    let color = if plain { ColorChoice::Never } else { ColorChoice::Auto };
    let matches = Args::command().color(color).try_get_matches_from(arguments)?;
    Args::from_arg_matches(&matches)
}

fn dispatch(args: &Args, out: &Out) -> Result<(), Failure> {
    let global = &args.global;
    match &args.command {
        Command::Serve(serve) => serve::run(global, serve, out)?,
        Command::Init(init) => init::run(global, init, out)?,
        Command::Config(command) => config::run(global, command, out)?,
        Command::Key(command) => key::run(global, command, out)?,
        Command::AdminKey(command) => admin_key::run(global, command, out)?,
        Command::Org(command) => org::run(global, command, out)?,
        Command::Project(command) => project::run(global, command, out)?,
        Command::Member(command) => member::run(global, command, out)?,
        Command::Group(command) => group::run(global, command, out)?,
        Command::Invite(command) => invite::run(global, command, out)?,
        Command::Settings(command) => settings::run(global, command, out)?,
        Command::Node(command) => node::run(global, command, out)?,
        Command::ServiceAccount(command) => service_account::run(global, command, out)?,
        Command::Role(command) => role::run(global, command, out)?,
        Command::Limit(command) => limit::run(global, command, out)?,
        Command::Policy(command) => policy::run(global, command, out)?,
        Command::Budget(command) => budget::run(global, command, out)?,
        Command::Credit(command) => credit::run(global, command, out)?,
        Command::Tier(command) => tier::run(global, command, out)?,
        Command::Verification(command) => application::run(global, Kind::Verification, command, out)?,
        Command::LimitIncrease(command) => application::run(global, Kind::LimitIncrease, command, out)?,
        Command::Db(command) => db::run(global, command, out)?,
        Command::Model(command) => model::run(global, command, out)?,
        Command::Route(command) => route::run(global, command, out)?,
        Command::Provider(command) => provider::run(global, command, out)?,
        Command::MasterKey(command) => master_key::run(global, command, out)?,
        Command::Client(command) => client::run(global, command, out)?,
        Command::Advise => advise::run(global, out)?,
        Command::Usage(asked) => usage::run(global, asked, out)?,
        Command::Log(command) => log::run(global, command, out)?,
        Command::Explain(asked) => explain::run(global, asked, out)?,
        Command::Audit(command) => audit::run(global, command, out)?,
        Command::Alert(command) => alert::run(global, command, out)?,
        Command::Webhook(command) => webhook::run(global, command, out)?,
        Command::Doctor(flags) => doctor::run(global, flags, out)?,
        Command::Chat(chat) => chat::run(global, chat, out)?,
        Command::Sandbox(sandbox) => sandbox::run(sandbox, out)?,
        Command::Completion { shell } => completion::run(*shell, out)?,
    }
    Ok(())
}

#[cfg(test)]
mod tests;
