//! What the program is started with.

use super::Keyway;
use crate::port::Port;
use crate::postgres::{self, Database};
use crate::sqlite;
use crate::tls::Pair;
use rustls::ClientConfig;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

/// Everything the program is started with; see [`Keyway::builder`].
#[must_use]
pub struct Builder {
    bin: PathBuf,
    config: String,
    environment: Vec<(String, String)>,
    arguments: Vec<String>,
    sqlite: bool,
    from_nothing: bool,
    server: Option<String>,
    ready_path: String,
    tls: Option<Arc<ClientConfig>>,
}

impl Builder {
    pub(super) fn new(bin: PathBuf) -> Self {
        let (config, ready_path) = (String::new(), "/readyz".to_owned());
        Self {
            bin,
            config,
            environment: Vec::new(),
            arguments: Vec::new(),
            sqlite: false,
            from_nothing: false,
            server: None,
            ready_path,
            tls: None,
        }
    }

    /// Adds to the text of the configuration file. Without any there is no file.
    pub fn config(mut self, toml: &str) -> Self {
        self.config.push_str(toml);
        self.config.push('\n');
        self
    }

    /// Adds a provider row `name` that speaks openai-chat at `base_url`, with a credential from the environment.
    pub fn provider(self, name: &str, base_url: &str, credential: &str) -> Self {
        let variable = format!("{}_CREDENTIAL", name.to_uppercase().replace('-', "_"));
        let row = format!(
            "[providers.{name}]\nbase_url = \"{base_url}\"\nspeaks = [\"openai-chat\"]\n\
             credential = \"env:{variable}\"\n"
        );
        self.config(&row).env(&variable, credential)
    }

    /// Sets an environment variable; of the caller's environment only `PATH` is passed on.
    pub fn env(mut self, name: &str, value: &str) -> Self {
        self.environment.push((name.to_owned(), value.to_owned()));
        self
    }

    /// Adds an argument to `serve`.
    pub fn arg(mut self, argument: &str) -> Self {
        self.arguments.push(argument.to_owned());
        self
    }

    /// Uses SQLite whatever `KEYWAY_TEST_POSTGRES` says: for tests of the file itself.
    pub fn sqlite(mut self) -> Self {
        self.sqlite = true;
        self
    }

    /// Finds neither folder nor database: for tests of the first start itself.
    pub fn from_nothing(mut self) -> Self {
        self.from_nothing = true;
        self
    }

    /// Uses a database of its own on this PostgreSQL server, whatever `KEYWAY_TEST_POSTGRES` says.
    pub fn postgres(mut self, server: &str) -> Self {
        self.server = Some(server.to_owned());
        self
    }

    /// Turns TLS on with a pair; every request of this kit then trusts its certificate as it is now.
    pub fn tls(mut self, pair: &Pair) -> Self {
        self.tls = Some(pair.client(&[]));
        // Not in the file: what stands there may be in a table by now.
        let path = |file: PathBuf| file.display().to_string();
        self.env("KEYWAY_TLS_CERTIFICATE_FILE", &path(pair.certificate_file()))
            .env("KEYWAY_TLS_KEY_FILE", &path(pair.key_file()))
    }

    /// Waits for another path than `/readyz`.
    pub fn ready_path(mut self, path: &str) -> Self {
        path.clone_into(&mut self.ready_path);
        self
    }

    /// Makes folder and database, and starts nothing: for tests of commands alone.
    ///
    /// # Panics
    /// When a folder, port or database cannot be had.
    #[must_use]
    pub fn prepare(self) -> Keyway {
        let folder = tempfile::Builder::new().prefix("keyway-test-").tempdir().expect("a folder");
        let server = self.server.or_else(postgres::server).filter(|_| !self.sqlite);
        let database = server.map(|server| Database::create(&server));
        let has_config = !self.config.is_empty();
        if has_config {
            std::fs::write(folder.path().join("keyway.toml"), &self.config).expect("the configuration file");
        }
        Keyway {
            bin: self.bin,
            folder,
            port: Port::claim(),
            environment: self.environment,
            arguments: self.arguments,
            has_config,
            ready_path: self.ready_path,
            tls: self.tls,
            database,
            child: None,
            started_in: Duration::ZERO,
        }
    }

    /// Makes folder and database, starts the program, waits until it is ready.
    ///
    /// # Panics
    /// When it does not become ready; the message holds its stderr.
    #[must_use]
    pub fn start(self) -> Keyway {
        let from_nothing = self.from_nothing;
        let mut keyway = self.prepare();
        if keyway.database.is_none() && !from_nothing {
            sqlite::put_into(&keyway.data_dir());
        }
        keyway.start();
        keyway
    }
}
