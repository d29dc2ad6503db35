//! Every kind of mistake in settings. Those of rows are tested with the catalogue.

use super::mistakes;

const FILE: &[(&str, &str)] = &[
    ("lisen = \"x\"\n", "keyway.toml:1:1: lisen is not a setting; did you mean `listen`?"),
    ("[provider.x]\n", "keyway.toml:1:2: provider is not a setting; did you mean `providers`?"),
    ("[log]\nlevel = \"info\"\n", "keyway.toml:1:1: log is not a string; write it in quotes"),
    ("listen = 8080\n", "keyway.toml:1:10: listen is not a string; write it in quotes"),
    ("listen = \"8080\"\n", "keyway.toml:1:10: listen is `8080`; write an address and a port"),
    (
        "listen = \"localhost:8080\"\n",
        "keyway.toml:1:10: listen is `localhost:8080`; write an address and a port",
    ),
    (
        "listen = \"0.0.0.0:8080\"\n",
        "keyway.toml:1:10: listen is 0.0.0.0:8080, which is plain HTTP beyond loopback",
    ),
    (
        "workers = \"2\"\n",
        "keyway.toml:1:11: workers is not a whole number; write a whole number from 0 to 1024, without quotes",
    ),
    ("workers = 2.5\n", "keyway.toml:1:11: workers is not a whole number"),
    ("workers = -2\n", "keyway.toml:1:11: workers is `-2`; write a whole number from 0 to 1024"),
    (
        "sync_age_seconds_max = 1\n",
        "keyway.toml:1:24: sync_age_seconds_max is `1`; write a whole number from 2 to 600",
    ),
    ("sync_age_seconds_max = 601\n", "keyway.toml:1:24: sync_age_seconds_max is `601`"),
    (
        "log_requests = \"true\"\n",
        "keyway.toml:1:16: log_requests is not true or false; write true or false, without quotes",
    ),
    (
        "request_body_bytes_max = \"32 MB\"\n",
        "keyway.toml:1:26: request_body_bytes_max is `32 MB`; write a size from 1 KiB to 1 GiB",
    ),
    ("request_body_bytes_max = 1\n", "keyway.toml:1:26: request_body_bytes_max is `1`; write a size"),
    ("log = \"inof\"\n", "keyway.toml:1:7: log is `inof`; write error, warn, info"),
    ("log = \"keyway=loud\"\n", "keyway.toml:1:7: log is `keyway=loud`; write error"),
    ("data_dir = \"\"\n", "keyway.toml:1:12: data_dir is ``; write a path"),
    ("database = \"mysql://u:canary@h/d\"\n", "keyway.toml:1:12: database is not a PostgreSQL URL; write"),
    (
        "trusted_proxies = \"10.0.0.0/8\"\n",
        "keyway.toml:1:19: trusted_proxies is not a list of networks; write a list such as",
    ),
    (
        "trusted_proxies = [\"10.0.0.0/33\"]\n",
        "keyway.toml:1:19: trusted_proxies holds `10.0.0.0/33`, which is no network; write an address",
    ),
    (
        "trusted_proxies = [\"10.0.0.1\", \"0.0.0.0/0\"]\n",
        "keyway.toml:1:19: trusted_proxies holds `0.0.0.0/0`, which is everybody",
    ),
    (
        "tls_key_file = \"a\"\n",
        "keyway.toml:1:16: tls_key_file is set without tls_certificate_file; set both, or neither",
    ),
    (
        "tls_certificate_file = \"a\"\n",
        "keyway.toml:1:24: tls_certificate_file is set without tls_key_file; set both, or neither",
    ),
    (
        "[routes.fast]\n",
        "keyway.toml:1:9: routes.fast.targets names nobody; write targets = [{ model = \"provider/name\" }]",
    ),
    ("listen = \n", "keyway.toml:1:10: is not TOML: "),
    ("[providers.mine]\ncredential = sk-canary\n", "keyway.toml:2:14: is not TOML: "),
    ("listen = \"a:1\"\nlisten = \"b:1\"\n", "keyway.toml:2:1: is not TOML: duplicate key"),
    (
        "[providers.mine]\ncolour = 1\n",
        "keyway.toml:2:1: providers.mine.colour is not known; write one of display_name, ",
    ),
];

#[test]
fn in_the_file() {
    for (text, expected) in FILE {
        let said = mistakes(text, &[], &[]);
        assert!(said.len() == 1 && said[0].starts_with(expected), "{text}{said:#?}");
        assert!(!said[0].contains("canary"), "{said:?}");
    }
}

const ENVIRONMENT: &[(&str, &str, &str)] = &[
    (
        "KEYWAY_LISTN",
        "x",
        "environment variable KEYWAY_LISTN: is not a setting; did you mean KEYWAY_LISTEN? Else unset it",
    ),
    ("KEYWAY_QQQQQQQQQQQQ", "x", "environment variable KEYWAY_QQQQQQQQQQQQ: is not a setting; unset it"),
    (
        "KEYWAY_WORKERS",
        "many",
        "environment variable KEYWAY_WORKERS: workers is `many`; write a whole number",
    ),
    ("KEYWAY_DATABASE", "canary", "environment variable KEYWAY_DATABASE: database is not a PostgreSQL URL"),
    (
        "KEYWAY_LOG_REQUESTS",
        "maybe",
        "environment variable KEYWAY_LOG_REQUESTS: log_requests is `maybe`; write true or false",
    ),
    (
        "KEYWAY_TRUSTED_PROXIES",
        "x",
        "environment variable KEYWAY_TRUSTED_PROXIES: trusted_proxies holds `x`, which is no network",
    ),
    (
        "KEYWAY_ROUTES__FAST",
        "x",
        "environment variable KEYWAY_ROUTES__FAST: routes.fast cannot be set by a variable",
    ),
    (
        "KEYWAY_PROVIDERS__MINE__BASE_URL",
        "x",
        "environment variable KEYWAY_PROVIDERS__MINE__BASE_URL: providers.mine.base_url cannot be set by a variable; write it in keyway.toml",
    ),
];

#[test]
fn in_the_environment() {
    for (name, value, expected) in ENVIRONMENT {
        let said = mistakes("", &[(name, value)], &[]);
        assert!(said.len() == 1 && said[0].starts_with(expected), "{name}: {said:#?}");
        assert!(!said[0].contains("canary"), "{said:?}");
    }
}

#[test]
fn in_flags() {
    for (path, value, expected) in [
        ("listen", "here", "--listen: listen is `here`; write an address and a port"),
        ("workers", "", "--set workers: workers is ``; write a whole number"),
        ("worker", "1", "--set worker: worker is not a setting; did you mean `workers`?"),
        ("routes.fast", "x", "--set routes.fast: routes.fast cannot be set by a flag"),
        (
            "providers.mine.base_url",
            "x",
            "--set providers.mine.base_url: providers.mine.base_url cannot be set by a flag",
        ),
        ("database", "canary", "--database: database is not a PostgreSQL URL"),
    ] {
        let said = mistakes("", &[], &[(path, value)]);
        assert!(said.len() == 1 && said[0].starts_with(expected), "{path}: {said:#?}");
        assert!(!said[0].contains("canary"), "{said:?}");
    }
}

#[test]
fn all_of_them_at_once_and_in_order() {
    let file = "lisen = 1\nworkers = -1\n[providers.mine]\nauth = \"baerer\"\ncredential = \"canary\"\n";
    let said = mistakes(file, &[("KEYWAY_X", "1")], &[("log", "loud")]);
    let places: Vec<&str> = said.iter().filter_map(|line| line.split(": ").next()).collect();
    assert_eq!(
        places,
        [
            "keyway.toml:1:1",
            "keyway.toml:2:11",
            "keyway.toml:4:8",
            "keyway.toml:5:14",
            "environment variable KEYWAY_X",
            "--set log"
        ],
        "{said:#?}"
    );
    assert!(!said.iter().any(|line| line.contains("canary")));
}

#[test]
fn beyond_loopback_in_plain_http_only_when_said() {
    for listen in ["0.0.0.0:1", "[::]:1", "192.0.2.1:1", "[::ffff:192.0.2.1]:1"] {
        assert_eq!(mistakes("", &[], &[("listen", listen)]).len(), 1, "{listen}");
        for said in [
            "insecure_http = true\n",
            "trusted_proxies = [\"10.0.0.1\"]\n",
            "tls_key_file = \"k\"\ntls_certificate_file = \"c\"\n",
        ] {
            assert!(super::loaded(said, &[], &[("listen", listen)]).is_ok(), "{listen} {said}");
        }
        for not_said in ["insecure_http = false\n", "trusted_proxies = []\n", "tls_key_file = \"\"\n"] {
            assert_eq!(mistakes(not_said, &[], &[("listen", listen)]).len(), 1, "{listen} {not_said}");
        }
    }
    for listen in ["127.0.0.2:1", "[::1]:1", "[::ffff:127.0.0.1]:1"] {
        assert!(super::loaded("", &[], &[("listen", listen)]).is_ok(), "{listen}");
    }
}
