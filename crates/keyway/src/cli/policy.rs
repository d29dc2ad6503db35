//! `keyway policy show|set`

use super::args::Global;
use super::failure::{Failure, USAGE};
use super::key::project_id;
use super::output::Out;
use super::session::{self, Missing, Session};
use crate::access::keys::{Which, find};
use crate::access::policy::{
    self as service, CacheMode, Edit, OverLimit, Parameters, Policy as Row, Priority, Whose,
};
use crate::admin::policies::PolicyObject;
use crate::base::Fault;
use clap::{Args, Subcommand};

/// What is done with the requests of a project or a key
#[derive(Debug, Subcommand)]
pub enum Policy {
    /// Show a policy
    Show(Of),
    /// Change a policy; what is not named stays as it is
    Set(Box<Set>),
}

/// Whose policy
#[derive(Debug, Args)]
pub struct Of {
    /// A project's (id or name)
    #[arg(long, default_value = "Default", conflicts_with = "key")]
    project: String,
    /// A key's (key_...)
    #[arg(long)]
    key: Option<String>,
}

/// Change a policy; what is not named stays as it is
#[derive(Debug, Args)]
pub struct Set {
    #[command(flatten)]
    of: Of,
    /// Which answers are kept and given again: off, deterministic, all, or none to take the word away
    #[arg(long, value_name = "MODE", value_parser = cache_mode)]
    cache: Option<Wish<CacheMode>>,
    /// How long they are kept, seconds, or none
    #[arg(long, value_name = "SECONDS", value_parser = number)]
    cache_ttl: Option<Wish<u64>>,
    /// Share of an account that is full, 1 to 1000, or none
    #[arg(long, value_name = "N", value_parser = number)]
    weight: Option<Wish<u64>>,
    /// Which of the project's waiting requests go first: low, normal, high, or none
    #[arg(long, value_name = "WORD", value_parser = priority)]
    priority: Option<Wish<Priority>>,
    /// Longest prompt, tokens, or none
    #[arg(long, value_name = "TOKENS", value_parser = number)]
    input_max: Option<Wish<u64>>,
    /// Longest answer, tokens, or none
    #[arg(long, value_name = "TOKENS", value_parser = number)]
    output_max: Option<Wish<u64>>,
    /// What becomes of what is longer: refuse, clamp, or none
    #[arg(long, value_name = "WORD", value_parser = over_limit)]
    over_limit: Option<Wish<OverLimit>>,
    /// Parameters where a request says nothing, as JSON such as {"temperature":0.2}; {} for none
    #[arg(long, value_name = "JSON", value_parser = parameters)]
    defaults: Option<Parameters>,
    /// A parameter that requests may not have, such as tools; none alone for nothing
    #[arg(long, value_name = "NAME", num_args = 1..)]
    forbid: Option<Vec<String>>,
    /// Model that is asked instead when a budget has reached its mark, or none
    #[arg(long, value_name = "MODEL")]
    fallback: Option<String>,
    /// The mark, percent of the budget, or none
    #[arg(long, value_name = "PERCENT", value_parser = number)]
    fallback_at: Option<Wish<u64>>,
}

/// What a field is to be; nothing takes it away.
#[derive(Debug, Clone)]
struct Wish<T>(Option<T>);

fn cache_mode(text: &str) -> Result<Wish<CacheMode>, String> {
    word(text, &CacheMode::EVERY, CacheMode::word)
}

fn priority(text: &str) -> Result<Wish<Priority>, String> {
    word(text, &Priority::EVERY, Priority::word)
}

fn over_limit(text: &str) -> Result<Wish<OverLimit>, String> {
    word(text, &OverLimit::EVERY, OverLimit::word)
}

fn word<T: Copy>(text: &str, words: &[T], text_of: fn(T) -> &'static str) -> Result<Wish<T>, String> {
    match words.iter().copied().find(|word| text_of(*word) == text) {
        None if text != "none" => {
            let known: Vec<_> = words.iter().map(|word| text_of(*word)).collect();
            Err(format!("write {} or none", known.join(", ")))
        }
        word => Ok(Wish(word)),
    }
}

fn parameters(text: &str) -> Result<Parameters, String> {
    serde_json::from_str(text).map_err(|_| "write an object of parameters as JSON".to_owned())
}

fn number(text: &str) -> Result<Wish<u64>, String> {
    match text.parse() {
        _ if text == "none" => Ok(Wish(None)),
        Ok(number) => Ok(Wish(Some(number))),
        Err(_) => Err("write a whole number, or none".to_owned()),
    }
}

impl Set {
    fn edit(&self) -> Edit {
        let number = |wish: &Option<Wish<u64>>| wish.as_ref().map(|wish| wish.0);
        let names = |names: &Vec<String>| Some(names.clone()).filter(|names| *names != ["none"]);
        Edit {
            cache: self.cache.as_ref().map(|wish| wish.0),
            cache_ttl_seconds: number(&self.cache_ttl),
            weight: number(&self.weight),
            priority: self.priority.as_ref().map(|wish| wish.0),
            input_tokens_max: number(&self.input_max),
            output_tokens_max: number(&self.output_max),
            over_limit: self.over_limit.as_ref().map(|wish| wish.0),
            default_parameters: self.defaults.clone().map(Some),
            forbidden_parameters: self.forbid.as_ref().map(names),
            fallback_model: self.fallback.clone().map(|model| Some(model).filter(|model| model != "none")),
            fallback_at_percent: number(&self.fallback_at),
        }
    }
}

/// Runs it.
///
/// # Errors
/// What the command ends with.
pub fn run(global: &Global, command: &Policy, out: &Out) -> Result<(), Failure> {
    let config = session::configuration(global, &[])?;
    Session::with(global, &config, Missing::NotFound, async |session| match command {
        Policy::Show(of) => {
            let project = of.project(session).await?;
            let whose = Whose { project: &project, key: of.key.as_deref() };
            let mut conn = session.at.db.connection().await?;
            show(&whose, &service::show(&mut conn, &session.org, &whose).await?, out)
        }
        Policy::Set(set) => {
            let edit = set.edit();
            if edit == Edit::default() {
                return Err(Failure::new(USAGE, "name what to change, as in --cache deterministic"));
            }
            let project = set.of.project(session).await?;
            let whose = Whose { project: &project, key: set.of.key.as_deref() };
            let mut acting = session.act().await?;
            let policy = service::edit(&mut acting, &whose, &edit).await?;
            session::done(acting).await?;
            show(&whose, &policy, out)
        }
    })
}

impl Of {
    async fn project(&self, session: &Session) -> Result<String, Failure> {
        let Some(id) = &self.key else { return project_id(session, &self.project).await };
        let mut conn = session.at.db.connection().await?;
        let row = find(&mut conn, &session.org, &Which { admin: false, project: None, id }).await?;
        Ok(row.project_id.ok_or_else(|| Fault::plain("a project's key has no project"))?)
    }
}

fn show(whose: &Whose<'_>, policy: &Row, out: &Out) -> Result<(), Failure> {
    if out.json {
        return out.json(&PolicyObject::new(whose, policy));
    }
    let number = |number: Option<u64>| number.map_or_else(|| "-".to_owned(), |number| number.to_string());
    out.fields(&[
        ("of", whose.id().to_owned()),
        ("cache", policy.cache.map_or("-", CacheMode::word).to_owned()),
        ("cache seconds", number(policy.cache_ttl_seconds)),
        ("weight", number(policy.weight)),
        ("priority", policy.priority.map_or("-", Priority::word).to_owned()),
        ("longest prompt", number(policy.input_tokens_max)),
        ("longest answer", number(policy.output_tokens_max)),
        ("what is longer", policy.over_limit.map_or("-", OverLimit::word).to_owned()),
        ("default parameters", serde_json::json!(policy.default_parameters).to_string()),
        ("forbidden parameters", policy.forbidden_parameters.join(", ")),
        ("asked instead", policy.fallback_model.clone().unwrap_or_else(|| "-".to_owned())),
        ("from percent", number(policy.fallback_at_percent)),
    ])
}
