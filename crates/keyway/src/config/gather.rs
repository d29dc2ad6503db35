//! Values from all sources, the stronger laid over the weaker.

use super::Sources;
use super::kind::{self, Kind, Value};
use super::settings::{COMMAND_ENV, Setting, TABLE};
use super::sign_in::{self, SignInRow};
use crate::catalog::mistake::choose;
use crate::catalog::rows::Defaults;
use crate::catalog::written::Fields;
use crate::catalog::{Mistake, Place, Reader, Rows, read};
use std::path::{Path, PathBuf};
use toml_edit::{Document, Key};

/// Longest settings file, bytes.
const FILE_BYTES_MAX: u64 = 1 << 20;
/// The file that is read when it is there.
const FILE_NAME: &str = "keyway.toml";
/// The tables of rows.
const ROW_TABLES: &[&str] = &["providers", "models", "aliases", "routes", "sign_in"];

/// What the sources say.
pub(super) struct Gathered {
    /// In the order of [`TABLE`].
    pub(super) values: Vec<(Value, Place)>,
    pub(super) rows: Rows,
    pub(super) sign_in: Vec<SignInRow>,
    pub(super) file: Option<PathBuf>,
    pub(super) mistakes: Vec<Mistake>,
}

pub(super) fn gather(sources: &Sources) -> Gathered {
    let mut found = Gathered {
        values: Vec::new(),
        rows: Rows::default(),
        sign_in: Vec::new(),
        file: None,
        mistakes: Vec::new(),
    };
    for setting in TABLE {
        // A default that does not parse is a broken table, which a test finds.
        let value = kind::parse(setting.kind, setting.default, &sources.cwd);
        found.values.push((value.unwrap_or(Value::Flag(false)), Place::Nowhere));
    }
    read_file(&mut found, sources);
    read_env(&mut found, sources);
    read_flags(&mut found, sources);
    found
}

impl Gathered {
    fn wrong(&mut self, place: Place, path: &str, problem: impl Into<String>, fix: impl Into<String>) {
        self.mistakes.push(Mistake::new(place, path, problem, fix));
    }

    /// Takes a value over, or notes what is wrong with it.
    fn take(&mut self, setting: &Setting, text: &str, place: Place, cwd: &Path) {
        let at = TABLE.iter().position(|row| row.path == setting.path).and_then(|at| self.values.get_mut(at));
        match (kind::parse(setting.kind, text, cwd), at) {
            (Ok(value), Some(slot)) => *slot = (value, place),
            (Ok(_), None) => {}
            (Err((problem, fix)), _) => self.wrong(place, setting.path, problem, fix),
        }
    }

    /// Where a setting that is not off, absent or empty comes from.
    fn given(&self, path: &str) -> Option<&Place> {
        let (value, place) = self.value(path)?;
        match value {
            Value::Flag(false) | Value::Path(None) => None,
            Value::Networks(networks) if networks.is_empty() => None,
            _ => Some(place),
        }
    }

    fn value(&self, path: &str) -> Option<&(Value, Place)> {
        TABLE.iter().position(|row| row.path == path).and_then(|at| self.values.get(at))
    }
}

/// What cannot stand together.
pub(super) fn check_together(found: &mut Gathered) {
    let set = |path| found.value(path).filter(|(_, place)| *place != Place::Nowhere);
    if let (Some((Value::Secret(Some(_)), place)), Some((Value::Path(Some(_)), file))) =
        (set("master_key"), set("master_key_file"))
    {
        let (place, problem) = (place.clone(), format!("is set beside master_key_file ({file})"));
        return found.wrong(place, "master_key", problem, "keep one of the two");
    }
    for (one, other) in [("tls_certificate_file", "tls_key_file"), ("tls_key_file", "tls_certificate_file")] {
        if let (Some(place), None) = (found.given(one), found.given(other)) {
            let (place, problem) = (place.clone(), format!("is set without {other}"));
            return found.wrong(place, one, problem, "set both, or neither");
        }
    }
    let may_be_plain =
        ["insecure_http", "tls_key_file", "trusted_proxies"].iter().any(|path| found.given(path).is_some());
    if let Some((Value::Address(Some(listen)), place)) = set("listen")
        && !listen.ip().to_canonical().is_loopback()
        && !may_be_plain
    {
        let (place, problem) = (place.clone(), format!("is {listen}, which is plain HTTP beyond loopback"));
        let fix = "set tls_certificate_file and tls_key_file, or trusted_proxies where a proxy in front \
                   speaks TLS, or insecure_http = true";
        found.wrong(place, "listen", problem, fix);
    }
}

fn read_file(found: &mut Gathered, sources: &Sources) {
    let named = match &sources.config_file {
        Some(file) => Some((file.clone(), Place::Flag("--config".to_owned()))),
        None => sources
            .env
            .get("KEYWAY_CONFIG")
            .filter(|file| !file.is_empty())
            .map(|file| (PathBuf::from(file), Place::Env("KEYWAY_CONFIG".to_owned()))),
    };
    let (file, asked_by) = named.unwrap_or_else(|| (PathBuf::from(FILE_NAME), Place::Nowhere));
    let path = sources.cwd.join(&file);
    if asked_by == Place::Nowhere && !path.exists() {
        return;
    }
    let shown = file.display().to_string();
    match read_text(&path) {
        Ok(text) => read_toml(found, &shown, &text, &sources.cwd),
        Err(problem) => {
            found.wrong(asked_by, "", format!("cannot read {shown}: {problem}"), "name a readable TOML file")
        }
    }
    found.file = Some(path);
}

fn read_text(path: &Path) -> Result<String, String> {
    let size = std::fs::metadata(path).map_err(|error| error.to_string())?;
    if size.is_dir() {
        return Err("it is a folder".to_owned());
    }
    if size.len() > FILE_BYTES_MAX {
        return Err(format!("it is longer than {}", kind::size(FILE_BYTES_MAX)));
    }
    let bytes = std::fs::read(path).map_err(|error| error.to_string())?;
    String::from_utf8(bytes).map_err(|_| "it is not UTF-8 text".to_owned())
}

fn read_toml(found: &mut Gathered, file: &str, text: &str, cwd: &Path) {
    let mut reader = Reader::new(file, text, false);
    let document = match Document::parse(text) {
        Ok(document) => document,
        Err(error) => {
            let place = reader.place(error.span().as_ref());
            let problem = format!("is not TOML: {}", error.message().replace('\n', ", "));
            return found.wrong(
                place,
                "",
                problem,
                "correct this line; the rest of the file is not checked before",
            );
        }
    };
    let root = Fields { table: document.as_table(), path: String::new(), span: None };
    for (name, item) in document.iter() {
        let place = reader.place(document.as_table().key(name).and_then(Key::span).as_ref());
        if ROW_TABLES.contains(&name) {
            continue;
        }
        let Some(setting) = TABLE.iter().find(|setting| setting.path == name) else {
            let known: Vec<&str> =
                TABLE.iter().map(|row| row.path).chain(ROW_TABLES.iter().copied()).collect();
            found.wrong(place, name, "is not a setting", choose(name, &known));
            continue;
        };
        if setting.kind == Kind::Secret {
            let fix = format!("set the environment variable {}, or master_key_file", setting.env());
            found.wrong(place, name, "does not belong in a file of settings", fix);
            continue;
        }
        let place = reader.place(item.span().as_ref());
        match kind::text_of(setting.kind, item) {
            Ok(text) => found.take(setting, &text, place, cwd),
            Err((problem, fix)) => found.wrong(place, name, problem, fix),
        }
    }
    found.rows = read(&mut reader, &root, &Defaults::default());
    found.sign_in = sign_in::read(&mut reader, &root);
    found.mistakes.append(&mut reader.mistakes);
}

fn read_env(found: &mut Gathered, sources: &Sources) {
    for (name, text) in &sources.env {
        let Some(rest) = name.strip_prefix("KEYWAY_") else {
            continue;
        };
        if COMMAND_ENV.contains(&name.as_str()) || is_of_kubernetes(rest) {
            continue;
        }
        let place = Place::Env(name.clone());
        if let Some(setting) = TABLE.iter().find(|setting| setting.env() == *name) {
            // Compose files pass on what is not set as an empty text.
            if !text.is_empty() {
                found.take(setting, text, place, &sources.cwd);
            }
            continue;
        }
        let path = rest.to_ascii_lowercase().replace("__", ".");
        let first = path.split('.').next().unwrap_or("");
        if ROW_TABLES.contains(&first) {
            found.wrong(place, &path, "cannot be set by a variable", format!("write it in {FILE_NAME}"));
            continue;
        }
        let known: Vec<String> = TABLE.iter().map(Setting::env).collect();
        let known: Vec<&str> = known.iter().map(String::as_str).chain(COMMAND_ENV.iter().copied()).collect();
        let fix = match crate::catalog::mistake::nearest(name, known) {
            Some(near) => format!("did you mean {near}? Else unset it"),
            None => "unset it; `keyway config show` lists the settings".to_owned(),
        };
        found.wrong(place, "", "is not a setting", fix);
    }
}

/// Kubernetes gives every container such variables for a service that is called `keyway`.
fn is_of_kubernetes(rest: &str) -> bool {
    rest == "PORT" || rest == "SERVICE_HOST" || rest.starts_with("PORT_") || rest.starts_with("SERVICE_PORT")
}

fn read_flags(found: &mut Gathered, sources: &Sources) {
    for (path, text) in &sources.flags {
        let setting = TABLE.iter().find(|setting| setting.path == path);
        let own = setting.and_then(|setting| setting.flag);
        let place = Place::Flag(own.map_or_else(|| format!("--set {path}"), str::to_owned));
        match setting {
            Some(setting) if setting.kind == Kind::Secret => {
                let fix =
                    format!("set the environment variable {}, or --set master_key_file=FILE", setting.env());
                found.wrong(place, path, "cannot be given as an argument, which every process can read", fix);
            }
            Some(setting) => found.take(setting, text, place, &sources.cwd),
            None => {
                let first = path.split('.').next().unwrap_or("");
                if ROW_TABLES.contains(&first) {
                    found.wrong(place, path, "cannot be set by a flag", format!("write it in {FILE_NAME}"));
                    continue;
                }
                let known: Vec<&str> = TABLE.iter().map(|row| row.path).collect();
                found.wrong(place, path, "is not a setting", choose(path, &known));
            }
        }
    }
}
