//! What messages say to people. Each is written once, from the event's name and its object.

use super::digest;
use crate::mail::Letter;
use crate::store::outbox::Message;
use serde_json::Value;

/// A message in words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Words {
    /// One line.
    pub title: String,
    /// Sentences.
    pub lines: Vec<String>,
    /// Where it can be looked at: a path of the console.
    pub path: String,
}

fn text<'a>(detail: &'a Value, name: &str) -> &'a str {
    detail[name].as_str().unwrap_or_default()
}

/// Says a message.
#[must_use]
pub fn of(message: &Message) -> Words {
    let detail: Value = serde_json::from_str(&message.detail).unwrap_or_default();
    match message.kind.as_str() {
        "api_key.compromised" => compromised(&detail),
        "alert.fired" | "alert.test" => alert(&detail, message.kind == "alert.test"),
        digest::KIND => collected(&detail),
        "webhook.test" => Words {
            title: "A test of this webhook".to_owned(),
            lines: vec!["Somebody asked for this message, to see that it arrives.".to_owned()],
            path: "/".to_owned(),
        },
        kind => Words {
            title: kind.to_owned(),
            lines: vec!["The event's details are in the list of notifications.".to_owned()],
            path: "/".to_owned(),
        },
    }
}

fn compromised(detail: &Value) -> Words {
    let (id, name) = (text(detail, "api_key_id"), text(detail, "name"));
    let mut lines = vec![format!(
        "The key \"{name}\" ({id}) was reported as leaked. It is revoked for good: requests with it are refused."
    )];
    if let Some(replacement) = detail["what"]["replacement"].as_str() {
        lines.push(format!("{replacement} takes its place, with the same rights and budget."));
    }
    if let Some(revoked) = detail["what"]["revoked_keys"].as_array().filter(|keys| !keys.is_empty()) {
        lines.push(format!("{} keys that were made with it are revoked as well.", revoked.len()));
    }
    lines.push("Look at what it was used for, and from where, and find out how it came out.".to_owned());
    Words { title: format!("A key has leaked: {name}"), lines, path: "/console/keys".to_owned() }
}

fn alert(detail: &Value, test: bool) -> Words {
    let mut lines = vec![text(detail, "summary").to_owned()];
    lines.extend(detail["advice"].as_str().map(str::to_owned));
    if let Some(act) = detail["act"].as_str() {
        lines.push(act.to_owned());
    }
    if detail["confirm"] == true {
        lines.push(
            "Confirm it on the page of alerts, and the key works again. If it was none of you, deal with the key \
             as leaked."
                .to_owned(),
        );
    }
    lines.push(format!(
        "Told by the alert \"{}\" ({}).",
        text(detail, "alert_name"),
        text(detail, "alert_id")
    ));
    let before = if test { "Test: " } else { "" };
    Words { title: format!("{before}{}", text(detail, "title")), lines, path: "/console/alerts".to_owned() }
}

fn collected(detail: &Value) -> Words {
    let events = detail["events"].as_array().map(Vec::as_slice).unwrap_or_default();
    let count = detail["count"].as_u64().unwrap_or(0);
    let line = |event: &Value| {
        let at = jiff::Timestamp::from_second(event["at"].as_i64().unwrap_or(0)).map(|at| at.to_string());
        let parts =
            [at.unwrap_or_default(), text(event, "summary").to_owned(), text(event, "act").to_owned()];
        parts.join(" ").trim_end().to_owned()
    };
    let mut lines: Vec<String> = events.iter().map(line).collect();
    let rest = count.saturating_sub(events.len() as u64);
    if rest > 0 {
        lines.push(format!("And {rest} more, which are on the page of alerts."));
    }
    let title = match (count, events.first()) {
        (1, Some(event)) => text(event, "title").to_owned(),
        _ => format!("{count} things were worth telling"),
    };
    Words { title, lines, path: "/console/alerts".to_owned() }
}

impl Words {
    /// The letter of these words.
    #[must_use]
    pub fn letter(self, public_url: &str) -> Letter {
        // A subject is one line, whatever stands in a name.
        let title: String =
            self.title.chars().map(|letter| if letter.is_control() { ' ' } else { letter }).collect();
        Letter::news(title, self.lines, format!("{public_url}{}", self.path))
    }

    /// The text for a channel of Slack's, where three signs are its own (docs.slack.dev, formatting message
    /// text, read 2026-11).
    #[must_use]
    pub fn slack(&self, public_url: &str) -> String {
        let plain = |text: &str| text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
        let lines: Vec<String> = self.lines.iter().map(|line| plain(line)).collect();
        format!("*{}*\n{}\n<{public_url}{}|Look at it>", plain(&self.title), lines.join("\n"), self.path)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn message(kind: &str, detail: &Value) -> Message {
        Message { kind: kind.to_owned(), detail: detail.to_string(), ..Message::default() }
    }

    #[test]
    fn names_are_text_wherever_they_go() {
        let detail = json!({"api_key_id": "key_1", "name": "<!channel> & *co*\r\nBcc: x", "what": {}});
        let words = of(&message("api_key.compromised", &detail));
        let slack = words.slack("https://k.example");
        assert!(slack.contains("&lt;!channel&gt; &amp; *co*") && !slack.contains("<!channel>"), "{slack}");
        assert!(slack.ends_with("<https://k.example/console/keys|Look at it>"));
        let letter = words.letter("https://k.example");
        assert!(!letter.subject.contains(['\r', '\n']), "{}", letter.subject);
    }

    #[test]
    fn every_kind_has_words() {
        let leaked = json!({"api_key_id": "key_1", "name": "n", "what": {"replacement": "key_2", "revoked_keys": ["a"]}});
        assert_eq!(of(&message("api_key.compromised", &leaked)).lines.len(), 4);
        let fired = json!({"title": "Costs rise", "summary": "s", "act": "The key was disabled.", "alert_name": "a", "alert_id": "alert_1"});
        assert_eq!(of(&message("alert.fired", &fired)).title, "Costs rise");
        assert_eq!(of(&message("alert.test", &fired)).title, "Test: Costs rise");
        assert_eq!(of(&message("something.new", &json!({}))).title, "something.new");
        let asks = json!({"title": "t", "summary": "s", "confirm": true});
        assert!(of(&message("alert.fired", &asks)).lines[1].contains("works again"));
        let event = json!({"title": "Costs rise", "summary": "Much.", "at": 0, "act": "It was limited."});
        let one = of(&message(digest::KIND, &json!({"count": 1, "events": [event]})));
        assert_eq!((one.title.as_str(), one.lines.len()), ("Costs rise", 1));
        assert_eq!(one.lines[0], "1970-01-01T00:00:00Z Much. It was limited.");
        let many = of(&message(digest::KIND, &json!({"count": 7, "events": [event, event]})));
        assert_eq!((many.title.as_str(), many.lines.len()), ("7 things were worth telling", 3));
        assert!(many.lines[2].starts_with("And 5 more"));
    }
}
