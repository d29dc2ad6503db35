//! One's own account: what one is called, the address, the password, the sessions.

pub mod change;
pub mod confirm;
pub mod show;
