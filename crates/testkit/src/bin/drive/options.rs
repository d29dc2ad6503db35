//! What a run is told.

use std::net::SocketAddr;
use std::str::FromStr;
use std::time::Duration;

pub(crate) const USAGE: &str = "\
usage: drive closed|rate|sse [flag value]...
  closed               each connection sends its next request when the answer is there
  rate                 requests are due at fixed instants
  sse                  closed, over streams
  --target ADDR        127.0.0.1:9000
  --path PATH          /v1/chat/completions
  --model NAME         load
  --key KEY            sent as bearer
  --keys FILE          a key a line; each connection sends the next one
  --prompt-bytes N     300
  --connections N      64
  --seconds S          5
  --rate R             200 requests per second";

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Mode {
    Closed,
    Rate,
    Sse,
}

pub(crate) struct Options {
    pub(crate) mode: Mode,
    pub(crate) target: SocketAddr,
    pub(crate) connections: usize,
    pub(crate) duration: Duration,
    pub(crate) rate: f64,
    /// Requests as they go on the wire; a connection sends the same one each time.
    pub(crate) requests: Vec<Vec<u8>>,
}

impl Options {
    pub(crate) fn parse(mut arguments: impl Iterator<Item = String>) -> Result<Self, String> {
        let mode = match arguments.next().as_deref() {
            Some("closed") => Mode::Closed,
            Some("rate") => Mode::Rate,
            Some("sse") => Mode::Sse,
            _ => return Err("say closed, rate or sse first".to_owned()),
        };
        let mut target = SocketAddr::from(([127, 0, 0, 1], 9000));
        let (mut path, mut model, mut keys) =
            ("/v1/chat/completions".to_owned(), "load".to_owned(), vec![String::new()]);
        let (mut prompt_bytes, mut connections, mut seconds, mut rate) = (300, 64, 5.0, 200.0);
        while let Some(flag) = arguments.next() {
            let value = arguments.next().ok_or_else(|| format!("{flag} needs a value"))?;
            match flag.as_str() {
                "--target" => target = read(&flag, &value)?,
                "--path" => path = value,
                "--model" => model = value,
                "--key" => keys = vec![value],
                "--keys" => {
                    let text =
                        std::fs::read_to_string(&value).map_err(|error| format!("{value}: {error}"))?;
                    keys = text.lines().map(str::to_owned).collect();
                }
                "--prompt-bytes" => prompt_bytes = read(&flag, &value)?,
                "--connections" => connections = read(&flag, &value)?,
                "--seconds" => seconds = read(&flag, &value)?,
                "--rate" => rate = read(&flag, &value)?,
                _ => return Err(format!("no flag {flag}")),
            }
        }
        if connections == 0 || keys.is_empty() || !(seconds > 0.0 && rate > 0.0) {
            return Err("--connections, keys, --seconds and --rate are above zero".to_owned());
        }
        let body = body(&model, prompt_bytes, mode == Mode::Sse);
        let length = body.len();
        let request = |key: &String| {
            let credential =
                if key.is_empty() { String::new() } else { format!("authorization: Bearer {key}\r\n") };
            format!(
                "POST {path} HTTP/1.1\r\nhost: {target}\r\ncontent-type: application/json\r\n{credential}\
                 content-length: {length}\r\n\r\n{body}"
            )
            .into_bytes()
        };
        let (duration, requests) = (Duration::from_secs_f64(seconds), keys.iter().map(request).collect());
        Ok(Self { mode, target, connections, duration, rate, requests })
    }
}

fn read<T: FromStr>(flag: &str, value: &str) -> Result<T, String> {
    value.parse().map_err(|_| format!("{flag} cannot be {value}"))
}

fn body(model: &str, prompt_bytes: usize, stream: bool) -> String {
    let prompt: String =
        "tell me about gateways and what they count ".chars().cycle().take(prompt_bytes).collect();
    let tail = if stream { r#","stream":true,"stream_options":{"include_usage":true}"# } else { "" };
    format!(
        r#"{{"model":"{model}","messages":[{{"role":"user","content":"{prompt}"}}],"temperature":0.7,"max_tokens":256{tail}}}"#
    )
}
