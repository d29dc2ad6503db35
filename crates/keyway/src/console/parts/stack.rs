//! Stacked bars over time, drawn here as SVG and coloured by the style sheet. Labels are HTML, so that
//! they keep their size; a legend names the parts in the order in which they are stacked; a table has the
//! numbers.

use maud::{Markup, html};

/// Parts told apart by colour; the style sheet has a colour for each place.
pub const PARTS_MAX: usize = 7;
/// Labels below the bars at most.
const LABELS_MAX: usize = 7;
/// Units of the drawing: thousandths of its width and of its height.
const SIZE: u64 = 1_000;
/// Width of a bar in its place, per cent.
const BAR_PERCENT: u64 = 72;

/// A part of every bar.
pub struct Part {
    /// What it is.
    pub name: String,
    /// How much of each bar it is.
    pub values: Vec<u64>,
    /// It is what is left, and named last.
    pub rest: bool,
}

/// Bars made of parts. `of`: what they show; `shown`: how an amount is written, `axis`: how on the scale.
#[must_use]
pub fn stack(
    of: &str,
    labels: &[String],
    parts: &[Part],
    shown: impl Fn(u64) -> String,
    axis: impl Fn(u64) -> String,
) -> Markup {
    let total = |at: usize| -> u64 { parts.iter().filter_map(|part| part.values.get(at)).sum() };
    let totals: Vec<u64> = (0..labels.len()).map(total).collect();
    let most = totals.iter().copied().max().unwrap_or(0);
    let top = scale(most);
    html! {
        figure .chart.stack {
            figcaption { (of) }
            (legend(parts, &shown))
            @if most == 0 { p .faint { "All of it is " (shown(0)) ": there is nothing to draw." } }
            @else { div .plot {
                div .scale aria-hidden="true" {
                    span { (axis(top)) } span { (axis(top / 2)) } span { (axis(0)) }
                }
                svg viewBox={ "0 0 " (SIZE) " " (SIZE) } preserveAspectRatio="none" role="img"
                    aria-label={ (of) ". The table below has the numbers." } {
                    @for y in [1, SIZE / 2, SIZE - 1] { line .grid x1="0" x2=(SIZE) y1=(y) y2=(y) {} }
                    (bars(parts, labels.len(), top))
                    (hits(labels, &totals, &shown))
                }
            }
            div .days aria-hidden="true" {
                @let step = labels.len().div_ceil(LABELS_MAX).max(1);
                @for (at, label) in labels.iter().enumerate() {
                    span { @if at.is_multiple_of(step) { (label) } }
                }
            } }
            details { summary { "As a table" } (matrix(of, labels, parts, &shown)) }
        }
    }
}

fn class(at: usize, part: &Part) -> String {
    if part.rest { "part-rest".to_owned() } else { format!("part-{}", at.min(PARTS_MAX - 1)) }
}

fn legend(parts: &[Part], shown: &impl Fn(u64) -> String) -> Markup {
    html! {
        ul .legend {
            @for (at, part) in parts.iter().enumerate() {
                li { i class=(class(at, part)) aria-hidden="true" {} span { (part.name) }
                    span .faint { (shown(part.values.iter().sum())) } }
            }
        }
    }
}

/// A path for each part, so that a long time stays light.
fn bars(parts: &[Part], count: usize, top: u64) -> Markup {
    let mut below = vec![0_u64; count];
    let mut paths = Vec::with_capacity(parts.len());
    for part in parts {
        let mut path = String::new();
        for (at, (value, base)) in part.values.iter().zip(&mut below).enumerate() {
            if *value == 0 {
                continue;
            }
            let (from, to) = (height(*base, top), height(base.saturating_add(*value), top));
            let (x, width) = place(at, count);
            path.push_str(&format!("M{x} {}h{width}v{}h-{width}z", SIZE - to, (to - from).max(1)));
            *base = base.saturating_add(*value);
        }
        paths.push(path);
    }
    html! {
        @for (at, (part, path)) in parts.iter().zip(&paths).enumerate() {
            @if !path.is_empty() { path class=(class(at, part)) d=(path) {} }
        }
    }
}

/// A place over each bar that says its amount when pointed at.
fn hits(labels: &[String], totals: &[u64], shown: &impl Fn(u64) -> String) -> Markup {
    let count = labels.len();
    let edge = |at: usize| SIZE * wide(at) / wide(count.max(1));
    html! {
        g .hits {
            @for (at, (label, total)) in labels.iter().zip(totals).enumerate() {
                path d={ "M" (edge(at)) " 0H" (edge(at + 1)) "V" (SIZE) "H" (edge(at)) "z" } {
                    title { (label) ": " (shown(*total)) }
                }
            }
        }
    }
}

/// Its cells have no class of their own: there are hundreds.
fn matrix(of: &str, labels: &[String], parts: &[Part], shown: &impl Fn(u64) -> String) -> Markup {
    html! {
        div .matrix tabindex="0" role="region" aria-label=(of) {
            table {
                caption .hidden { (of) }
                thead { tr { th scope="col" { "When" } @for part in parts { th .number scope="col" { (part.name) } } } }
                tbody {
                    @for (at, label) in labels.iter().enumerate() {
                        tr { th scope="row" { (label) }
                            @for part in parts { td { (shown(part.values.get(at).copied().unwrap_or(0))) } } }
                    }
                }
            }
        }
    }
}

fn height(value: u64, top: u64) -> u64 {
    u64::try_from(u128::from(value) * u128::from(SIZE) / u128::from(top.max(1))).unwrap_or(SIZE)
}

/// Left edge and width of a bar.
fn place(at: usize, count: usize) -> (u64, u64) {
    let room = SIZE / wide(count.max(1));
    let width = (room * BAR_PERCENT / 100).max(1);
    (SIZE * wide(at) / wide(count.max(1)) + (room - width.min(room)) / 2, width)
}

/// The next round number from a value up: an even digit, or one, and zeros.
fn scale(value: u64) -> u64 {
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

fn wide(count: usize) -> u64 {
    u64::try_from(count).unwrap_or(u64::MAX)
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
    }

    #[test]
    fn parts_stand_on_each_other_and_are_named() {
        let part =
            |name: &str, values: &[u64], rest| Part { name: name.to_owned(), values: values.to_vec(), rest };
        let labels = ["1 Nov".to_owned(), "2 Nov".to_owned()];
        let parts = [part("a", &[2, 0], false), part("others", &[2, 1], true)];
        let text = stack("Cost", &labels, &parts, |value| format!("<{value}>"), |value| value.to_string());
        let text = text.into_string();
        // The scale ends at four: two of it is half, and what stands on it ends at the top.
        assert!(text.contains("class=\"part-0\" d=\"M70 500h360v500h-360z\""), "{text}");
        assert!(
            text.contains("class=\"part-rest\" d=\"M70 0h360v500h-360zM570 750h360v250h-360z\""),
            "{text}"
        );
        assert!(text.contains("<title>1 Nov: &lt;4&gt;</title>"), "{text}");
        let none = stack("None", &labels, &[], |_| "$0.00".to_owned(), |_| String::new()).into_string();
        assert!(none.contains("All of it is $0.00") && !none.contains("<svg"), "{none}");
    }
}
