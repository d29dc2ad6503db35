//! GET `/console/nodes`: which processes serve on this database, the operator's.

use super::here::{Here, pages};
use super::page::Page;
use super::parts::table::{Column, number, table, text};
use super::parts::take::take;
use super::parts::{Tone, badge, moment, states};
use super::say;
use super::when::When;
use crate::base::Trouble;
use crate::relay::Outbound;
use crate::store::nodes::{self, KNOWN_MS, Node, Standing};
use maud::{Markup, html};

/// A clock that is off by more than this is said to be wrong, milliseconds.
const SKEW_MS_MAX: i64 = 2_000;
const COLUMNS: &[Column] = &[
    text("Node"),
    text("State"),
    text("Version"),
    text("Listens on"),
    text("Since"),
    text("Last seen"),
    number("Last change seen"),
];

pages! {
    /// Every node of the last hour that has not ended.
    show = page;
}

async fn page(here: &Here<'_>) -> Result<Outbound, Trouble> {
    let at = &here.shared.at;
    let now_ms = at.db.now_ms(&at.clock).await?;
    let known = nodes::live(&at.db, now_ms - KNOWN_MS).await?;
    let newest = known.iter().map(|node| node.seen_seq).max().unwrap_or_default();
    let standing: Vec<Standing> = known.iter().map(|node| node.standing(now_ms)).collect();
    let versions = known.iter().any(|node| node.version != known[0].version);
    let when = When::new(now_ms, &here.person.time_zone);
    let line = |(node, standing): (&Node, &Standing)| line(here, node, *standing, newest, &when);
    let cells: Vec<Vec<Markup>> = known.iter().zip(&standing).map(line).collect();
    let body = html! {
        @if !standing.is_empty() { (sentence(&standing)) }
        @if versions { p .notice.warn { "Not every node runs the same version. That is well while you upgrade, and no longer." } }
        @if cells.is_empty() {
            (states::empty("No node was heard of", "A node writes its row each second. This one has just begun, or cannot write to the database.", &html! {}))
        } @else { (table("Nodes", COLUMNS, &cells)) }
        ul .points.faint {
            li { "Live: it is heard of, and hears of changes." }
            li { "Behind: it has heard of no change for two seconds. It stops serving before it could honour what was revoked." }
            li { "Cut off: it has not been heard of for five seconds. It is listed for an hour; a node that has ended is not." }
        }
        (take(here, "/v1/organization/nodes", "keyway node list"))
    };
    Ok(Page::new("Nodes", body).answer(here))
}

fn sentence(standing: &[Standing]) -> Markup {
    let count = |which: Standing| standing.iter().filter(|one| **one == which).count();
    let (behind, cut_off) = (count(Standing::Behind), count(Standing::CutOff));
    html! {
        @if behind + cut_off == 0 {
            p .lead { @match standing.len() {
                1 => "One node serves, and is live.",
                several => { (several) " nodes serve, and all are live." },
            } }
        } @else {
            p .notice.bad role="status" {
                (count(Standing::Live)) " live"
                @if behind > 0 { ", " (behind) " behind" }
                @if cut_off > 0 { ", " (cut_off) " cut off" }
                "."
            }
        }
    }
}

fn line(here: &Here<'_>, node: &Node, standing: Standing, newest: i64, when: &When) -> Vec<Markup> {
    let health = node.health().unwrap_or_default();
    let own = node.boot == here.shared.node.boot;
    vec![
        html! { code { (node.id) } @if own { span .under { "answers you now" } } },
        html! {
            @match standing {
                Standing::Live => (badge(Tone::Good, "live")),
                Standing::Behind => {
                    (badge(Tone::Warn, "behind"))
                    span .under { "no changes for " (say::ms(health.sync_age_ms.unsigned_abs())) }
                },
                Standing::CutOff => (badge(Tone::Bad, "cut off")),
            }
            @if health.draining { span .under { "it ends" } }
            @if health.clock_skew_ms.abs() > SKEW_MS_MAX {
                span .under { "its clock is " (say::ms(health.clock_skew_ms.unsigned_abs()))
                    @if health.clock_skew_ms > 0 { " early" } @else { " late" } }
            }
        },
        html! { (node.version) },
        html! { code { (node.listen) } },
        moment(when, Some(node.started_ms)),
        moment(when, Some(node.seen_ms)),
        html! { (say::counted(node.seen_seq))
        @if node.seen_seq < newest { span .under { (say::counted(newest - node.seen_seq)) " behind the newest" } } },
    ]
}
