//! The `[sign_in.NAME]` tables: who else vouches for people.

use crate::catalog::rows::is_provider_name;
use crate::catalog::written::Fields;
use crate::catalog::{CredentialRef, Field, FieldKind, Place, Reader};
use crate::upstream::{AuthStyle, Endpoint};

/// Providers of sign-in at most: each has a button.
pub const SIGN_IN_MAX: usize = 16;

/// How a provider says who somebody is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SignInKind {
    /// OpenID Connect: by a signed token.
    Oidc,
    /// GitHub's OAuth: by its API.
    Github,
}

impl SignInKind {
    const WORDS: &[&str] = &["oidc", "github"];

    fn from_word(word: &str) -> Option<Self> {
        match word {
            "oidc" => Some(Self::Oidc),
            "github" => Some(Self::Github),
            _ => None,
        }
    }
}

/// A `[sign_in.NAME]` table.
#[derive(Debug, Clone)]
pub struct SignInRow {
    /// The last part of the address that the provider leads back to.
    pub name: String,
    /// Where it was written.
    pub place: Place,
    /// How it says who somebody is.
    pub kind: SignInKind,
    /// What its button says.
    pub label: String,
    /// The issuer, to the letter.
    pub issuer: String,
    /// What this installation is called there.
    pub client_id: String,
    /// Where the client's secret is found; `None`: it has none.
    pub credential: Option<CredentialRef>,
    /// Addresses are theirs whom it names, whatever it says of them.
    pub trust_email: bool,
}

/// The fields of a row.
pub const SIGN_IN_FIELDS: &[Field] = &[
    Field {
        name: "kind",
        kind: FieldKind::Word(SignInKind::WORDS),
        doc: "oidc for OpenID Connect (default), github for GitHub's OAuth.",
    },
    Field { name: "label", kind: FieldKind::Text, doc: "What its button says; untold: its name." },
    Field {
        name: "issuer",
        kind: FieldKind::Text,
        doc: "The issuer's URL, as it stands in its tokens; untold for github: https://github.com.",
    },
    Field { name: "client_id", kind: FieldKind::Text, doc: "What this installation is called there." },
    Field {
        name: "credential",
        kind: FieldKind::Text,
        doc: "Where the client's secret is found: env:NAME or file:/path.",
    },
    Field {
        name: "trust_email",
        kind: FieldKind::Flag,
        doc: "Take addresses for confirmed whatever it says of them: for a company's own provider.",
    },
];

/// Reads the tables below `root`. Mistakes stay in the reader.
pub(super) fn read(reader: &mut Reader, root: &Fields<'_>) -> Vec<SignInRow> {
    let tables = reader.rows(root, "sign_in");
    if let (true, Some((_, fields))) = (tables.len() > SIGN_IN_MAX, tables.last()) {
        reader.wrong(fields, "issuer", "is one too many", format!("keep {SIGN_IN_MAX} at most"));
    }
    tables.into_iter().filter_map(|(name, fields)| row(reader, name, &fields)).collect()
}

fn row(reader: &mut Reader, name: &str, fields: &Fields<'_>) -> Option<SignInRow> {
    reader.check_known(fields, SIGN_IN_FIELDS);
    if !is_provider_name(name) {
        reader.wrong(fields, "issuer", "has a name that is none", "use a-z, 0-9, - and _");
    }
    let kind = reader.word(fields, "kind", SignInKind::WORDS, SignInKind::from_word);
    let kind = kind.unwrap_or(SignInKind::Oidc);
    let label = reader.string(fields, "label").unwrap_or(name).to_owned();
    let issuer = match (reader.string(fields, "issuer"), kind) {
        (Some(issuer), _) => issuer.to_owned(),
        (None, SignInKind::Github) => "https://github.com".to_owned(),
        (None, SignInKind::Oidc) => {
            reader.wrong(fields, "issuer", "is missing", "write the provider's URL");
            return None;
        }
    };
    if Endpoint::new(&issuer, AuthStyle::None, None).is_err() {
        reader.wrong(fields, "issuer", "is no URL", "write it as in \"https://login.example.com\"");
    } else if issuer.contains(['?', '#']) {
        reader.wrong(fields, "issuer", "has a query or a fragment", "write it without");
    }
    let Some(client_id) = reader.string(fields, "client_id") else {
        reader.wrong(fields, "client_id", "is missing", "write what the provider calls this installation");
        return None;
    };
    let credential = match reader.string(fields, "credential").map(CredentialRef::parse) {
        Some(Err((problem, fix))) => {
            reader.wrong(fields, "credential", problem, fix);
            None
        }
        found => found.and_then(Result::ok),
    };
    let trust_email = reader.flag(fields, "trust_email").unwrap_or(false);
    let place = reader.place(fields.span.as_ref());
    let client_id = client_id.to_owned();
    Some(SignInRow { name: name.to_owned(), place, kind, label, issuer, client_id, credential, trust_email })
}
