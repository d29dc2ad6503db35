//! The rows of `corpus.txt`, and the bytes they stand for.

const TEXT: &str = include_str!("corpus.txt");

/// One request, and what it comes to.
#[derive(Debug, Clone)]
pub struct Row {
    pub name: String,
    template: String,
    /// One answer after the other.
    pub answers: Vec<Expected>,
    pub split: bool,
    /// HTTP/1.0 has no such thing, or another answer to it.
    pub only_1_1: bool,
}

/// One answer, and what the provider gets.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Expected {
    pub status: u16,
    /// Empty for none.
    pub code: String,
    /// Another request may follow.
    pub open: bool,
    pub sent: bool,
}

/// What placeholders stand for.
pub struct Words {
    pub key: String,
    pub body: String,
    /// A whole request that nobody may serve.
    pub smuggled: String,
}

/// Every row.
pub fn rows() -> Vec<Row> {
    let mut rows: Vec<Row> = Vec::new();
    for line in TEXT.lines() {
        let is_between = rows.last().is_none_or(|row| !row.answers.is_empty());
        if let Some(name) =
            line.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).filter(|_| is_between)
        {
            let (name, template) = (name.to_owned(), String::new());
            rows.push(Row { name, template, answers: Vec::new(), split: false, only_1_1: false });
        } else if let Some(expected) = line.strip_prefix("=> ") {
            let row = rows.last_mut().expect("a name first");
            row.split |= expected.ends_with(" split") || expected.contains(" split ");
            row.only_1_1 |= expected.contains(" 1.1");
            row.answers.push(expectation(expected));
        } else if is_between {
            assert!(line.is_empty() || line.starts_with('#'), "corpus.txt: {line}");
        } else if let Some(row) = rows.last_mut() {
            match line.strip_suffix('\\').filter(|rest| !rest.ends_with('\\')) {
                Some(open) => row.template.push_str(open),
                None => row.template.push_str(&format!("{line}\\r\\n")),
            }
        }
    }
    rows
}

fn expectation(text: &str) -> Expected {
    let mut words = text.split(' ');
    let status = words.next().and_then(|word| word.parse().ok()).expect("a status");
    let mut expected = Expected { status, code: String::new(), open: false, sent: false };
    for word in words {
        match word {
            "open" => expected.open = true,
            "sent" => expected.sent = true,
            "closed" | "split" | "1.1" => {}
            code => code.clone_into(&mut expected.code),
        }
    }
    expected
}

impl Row {
    /// The same as HTTP/1.0, where every connection ends with its answer.
    pub fn as_1_0(&self) -> Option<Self> {
        let template = self.template.replacen("HTTP/1.1", "HTTP/1.0", 1);
        if self.only_1_1 || template == self.template {
            return None;
        }
        let answers = self.answers.iter().map(|answer| Expected { open: false, ..answer.clone() }).collect();
        Some(Self { name: format!("{} (1.0)", self.name), template, answers, ..self.clone() })
    }

    /// Its bytes.
    pub fn bytes(&self, words: &Words) -> Vec<u8> {
        let (first, second) = words.body.split_at(words.body.len() / 3);
        let hex = |text: &str| format!("{:x}", text.len());
        let table = [
            ("$SMUGGLED", words.smuggled.clone()),
            ("$SLEN", words.smuggled.len().to_string()),
            ("$CHAT", crate::scene::CHAT.to_owned()),
            ("$AUTH", format!("authorization: Bearer {}", words.key)),
            ("$KEY", words.key.clone()),
            ("$BODY", words.body.clone()),
            ("$LEN", words.body.len().to_string()),
            ("$HEX", hex(&words.body)),
            ("$B1", first.to_owned()),
            ("$H1", hex(first)),
            ("$B2", second.to_owned()),
            ("$H2", hex(second)),
        ];
        // First the escapes: what is put in is taken as it is.
        let mut bytes = Vec::new();
        let mut rest = self.template.as_str();
        while let Some(letter) = rest.chars().next() {
            let word = table.iter().find(|(word, _)| rest.starts_with(word));
            if let Some((word, value)) = word {
                bytes.extend_from_slice(value.as_bytes());
                rest = &rest[word.len()..];
            } else if let Some((value, after)) = counted(rest) {
                bytes.extend_from_slice(value.as_bytes());
                rest = after;
            } else if letter == '\\' {
                let (byte, length) = escape(&rest[1..]);
                bytes.push(byte);
                rest = &rest[1 + length..];
            } else {
                bytes.extend_from_slice(letter.to_string().as_bytes());
                rest = &rest[letter.len_utf8()..];
            }
        }
        bytes
    }
}

/// `$FILL(n)` and `$FIELDS(n)`.
fn counted(text: &str) -> Option<(String, &str)> {
    let (name, rest) = text.strip_prefix('$')?.split_once('(')?;
    let (count, rest) = rest.split_once(')')?;
    let count = count.parse().ok()?;
    let value = match name {
        "FILL" => "a".repeat(count),
        "FIELDS" => (0..count).map(|number| format!("x-{number}: {number}\r\n")).collect(),
        _ => return None,
    };
    Some((value, rest))
}

/// What follows a backslash: its byte, and how many letters it takes.
fn escape(text: &str) -> (u8, usize) {
    match text.as_bytes().first() {
        Some(b'r') => (b'\r', 1),
        Some(b'n') => (b'\n', 1),
        Some(b't') => (b'\t', 1),
        Some(b'0') => (0, 1),
        Some(b'\\') => (b'\\', 1),
        Some(b'x') => {
            let byte = text.get(1..3).and_then(|digits| u8::from_str_radix(digits, 16).ok());
            (byte.unwrap_or_else(|| panic!("corpus.txt: \\{text}")), 3)
        }
        _ => panic!("corpus.txt: \\{text}"),
    }
}
