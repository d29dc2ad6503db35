//! What stands ready for people who come to the console, beside the installation itself.

use crate::access::session::Lasting;
use crate::accounts::attempts::Attempts;
use crate::accounts::password::Passwords;

/// Where people are let in.
pub struct Desk {
    /// Where passwords are hashed.
    pub passwords: Passwords,
    /// How often somebody tried.
    pub attempts: Attempts,
    /// How long sessions last.
    pub lasting: Lasting,
    /// Where people reach this server, without a slash at its end: what messages link to.
    pub public_url: String,
}
