//! Floor 2: messages to people, by SMTP, or into a folder where there is no mail server.
//!
//! A message is handed over and sent behind the answer; what cannot be sent is tried again and then
//! logged. Whoever asked for it is told the same either way.

pub mod letters;

pub use letters::Letter;

use crate::base::fault::Doing;
use crate::base::tasks::Tasks;
use crate::base::{Clock, Fault, Secret, id};
use lettre::message::{Mailbox, MultiPart};
use lettre::{AsyncSmtpTransport, AsyncTransport, Message, Tokio1Executor};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::mpsc;

/// Messages that wait at most; more are dropped and logged.
const WAITING_MAX: usize = 1_000;
/// How long the server may take for one message.
const SEND_TIMEOUT: Duration = Duration::from_secs(30);
/// Waits between the tries of one message.
const WAITS: [Duration; 3] = [Duration::from_secs(2), Duration::from_secs(15), Duration::from_secs(120)];

/// Where messages are handed over.
#[derive(Clone)]
pub struct Mail {
    waiting: mpsc::Sender<(String, Letter)>,
    sender: Arc<Sender>,
}

enum Way {
    Smtp(AsyncSmtpTransport<Tokio1Executor>),
    Folder(PathBuf),
}

/// What messages are sent with.
pub struct Sender {
    way: Way,
    from: Mailbox,
    clock: Clock,
}

impl Sender {
    /// A mail server by its URL (`smtps://user:password@host`, `smtp://host:587?tls=required`), or a
    /// folder where none is named.
    ///
    /// # Errors
    /// When URL or sender are none. The URL may hold a password: it is not repeated.
    pub fn new(smtp: Option<&Secret>, from: &str, folder: &Path, clock: Clock) -> Result<Self, Fault> {
        let from: Mailbox =
            from.parse().doing("reading mail_from, which must be as in \"Keyway <a@b.c>\"")?;
        let way = match smtp {
            None => Way::Folder(folder.to_owned()),
            Some(url) => {
                let transport =
                    AsyncSmtpTransport::<Tokio1Executor>::from_url(url.reveal()).map_err(|_| {
                        Fault::plain("mail_smtp is no URL of a mail server, as in smtps://user:password@host")
                    })?;
                Way::Smtp(transport.timeout(Some(SEND_TIMEOUT)).build())
            }
        };
        Ok(Self { way, from, clock })
    }

    /// Starts sending, on the current runtime.
    #[must_use]
    pub fn start(self, tasks: &Tasks) -> Mail {
        let (mail, mut waiting) = mpsc::channel::<(String, Letter)>(WAITING_MAX);
        let inner = tasks.clone();
        let sender = Arc::new(self);
        let sending = Arc::clone(&sender);
        tasks.spawn(async move {
            while let Some((to, letter)) = waiting.recv().await {
                let sender = Arc::clone(&sending);
                // One that has to wait holds up no other.
                inner.spawn(async move { sender.deliver(&to, &letter).await });
            }
        });
        Mail { waiting: mail, sender }
    }

    async fn deliver(&self, to: &str, letter: &Letter) {
        let mut waits = WAITS.iter();
        loop {
            match (self.send(to, letter, None).await, waits.next()) {
                (Ok(()), _) => return,
                (Err(fault), Some(wait)) => {
                    tracing::warn!(%fault, letter = letter.subject, "a message was not sent; it is tried again");
                    tokio::time::sleep(*wait).await;
                }
                (Err(fault), None) => {
                    tracing::error!(%fault, letter = letter.subject, "a message was not sent, and will not be");
                    return;
                }
            }
        }
    }

    async fn send(&self, to: &str, letter: &Letter, id: Option<&str>) -> Result<(), Fault> {
        let body = MultiPart::alternative_plain_html(letter.text(), letter.html());
        let message = Message::builder()
            .from(self.from.clone())
            // The same at each try: who has it already can tell.
            .message_id(id.map(|id| format!("<{id}@{}>", self.from.email.domain())))
            .to(to.parse().doing("reading the address of a message")?)
            .subject(letter.subject.clone())
            .multipart(body)
            .doing("writing a message")?;
        match &self.way {
            Way::Smtp(server) => {
                server.send(message).await.map(drop).doing("handing a message to the mail server")
            }
            Way::Folder(folder) => {
                tokio::fs::create_dir_all(folder).await.doing("making the folder of messages")?;
                let path = folder.join(format!("{}.eml", id::new("mail", &self.clock)));
                tokio::fs::write(&path, message.formatted()).await.doing("writing a message to its folder")
            }
        }
    }
}

impl Mail {
    /// Hands a message over.
    pub fn send(&self, to: &str, letter: Letter) {
        if let Err(full) = self.waiting.try_send((to.to_owned(), letter)) {
            let (_, letter) = full.into_inner();
            tracing::error!(letter = letter.subject, "too many messages wait: one was dropped");
        }
    }

    /// Sends a message now, once; `id` is what its copies are told by.
    ///
    /// # Errors
    /// When it was not taken.
    pub async fn send_now(&self, to: &str, letter: &Letter, id: &str) -> Result<(), Fault> {
        self.sender.send(to, letter, Some(id)).await
    }
}
