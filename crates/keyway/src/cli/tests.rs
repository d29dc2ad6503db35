use super::*;

fn parsed(line: &str) -> Result<Args, clap::Error> {
    parse(std::iter::once("keyway").chain(line.split_whitespace()).map(OsString::from).collect())
}

#[test]
fn the_tree_of_commands_holds_together() {
    Args::command().debug_assert();
}

#[test]
fn what_is_built_is_taken_and_what_is_not_is_refused() {
    let taken = [
        "serve --listen 127.0.0.1:0 --data-dir d --config c --database postgres://x --set log=debug",
        "init --force",
        "config check --json",
        "config show --origin",
        "config schema",
        "key create --name n --project P --scope a --scope b --model m* --expires 90d --test --json",
        "key create --name n --scope a b --model m",
        "key create --name n --endpoint /v1/models --label a=b c=d --metadata e=f --idle-expires 30d",
        "key edit key_1 --not-before 2026-12-01T00:00:00Z --clear label metadata --rpm 5",
        "key rotate key_1 --overlap 24h",
        "key rotate key_1 --overlap 0",
        "key secret list key_1",
        "key secret delete key_1 AbCdEfGhIjKl",
        "key compromised key_1 --replace --since 7d --yes",
        "key create --name n --rpm 5 --tpm 5 --rpd 5 --tpd 5 --concurrency 5",
        "key edit key_1 --rpm none",
        "key create --name n --budget 10usd/month",
        "budget list --key key_1",
        "credit grant 10usd --kind topped_up --note n",
        "credit grant -5 --json",
        "credit set --prepaid false",
        "tier create --name n --rpm 5 --markup-ppm 250000 --model a/* --capability tools",
        "tier edit tier_new --any-model",
        "org edit org_1 --no-tier",
        "db status --json",
        "db verify-ledger",
        "db backup f",
        "budget create --name n --limit 0.021usd/total --project P --model a/* --enforcement soft --threshold 50 90",
        "budget edit bud_1 --limit 20usd --reserve full",
        "budget remove bud_1 --yes",
        "limit list --project Default --json",
        "limit set --organization --model a/b --concurrency 5",
        "key list --project Default",
        "key show key_1",
        "key revoke key_1 --yes",
        "--no-input --no-color key disable key_1",
        "key enable key_1 --data-dir d --config c",
        "admin-key create --name n --scope read:keys --expires 1w",
        "admin-key list --json",
        "admin-key revoke key_1",
        "key create --name n --ip 10.0.0.0/8 --owner user_1",
        "admin-key create --name n --org acme --project proj_1 --ip 10.0.0.7",
        "admin-key revoke key_1 --hand-over --yes",
        "org list",
        "org create --name acme",
        "project edit shop --any-ip",
        "project models shop --deny a/b",
        "project member add shop user_1 --role member",
        "role give user_1 role_1 --project shop",
        "admin-key compromised key_1 --replace --hand-over",
        "settings addresses --ip 10.0.0.0/8",
        "member remove a@b.c --hand-over-to d@b.c --yes",
        "service-account create --name ci --alone",
        "role create --name sums --permission read:usage",
        "model list",
        "model show a/b",
        "usage --since 7d --by key,model,project,provider,day --csv",
        "usage --json",
        "log list --key key_1 --status 429 --since 1d --limit 5",
        "log show req_1 --json",
        "key review --json",
        "audit list --event a.b --actor a --resource b --project c --since 7d --limit 5",
        "audit list --export f",
        "audit verify --file f --json",
        "explain --key key_1 --model a/b --path /v1/models --ip 10.0.0.1 --max-tokens 5",
        "doctor --json",
        "chat -m a/b Hello",
        "chat --url http://127.0.0.1:1",
        "sandbox --listen 127.0.0.1:0",
        "completion bash",
        "completion zsh",
        "completion fish",
    ];
    for line in taken {
        assert!(parsed(line).is_ok(), "{line}: {}", parsed(line).unwrap_err());
    }
    let refused = [
        "",
        "key",
        "key create",
        "key create --name n --budget 10usd",
        "key create --name n --rpm 0",
        "key edit --rpm 5",
        "limit set --organization --project P --rpm 5",
        "key create --name n --expires soon",
        "key create --name n sk-live",
        "key rotate key_1",
        "key rotate key_1 --overlap soon",
        "key edit key_1 --clear name",
        "key create --name n --label team",
        "key create --name n --not-before tomorrow",
        "org fly",
        "usage --by colour",
        "usage --csv --json",
        "log list --limit 0",
        "log list --after key_1",
        "log tail",
        "audit",
        "audit list --after key_1",
        "audit list --export f --event a.b",
        "explain --model a/b",
        "chat --key sk-kw-live-x Hello",
        "serve --set log",
        "admin-key enable key_1",
        "settings edit",
        "role create --name sums",
        "project models shop --any --allow a/b",
        "completion tcsh",
    ];
    for line in refused {
        let error = parsed(line).unwrap_err();
        assert_eq!(error.exit_code(), 2, "{line}: {error}");
    }
    assert_eq!(parsed("--help").unwrap_err().exit_code(), 0);
    assert_eq!(parsed("--version").unwrap_err().exit_code(), 0);
    assert_eq!(parsed("key --help").unwrap_err().exit_code(), 0);
}

#[test]
fn refusals_become_exit_codes() {
    use crate::base::{Code, Fault, Refusal, Trouble};
    let table = [
        (Code::NotFound, failure::NOT_FOUND),
        (Code::InvalidRequest, failure::USAGE),
        (Code::MissingScope, failure::PERMISSION),
        (Code::Conflict, failure::FAILED),
    ];
    for (code, expected) in table {
        assert_eq!(Failure::from(Refusal::new(code, "x")).code, expected, "{code:?}");
    }
    assert_eq!(Failure::from(Trouble::Fault(Fault::plain("x"))).code, failure::FAILED);
}
