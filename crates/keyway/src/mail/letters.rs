//! What messages say. Each is written once, and comes as text and as HTML.

use maud::{DOCTYPE, html};

/// A message.
#[derive(Debug, Clone)]
pub struct Letter {
    /// Its subject.
    pub subject: String,
    /// Its sentences, before the way on.
    lines: Vec<String>,
    /// What the way on is called, and where it leads.
    action: Option<(&'static str, String)>,
    /// What is said below it.
    after: &'static str,
}

const IGNORE: &str = "If this was not you, do nothing: without the link nothing happens.";

impl Letter {
    /// To a new person: show that this is read by you.
    #[must_use]
    pub fn verify(url: String) -> Self {
        Self {
            subject: "Confirm your address".to_owned(),
            lines: vec![
                "Somebody has made an account at Keyway with this address. Confirm that it is yours: live \
                 keys come with it."
                    .to_owned(),
                "The link works once, and for 24 hours.".to_owned(),
            ],
            action: Some(("Confirm the address", url)),
            after: IGNORE,
        }
    }

    /// To somebody who wants another password, or a first one.
    #[must_use]
    pub fn reset(url: String) -> Self {
        Self {
            subject: "Set a new password".to_owned(),
            lines: vec![
                "A new password was asked for, for the account with this address.".to_owned(),
                "The link works once, and for 30 minutes. Setting a password signs you out everywhere."
                    .to_owned(),
            ],
            action: Some(("Set a new password", url)),
            after: IGNORE,
        }
    }

    /// To somebody with an account, whose address was used to register again.
    #[must_use]
    pub fn known(url: String) -> Self {
        Self {
            subject: "You have an account already".to_owned(),
            lines: vec![
                "Somebody tried to register at Keyway with this address, which has an account already."
                    .to_owned(),
                "If it was you and the password is lost, this link sets a new one. It works once, and for \
                 30 minutes."
                    .to_owned(),
            ],
            action: Some(("Set a new password", url)),
            after: IGNORE,
        }
    }

    /// To the address somebody wants to have from now on.
    #[must_use]
    pub fn new_address(url: String) -> Self {
        Self {
            subject: "Confirm your new address".to_owned(),
            lines: vec![
                "This is to become the address of an account at Keyway.".to_owned(),
                "The link works once, and for 24 hours.".to_owned(),
            ],
            action: Some(("Confirm the new address", url)),
            after: IGNORE,
        }
    }

    /// To the address an account had until now, or has: something was changed.
    #[must_use]
    pub fn changed(what: &str, url: String) -> Self {
        Self {
            subject: "Your account was changed".to_owned(),
            lines: vec![format!("Of the account with this address, {what} was changed.")],
            action: Some(("Look at the account", url)),
            after: "If this was not you, set a new password at once and tell whoever runs this server.",
        }
    }

    /// To somebody who is asked to join an organisation.
    #[must_use]
    pub fn invited(organization: &str, url: String) -> Self {
        Self {
            subject: "You are invited".to_owned(),
            lines: vec![
                format!("You are invited to the organisation {organization} at Keyway."),
                "The link works once, and for seven days.".to_owned(),
            ],
            action: Some(("Take up the invitation", url)),
            after: "If you do not know who this is from, do nothing.",
        }
    }

    /// To those who look after an organisation: something has happened.
    #[must_use]
    pub fn news(subject: String, lines: Vec<String>, url: String) -> Self {
        Self {
            subject,
            lines,
            action: Some(("Look at it", url)),
            after: "You get this because you look after this organisation at Keyway, or own what it is about.",
        }
    }

    /// The message as text.
    #[must_use]
    pub fn text(&self) -> String {
        let mut parts = self.lines.clone();
        parts.extend(self.action.iter().map(|(label, url)| format!("{label}:\n{url}")));
        parts.push(self.after.to_owned());
        format!("{}\n", parts.join("\n\n"))
    }

    /// The message as HTML, which needs nothing from anywhere.
    #[must_use]
    pub fn html(&self) -> String {
        let page = html! {
            (DOCTYPE)
            html lang="en" {
                head { meta charset="utf-8"; title { (self.subject) } }
                body style="margin:0;padding:32px 16px;background:#f7f7f5;color:#1b1d21;font:16px/1.55 system-ui,sans-serif" {
                    div style="max-width:30rem;margin:0 auto;padding:28px;background:#fff;border:1px solid #e3e2dd;border-radius:14px" {
                        p style="margin:0 0 18px;font-weight:700" { "Keyway" }
                        h1 style="margin:0 0 14px;font-size:20px;line-height:1.3" { (self.subject) }
                        @for line in &self.lines { p style="margin:0 0 12px" { (line) } }
                        @if let Some((label, url)) = &self.action {
                            p style="margin:22px 0" {
                                a href=(url) style="display:inline-block;padding:10px 18px;border-radius:8px;background:#2f5bd3;color:#fff;text-decoration:none;font-weight:600" { (label) }
                            }
                            p style="margin:0 0 12px;font-size:13px;color:#5d626b;word-break:break-all" { (url) }
                        }
                        p style="margin:0;font-size:13px;color:#5d626b" { (self.after) }
                    }
                }
            }
        };
        page.into_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_and_html_say_the_same_and_nothing_breaks_out() {
        let letter = Letter::invited("<b>Evil</b> & Sons", "https://k.example/invitation?token=t".to_owned());
        let (text, html) = (letter.text(), letter.html());
        assert!(text.contains("Take up the invitation:\nhttps://k.example/invitation?token=t"), "{text}");
        assert!(html.contains("&lt;b&gt;Evil&lt;/b&gt; &amp; Sons") && !html.contains("<b>"), "{html}");
        assert!(html.contains("href=\"https://k.example/invitation?token=t\""));
        for line in &letter.lines {
            assert!(text.contains(line));
        }
    }
}
