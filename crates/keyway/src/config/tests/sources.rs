//! Where values come from, and which one wins.

use super::{loaded, mistakes, sources};
use crate::config::{Place, TABLE, load};
use std::path::PathBuf;

#[test]
fn defaults_are_those_of_the_contract() {
    let config = loaded("", &[], &[]).unwrap();
    let settings = &config.settings;
    assert_eq!(settings.listen.to_string(), "127.0.0.1:8080");
    assert!(settings.data_dir.ends_with("keyway-data") && settings.data_dir.is_absolute());
    assert!(
        settings.database.is_none() && settings.master_key.is_none() && settings.master_key_file.is_none()
    );
    assert!(settings.metrics_listen.is_none() && !settings.insecure_http && settings.log_requests);
    assert_eq!((settings.sync_age_seconds_max, settings.journal_segment_bytes), (30, 4 << 20));
    assert_eq!((settings.request_body_bytes_max, settings.header_timeout_ms), (32 << 20, 10_000));
    assert_eq!((settings.requests_retention_days, settings.workers), (30, 0));
    assert_eq!(settings.log, "info");
    for setting in TABLE {
        assert_eq!(config.origin(setting.path), Some(&Place::Nowhere), "{}", setting.path);
    }
    assert!(config.on.is_empty() && config.notes.is_empty());
}

#[test]
fn flag_then_environment_then_file_then_default() {
    let file = "listen = \"127.0.0.1:1\"\nlog = \"warn\"\nworkers = 3\n";
    let env = [("KEYWAY_LISTEN", "127.0.0.1:2"), ("KEYWAY_LOG", "debug")];
    let flags = [("listen", "127.0.0.1:3"), ("listen", "127.0.0.1:4")];
    let config = loaded(file, &env, &flags).unwrap();
    assert_eq!(config.settings.listen.port(), 4);
    assert_eq!(config.settings.log, "debug");
    assert_eq!(config.settings.workers, 3);
    let origin = |path| config.origin(path).unwrap().to_string();
    assert_eq!(origin("listen"), "--listen");
    assert_eq!(origin("log"), "environment variable KEYWAY_LOG");
    assert_eq!(origin("workers"), "keyway.toml:3:11");
    assert_eq!(config.origin("nothing"), None);
}

#[test]
fn the_file_is_named_by_flag_variable_or_habit() {
    let (folder, mut sources) = sources("workers = 1\n", &[("KEYWAY_CONFIG", "two.toml")], &[]);
    std::fs::write(folder.path().join("two.toml"), "workers = 2\n").unwrap();
    std::fs::write(folder.path().join("three.toml"), "workers = 3\n").unwrap();
    assert_eq!(load(&sources).ok().unwrap().settings.workers, 2);
    sources.config_file = Some(PathBuf::from("three.toml"));
    let config = load(&sources).ok().unwrap();
    assert_eq!((config.settings.workers, config.file), (3, Some(folder.path().join("three.toml"))));
    sources.config_file = None;
    sources.env.clear();
    assert_eq!(load(&sources).ok().unwrap().settings.workers, 1);
    std::fs::remove_file(folder.path().join("keyway.toml")).unwrap();
    let config = load(&sources).ok().unwrap();
    assert_eq!((config.settings.workers, config.file), (0, None));
}

#[test]
fn a_file_that_was_named_must_be_there_and_readable() {
    let (folder, mut sources) = sources("", &[], &[]);
    let said = |sources: &_| load(sources).err().unwrap()[0].to_string();
    sources.config_file = Some(PathBuf::from("absent.toml"));
    assert!(said(&sources).starts_with("--config: cannot read absent.toml: "));
    sources.config_file = None;
    sources.env.insert("KEYWAY_CONFIG".to_owned(), "absent.toml".to_owned());
    assert!(said(&sources).starts_with("environment variable KEYWAY_CONFIG: cannot read absent.toml: "));
    std::fs::write(folder.path().join("absent.toml"), b"\xff").unwrap();
    assert!(said(&sources).contains("it is not UTF-8 text"));
    std::fs::write(folder.path().join("absent.toml"), "#".repeat((1 << 20) + 1)).unwrap();
    assert!(said(&sources).contains("it is longer than 1 MiB"));
    sources.env.insert("KEYWAY_CONFIG".to_owned(), ".".to_owned());
    assert!(said(&sources).contains("it is a folder"));
}

#[test]
fn variables_of_others_are_left_alone_and_empty_ones_are_unset() {
    let env = [
        ("KEYWAY_PORT", "tcp://10.0.0.1:80"),
        ("KEYWAY_PORT_8080_TCP_ADDR", "10.0.0.1"),
        ("KEYWAY_SERVICE_HOST", "10.0.0.1"),
        ("KEYWAY_SERVICE_PORT_HTTP", "80"),
        ("KEYWAY_API_KEY", "sk-kw-live-x"),
        ("KEYWAY_LISTEN", ""),
        ("keyway_listen", "nonsense"),
        ("PATH", "/bin"),
    ];
    assert_eq!(loaded("", &env, &[]).unwrap().settings.listen.port(), 8080);
}

#[test]
fn values_of_every_kind_from_text() {
    let flags = [
        ("request_body_bytes_max", "1MiB"),
        ("journal_segment_bytes", "65536"),
        ("log_requests", "off"),
        ("metrics_listen", "[::1]:9"),
        ("master_key_file", "/k"),
        ("data_dir", "relative"),
        ("log", "info,keyway::relay=debug"),
        ("database", "postgresql://u@h/d"),
    ];
    let settings = loaded("", &[], &flags).unwrap().settings;
    assert_eq!((settings.request_body_bytes_max, settings.journal_segment_bytes), (1 << 20, 65_536));
    assert!(!settings.log_requests && settings.data_dir.is_absolute());
    assert_eq!(settings.metrics_listen.unwrap().port(), 9);
    assert_eq!(settings.master_key_file, Some(PathBuf::from("/k")));
    assert_eq!(settings.database.unwrap().reveal(), "postgresql://u@h/d");
    let file = "request_body_bytes_max = 2048\njournal_segment_bytes = \"1 MiB\"\nlog_requests = false\n";
    let settings = loaded(file, &[], &[]).unwrap().settings;
    assert_eq!((settings.request_body_bytes_max, settings.journal_segment_bytes), (2048, 1 << 20));
    assert!(!settings.log_requests);
}

#[test]
fn the_master_key_comes_from_one_place() {
    let key = ("KEYWAY_MASTER_KEY", "canary-canary");
    assert_eq!(loaded("", &[key], &[]).unwrap().settings.master_key.unwrap().reveal(), "canary-canary");
    let both = mistakes("master_key_file = \"/k\"\n", &[key], &[]);
    assert_eq!(
        both,
        [
            "environment variable KEYWAY_MASTER_KEY: master_key is set beside master_key_file (keyway.toml:1:19); keep one of the two"
        ]
    );
    for said in
        [mistakes("master_key = \"canary\"\n", &[], &[]), mistakes("", &[], &[("master_key", "canary")])]
    {
        assert!(
            said.len() == 1 && said[0].contains("KEYWAY_MASTER_KEY") && !said[0].contains("canary"),
            "{said:?}"
        );
    }
}

#[test]
fn networks_are_read_alike_from_everywhere() {
    let file =
        "trusted_proxies = [\"10.1.2.3/8\", \"192.0.2.1\", \"::ffff:198.51.100.0/120\", \"fd00::/8\"]\n";
    let env = [("KEYWAY_TRUSTED_PROXIES", "10.1.2.3/8, 192.0.2.1,::ffff:198.51.100.0/120,fd00::/8")];
    let text = |config: &crate::config::Config| {
        let networks = config.settings.trusted_proxies.iter();
        networks.map(ToString::to_string).collect::<Vec<_>>()
    };
    let expected = ["10.0.0.0/8", "192.0.2.1/32", "198.51.100.0/24", "fd00::/8"];
    assert_eq!(text(&loaded(file, &[], &[]).unwrap()), expected);
    let config = loaded("", &env, &[]).unwrap();
    assert_eq!(text(&config), expected);
    let shown = crate::config::show(&config, false);
    assert!(shown.contains("trusted_proxies = [\"10.0.0.0/8\", \"192.0.2.1/32\","), "{shown}");
    assert!(loaded("", &[], &[]).unwrap().settings.trusted_proxies.is_empty());
}
