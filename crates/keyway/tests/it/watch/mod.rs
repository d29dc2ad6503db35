//! What is noticed, and who is told.

mod alerts;
mod bad_days;
mod deliver;
mod deploy;
mod otlp;
mod previews;
mod quiet;
mod smtp;
