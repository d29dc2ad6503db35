//! The one table of settings: every flag, variable, default, check and document comes from it.

use super::kind::{Kind, Value};
use crate::base::Secret;
use ipnet::IpNet;
use std::net::SocketAddr;
use std::path::PathBuf;

/// A row of the table.
#[derive(Debug, Clone, Copy)]
pub struct Setting {
    /// Its name in the file; in the environment `KEYWAY_` and this in capitals.
    pub path: &'static str,
    /// What it may be.
    pub kind: Kind,
    /// The text of its default; empty where there is none.
    pub default: &'static str,
    /// A text to show in examples where there is no default.
    pub example: &'static str,
    /// Its own flag; every other setting is given by `--set path=value`.
    pub flag: Option<&'static str>,
    /// What it is for.
    pub doc: &'static str,
}

impl Setting {
    /// Its environment variable.
    #[must_use]
    pub fn env(&self) -> String {
        format!("KEYWAY_{}", self.path.replace('.', "__").to_ascii_uppercase())
    }
}

macro_rules! settings {
    ($( $name:ident: $type:ty = $take:ident, $kind:expr, $default:literal, $example:literal, $flag:expr, $doc:literal; )*) => {
        /// The checked settings.
        #[derive(Clone)]
        pub struct Settings { $( #[doc = $doc] pub $name: $type, )* }

        /// Every setting, in the order of the documentation.
        pub const TABLE: &[Setting] = &[ $( Setting {
            path: stringify!($name), kind: $kind, default: $default, example: $example, flag: $flag, doc: $doc,
        }, )* ];

        /// Puts the values, in the order of [`TABLE`], into their fields.
        pub(super) fn settle<'v>(values: impl IntoIterator<Item = &'v Value>) -> Settings {
            let mut values = values.into_iter();
            Settings { $( $name: $take(values.next()), )* }
        }
    };
}

const SECOND_MS: u64 = 1000;
const HOUR_MS: u64 = 3600 * SECOND_MS;
const KIB: u64 = 1 << 10;
const MIB: u64 = 1 << 20;
const GIB: u64 = 1 << 30;

settings! {
    listen: SocketAddr = address, Kind::Address, "127.0.0.1:8080", "", Some("--listen"),
        "Address and port that clients connect to. Beyond loopback it needs an owner or an admin key first.";
    insecure_http: bool = flag, Kind::Flag, "false", "", None,
        "Allow plain HTTP beyond loopback: keys then cross the network unencrypted.";
    tls_certificate_file: Option<PathBuf> = path_optional, Kind::PathOptional, "", "/etc/keyway/tls.crt", None,
        "PEM file of the certificate and what it was signed with. Set together with tls_key_file, the port speaks TLS. Read again when it changes.";
    tls_key_file: Option<PathBuf> = path_optional, Kind::PathOptional, "", "/etc/keyway/tls.key", None,
        "PEM file of the certificate's private key.";
    trusted_proxies: Vec<IpNet> = networks, Kind::Networks, "", "10.0.0.0/8", None,
        "Networks of the proxies in front: only they are believed when they say in X-Forwarded-For and X-Forwarded-Proto who the client is and that it came by https.";
    data_dir: PathBuf = path, Kind::Path, "keyway-data", "", Some("--data-dir"),
        "Folder of the journal and, unless set otherwise, the database and the master key. One server per folder.";
    database: Option<Secret> = secret, Kind::DatabaseUrl, "", "postgres://keyway@127.0.0.1/keyway", Some("--database"),
        "PostgreSQL URL. Without it: SQLite in data_dir.";
    master_key: Option<Secret> = secret, Kind::Secret, "", "", None,
        "The master key itself, 32 bytes in hex or base64. Read from the environment only; never beside master_key_file.";
    master_key_file: Option<PathBuf> = path_optional, Kind::PathOptional, "", "/etc/keyway/master.key", None,
        "File that holds the master key. Without it: master.key in data_dir, made at the first start.";
    public_url: String = text, Kind::Origin, "", "https://keys.example.com", None,
        "Where people reach this server: what messages link to. Without it: the address it listens on.";
    mail_smtp: Option<Secret> = secret, Kind::MailUrl, "", "smtps://user:password@mail.example.com", None,
        "Mail server that sends messages to people. Without it they are written into the folder mail in data_dir.";
    mail_from: String = text, Kind::Line, "Keyway <keyway@localhost>", "", None,
        "Who messages are from.";
    registration: String = text, Kind::Word(&["closed", "invitation", "domain", "open"]), "invitation", "", None,
        "Who may make an account: nobody, who is invited, who has an address in registration_domains as well, anybody.";
    registration_domains: String = text, Kind::Line, "", "example.com, example.org", None,
        "Domains of addresses that may register, apart by commas.";
    terms_version: String = text, Kind::Line, "", "2026-11", None,
        "Version of the terms that people accept before they use the console, and again when it changes. Without it: none.";
    terms_url: String = text, Kind::Line, "", "https://example.com/terms", None,
        "Where the terms can be read.";
    session_idle_minutes: u64 = number, Kind::Number(5, 43_200), "720", "", None,
        "How long a session at the console lasts without use, minutes.";
    session_days_max: u64 = number, Kind::Number(1, 365), "30", "", None,
        "How long a session at the console lasts in all, days.";
    metrics_listen: Option<SocketAddr> = address_optional, Kind::AddressOptional, "", "127.0.0.1:9090", None,
        "Address and port where GET /metrics is served without a key. Without it: off.";
    otlp_endpoint: String = text, Kind::Origin, "", "http://127.0.0.1:4318", None,
        "Collector that takes traces and metrics as OTLP over HTTP in JSON (/v1/traces, /v1/metrics). Without it: off.";
    status_page: bool = flag, Kind::Flag, "false", "", None,
        "Show everybody how this server and its providers are, at /status.";
    public_models: bool = flag, Kind::Flag, "false", "", None,
        "Show everybody the models that everybody may call, with their prices, at /docs/models.";
    workers: u64 = number, Kind::Number(0, 1024), "0", "", None,
        "Threads that serve inference. 0: one per core.";
    connections_max: u64 = number, Kind::Number(1, 1_000_000), "10000", "", None,
        "Client connections open at a time, over all workers; fewer where the limit on open files has no room for them.";
    connections_per_address_max: u64 = number, Kind::Number(1, 1_000_000), "1000", "", None,
        "Client connections open at a time from one address (IPv6: one /64 network). Loopback and trusted_proxies are not counted: through them, everybody comes.";
    request_body_bytes_max: u64 = number, Kind::Bytes(KIB, GIB), "32 MiB", "", None,
        "Longest inference request body.";
    requests_running_max: u64 = number, Kind::Number(1, 1_000_000), "10000", "", None,
        "Requests to models answered at a time, over all workers; more are refused with 503 before their body is read.";
    request_bodies_bytes_max: u64 = number, Kind::Bytes(MIB, 1024 * GIB), "1 GiB", "", None,
        "Bytes of request bodies held at a time, over all workers; more are refused with 503.";
    account_queue_max: u64 = number, Kind::Number(0, 1_000_000), "1000", "", None,
        "Requests that wait for a place in one provider's account (concurrency_max), at most.";
    account_wait_ms_max: u64 = number, Kind::Number(0, HOUR_MS), "30000", "", None,
        "How long a request waits for a place in a provider's account, milliseconds.";
    header_timeout_ms: u64 = number, Kind::Number(100, HOUR_MS), "10000", "", None,
        "From the first byte of a request to the end of its headers, milliseconds.";
    body_timeout_ms: u64 = number, Kind::Number(100, HOUR_MS), "120000", "", None,
        "From the end of the headers to the end of the body, milliseconds.";
    body_bytes_per_second_min: u64 = number, Kind::Bytes(0, MIB), "1 KiB", "", None,
        "Slowest a request body may come on average, per second, after body_rate_grace_ms. 0: only body_timeout_ms counts.";
    body_rate_grace_ms: u64 = number, Kind::Number(100, HOUR_MS), "10000", "", None,
        "How long a request body may take before its rate counts, milliseconds.";
    idle_timeout_ms: u64 = number, Kind::Number(100, HOUR_MS), "75000", "", None,
        "How long a client connection may wait between requests, milliseconds.";
    write_stall_timeout_ms: u64 = number, Kind::Number(100, HOUR_MS), "30000", "", None,
        "How long a client may take no bytes of its answer, milliseconds.";
    drain_notice_ms: u64 = number, Kind::Number(0, HOUR_MS), "1000", "", None,
        "After SIGTERM: how long connections are still accepted while readiness says no, milliseconds.";
    drain_timeout_ms: u64 = number, Kind::Number(0, 24 * HOUR_MS), "600000", "", None,
        "After SIGTERM: how long running requests may take to finish, milliseconds.";
    upstream_connect_timeout_ms: u64 = number, Kind::Number(100, HOUR_MS), "5000", "", None,
        "Name lookup, TCP and TLS to a provider together, milliseconds.";
    upstream_write_timeout_ms: u64 = number, Kind::Number(100, HOUR_MS), "60000", "", None,
        "Writing a whole request to a provider, milliseconds.";
    upstream_first_byte_timeout_ms: u64 = number, Kind::Number(100, 24 * HOUR_MS), "600000", "", None,
        "From the request written to the provider's answer begun, milliseconds.";
    upstream_idle_timeout_ms: u64 = number, Kind::Number(100, 24 * HOUR_MS), "120000", "", None,
        "Longest silence within a provider's answer, milliseconds.";
    provider_balance_seconds: u64 = number, Kind::Number(0, 86_400), "600", "", None,
        "How often providers that tell it are asked what is left on our accounts, seconds. 0: never.";
    stream_keep_alive_ms: u64 = number, Kind::Number(100, HOUR_MS), "15000", "", None,
        "Silence of a provider within a stream after which its client gets a sign of life (a ping or a comment), milliseconds; it comes within twice as long.";
    upstream_answer_bytes_max: u64 = number, Kind::Bytes(MIB, 64 * GIB), "256 MiB", "", None,
        "Longest answer taken from a provider.";
    upstream_connections_idle_max: u64 = number, Kind::Number(0, 100_000), "256", "", None,
        "Unused connections kept, per provider and worker.";
    upstream_connection_idle_timeout_ms: u64 = number, Kind::Number(0, HOUR_MS), "30000", "", None,
        "How long an unused connection to a provider is kept, milliseconds.";
    attempts_max: u64 = number, Kind::Number(1, 16), "3", "", None,
        "Attempts at a request that several models or providers can serve, the first included. One that reaches nobody is not counted.";
    attempts_alone_max: u64 = number, Kind::Number(1, 16), "1", "", None,
        "Attempts at a request that only one provider can serve. Clients' libraries repeat such requests themselves.";
    attempts_timeout_ms: u64 = number, Kind::Number(100, 24 * HOUR_MS), "600000", "", None,
        "From a request read to its answer begun, over all attempts, milliseconds.";
    egress_networks: Vec<IpNet> = networks, Kind::Networks, "", "10.20.0.0/16", None,
        "Private networks that URLs of callers may lead to (images, webhooks, identity providers), by plain http too. Without them: public addresses by https, and never this machine.";
    sync_age_seconds_max: u64 = number, Kind::Number(2, 600), "30", "", None,
        "How long a server goes on without reaching its database, seconds; then requests are refused.";
    budget_key_share_percent_max: u64 = number, Kind::Number(1, 100), "50", "", None,
        "How much of what is reserved of a budget or balance one key may have while another waits for it, percent.";
    journal_segment_bytes: u64 = number, Kind::Bytes(64 * KIB, GIB), "4 MiB", "", None,
        "Size of a journal file. Each worker keeps one in use and one spare.";
    response_cache_bytes_max: u64 = number, Kind::Bytes(0, 64 * GIB), "64 MiB", "", None,
        "Answers kept in memory, for projects and keys whose policy says so. 0: none.";
    response_cache_ttl_seconds: u64 = number, Kind::Number(1, 7 * 86_400), "300", "", None,
        "How long a kept answer is given again, seconds, where no policy says.";
    response_cache_charged: bool = flag, Kind::Flag, "false", "", None,
        "Charge budgets and balances for a kept answer as for the first one. Without it: it is free.";
    requests_retention_days: u64 = number, Kind::Number(1, 3650), "30", "", None,
        "How long the row of a single request is kept, days. Totals are kept for good.";
    reasoning_kept_minutes: u64 = number, Kind::Number(0, 10_080), "1440", "", None,
        "How long a model's reasoning is kept, sealed, for clients that cannot bring back what its provider wants back of a turn with tool calls, minutes. 0: nothing of it is kept.";
    log: String = text, Kind::LogFilter, "info", "", None,
        "How much is logged: error, warn, info, debug, trace, or levels by module.";
    log_requests: bool = flag, Kind::Flag, "true", "", None,
        "Write one line per request to the log.";
}

/// Variables that begin with `KEYWAY_` and belong to commands, not to settings.
pub const COMMAND_ENV: &[&str] =
    &["KEYWAY_CONFIG", "KEYWAY_API_KEY", "KEYWAY_ADMIN_KEY", "KEYWAY_URL", "KEYWAY_TEST_DATABASE"];

// The kinds of the table and these fit together row by row; a test loads every row. The other arms
// are never reached.

fn address(value: Option<&Value>) -> SocketAddr {
    address_optional(value).unwrap_or_else(|| SocketAddr::from(([127, 0, 0, 1], 8080)))
}

fn address_optional(value: Option<&Value>) -> Option<SocketAddr> {
    if let Some(Value::Address(address)) = value { *address } else { None }
}

fn path(value: Option<&Value>) -> PathBuf {
    path_optional(value).unwrap_or_else(|| PathBuf::from("keyway-data"))
}

fn path_optional(value: Option<&Value>) -> Option<PathBuf> {
    if let Some(Value::Path(path)) = value { path.clone() } else { None }
}

fn secret(value: Option<&Value>) -> Option<Secret> {
    if let Some(Value::Secret(secret)) = value { secret.clone() } else { None }
}

fn text(value: Option<&Value>) -> String {
    if let Some(Value::Text(text)) = value { text.clone() } else { String::new() }
}

fn networks(value: Option<&Value>) -> Vec<IpNet> {
    if let Some(Value::Networks(networks)) = value { networks.clone() } else { Vec::new() }
}

fn flag(value: Option<&Value>) -> bool {
    matches!(value, Some(Value::Flag(true)))
}

fn number(value: Option<&Value>) -> u64 {
    if let Some(Value::Number(number)) = value { *number } else { 0 }
}
