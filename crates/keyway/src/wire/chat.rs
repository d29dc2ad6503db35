//! `POST /v1/chat/completions`

use crate::relay::route::Local;
use crate::relay::run::run;
use crate::relay::running::Caller;
use crate::relay::{Inbound, Worker};
use std::rc::Rc;

/// Answers a chat completion.
#[must_use]
pub fn create(worker: Rc<Worker>, inbound: Inbound, caller: Caller) -> Local {
    Box::pin(run(worker, inbound, caller))
}
