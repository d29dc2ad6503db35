//! Messages to people, as the server without a mail server leaves them in its folder.

use testkit::Keyway;

/// Every message so far, oldest first: to whom, about what, and its text.
pub fn letters(keyway: &Keyway) -> Vec<Letter> {
    let folder = keyway.data_dir().join("mail");
    let mut paths: Vec<_> =
        std::fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path()).collect();
    paths.sort();
    paths.iter().filter_map(|path| read(&std::fs::read_to_string(path).ok()?)).collect()
}

/// A message.
#[derive(Debug, Clone)]
pub struct Letter {
    pub to: String,
    pub subject: String,
    pub text: String,
}

impl Letter {
    /// Where its link leads, without the host.
    pub fn link(&self) -> String {
        let url = self.text.lines().find(|line| line.starts_with("http")).unwrap_or_default();
        let (_, path) = url.split_once("://").and_then(|(_, rest)| rest.split_once('/')).unwrap_or_default();
        format!("/{path}")
    }
}

/// The last message to somebody about something, as soon as it is there.
pub fn letter(keyway: &Keyway, to: &str, subject: &str) -> Letter {
    testkit::eventually(&format!("a message to {to}: {subject}"), || {
        letters(keyway).into_iter().rfind(|letter| letter.to.contains(to) && letter.subject == subject)
    })
}

/// Waits for the account of somebody who registered: it is made behind the answer, and its message after it.
/// Tries to sign in are counted, so they are no way to wait.
pub fn account(keyway: &Keyway, email: &str) {
    letter(keyway, email, "Confirm your address");
}

fn read(message: &str) -> Option<Letter> {
    let field = |name: &str| {
        message.lines().find_map(|line| line.strip_prefix(name)).map(|text| text.trim().to_owned())
    };
    let part = message.split("text/plain").nth(1)?;
    let body = part.split("\r\n\r\n").skip(1).collect::<Vec<_>>().join("\r\n\r\n");
    let body = body.split("\r\n--").next()?.to_owned();
    Some(Letter { to: field("To: ")?, subject: field("Subject: ")?, text: decoded(&body) })
}

/// Quoted-printable (RFC 2045 section 6.7), of what is ASCII.
fn decoded(body: &str) -> String {
    let joined = body.replace("=\r\n", "");
    let mut parts = joined.split('=');
    let mut text = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        match part.get(..2).and_then(|hex| u8::from_str_radix(hex, 16).ok()) {
            Some(byte) => {
                text.push(char::from(byte));
                text.push_str(&part[2..]);
            }
            None => {
                text.push('=');
                text.push_str(part);
            }
        }
    }
    text.replace("\r\n", "\n")
}
