//! Requests signed with the keys of an AWS account.

use super::sigv4::{Scope, Signed, authorization};
use crate::base::{Fault, Secret};
use crate::upstream::{Failure, Request};
use serde::Deserialize;
use zeroize::Zeroizing;

/// What signatures are for. All that is asked here is Bedrock.
const SERVICE: &str = "bedrock";

/// The keys of an account or a role.
pub(super) struct Keys {
    /// `AKIA...`, or `ASIA...` with a session token.
    pub(super) id: String,
    pub(super) secret: Secret,
    /// Of keys that are good for a while.
    pub(super) session: Option<Secret>,
}

impl Keys {
    /// Reads `ID:SECRET` or `ID:SECRET:SESSION_TOKEN`, or what AWS's own tools give
    /// (`{"AccessKeyId", "SecretAccessKey", "SessionToken"}`).
    ///
    /// # Errors
    /// What is wrong with the text, without it.
    pub(super) fn read(text: &Secret) -> Result<Self, Fault> {
        #[derive(Deserialize)]
        #[serde(rename_all = "PascalCase")]
        struct Given {
            access_key_id: String,
            secret_access_key: String,
            session_token: Option<String>,
        }
        let bad = || Fault::plain("the credential is not ACCESS_KEY_ID:SECRET_ACCESS_KEY[:SESSION_TOKEN]");
        let written = text.reveal().trim();
        let given = if written.starts_with('{') {
            serde_json::from_str(written).map_err(|_| bad())?
        } else {
            let mut parts = written.splitn(3, ':').map(str::to_owned);
            let (id, secret) = parts.next().zip(parts.next()).ok_or_else(bad)?;
            Given { access_key_id: id, secret_access_key: secret, session_token: parts.next() }
        };
        let session = given.session_token.filter(|token| !token.is_empty());
        let words = [Some(&given.access_key_id), Some(&given.secret_access_key), session.as_ref()];
        let sane = |word: &&String| !word.is_empty() && word.bytes().all(|byte| byte.is_ascii_graphic());
        if !words.iter().flatten().all(sane) || given.access_key_id.contains(['/', ',']) {
            return Err(bad());
        }
        let secret = Secret::new(given.secret_access_key);
        Ok(Self { id: given.access_key_id, secret, session: session.map(Secret::new) })
    }
}

/// Signs for one host.
pub(in crate::upstream) struct Signer {
    keys: Keys,
    region: String,
}

impl Signer {
    /// Signs for `host`, whose name says its region unless the row does.
    ///
    /// # Errors
    /// When the keys cannot be read, or nothing says the region.
    pub(super) fn new(secret: &Secret, host: &str, region: Option<&str>) -> Result<Self, Fault> {
        let region = region.or_else(|| region_of(host));
        let region = region.ok_or_else(|| Fault::plain("nothing says the AWS region: set `region`"))?;
        Ok(Self { keys: Keys::read(secret)?, region: region.to_owned() })
    }

    /// Header lines that sign a request as it will be written, and the end of the head.
    ///
    /// # Errors
    /// [`Failure::Unsendable`] when the clock says a time that no calendar has.
    pub(super) fn lines(
        &self,
        request: &Request<'_>,
        authority: &str,
        base_path: &str,
        now_ms: i64,
    ) -> Result<Zeroizing<Vec<u8>>, Failure> {
        let now = jiff::Timestamp::from_millisecond(now_ms);
        let now = now.map_err(|_| Failure::Unsendable("the clock says no time"))?;
        let instant = now.strftime("%Y%m%dT%H%M%SZ").to_string();
        let content_type = request.has_body().then_some(("content-type", request.content_type));
        let session = self.keys.session.as_ref().map(|token| ("x-amz-security-token", token.reveal()));
        let both = [("host", authority), ("x-amz-date", instant.as_str())];
        let headers: Vec<(&str, &str)> = content_type.into_iter().chain(both).chain(session).collect();
        let scope = Scope { region: &self.region, service: SERVICE, instant: &instant };
        let signed = Signed {
            method: request.method.as_str(),
            path: [base_path, request.path],
            query: request.query.unwrap_or_default(),
            headers: &headers,
            body: &request.body,
        };
        let authorization = authorization(&self.keys, &scope, &signed);
        let mut lines = Zeroizing::new(Vec::with_capacity(LINES_BYTES));
        let own = [("x-amz-date", instant.as_str()), ("authorization", authorization.as_str())];
        for (name, value) in own.into_iter().chain(session) {
            [name, ": ", value, "\r\n"].iter().for_each(|part| lines.extend_from_slice(part.as_bytes()));
        }
        lines.extend_from_slice(b"\r\n");
        Ok(lines)
    }

    /// What no text may show.
    pub(super) fn secrets(&self) -> impl Iterator<Item = &str> {
        std::iter::once(&self.keys.secret).chain(&self.keys.session).map(Secret::reveal)
    }
}

/// Room for the lines of a request: a session token has about a kilobyte.
const LINES_BYTES: usize = 2_048;

/// The region that a host such as `bedrock-runtime.eu-west-1.amazonaws.com` names: the label behind the
/// service's, also where a private endpoint's own labels stand before it.
fn region_of(host: &str) -> Option<&str> {
    let mut labels = host.split('.').skip_while(|label| !label.starts_with(SERVICE));
    labels.next()?;
    labels.next().filter(|label| label.contains('-'))
}
