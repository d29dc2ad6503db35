//! What is noticed, and who is told.

mod alerts;
mod deliver;
mod deploy;
mod otlp;
mod quiet;
mod smtp;
