//! Passwords: argon2id, made and checked by a few threads of their own that stand back behind requests.
//! A hash leaves this module only for its row, and comes back only to be checked.

use crate::base::fault::Doing;
use crate::base::{Code, Fault, Refusal, Secret, Trouble};
use crate::sealing::MasterKey;
use argon2::password_hash::{PasswordHasher, PasswordVerifier};
use argon2::{Algorithm, Argon2, Params, Version};
use rand::TryRng;
use rand::rngs::SysRng;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use tokio::sync::oneshot;

/// Memory of one hash, KiB, and its passes (OWASP's second recommendation for argon2id).
const MEMORY_KIB: u32 = 19 * 1024;
const PASSES: u32 = 2;
const LANES: u32 = 1;
/// Hashes that wait at most; more are refused.
const QUEUE_MAX: usize = 64;
/// How far these threads stand back behind those that answer requests (`nice`): as far as can be.
const NICE: i32 = 19;
const SALT_BYTES: usize = 16;

enum Work {
    Hash(Secret, oneshot::Sender<Result<String, Fault>>),
    Check(Secret, Option<String>, oneshot::Sender<bool>),
}

/// Where passwords are hashed.
#[derive(Clone)]
pub struct Passwords(SyncSender<Work>);

impl Passwords {
    /// Starts the threads: one for two cores. They end when nobody can ask any longer.
    ///
    /// # Errors
    /// When a thread cannot be made.
    pub fn start(master: &MasterKey) -> Result<Self, Fault> {
        let (sender, receiver) = sync_channel(QUEUE_MAX);
        let receiver = Arc::new(Mutex::new(receiver));
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        let nobodys = Arc::new(OnceLock::new());
        for _ in 0..cores.div_ceil(2) {
            let (master, receiver, nobodys) = (master.clone(), Arc::clone(&receiver), Arc::clone(&nobodys));
            let run = move || work(&master, &receiver, &nobodys);
            std::thread::Builder::new()
                .name("passwords".to_owned())
                .spawn(run)
                .doing("starting a thread for passwords")?;
        }
        Ok(Self(sender))
    }

    /// The hash of a password, as its row keeps it.
    ///
    /// # Errors
    /// `overloaded` when too many wait.
    pub async fn hash(&self, password: Secret) -> Result<String, Trouble> {
        let (answer, answered) = oneshot::channel();
        self.ask(Work::Hash(password, answer))?;
        Ok(answered.await.map_err(|_| gone())??)
    }

    /// Whether a password is the one of a hash. Without a hash it takes as long and says no.
    ///
    /// # Errors
    /// `overloaded` when too many wait.
    pub async fn check(&self, password: Secret, hash: Option<String>) -> Result<bool, Trouble> {
        let (answer, answered) = oneshot::channel();
        self.ask(Work::Check(password, hash, answer))?;
        Ok(answered.await.map_err(|_| gone())?)
    }

    fn ask(&self, work: Work) -> Result<(), Refusal> {
        self.0.try_send(work).map_err(|_| {
            let message = "Too many people are signing in at the moment. Try again in a few seconds.";
            Refusal { retry_after_ms: Some(3000), ..Refusal::new(Code::Overloaded, message) }
        })
    }
}

fn gone() -> Fault {
    Fault::plain("the threads for passwords have ended")
}

/// `nobodys`: what an unknown person's password is compared with, so that the answer takes as long.
fn work(master: &MasterKey, receiver: &Mutex<Receiver<Work>>, nobodys: &OnceLock<String>) {
    // Without the right to stand back they do not, and are few all the same.
    let _ = rustix::process::setpriority_process(None, NICE);
    loop {
        let next = receiver.lock().unwrap_or_else(PoisonError::into_inner).recv();
        match next {
            Err(_) => return,
            // Whoever asked may have left.
            Ok(Work::Hash(password, answer)) => {
                let _ = answer.send(hash(master, &password));
            }
            Ok(Work::Check(password, kept, answer)) => {
                let make = || hash(master, &Secret::new("nobody's".to_owned())).unwrap_or_default();
                let is = check(master, &password, kept.as_deref().unwrap_or(nobodys.get_or_init(make)));
                let _ = answer.send(is && kept.is_some());
            }
        }
    }
}

fn argon2() -> Result<Argon2<'static>, Fault> {
    let params = Params::new(MEMORY_KIB, PASSES, LANES, None)
        .map_err(|error| Fault::plain(format!("argon2's parameters: {error}")))?;
    Ok(Argon2::new(Algorithm::Argon2id, Version::V0x13, params))
}

/// Under the installation's pepper: who has the database alone cannot try passwords.
fn peppered(master: &MasterKey, password: &Secret) -> Secret {
    let labelled = Secret::new(format!("password\n{}", password.reveal()));
    Secret::new(master.digest(labelled.reveal()).hex())
}

fn hash(master: &MasterKey, password: &Secret) -> Result<String, Fault> {
    let mut salt = [0; SALT_BYTES];
    SysRng.try_fill_bytes(&mut salt).doing("reading the system's randomness")?;
    let hash: argon2::password_hash::phc::PasswordHash = argon2()?
        .hash_password_with_salt(peppered(master, password).reveal().as_bytes(), &salt)
        .map_err(|error| Fault::plain(format!("hashing a password: {error}")))?;
    Ok(hash.to_string())
}

fn check(master: &MasterKey, password: &Secret, kept: &str) -> bool {
    let password = peppered(master, password);
    argon2().is_ok_and(|argon2| argon2.verify_password(password.reveal().as_bytes(), kept).is_ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn secret(text: &str) -> Secret {
        Secret::new(text.to_owned())
    }

    #[tokio::test]
    async fn a_password_is_its_own_and_a_hash_is_none() {
        let master = |digit: &str| MasterKey::from_text(&secret(&digit.repeat(64))).unwrap();
        let passwords = Passwords::start(&master("1")).unwrap();
        let hash = passwords.hash(secret("correct horse battery")).await.unwrap();
        assert!(hash.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{hash}");
        assert_ne!(hash, passwords.hash(secret("correct horse battery")).await.unwrap(), "salted");
        let check = async |text: &str, kept: Option<&str>| {
            passwords.check(secret(text), kept.map(str::to_owned)).await.unwrap()
        };
        assert!(check("correct horse battery", Some(&hash)).await);
        assert!(!check("correct horse battery ", Some(&hash)).await);
        assert!(!check(&hash, Some(&hash)).await, "a hash is no password");
        assert!(!check("correct horse battery", Some("no hash")).await);
        assert!(!check("nobody's", None).await);
        let other = Passwords::start(&master("2")).unwrap();
        assert!(!other.check(secret("correct horse battery"), Some(hash)).await.unwrap(), "peppered");
    }
}
