//! `/v1/audio/transcriptions`

mod post;
