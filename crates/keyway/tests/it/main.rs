//! Tests of the program from outside: one binary, for each test binary links the whole product.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a broken set-up fails the test")]
#![allow(clippy::disallowed_methods, reason = "tests of a process live in real time")]

<<<<<<< /tmp/tmpwc82h1zl/o
mod providers;
mod scene;
=======
mod crash;
mod database;
mod drain;
mod revoke;
mod routes;
mod scene;
mod start;
>>>>>>> /tmp/tmpwc82h1zl/t
mod tidy;

mod routes {
    mod healthz;
    mod metrics;
    mod readyz;
    mod unknown;
    mod v1 {
        mod chat_completions;
        mod key;
        mod models;
    }
}
