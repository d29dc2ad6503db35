//! What the tests stand on: scripted upstream, running binary, database per test.
