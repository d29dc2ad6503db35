//! `keyway chat`: asks a running server and prints the answer as it comes.

use super::args::Global;
use super::failure::{FAILED, Failure, USAGE};
use super::http::{ERROR_BYTES_MAX, Server, own, refused, without_version};
use super::output::Out;
use super::session;
use crate::base::Secret;
use crate::upstream::{Limits, Request, Tls};
use clap::Args;
use dialect::sse::{FrameKind, SseSplitter};
use serde_json::{Value, json};
use std::io::{IsTerminal, Read};

/// Bytes of a prompt at most.
const PROMPT_BYTES_MAX: u64 = 16 * 1024 * 1024;
/// Bytes of one event of the answer at most, and of a whole answer.
const ANSWER_BYTES_MAX: usize = 64 * 1024 * 1024;
/// Where the key comes from: never an argument, which every process can read.
const KEY_ENV: [&str; 2] = ["KEYWAY_API_KEY", "OPENAI_API_KEY"];

/// Ask a running server; the key is read from KEYWAY_API_KEY or OPENAI_API_KEY
#[derive(Debug, Args)]
pub struct Chat {
    /// Which model
    #[arg(short, long, default_value = "sandbox/echo")]
    model: String,
    /// Base URL of the server; without it, the address in the configuration
    #[arg(long, env = "KEYWAY_URL")]
    url: Option<String>,
    /// What to ask; without it, stdin is read
    prompt: Option<String>,
}

/// Runs it.
///
/// # Errors
/// When there is no key or no prompt, the server cannot be reached, or it refuses.
pub fn run(global: &Global, chat: &Chat, out: &Out) -> Result<(), Failure> {
    let (url, tls) = match &chat.url {
        Some(url) => (without_version(url).to_owned(), Tls::new(None)),
        None => own(&session::configuration(global, &[])?.settings)?,
    };
    let key = KEY_ENV.iter().find_map(|name| std::env::var(name).ok().filter(|key| !key.is_empty()));
    let key = key.map(Secret::new).ok_or_else(|| {
        Failure::new(USAGE, "there is no key: set KEYWAY_API_KEY (`keyway key create` makes one)")
    })?;
    let prompt = prompt(chat)?;
    let body = json!({
        "model": chat.model,
        "messages": [{ "role": "user", "content": prompt }],
        "stream": !out.json,
    });
    session::block_on(async {
        let server = Server::new(&url, Some(key), Limits::default(), tls)?;
        let request = Request {
            accept: if out.json { "application/json" } else { "text/event-stream" },
            ..Request::post("/v1/chat/completions", body.to_string().into())
        };
        let response = server.send(request).await?;
        if response.status != 200 {
            let answer = response.body.whole(ERROR_BYTES_MAX).await.map_err(|lost| server.lost(lost))?;
            return Err(refused(response.status, &answer));
        }
        let mut body = response.body;
        if out.json {
            let answer = body.whole(ANSWER_BYTES_MAX).await.map_err(|lost| server.lost(lost))?;
            return out.line(&String::from_utf8_lossy(&answer));
        }
        let mut splitter = SseSplitter::new(ANSWER_BYTES_MAX);
        let mut story = Story::default();
        while let Some(piece) = body.chunk().await {
            splitter.push(piece.map_err(|lost| server.lost(lost))?);
            while let Some(frame) =
                splitter.next_frame().map_err(|error| Failure::new(FAILED, error.to_string()))?
            {
                if let FrameKind::Event { data, .. } = frame.kind {
                    out.write(&story.text_of(&data)?)?;
                }
            }
        }
        out.write("\n")?;
        story.end()
    })
}

fn prompt(chat: &Chat) -> Result<String, Failure> {
    if let Some(prompt) = &chat.prompt {
        return Ok(prompt.clone());
    }
    if std::io::stdin().is_terminal() {
        return Err(Failure::new(USAGE, "there is no prompt: `keyway chat \"Hello\"`, or give it on stdin"));
    }
    let mut prompt = String::new();
    std::io::stdin()
        .take(PROMPT_BYTES_MAX)
        .read_to_string(&mut prompt)
        .map_err(|error| Failure::new(FAILED, format!("reading the prompt: {error}")))?;
    Ok(prompt)
}

/// What a stream has said so far.
#[derive(Debug, Default)]
struct Story {
    done: bool,
}

impl Story {
    /// The text in an event. What could steer a terminal is taken out: the model may say anything.
    fn text_of(&mut self, data: &[u8]) -> Result<String, Failure> {
        if data == b"[DONE]" {
            self.done = true;
            return Ok(String::new());
        }
        let Ok(event) = serde_json::from_slice::<Value>(data) else {
            return Ok(String::new());
        };
        if let Some(error) = event.get("error").filter(|error| !error.is_null()) {
            let message = error.get("message").and_then(Value::as_str).unwrap_or("the answer broke off");
            return Err(Failure::new(FAILED, message));
        }
        let text = event.pointer("/choices/0/delta/content").and_then(Value::as_str).unwrap_or_default();
        let harmless = |letter: &char| !letter.is_control() || matches!(letter, '\n' | '\t');
        Ok(text.chars().filter(harmless).collect())
    }

    fn end(self) -> Result<(), Failure> {
        if self.done { Ok(()) } else { Err(Failure::new(FAILED, "the answer broke off")) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_text_of_a_stream_is_taken_out_of_its_events() {
        let mut story = Story::default();
        let table: [(&str, &str); 5] = [
            (r#"{"choices":[{"delta":{"role":"assistant","content":""}}]}"#, ""),
            (r#"{"choices":[{"delta":{"content":"a\n\u001b[31mb"}}]}"#, "a\n[31mb"),
            (r#"{"choices":[],"usage":{}}"#, ""),
            ("{broken", ""),
            ("[DONE]", ""),
        ];
        for (data, text) in table {
            assert_eq!(story.text_of(data.as_bytes()).unwrap(), text, "{data}");
        }
        story.end().unwrap();
        assert!(Story::default().end().is_err());
        let error = Story::default().text_of(br#"{"error":{"message":"gone"}}"#).unwrap_err();
        assert_eq!(error, Failure::new(FAILED, "gone"));
    }
}
