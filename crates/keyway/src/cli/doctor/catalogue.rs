//! Providers and models: credentials that are there, prices that are not.

use super::{Check, few};
use crate::app::start;
use crate::base::Clock;
use crate::catalog::Model;
use crate::config::Config;

pub(super) fn look(config: &Config) -> Vec<Check> {
    const NAME: &str = "providers";
    let mut checks: Vec<Check> =
        config.on.iter().map(|on| credential(&on.provider, start::credential(on))).collect();
    if config.on.is_empty() {
        let fix = "set a provider's key, such as OPENAI_API_KEY, or write a [providers.NAME] table";
        checks.push(Check::warn(NAME, "none is on: only the sandbox answers", fix));
    }
    let now_ms = Clock::system().now_ms();
    let unpriced: Vec<&str> = unpriced(config.catalog.models().iter().map(AsRef::as_ref), now_ms);
    checks.push(if unpriced.is_empty() {
        Check::ok("prices", format!("all {} models have one", config.catalog.models().len()))
    } else {
        let fix = "give each a price in keyway.toml: [models.\"NAME\"] price = { input = ..., output = ... }";
        Check::warn("prices", format!("none for {}", few(&unpriced)), fix)
    });
    checks
}

fn credential<T>(provider: &str, found: Result<Option<T>, crate::base::Fault>) -> Check {
    const NAME: &str = "provider";
    match found {
        Ok(Some(_)) => Check::ok(NAME, format!("{provider} has its credential")),
        Ok(None) => Check::ok(NAME, format!("{provider} works without a credential")),
        Err(fault) => Check::fail(NAME, format!("{provider}: {fault}"), "set it, or take the provider out"),
    }
}

fn unpriced<'a>(models: impl Iterator<Item = &'a Model>, now_ms: i64) -> Vec<&'a str> {
    models.filter(|model| model.prices.at(now_ms).is_none()).map(|model| &*model.id).collect()
}

#[cfg(test)]
mod tests {
    use super::super::State;
    use super::*;
    use crate::base::Fault;

    #[test]
    fn credentials_are_there_or_not() {
        assert_eq!(credential("a", Ok(Some(()))).state, State::Ok);
        assert_eq!(credential::<()>("a", Ok(None)).state, State::Ok);
        let missing = credential::<()>("a", Err(Fault::plain("A_KEY is not set")));
        assert_eq!((missing.state, missing.detail.as_str()), (State::Fail, "a: A_KEY is not set"));
    }
}
