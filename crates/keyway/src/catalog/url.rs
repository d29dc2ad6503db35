//! Base URLs: `http` or `https`, a host, perhaps a port and a path, nothing else.

use http::Uri;

/// Longest base URL that is taken, bytes.
const BASE_URL_BYTES_MAX: usize = 2048;

/// Checks a base URL and takes the slash off its end.
///
/// # Errors
/// What is wrong and what to write instead; neither repeats the text, which may hold a password.
pub fn base_url(text: &str) -> Result<String, (&'static str, &'static str)> {
    const FORM: &str = "write a URL such as \"https://api.example.com/v1\"";
    if text.len() > BASE_URL_BYTES_MAX {
        return Err(("is too long", FORM));
    }
    let rest = text.strip_prefix("https://").or_else(|| text.strip_prefix("http://"));
    let Some(rest) = rest else {
        return Err(("does not start with http:// or https://", FORM));
    };
    if text.contains('?') {
        return Err(("has a query part", "leave out everything from the ? on"));
    }
    if text.contains('#') {
        return Err(("has a fragment", "leave out everything from the # on"));
    }
    let authority = rest.split('/').next().unwrap_or("");
    if authority.contains('@') {
        return Err(("carries a user name or password", "give the secret as credential = \"env:NAME\""));
    }
    let uri: Uri = text.parse().map_err(|_| ("is not a URL", FORM))?;
    let host = uri.host().unwrap_or("");
    if host.is_empty() || host == "[]" {
        return Err(("names no host", FORM));
    }
    if authority.rsplit_once(':').is_some_and(|(_, port)| !port.ends_with(']'))
        && uri.port_u16().is_none_or(|port| port == 0)
    {
        return Err(("has a port that does not exist", "write a port from 1 to 65535"));
    }
    if uri.path().split('/').any(|segment| segment == ".." || segment == ".") {
        return Err(("has . or .. in its path", FORM));
    }
    Ok(text.trim_end_matches('/').to_owned())
}

/// The base URL that a host variable such as `OLLAMA_HOST` stands for: `host`, `host:port` or a
/// URL; `0.0.0.0` means this machine.
///
/// # Errors
/// As [`base_url`].
pub fn base_url_of_host(text: &str, port_default: u16) -> Result<String, (&'static str, &'static str)> {
    let text = text.trim().trim_end_matches('/');
    let (scheme, rest) = text.split_once("://").unwrap_or(("http", text));
    let (authority, path) = rest.split_once('/').unwrap_or((rest, ""));
    let (host, port) = match authority.rsplit_once(':') {
        Some((host, port)) if !port.ends_with(']') => (host, port.to_owned()),
        _ if text.contains("://") && scheme == "https" => (authority, "443".to_owned()),
        _ => (authority, port_default.to_string()),
    };
    let host = if host.is_empty() || host == "0.0.0.0" || host == "[::]" { "127.0.0.1" } else { host };
    let path = if path.is_empty() { "v1" } else { path };
    base_url(&format!("{scheme}://{host}:{port}/{path}"))
}

/// As [`base_url`], for an address with `${NAME}` in it, which is checked as it would be filled.
///
/// # Errors
/// As [`base_url`].
pub fn template(text: &str) -> Result<String, (&'static str, &'static str)> {
    base_url(&filled(text, |_| Some("x"))?)?;
    Ok(text.trim_end_matches('/').to_owned())
}

/// The address with every `${NAME}` replaced by what `value` gives for the name.
///
/// # Errors
/// When a name is not one, or `value` gives nothing for it.
pub fn filled<'v>(
    text: &str,
    value: impl Fn(&str) -> Option<&'v str>,
) -> Result<String, (&'static str, &'static str)> {
    const FORM: &str = "write ${NAME} with the name of an environment variable that is set";
    let (mut out, mut rest) = (String::with_capacity(text.len()), text);
    while let Some((before, after)) = rest.split_once("${") {
        let (name, behind) = after.split_once('}').ok_or(("has a ${ without }", FORM))?;
        if name.is_empty() || !name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_') {
            return Err(("has a ${...} that names no variable", FORM));
        }
        out.push_str(before);
        out.push_str(value(name).ok_or(("needs a variable that is not set", FORM))?);
        rest = behind;
    }
    out.push_str(rest);
    Ok(out)
}

/// The names that [`filled`] asks for, in order.
pub fn variables(text: &str) -> impl Iterator<Item = &str> {
    text.split("${").skip(1).filter_map(|part| part.split_once('}').map(|(name, _)| name))
}
