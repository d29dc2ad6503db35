//! Commands of the program on the folder and database of a running one.

use super::Keyway;
use serde_json::Value;
use std::io::Write;
use std::process::Stdio;

/// What a command left.
#[derive(Debug, Clone)]
pub struct Output {
    /// Exit code; `None` when a signal ended it.
    pub code: Option<i32>,
    /// Standard output.
    pub stdout: String,
    /// Standard error.
    pub stderr: String,
}

impl Output {
    /// This output, if the exit code is `code`.
    ///
    /// # Panics
    /// When it is another; the message holds both streams.
    pub fn expect_code(self, code: i32) -> Self {
        assert_eq!(self.code, Some(code), "stdout:\n{}\nstderr:\n{}", self.stdout, self.stderr);
        self
    }

    /// Standard output as JSON.
    ///
    /// # Panics
    /// When it is not.
    #[must_use]
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.stdout)
            .unwrap_or_else(|error| panic!("{error} in stdout:\n{}\nstderr:\n{}", self.stdout, self.stderr))
    }
}

impl Keyway {
    /// Runs a command, with `--data-dir`, `--config` and the database of this instance.
    ///
    /// # Panics
    /// When the program cannot be run.
    #[must_use]
    pub fn cli(&self, arguments: &[&str]) -> Output {
        self.cli_with_input(arguments, b"")
    }

    /// Runs a command with `input` on its standard input.
    ///
    /// # Panics
    /// When the program cannot be run.
    #[must_use]
    pub fn cli_with_input(&self, arguments: &[&str], input: &[u8]) -> Output {
        let mut command = self.command(arguments);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().expect("the program runs");
        if let Some(mut stdin) = child.stdin.take() {
            // A command that does not read its input may be gone by now.
            let _ = stdin.write_all(input);
        }
        let output = child.wait_with_output().expect("its output");
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        Output { code: output.status.code(), stdout: text(&output.stdout), stderr: text(&output.stderr) }
    }

    /// Runs a command with `--json` and reads its answer.
    ///
    /// # Panics
    /// When its exit code is not 0 or its output is not JSON.
    #[must_use]
    pub fn json(&self, arguments: &[&str]) -> Value {
        let mut arguments = arguments.to_vec();
        arguments.push("--json");
        self.cli(&arguments).expect_code(0).json()
    }

    /// Makes a live key by command: its id and its secret.
    ///
    /// # Panics
    /// When the command fails.
    #[must_use]
    pub fn make_key(&self, name: &str) -> (String, String) {
        id_and_value(&self.json(&["key", "create", "--name", name]))
    }

    /// Makes a live key by command, with these further arguments: its secret.
    ///
    /// # Panics
    /// When the command fails.
    #[must_use]
    pub fn make_key_with(&self, name: &str, arguments: &[&str]) -> String {
        let start = ["key", "create", "--name", name];
        id_and_value(&self.json(&[&start, arguments].concat())).1
    }

    /// Makes an admin key by command: its id and its secret.
    ///
    /// # Panics
    /// When the command fails.
    #[must_use]
    pub fn make_admin_key(&self, name: &str) -> (String, String) {
        id_and_value(&self.json(&["admin-key", "create", "--name", name]))
    }
}

fn id_and_value(answer: &Value) -> (String, String) {
    let text =
        |field: &str| answer[field].as_str().unwrap_or_else(|| panic!("no {field} in {answer}")).to_owned();
    (text("id"), text("value"))
}
