//! `keyway client setup`: how a program or a language is pointed at this server.

mod write;
mod yaml;

use super::args::Global;
use super::failure::{FAILED, Failure, USAGE};
use super::http;
use super::output::Out;
use super::session;
use crate::config::Config;
use clap::{Subcommand, ValueEnum};
use serde_json::json;
use std::fs::{self, OpenOptions};
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

/// Programs that call models
#[derive(Debug, Subcommand)]
pub enum Client {
    /// Print how a program or a language is pointed at this server
    Setup {
        /// Which one
        tool: Tool,
        /// Where the server is; without it what the configuration says
        #[arg(long, value_name = "URL")]
        base_url: Option<String>,
        /// The model it asks for; without it the first that is listed
        #[arg(long, value_name = "MODEL")]
        model: Option<String>,
        /// Write it into the program's own settings file, and show what is different
        #[arg(long)]
        write: bool,
    },
}

/// What can be pointed at this server.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
#[expect(missing_docs, reason = "each is what it is called")]
pub enum Tool {
    ClaudeCode,
    Codex,
    Opencode,
    Aider,
    Llm,
    Curl,
    Python,
    Node,
    Go,
    Java,
    Csharp,
}

/// The form of a settings file.
#[derive(Clone, Copy)]
enum Form {
    Json,
    Toml,
    /// Lines of YAML.
    Yaml,
    /// One entry of a YAML list.
    YamlEntry,
}

/// A settings file: where below the home folder, its form, what it is to say, and where the program finds
/// the key.
struct Target {
    file: PathBuf,
    form: Form,
    says: &'static str,
    key: &'static str,
}

impl Tool {
    fn sample(self) -> &'static str {
        match self {
            Self::ClaudeCode => include_str!("../../console/keys/samples/claude-code.sh"),
            Self::Codex => include_str!("../../console/keys/samples/codex.sh"),
            Self::Opencode => include_str!("../../console/keys/samples/opencode.json"),
            Self::Aider => include_str!("../../console/keys/samples/aider.sh"),
            Self::Llm => include_str!("../../console/keys/samples/llm.sh"),
            Self::Curl => include_str!("../../console/keys/samples/curl.sh"),
            Self::Python => include_str!("../../console/keys/samples/python.py"),
            Self::Node => include_str!("../../console/keys/samples/node.mjs"),
            Self::Go => include_str!("../../console/keys/samples/sample.go"),
            Self::Java => include_str!("../../console/keys/samples/Sample.java"),
            Self::Csharp => include_str!("../../console/keys/samples/Sample.cs"),
        }
    }

    /// What is written for it. No key is: programs read it from the environment, or from a helper.
    fn target(self) -> Option<Target> {
        let of = |file: &str, form, says, key| Some(Target { file: PathBuf::from(file), form, says, key });
        let target = |file: &str, form, says| of(file, form, says, "KEYWAY_API_KEY");
        match self {
            Self::ClaudeCode => target(
                ".claude/settings.json",
                Form::Json,
                r#"{"apiKeyHelper": "printenv KEYWAY_API_KEY",
                    "env": {"ANTHROPIC_BASE_URL": "{base}", "ANTHROPIC_MODEL": "{model}"}}"#,
            ),
            Self::Codex => target(".codex/config.toml", Form::Toml, self.sample()),
            Self::Opencode => target(".config/opencode/opencode.json", Form::Json, self.sample()),
            // aider.chat/docs/config/aider_conf.html
            Self::Aider => of(
                ".aider.conf.yml",
                Form::Yaml,
                "openai-api-base: \"{base}/v1\"\nmodel: \"openai/{model}\"",
                "OPENAI_API_KEY",
            ),
            Self::Llm => of(
                &llm_folder().join("extra-openai-models.yaml").to_string_lossy(),
                Form::YamlEntry,
                "model_id: keyway\nmodel_name: \"{model}\"\napi_base: \"{base}/v1\"\napi_key_name: keyway",
                "`llm keys set keyway`",
            ),
            _ => None,
        }
    }
}

/// Where llm keeps its settings: a folder, or one below the home folder.
fn llm_folder() -> PathBuf {
    let named = |name: &str| std::env::var_os(name).filter(|path| !path.is_empty()).map(PathBuf::from);
    let usual = || match std::env::consts::OS {
        "macos" => PathBuf::from("Library/Application Support"),
        _ => named("XDG_CONFIG_HOME").unwrap_or_else(|| PathBuf::from(".config")),
    };
    named("LLM_USER_PATH").unwrap_or_else(|| usual().join("io.datasette.llm"))
}

/// Runs it.
///
/// # Errors
/// "Usage" for a program without a settings file that could be written; what writing ends with.
pub fn run(global: &Global, command: &Client, out: &Out) -> Result<(), Failure> {
    let Client::Setup { tool, base_url, model, write } = command;
    let config = session::configuration(global, &[])?;
    let base = match base_url {
        Some(url) => http::without_version(url).to_owned(),
        None if !config.settings.public_url.is_empty() => config.settings.public_url.clone(),
        None => http::own(&config.settings)?.0,
    };
    let model = model.clone().unwrap_or_else(|| first_model(&config));
    let fill = |text: &str, key: &str| {
        text.trim_end().replace("{base}", &base).replace("{key}", key).replace("{model}", &model)
    };
    if *write {
        let target = tool.target().ok_or_else(|| {
            Failure::new(
                USAGE,
                "there is no settings file to write for it: leave out --write to print what to do",
            )
        })?;
        return written(&target, &fill(target.says, ""), out);
    }
    let text = fill(tool.sample(), "$KEYWAY_API_KEY");
    if out.json {
        return out
            .json(&json!({ "object": "client.setup", "base_url": base, "model": model, "text": text }));
    }
    out.line(&text)
}

fn first_model(config: &Config) -> String {
    let real = config.catalog.models().iter().find(|model| !model.id.starts_with("sandbox/"));
    real.map_or_else(|| "sandbox/echo".to_owned(), |model| model.id.to_string())
}

fn written(target: &Target, says: &str, out: &Out) -> Result<(), Failure> {
    let home = std::env::var_os("HOME").filter(|home| !home.is_empty());
    let home = home.ok_or_else(|| Failure::new(USAGE, "HOME is not set: there is no place to write to"))?;
    let file = PathBuf::from(home).join(&target.file);
    let failed = |error: std::io::Error| Failure::new(FAILED, format!("{}: {error}", file.display()));
    let before = match fs::read_to_string(&file) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => String::new(),
        read => read.map_err(failed)?,
    };
    let after = match target.form {
        Form::Json => write::json(&before, says),
        Form::Toml => write::toml(&before, says),
        Form::Yaml => yaml::settings(&before, says),
        Form::YamlEntry => yaml::entry(&before, says),
    };
    let after = after.map_err(|why| Failure::new(FAILED, format!("{} {why}", file.display())))?;
    let diff = write::diff(&before, &after);
    if !diff.is_empty() {
        replace(&file, &after).map_err(failed)?;
    }
    let name = file.display().to_string();
    if out.json {
        return out.json(
            &json!({ "object": "client.setup", "file": name, "changed": !diff.is_empty(), "diff": diff }),
        );
    }
    out.note(&format!("{name}, with the key from {}", target.key));
    out.write(if diff.is_empty() { "nothing to change\n" } else { &diff })
}

/// Writes a file as a whole or not at all; nobody else may read a new one.
fn replace(file: &Path, text: &str) -> std::io::Result<()> {
    if let Some(folder) = file.parent() {
        fs::create_dir_all(folder)?;
    }
    let beside = file.with_extension("keyway-new");
    let mode = fs::metadata(file).map(|metadata| metadata.permissions());
    let mut new = OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&beside)?;
    new.write_all(text.as_bytes())?;
    new.sync_all()?;
    if let Ok(mode) = mode {
        fs::set_permissions(&beside, mode)?;
    }
    fs::rename(&beside, file)
}
