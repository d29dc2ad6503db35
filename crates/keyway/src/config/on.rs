//! Which providers are on, and where each one's credential is found.

use crate::catalog::build::merged;
use crate::catalog::row::SANDBOX;
use crate::catalog::url::{base_url, base_url_of_host, filled, variables};
use crate::catalog::{AuthStyle, CredentialRef, Mistake, Place, ProviderRow, Rows};
use std::collections::BTreeMap;

/// A provider that is on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct On {
    /// Its name.
    pub provider: String,
    /// Where its credential is found; `None` where it needs none.
    pub credential: Option<CredentialRef>,
    /// What turned it on.
    pub by: Place,
}

/// The prefixes of Keyway's own keys. One of them in a provider's variable belongs to a client of
/// a gateway: sending it upstream would leak it, or loop.
const OWN_KEYS: &[&str] = &["sk-kw-", "ek-kw-"];

/// Decides over every provider. A host variable completes `rows` with its address.
pub(super) fn decide(
    rows: &mut Rows,
    env: &BTreeMap<String, String>,
) -> Result<(Vec<On>, Vec<String>), Vec<Mistake>> {
    let (mut on, mut notes, mut mistakes) = (Vec::new(), Vec::new(), Vec::new());
    for (name, row) in merged(&rows.providers)? {
        if name == SANDBOX || row.enabled == Some(false) {
            continue;
        }
        let own = rows.providers.iter().find(|own| own.name == name).map(|own| own.place.clone());
        let path = format!("providers.{name}");
        let auth = row.auth.unwrap_or(AuthStyle::Bearer);
        let found =
            row.credential.clone().map(|credential| (credential, own.clone().unwrap_or(Place::Nowhere)));
        let found = found.or_else(|| match auth {
            // The variables of AWS are not about one provider: they turn nothing on.
            AuthStyle::Sigv4 => own.clone().map(|own| (CredentialRef::Aws, own)),
            _ => from_env(&row, env, &mut notes),
        });
        let found = found.map(|(credential, by)| (where_it_is(credential, auth, env), by));
        let host = row.host_env.as_ref().and_then(|variable| Some((variable, set(env, variable)?)));
        let by_host = match host {
            Some((variable, host)) => host_address(rows, &row, variable, host, &mut mistakes),
            None => None,
        };
        let wanted = found.is_some() || own.is_some() || by_host.is_some();
        if wanted && !can_be_on(rows, &row, env, &mut notes, &mut mistakes) {
            continue;
        }
        match (found, auth) {
            (Some(_), AuthStyle::None) if row.credential.is_some() => {
                let place = own.unwrap_or(Place::Nowhere);
                let fix = "take out one of the two";
                mistakes.push(Mistake::new(place, path, "has a credential and auth = \"none\"", fix));
            }
            (Some((credential, by)), auth) if auth != AuthStyle::None => {
                on.push(On { provider: name, credential: Some(credential), by });
            }
            _ if auth == AuthStyle::None || row.credential_optional == Some(true) => {
                on.extend(own.or(by_host).map(|by| On { provider: name, credential: None, by }));
            }
            _ => mistakes
                .extend(own.map(|place| Mistake::new(place, path, "has no credential", how_to_give(&row)))),
        }
    }
    if mistakes.is_empty() { Ok((on, notes)) } else { Err(mistakes) }
}

/// A variable for a service account's file holds its path, or the file itself.
fn where_it_is(found: CredentialRef, auth: AuthStyle, env: &BTreeMap<String, String>) -> CredentialRef {
    match &found {
        CredentialRef::Env(name) if auth == AuthStyle::GoogleOauth => match set(env, name) {
            Some(path) if path.starts_with('/') => CredentialRef::File(path.into()),
            _ => found,
        },
        _ => found,
    }
}

/// Fills the address of a provider that would be on from the environment, and says whether it can be on.
/// What a variable alone turns on is left off with a note; what the operator wrote is a mistake.
fn can_be_on(
    rows: &mut Rows,
    row: &ProviderRow,
    env: &BTreeMap<String, String>,
    notes: &mut Vec<String>,
    mistakes: &mut Vec<Mistake>,
) -> bool {
    let auth = row.auth.unwrap_or(AuthStyle::Bearer);
    let urls = row.base_url.iter().flatten();
    let missing: Vec<&str> =
        urls.flat_map(|(_, url)| variables(url)).filter(|name| set(env, name).is_none()).collect();
    let why = match missing.first() {
        _ if !auth.is_built() => {
            Some((format!("needs `{}`, which is not available yet", auth.word()), "leave it out".to_owned()))
        }
        Some(name) => Some((format!("needs {name}, which is not set"), format!("set {name}"))),
        None => None,
    };
    let own = rows.providers.iter().find(|own| own.name == row.name).map(|own| own.place.clone());
    match (why, own) {
        (None, _) => return fill(rows, row, env, mistakes),
        (Some((problem, _)), None) => notes.push(format!("{} stays off: it {problem}", row.name)),
        (Some((problem, fix)), Some(place)) => {
            mistakes.push(Mistake::new(place, format!("providers.{}", row.name), problem, fix));
        }
    }
    false
}

/// Writes the filled addresses of a row over it, where there is something to fill.
fn fill(
    rows: &mut Rows,
    row: &ProviderRow,
    env: &BTreeMap<String, String>,
    mistakes: &mut Vec<Mistake>,
) -> bool {
    let urls = row.base_url.iter().flatten();
    if !urls.clone().any(|(_, url)| url.contains("${")) {
        return true;
    }
    let whole = |url: &str| base_url(&filled(url, |name| set(env, name))?);
    match urls.map(|(dialect, url)| Ok((*dialect, whole(url)?))).collect::<Result<Vec<_>, _>>() {
        Ok(urls) => {
            let base_url = Some(urls);
            match rows.providers.iter_mut().find(|own| own.name == row.name) {
                Some(own) => own.base_url = base_url,
                None => rows.providers.push(ProviderRow { base_url, ..row.clone() }),
            }
            true
        }
        Err((problem, fix)) => {
            let problem = format!("has an address that, once filled, {problem}");
            mistakes.push(Mistake::new(row.place.clone(), format!("providers.{}", row.name), problem, fix));
            false
        }
    }
}

/// A variable that is set and not empty.
fn set<'e>(env: &'e BTreeMap<String, String>, name: &str) -> Option<&'e str> {
    env.get(name).map(|value| value.trim()).filter(|value| !value.is_empty())
}

/// The first of the row's usual variables that holds a key of the provider's.
fn from_env(
    row: &ProviderRow,
    env: &BTreeMap<String, String>,
    notes: &mut Vec<String>,
) -> Option<(CredentialRef, Place)> {
    for name in row.env.iter().flatten() {
        let Some(value) = set(env, name) else { continue };
        if OWN_KEYS.iter().any(|prefix| value.starts_with(prefix)) {
            notes.push(format!("{name} holds a key of Keyway's: {} is not turned on by it", row.name));
            continue;
        }
        return Some((CredentialRef::Env(name.clone()), Place::Env(name.clone())));
    }
    None
}

/// Gives a provider the address its host variable names, unless the operator wrote one.
fn host_address(
    rows: &mut Rows,
    row: &ProviderRow,
    variable: &str,
    host: &str,
    mistakes: &mut Vec<Mistake>,
) -> Option<Place> {
    let place = Place::Env(variable.to_owned());
    let url = match base_url_of_host(host, row.host_port.unwrap_or(80)) {
        Ok(url) => url,
        Err((problem, _)) => {
            let fix = "write a host and a port such as 127.0.0.1:11434";
            mistakes.push(Mistake::new(place, "", problem, fix));
            return None;
        }
    };
    let spoken = row.base_url.iter().flatten().map(|(dialect, _)| (*dialect, url.clone())).collect();
    let base_url = Some(spoken);
    match rows.providers.iter_mut().find(|own| own.name == row.name) {
        Some(own) => own.base_url = own.base_url.take().or(base_url),
        None => rows.providers.push(ProviderRow { base_url, place: place.clone(), ..row.clone() }),
    }
    Some(place)
}

fn how_to_give(row: &ProviderRow) -> String {
    let variable = row.env.iter().flatten().next();
    match variable {
        Some(name) => format!("set {name}, or write credential = \"env:NAME\" or \"file:/path\", or enabled = false"),
        None => "write credential = \"env:NAME\" or \"file:/path\", or auth = \"none\" where the host asks for none".to_owned(),
    }
}
