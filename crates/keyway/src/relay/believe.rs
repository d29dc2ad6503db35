//! Whether a provider's usage report can be true, held against what was counted on the way.

use dialect::openai_chat::{Anomaly, Report};

/// Most bytes of answer that one output token stands for. Tokens of real text stand for about four,
/// in no language and no code for more than a dozen; the factor leaves room for runs of spaces.
const BYTES_PER_TOKEN_MAX: u64 = 64;

/// Whether `report` can be true of an answer of `output_bytes`. Too much cannot be told from here, for
/// reasoning is hidden and images cost what they cost; nothing, less than nothing, a billion tokens
/// and far fewer tokens than text can.
#[must_use]
pub fn can_be_true(report: &Report, output_bytes: u64) -> bool {
    let absurd = matches!(report.anomaly, Some(Anomaly::Zero | Anomaly::Negative | Anomaly::Huge));
    !absurd && report.usage.output().saturating_mul(BYTES_PER_TOKEN_MAX) >= output_bytes
}

#[cfg(test)]
mod tests {
    use super::can_be_true;
    use dialect::openai_chat::usage::{UsageRule, of_body};

    #[test]
    fn reports_are_held_against_the_answer() {
        let table = [
            (r#"{"prompt_tokens":9,"completion_tokens":25}"#, 100, true),
            (r#"{"prompt_tokens":9,"completion_tokens":9000}"#, 100, true),
            (r#"{"prompt_tokens":9,"completion_tokens":0}"#, 0, true),
            (r#"{"prompt_tokens":9,"completion_tokens":2,"total_tokens":7}"#, 100, true),
            (r#"{"prompt_tokens":9,"completion_tokens":2}"#, 129, false),
            (r#"{"prompt_tokens":9,"completion_tokens":0}"#, 1, false),
            (r#"{"prompt_tokens":0,"completion_tokens":0}"#, 0, false),
            (r#"{"prompt_tokens":-9,"completion_tokens":25}"#, 100, false),
            (r#"{"prompt_tokens":9,"completion_tokens":1e18}"#, 100, false),
        ];
        for (usage, output_bytes, believed) in table {
            let report = of_body(format!("{{\"usage\":{usage}}}").as_bytes(), UsageRule::default());
            assert_eq!(can_be_true(&report.unwrap(), output_bytes), believed, "{usage} of {output_bytes}");
        }
    }
}
