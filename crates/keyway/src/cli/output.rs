//! The only place that writes to stdout: JSON, tables on a terminal, plain lines elsewhere.

use super::failure::{FAILED, FINE, Failure};
use comfy_table::{ContentArrangement, Table, presets};
use serde::Serialize;
use std::io::{self, ErrorKind, IsTerminal, Write};

/// Where a command's results go.
pub struct Out {
    /// JSON was asked for.
    pub json: bool,
    terminal: bool,
}

impl Out {
    /// Looks at where stdout leads.
    #[must_use]
    pub fn new(json: bool) -> Self {
        Self { json, terminal: io::stdout().is_terminal() }
    }

    /// Writes a text as it is.
    ///
    /// # Errors
    /// When stdout does not take it. A reader that has left ends the command in silence.
    pub fn write(&self, text: &str) -> Result<(), Failure> {
        let mut stdout = io::stdout().lock();
        stdout.write_all(text.as_bytes()).and_then(|()| stdout.flush()).map_err(|error| match error.kind() {
            ErrorKind::BrokenPipe => Failure::new(FINE, ""),
            _ => Failure::new(FAILED, format!("writing to stdout: {error}")),
        })
    }

    /// Writes one line.
    ///
    /// # Errors
    /// As [`Out::write`].
    pub fn line(&self, text: &str) -> Result<(), Failure> {
        self.write(&format!("{text}\n"))
    }

    /// Writes an object as one line of JSON.
    ///
    /// # Errors
    /// As [`Out::write`].
    pub fn json(&self, object: &impl Serialize) -> Result<(), Failure> {
        let text = serde_json::to_string(object)
            .map_err(|error| Failure::new(FAILED, format!("writing JSON: {error}")))?;
        self.line(&text)
    }

    /// Says what is gone: its object, or its id and a word.
    ///
    /// # Errors
    /// As [`Out::write`].
    pub fn deleted(&self, object: &impl Serialize, id: &str, word: &str) -> Result<(), Failure> {
        if self.json {
            return self.json(object);
        }
        self.table(&["id", "status"], &[vec![id.to_owned(), word.to_owned()]])
    }

    /// Writes rows: a table with a head on a terminal, else one line each, cells apart by tabs.
    ///
    /// # Errors
    /// As [`Out::write`].
    pub fn table(&self, head: &[&str], rows: &[Vec<String>]) -> Result<(), Failure> {
        self.write(&if self.terminal { aligned(head, rows, columns()) } else { tabbed(rows) })
    }

    /// Writes what an object is, one `name value` line each, aligned on a terminal.
    ///
    /// # Errors
    /// As [`Out::write`].
    pub fn fields(&self, fields: &[(&str, String)]) -> Result<(), Failure> {
        let rows: Vec<Vec<String>> =
            fields.iter().map(|(name, value)| vec![(*name).to_owned(), value.clone()]).collect();
        self.write(&if self.terminal { aligned(&[], &rows, columns()) } else { tabbed(&rows) })
    }

    /// Says something that is not data, on stderr.
    pub fn note(&self, text: &str) {
        // Nobody is left to tell that stderr is closed.
        let _ = writeln!(io::stderr().lock(), "{text}");
    }
}

/// Width of the terminal, when it tells.
fn columns() -> Option<u16> {
    rustix::termios::tcgetwinsize(io::stdout()).ok().map(|size| size.ws_col).filter(|columns| *columns > 0)
}

fn aligned(head: &[&str], rows: &[Vec<String>], columns: Option<u16>) -> String {
    let mut table = Table::new();
    table.load_style(presets::NOTHING);
    if let Some(columns) = columns {
        table.set_content_arrangement(ContentArrangement::Dynamic).set_width(columns);
    }
    if !head.is_empty() {
        table.set_header(head.iter().map(|name| name.to_uppercase()).collect::<Vec<_>>());
    }
    for row in rows {
        table.add_row(row.iter().map(|cell| printable(cell)).collect::<Vec<_>>());
    }
    let mut text = String::new();
    for line in table.lines() {
        text.push_str(line.trim_end());
        text.push('\n');
    }
    text
}

fn tabbed(rows: &[Vec<String>]) -> String {
    let mut text = String::new();
    for row in rows {
        let cells: Vec<String> = row.iter().map(|cell| printable(cell)).collect();
        text.push_str(&cells.join("\t"));
        text.push('\n');
    }
    text
}

/// A text that can do nothing to a terminal and breaks no line: model names come from strangers.
#[must_use]
pub fn printable(text: &str) -> String {
    text.chars().map(|letter| if letter.is_control() { '\u{fffd}' } else { letter }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_tabbed_or_aligned_and_never_steer_a_terminal() {
        let rows = vec![
            vec!["a\tb".to_owned(), "long value".to_owned()],
            vec!["\u{1b}[31m".to_owned(), String::new()],
        ];
        assert_eq!(tabbed(&rows), "a\u{fffd}b\tlong value\n\u{fffd}[31m\t\n");
        let table = aligned(&["id", "name"], &rows, None);
        let lines: Vec<&str> = table.lines().collect();
        assert!(lines[0].contains("ID") && lines[0].contains("NAME"), "{table}");
        assert_eq!(lines.len(), 3, "{table}");
        let column = |line: &str, word: &str| Some(line[..line.find(word)?].chars().count());
        assert_eq!(column(lines[0], "NAME"), column(lines[1], "long"), "{table}");
    }
}
