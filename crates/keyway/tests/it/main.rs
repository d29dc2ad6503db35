//! Tests of the program from outside: one binary, for each test binary links the whole product.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a broken set-up fails the test")]
#![allow(clippy::disallowed_methods, reason = "tests of a process live in real time")]

mod audit;
mod canary;
mod capacity;
mod cli;
mod console;
mod crash;
mod database;
mod drain;
mod edge;
mod fuzz;
mod limits;
mod makers;
mod memory;
mod money;
mod nodes;
mod overload;
mod policies;
mod providers;
mod reasoning;
mod reload;
mod replies;
mod revoke;
mod rotation;
mod routes;
mod routing;
mod scene;
mod sealed;
mod stage;
mod start;
mod table;
mod tenants;
mod tidy;
mod usage;
mod watch;
