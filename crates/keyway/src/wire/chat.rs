//! `POST /v1/chat/completions`

use crate::access::Grant;
use crate::relay::route::Local;
use crate::relay::run::run;
use crate::relay::{Inbound, Worker};
use std::rc::Rc;
use std::sync::Arc;

/// Answers a chat completion.
#[must_use]
pub fn create(worker: Rc<Worker>, inbound: Inbound, grant: Arc<Grant>) -> Local {
    Box::pin(async move { Ok(run(worker, inbound, grant).await) })
}
