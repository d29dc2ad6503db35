//! The short form of the fuzzers: each target on its seeds and on what seeded changes make of them. The
//! long form is in `fuzz/`; what it finds becomes a seed.

mod mutate;
#[path = "../../../../../fuzz/src/lib.rs"]
mod targets;

use mutate::Mutator;
use std::panic::{AssertUnwindSafe, catch_unwind};

/// Every seed, and then `count` changed ones.
fn search(target: &str, words: &[&str], count: usize, check: fn(&[u8])) {
    let folder = crate::tidy::repository().join("fuzz/seeds").join(target);
    let mut seeds: Vec<Vec<u8>> = Vec::new();
    let mut files: Vec<_> =
        std::fs::read_dir(&folder).expect("the seeds").map(|entry| entry.expect("a seed").path()).collect();
    files.sort();
    for file in files {
        seeds.push(std::fs::read(file).expect("a seed"));
    }
    assert!(seeds.len() >= 3, "{}: hardly any seeds", folder.display());
    let mut mutator = Mutator::new(&seeds, words);
    for number in 0..seeds.len() + count {
        let input = seeds.get(number).cloned().unwrap_or_else(|| mutator.next());
        if let Err(panic) = catch_unwind(AssertUnwindSafe(|| check(&input))) {
            let text = panic.downcast_ref::<String>().map(String::as_str);
            let text = text.or_else(|| panic.downcast_ref::<&str>().copied()).unwrap_or_default();
            panic!("{target}: {text}\ninput {number}: {}", input.escape_ascii());
        }
    }
}

#[test]
fn heads_have_one_meaning() {
    let words = [
        "\r\n",
        "\n",
        "\r",
        "\0",
        " ",
        "\t",
        ":",
        "Host: a\r\n",
        "Content-Length: 5\r\n",
        "Content-Length:+5\r\n",
        "Transfer-Encoding: chunked\r\n",
        "Transfer-Encoding:\x0bchunked\r\n",
        "Authorization: Bearer x\r\n",
        "Connection: close\r\n",
        "Expect: 100-continue\r\n",
        "HTTP/1.0",
        "HTTP/1.1",
        "http://a/",
        "GET ",
        " /",
        "\r\n\r\n",
        "\r\n x: folded",
    ];
    search("head", &words, 100_000, targets::head::check);
}

#[test]
fn streams_are_split_one_way() {
    let words = [
        "data:", "data: ", "event:", ":", "\n", "\r", "\r\n", "\n\n", "\u{feff}", "[DONE]", "id: 1\n",
        "retry:",
    ];
    search("sse", &words, 40_000, targets::sse::check);
}

#[test]
fn journals_are_read_in_sequence() {
    search(
        "journal",
        &["\0\0\0\0", "\u{1}\u{1}", "\u{2}\u{1}", "\u{3}\u{1}"],
        30_000,
        targets::journal::check,
    );
}

#[test]
fn requests_keep_what_nobody_edits() {
    let words = [
        "\"model\":\"m\",",
        "\"stream\":true,",
        "\"stream_options\":",
        "{\"include_usage\":false}",
        "\"keyway\":{},",
        "\"max_tokens\":",
        "\"max_completion_tokens\":9",
        "null",
        "-1",
        "1e999",
        "\\u0041",
        "\\ud800",
        ",",
        ":",
        "{",
        "}",
        "[",
        "]",
        "\"",
        "\\",
        "\"n\":2,",
        "\"Model\":1",
        "\u{17f}",
        "\u{212a}",
    ];
    search("request", &words, 100_000, targets::request::check);
}

#[test]
fn answers_keep_their_grammar() {
    let words = [
        "data: ",
        "\n\n",
        "[DONE]",
        "\"choices\":[",
        "\"delta\":{",
        "\"content\":\"a\"",
        "\"finish_reason\":\"stop\"",
        "\"tool_calls\":[{\"index\":0,",
        "\"usage\":{\"prompt_tokens\":",
        "\"completion_tokens\":",
        "\"total_tokens\":",
        "\"error\":{\"message\":\"",
        "\"reasoning_content\":\"r\"",
        "\"index\":1,",
        "null",
        "{}",
        "[]",
        "-1",
        "1e30",
        "}",
        "]",
        "\"",
        "\\u00e9",
        "\\ud83d",
        "\"type\":\"response.",
        "\"output_index\":1",
        "\"item\":{",
        "\"encrypted_content\":\"e\"",
        "\"status\":\"incomplete\"",
    ];
    search("answer", &words, 40_000, targets::answer::check);
}
