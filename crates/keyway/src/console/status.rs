//! GET `/status`: how the installation and its providers are, for everybody, where the operator has turned it
//! on. It names providers and no organisation, key or number of requests.

use super::health::{self, HOURS, Was, now, trouble};
use super::page::Page;
use super::parts::{Tone, badge, states};
use crate::access::Grant;
use crate::relay::route::Sendable;
use crate::relay::{Inbound, Shared, ready};
use crate::store::provider_minutes::{self, ProviderHour};
use http::StatusCode;
use maud::{Markup, html};
use std::sync::Arc;

/// The page.
#[must_use]
pub fn show(shared: Arc<Shared>, inbound: Inbound, _: Option<Arc<Grant>>) -> Sendable {
    Box::pin(async move {
        if !shared.desk.status_page {
            let body = states::empty("Nothing here", "This server shows no status page.", &html! {});
            return Ok(Page::new("Status", body).answer_outside(StatusCode::NOT_FOUND, &inbound.headers));
        }
        let first_ms = health::first_ms(shared.at.clock.now_ms());
        let hours =
            provider_minutes::provider_hours(&mut *shared.at.db.connection().await?, first_ms).await?;
        let own = ready::reason_not_ready(&shared);
        let body = body(&hours, own, first_ms);
        Ok(Page { wide: true, ..Page::new("Status", body) }.answer_outside(StatusCode::OK, &inbound.headers))
    })
}

fn body(hours: &[ProviderHour], own: Option<&str>, first_ms: i64) -> Markup {
    let by_provider = health::lines(hours, first_ms);
    let worst = by_provider.values().map(|line| now(line)).max().unwrap_or(Was::Unused);
    let sentence = match (own, worst) {
        (Some(_), _) => ("This server takes no requests at the moment.", Tone::Bad),
        (None, Was::Down) => ("Some providers are failing.", Tone::Bad),
        (None, Was::Troubled) => ("Some providers have trouble.", Tone::Warn),
        (None, _) => ("Everything works.", Tone::Good),
    };
    html! {
        p { (badge(sentence.1, sentence.0)) }
        @if by_provider.is_empty() {
            p .faint { "No provider was asked in the last " (HOURS) " hours." }
        } @else {
            div .table.cards tabindex="0" role="region" aria-label="Providers" {
                table {
                    caption .hidden { "Providers, from live traffic" }
                    thead { tr { th scope="col" { "Provider" } th scope="col" { "Now" } th scope="col" { "Hours of trouble in the last " (HOURS) } } }
                    tbody {
                        @for (provider, line) in &by_provider {
                            tr {
                                td data-label="Provider" { (provider) }
                                td data-label="Now" { (badge(now(line).tone(), now(line).word())) }
                                td data-label="Trouble" { (trouble(line)) }
                            }
                        }
                    }
                }
            }
        }
        p .faint { "From live traffic through this server. Times are whole hours." }
    }
}
