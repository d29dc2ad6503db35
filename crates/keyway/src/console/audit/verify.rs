//! GET `/console/audit/verify`

use crate::audit::verify::{Finding, database};
use crate::base::Trouble;
use crate::console::here::{Here, pages};
use crate::console::page::Page;
use crate::console::parts::table::{Column, facts, table, text};
use crate::console::parts::take::take;
use crate::console::parts::{Tone, badge};
use crate::console::say;
use crate::relay::Outbound;
use maud::{Markup, html};

const COLUMNS: &[Column] = &[text("Record"), text("What is wrong")];

pages! {
    /// Whether the audit log is whole.
    show = verify;
}

async fn verify(here: &Here<'_>) -> Result<Outbound, Trouble> {
    let mut conn = here.shared.at.db.connection().await?;
    let finding = database(&mut conn).await?;
    drop(conn);
    let body = html! {
        section .panel-card aria-label="Verification" {
            (facts(&[
                ("The log", if finding.valid { badge(Tone::Good, "whole") } else { badge(Tone::Bad, "broken") }),
                ("Records", html! { (say::count(finding.records)) }),
                ("Last record", html! { "#" (finding.sequence) }),
                ("Its digest", html! { code { (finding.head) } }),
            ]))
            @if finding.valid {
                p .faint { "Every record follows from the one before it, up to the head. Note the last digest elsewhere: \
                            then nobody can write the log anew unseen." }
            }
        }
        @if !finding.valid { (breaks(&finding)) }
        (take(here, "/v1/organization/audit_logs/verify", "keyway audit verify"))
    };
    let above = [("/console/audit", "Audit log")];
    Ok(Page { above: &above, ..Page::new("Verification", body) }.answer(here))
}

fn breaks(finding: &Finding) -> Markup {
    let rows: Vec<Vec<Markup>> = finding
        .breaks
        .iter()
        .map(|one| vec![html! { "#" (one.sequence) }, html! { (one.problem) }])
        .collect();
    html! {
        p .notice.bad role="alert" { (finding.breaks_count) " places are not as they were written." }
        (table("Breaks", COLUMNS, &rows))
    }
}
