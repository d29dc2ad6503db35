//! Every provider there is, on or off: rows of the program, the database and the configuration together.

use crate::catalog::build::merged;
use crate::catalog::row::SANDBOX;
use crate::catalog::url::variables;
use crate::catalog::{AuthStyle, Dialect, Origin, ProviderRow, Rows, Stored, builtin};
use std::collections::BTreeMap;

/// A provider that is known.
pub struct Known {
    /// Its row, complete.
    pub row: ProviderRow,
    /// Who wrote the row.
    pub origin: Origin,
    /// It comes with Keyway, whoever changed its row.
    pub listed: bool,
}

impl Known {
    /// Whether it can be asked without a credential.
    #[must_use]
    pub fn is_open(&self) -> bool {
        self.auth() == AuthStyle::None || self.row.credential_optional == Some(true)
    }

    fn auth(&self) -> AuthStyle {
        self.row.auth.unwrap_or(AuthStyle::Bearer)
    }

    /// What keeps a credential from being of use; `None` where nothing does.
    #[must_use]
    pub fn obstacle(&self) -> Option<String> {
        let urls = self.row.base_url.as_deref().unwrap_or_default();
        if let Some(name) = urls.iter().find_map(|(_, url)| variables(url).next()) {
            return Some(format!("its address needs {name}, which the server's environment does not have"));
        }
        let built = |dialect: Dialect| {
            let by = self.row.auth_by.iter().flatten().find(|(of, _)| *of == dialect);
            dialect.is_built() && by.map_or(self.auth(), |(_, auth)| *auth).is_built()
        };
        match () {
            () if urls.is_empty() => Some("it has no address".to_owned()),
            () if self.auth() == AuthStyle::None => Some("it takes no credential".to_owned()),
            () if !urls.iter().any(|(dialect, _)| built(*dialect)) => {
                Some("what it asks for is not available yet".to_owned())
            }
            () => None,
        }
    }
}

/// Every provider by name, without the sandbox.
#[must_use]
pub fn known(own: &Rows, stored: &Stored) -> BTreeMap<String, Known> {
    let both: Vec<ProviderRow> = stored.providers.iter().chain(&own.providers).cloned().collect();
    // The embedded rows are right: a test keeps them so.
    let builtin = builtin::providers().map(|rows| rows.providers).unwrap_or_default();
    let rows = merged(&both).unwrap_or_default();
    let origin = |name: &str| match () {
        () if own.providers.iter().any(|row| row.name == name) => Origin::Config,
        () if stored.providers.iter().any(|row| row.name == name) => Origin::Stored,
        () => Origin::Builtin,
    };
    let known = |(name, row): (String, ProviderRow)| {
        let listed = builtin.iter().any(|row| row.name == name);
        (name.clone(), Known { row, origin: origin(&name), listed })
    };
    rows.into_iter().filter(|(name, _)| name != SANDBOX).map(known).collect()
}
