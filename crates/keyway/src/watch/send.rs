//! One try at sending a message: by mail, or to a webhook in the form of standard-webhooks (the
//! specification at github.com/standard-webhooks, version 1) or of Slack's incoming webhooks.

use super::words;
use crate::base::fault::Doing;
use crate::base::{Clock, Fault};
use crate::egress::{Call, Egress};
use crate::mail::Mail;
use crate::sealing::MasterKey;
use crate::store::outbox::{Message, Tried, WEBHOOK};
use crate::store::webhooks::{self, Webhook};
use crate::store::{Db, outbox};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use hmac::{Hmac, KeyInit, Mac};
use http::Method;
use serde_json::{json, value::RawValue};
use sha2::Sha256;
use std::time::Duration;

/// A try takes at most so long, milliseconds.
pub const TRY_MS_MAX: u64 = 15_000;
/// Waits before the second try and those after it, seconds; behind the last one a message is given up.
pub const WAITS_S: [i64; 9] = [5, 30, 120, 600, 1_800, 7_200, 18_000, 36_000, 36_000];
/// Longest answer of a receiver that is read, bytes; nothing in it counts.
const ANSWER_BYTES_MAX: usize = 64 * 1024;
/// Characters of an error that are kept.
const ERROR_CHARS_MAX: usize = 200;

/// What sending takes.
pub struct Outside<'a> {
    /// The database.
    pub db: &'a Db,
    /// Time.
    pub clock: &'a Clock,
    /// Signs, and opens addresses.
    pub master: &'a MasterKey,
    /// The way to webhooks.
    pub egress: &'a Egress,
    /// The way to people.
    pub mail: &'a Mail,
    /// Where people reach this server.
    pub public_url: &'a str,
}

/// A receiver's last word.
enum Refused {
    /// Perhaps another time.
    Now(String),
    /// Never again.
    Gone(String),
}

impl From<Fault> for Refused {
    fn from(fault: Fault) -> Self {
        Self::Now(fault.to_string())
    }
}

/// Tries once to send a message.
pub async fn send(outside: &Outside<'_>, message: &Message) -> Tried {
    let sending = async {
        if message.channel == WEBHOOK {
            to_webhook(outside, message).await
        } else {
            to_person(outside, message).await
        }
    };
    let sent = tokio::time::timeout(Duration::from_millis(TRY_MS_MAX), sending).await;
    match sent.unwrap_or_else(|_| Err(Refused::Now("it took too long".to_owned()))) {
        Ok(()) => Tried::Sent,
        Err(Refused::Gone(error)) => Tried::Failed(short(&error)),
        Err(Refused::Now(error)) => after(message.attempts, short(&error)),
    }
}

/// What follows the try of this number that has failed.
fn after(attempts: i64, error: String) -> Tried {
    let wait = usize::try_from(attempts - 1).ok().and_then(|place| WAITS_S.get(place));
    match wait {
        Some(seconds) => Tried::Later(seconds * 1000, error),
        None => Tried::Failed(error),
    }
}

fn short(error: &str) -> String {
    error.chars().take(ERROR_CHARS_MAX).collect()
}

async fn to_person(outside: &Outside<'_>, message: &Message) -> Result<(), Refused> {
    let letter = words::of(message).letter(outside.public_url);
    Ok(outside.mail.send_now(&message.recipient, &letter, &message.id).await?)
}

async fn to_webhook(outside: &Outside<'_>, message: &Message) -> Result<(), Refused> {
    let webhook = webhooks::any(&mut *outside.db.connection().await?, &message.recipient).await?;
    let webhook = webhook.filter(|webhook| webhook.disabled_ms.is_none());
    let webhook = webhook.ok_or_else(|| Refused::Gone("the webhook was removed or disabled".to_owned()))?;
    let url = outside.master.outward().open(&webhook.id, &webhook.url_sealed)?;
    let body = body(&webhook, message, outside.public_url)?;
    let now_s = outside.clock.now_ms() / 1000;
    let key = outside.master.outward().webhook_key(&webhook.id, webhook.secret_version);
    let signature = signature(&key, &message.id, now_s, &body)?;
    let timestamp = now_s.to_string();
    let headers = [
        ("webhook-id", message.id.as_str()),
        ("webhook-timestamp", timestamp.as_str()),
        ("webhook-signature", signature.as_str()),
    ];
    let call = Call {
        method: Method::POST,
        url: url.reveal(),
        headers: &headers,
        accept: "*/*",
        credential: None,
        content_type: "application/json",
        body: Bytes::from(body),
        answer_bytes_max: ANSWER_BYTES_MAX,
        time_ms: TRY_MS_MAX,
    };
    match outside.egress.call(call).await {
        Ok(answer) if (200..300).contains(&answer.status) => Ok(()),
        Ok(answer) if answer.status == 410 => {
            gone(outside, &webhook).await?;
            Err(Refused::Gone("the receiver says that it is gone (410)".to_owned()))
        }
        Ok(answer) => Err(Refused::Now(format!("the receiver answered {}", answer.status))),
        Err(denied) => Err(Refused::Now(denied.to_string())),
    }
}

async fn gone(outside: &Outside<'_>, webhook: &Webhook) -> Result<(), Fault> {
    let now_ms = outside.clock.now_ms();
    let mut tx = outside.db.begin_write().await?;
    webhooks::disable(&mut tx, &webhook.id, now_ms).await?;
    outbox::give_up(&mut tx, &webhook.id, "the receiver says that it is gone (410)", now_ms).await?;
    crate::store::db::commit(tx).await
}

fn body(webhook: &Webhook, message: &Message, public_url: &str) -> Result<String, Fault> {
    if webhook.form == "slack" {
        return Ok(json!({ "text": words::of(message).slack(public_url) }).to_string());
    }
    let data = RawValue::from_string(message.detail.clone()).doing("reading a message")?;
    let at = jiff::Timestamp::from_millisecond(message.created_ms).doing("writing a message's time")?;
    serde_json::to_string(&Event { kind: &message.kind, timestamp: at.to_string(), data: &data })
        .doing("writing a message")
}

#[derive(serde::Serialize)]
struct Event<'a> {
    #[serde(rename = "type")]
    kind: &'a str,
    timestamp: String,
    data: &'a RawValue,
}

/// The value of `webhook-signature`.
fn signature(key: &[u8], id: &str, unix_seconds: i64, body: &str) -> Result<String, Fault> {
    let mut mac = Hmac::<Sha256>::new_from_slice(key).doing("signing a message")?;
    mac.update(format!("{id}.{unix_seconds}.{body}").as_bytes());
    Ok(format!("v1,{}", STANDARD.encode(mac.finalize().into_bytes())))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_signature_is_that_of_the_specification() {
        // The example of the specification's own libraries (svix, standardwebhooks 1.0.0).
        let key = STANDARD.decode("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw").unwrap();
        let signed =
            signature(&key, "msg_p5jXN8AQM9LWM0D4loKWxJek", 1_614_265_330, r#"{"test": 2432232314}"#);
        assert_eq!(signed.unwrap(), "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
    }

    #[test]
    fn tries_are_ten_over_more_than_a_day() {
        let mut waited_ms = 0;
        for attempts in 1..=9 {
            match after(attempts, String::new()) {
                Tried::Later(ms, _) => waited_ms += ms,
                other => panic!("{attempts}: {other:?}"),
            }
        }
        assert!(waited_ms > 24 * 3_600_000);
        assert!(matches!(after(10, String::new()), Tried::Failed(_)));
    }
}
