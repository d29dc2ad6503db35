//! What calls models: one handler per dialect, each a row of the route table.

use crate::catalog::Dialect;
use crate::relay::route::Local;
use crate::relay::run::run;
use crate::relay::running::Caller;
use crate::relay::{Inbound, Worker};
use std::rc::Rc;

macro_rules! handlers {
    ($( $(#[$doc:meta])* $name:ident = $dialect:ident; )*) => { $(
        $(#[$doc])*
        #[must_use]
        pub fn $name(worker: Rc<Worker>, inbound: Inbound, caller: Caller) -> Local {
            Box::pin(run(worker, inbound, caller, Dialect::$dialect))
        }
    )* };
}

handlers! {
    /// `POST /v1/chat/completions`
    chat = OpenaiChat;
    /// `POST /v1/completions`
    completions = OpenaiCompletions;
    /// `POST /v1/embeddings`
    embeddings = OpenaiEmbeddings;
    /// `POST /v1/rerank`
    rerank = CohereRerank;
    /// `POST /v1/moderations`
    moderations = OpenaiModerations;
}
