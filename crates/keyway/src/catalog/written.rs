//! Reading TOML tables field by field, collecting every mistake with its place.

use super::decimal::nano_usd_from_decimal;
use super::mistake::{Mistake, Place, choose};
use std::ops::{Range, RangeInclusive};
use std::sync::Arc;
use toml_edit::{Item, TableLike, Value};

/// What may be written in a field; for the JSON Schema and the documentation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FieldKind {
    /// A string.
    Text,
    /// One of these words.
    Word(&'static [&'static str]),
    /// A list of these words.
    Words(&'static [&'static str]),
    /// A list of strings.
    Texts,
    /// `true` or `false`.
    Flag,
    /// A whole number in this range.
    Number(u64, u64),
    /// USD, a number or a string, at most nine decimal places.
    Usd,
    /// A string, or a table of strings by dialect.
    TextByDialect,
    /// One of these words, or a table of them by dialect.
    WordByDialect(&'static [&'static str]),
    /// A list of numbers, 1 = Monday to 7 = Sunday.
    Weekdays,
    /// `YYYY-MM-DD`.
    Date,
    /// A price table.
    Price,
    /// A list of price tables.
    Prices,
    /// A table with these fields.
    Table(&'static [Field]),
    /// A list of tables with rates and what they depend on.
    Tables(&'static [Field]),
}

/// A field of a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Field {
    /// Its name.
    pub name: &'static str,
    /// What may stand there.
    pub kind: FieldKind,
    /// What it is for, one sentence.
    pub doc: &'static str,
}

/// A table being read, and its path from the root.
pub struct Fields<'t> {
    /// The table.
    pub table: &'t dyn TableLike,
    /// For example `providers.mine`.
    pub path: String,
    /// Where it starts, for what is missing in it.
    pub span: Option<Range<usize>>,
}

impl Fields<'_> {
    fn path_of(&self, name: &str) -> String {
        if self.path.is_empty() { name.to_owned() } else { format!("{}.{name}", self.path) }
    }
}

/// Reads one file's tables.
pub struct Reader {
    file: Arc<str>,
    text: Arc<str>,
    /// Offset of each line's first byte.
    lines: Vec<usize>,
    /// Whether the rows come with the program: those may name what is not built yet.
    pub builtin: bool,
    /// What was found wrong so far.
    pub mistakes: Vec<Mistake>,
}

impl Reader {
    /// A reader over `text`, called `file` in its mistakes.
    #[must_use]
    pub fn new(file: &str, text: &str, builtin: bool) -> Self {
        let mut lines = vec![0];
        lines.extend(memchr::memchr_iter(b'\n', text.as_bytes()).map(|at| at + 1));
        Self { file: file.into(), text: text.into(), lines, builtin, mistakes: Vec::new() }
    }

    /// The whole text.
    #[must_use]
    pub fn text(&self) -> Arc<str> {
        Arc::clone(&self.text)
    }

    /// Where a span starts.
    #[must_use]
    pub fn place(&self, span: Option<&Range<usize>>) -> Place {
        let Some(&Range { start, .. }) = span else {
            return Place::Nowhere;
        };
        let line = self.lines.partition_point(|first| *first <= start).saturating_sub(1);
        let first = self.lines.get(line).copied().unwrap_or(0);
        let column = self.text.get(first..start).map_or(0, |before| before.chars().count());
        let count = |n: usize| u32::try_from(n + 1).unwrap_or(u32::MAX);
        Place::File { file: Arc::clone(&self.file), line: count(line), column: count(column) }
    }

    /// Where a key of a table stands.
    #[must_use]
    pub fn place_of(&self, fields: &Fields<'_>, name: &str) -> Place {
        self.place(fields.table.key(name).and_then(toml_edit::Key::span).as_ref())
    }

    /// Notes a mistake in a field, at its value.
    pub fn wrong(
        &mut self,
        fields: &Fields<'_>,
        name: &str,
        problem: impl Into<String>,
        fix: impl Into<String>,
    ) {
        let span = fields.table.get(name).and_then(Item::span);
        let span = span.or_else(|| fields.table.key(name).and_then(toml_edit::Key::span));
        let span = span.or_else(|| fields.span.clone());
        self.mistakes.push(Mistake::new(self.place(span.as_ref()), fields.path_of(name), problem, fix));
    }

    /// Notes every key that is not among `known`.
    pub fn check_known(&mut self, fields: &Fields<'_>, known: &[Field]) {
        for (name, _) in fields.table.iter() {
            if known.iter().any(|field| field.name == name) {
                continue;
            }
            let names: Vec<&str> = known.iter().map(|field| field.name).collect();
            let place = self.place_of(fields, name);
            self.mistakes.push(Mistake::new(
                place,
                fields.path_of(name),
                "is not known",
                choose(name, &names),
            ));
        }
    }

    /// A string.
    pub fn string<'t>(&mut self, fields: &Fields<'t>, name: &str) -> Option<&'t str> {
        let item = fields.table.get(name)?;
        let text = item.as_str();
        if text.is_none() {
            self.wrong(fields, name, format!("is {}", kind_of(item)), "write a string in quotes");
        }
        text
    }

    /// `true` or `false`.
    pub fn flag(&mut self, fields: &Fields<'_>, name: &str) -> Option<bool> {
        let item = fields.table.get(name)?;
        let flag = item.as_bool();
        if flag.is_none() {
            self.wrong(fields, name, format!("is {}", kind_of(item)), "write true or false");
        }
        flag
    }

    /// A whole number within a range.
    pub fn number(&mut self, fields: &Fields<'_>, name: &str, range: RangeInclusive<u64>) -> Option<u64> {
        let item = fields.table.get(name)?;
        let fix = format!("write a whole number from {} to {}", range.start(), range.end());
        let number = match item.as_integer() {
            Some(number) => u64::try_from(number).ok().filter(|number| range.contains(number)),
            None => {
                self.wrong(fields, name, format!("is {}", kind_of(item)), fix);
                return None;
            }
        };
        if number.is_none() {
            self.wrong(fields, name, "is out of range", fix);
        }
        number
    }

    /// An amount of USD as nano-USD, from the text of the number.
    pub fn usd(&mut self, fields: &Fields<'_>, name: &str) -> Option<u64> {
        let item = fields.table.get(name)?;
        let text = self.text();
        let written = match item.as_value() {
            Some(Value::Integer(_) | Value::Float(_)) => item.span().and_then(|span| text.get(span)),
            Some(Value::String(string)) => Some(string.value().as_str()),
            _ => None,
        };
        let Some(written) = written else {
            self.wrong(fields, name, format!("is {}", kind_of(item)), "write USD as a number such as 0.50");
            return None;
        };
        nano_usd_from_decimal(written.trim())
            .map_err(|fix| self.wrong(fields, name, format!("is not an amount ({written})"), fix))
            .ok()
    }

    /// A list of strings.
    pub fn strings<'t>(&mut self, fields: &Fields<'t>, name: &str) -> Option<Vec<&'t str>> {
        let item = fields.table.get(name)?;
        let Some(list) = item.as_array() else {
            self.wrong(fields, name, format!("is {}", kind_of(item)), "write a list of strings: [\"...\"]");
            return None;
        };
        let texts: Option<Vec<&str>> = list.iter().map(Value::as_str).collect();
        if texts.is_none() {
            self.wrong(
                fields,
                name,
                "holds something that is not a string",
                "write a list of strings: [\"...\"]",
            );
        }
        texts
    }

    /// One of a closed list of words.
    pub fn word<T>(
        &mut self,
        fields: &Fields<'_>,
        name: &str,
        known: &[&str],
        from: fn(&str) -> Option<T>,
    ) -> Option<T> {
        let word = self.string(fields, name)?;
        let found = from(word);
        if found.is_none() {
            self.wrong(fields, name, format!("is `{word}`, which is not known"), choose(word, known));
        }
        found
    }

    /// A list of words of a closed list.
    pub fn words<T>(
        &mut self,
        fields: &Fields<'_>,
        name: &str,
        known: &[&str],
        from: fn(&str) -> Option<T>,
    ) -> Option<Vec<T>> {
        let mut found = Vec::new();
        for word in self.strings(fields, name)? {
            match from(word) {
                Some(value) => found.push(value),
                None => {
                    self.wrong(
                        fields,
                        name,
                        format!("names `{word}`, which is not known"),
                        choose(word, known),
                    );
                }
            }
        }
        Some(found)
    }

    /// A day as unix milliseconds of its first instant in UTC, and its text.
    pub fn date(&mut self, fields: &Fields<'_>, name: &str) -> Option<(i64, String)> {
        let item = fields.table.get(name)?;
        let written = match item.as_value() {
            Some(Value::String(string)) => string.value().clone(),
            Some(Value::Datetime(date)) => date.value().to_string(),
            _ => String::new(),
        };
        let day = if written.len() == 10 { written.parse::<jiff::civil::Date>().ok() } else { None };
        let start = day.and_then(|day| day.to_zoned(jiff::tz::TimeZone::UTC).ok());
        match start {
            Some(start) => Some((start.timestamp().as_millisecond(), written)),
            None => {
                self.wrong(fields, name, "is not a day", "write a day such as \"2026-10-01\"");
                None
            }
        }
    }

    /// The tables in a table: `[providers.a]`, `[providers.b]`, each with its name.
    pub fn rows<'t>(&mut self, fields: &Fields<'t>, name: &str) -> Vec<(&'t str, Fields<'t>)> {
        let Some(all) = self.table(fields, name) else {
            return Vec::new();
        };
        let names: Vec<&str> = all.table.iter().map(|(row, _)| row).collect();
        names.into_iter().filter_map(|row| Some((row, self.table(&all, row)?))).collect()
    }

    /// A table in a field.
    pub fn table<'t>(&mut self, fields: &Fields<'t>, name: &str) -> Option<Fields<'t>> {
        let item = fields.table.get(name)?;
        let Some(table) = item.as_table_like() else {
            self.wrong(fields, name, format!("is {}", kind_of(item)), "write a table: { ... }");
            return None;
        };
        let span = fields.table.key(name).and_then(toml_edit::Key::span);
        Some(Fields { table, path: fields.path_of(name), span })
    }

    /// A list of tables in a field, written either way TOML has for it.
    pub fn tables<'t>(&mut self, fields: &Fields<'t>, name: &str) -> Vec<Fields<'t>> {
        let Some(item) = fields.table.get(name) else {
            return Vec::new();
        };
        let path = |at: usize| format!("{}[{at}]", fields.path_of(name));
        if let Some(list) = item.as_array_of_tables() {
            let row = |(at, table): (usize, &'t toml_edit::Table)| Fields {
                table,
                path: path(at),
                span: table.span(),
            };
            return list.iter().enumerate().map(row).collect();
        }
        let mut found = Vec::new();
        for (at, value) in item.as_array().into_iter().flatten().enumerate() {
            if let Some(table) = value.as_inline_table() {
                found.push(Fields { table, path: path(at), span: value.span() });
            }
        }
        if item.as_array().is_none_or(|list| list.len() != found.len()) {
            self.wrong(fields, name, "is not a list of tables", "write a list of tables: [{ ... }, { ... }]");
        }
        found
    }
}

/// "a string", "a number", ... for messages.
fn kind_of(item: &Item) -> &'static str {
    match item {
        Item::None => "nothing",
        Item::Table(_) | Item::Value(Value::InlineTable(_)) => "a table",
        Item::ArrayOfTables(_) => "a list of tables",
        Item::Value(Value::String(_)) => "a string",
        Item::Value(Value::Integer(_)) => "a whole number",
        Item::Value(Value::Float(_)) => "a number with a fraction",
        Item::Value(Value::Boolean(_)) => "true or false",
        Item::Value(Value::Datetime(_)) => "a date",
        Item::Value(Value::Array(_)) => "a list",
    }
}
