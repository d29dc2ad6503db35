//! The tree of commands. What is not here is not built: clap refuses it with exit code 2.

use super::{
    admin_key, alert, application, audit, budget, chat, client, config, credit, db, explain, group, init,
    invite, key, limit, log, master_key, member, model, node, org, policy, project, provider, role, route,
    sandbox, serve, service_account, settings, tier, usage, webhook,
};
use clap::{Args as ClapArgs, Parser, Subcommand};
use clap_complete::Shell;
use std::path::PathBuf;

/// One endpoint before every model: issues, limits, meters and revokes API keys.
#[derive(Debug, Parser)]
#[command(
    name = "keyway",
    version,
    propagate_version = true,
    disable_help_subcommand = true,
    after_help = "Examples:\n  keyway serve\n  keyway key create --name backend --expires 90d\n  keyway doctor\n\n\
        Exit codes: 0 fine, 1 failed, 2 usage, 3 not found, 4 permission, 5 unreachable, 78 configuration."
)]
pub struct Args {
    /// Flags that every command takes.
    #[command(flatten)]
    pub global: Global,
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// Flags that every command takes.
#[derive(Debug, Default, ClapArgs)]
pub struct Global {
    /// Settings file; without it keyway.toml in this folder, when there is one
    #[arg(long, global = true, value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// Folder of journal, database and master key
    #[arg(long, global = true, value_name = "DIR")]
    pub data_dir: Option<PathBuf>,
    /// PostgreSQL URL; without it SQLite in the data folder
    #[arg(long, global = true, value_name = "URL")]
    pub database: Option<String>,
    /// Organisation to act in (id or name); without it the first one
    #[arg(long, global = true, value_name = "ORG")]
    pub org: Option<String>,
    /// Any other setting
    #[arg(long = "set", global = true, value_name = "SETTING=VALUE", value_parser = assignment)]
    pub settings: Vec<(String, String)>,
    /// Print JSON, as the management API answers
    #[arg(long, global = true)]
    pub json: bool,
    /// Never ask anything
    #[arg(long, global = true)]
    pub no_input: bool,
    /// No colour (NO_COLOR is obeyed too)
    #[arg(long, global = true)]
    pub no_color: bool,
}

fn assignment(text: &str) -> Result<(String, String), String> {
    match text.split_once('=') {
        Some((path, value)) if !path.is_empty() => Ok((path.to_owned(), value.to_owned())),
        _ => Err("write it as setting=value".to_owned()),
    }
}

/// What to do.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Run the server
    Serve(serve::Serve),
    /// Write a commented keyway.toml
    Init(init::Init),
    /// Check or show the configuration
    #[command(subcommand)]
    Config(config::Config),
    /// Keys that call models
    #[command(subcommand)]
    Key(key::Key),
    /// Keys that manage
    #[command(subcommand)]
    AdminKey(admin_key::AdminKey),
    /// Organisations
    #[command(subcommand)]
    Org(org::Org),
    /// Projects of an organisation
    #[command(subcommand)]
    Project(project::Project),
    /// People of an organisation
    #[command(subcommand)]
    Member(member::Member),
    /// Groups of people: what a group has, everybody in it has
    #[command(subcommand)]
    Group(group::Group),
    /// Invitations to an organisation
    #[command(subcommand)]
    Invite(invite::Invite),
    /// What an organisation says about itself
    #[command(subcommand)]
    Settings(settings::Settings),
    /// Processes that serve on this database
    #[command(subcommand)]
    Node(node::Node),
    /// Owners of keys that are no people
    #[command(subcommand)]
    ServiceAccount(service_account::ServiceAccount),
    /// What people may do
    Role(role::Role),
    /// What projects and the organisation are held to
    #[command(subcommand)]
    Limit(limit::Limit),
    /// What is done with requests: answers kept, shares, lengths, parameters
    #[command(subcommand)]
    Policy(policy::Policy),
    /// What may be spent
    #[command(subcommand)]
    Budget(budget::Budget),
    /// An organisation's balance
    #[command(subcommand)]
    Credit(credit::Credit),
    /// Levels of organisations
    #[command(subcommand)]
    Tier(tier::Tier),
    /// Organisations that want to be verified as developers
    #[command(subcommand)]
    Verification(application::Application),
    /// Organisations that want larger limits
    #[command(subcommand)]
    LimitIncrease(application::Application),
    /// The database, and whether its books add up
    #[command(subcommand)]
    Db(db::Db),
    /// Models that can be called
    #[command(subcommand)]
    Model(model::Model),
    /// Names that stand for several models, of which the best is asked
    #[command(subcommand)]
    Route(route::Route),
    /// The key that stored credentials are sealed under
    #[command(subcommand)]
    MasterKey(master_key::MasterKeyCommand),
    /// Programs that call models
    #[command(subcommand)]
    Client(client::Client),
    /// Hosts that serve models, and credentials at them
    #[command(subcommand)]
    Provider(provider::Provider),
    /// What was used, and what it cost
    Usage(usage::Usage),
    /// Requests, without their prompts and answers
    #[command(subcommand)]
    Log(log::Log),
    /// Say what would become of a call, and why
    Explain(explain::Explain),
    /// Who changed what
    #[command(subcommand)]
    Audit(audit::Audit),
    /// What is worth telling somebody
    #[command(subcommand)]
    Alert(alert::Alert),
    /// Programs that are told what happens
    #[command(subcommand)]
    Webhook(webhook::Webhook),
    /// Look for everything that can be wrong, and say how to put it right
    Doctor,
    /// Ask a running server; the key is read from KEYWAY_API_KEY or OPENAI_API_KEY
    Chat(chat::Chat),
    /// Serve the built-in sandbox models alone, without keys
    Sandbox(sandbox::Sandbox),
    /// Print a shell completion script
    Completion {
        /// Which shell
        shell: Shell,
    },
}
