//! Takes a new certificate up when its files change.

use super::files::Stamp;
use super::{Files, Pair, expires_ms};
use crate::telemetry::time_text;
use std::sync::Arc;
use std::time::Duration;

/// How often the files are looked at.
const LOOK: Duration = Duration::from_secs(1);

/// Looks at the files for as long as the process runs. A new pair is taken up once both files have been
/// left alone from one look to the next, so that one that is being written is not read half; a pair that
/// does not work is said in the log, and the old one stays. `taken`: the files as they were before the pair
/// was read.
pub async fn follow(files: Files, mut taken: [Option<Stamp>; 2], pair: Arc<Pair>) {
    let mut last = taken;
    loop {
        tokio::time::sleep(LOOK).await;
        let look = files.clone();
        // A folder on a network may hang: that must not hold up anybody.
        let Ok(now) = tokio::task::spawn_blocking(move || look.stamps()).await else {
            return;
        };
        if now != taken && now == last {
            taken = now;
            let read = files.clone();
            match tokio::task::spawn_blocking(move || read.read()).await {
                Ok(Ok(new)) => {
                    let expires = new.cert.first().and_then(expires_ms).map(time_text);
                    pair.replace(new);
                    tracing::info!(expires, "a new TLS certificate is in use");
                }
                Ok(Err(fault)) => {
                    tracing::warn!(%fault, "the new TLS certificate is not taken up; the old one stays in use");
                }
                Err(_) => return,
            }
        }
        last = now;
    }
}
