//! `/v1/audio/speech`

mod post;
