//! A mail server that takes what it is given (RFC 5321), as much of one as a test needs.

use std::io::{BufRead, BufReader, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};

/// A message it took.
#[derive(Debug, Clone)]
pub struct Taken {
    pub to: String,
    pub text: String,
}

/// How it is with whoever comes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mood {
    /// It takes what it is given.
    Well,
    /// It hangs up at once.
    Refuses,
    /// It says nothing.
    Hangs,
}

/// The running server.
pub struct Smtp {
    address: SocketAddr,
    taken: Arc<Mutex<Vec<Taken>>>,
    /// Recipients it refuses for now (451).
    busy_for: Arc<Mutex<Vec<String>>>,
    mood: Arc<Mutex<Mood>>,
    /// Connections that were not answered.
    put_off: Arc<Mutex<Vec<TcpStream>>>,
}

impl Smtp {
    pub fn start() -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).expect("a port for mail");
        let address = listener.local_addr().expect("its address");
        let (taken, busy_for) = (Arc::new(Mutex::new(Vec::new())), Arc::new(Mutex::new(Vec::new())));
        let (mood, put_off) = (Arc::new(Mutex::new(Mood::Well)), Arc::new(Mutex::new(Vec::new())));
        let (keep, busy) = (Arc::clone(&taken), Arc::clone(&busy_for));
        let (now, waiting) = (Arc::clone(&mood), Arc::clone(&put_off));
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let mood = *now.lock().unwrap();
                if mood != Mood::Well {
                    if mood == Mood::Refuses {
                        let _ = stream.shutdown(std::net::Shutdown::Both);
                    }
                    waiting.lock().unwrap().push(stream);
                    continue;
                }
                let (keep, busy) = (Arc::clone(&keep), Arc::clone(&busy));
                std::thread::spawn(move || talk(stream, &keep, &busy));
            }
        });
        Self { address, taken, busy_for, mood, put_off }
    }

    pub fn url(&self) -> String {
        format!("smtp://{}", self.address)
    }

    pub fn taken(&self) -> Vec<Taken> {
        self.taken.lock().unwrap().clone()
    }

    pub fn is(&self, mood: Mood) {
        *self.mood.lock().unwrap() = mood;
    }

    /// How many have come and were not answered.
    pub fn put_off(&self) -> usize {
        self.put_off.lock().unwrap().len()
    }

    pub fn is_busy_for(&self, recipients: &[&str]) {
        *self.busy_for.lock().unwrap() = recipients.iter().map(|it| (*it).to_owned()).collect();
    }
}

fn talk(stream: TcpStream, taken: &Mutex<Vec<Taken>>, busy_for: &Mutex<Vec<String>>) -> Option<()> {
    let mut writer = stream.try_clone().ok()?;
    let mut lines = BufReader::new(stream).lines();
    let mut say = |text: &str| writer.write_all(format!("{text}\r\n").as_bytes()).ok();
    say("220 sink")?;
    let mut to = String::new();
    loop {
        let line = lines.next()?.ok()?;
        let word = line.split([' ', ':']).next().unwrap_or_default().to_ascii_uppercase();
        match word.as_str() {
            "RCPT" => {
                to = line.split(['<', '>']).nth(1).unwrap_or_default().to_owned();
                let busy = busy_for.lock().unwrap().contains(&to);
                say(if busy { "451 later" } else { "250 ok" })?;
            }
            "DATA" => {
                say("354 go on")?;
                let mut text = String::new();
                loop {
                    let line = lines.next()?.ok()?;
                    if line == "." {
                        break;
                    }
                    text.push_str(line.strip_prefix('.').unwrap_or(&line));
                    text.push('\n');
                }
                taken.lock().unwrap().push(Taken { to: to.clone(), text });
                say("250 taken")?;
            }
            "QUIT" => {
                say("221 bye")?;
                return Some(());
            }
            _ => say("250 ok")?,
        }
    }
}
