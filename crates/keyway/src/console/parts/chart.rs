//! Charts, drawn here as SVG and coloured by the style sheet; each with its table, for those who read.

use super::table::{number, table, text};
use maud::{Markup, html};

const WIDTH: u64 = 720;
const HEIGHT: u64 = 180;
const LEFT: u64 = 56;
const BOTTOM: u64 = 22;
const TOP: u64 = 10;
/// Labels below the bars at most.
const LABELS_MAX: usize = 8;

/// A bar: its label, its value, and how that is written.
pub struct Bar {
    /// Below it.
    pub label: String,
    /// How high it is.
    pub value: u64,
    /// How its value is written.
    pub shown: String,
}

/// Bars over time. `of`: what they are of; `highest`: how the highest value of the scale is written.
#[must_use]
pub fn bars(of: &str, unit: &'static str, all: &[Bar], highest: impl Fn(u64) -> String) -> Markup {
    let top = scale(all.iter().map(|bar| bar.value).max().unwrap_or(0));
    let count = u64::try_from(all.len().max(1)).unwrap_or(1);
    let room = (WIDTH - LEFT) * 100 / count;
    let plot = HEIGHT - TOP - BOTTOM;
    let height = |value: u64| u128::from(value) * u128::from(plot) * 100 / u128::from(top);
    let step = all.len().div_ceil(LABELS_MAX).max(1);
    html! {
        figure .chart {
            figcaption { (of) }
            svg viewBox={ "0 0 " (WIDTH) " " (HEIGHT) } role="img" aria-label={ (of) ". The table below has the numbers." } {
                @for (line, part) in [(0, top), (1, top / 2), (2, 0)] {
                    @let y = TOP + plot * line / 2;
                    line .grid x1=(LEFT) x2=(WIDTH) y1=(y) y2=(y) {}
                    text .axis x=(LEFT - 8) y=(y + 4) text-anchor="end" { (highest(part)) }
                }
                @for (at, bar) in (0_u64..).zip(all) {
                    @let x = LEFT * 100 + room * at + room / 8;
                    @let high = height(bar.value);
                    rect .bar x=(hundredths(x.into())) width=(hundredths((room * 3 / 4).into()))
                        y=(hundredths(u128::from((TOP + plot) * 100) - high)) height=(hundredths(high)) rx="2" {
                        title { (bar.label) ": " (bar.shown) }
                    }
                }
                @for (at, bar) in (0_u64..).zip(all).step_by(step) {
                    text .axis x=(hundredths((LEFT * 100 + room * at + room / 2).into())) y=(HEIGHT - 6)
                        text-anchor="middle" { (bar.label) }
                }
            }
            details { summary { "As a table" }
                (table(of, &[text("When"), number(unit)], &rows(all)))
            }
        }
    }
}

fn rows(all: &[Bar]) -> Vec<Vec<Markup>> {
    all.iter().map(|bar| vec![html! { (bar.label) }, html! { (bar.shown) }]).collect()
}

fn hundredths(value: u128) -> String {
    format!("{}.{:02}", value / 100, value % 100)
}

/// The next round number from a value up: an even digit, or one, and zeros.
pub(super) fn scale(value: u64) -> u64 {
    let mut step = 1_u64;
    loop {
        for factor in [2, 4, 6, 8, 10] {
            if step.saturating_mul(factor) >= value || step > u64::MAX / 100 {
                return step.saturating_mul(factor);
            }
        }
        step *= 10;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scales_are_round_and_hold_the_highest() {
        for (value, top) in [(0, 2), (2, 2), (3, 4), (11, 20), (39, 40), (401, 600)] {
            assert_eq!(scale(value), top, "{value}");
        }
        assert!(scale(u64::MAX) > 0);
        let bar = |value| Bar { label: "a".to_owned(), value, shown: value.to_string() };
        let text = bars("Requests", "Requests", &[bar(2), bar(1)], |top| top.to_string()).into_string();
        assert!(text.contains("height=\"148.00\"") && text.contains("height=\"74.00\""), "{text}");
        assert!(bars("None", "x", &[], |top| top.to_string()).into_string().contains("<svg"));
    }
}
