//! What calls models: one handler per dialect, each a row of the route table.

use crate::catalog::Dialect;
use crate::relay::count::count;
use crate::relay::route::Local;
use crate::relay::run::run;
use crate::relay::running::Caller;
use crate::relay::{Inbound, Worker};
use std::pin::pin;
use std::rc::Rc;

macro_rules! handlers {
    ($( $(#[$doc:meta])* $name:ident = $does:ident $dialect:ident; )*) => { $(
        $(#[$doc])*
        #[must_use]
        pub fn $name(worker: Rc<Worker>, mut inbound: Inbound, caller: Caller) -> Local {
            // Made where it stays: it is some kilobytes long, and would be copied there.
            let made = Box::write(Box::new_uninit(), async move {
                let answering = pin!($does(worker, &mut inbound, caller, Dialect::$dialect));
                answering.await
            });
            Box::into_pin(made)
        }
    )* };
}

handlers! {
    /// `POST /v1/chat/completions`
    chat = run OpenaiChat;
    /// `POST /v1/messages`
    messages = run AnthropicMessages;
    /// `POST /v1/messages/count_tokens`
    count_messages = count AnthropicMessages;
    /// `POST /v1/responses`
    responses = run OpenaiResponses;
    /// `POST /v1/responses/input_tokens`
    count_responses = count OpenaiResponses;
    /// `POST /v1beta/models/{model}:generateContent` and `:streamGenerateContent`
    generate = run Gemini;
    /// `POST /v1beta/models/{model}:countTokens`
    count_content = count Gemini;
    /// `POST /v1/completions`
    completions = run OpenaiCompletions;
    /// `POST /v1/embeddings`
    embeddings = run OpenaiEmbeddings;
    /// `POST /v1beta/models/{model}:embedContent` and `:batchEmbedContents`
    embed_content = run GeminiEmbeddings;
    /// `POST /v1/rerank`
    rerank = run CohereRerank;
    /// `POST /v1/moderations`
    moderations = run OpenaiModerations;
    /// `POST /v1/images/generations`
    images = run OpenaiImages;
    /// `POST /v1/audio/speech`
    speech = run OpenaiSpeech;
    /// `POST /v1/audio/transcriptions`
    transcriptions = run OpenaiTranscriptions;
}
