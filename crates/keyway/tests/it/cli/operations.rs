//! Every operation of the management API by command: a route without one fails here, and so does a command
//! that prints another object than its route.

use crate::table::{World, is_write, routes};
use keyway::access::verify::Needs;
use keyway::relay::Route;
use std::collections::BTreeSet;
use testkit::{Value, json};

/// The operation's name in the route table, and the command; `{name}` is an id of the world, `~` a space, and
/// what stands behind `<` is its input. In the order in which they can be done.
const COMMANDS: &[(&str, &str)] = &[
    ("key_list", "key list --project {project}"),
    ("key_get", "key show {key}"),
    ("key_timeline", "key timeline {key}"),
    ("key_secret_list", "key secret list {turned_key}"),
    ("key_secret_get", "key secret show {turned_key} {secret}"),
    ("settings_get", "settings show"),
    ("admin_key_list", "admin-key list"),
    ("admin_key_get", "admin-key show {admin_key}"),
    ("admin_key_secret_list", "admin-key secret list {turned_admin}"),
    ("admin_key_secret_get", "admin-key secret show {turned_admin} {admin_secret}"),
    ("user_list", "member list"),
    ("user_get", "member show {user}"),
    ("user_roles", "role held {user}"),
    ("user_role", "role held {user} {role}"),
    ("invite_list", "invite list"),
    ("invite_get", "invite show {invite}"),
    ("group_list", "group list"),
    ("group_get", "group show {group}"),
    ("group_users", "group users {group}"),
    ("group_roles", "role held {group}"),
    ("group_role", "role held {group} {role}"),
    ("role_list", "role list"),
    ("role_get", "role show {role}"),
    ("projects", "project list"),
    ("project", "project show {project}"),
    ("model_permissions", "project models {project}"),
    ("project_users", "project member list {project}"),
    ("project_user", "project member show {project} {user}"),
    ("project_groups", "project member list {project} --groups"),
    ("project_group", "project member show {project} {group}"),
    ("service_account_list", "service-account list --project {project}"),
    ("service_account", "service-account show {account}"),
    ("project_limit_list", "limit list --project {project}"),
    ("organization_limit_list", "limit list --organization"),
    ("project_policy", "policy show --project {project}"),
    ("key_policy", "policy show --key {key}"),
    ("ip_allowlist", "settings addresses"),
    ("organization_list", "org list"),
    ("organization", "org show {organization}"),
    ("project_role_list", "role list --project {project}"),
    ("project_role_get", "role show {project_role} --project {project}"),
    ("project_user_roles", "role held {user} --project {project}"),
    ("project_user_role", "role held {user} {project_role} --project {project}"),
    ("project_group_roles", "role held {group} --project {project}"),
    ("project_group_role", "role held {group} {project_role} --project {project}"),
    ("usage_completions", "usage --by day"),
    ("usage_embeddings", "usage --of embeddings --by day"),
    ("usage_rerank", "usage --of rerank --by day"),
    ("usage_moderations", "usage --of moderations --by day"),
    ("usage_images", "usage --of images --by day"),
    ("usage_audio_speeches", "usage --of audio_speeches --by day"),
    ("usage_audio_transcriptions", "usage --of audio_transcriptions --by day"),
    ("costs", "usage --costs --by day"),
    ("budget_list", "budget list"),
    ("budget_get", "budget show {budget}"),
    ("route_list", "route list"),
    ("route_get", "route show {route}"),
    ("credit_get", "credit show"),
    ("credit_list", "credit list"),
    ("tier_list", "tier list"),
    ("tier_get", "tier show {tier}"),
    ("verification_list", "verification list"),
    ("verification_get", "verification show {verification_request}"),
    ("limit_increase_list", "limit-increase list"),
    ("limit_increase_get", "limit-increase show {limit_increase_request}"),
    ("request_list", "log list"),
    ("request_get", "log show {request}"),
    ("nodes", "node list"),
    ("model_list", "model list"),
    ("model_get", "model show mine/set"),
    ("price_list", "model prices"),
    ("provider_list", "provider list"),
    ("provider_get", "provider show {provider}"),
    ("provider_credential_list", "provider credential list {provider}"),
    ("provider_credential_get", "provider credential show {provider} {credential}"),
    ("provider_test", "provider test {provider}"),
    ("audit_list", "audit list"),
    ("audit_verify", "audit verify"),
    ("notification_list", "audit notifications"),
    ("key_review", "key review"),
    ("explain", "explain --key {key} --model mine/small"),
    ("key_create", "key create --name new~name --project {project}"),
    ("key_edit", "key edit {key} --rpm 100000"),
    ("key_rotate", "key rotate {key} --overlap 1h"),
    ("key_disable", "key disable {key}"),
    ("key_enable", "key enable {resting_key}"),
    ("key_compromised", "key compromised {key} --replace --yes"),
    ("key_revoke", "key revoke {key} --yes"),
    ("key_secret_delete", "key secret delete {turned_key} {secret}"),
    ("settings_update", "settings edit --key-names *"),
    ("ip_allowlist_set", "settings addresses --ip 127.0.0.0/8"),
    ("admin_key_create", "admin-key create --name new~name"),
    ("admin_key_edit", "admin-key edit {admin_key} --name new~name"),
    ("admin_key_rotate", "admin-key rotate {admin_key} --overlap 1h"),
    ("admin_key_secret_delete", "admin-key secret delete {turned_admin} {admin_secret}"),
    ("admin_key_compromised", "admin-key compromised {admin_key} --replace --yes"),
    ("admin_key_revoke", "admin-key revoke {admin_key} --yes"),
    ("role_create", "role create --name new~role --permission read:keys"),
    ("role_update", "role edit {role} --description new"),
    ("role_remove", "role remove {role3} --yes"),
    ("project_role_create", "role create --project {project} --name new~there --permission read:usage"),
    ("project_role_update", "role edit {project_role} --project {project} --description new"),
    ("project_role_remove", "role remove {project_role3} --project {project} --yes"),
    ("user_add", "member create --email new@example.com --role developer"),
    ("user_update", "member edit {user} --name new~name"),
    ("user_role_give", "role give {user} {role2}"),
    ("user_role_take", "role take {user} {role}"),
    ("group_create", "group create --name new~name"),
    ("group_update", "group edit {group} --name new~name"),
    ("group_user_add", "group add {group} {user2}"),
    ("group_user_remove", "group take {group} {user}"),
    ("group_role_give", "role give {group} {role2}"),
    ("group_role_take", "role take {group} {role}"),
    ("invite_create", "invite create --email newer@example.com --role developer"),
    ("invite_accept", "invite accept --name Three < {token}"),
    ("invite_remove", "invite remove {invite} --yes"),
    ("project_create", "project create --name new~name"),
    ("project_update", "project edit {project} --name new~name"),
    ("model_permissions_set", "project models {project} --deny mine/other"),
    ("model_permissions_remove", "project models {project} --any"),
    ("project_user_add", "project member add {project} {user2} --role member"),
    ("project_user_update", "project member edit {project} {user} --role viewer"),
    ("project_user_role_give", "role give {user} {project_role2} --project {project}"),
    ("project_user_role_take", "role take {user} {project_role} --project {project}"),
    ("project_user_remove", "project member remove {project} {user}"),
    ("project_group_add", "project member add {project} {group2} --role member"),
    ("project_group_role_give", "role give {group} {project_role2} --project {project}"),
    ("project_group_role_take", "role take {group} {project_role} --project {project}"),
    ("project_group_remove", "project member remove {project} {group}"),
    ("service_account_create", "service-account create --name robot --project {project} --alone"),
    ("service_account_update", "service-account edit {account} --name new~name"),
    ("service_account_key", "service-account key {account} --name new~name"),
    ("service_account_remove", "service-account remove {account} --yes"),
    ("project_limit_edit", "limit set --project {project} --rpd 1000000"),
    ("organization_limit_edit", "limit set --organization --rpd 1000000"),
    ("project_policy_edit", "policy set --project {project} --cache deterministic"),
    ("key_policy_edit", "policy set --key {key} --cache deterministic"),
    ("user_remove", "member remove {user} --yes"),
    ("group_remove", "group remove {group} --yes"),
    ("model_put", "model set mine/added --context-tokens 1000"),
    ("price_create", "model price mine/set --input 0.25 --output 0.75"),
    ("price_delete", "model price mine/set --delete {price}"),
    ("model_delete", "model remove mine/gone --yes"),
    ("route_create", "route add new --target mine/small"),
    ("route_update", "route edit {route} --target mine/small=2"),
    ("route_remove", "route remove {route} --yes"),
    ("provider_put", "provider set near --base-url http://127.0.0.1:9/v1"),
    ("provider_switch", "provider enable {provider}"),
    ("provider_credential_create", "provider add {provider} < sk-far-zyxwvutsrqponmlkjihg"),
    ("provider_credential_update", "provider credential edit {provider} {credential} --name other"),
    ("provider_credential_delete", "provider credential remove {provider} {credential2} --yes"),
    ("provider_delete", "provider remove {provider} --yes"),
    ("budget_create", "budget create --name new --limit 1usd/day"),
    ("budget_update", "budget edit {budget} --name other --limit 2.5usd"),
    ("budget_remove", "budget remove {budget} --yes"),
    ("alert_list", "alert list"),
    ("alert_get", "alert show {alert}"),
    ("alert_preview", "alert preview {alert}"),
    ("alert_events", "alert events"),
    ("alert_create", "alert create --name new --on usage"),
    ("alert_update", "alert edit {alert} --name other --threshold 2.5"),
    ("alert_test", "alert test {alert}"),
    ("alert_remove", "alert remove {alert} --yes"),
    ("webhook_list", "webhook list"),
    ("webhook_get", "webhook show {webhook}"),
    ("webhook_create", "webhook create --name new < https://hooks.example.com/y"),
    ("webhook_update", "webhook edit {webhook} --name other"),
    ("webhook_test", "webhook test {webhook}"),
    ("notification_replay", "webhook replay {notification}"),
    ("webhook_remove", "webhook remove {webhook} --yes"),
    ("credit_update", "credit set --prepaid false"),
    ("credit_grant", "credit grant 1usd"),
    ("tier_create", "tier create --name new~one"),
    ("tier_update", "tier edit {tier} --markup-ppm 1"),
    ("verification_ask", "verification ask --purpose a~bank"),
    ("verification_decide", "verification decide {verification_request} --reject --note no"),
    ("limit_increase_ask", "limit-increase ask --purpose a~bank --concurrency 5"),
    ("limit_increase_decide", "limit-increase decide {limit_increase_request} --reject --note no"),
    ("organization_create", "org create --name new~name"),
    ("organization_update", "org edit {organization} --name new~name"),
    ("organization_archive", "org remove {organization} --yes"),
    ("project_archive", "project remove {project} --yes"),
];

/// What a moment makes different: only the names and types of what they say are compared.
const OF_THE_MOMENT: [&str; 6] =
    ["key_timeline", "costs", "nodes", "explain", "notification_list", "provider_test"];
/// These too; and the export, which is CSV and not JSON either way (`usage --csv`).
const USAGE: &str = "usage_";

/// The rows of the table that manage.
fn managing() -> impl Iterator<Item = &'static Route> {
    routes().filter(|route| {
        (matches!(route.needs, Needs::Admin(..)) && !["metrics", "usage_export"].contains(&route.name))
            || route.name == "invite_accept"
    })
}

fn run(world: &World, command: &str) -> testkit::keyway::Output {
    let mut filled = command.replace("{token}", &world.token);
    for (name, id) in &world.ids {
        filled = filled.replace(&format!("{{{name}}}"), id);
    }
    let (command, input) = filled.split_once(" < ").unwrap_or((&filled, ""));
    let words: Vec<String> = command.split(' ').map(|word| word.replace('~', " ")).collect();
    let mut arguments: Vec<&str> = words.iter().map(String::as_str).collect();
    arguments.push("--json");
    world.scene.keyway.cli_with_input(&arguments, input.as_bytes())
}

/// Ids, secrets, handles and times: alike in two worlds and not the same.
fn alike(value: &Value) -> Value {
    match value {
        Value::String(text) => {
            let id = text.split_once('_').filter(|(_, rest)| rest.len() == 26);
            // Each world has a provider of its own.
            if text.starts_with("http://127.0.0.1:") {
                return json!("http://127.0.0.1");
            }
            if text.starts_with("whsec_") {
                return json!("whsec_");
            }
            let secret = text.split_once("-kw-");
            let kid = text.len() == 12
                && text.chars().all(|letter| letter.is_ascii_alphanumeric())
                && text.chars().any(|letter| letter.is_ascii_digit() || letter.is_ascii_uppercase());
            match (id, secret) {
                (Some((prefix, _)), _) => json!(format!("{prefix}_")),
                (_, Some((prefix, _))) => json!(format!("{prefix}-kw-")),
                _ if kid => json!("kid"),
                _ => value.clone(),
            }
        }
        Value::Number(number) if number.as_i64().is_some_and(|it| it > 1_500_000_000) => json!("time"),
        Value::Array(items) => items.iter().map(alike).collect(),
        Value::Object(fields) => fields
            .iter()
            .map(|(name, value)| match name.as_str() {
                // At the keyboard it is whoever sits there.
                "asked_by" => (name.clone(), json!("who")),
                // A use is written now and then.
                "last_used_at" => (name.clone(), json!("time")),
                _ => (name.clone(), alike(value)),
            })
            .collect::<serde_json::Map<_, _>>()
            .into(),
        _ => value.clone(),
    }
}

/// Names and types, of lists those of the last entry.
fn shape(value: &Value) -> Value {
    match value {
        Value::Object(fields) => fields
            .iter()
            .map(|(name, value)| (name.clone(), shape(value)))
            .collect::<serde_json::Map<_, _>>()
            .into(),
        Value::Array(items) => json!([items.last().map(shape)]),
        Value::String(_) => json!("text"),
        Value::Number(_) => json!("number"),
        Value::Bool(_) => json!("flag"),
        Value::Null => json!("null"),
    }
}

#[test]
fn every_operation_has_a_command() {
    let rows: BTreeSet<&str> = managing().map(|route| route.name).collect();
    let commands: BTreeSet<&str> = COMMANDS.iter().map(|(name, _)| *name).collect();
    let without: Vec<_> = rows.difference(&commands).collect();
    assert!(without.is_empty(), "give these a command, and a line in cli/operations.rs: {without:?}");
    let gone: Vec<_> = commands.difference(&rows).collect();
    assert!(gone.is_empty(), "these are no routes: {gone:?}");
    assert_eq!(commands.len(), COMMANDS.len(), "one line for each");
}

#[test]
fn every_command_prints_the_object_of_its_route() {
    let (mut api, mut cli) = (World::start(), World::start());
    for world in [&mut api, &mut cli] {
        world.scene.chat(&world.live).expect_status(200);
        let line = testkit::eventually("a line of the log", || world.scene.requests().first().cloned());
        world.ids.insert("request", crate::stage::text(&line["id"]));
    }
    let mut done = 0;
    for (name, command) in COMMANDS {
        let route = managing().find(|route| route.name == *name).expect("a row");
        // What reads is asked of one world; what writes is done once by each way, each in its own.
        let reads = !is_write(route);
        let world = if reads { &cli } else { &api };
        let answer = world.call(route, &world.scene.admin);
        let output = run(&cli, command);
        if answer.status != 200 {
            assert!(!reads && [404, 409].contains(&answer.status), "{name}: {}", answer.text());
            assert!(output.code != Some(0) && output.stdout.is_empty(), "{command}: {output:?}");
            continue;
        }
        let output = output.expect_code(0);
        assert_eq!(output.stdout.lines().count(), 1, "{command}: {}", output.stdout);
        let (by_command, by_route) = (output.json(), answer.json());
        if OF_THE_MOMENT.contains(name) || name.starts_with(USAGE) {
            assert_eq!(shape(&by_command), shape(&by_route), "{command}\n{by_command}\n{by_route}");
        } else if reads {
            // A use of the caller's key may be written in between.
            assert_eq!(
                crate::stage::unused(output.stdout.trim_end()),
                crate::stage::unused(&answer.text()),
                "{command}"
            );
        } else {
            assert_eq!(alike(&by_command), alike(&by_route), "{command}");
        }
        done += 1;
    }
    assert!(done * 10 >= COMMANDS.len() * 9, "{done} of {}", COMMANDS.len());
}
