//! Tests of the program from outside: one binary, for each test binary links the whole product.

mod providers;
mod scene;
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
