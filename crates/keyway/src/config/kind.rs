//! What a setting may be, and reading it from text.

use crate::base::{Secret, network};
use ipnet::IpNet;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use toml_edit::{Item, Value as Toml};
use tracing_subscriber::EnvFilter;

/// The kind of a setting, with its range.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// `address:port`.
    Address,
    /// `address:port`, or empty for none.
    AddressOptional,
    /// A path; relative ones start at the working directory.
    Path,
    /// A path, or empty for none.
    PathOptional,
    /// A PostgreSQL URL, or empty for none. Shown without its password.
    DatabaseUrl,
    /// A secret that is taken from the environment only. Never shown.
    Secret,
    /// A level, or levels by module: `info,keyway::relay=debug`.
    LogFilter,
    /// Scheme and host, perhaps with a port, or empty for none.
    Origin,
    /// A mail server's URL, or empty for none. Shown without its password.
    MailUrl,
    /// One of these words.
    Word(&'static [&'static str]),
    /// A line of text.
    Line,
    /// Addresses and networks, a list in the file, separated by commas elsewhere.
    Networks,
    /// `true` or `false`.
    Flag,
    /// A whole number in this range.
    Number(u64, u64),
    /// Bytes in this range; text may end in KiB, MiB or GiB.
    Bytes(u64, u64),
}

/// Longest line of text, bytes.
const LINE_BYTES_MAX: usize = 400;

/// A checked value.
#[derive(Clone)]
pub enum Value {
    /// An address, or none.
    Address(Option<SocketAddr>),
    /// A path, or none.
    Path(Option<PathBuf>),
    /// A secret, or none.
    Secret(Option<Secret>),
    /// Text.
    Text(String),
    /// Networks.
    Networks(Vec<IpNet>),
    /// `true` or `false`.
    Flag(bool),
    /// A number.
    Number(u64),
}

/// What is wrong and what to write instead.
pub type Wrong = (String, String);

/// Reads a value from the text of a variable or a flag. `cwd` is where relative paths start.
///
/// # Errors
/// What is wrong; a text that may be secret is not repeated.
pub fn parse(kind: Kind, text: &str, cwd: &Path) -> Result<Value, Wrong> {
    let wrong = |fix: &str| Err((format!("is `{text}`"), fix.to_owned()));
    match kind {
        Kind::AddressOptional if text.is_empty() => Ok(Value::Address(None)),
        Kind::Address | Kind::AddressOptional => match text.parse() {
            Ok(address) => Ok(Value::Address(Some(address))),
            Err(_) => wrong("write an address and a port such as \"127.0.0.1:8080\""),
        },
        Kind::PathOptional if text.is_empty() => Ok(Value::Path(None)),
        Kind::Path | Kind::PathOptional if text.is_empty() || text.contains('\0') => wrong("write a path"),
        Kind::Path | Kind::PathOptional => Ok(Value::Path(Some(cwd.join(text)))),
        Kind::DatabaseUrl => database(text),
        Kind::Secret => Ok(Value::Secret((!text.is_empty()).then(|| Secret::new(text.to_owned())))),
        Kind::LogFilter if is_log_filter(text) => Ok(Value::Text(text.to_owned())),
        Kind::LogFilter => wrong(
            "write error, warn, info, debug or trace, or levels by module: \"info,keyway::relay=debug\"",
        ),
        Kind::Origin if text.is_empty() || is_origin(text) => {
            Ok(Value::Text(text.trim_end_matches('/').to_owned()))
        }
        Kind::Origin => wrong("write it as in \"https://keys.example.com\", without a path"),
        Kind::MailUrl if text.is_empty() => Ok(Value::Secret(None)),
        Kind::MailUrl if text.starts_with("smtp://") || text.starts_with("smtps://") => {
            Ok(Value::Secret(Some(Secret::new(text.to_owned()))))
        }
        Kind::MailUrl => Err((
            "is no mail server's URL".to_owned(),
            "write \"smtps://user:password@host\", or \"smtp://host:587?tls=required\"".to_owned(),
        )),
        Kind::Word(words) if words.contains(&text) => Ok(Value::Text(text.to_owned())),
        Kind::Word(words) => wrong(&format!("write one of {}", words.join(", "))),
        Kind::Line if text.len() <= LINE_BYTES_MAX && !text.chars().any(char::is_control) => {
            Ok(Value::Text(text.to_owned()))
        }
        Kind::Line => wrong("write one line of text"),
        Kind::Networks => {
            let parts = text.split(',').map(str::trim).filter(|part| !part.is_empty());
            parts.map(network_of).collect::<Result<_, _>>().map(Value::Networks)
        }
        Kind::Flag => match text {
            "true" | "1" | "on" | "yes" => Ok(Value::Flag(true)),
            "false" | "0" | "off" | "no" => Ok(Value::Flag(false)),
            _ => wrong("write true or false"),
        },
        Kind::Number(min, max) => match text.parse::<u64>() {
            Ok(number) if (min..=max).contains(&number) => Ok(Value::Number(number)),
            _ => wrong(&format!("write a whole number from {min} to {max}")),
        },
        Kind::Bytes(min, max) => match bytes(text) {
            Some(number) if (min..=max).contains(&number) => Ok(Value::Number(number)),
            _ => wrong(&format!(
                "write a size from {} to {}, in bytes or with KiB, MiB or GiB",
                size(min),
                size(max)
            )),
        },
    }
}

/// The text of a value in the settings file, when it has the right type.
///
/// # Errors
/// What type it has and what to write instead.
pub fn text_of(kind: Kind, item: &Item) -> Result<String, Wrong> {
    match (kind, item.as_value()) {
        (Kind::Flag, Some(Toml::Boolean(flag))) => Ok(flag.value().to_string()),
        (Kind::Flag, _) => {
            Err(("is not true or false".to_owned(), "write true or false, without quotes".to_owned()))
        }
        (Kind::Number(..) | Kind::Bytes(..), Some(Toml::Integer(number))) => Ok(number.value().to_string()),
        (Kind::Number(min, max), _) => Err((
            "is not a whole number".to_owned(),
            format!("write a whole number from {min} to {max}, without quotes"),
        )),
        (Kind::Networks, item) => list(item),
        (_, Some(Toml::String(text))) => Ok(text.value().clone()),
        _ => Err(("is not a string".to_owned(), "write it in quotes".to_owned())),
    }
}

/// The texts of a list, joined by commas.
fn list(item: Option<&Toml>) -> Result<String, Wrong> {
    let texts = item.and_then(Toml::as_array).and_then(|array| array.iter().map(Toml::as_str).collect());
    let texts: Option<Vec<&str>> = texts;
    texts.map(|texts| texts.join(",")).ok_or_else(|| {
        ("is not a list of networks".to_owned(), "write a list such as [\"10.0.0.0/8\"]".to_owned())
    })
}

/// A network, or an address as the network of it alone. Those of v4 are written as such whichever way
/// they came, because so are the addresses they are compared with.
fn network_of(text: &str) -> Result<IpNet, Wrong> {
    let fix = "write an address or a network such as 10.0.0.0/8 or fd00::/8";
    let wrong = |problem: &str| (format!("holds `{text}`, which {problem}"), fix.to_owned());
    let network = network::parse(text).map_err(wrong)?;
    if network.prefix_len() == 0 {
        return Err(wrong("is everybody: each client could then say that it is another"));
    }
    Ok(network.trunc())
}

fn database(text: &str) -> Result<Value, Wrong> {
    let fix = "write \"postgres://user:password@host/database\", or leave it out for SQLite in data_dir";
    if text.is_empty() {
        return Ok(Value::Secret(None));
    }
    let rest = text.strip_prefix("postgres://").or_else(|| text.strip_prefix("postgresql://"));
    match rest {
        Some(rest) if !rest.is_empty() && !text.contains(char::is_whitespace) => {
            Ok(Value::Secret(Some(Secret::new(text.to_owned()))))
        }
        _ => Err(("is not a PostgreSQL URL".to_owned(), fix.to_owned())),
    }
}

fn is_origin(text: &str) -> bool {
    let rest = text.strip_prefix("https://").or_else(|| text.strip_prefix("http://"));
    let host = rest.map(|rest| rest.trim_end_matches('/')).unwrap_or_default();
    let fits = |c: char| c.is_ascii_alphanumeric() || ".-:[]".contains(c);
    !host.is_empty() && host.chars().all(fits)
}

/// A word without `=` must be a level: the parser would take a misspelt one for a module.
fn is_log_filter(text: &str) -> bool {
    const LEVELS: &[&str] = &["off", "error", "warn", "info", "debug", "trace"];
    text.split(',')
        .all(|part| part.contains('=') || LEVELS.contains(&part.trim().to_ascii_lowercase().as_str()))
        && EnvFilter::builder().parse(text).is_ok()
}

const UNITS: &[(&str, u64)] = &[("GiB", 1 << 30), ("MiB", 1 << 20), ("KiB", 1 << 10), ("B", 1)];

fn bytes(text: &str) -> Option<u64> {
    let unit = UNITS.iter().find_map(|(name, factor)| Some((text.strip_suffix(name)?, *factor)));
    let (digits, factor) = unit.unwrap_or((text, 1));
    digits.trim_end().parse::<u64>().ok()?.checked_mul(factor)
}

/// Bytes in the largest unit that divides them.
pub fn size(bytes: u64) -> String {
    let unit = UNITS.iter().find(|(_, factor)| bytes >= *factor && bytes.is_multiple_of(*factor));
    match unit {
        Some((name, factor)) if *factor > 1 => format!("{} {name}", bytes / factor),
        _ => bytes.to_string(),
    }
}

/// A value as it would stand in the settings file, with secrets masked.
#[must_use]
pub fn shown(kind: Kind, value: &Value) -> String {
    match value {
        Value::Address(address) => quoted(&address.map(|address| address.to_string()).unwrap_or_default()),
        Value::Path(path) => {
            quoted(&path.as_ref().map(|path| path.display().to_string()).unwrap_or_default())
        }
        Value::Secret(None) => quoted(""),
        Value::Secret(Some(url)) if matches!(kind, Kind::DatabaseUrl | Kind::MailUrl) => {
            quoted(&without_password(url.reveal()))
        }
        Value::Secret(Some(_)) => quoted(MASK),
        Value::Text(text) => quoted(text),
        Value::Networks(networks) => {
            let texts: Vec<String> = networks.iter().map(|network| quoted(&network.to_string())).collect();
            format!("[{}]", texts.join(", "))
        }
        Value::Flag(flag) => flag.to_string(),
        Value::Number(number) => match kind {
            Kind::Bytes(..) => quoted(&size(*number)),
            _ => number.to_string(),
        },
    }
}

const MASK: &str = "***";

/// A TOML string.
pub fn quoted(text: &str) -> String {
    Toml::from(text).to_string()
}

/// A database URL without its password, wherever URLs may carry one.
fn without_password(url: &str) -> String {
    let (head, query) = url.split_once('?').map_or((url, None), |(head, query)| (head, Some(query)));
    let (scheme, rest) = head.split_once("://").unwrap_or(("", head));
    // A password may hold any character that was not escaped: the host follows the last @.
    let head = match rest.rsplit_once('@') {
        Some((user, host)) => {
            let user =
                user.split_once(':').map_or_else(|| user.to_owned(), |(name, _)| format!("{name}:{MASK}"));
            format!("{scheme}://{user}@{host}")
        }
        None => head.to_owned(),
    };
    let Some(query) = query else { return head };
    let pairs: Vec<String> = query
        .split('&')
        .map(|pair| match pair.split_once('=') {
            Some((name, _)) if name.to_ascii_lowercase().contains("password") => format!("{name}={MASK}"),
            _ => pair.to_owned(),
        })
        .collect();
    format!("{head}?{}", pairs.join("&"))
}
